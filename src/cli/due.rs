//! `custody due`

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::error::{EXIT_DISCREPANCY, EXIT_ERROR, EXIT_FINE};
use crate::ops::due::Moment;
use crate::ops::tell::{self, Post, TellError};
use crate::ops::{OpsError, due};
use crate::render::text;
use crate::report::telling::{DueReport, Telling};

/// What is due, overdue and missing; tell people, write a calendar or metrics
#[derive(Debug, Args)]
#[command(after_help = "\
Exit codes: 3 when something is overdue or missing; with --notify 1 when somebody was not told.
Examples:
  custody due
  custody due --notify --metrics /var/lib/prometheus/node-exporter/custody.prom
  custody due --ics duties.ics")]
pub(super) struct DueCommand {
    /// Tell the people named in the configuration; for cron and timers
    #[arg(long)]
    notify: bool,
    /// Write the checks and returns to come as an iCalendar file
    #[arg(long, value_name = "FILE")]
    ics: Option<PathBuf>,
    /// Write Prometheus metrics for node_exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
}

impl DueCommand {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let folder = global.ledger_folder()?;
        let moment = Moment::of(&folder)?;
        let notices = moment.notices();
        // A calendar and metrics are written whether or not people could be told.
        let telling = self.notify.then(|| tell_people(global, &notices)).transpose();
        let files = self.write(global, &moment)?;
        let telling = telling?;
        let report =
            DueReport { messages_in_trouble: tell::in_trouble(&folder), notices, telling, files };
        global.ui().answer(&report, |style| text::due(&report, style));
        if report.telling.is_none() {
            super::notices::remind(global);
        }
        Ok(match &report.telling {
            Some(telling) if telling.is_fine() => EXIT_FINE,
            Some(_) => EXIT_ERROR,
            None if report.notices.any_alarm() => EXIT_DISCREPANCY,
            None => EXIT_FINE,
        })
    }

    fn write(&self, global: &Global, moment: &due::Moment) -> Result<Vec<String>, OpsError> {
        let shown =
            |path: &PathBuf| crate::model::printable::printable(&path.to_string_lossy(), 200);
        let mut files = Vec::new();
        if let Some(path) = &self.ics {
            let settings = tell::settings(&global.configuration()?)?;
            moment.write_calendar(path, tell::tongue(settings.as_ref()))?;
            files.push(shown(path));
        }
        if let Some(path) = &self.metrics {
            moment.write_metrics(path, &global.ledger_folder()?)?;
            files.push(shown(path));
        }
        Ok(files)
    }
}

fn tell_people(global: &Global, notices: &crate::report::Notices) -> Result<Telling, OpsError> {
    let configuration = global.configuration()?;
    let post = Post::beside(&global.ledger_folder()?, &configuration)?;
    if !post.has_somebody() {
        return Err(TellError::NotConfigured(configuration).into());
    }
    post.tell(notices)
}
