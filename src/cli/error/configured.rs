//! What is wrong with the configuration.

use std::path::Path;

use super::{EXIT_USAGE, Failure, Kind};
use crate::ops::ConfigurationError;

/// All that is wrong in the file, each with its line.
pub(super) fn configuration(path: &Path, error: &ConfigurationError) -> Failure {
    let remedy =
        "Nothing was done. docs/printing.md, docs/notices.md and docs/daemon.md show sound files.";
    let one = |what: String| Failure::one(Kind::Configuration, what, None);
    let file = path.display();
    let mut failure = match error {
        ConfigurationError::Faults(faults) => {
            let problems = faults.iter().flat_map(|fault| {
                one(format!("{file}, line {}: {}", fault.line, fault.what)).problems
            });
            Failure { problems: problems.collect(), ..one(String::new()) }
        }
        other => one(format!("{file}: {other}")),
    };
    if let Some(last) = failure.problems.last_mut() {
        last.remedy = Some(remedy.to_owned());
    }
    failure.exiting(EXIT_USAGE)
}
