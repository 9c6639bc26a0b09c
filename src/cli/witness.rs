//! `custody witness`: being a witness for other ledgers. What a ledger does with its own
//! witnesses is in [`super::witness_ask`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use serde::Serialize;

use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use super::party::read_vkey;
use super::watch::ended_by_signal;
use super::witness_ask::{Ask, Import, Request};
use super::{Global, data_folder};
use crate::ops::witness::Witness;
use crate::ops::{OpsError, SystemClock, witness_serve};
use crate::report::witnesses::WitnessedLogView;

/// Vouch for other ledgers, or have others vouch for yours
#[derive(Debug, Subcommand)]
pub(super) enum WitnessCommand {
    Init(Init),
    Trust(Trust),
    List(List),
    Serve(Serve),
    Sign(Sign),
    Ask(Ask),
    Request(Request),
    Import(Import),
}

/// Where the witness is kept.
#[derive(Debug, Args)]
struct Place {
    /// The witness's folder [default: custody/witness in your data folder]
    #[arg(long, value_name = "DIR", env = "CUSTODY_WITNESS")]
    folder: Option<PathBuf>,
}

impl Place {
    fn folder(&self) -> Result<PathBuf, OpsError> {
        self.folder.clone().map_or_else(|| data_folder("witness"), Ok)
    }

    fn open(&self) -> Result<Witness, OpsError> {
        Witness::open(&self.folder()?, Arc::new(SystemClock))
    }
}

/// Make a witness on this computer; its verifier key goes to the ledgers' keepers
#[derive(Debug, Args)]
#[command(after_help = "\
Never restore the folder of a witness from a backup: it would forget what it vouched for.
Make a new one in its place.
Example:
  custody witness init witness.printer.example.jp")]
pub(super) struct Init {
    /// Name of the witness: best a host name of yours, no spaces, no '+'
    name: String,
    #[command(flatten)]
    place: Place,
}

/// Vouch for a ledger from now on
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody witness trust log.vkey")]
pub(super) struct Trust {
    /// The ledger's public key, as text or as a file
    #[arg(value_name = "VKEY|FILE")]
    log: String,
    #[command(flatten)]
    place: Place,
}

/// The ledgers vouched for here, and how far
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  custody witness list")]
pub(super) struct List {
    #[command(flatten)]
    place: Place,
}

/// Answer over HTTP (c2sp.org/tlog-witness) until Ctrl-C or SIGTERM
#[derive(Debug, Args)]
#[command(after_help = "\
It speaks plain HTTP. Put it behind a reverse proxy with TLS, or in a private network, before
it listens on anything but loopback.
Examples:
  custody witness serve
  custody witness serve --listen 192.0.2.10:8723")]
pub(super) struct Serve {
    /// Where to listen; other computers reach only what is not on loopback
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8723")]
    listen: SocketAddr,
    #[command(flatten)]
    place: Place,
}

/// Vouch for what stands in a request file, and write the answer beside it
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 3 when this witness stands at another size than the request begins from. The
answer is then its newest checkpoint, and 'custody witness import' takes it all the same.
Example:
  custody witness sign shizuoka.request")]
pub(super) struct Sign {
    /// The file that 'custody witness request' wrote
    file: PathBuf,
    /// Where the answer goes [default: FILE.cosigned]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Serialize)]
struct Made {
    folder: PathBuf,
    vkey: String,
}

#[derive(Debug, Serialize)]
struct Trusted {
    origin: String,
    new: bool,
}

#[derive(Debug, Serialize)]
struct Logs {
    vkey: String,
    logs: Vec<WitnessedLogView>,
}

#[derive(Debug, Serialize)]
struct Signed {
    file: PathBuf,
    entries: u64,
    vouched: bool,
}

impl WitnessCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        match self {
            WitnessCommand::Init(command) => command.run(global),
            WitnessCommand::Trust(command) => command.run(global),
            WitnessCommand::List(command) => command.run(global),
            WitnessCommand::Serve(command) => command.run(global),
            WitnessCommand::Sign(command) => command.run(global),
            WitnessCommand::Ask(command) => command.run(global),
            WitnessCommand::Request(command) => command.run(global),
            WitnessCommand::Import(command) => command.run(global),
        }
    }
}

impl Init {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let name = self.name.parse().map_err(|error| OpsError::input("NAME", error))?;
        let folder = self.place.folder()?;
        let vkey = Witness::create(&folder, name)?.to_string();
        let made = Made { folder, vkey };
        global.ui().answer(&made, |_| {
            format!(
                "Witness kept in {}. Give this key to the keepers of the ledgers:\n  {}\n\
                 Next: 'custody witness trust' with each ledger's log.vkey.\n",
                made.folder.display(),
                made.vkey
            )
        });
        Ok(EXIT_FINE)
    }
}

impl Trust {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let log = read_vkey(&self.log)?;
        let new = self.place.open()?.trust(&log)?;
        let trusted = Trusted { origin: log.name().to_string(), new };
        global.ui().answer(&trusted, |_| {
            let words = if new { "is vouched for from now on" } else { "was vouched for already" };
            format!("{} {words}.\n", trusted.origin)
        });
        Ok(EXIT_FINE)
    }
}

impl List {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let witness = self.place.open()?;
        let logs = Logs { vkey: witness.key().to_string(), logs: witness.logs()? };
        global.ui().answer(&logs, |_| {
            let mut text = format!("{}\n", logs.vkey);
            for log in &logs.logs {
                let seen = match &log.at {
                    Some(at) => format!("{} entries, cosigned {at}", log.entries),
                    None => "nothing seen yet".to_owned(),
                };
                text.push_str(&format!("  {}: {seen}\n", log.origin));
            }
            text
        });
        Ok(EXIT_FINE)
    }
}

impl Serve {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let witness = self.place.open()?;
        let stop = ended_by_signal()?;
        let ui = global.ui();
        let failed = |error: &OpsError| ui.warn(&error.to_string());
        witness_serve::serve(&witness, self.listen, &stop, &failed, |address| {
            ui.say(&format!("{} answers at http://{address}/", witness.key().name()));
        })?;
        Ok(EXIT_FINE)
    }
}

impl Sign {
    fn run(self, global: &Global) -> Result<i32, OpsError> {
        let witness = self.place.open()?;
        let out = self.out.clone().unwrap_or_else(|| beside(&self.file, "cosigned"));
        let (answer, vouched) = witness.sign_file(&self.file)?;
        let entries = answer.checkpoint().size();
        write(&out, &answer.to_bytes())?;
        let signed = Signed { file: out, entries, vouched };
        global.ui().answer(&signed, |_| {
            let file = signed.file.display();
            if vouched {
                format!("Vouched for {entries} entries: {file}.\n")
            } else {
                format!(
                    "Not vouched: this witness stands at {entries} entries, and the request \
                     begins elsewhere.\n{file} tells its keeper so.\n"
                )
            }
        });
        Ok(if vouched { EXIT_FINE } else { EXIT_DISCREPANCY })
    }
}

/// `FILE.extension`.
fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

/// Writes a file for somebody else to take.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), OpsError> {
    std::fs::write(path, bytes).map_err(|error| OpsError::file("cannot write", path, error))
}
