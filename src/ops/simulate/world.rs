//! A ledger of one drive, in memory: nothing is signed or stored, but every entry is
//! judged and folded by the rules of the product.

use std::str::FromStr;

use crate::ledger::judge::CLOCK_TOLERANCE;
use crate::ledger::{Medium, Policy, State, judge};
use crate::model::hardware::Grade;
use crate::model::statement::{self, Signs, Some1};
use crate::model::vocabulary::{EncryptionGrade, Role, SightingGrade};
use crate::model::{
    EncryptionLine, EntryRef, Hash, MediumId, MediumLine, Name, Nonce, Origin, PartyRef, Seen,
    SeenLine, Signatory, Stamp, Statement,
};
use crate::ops::error::OpsError;
use crate::wire::signature::{Signer as _, SigningKey};

/// Midnight before the drive is registered.
const BEGIN: &str = "2026-01-01T00:00:00+09:00";
const PLACE: &str = "保管庫";
const MEDIUM: &str = "USB-1";

/// The ledger before anything happens, and the words for what may.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) state: State,
    origin: Origin,
    begin: Stamp,
    administrator: Signatory,
    holder: Signatory,
    checker: Signatory,
    line: MediumLine,
    place: Name,
    said: u64,
    /// The newest entry.
    newest: EntryRef,
    /// Entries that were refused.
    pub(super) refused: u64,
}

fn word<T: FromStr<Err: std::fmt::Display>>(text: &str) -> Result<T, OpsError> {
    text.parse().map_err(|error: T::Err| OpsError::input(text, error))
}

fn signatory(id: &str, organisation: &str) -> Result<Signatory, OpsError> {
    let party = PartyRef::new(word(id)?, word(id)?, Some(word(organisation)?));
    let party = party.map_err(|error| OpsError::input(id, error))?;
    let seed = Hash::of(&[b"custody simulation, no secret: ", id.as_bytes()]);
    let key = SigningKey::from_seed(word(&format!("{id}.simulation"))?, seed.as_bytes());
    Ok(Signatory { party, key: key.key().clone() })
}

impl World {
    /// Founded, with a policy, three people and one drive that is at its home.
    pub(super) fn new(policy: &Policy) -> Result<Self, OpsError> {
        let mut world = World {
            state: State::default(),
            origin: word("custody.example.jp/simulation")?,
            begin: word(BEGIN)?,
            administrator: signatory("administrator", "本部")?,
            holder: signatory("holder", "支部")?,
            checker: signatory("checker", "本部")?,
            line: word(&format!("{MEDIUM} 0951:1666 1C6F65D8ABCDE1234567"))?,
            place: word(PLACE)?,
            said: 0,
            newest: EntryRef { index: 0, leaf: Hash::of(&[]) },
            refused: 0,
        };
        let founded = world.found(policy)? && world.enrol()? && world.register()?;
        if founded { Ok(world) } else { Err(OpsError::input("policy", "the rules are not sound")) }
    }

    /// The moment so many seconds after the beginning.
    pub(super) fn stamp(&self, seconds: i64) -> Stamp {
        self.begin.plus_seconds(seconds)
    }

    /// Judged under the clock of the moment, and folded if nothing speaks against it.
    fn say(&mut self, said: Statement) -> bool {
        let sound = judge(&self.state, &said, said.at()).is_ok();
        if sound {
            let leaf = Hash::of(&[&self.said.to_be_bytes()]);
            self.newest = EntryRef { index: self.state.size, leaf };
            self.state.apply(leaf, &said);
        } else {
            self.refused += 1;
        }
        sound
    }

