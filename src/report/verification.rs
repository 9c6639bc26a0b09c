//! What a verification found, what it shows and what it does not.

use serde::Serialize;

use crate::audit::{Audit, Finding};
use crate::ledger::State;
use crate::model::statement::Handover;
use crate::model::{Day, Hash, MediumId, Origin, ReceiptId, Stamp, Statement, VerifierKey};
use crate::proof::inclusion::ProofRefused;
use crate::proof::receipt::{Receipt, ReceiptRefused};
use crate::proof::tlog_proof::{Included, TlogProofError};

use super::attachment::{AttachmentView, Sheet};
use super::named;
use super::receipt::{EntryView, Head, ReceiptView, Sealed};
use super::witnesses::WitnessesView;
use super::words::listed;
use super::{optional_text, text};

/// The outcome of a verification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Everything that was to be shown is shown.
    Passed,
    /// Nothing is wrong, but half of the evidence is not there.
    Incomplete,
    /// Something is wrong.
    Failed,
}

/// A whole ledger, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerVerification {
    /// The verdict.
    pub verdict: Verdict,
    /// The ledger's origin; none where not even the genesis can be read.
    pub ledger: Option<Origin>,
    /// Number of entries read.
    pub entries: u64,
    /// Number of entries that an audit before covers and that were not read again.
    #[serde(skip_serializing_if = "is_none")]
    pub audited_before: u64,
    /// Number of signatures that verified.
    pub signatures: u64,
    /// Number of handovers sealed on paper whose sheet is still to be attached.
    pub sheets_awaited: usize,
    /// Root over the entries.
    #[serde(serialize_with = "text")]
    pub root: Hash,
    /// Number of entries under the newest signed checkpoint; none without a
    /// checkpoint that opens.
    pub checkpoint: Option<u64>,
    /// Who vouches for it, where there is a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessesView>,
    /// Whether the log key came from outside the ledger.
    pub log_key_given: bool,
    /// Where the log key given was replaced since: by which, and in which entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_key_replaced: Option<LogKeyReplaced>,
    /// What is wrong, in order of entries; the first 200.
    pub findings: Vec<FindingView>,
    /// Number of findings, those not listed included.
    pub findings_total: u64,
    /// What this does not show, in words.
    pub not_shown: Vec<String>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingView {
    /// The entry; none where it concerns the whole ledger.
    pub index: Option<u64>,
    /// The cause's name, for programs.
    pub cause: &'static str,
    /// What is wrong, as a sentence.
    pub message: String,
}

impl From<&Finding> for FindingView {
    fn from(finding: &Finding) -> Self {
        FindingView {
            index: finding.index,
            cause: finding.cause.name(),
            message: finding.cause.to_string(),
        }
    }
}

/// The key that a verifier trusts is no longer the one in use.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogKeyReplaced {
    /// The entry from which the present key holds.
    pub entry: u64,
    /// The key in use.
    pub vkey: String,
    /// The last day on which the key before it signs as well.
    pub overlap_until: Option<Day>,
}

impl LogKeyReplaced {
    fn of(state: &State, trusted: Option<&VerifierKey>) -> Option<Self> {
        let (entry, now) = state.log_keys().last()?;
        let past = trusted.filter(|trusted| *trusted != now)?;
        let linked = state.log_keys().iter().any(|(_, key)| key == past);
        let overlap_until = state.facts.as_ref().and_then(|facts| facts.overlap_until);
        linked.then(|| LogKeyReplaced { entry: *entry, vkey: now.to_string(), overlap_until })
    }
}

fn is_none(number: &u64) -> bool {
    *number == 0
}

impl LedgerVerification {
    /// That so many entries were verified by an audit before and not again.
    #[must_use]
    pub fn with_audited_before(mut self, entries: u64) -> Self {
        self.audited_before = entries;
        if entries > 0 {
            self.not_shown.push(format!(
                "that the {entries} entries of the audit before are still stored as they were, \
                 and that no new one repeats one of them where the index says nothing: they were \
                 not read again, and only their hashes were compared; a whole audit reads them"
            ));
        }
        self
    }

