//! `custody daemon`

use std::sync::atomic::AtomicBool;

use clap::Args;

use super::error::EXIT_FINE;
use super::watch::ended_by_signal;
use super::{BusArg, Global};
use crate::daemon::{self, Journal, Options};
use crate::ops::OpsError;

/// Own the ledger: attend drives and cabinets, tell people, answer every other command
#[derive(Debug, Args)]
#[command(after_help = "\
While it runs, every other command works as before: it speaks to the daemon through a
socket in the ledger's folder, which only the folder's owner and group may use. Cabinets
and how often people are told stand in the configuration (docs/daemon.md). It runs until
it is sent SIGTERM or Ctrl-C; whatever else ends it loses nothing.
Examples:
  custody daemon
  systemctl enable --now custody.service")]
pub(super) struct Daemon {
    #[command(flatten)]
    bus: BusArg,
}

impl Daemon {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let options = Options {
            ledger: global.ledger_folder()?,
            keys: global.keyring()?,
            configuration: global.configuration()?,
            bus: self.bus.choice(),
        };
        let stop: std::sync::Arc<AtomicBool> = ended_by_signal()?;
        daemon::run(&options, &stop, Journal::begin())?;
        Ok(EXIT_FINE)
    }
}
