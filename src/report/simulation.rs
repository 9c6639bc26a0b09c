//! How long simulated losses went unnoticed.

use serde::Serialize;

/// What became of all losses, one row for each way of keeping drives.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulation {
    /// What the chances were drawn from; the same seed gives the same losses.
    pub seed: u64,
    /// Losses in each row.
    pub losses: u32,
    /// Each way of keeping drives.
    pub rows: Vec<Simulated>,
}

/// The losses under one way of keeping drives. Times are days from the loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Simulated {
    /// Its name.
    pub regime: String,
    /// What is done and what goes wrong.
    pub habits: String,
    /// Half of the losses were noticed within so many days.
    pub median: f64,
    /// Nineteen of twenty.
    pub most: f64,
    /// All of them.
    pub longest: f64,
    /// The longest bound that was stated for a drive when it was lost, in days; none where
    /// nothing states one.
    pub stated: Option<i64>,
    /// Noticed after the bound that was stated: by more than the days for which the clock
    /// was behind, and the one day that an outside service takes to miss the program.
    pub late: u32,
    /// Noticed because somebody found it missing in a check.
    pub by_check: u32,
    /// Noticed because nobody had seen it in time.
    pub by_bound: u32,
    /// Noticed because somebody needed it.
    pub by_handover: u32,
    /// Entries that were refused: the holder's own checks, and those under a wrong clock.
    pub refused: u64,
}
