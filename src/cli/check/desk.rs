//! The terminal of a round: a scanner that types, people, and the list in between.

use std::sync::atomic::Ordering;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::super::Global;
use super::super::ui::Ui;
use super::super::watch::ended_by_signal;
use super::{Check, Wish};
use crate::model::PartyId;
use crate::ops::follow::Onlooker;
use crate::ops::round::Opening;
use crate::ops::round_live::{Desk, HELP, Heard, Left, Live};
use crate::ops::watch::lookout;
use crate::ops::{OpsError, SystemClock};
use crate::render::text;
use crate::report::round::RoundReport;

/// Longest line that is read; a label has a fortieth of that.
const LINE_MAX: usize = 4_096;

impl Check {
    /// Shows the round and takes in what is plugged in, scanned and typed, until somebody
    /// closes or pauses it.
    pub(super) fn at_the_desk(
        &self,
        global: &Global,
        wish: &Wish,
        by: &PartyId,
    ) -> Result<Left, OpsError> {
        let (folder, ui) = (global.ledger_folder()?, global.ui());
        let now = Onlooker::open(&folder)?.now(&SystemClock)?;
        let opening = Opening::new(now, by.clone(), wish.place.clone(), None);
        let choice = self.bus.choice();
        let mut watching = if self.no_bus { None } else { Some(lookout(&choice)?) };
        let bus = if self.no_bus { None } else { Some(choice.open()?) };
        // The borrow ends where the lookout does, which the closure's type cannot say.
        #[allow(clippy::manual_map)]
        let lookout = match &mut watching {
            Some(lookout) => Some(lookout.as_mut() as _),
            None => None,
        };
        let mut live = Live::new(&folder, (opening, by), &SystemClock, (lookout, bus.as_deref()))?;
        let ended = ended_by_signal()?;
        ui.say(HELP);
        let mut terminal = Terminal { ui, typed: Vec::new() };
        live.run(&|| ended.load(Ordering::Relaxed), &mut terminal)
    }
}

/// Standard input, read without waiting and without reading ahead: the passphrase is
/// typed there too.
struct Terminal {
    ui: Ui,
    typed: Vec<u8>,
}

impl Terminal {
    fn line(&mut self) -> Option<String> {
        let end = self.typed.iter().position(|byte| matches!(byte, b'\n' | b'\r'))?;
        let line: Vec<u8> = self.typed.drain(..=end).collect();
        Some(String::from_utf8_lossy(&line).trim().to_owned())
    }
}

impl Desk for Terminal {
    fn heard(&mut self) -> Heard {
        if let Some(line) = self.line() {
            return Heard::Line(line);
        }
        let stdin = std::io::stdin();
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
        match poll(&mut polled, Some(&at_once)) {
            Ok(0) | Err(_) => return Heard::Nothing,
            Ok(_) => {}
        }
        let mut bytes = [0; 512];
        match rustix::io::read(&stdin, &mut bytes) {
            Ok(0) => Heard::Ended,
            Ok(count) => {
                self.typed.extend(bytes.get(..count).unwrap_or_default());
                if self.typed.len() > LINE_MAX {
                    self.typed.clear();
                }
                self.line().map_or(Heard::Nothing, Heard::Line)
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Heard::Nothing,
            Err(_) => Heard::Ended,
        }
    }

    /// The whole list where it is short or was asked for, else what counts of it.
    fn show(&mut self, happened: &[String], round: &RoundReport, whole: bool) {
        for line in happened {
            self.ui.say(&format!("> {line}"));
        }
        let shown = text::open_round(round, self.ui.style());
        let most = self.ui.height().saturating_sub(happened.len() + 4);
        let lines = shown.lines().count();
        if whole || lines <= most {
            return self.ui.say(&shown);
        }
        let start: Vec<&str> = shown.lines().take(most).collect();
        self.ui.say(&format!(
            "{}\n  ... 'list' shows {} lines more",
            start.join("\n"),
            lines - most
        ));
    }

    fn say(&mut self, line: &str) {
        self.ui.say(line);
    }
}