    fn nonce(&mut self) -> Nonce {
        self.said += 1;
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.said.to_be_bytes());
        Nonce(bytes)
    }

    fn seen(&self) -> Seen {
        Seen { size: 0, root: Hash::of(&[]) }
    }

    fn found(&mut self, policy: &Policy) -> Result<bool, OpsError> {
        let log = SigningKey::from_seed(
            word(self.origin.as_str())?,
            Hash::of(&[b"custody simulation, no secret: log"]).as_bytes(),
        );
        let genesis = statement::Genesis {
            ledger: self.origin.clone(),
            at: self.begin,
            seen: self.seen(),
            organisation: word("組合")?,
            site: word("支部")?,
            zone: word("Asia/Tokyo")?,
            receipt_prefix: word("S")?,
            log_key: Signs(log.key().clone()),
            administrator: self.administrator.clone(),
            nonce: self.nonce(),
        };
        let frame = crate::ledger::Frame { at: self.begin, seen: self.seen(), nonce: self.nonce() };
        let by = self.administrator.clone();
        let policy = policy.statement(self.origin.clone(), frame, None, by, None);
        Ok(self.say(genesis.into()) && self.say(policy.into()))
    }

    fn enrol(&mut self) -> Result<bool, OpsError> {
        let mut sound = true;
        for (who, role) in
            [(self.holder.clone(), Role::Custodian), (self.checker.clone(), Role::Auditor)]
        {
            let party = statement::Party {
                ledger: self.origin.clone(),
                at: self.begin,
                seen: self.seen(),
                party: who.party,
                roles: Some1(vec![role]),
                key: Some(Signs(who.key)),
                by: self.administrator.clone(),
                nonce: self.nonce(),
            };
            sound &= self.say(party.into());
        }
        Ok(sound)
    }

    fn register(&mut self) -> Result<bool, OpsError> {
        let id: MediumId = word(MEDIUM)?;
        let register = statement::Register {
            ledger: self.origin.clone(),
            at: self.begin,
            seen: self.seen(),
            hardware: self.line.hardware(),
            medium: self.line.clone(),
            serial_grade: Grade::A,
            product: None,
            capacity: None,
            release: None,
            configurations: None,
            interfaces: None,
            inquiry: Vec::new(),
            mark: Vec::new(),
            sequence: Vec::new(),
            encryption: EncryptionLine {
                grade: EncryptionGrade::NotExamined,
                ..EncryptionLine::not_examined(&id)
            },
            home: self.place.clone(),
            owner: word("組合")?,
            class: word("名簿")?,
            interval_days: None,
            alarm: Vec::new(),
            detail: None,
            by: self.holder.clone(),
            nonce: self.nonce(),
        };
        Ok(self.say(register.into()))
    }

    /// The drive as the ledger knows it.
    pub(super) fn medium(&self) -> Option<&Medium> {
        self.state.media.get(&self.line.id)
    }

    /// A round, closed by the checker or, against the rules, by the holder.
    pub(super) fn check(&mut self, clock: i64, there: bool, by_holder: bool) -> bool {
        let grade = self.state.policy.grade;
        let line = SeenLine { id: self.line.id.clone(), grade };
        let check = statement::Check {
            ledger: self.origin.clone(),
            at: self.stamp(clock),
            seen: self.seen(),
            place: self.place.clone(),
            draw: None,
            found: if there { vec![line] } else { Vec::new() },
            missing: if there { Vec::new() } else { vec![self.line.id.clone()] },
            unverified: Vec::new(),
            unexpected: Vec::new(),
            unknown: Vec::new(),
            encryption: Vec::new(),
            mark: Vec::new(),
            sequence: Vec::new(),
            token: Vec::new(),
            alarm: Vec::new(),
            detail: None,
            by: if by_holder { self.holder.clone() } else { self.checker.clone() },
            second: None,
            second_saw: Vec::new(),
            nonce: self.nonce(),
        };
        self.say(check.into())
    }

    /// Whether the log is dated ahead of this clock, so that nothing can be recorded.
    pub(super) fn ahead_of(&self, clock: i64) -> bool {
        let now = self.stamp(clock).plus_seconds(CLOCK_TOLERANCE);
        self.state.newest.is_some_and(|newest| newest > now)
    }

    /// An administrator corrects the time of the newest entry.
    pub(super) fn correct(&mut self, clock: i64) -> Result<bool, OpsError> {
        let correct = statement::Correct {
            ledger: self.origin.clone(),
            at: self.stamp(clock),
            seen: self.seen(),
            entry: self.newest,
            field: word("at")?,
            correction: word(&self.stamp(clock).to_string())?,
            reason: word("時計が進んでいた")?,
            by: self.administrator.clone(),
            nonce: self.nonce(),
        };
        Ok(self.say(correct.into()))
    }

    /// The holder's word that the drive is there.
    pub(super) fn attest(&mut self, clock: i64) -> bool {
        let sighting = statement::Sighting {
            ledger: self.origin.clone(),
            at: self.stamp(clock),
            seen: self.seen(),
            medium: self.line.clone(),
            grade: SightingGrade::Attested,
            place: self.place.clone(),
            token: None,
            alarm: Vec::new(),
            detail: None,
            by: self.holder.clone(),
            nonce: self.nonce(),
        };
        self.say(sighting.into())
    }
}