    /// What an audit found. `trusted` is the log key that the verifier brought along; none
    /// where it was taken from the ledger.
    pub fn new(audit: &Audit, trusted: Option<&VerifierKey>) -> Self {
        let log_key_given = trusted.is_some();
        let mut not_shown = Vec::new();
        if !log_key_given {
            not_shown.push(
                "that this is your ledger: its log key was taken from the ledger itself; \
                 give the key you keep elsewhere with --log-key"
                    .to_owned(),
            );
        }
        not_shown.push(
            "that nothing was cut off the end together with the checkpoint: compare the number \
             of entries with the newest receipt or a checkpoint kept elsewhere"
                .to_owned(),
        );
        not_shown.push(
            "that the documents attached to receipts are there and unaltered: 'custody fsck' \
             reads them"
                .to_owned(),
        );
        LedgerVerification {
            verdict: if audit.is_green() { Verdict::Passed } else { Verdict::Failed },
            ledger: audit.state.facts.as_ref().map(|facts| facts.origin.clone()),
            entries: audit.entries,
            audited_before: 0,
            signatures: audit.signatures,
            sheets_awaited: audit.state.sheets.len(),
            root: audit.root,
            checkpoint: audit.checkpoint,
            witnesses: None,
            log_key_given,
            log_key_replaced: LogKeyReplaced::of(&audit.state, trusted),
            findings: audit.findings.iter().map(FindingView::from).collect(),
            findings_total: audit.findings_total,
            not_shown,
        }
    }
}

impl LedgerVerification {
    /// Whether every entry holds, and only the checkpoint over them is of no use.
    pub fn lacks_only_its_checkpoint(&self) -> bool {
        let of_the_checkpoint = |finding: &FindingView| {
            finding.index.is_none()
                && match finding.cause {
                    "checkpoint" | "no-checkpoint" => true,
                    "stored-bytes" => finding.message.ends_with("(checkpoint)"),
                    _ => false,
                }
        };
        !self.findings.is_empty() && self.findings.iter().all(of_the_checkpoint)
    }

    /// Notes what is known elsewhere and speaks against this ledger.
    #[must_use]
    pub fn with_finding(mut self, finding: FindingView) -> Self {
        self.verdict = Verdict::Failed;
        self.findings_total += 1;
        self.findings.push(finding);
        self
    }

    /// Notes who vouches, and what was cosigned that is not this history.
    #[must_use]
    pub fn with_witnesses(
        mut self,
        view: WitnessesView,
        findings: Vec<FindingView>,
        demanded: bool,
    ) -> Self {
        if !findings.is_empty() || (demanded && !view.quorum) {
            self.verdict = Verdict::Failed;
        }
        self.findings_total += findings.len() as u64;
        self.findings.extend(findings);
        if demanded && !view.quorum {
            self.findings_total += 1;
            let (cause, message) = ("witnesses", view.words());
            self.findings.push(FindingView { index: None, cause, message });
        }
        if view.entries < self.entries {
            let from = view.entries;
            self.not_shown.push(format!("that witnesses saw the entries from {from} on"));
        }
        self.witnesses = Some(view);
        self
    }
}

/// By what a receipt was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedBy {
    /// The sheet and the ledger's public key, offline.
    LogKey,
    /// The ledger itself.
    Ledger,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckView {
    /// Its name, for programs: `signatures`, `inclusion`, ...
    pub name: &'static str,
    /// Whether it holds.
    pub passed: bool,
    /// What was found, as a sentence.
    pub detail: String,
}

/// Which of a receipt's two codes, or halves of its file, were given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CodesView {
    /// `CN1`, the note: what was agreed, and who signed.
    pub note: bool,
    /// `CP1`, the proof that the ledger holds it.
    pub proof: bool,
}

/// A receipt, verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceiptVerification {
    /// The verdict.
    pub verdict: Verdict,
    /// By what it was judged.
    pub judged_by: JudgedBy,
    /// The ledger it says it belongs to.
    pub ledger: Option<Origin>,
    /// Its number.
    pub number: Option<ReceiptId>,
    /// When the handover was.
    #[serde(serialize_with = "optional_text")]
    pub at: Option<Stamp>,
    /// Who signed or sealed what: giver, receiver, witness.
    pub parties: Vec<Sealed>,
    /// Where the entry stands, once that is shown.
    pub entry: Option<EntryView>,
    /// The entry that a receipt claims to be, whether or not that holds.
    pub claimed: Option<u64>,
    /// The receipt's contents; none where the text is no handover.
    pub receipt: Option<ReceiptView>,
    /// What the text says where it is no handover, a certificate's for one.
    pub said: Option<Said>,
    /// Which halves of the receipt were there.
    pub codes: CodesView,
    /// Who vouches for the ledger it was proven in, where there is a policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub witnesses: Option<WitnessesView>,
    /// Everything that was looked at.
    pub checks: Vec<CheckView>,
    /// What is shown, in words; empty when something is wrong.
    pub shown: Vec<String>,
    /// What is not shown, in words.
    pub not_shown: Vec<String>,
}

/// What an entry says that is no handover: an erasure, a retirement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// The entry's kind.
    pub kind: &'static str,
    /// The media it names.
    pub media: Vec<MediumId>,
    /// Its lines, keys left out.
    pub lines: Vec<(String, String)>,
    /// The head of the log that the signers saw.
    pub seen: Head,
}

