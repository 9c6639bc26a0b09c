//! The command line: thin. One command a file with its arguments, help and
//! function; what goes wrong is worded in [`error`].

mod acknowledge;
mod approve;
mod attach;
mod backup;
mod bound;
mod check;
mod compare;
mod confirm;
mod correct;
mod daemon;
mod due;
mod erase;
pub mod error;
mod export;
mod found;
mod fsck;
mod handover;
mod import_receipts;
mod incident;
mod init;
mod key;
mod label;
mod ledger;
mod log;
mod lost;
mod missing;
mod notices;
mod override_alarms;
mod paper;
mod party;
mod policy;
mod print;
mod printers;
mod probe;
mod publish;
mod receipt;
mod register;
mod report;
mod request;
mod restore;
mod retire;
mod scan;
mod search_log;
mod sheet;
mod sign;
mod signing;
mod simulate;
mod status;
mod submit;
mod take_back;
mod token;
mod tokens;
mod tour;
mod typed;
mod ui;
mod verify;
mod watch;
mod witness;
mod witness_ask;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::error::{EXIT_ERROR, Failure};
use self::ui::Ui;
use crate::ops::bus::BusChoice;
use crate::ops::fsck::notice_words;
use crate::ops::keys::Keyring;
use crate::ops::{Ledger, OpsError, keep_out_of_dumps};

/// Who has which encrypted drive, since when, with whose signatures.
#[derive(Debug, Parser)]
#[command(name = "custody", version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 fine, 1 error, 2 usage, 3 a check found a discrepancy, 4 verification failed.
No drive at hand? 'custody tour' shows everything on a recorded one.")]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// The ledger's folder [default: custody/ledger in your data folder]
    #[arg(long, global = true, value_name = "DIR", env = "CUSTODY_LEDGER")]
    ledger: Option<PathBuf>,
    /// The folder of private keys [default: custody/keys in your data folder]
    #[arg(long, global = true, value_name = "DIR", env = "CUSTODY_KEYS")]
    keys: Option<PathBuf>,
    /// The configuration [default: custody/config.toml in your configuration folder]
    #[arg(long, global = true, value_name = "FILE", env = "CUSTODY_CONFIG")]
    config: Option<PathBuf>,
    /// Answer in JSON
    #[arg(long, global = true)]
    json: bool,
    /// Ask nothing; a missing answer is an error
    #[arg(long, global = true)]
    no_input: bool,
}

impl Global {
    pub(crate) fn ledger_folder(&self) -> Result<PathBuf, OpsError> {
        self.ledger.clone().map_or_else(|| data_folder("ledger"), Ok)
    }

    pub(crate) fn keyring(&self) -> Result<Keyring, OpsError> {
        let folder = self.keys.clone().map_or_else(|| data_folder("keys"), Ok)?;
        Ok(Keyring::at(&folder))
    }

    pub(crate) fn configuration(&self) -> Result<PathBuf, OpsError> {
        use etcetera::BaseStrategy as _;
        if let Some(file) = &self.config {
            return Ok(file.clone());
        }
        let base = etcetera::choose_base_strategy()
            .map_err(|_| OpsError::input("--config", "there is no home folder; name a file"))?;
        Ok(base.config_dir().join("custody").join("config.toml"))
    }

    pub(crate) fn ui(&self) -> Ui {
        Ui::new(self.json, self.no_input)
    }

    /// Opens the ledger and says what opening mended.
    pub(crate) fn open(&self) -> Result<Ledger, OpsError> {
        let ui = self.ui();
        let mut bar = ui.progress("reading the journal");
        let mut ledger =
            Ledger::open(&self.ledger_folder()?, &mut |done, total| bar.at(done, total))?;
        bar.end();
        for notice in ledger.notices() {
            ui.warn(&notice_words(notice));
        }
        for warning in ledger.warnings() {
            ui.warn(warning);
        }
        ledger.set_teller(Box::new(move |warning| ui.warn(warning)));
        Ok(ledger)
    }
}

fn data_folder(name: &str) -> Result<PathBuf, OpsError> {
    use etcetera::BaseStrategy as _;
    let base = etcetera::choose_base_strategy();
    let base =
        base.map_err(|_| OpsError::input("--ledger", "there is no home folder; name a folder"))?;
    Ok(base.data_dir().join("custody").join(name))
}

/// Where drives are looked for.
#[derive(Debug, Clone, Args)]
pub(crate) struct BusArg {
    /// libusb, sysfs, or a recording: FILE.json or FILE.json#frame [default: this machine's]
    #[arg(long, value_name = "BUS", env = "CUSTODY_BUS")]
    bus: Option<String>,
}

