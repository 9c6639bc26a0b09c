//! Which witnesses vouch for what is verified.

use std::path::Path;

use super::cosigned::Cosigned;
use super::error::OpsError;
use super::gather::Evidence;
use crate::model::VerifierKey;
use crate::proof::log_keys::LogKeys;
use crate::proof::quorum::WitnessPolicy;
use crate::proof::tree::Frontier;
use crate::report::verification::{FindingView, ReceiptVerification};
use crate::report::witnesses::WitnessesView;
use crate::store::Store;

/// A policy, and whether a verification fails where it is not met. One beside the
/// ledger is only reported: its newest entries are always ahead of its witnesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counting {
    /// The policy.
    pub policy: WitnessPolicy,
    /// Whether it must be met.
    pub demanded: bool,
}

/// The log key that the policy itself names for this evidence.
pub fn log_of(policy: &WitnessPolicy, evidence: &Evidence) -> Option<VerifierKey> {
    match evidence {
        Evidence::Whole(receipt) => policy.log_of(receipt.proof().checkpoint()).ok(),
        Evidence::Half(..) => None,
    }
}

/// Adds to the verification of a receipt who vouches for its checkpoint.
#[must_use]
pub fn with_witnesses(
    answer: ReceiptVerification,
    evidence: &Evidence,
    log: &VerifierKey,
    counting: &Counting,
) -> ReceiptVerification {
    let Evidence::Whole(receipt) = evidence else { return answer };
    let checkpoint = receipt.proof().checkpoint();
    if counting.demanded && !counting.policy.takes_log(log) {
        let words = format!("the policy does not list the log {}", log.name());
        return answer.with("policy", false, words);
    }
    match counting.policy.judge(checkpoint) {
        Ok(vouched) => {
            let view = WitnessesView::new(checkpoint.checkpoint().size(), &vouched);
            answer.with_witnesses(view, counting.demanded)
        }
        Err(error) => answer.with("witnesses", false, error.to_string()),
    }
}

/// Who vouches for a whole ledger: the newest cosigned checkpoint that enough vouch
/// for, else the newest; and those that are of another history.
///
/// # Errors
/// The ledger cannot be read.
pub fn of_ledger(
    store: &dyn Store,
    folder: &Path,
    logs: &LogKeys,
    policy: &WitnessPolicy,
) -> Result<(WitnessesView, Vec<FindingView>), OpsError> {
    let mut findings = Vec::new();
    let nobody = policy.witnesses().iter().map(|witness| witness.name()).collect();
    let (entries, vouching, quorum) = (0, Vec::new(), !policy.asks());
    let mut best = WitnessesView { entries, vouching, missing: nobody, quorum };
    for checkpoint in Cosigned::of(folder, logs).all()? {
        let said = checkpoint.checkpoint();
        let here = said.size() <= store.head().size;
        if !here || Frontier::load(store, said.size())?.root() != *said.root() {
            findings.push(FindingView {
                index: None,
                cause: "cosigned",
                message: format!(
                    "witnesses cosigned another history of {} entries: {}",
                    said.size(),
                    said.root()
                ),
            });
            continue;
        }
        match policy.judge(&checkpoint) {
            Ok(vouched) if vouched.enough || !best.quorum => {
                best = WitnessesView::new(said.size(), &vouched);
            }
            // One with too few says less than an older one with enough.
            Ok(_) => {}
            // A line that claims to be a witness's and does not verify: nothing makes one
            // but a forger, or damage.
            Err(error) => findings.push(FindingView {
                index: None,
                cause: "cosigned",
                message: format!("the cosigned checkpoint of {} entries: {error}", said.size()),
            }),
        }
    }
    Ok((best, findings))
}
