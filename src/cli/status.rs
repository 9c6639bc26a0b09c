//! `custody status`

use clap::Args;

use super::Global;
use crate::ops::{OpsError, status};
use crate::render::text;

/// Who holds what, since when, due when; overdue first
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  custody status --json | jq '.rows[] | select(.standing == \"return-overdue\")'"
)]
pub(super) struct StatusCommand {}

impl StatusCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let status = status::status(&global.open()?)?;
        global.ui().answer(&status, |style| text::status(&status, style));
        super::print::remind(global);
        super::notices::remind(global);
        Ok(0)
    }
}
