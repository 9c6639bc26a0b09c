//! `custody printers`

use clap::{Args, Subcommand};

use super::Global;
use super::error::EXIT_FINE;
use crate::model::DocumentKind;
use crate::ops::printers::{PrinterWish, Printers};
use crate::ops::{Address, OpsError};
use crate::render::text;

/// The printers there are, whether they answer, and what they print by default
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody printers")]
pub(super) struct PrintersCommand {
    #[command(subcommand)]
    command: Option<Change>,
}

/// What changes the configuration.
#[derive(Debug, Subcommand)]
enum Change {
    Add(Add),
    Default(Default),
}

/// Name a printer in the configuration
#[derive(Debug, Args)]
#[command(after_help = "\
ADDRESS is ipp://HOST/PATH, lp:QUEUE, tcp://HOST[:9100] or /dev/usb/lp0.
Examples:
  custody printers add office ipp://printer.example.jp/ipp/print
  custody printers add counter /dev/usb/lp0 --roll 80 --dpi 203")]
struct Add {
    /// Its name: small letters, digits and hyphens
    name: Option<String>,
    /// Where it is
    address: Option<String>,
    /// Width of its roll in millimetres
    #[arg(long, value_name = "MM")]
    roll: Option<String>,
    /// Its dots per inch
    #[arg(long)]
    dpi: Option<String>,
    /// It prints PDF although it takes raw bytes
    #[arg(long)]
    pdf: bool,
}

/// Choose which printer prints a kind of document
#[derive(Debug, Args)]
#[command(after_help = "\
KIND is receipt, thermal, label or sheet. NAME is a printer of the configuration, a queue of
CUPS or an address.
Example:
  custody printers default receipt office")]
struct Default {
    /// Which documents
    kind: Option<String>,
    /// Which printer
    name: Option<String>,
}

impl PrintersCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let mut printers = Printers::open(&global.configuration()?)?;
        match self.command {
            Some(Change::Add(add)) => add.run(global, &mut printers)?,
            Some(Change::Default(default)) => default.run(global, &mut printers)?,
            None => {}
        }
        let view = printers.list();
        global.ui().answer(&view, |style| text::printers(&view, style));
        Ok(EXIT_FINE)
    }
}

impl Add {
    fn run(self, global: &Global, printers: &mut Printers) -> Result<(), OpsError> {
        let mut asking = global.ui().asking();
        let name: Option<String> =
            asking.need("NAME", self.name.as_deref(), "A name for the printer", None);
        let address: Option<Address> =
            asking.need("ADDRESS", self.address.as_deref(), "Its address", None);
        let roll = asking.number("--roll", self.roll.as_deref());
        let dpi = asking.number("--dpi", self.dpi.as_deref());
        asking.end()?;
        let (Some(name), Some(address)) = (name, address) else {
            return Err(OpsError::input("printers", "an answer is missing"));
        };
        printers.add(&name, PrinterWish { address, roll, dpi, pdf: self.pdf })
    }
}

impl Default {
    fn run(self, global: &Global, printers: &mut Printers) -> Result<(), OpsError> {
        let mut asking = global.ui().asking();
        let kind: Option<DocumentKind> =
            asking.need("KIND", self.kind.as_deref(), "Which documents", Some("receipt"));
        let name: Option<String> =
            asking.need("NAME", self.name.as_deref(), "On which printer", None);
        asking.end()?;
        let (Some(kind), Some(name)) = (kind, name) else {
            return Err(OpsError::input("printers", "an answer is missing"));
        };
        printers.set_default(kind, &name)
    }
}
