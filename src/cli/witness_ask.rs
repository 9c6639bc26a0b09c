//! `custody witness ask`, `request` and `import`: the side of the ledger.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::Global;
use super::error::{EXIT_ERROR, EXIT_FINE, Failure};
use super::ui::Ui;
use super::witness::write;
use crate::ops::cosigned::{Cosigned, Taken, import, log_keys, policy_of, request};
use crate::ops::known::keep_if_against;
use crate::ops::witness_ask::{ask, what_it_saw};
use crate::ops::{Ledger, OpsError};
use crate::report::witnesses::WitnessesView;

/// Who counts as a witness.
#[derive(Debug, Args)]
struct PolicyArg {
    /// The policy (c2sp.org/tlog-policy) [default: witnesses.policy beside the ledger]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

/// Have witnesses vouch for the newest checkpoint, over HTTP
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 4 when a witness saw another history than this ledger has. What it saw is then
kept in a file, for 'custody compare'.
Examples:
  custody witness ask
  custody witness ask http://127.0.0.1:8723")]
pub(super) struct Ask {
    /// Addresses of witnesses [default: those in the policy]
    #[arg(value_name = "URL")]
    urls: Vec<String>,
    #[command(flatten)]
    policy: PolicyArg,
    #[command(flatten)]
    evidence: EvidenceArg,
}

/// Where evidence goes.
#[derive(Debug, Args)]
struct EvidenceArg {
    /// Where the checkpoint of a witness goes that saw another history
    #[arg(long, value_name = "FILE", default_value = "witness.checkpoint")]
    evidence: PathBuf,
}

impl EvidenceArg {
    /// Keeps what the witness saw. That it cannot be had changes nothing of the alarm.
    fn keep(&self, ui: Ui, ledger: &Ledger, url: &str) {
        let kept = what_it_saw(ledger, url).and_then(|checkpoint| {
            write(&self.evidence, &checkpoint.to_bytes())?;
            keep_if_against(ledger, &checkpoint)
        });
        match kept {
            Ok(()) => ui.warn(&format!("what {url} saw is in {}", self.evidence.display())),
            Err(error) => ui.warn(&error.to_string()),
        }
    }
}

/// Write a request that a witness signs on another computer
#[derive(Debug, Args)]
#[command(after_help = "\
Carry FILE there on a stick or by mail, have 'custody witness sign FILE' run, and take
what comes back with 'custody witness import'.
Examples:
  custody witness request shizuoka.request --for printer
  custody witness request shizuoka.request --old 120")]
pub(super) struct Request {
    /// The file to write
    file: PathBuf,
    /// The witness's name in the policy; begins from what it vouched for last
    #[arg(long = "for", value_name = "NAME", conflicts_with = "old")]
    witness: Option<String>,
    /// Begin from this many entries [default: 0]
    #[arg(long, value_name = "N")]
    old: Option<u64>,
    #[command(flatten)]
    policy: PolicyArg,
}

/// Take what a witness signed on another computer
#[derive(Debug, Args)]
#[command(after_help = "\
Exit code 4 when the witness saw another history than this ledger has.
Example:
  custody witness import shizuoka.request.cosigned")]
pub(super) struct Import {
    /// The file that 'custody witness sign' wrote
    file: PathBuf,
    #[command(flatten)]
    policy: PolicyArg,
}

#[derive(Debug, Serialize)]
struct Requested {
    file: PathBuf,
    old: u64,
    entries: u64,
}

#[derive(Debug, Serialize)]
struct Asked {
    witnesses: Vec<WitnessesView>,
    failed: Vec<Failure>,
}

/// What was taken, and what there is to do.
#[derive(Debug, Serialize)]
struct Imported {
    witnesses: WitnessesView,
    entries: u64,
}

fn view(taken: &Taken) -> WitnessesView {
    WitnessesView::new(taken.size, &taken.vouched)
}

impl Ask {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let ui = global.ui();
        let folder = global.ledger_folder()?;
        let policy = policy_of(&folder, self.policy.policy.as_ref())?;
        let mut urls = self.urls.clone();
        if urls.is_empty() {
            urls.extend(policy.witnesses().iter().filter_map(|witness| witness.url.clone()));
        }
        if urls.is_empty() {
            return Err(OpsError::input("URL", "is needed: no witness in the policy has one"));
        }
        let mut ledger = global.open()?;
        let mut asked = Asked { witnesses: Vec::new(), failed: Vec::new() };
        let mut words = String::new();
        // One witness that does not answer keeps no other from vouching.
        for url in &urls {
            let answer = ask(&mut ledger, url, &policy);
            if let Err(OpsError::Witness(error)) = &answer
                && error.is_fork()
            {
                self.evidence.keep(ui, &ledger, url);
            }
            match answer {
                Ok(taken) => {
                    words.push_str(&format!("{url}: {}.\n", view(&taken).words()));
                    asked.witnesses.push(view(&taken));
                }
                Err(error) if urls.len() == 1 => return Err(error),
                Err(error) => {
                    let failure = Failure::from(&error);
                    if !ui.is_json() {
                        ui.fail(&failure);
                    }
                    asked.failed.push(failure);
                }
            }
        }
        let code = asked.failed.iter().map(|failure| failure.exit_code).max();
        ui.answer(&asked, |_| words);
        Ok(code.map_or(EXIT_FINE, |code| code.max(EXIT_ERROR)))
    }
}

impl Request {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let folder = global.ledger_folder()?;
        let mut ledger = global.open()?;
        let old = match (&self.witness, self.old) {
            (Some(name), _) => {
                let policy = policy_of(&folder, self.policy.policy.as_ref())?;
                let known = policy.witnesses().iter().find(|witness| witness.name() == *name);
                let known = known.ok_or_else(|| {
                    OpsError::input("--for", format!("no witness of the policy is called {name}"))
                })?;
                Cosigned::of(&folder, &log_keys(&ledger)?).newest_by(&known.key)?
            }
            (None, old) => old.unwrap_or(0),
        };
        let asked = request(&mut ledger, old)?;
        write(&self.file, &asked.to_bytes())?;
        let requested = Requested { file: self.file, old, entries: asked.size() };
        global.ui().answer(&requested, |_| {
            format!(
                "{} asks to vouch for {} entries, from {old} on.\n",
                requested.file.display(),
                requested.entries
            )
        });
        Ok(EXIT_FINE)
    }
}

impl Import {
    pub fn run(self, global: &Global) -> Result<i32, OpsError> {
        let folder = global.ledger_folder()?;
        let policy = policy_of(&folder, self.policy.policy.as_ref())?;
        let mut ledger = global.open()?;
        let taken = import(&mut ledger, &self.file, &policy)?;
        let imported = Imported { witnesses: view(&taken), entries: taken.entries };
        global.ui().answer(&imported, |_| {
            let mut words = format!("{}.\n", imported.witnesses.words());
            if taken.size < taken.entries {
                words.push_str(&format!(
                    "There are {} entries by now; to have all vouched for:\n  \
                     custody witness request FILE --old {}\n",
                    taken.entries, taken.size
                ));
            }
            words
        });
        Ok(EXIT_FINE)
    }
}
