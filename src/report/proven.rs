//! What receipts prove of a ledger that is lost: entries with their places, and the gaps
//! between them. It never says that this was all.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{text, words};
use crate::model::{Hash, Origin, Stamp, Statement, VerifierKey};
use crate::proof::receipt::Receipt;

/// What a folder of receipts came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proven {
    /// The ledger.
    pub ledger: Origin,
    /// The log key by which each receipt was judged.
    #[serde(serialize_with = "text")]
    pub log_key: VerifierKey,
    /// Most entries that a checkpoint among them states.
    pub known: u64,
    /// The entries that are proven, in order.
    pub entries: Vec<ProvenEntry>,
    /// Entries below `known` of which nothing was given.
    pub gaps: Vec<Gap>,
    /// What speaks against the log itself, in words.
    pub contradictions: Vec<String>,
    /// Files that prove nothing.
    pub left_out: Vec<LeftOut>,
    /// What this does not show, in words.
    pub not_shown: Vec<&'static str>,
}

/// An entry that a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProvenEntry {
    /// Its index.
    pub index: u64,
    /// What kind of statement it is.
    pub kind: &'static str,
    /// When its signers say it was.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// What it says, in short.
    pub said: String,
    /// The keys that signed it.
    pub signers: Vec<String>,
    /// Its leaf hash.
    #[serde(serialize_with = "text")]
    pub leaf: Hash,
    /// Number of entries under the newest checkpoint that proves it.
    pub tree: u64,
    /// The files it was in.
    pub files: Vec<String>,
}

/// Entries of which nothing was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

/// A file that proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The file.
    pub file: String,
    /// Why, in words.
    pub why: String,
}

/// Receipts that were verified, put in order.
#[derive(Debug, Default)]
pub struct Gathered {
    entries: BTreeMap<u64, ProvenEntry>,
    roots: BTreeMap<u64, (Hash, String)>,
    contradictions: Vec<String>,
    left_out: Vec<LeftOut>,
}

impl Gathered {
    /// Takes a receipt that was verified under the log key. True where it is the best one
    /// of its entry so far.
    pub fn take(&mut self, file: &str, receipt: &Receipt, said: &Statement) -> bool {
        let checkpoint = receipt.proof().checkpoint().checkpoint();
        let (size, root) = (checkpoint.size(), *checkpoint.root());
        match self.roots.get(&size) {
            Some((other, first)) if *other != root => self.contradictions.push(format!(
                "the log key signed two histories of {size} entries: {first} and {file}"
            )),
            Some(_) => {}
            None => {
                self.roots.insert(size, (root, file.to_owned()));
            }
        }
        let (index, leaf) = (receipt.proof().index(), receipt.leaf());
        let fresh = ProvenEntry {
            index,
            kind: said.kind(),
            at: said.at(),
            said: words::summary(said),
            signers: said.signers().iter().map(|key| key.name().to_string()).collect(),
            leaf,
            tree: size,
            files: vec![file.to_owned()],
        };
        let Some(known) = self.entries.get_mut(&index) else {
            self.entries.insert(index, fresh);
            return true;
        };
        known.files.push(file.to_owned());
        if known.leaf != leaf {
            let first = known.files.first().cloned().unwrap_or_default();
            self.contradictions
                .push(format!("the log key vouches for two entries {index}: {first} and {file}"));
            return false;
        }
        let better = size > known.tree;
        known.tree = known.tree.max(size);
        better
    }

    /// Notes a file that proves nothing.
    pub fn leave_out(&mut self, file: &str, why: impl ToString) {
        self.left_out.push(LeftOut { file: file.to_owned(), why: why.to_string() });
    }

    /// What all of them prove.
    pub fn conclude(self, log_key: &VerifierKey, ledger: Origin) -> Proven {
        let known = self.roots.keys().next_back().copied().unwrap_or_default();
        let mut gaps = Vec::new();
        let mut next = 0;
        for index in self.entries.keys().copied().chain([known]) {
            if next < index {
                gaps.push(Gap { from: next, to: index - 1 });
            }
            next = index + 1;
        }
        Proven {
            ledger,
            log_key: log_key.clone(),
            known,
            entries: self.entries.into_values().collect(),
            gaps,
            contradictions: self.contradictions,
            left_out: self.left_out,
            not_shown: vec![
                "that these were all: what nobody kept a receipt of is not here, and entries may \
                 have followed the last one that is known",
                "that a key belonged to the person named: the entries that enrolled them are \
                 mostly among the gaps",
                "that an entry was never corrected later",
            ],
        }
    }
}
