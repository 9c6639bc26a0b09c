//! What the daemon says while nobody watches: lines on the standard error output, which
//! systemd keeps.

use std::fmt::Display;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;

use crate::model::printable::printable;

/// The longest line. More than this is somebody's attempt to fill a log.
const LINE_MAX: usize = 2_000;

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Something has to be done about it.
    Alarm,
    /// Something is not as it should be.
    Warning,
    /// As it should be.
    Note,
}

impl Weight {
    /// The number of its level (syslog(3)) between angles, which journald takes off again
    /// (sd-daemon(3)).
    fn prefix(self) -> &'static str {
        match self {
            Weight::Alarm => "<3>",
            Weight::Warning => "<4>",
            Weight::Note => "<6>",
        }
    }
}

/// Where lines go.
#[derive(Debug, Clone, Copy)]
pub struct Journal {
    /// journald reads them.
    levels: bool,
}

impl Journal {
    /// The standard error output; with levels where that is journald's.
    pub fn begin() -> Self {
        let said = std::env::var("JOURNAL_STREAM").ok();
        let stream = std::fs::metadata("/proc/self/fd/2").ok();
        let named = stream.map(|it| format!("{}:{}", it.dev(), it.ino()));
        Journal { levels: said.is_some() && said == named }
    }

    /// Adds a line. Whoever reads it sees no control characters, whatever a device calls
    /// itself.
    pub fn say(self, weight: Weight, line: &dyn Display) {
        let text = printable(&line.to_string(), LINE_MAX);
        let prefix = if self.levels { weight.prefix() } else { "" };
        // A log that cannot be written is no reason to look after no drives.
        let _ = writeln!(std::io::stderr().lock(), "{prefix}{text}");
    }
}
