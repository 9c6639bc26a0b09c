//! Which printers there are, and which one is meant.

use std::path::{Path, PathBuf};

use super::error::OpsError;
use crate::model::DocumentKind;
use crate::model::printable::printable;
use crate::printer::config::{self, Change, Configuration, Configured};
use crate::printer::{Address, Printer, Wires};
use crate::report::printing::{KnownBy, PrinterView, PrintersView};

/// The printer that was chosen for a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chosen {
    /// Where to send it.
    pub printer: Printer,
    /// Width of its roll in millimetres, where configured.
    pub roll: Option<u16>,
    /// Its dots per inch, where configured.
    pub dpi: Option<u16>,
}

/// The printers of this computer and of the configuration.
#[derive(Debug)]
pub struct Printers {
    path: PathBuf,
    configuration: Configuration,
    wires: Wires,
}

fn unsound(path: &Path) -> impl Fn(config::ConfigurationError) -> OpsError + use<> {
    let path = path.to_owned();
    move |source| OpsError::Configuration { path: path.clone(), source }
}

impl Printers {
    /// Reads the configuration; one that is not there says nothing.
    ///
    /// # Errors
    /// It is not sound or cannot be read.
    pub fn open(path: &Path) -> Result<Self, OpsError> {
        let configuration = Configuration::read(path).map_err(unsound(path))?;
        Ok(Printers { path: path.to_owned(), configuration, wires: Wires::default() })
    }

    /// The printer meant by `given`: a name of the configuration, an address, or a queue
    /// of CUPS. Without it the default of this kind; `None` where there is none.
    ///
    /// # Errors
    /// There is no such printer.
    pub fn choose(
        &self,
        given: Option<&str>,
        kind: DocumentKind,
    ) -> Result<Option<Chosen>, OpsError> {
        let default = self.configuration.defaults.get(&kind);
        let Some(name) = given.or(default.map(String::as_str)) else { return Ok(None) };
        if let Some(printer) = self.configuration.printer(name) {
            let configured = self.configuration.printers.get(name);
            let roll = configured.and_then(|configured| configured.roll);
            let dpi = configured.and_then(|configured| configured.dpi);
            return Ok(Some(Chosen { printer, roll, dpi }));
        }
        let address = match name.contains([':', '/']) {
            true => name.parse().map_err(|error| OpsError::input("--printer", error))?,
            false if self.wires.queues().iter().any(|queue| queue == name) => {
                Address::Queue(name.to_owned())
            }
            false => {
                let shown = printable(name, 60);
                let problem =
                    format!("there is no printer '{shown}'; 'custody printers' lists them");
                return Err(OpsError::input("--printer", problem));
            }
        };
        let printer = Printer { name: None, address, pdf: false };
        Ok(Some(Chosen { printer, roll: None, dpi: None }))
    }

    /// The kind in which a receipt is printed where nobody says: what the chosen printer
    /// is made for, else what has a default.
    ///
    /// # Errors
    /// There is no such printer.
    pub fn receipt_kind(&self, given: Option<&str>) -> Result<DocumentKind, OpsError> {
        let raw = |chosen: Option<Chosen>| {
            chosen.is_some_and(|chosen| chosen.printer.address.is_raw() && !chosen.printer.pdf)
        };
        let defaults = &self.configuration.defaults;
        let thermal = match given {
            Some(_) => raw(self.choose(given, DocumentKind::Receipt)?),
            None => {
                !defaults.contains_key(&DocumentKind::Receipt)
                    && defaults.contains_key(&DocumentKind::Thermal)
            }
        };
        Ok(if thermal { DocumentKind::Thermal } else { DocumentKind::Receipt })
    }

    /// Everything that can be found, and whether it answers. Nothing is printed.
    pub fn list(&self) -> PrintersView {
        let mut printers: Vec<PrinterView> = Vec::new();
        for (name, configured) in &self.configuration.printers {
            let mut view = self.view(Some(name), &configured.address, KnownBy::Configuration);
            (view.roll, view.dpi) = (configured.roll, configured.dpi);
            printers.push(view);
        }
        let queues =
            self.wires.queues().into_iter().map(|name| (Address::Queue(name), KnownBy::Cups));
        let devices = self.wires.devices().into_iter().map(|at| (at, KnownBy::Device));
        let defaults = self.configuration.defaults.values().filter_map(|name| name.parse().ok());
        let defaults = defaults.map(|at: Address| (at, KnownBy::Configuration));
        for (address, known) in queues.chain(devices).chain(defaults) {
            let shown = address.to_string();
            if !printers.iter().any(|printer| printer.address == shown) {
                printers.push(self.view(None, &address, known));
            }
        }
        self.look_at_all(&mut printers);
        let has = |kind: &DocumentKind| self.configuration.defaults.contains_key(kind);
        let without = DocumentKind::ALL.iter().copied().filter(|kind| !has(kind)).collect();
        let configuration = printable(&self.path.to_string_lossy(), 200);
        PrintersView { configuration, printers, without_default: without }
    }

    fn view(&self, name: Option<&String>, address: &Address, known: KnownBy) -> PrinterView {
        let address = address.to_string();
        let ours = |chosen: &String| Some(chosen) == name || *chosen == address;
        let defaults = self.configuration.defaults.iter();
        let default_for = defaults.filter(|(_, chosen)| ours(chosen)).map(|(kind, _)| *kind);
        PrinterView {
            name: name.cloned(),
            default_for: default_for.collect(),
            address,
            known,
            roll: None,
            dpi: None,
            answers: false,
            says: Vec::new(),
        }
    }

    /// Side by side: several printers that are switched off cost the time of one.
    fn look_at_all(&self, printers: &mut [PrinterView]) {
        std::thread::scope(|scope| {
            for printer in printers {
                scope.spawn(|| {
                    if let Ok(address) = printer.address.parse::<Address>() {
                        let look = self.wires.look(&address);
                        (printer.answers, printer.says) = (look.answers, look.says);
                    }
                });
            }
        });
    }

    /// Makes a printer the default of a kind.
    ///
    /// # Errors
    /// There is no such printer, or the configuration is not sound or cannot be written.
    pub fn set_default(&mut self, kind: DocumentKind, name: &str) -> Result<(), OpsError> {
        let chosen = self.choose(Some(name), kind)?;
        let Some(chosen) = chosen else { return Ok(()) };
        let name = chosen.printer.name.unwrap_or_else(|| chosen.printer.address.to_string());
        self.change(&Change::Default(kind, name))
    }

    /// Adds a printer, or replaces the one of that name.
    ///
    /// # Errors
    /// The configuration is not sound, would not be, or cannot be written.
    pub fn add(&mut self, name: &str, wish: PrinterWish) -> Result<(), OpsError> {
        let PrinterWish { address, roll, dpi, pdf } = wish;
        self.change(&Change::Printer(name.to_owned(), Configured { address, roll, dpi, pdf }))
    }

    fn change(&mut self, change: &Change) -> Result<(), OpsError> {
        self.configuration = config::change(&self.path, change).map_err(unsound(&self.path))?;
        Ok(())
    }
}

/// A printer as somebody wants it configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrinterWish {
    /// Where it is.
    pub address: Address,
    /// Width of its roll in millimetres.
    pub roll: Option<u16>,
    /// Its dots per inch.
    pub dpi: Option<u16>,
    /// Whether it prints PDF although its address takes raw bytes.
    pub pdf: bool,
}
