//! `custody simulate`

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_FINE};
use crate::ops::OpsError;
use crate::ops::simulate::{regimes, simulate};
use crate::render::text;

/// Lose drives by computation: how long until somebody knows, under which rules
#[derive(Debug, Args)]
#[command(after_help = "\
Every entry is judged and folded as in a ledger; nothing is signed and no ledger is touched.
Exit code 3 where a loss was noticed later than the bound that was stated for it.
Example:
  custody simulate --losses 10000 --seed 1")]
pub(super) struct Simulate {
    /// Losses for each way of keeping drives (1 to 1000000)
    #[arg(long, value_name = "COUNT", default_value_t = 2_000)]
    losses: u32,
    /// What the chances are drawn from
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,
}

impl Simulate {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        if !(1..=1_000_000).contains(&self.losses) {
            return Err(OpsError::input("--losses", "1 to 1,000,000 are simulated"));
        }
        let report = simulate(self.seed, self.losses, &regimes())?;
        global.ui().answer(&report, |_| text::simulation(&report));
        let late = report.rows.iter().any(|row| row.late > 0);
        Ok(if late { EXIT_DISCREPANCY } else { EXIT_FINE })
    }
}
