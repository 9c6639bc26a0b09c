//! What happened at the ports, one value an event.

use serde::Serialize;

use super::scan::ScanRow;
use crate::model::Stamp;

/// One thing that happened while a bus was watched. One of these is one line of
/// `custody watch --json` and of the file it keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchEvent {
    /// What happened.
    pub event: Happening,
    /// When it was noticed.
    #[serde(serialize_with = "super::text")]
    pub at: Stamp,
    /// How the bus is watched; with the first and last event only.
    pub bus: Option<String>,
    /// Where, `1-2.4`.
    pub position: Option<String>,
    /// Which drive, as a scan shows it, with what the ledger says now.
    pub device: Option<ScanRow>,
    /// From the first sign of it until everything was read.
    pub arrival_to_identified_ms: Option<u64>,
    /// What could not be read of it, in words.
    pub unread: Vec<String>,
    /// What kept this line from saying more, in words.
    pub notices: Vec<String>,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happening {
    /// Watching began. What happened before, nobody watched.
    Begun,
    /// A drive was there when watching began.
    Present,
    /// A drive was plugged in.
    Arrived,
    /// A drive left.
    Left,
    /// Something was plugged in that could not be identified.
    Unidentified,
    /// Watching ended.
    Ended,
}

impl Happening {
    /// Whether something came or went, which is not said of the beginning or end.
    pub fn is_movement(self) -> bool {
        matches!(self, Happening::Arrived | Happening::Left | Happening::Unidentified)
    }
}
