//! `custody watch`

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use signal_hook::consts::{SIGINT, SIGTERM};

use super::error::EXIT_FINE;
use super::{BusArg, Global};
use crate::ops::watch::{EventLog, Limits, Watch as Watching, lookout};
use crate::ops::{OpsError, SystemClock};
use crate::render::text;

/// Print and keep arrivals and removals of drives as they happen
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is sent to a drive: sysfs is read, libusb only says when to look; with --probe the
drives that this user may open are read, a few hundred kilobytes each. With --bus sysfs
the bus is looked at four times a second; with --bus libusb drives are asked for their
strings, and a recording is played frame by frame. The ledger is read and never held, so
other commands run meanwhile. --record keeps events in a file of its own: nobody signs
what a port saw, so it is no entry. Ctrl-C ends the watch. With --json, one object a line.
Examples:
  custody watch
  custody watch --json --record /var/log/custody-events.jsonl
  custody watch --for 60 --count 1      until something moves, at most a minute")]
pub(super) struct Watch {
    #[command(flatten)]
    bus: BusArg,
    /// Read the drives themselves as well, where this user may; nothing is written
    #[arg(long)]
    probe: bool,
    /// Add each event to this file as a line of JSON, synced to the disk
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// End after so many seconds
    #[arg(long = "for", value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    seconds: Option<u64>,
    /// End after so many arrivals and removals together
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
}

impl Watch {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder();
        let founded = folder.as_ref().is_ok_and(|folder| folder.join("FORMAT").exists());
        let asked = founded || global.ledger.is_some();
        let folder = if asked { Some(folder?) } else { None };
        let mut record = self.record.as_deref().map(EventLog::open).transpose()?;
        let mut lookout = lookout(&self.bus.choice())?;
        let mut watching = Watching::new(lookout.as_mut(), folder.as_deref(), &SystemClock)?;
        if self.probe {
            watching = watching.reading(self.bus.choice().open()?);
        }
        let ended = ended_by_signal()?;
        let limits =
            Limits { lasting: self.seconds.map(Duration::from_secs), movements: self.count };
        watching.run(limits, &|| ended.load(Ordering::Relaxed), &mut |event| {
            // Kept before it is shown: who reads it may act on it.
            if let Some(record) = &mut record {
                record.add(event)?;
            }
            let shown = ui.line(event, |style| text::watch_event(event, style));
            // A reader that went away (`custody watch | head`) wants no more.
            Ok(if shown.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        Ok(EXIT_FINE)
    }
}

/// Set by Ctrl-C and by whoever ends services; a second one ends the program at once.
pub(super) fn ended_by_signal() -> Result<Arc<AtomicBool>, OpsError> {
    let ended = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        let code = 128 + signal;
        signal_hook::flag::register_conditional_shutdown(signal, code, Arc::clone(&ended))
            .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&ended)))
            .map_err(|error| OpsError::Unknown(format!("signals cannot be watched: {error}")))?;
    }
    Ok(ended)
}