impl Said {
    fn new(statement: &Statement) -> Self {
        let seen = statement.seen();
        let is_key = |key: &str| key.ends_with("-key") || key == "key";
        let lines = statement.lines().0.into_iter().filter(|(key, _)| !is_key(key));
        Said {
            kind: statement.kind(),
            media: named::media(statement),
            lines: lines.collect(),
            seen: Head { entries: seen.size, root: seen.root },
        }
    }

    /// Kind and media, as a heading.
    pub fn spoken(&self) -> String {
        let media = self.media.iter().map(|id| format!(" {id}"));
        std::iter::once(self.kind.to_owned()).chain(media).collect()
    }
}

/// The checks without which no receipt passes.
const DEMANDED: [&str; 2] = ["signatures", "inclusion"];

impl ReceiptVerification {
    /// Begins with nothing checked; `said` is none where the text is no handover.
    pub fn new(said: Option<&Handover>, judged_by: JudgedBy) -> Self {
        let receipt = said.map(|said| ReceiptView::new(said, None));
        let parties = receipt.as_ref().map_or_else(Vec::new, |view| {
            [Some(&view.giver), Some(&view.receiver), view.witness.as_ref()]
                .into_iter()
                .flatten()
                .cloned()
                .collect()
        });
        let mut fresh = ReceiptVerification {
            verdict: Verdict::Incomplete,
            judged_by,
            ledger: said.map(|said| said.ledger.clone()),
            number: said.map(|said| said.receipt.clone()),
            at: said.map(|said| said.at),
            parties,
            entry: None,
            claimed: None,
            receipt,
            said: None,
            codes: CodesView { note: true, proof: true },
            witnesses: None,
            checks: Vec::new(),
            shown: Vec::new(),
            not_shown: Vec::new(),
        };
        fresh.conclude();
        fresh
    }

    /// Begins with the entry that a receipt, or another paper with codes, stands for.
    pub fn of(statement: &Statement, judged_by: JudgedBy) -> Self {
        if let Statement::Handover(said) = statement {
            return Self::new(Some(said), judged_by);
        }
        let mut fresh = Self::new(None, judged_by);
        fresh.ledger = Some(statement.ledger().clone());
        fresh.at = Some(statement.at());
        fresh.parties = named::sealed(statement);
        fresh.said = Some(Said::new(statement));
        fresh.conclude();
        fresh
    }

    /// Notes the documents that the ledger has for a receipt.
    #[must_use]
    pub fn with_attachments(mut self, attachments: Vec<AttachmentView>) -> Self {
        self.receipt = self.receipt.map(|view| view.with_attachments(attachments));
        self
    }

    /// Notes who vouches. Where it is `demanded`, too few are wrong.
    #[must_use]
    pub fn with_witnesses(mut self, view: WitnessesView, demanded: bool) -> Self {
        let (quorum, words) = (view.quorum, view.words());
        self.witnesses = Some(view);
        if demanded {
            return self.with("witnesses", quorum, words);
        }
        self.conclude();
        self
    }

    /// Notes which halves were given; both, unless this says otherwise.
    #[must_use]
    pub fn with_codes(mut self, note: bool, proof: bool) -> Self {
        self.codes = CodesView { note, proof };
        self.conclude();
        self
    }

    /// What became of its sheet, where one side sealed on paper.
    pub fn sheet(&self) -> Option<Sheet> {
        self.receipt.as_ref().and_then(|view| view.sheet)
    }

    /// Notes one check.
    #[must_use]
    pub fn with(mut self, name: &'static str, passed: bool, detail: String) -> Self {
        self.checks.push(CheckView { name, passed, detail });
        self.conclude();
        self
    }

    /// Notes what [`Receipt::verify`](crate::proof::receipt::Receipt::verify) said.
    #[must_use]
    pub fn with_receipt(
        mut self,
        receipt: &Receipt,
        outcome: &Result<Included, ReceiptRefused>,
    ) -> Self {
        self.claimed = Some(receipt.proof().index());
        let (signatures, inclusion) = match outcome {
            Ok(included) => {
                let entry = EntryView {
                    index: included.index,
                    tree_size: Some(included.size),
                    leaf: Some(receipt.leaf()),
                };
                self.entry = Some(entry.clone());
                if let Some(receipt) = &mut self.receipt {
                    receipt.entry = Some(entry);
                }
                (None, Ok(included))
            }
            Err(refused) => (refused.signatures.as_ref(), Err(refused.proof.as_ref())),
        };
        let signed = self.parties.iter().filter(|party| party.key.is_some()).count();
        let this = match signatures {
            None => self.with("signatures", true, format!("{signed} of {signed} signatures hold")),
            Some(problems) => self.with("signatures", false, problems.to_string()),
        };
        match inclusion {
            Ok(included) => this.with(
                "inclusion",
                true,
                format!(
                    "entry {} of {}, under a checkpoint the log signed",
                    included.index, included.size
                ),
            ),
            // Only the signatures failed; the proof itself leads to the log.
            Err(None) => this.with(
                "inclusion",
                true,
                "the proof leads to a checkpoint the log signed".to_owned(),
            ),
            Err(Some(error)) => {
                // A checkpoint that the log signed and a path that leads elsewhere:
                // either half may be altered, but most often they are of two receipts.
                let parted = matches!(error, TlogProofError::Inclusion(ProofRefused::Root));
                let this = this.with("inclusion", false, error.to_string());
                if parted && this.holds("signatures") {
                    let words = "each code is sound in itself, but they do not belong together: \
                                 codes of two different receipts were read";
                    return this.with("belonging", false, words.to_owned());
                }
                this
            }
        }
    }

