//! Who counts as a witness and how many are enough: c2sp.org/tlog-policy.
//!
//! Narrower than the specification in two points, both refused by name: keys are
//! those that custody verifies (Ed25519, names in printable ASCII), and there are at
//! most 128 logs, witnesses and groups of each.

use std::collections::BTreeSet;

use crate::model::VerifierKey;
use crate::model::key::{COSIGNATURE_V1, ED25519};
use crate::proof::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::proof::cosignature::{Cosignature, CosignatureError, cosignatures};

/// Largest policy in bytes.
pub const POLICY_MAX: usize = 65_536;
/// Most logs, most witnesses, most groups.
const EACH_MAX: usize = 128;
/// Predefined: no cosignature is asked for.
const NONE: &[u8] = b"none";

/// A policy: logs, witnesses, and the quorum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WitnessPolicy {
    logs: Vec<VerifierKey>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// None for `quorum none`.
    quorum: Option<Member>,
}

/// A witness as a policy names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyWitness {
    /// Its name in the policy, in whatever encoding.
    name: Vec<u8>,
    /// Its key.
    pub key: VerifierKey,
    /// Where it is asked: the submission prefix.
    pub url: Option<String>,
}

impl PolicyWitness {
    /// Its name in the policy, for people.
    pub fn name(&self) -> String {
        String::from_utf8_lossy(&self.name).into_owned()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    name: Vec<u8>,
    threshold: usize,
    members: Vec<Member>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Member {
    Witness(usize),
    Group(usize),
}

/// A line of a policy that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {flaw}")]
pub struct PolicyError {
    /// Counted from 1; behind the last one where a line is missing.
    pub line: usize,
    /// What is wrong with it.
    pub flaw: PolicyFlaw,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFlaw {
    /// More than [`POLICY_MAX`] bytes.
    #[error("the policy has more than 65536 bytes")]
    TooLarge,
    /// A control character other than tab and line feed, or no line feed at the end.
    #[error("a control character, or no line end at the end of the file")]
    Byte,
    /// Begins with an unknown word.
    #[error("it begins neither with log, witness, group nor quorum")]
    Keyword,
    /// Too few or too many words.
    #[error("it has too few or too many words")]
    Words,
    /// A key that is none, or not one that custody verifies.
    #[error("the key is no verifier key that is verified here")]
    Key,
    /// A key of the wrong type for its line.
    #[error("the key has the wrong signature type: 0x01 for a log, 0x04 for a witness")]
    KeyType,
    /// The same public key twice.
    #[error("the key stands in an earlier line")]
    KeyTwice,
    /// A name defined twice, or `none`.
    #[error("the name is taken")]
    NameTaken,
    /// A name that no line before defines.
    #[error("no line before this one defines {0}")]
    Undefined(String),
    /// A member of two groups, or twice of one.
    #[error("{0} is a member already")]
    MemberTwice(String),
    /// A threshold that is no number from 1 to the number of members.
    #[error("the threshold is neither all, any nor a number from 1 to the number of members")]
    Threshold,
    /// More lines of a kind than are read.
    #[error("more than 128 lines of this kind")]
    TooMany,
    /// A second quorum line.
    #[error("a second quorum line")]
    QuorumTwice,
    /// No quorum line.
    #[error("there is no quorum line")]
    NoQuorum,
    /// The address is not UTF-8.
    #[error("the address is not UTF-8")]
    Url,
}

/// What a policy says of a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vouched {
    /// Who vouches, by the names in the policy.
    pub by: Vec<(String, Cosignature)>,
    /// The witnesses of the policy that do not.
    pub missing: Vec<String>,
    /// Whether they are enough.
    pub enough: bool,
}

impl WitnessPolicy {
    /// Reads a policy.
    ///
    /// # Errors
    /// [`PolicyError`] of the first line that is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        let mut reading = Reading::default();
        if bytes.len() > POLICY_MAX {
            return Err(PolicyError { line: 1, flaw: PolicyFlaw::TooLarge });
        }
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        let rest = lines.pop().unwrap_or_default();
        for (at, line) in lines.iter().enumerate() {
            reading.line(line).map_err(|flaw| PolicyError { line: at + 1, flaw })?;
        }
        let end = |flaw| PolicyError { line: lines.len() + 1, flaw };
        if !rest.is_empty() {
            return Err(end(PolicyFlaw::Byte));
        }
        let Reading { mut policy, quorum, .. } = reading;
        policy.quorum = quorum.ok_or_else(|| end(PolicyFlaw::NoQuorum))?;
        Ok(policy)
    }

    /// The logs it lists; none where the log is known from elsewhere.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Its witnesses.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        &self.witnesses
    }