impl BusArg {
    pub(crate) fn choice(&self) -> BusChoice {
        match &self.bus {
            Some(text) => text.parse().unwrap_or_default(),
            None => BusChoice::System,
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Init),
    #[command(subcommand)]
    Party(party::Party),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Policy(policy::Policy),
    Scan(scan::Scan),
    Watch(watch::Watch),
    Probe(probe::Probe),
    Register(register::Register),
    Request(request::Request),
    Approve(approve::Approve),
    Handover(handover::Handover),
    Return(take_back::Return),
    Sign(sign::Sign),
    Submit(submit::Submit),
    Attach(attach::Attach),
    Label(label::LabelCommand),
    Receipt(receipt::ReceiptCommand),
    Print(print::Print),
    Printers(printers::PrintersCommand),
    Verify(verify::Verify),
    Check(check::Check),
    Status(status::StatusCommand),
    Due(due::DueCommand),
    Notices(notices::NoticesCommand),
    Confirm(confirm::Confirm),
    Bound(bound::BoundCommand),
    Log(log::Log),
    Show(log::Show),
    Override(override_alarms::Override),
    Correct(correct::Correct),
    Acknowledge(acknowledge::Acknowledge),
    Missing(missing::Missing),
    Found(found::Found),
    Lost(lost::Lost),
    SearchLog(search_log::SearchLogCommand),
    Incident(incident::IncidentCommand),
    Erase(erase::Erase),
    Retire(retire::Retire),
    #[command(subcommand)]
    Sheet(sheet::Sheet),
    #[command(subcommand)]
    Report(report::Report),
    #[command(subcommand)]
    Token(token::Token),
    #[command(subcommand)]
    Export(export::Export),
    Simulate(simulate::Simulate),
    Daemon(daemon::Daemon),
    #[command(subcommand)]
    Witness(witness::WitnessCommand),
    Compare(compare::Compare),
    Fsck(fsck::Fsck),
    Publish(publish::Publish),
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    Backup(backup::Backup),
    Restore(restore::Restore),
    ImportReceipts(import_receipts::ImportReceipts),
    Tour(tour::Tour),
}

/// Parses the arguments, runs the command, words the failure.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let ui = cli.global.ui();
    if let Err(error) = keep_out_of_dumps() {
        ui.warn(&format!("a crash of this program may leave its keys in a core dump: {error}"));
    }
    let done = dispatch(&cli.global, cli.command);
    let code = done.unwrap_or_else(|error| ui.fail(&Failure::from(&error)));
    ExitCode::from(u8::try_from(code).unwrap_or(EXIT_ERROR as u8))
}

/// Runs one command; the answer is the exit code of a command that worked.
fn dispatch(global: &Global, command: Command) -> Result<i32, OpsError> {
    match command {
        Command::Init(command) => command.run(global),
        Command::Party(command) => command.run(global),
        Command::Key(command) => command.run(global),
        Command::Policy(command) => command.run(global),
        Command::Scan(command) => command.run(global),
        Command::Watch(command) => command.run(global),
        Command::Probe(command) => command.run(global),
        Command::Register(command) => command.run(global),
        Command::Request(command) => command.run(global),
        Command::Approve(command) => command.run(global),
        Command::Handover(command) => command.run(global),
        Command::Return(command) => command.run(global),
        Command::Sign(command) => command.run(global),
        Command::Submit(command) => command.run(global),
        Command::Attach(command) => command.run(global),
        Command::Label(command) => command.run(global),
        Command::Receipt(command) => command.run(global),
        Command::Print(command) => command.run(global),
        Command::Printers(command) => command.run(global),
        Command::Verify(command) => command.run(global),
        Command::Check(command) => command.run(global),
        Command::Status(command) => command.run(global),
        Command::Due(command) => command.run(global),
        Command::Notices(command) => command.run(global),
        Command::Confirm(command) => command.run(global),
        Command::Bound(command) => command.run(global),
        Command::Log(command) => command.run(global),
        Command::Show(command) => command.run(global),
        Command::Override(command) => command.run(global),
        Command::Correct(command) => command.run(global),
        Command::Acknowledge(command) => command.run(global),
        Command::Missing(command) => command.run(global),
        Command::Found(command) => command.run(global),
        Command::Lost(command) => command.run(global),
        Command::SearchLog(command) => command.run(global),
        Command::Incident(command) => command.run(global),
        Command::Erase(command) => command.run(global),
        Command::Retire(command) => command.run(global),
        Command::Sheet(command) => command.run(global),
        Command::Report(command) => command.run(global),
        Command::Token(command) => command.run(global),
        Command::Export(command) => command.run(global),
        Command::Simulate(command) => command.run(global),
        Command::Daemon(command) => command.run(global),
        Command::Witness(command) => command.run(global),
        Command::Compare(command) => command.run(global),
        Command::Fsck(command) => command.run(global),
        Command::Publish(command) => command.run(global),
        Command::Ledger(command) => command.run(global),
        Command::Backup(command) => command.run(global),
        Command::Restore(command) => command.run(global),
        Command::ImportReceipts(command) => command.run(global),
        Command::Tour(command) => command.run(global),
    }
}