    /// Whether everything that was to be shown is shown.
    pub fn passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    fn conclude(&mut self) {
        let done = |name: &str| self.checks.iter().any(|check| check.name == name);
        self.verdict = if self.checks.iter().any(|check| !check.passed) {
            Verdict::Failed
        } else if DEMANDED.iter().all(|name| done(name))
            && (self.receipt.is_some() || self.said.is_some())
        {
            Verdict::Passed
        } else {
            Verdict::Incomplete
        };
        self.shown = self.shows();
        self.not_shown = self.does_not_show();
    }

    /// Whether a check of this name was made and passed.
    fn holds(&self, name: &str) -> bool {
        self.checks.iter().any(|check| check.name == name && check.passed)
    }

    /// Whether both codes are sound in themselves and only do not belong together: the
    /// codes of two receipts were read.
    pub fn is_mixed(&self) -> bool {
        let parted = |check: &CheckView| check.name == "belonging" && !check.passed;
        self.holds("signatures") && self.checks.iter().any(parted)
    }

    fn shows(&self) -> Vec<String> {
        let mut shown = Vec::new();
        if self.verdict == Verdict::Failed {
            return shown;
        }
        let signers: Vec<&str> = self
            .parties
            .iter()
            .filter_map(|party| party.key.as_ref())
            .map(|key| key.name.as_str())
            .collect();
        let receipt = self.receipt.as_ref().map(|receipt| receipt.seen.entries);
        let seen = receipt.or(self.said.as_ref().map(|said| said.seen.entries));
        let (Some(ledger), Some(seen)) = (&self.ledger, seen) else { return shown };
        if self.holds("signatures") && !signers.is_empty() {
            shown.push(format!("the holders of the keys {} signed this text", listed(&signers)));
        }
        if self.verdict != Verdict::Passed {
            return shown;
        }
        shown.push(format!("the text stands unaltered in the ledger {ledger}"));
        if let Some(size) = seen.checked_sub(1) {
            shown.push(format!(
                "the signers had seen the ledger up to entry {size}; it cannot be rewritten \
                 without this receipt showing it"
            ));
        }
        let witnesses = self.witnesses.as_ref().filter(|view| !view.vouching.is_empty());
        shown.extend(witnesses.map(WitnessesView::words));
        shown
    }

    fn does_not_show(&self) -> Vec<String> {
        let mut not_shown = Vec::new();
        if !self.codes.note {
            not_shown.push(
                "any handover: the second code proves nothing by itself; what was agreed and \
                 who signed stands in the first (CN1)"
                    .to_owned(),
            );
            return not_shown;
        }
        if !self.codes.proof && !self.holds("inclusion") {
            not_shown.push(
                "that the ledger has it: the proof of that stands in the second code (CP1)"
                    .to_owned(),
            );
        }
        if self.judged_by == JudgedBy::LogKey {
            not_shown.push(
                "that these keys belong to these people: that is known from the ledger, or from \
                 comparing the fingerprints with them, not from this sheet"
                    .to_owned(),
            );
            not_shown.push("that no key had been revoked before: the ledger tells".to_owned());
        }
        if let Some(view) = self.witnesses.as_ref().filter(|view| !view.quorum) {
            not_shown.push(format!(
                "that as many witnesses as the policy asks for saw this history: {}",
                view.words()
            ));
        }
        not_shown.extend(self.sheet().map(|sheet| paper_seal(sheet).to_owned()));
        not_shown.push("where the drive is now: look at the drive itself".to_owned());
        not_shown
    }
}

/// What a seal on paper leaves open.
fn paper_seal(sheet: Sheet) -> &'static str {
    match sheet {
        Sheet::NotAsked => "the seal on paper: compare it on the sheet; no signature stands for it",
        Sheet::Awaited => {
            "the seal on paper: no signature stands for it, and its sheet is not attached"
        }
        Sheet::Attached => {
            "the seal on paper: compare it on the attached sheet; no signature stands for it"
        }
    }
}