    /// The keys of its witnesses.
    pub fn keys(&self) -> Vec<VerifierKey> {
        self.witnesses.iter().map(|witness| witness.key.clone()).collect()
    }

    /// Whether any cosignature is asked for.
    pub fn asks(&self) -> bool {
        self.quorum.is_some()
    }

    /// Whether the log key is one that the policy takes. One without logs leaves that
    /// to whoever uses it.
    pub fn takes_log(&self, key: &VerifierKey) -> bool {
        self.logs.is_empty() || self.logs.contains(key)
    }

    /// Who vouches for a checkpoint, and whether they are enough. That the log signed
    /// it is judged by [`SignedCheckpoint::verify`].
    ///
    /// # Errors
    /// [`CosignatureError`] when a line that claims to be by a witness fails.
    pub fn judge(&self, checkpoint: &SignedCheckpoint) -> Result<Vouched, CosignatureError> {
        let found = cosignatures(checkpoint, &self.keys())?;
        let mut by = Vec::new();
        let mut missing = Vec::new();
        let mut vouching = BTreeSet::new();
        for (at, witness) in self.witnesses.iter().enumerate() {
            match found.iter().find(|line| line.key == witness.key) {
                Some(line) => {
                    vouching.insert(at);
                    by.push((witness.name(), line.clone()));
                }
                None => missing.push(witness.name()),
            }
        }
        let enough = self.quorum.is_none_or(|member| self.holds(member, &vouching));
        Ok(Vouched { by, missing, enough })
    }

    /// A group names only what stands before it, so this ends.
    fn holds(&self, member: Member, vouching: &BTreeSet<usize>) -> bool {
        match member {
            Member::Witness(at) => vouching.contains(&at),
            Member::Group(at) => self.groups.get(at).is_some_and(|group| {
                let met = group.members.iter().filter(|member| self.holds(**member, vouching));
                met.count() >= group.threshold
            }),
        }
    }

    /// Whether the log's signature is one the policy takes.
    ///
    /// # Errors
    /// [`CheckpointError`] of the log with the checkpoint's origin, or of the first.
    pub fn log_of(&self, checkpoint: &SignedCheckpoint) -> Result<VerifierKey, CheckpointError> {
        let origin = checkpoint.checkpoint().origin();
        let mut refused = None;
        for key in self.logs.iter().filter(|key| key.name().as_str() == origin) {
            match checkpoint.verify(key) {
                Ok(()) => return Ok(key.clone()),
                Err(error) => refused = Some(error),
            }
        }
        let known = self.logs.first().map_or("", |key| key.name().as_str());
        Err(refused.unwrap_or_else(|| CheckpointError::OtherLog {
            expected: known.to_owned(),
            found: origin.to_owned(),
        }))
    }
}

struct Reading {
    policy: WitnessPolicy,
    quorum: Option<Option<Member>>,
    used: BTreeSet<Member>,
}

impl Default for Reading {
    fn default() -> Self {
        let (logs, witnesses, groups) = (Vec::new(), Vec::new(), Vec::new());
        let policy = WitnessPolicy { logs, witnesses, groups, quorum: None };
        Reading { policy, quorum: None, used: BTreeSet::new() }
    }
}

impl Reading {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFlaw> {
        if line.iter().any(|byte| matches!(byte, 0..=8 | 10..=31 | 127)) {
            return Err(PolicyFlaw::Byte);
        }
        let words: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", rest @ ..] => self.log(rest),
            [b"witness", rest @ ..] => self.witness(rest),
            [b"group", rest @ ..] => self.group(rest),
            [b"quorum", rest @ ..] => self.quorum(rest),
            _ => Err(PolicyFlaw::Keyword),
        }
    }

    fn log(&mut self, words: &[&[u8]]) -> Result<(), PolicyFlaw> {
        let ([key] | [key, _]) = words else { return Err(PolicyFlaw::Words) };
        let key = read_key(key, ED25519)?;
        if self.policy.logs.iter().any(|known| known.public() == key.public()) {
            return Err(PolicyFlaw::KeyTwice);
        }
        room(&self.policy.logs)?;
        self.policy.logs.push(key);
        Ok(())
    }

    fn witness(&mut self, words: &[&[u8]]) -> Result<(), PolicyFlaw> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(url)),
            _ => return Err(PolicyFlaw::Words),
        };
        let key = read_key(key, COSIGNATURE_V1)?;
        if self.policy.witnesses.iter().any(|known| known.key.public() == key.public()) {
            return Err(PolicyFlaw::KeyTwice);
        }
        let name = self.fresh(name)?;
        let url = url.map(|url| String::from_utf8(url.to_vec()).map_err(|_| PolicyFlaw::Url));
        room(&self.policy.witnesses)?;
        self.policy.witnesses.push(PolicyWitness { name, key, url: url.transpose()? });
        Ok(())
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), PolicyFlaw> {
        let [name, threshold, members @ ..] = words else { return Err(PolicyFlaw::Words) };
        let name = self.fresh(name)?;
        if members.is_empty() {
            return Err(PolicyFlaw::Words);
        }
        let threshold = match *threshold {
            b"all" => members.len(),
            b"any" => 1,
            number => read_number(number).ok_or(PolicyFlaw::Threshold)?,
        };
        if !(1..=members.len()).contains(&threshold) {
            return Err(PolicyFlaw::Threshold);
        }
        let mut found = Vec::new();
        for word in members {
            let member = self.defined(word)?;
            if !self.used.insert(member) {
                return Err(PolicyFlaw::MemberTwice(spoken(word)));
            }
            found.push(member);
        }
        room(&self.policy.groups)?;
        self.policy.groups.push(Group { name, threshold, members: found });
        Ok(())
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), PolicyFlaw> {
        let [name] = words else { return Err(PolicyFlaw::Words) };
        if self.quorum.is_some() {
            return Err(PolicyFlaw::QuorumTwice);
        }
        self.quorum = Some(if *name == NONE { None } else { Some(self.defined(name)?) });
        Ok(())
    }

    fn defined(&self, name: &[u8]) -> Result<Member, PolicyFlaw> {
        let witness = self.policy.witnesses.iter().position(|known| known.name == name);
        let group = || self.policy.groups.iter().position(|known| known.name == name);
        let found = witness.map(Member::Witness).or_else(|| group().map(Member::Group));
        found.ok_or_else(|| PolicyFlaw::Undefined(spoken(name)))
    }

    fn fresh(&self, name: &[u8]) -> Result<Vec<u8>, PolicyFlaw> {
        if name == NONE || self.defined(name).is_ok() {
            return Err(PolicyFlaw::NameTaken);
        }
        Ok(name.to_vec())
    }
}

fn room<T>(kept: &[T]) -> Result<(), PolicyFlaw> {
    if kept.len() == EACH_MAX { Err(PolicyFlaw::TooMany) } else { Ok(()) }
}

fn read_key(word: &[u8], kind: u8) -> Result<VerifierKey, PolicyFlaw> {
    let text = std::str::from_utf8(word).map_err(|_| PolicyFlaw::Key)?;
    let key = VerifierKey::parse(text).map_err(|_| PolicyFlaw::Key)?;
    if key.kind() == kind { Ok(key) } else { Err(PolicyFlaw::KeyType) }
}

fn read_number(word: &[u8]) -> Option<usize> {
    let digits = word.first() != Some(&b'0') && word.iter().all(u8::is_ascii_digit);
    if digits { std::str::from_utf8(word).ok()?.parse().ok() } else { None }
}

fn spoken(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
