//! The fold: what follows from the entries so far.
//!
//! [`State::apply`] takes every entry in order and never refuses one. Refusing is
//! [`judge`](super::judge())'s; a log that holds something it would refuse is shown
//! as it is and reported by the audit.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::alarms::{TOKEN_ALARMS, weaker};
use super::judge::restarts_clock;
use super::policy::Policy;
pub use super::records::*;
use super::roll_call::RollCalls;
use super::terms::interested;
use crate::model::hardware::HardwareIdentity;
use crate::model::statement::{self, Statement};
use crate::model::vocabulary::{
    EncryptionGrade, LinkRelation, RevocationReason, Role, SightingGrade, Verdict,
};
use crate::model::{
    Day, DrawLine, EntryRef, Hash, MarkLine, MediumId, Name, Origin, PartyId, PartyRef, ReceiptId,
    SequenceLine, Stamp, TokenLine, VerifierKey,
};

/// Everything that follows from the entries so far. Its size grows with people
/// and media, not with the length of the log.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// Number of entries folded.
    pub size: u64,
    /// What the genesis says; none before it.
    pub facts: Option<LedgerFacts>,
    /// The rules in force.
    pub policy: Policy,
    /// Enrolled parties.
    pub parties: BTreeMap<PartyId, Party>,
    /// Every key there ever was, by its 32 public bytes.
    pub keys: BTreeMap<[u8; 32], KeyRecord>,
    /// Registered media.
    pub media: BTreeMap<MediumId, Medium>,
    /// Media by hardware identity; more than one only where all are weak.
    pub by_hardware: BTreeMap<HardwareIdentity, Vec<MediumId>>,
    /// Receipt numbers by year.
    pub receipts: BTreeMap<u16, ReceiptNumbers>,
    /// Requests not yet used up, by index.
    pub requests: BTreeMap<u64, RequestRecord>,
    /// Handovers sealed on paper whose sheet nobody has attached yet.
    pub sheets: BTreeMap<ReceiptId, SheetRecord>,
    /// Time of the newest entry.
    pub newest: Option<Stamp>,
    /// Drawn rounds so far, and the entry of the last one.
    pub draws: (u64, Option<u64>),
    /// What stations saw last.
    pub roll_calls: RollCalls,
    /// The entry that says by which ledger this one is continued, and which that is.
    pub continued_by: Option<(u64, Origin)>,
}

impl State {
    /// What its serialized form begins with wherever it is kept: raised with every change of
    /// what it holds or how it is folded, so that one of another form is folded anew.
    pub const FORM: &'static [u8] = b"custody-state/10 ";

    /// Folds in the next entry.
    pub fn apply(&mut self, leaf: Hash, said: &Statement) {
        let index = self.size;
        let entry = EntryRef { index, leaf };
        match said {
            Statement::Genesis(said) => self.apply_genesis(index, said),
            Statement::Party(said) => self.apply_party(index, said),
            Statement::KeyRevoke(said) => self.end_key(index, said.key.public(), said.reason),
            Statement::Policy(said) => self.policy = Policy::from(said.as_ref()),
            Statement::Register(said) => self.apply_register(entry, said),
            Statement::Override(said) => self.apply_override(said),
            Statement::Request(said) => self.apply_request(entry, said),
            Statement::Approve(said) => {
                // A declined request is done with.
                if said.verdict == Verdict::Declined {
                    self.requests.remove(&said.request.index);
                } else if let Some(request) = self.requests.get_mut(&said.request.index) {
                    request.verdict = Some(said.verdict);
                }
            }
            Statement::Handover(said) => self.apply_handover(index, said),
            Statement::Sighting(said) => {
                self.sight(
                    index,
                    said.at,
                    &said.medium.id,
                    said.grade,
                    &said.place,
                    &said.by.party.id,
                );
                if let Some(hash) = said.token {
                    self.renew_token(&said.medium.id, hash);
                }
            }
            Statement::RollCall(said) => self.apply_roll_call(entry, said),
            Statement::Check(said) => self.apply_check(index, said),
            Statement::Missing(said) => self.miss(index, said.at, &said.medium.id),
            Statement::Found(said) => self.apply_found(index, said),
            Statement::Lost(said) => {
                self.set_presence(&said.medium.id, Presence::Lost { since: said.at, index });
            }
            Statement::Retire(said) => {
                self.set_presence(&said.medium.id, Presence::Retired { since: said.at, index });
            }
            Statement::LogKey(said) => {
                if let Some(facts) = &mut self.facts {
                    facts.log_keys.push((index, said.new_key.0.clone()));
                    facts.overlap_until = said.overlap_until;
                }
            }
            Statement::Erase(said) => self.apply_erase(said),
            Statement::Attach(said) => {
                self.sheets.remove(&said.receipt);
            }
            Statement::Acknowledge(said) => self.apply_acknowledge(index, said),
            Statement::Link(said) if said.relation == LinkRelation::ContinuedBy => {
                self.continued_by.get_or_insert((index, said.other.clone()));
            }
            Statement::Correct(_) | Statement::Link(_) | Statement::Search(_) => {}
        }
        self.advance_clock(said);
        self.size += 1;
    }

    /// The newest time never goes back, but for one case: an administrator's
    /// correction of an entry's `at` restarts it, so that one handover made under
    /// a clock a year ahead does not close the ledger for a year.
    fn advance_clock(&mut self, said: &Statement) {
        if restarts_clock(said) {
            self.newest = Some(said.at());
            // A sighting dated a year ahead would hide a loss for that year.
            for medium in self.media.values_mut() {
                medium.seen.at = medium.seen.at.min(said.at());
            }
        } else if self.newest.is_none_or(|newest| newest < said.at()) {
            self.newest = Some(said.at());
        }
    }

    fn apply_genesis(&mut self, index: u64, said: &statement::Genesis) {
        self.facts = Some(LedgerFacts {
            origin: said.ledger.clone(),
            organisation: said.organisation.clone(),
            site: said.site.clone(),
            zone: said.zone.clone(),
            receipt_prefix: said.receipt_prefix.clone(),
            log_keys: vec![(index, said.log_key.0.clone())],
            overlap_until: None,
            founded: said.at,
        });
        let first = &said.administrator;
        let roles = vec![Role::Administrator];
        self.enrol(index, said.at, &first.party, &roles, Some(&first.key));
    }

    fn apply_party(&mut self, index: u64, said: &statement::Party) {
        let key = said.key.as_ref().map(|key| &key.0);
        self.enrol(index, said.at, &said.party, &said.roles, key);
    }

    fn enrol(
        &mut self,
        index: u64,
        at: Stamp,
        who: &PartyRef,
        roles: &[Role],
        key: Option<&VerifierKey>,
    ) {
        let before = self.parties.get(&who.id).and_then(|party| party.key.clone());
        if let Some(old) = before.filter(|old| Some(old) != key) {
            self.end_key(index, old.public(), RevocationReason::Superseded);
        }
        if let Some(key) = key {
            let record =
                KeyRecord { party: who.id.clone(), key: key.clone(), from: index, until: None };
            self.keys.entry(*key.public()).or_insert(record);
        }
        let party = Party {
            party: who.clone(),
            roles: roles.to_vec(),
            key: key.cloned(),
            enrolled: index,
            since: at,
        };
        self.parties.insert(who.id.clone(), party);
    }

    fn end_key(&mut self, index: u64, public: &[u8; 32], reason: RevocationReason) {
        let Some(record) = self.keys.get_mut(public) else { return };
        record.until.get_or_insert((index, reason));
        if let Some(party) = self.parties.get_mut(&record.party)
            && party.key.as_ref().is_some_and(|key| key.public() == public)
        {
            party.key = None;
        }
    }

    /// The key a party lost by a revocation and has not been renewed since, with
    /// the index of that entry.
    pub(super) fn revoked_since_enrolled(&self, id: &PartyId) -> Option<(u64, &VerifierKey)> {
        let party = self.parties.get(id)?;
        let own = self.keys.values().filter(|record| record.party == *id);
        let ended = own.filter_map(|record| Some((record.until?.0, &record.key)));
        ended.filter(|(index, _)| *index > party.enrolled).max_by_key(|(index, _)| *index)
    }

    fn apply_register(&mut self, entry: EntryRef, said: &statement::Register) {
        let holder = said.by.party.id.clone();
        let medium = Medium {
            line: said.medium.clone(),
            hardware: said.hardware,
            grade: said.serial_grade,
            registered: entry,
            registered_at: said.at,
            product: said.product.clone(),
            capacity: said.capacity,
            release: said.release.clone(),
            configurations: said.configurations,
            interfaces: said.interfaces.clone(),
            inquiry: said.inquiry.clone(),
            marks: said.mark.clone(),
            sequences: BTreeMap::new(),
            oddities: said.alarm.iter().map(|line| line.alarm.clone()).collect(),
            token: None,
            overrides: Vec::new(),
            encryption: said.encryption.clone(),
            known: said.encryption.grade,
            home: said.home.clone(),
            owner: said.owner.clone(),
            class: said.class.clone(),
            interval_days: said.interval_days,
            custody: Custody {
                holder: holder.clone(),
                place: said.home.clone(),
                since: said.at,
                index: entry.index,
                receipt: None,
                due: None,
                fully_signed: true,
            },
            // The device was attached when it was registered.
            seen: SightingRecord {
                at: said.at,
                index: entry.index,
                grade: SightingGrade::Profile,
                place: said.home.clone(),
                by: holder,
            },
            presence: Presence::Present,
            acknowledged: None,
            left: None,
        };
        let twins = self.by_hardware.entry(said.hardware).or_default();
        if !twins.contains(&medium.line.id) {
            twins.push(medium.line.id.clone());
        }
        self.media.insert(medium.line.id.clone(), medium);
        self.raise(&said.sequence);
    }

    fn apply_request(&mut self, entry: EntryRef, said: &statement::Request) {
        let record = RequestRecord {
            leaf: entry.leaf,
            media: said.medium.iter().map(|line| line.id.clone()).collect(),
            receiver: said.receiver.id.clone(),
            by: said.by.party.id.clone(),
            verdict: None,
        };
        self.requests.insert(entry.index, record);
    }

    fn apply_handover(&mut self, index: u64, said: &statement::Handover) {
        self.use_receipt(&said.receipt);
        if let Some(request) = &said.request {
            self.requests.remove(&request.index);
        }
        let on_paper = [&said.giver, &said.receiver].into_iter().find(|side| side.key().is_none());
        let fully_signed = on_paper.is_none();
        if let Some(side) = on_paper {
            let record = SheetRecord {
                index,
                at: said.at,
                media: said.medium.iter().map(|line| line.id.clone()).collect(),
                party: side.id().clone(),
            };
            self.sheets.insert(said.receipt.clone(), record);
        }
        for line in said.medium.iter() {
            // Both parties had it in their hands; no device was compared. The
            // receiver does not hold it yet, so this is not a holder's own word.
            let by = &said.receiver.party.id;
            self.sight(index, said.at, &line.id, SightingGrade::Attested, &said.place, by);
            if let Some(medium) = self.media.get_mut(&line.id) {
                // Good for once: at the next change of hands somebody looks again.
                medium.overrides.clear();
                (medium.acknowledged, medium.left) = (None, None);
                medium.custody = Custody {
                    holder: said.receiver.party.id.clone(),
                    place: said.place.clone(),
                    since: said.at,
                    index,
                    receipt: Some(said.receipt.clone()),
                    due: said.due,
                    fully_signed,
                };
            }
        }
        for line in &said.encryption {
            if let Some(medium) = self.media.get_mut(&line.id) {
                medium.encryption = line.clone();
                medium.known = line.grade;
            }
        }
        self.adopt(&said.mark);
        self.raise(&said.sequence);
        self.renew_tokens(&said.token);
    }

    /// Two people accept the medium as it is now: what they saw of its content is
    /// what later sightings are compared with.
    fn apply_override(&mut self, said: &statement::Override) {
        let Some(medium) = self.media.get_mut(&said.medium.id) else { return };
        medium.overrides.extend(said.alarm.iter().map(|line| line.alarm.clone()));
        medium.overrides.sort();
        medium.overrides.dedup();
        let accepted = |name: &str| said.alarm.iter().any(|line| line.alarm.as_str() == name);
        if accepted("mark-drift") && !said.mark.is_empty() {
            medium.marks = said.mark.iter().map(|line| line.mark.clone()).collect();
        }
        if accepted("sequence-backwards") {
            for line in &said.sequence {
                medium.sequences.insert(line.volume.clone(), line.number);
            }
        }
    }

    /// The marks of a medium that was never read before. Marks that are known change
    /// by an override only.
    fn adopt(&mut self, lines: &[MarkLine]) {
        let unknown = |id: &MediumId| self.media.get(id).is_some_and(|it| it.marks.is_empty());
        let new: Vec<&MarkLine> = lines.iter().filter(|line| unknown(&line.id)).collect();
        for line in new {
            if let Some(medium) = self.media.get_mut(&line.id) {
                medium.marks.push(line.mark.clone());
            }
        }
    }

    /// Keeps the highest sequence id of each LUKS2 volume.
    fn raise(&mut self, lines: &[SequenceLine]) {
        for line in lines {
            let Some(medium) = self.media.get_mut(&line.id) else { continue };
            // Whoever fills a drive with headers does not fill the state.
            if medium.sequences.len() < SEQUENCES_MAX || medium.sequences.contains_key(&line.volume)
            {
                let highest = medium.sequences.entry(line.volume.clone()).or_default();
                *highest = line.number.max(*highest);
            }
        }
    }

    fn use_receipt(&mut self, receipt: &ReceiptId) {
        let numbers = self.receipts.entry(receipt.year()).or_default();
        let number = receipt.number();
        if number > numbers.last {
            let from = (numbers.last + 1).max(number.saturating_sub(RECEIPT_JUMP));
            numbers.skipped.extend(from..number);
            numbers.last = number;
            // A draft that old has gone stale; its number is not given again.
            let keep = number.saturating_sub(RECEIPT_JUMP);
            numbers.skipped = numbers.skipped.split_off(&keep);
        } else {
            numbers.skipped.remove(&number);
        }
    }

    /// The recorded reformat: what is read next is compared with what was read
    /// afterwards, or with nothing.
    fn apply_erase(&mut self, said: &statement::Erase) {
        let Some(medium) = self.media.get_mut(&said.medium.id) else { return };
        medium.marks.clear();
        medium.sequences.clear();
        medium.token = None;
        medium.known = EncryptionGrade::NotExamined;
        if let Some(line) = said.encryption.as_ref().filter(|line| line.id == said.medium.id) {
            medium.encryption = line.clone();
            medium.known = line.grade;
        }
        self.adopt(&said.mark);
        self.raise(&said.sequence);
    }

    fn apply_acknowledge(&mut self, index: u64, said: &statement::Acknowledge) {
        let Some(medium) = self.media.get_mut(&said.medium.id) else { return };
        let by = said.by.party.id.clone();
        medium.acknowledged =
            Some(AcknowledgedRecord { concern: said.concern, at: said.at, index, by });
    }

    /// A fresh token answers every doubt about the one before.
    fn renew_token(&mut self, id: &MediumId, hash: Hash) {
        let Some(medium) = self.media.get_mut(id) else { return };
        medium.token = Some(hash);
        medium.overrides.retain(|alarm| !TOKEN_ALARMS.contains(&alarm.as_str()));
    }

    fn renew_tokens(&mut self, lines: &[TokenLine]) {
        for line in lines {
            self.renew_token(&line.id, line.hash);
        }
    }

    fn apply_check(&mut self, index: u64, said: &statement::Check) {
        if said.draw.is_some() {
            self.draws = (self.draws.0 + 1, Some(index));
        }
        // What is unverified is too weak to count here as well, unless the terms take it.
        for seen in said.found.iter().chain(&said.unverified).chain(&said.unexpected) {
            let by = said.who_saw(&seen.id);
            self.sight(index, said.at, &seen.id, seen.grade, &said.place, &by.party.id);
        }
        for id in &said.missing {
            self.miss(index, said.at, id);
        }
        for line in &said.encryption {
            if let Some(medium) = self.media.get_mut(&line.id)
                // The alarm about a weaker one stands until the medium changes hands.
                && !weaker(medium.known, line.grade)
            {
                medium.encryption = line.clone();
                medium.known = line.grade;
            }
        }
        self.adopt(&said.mark);
        self.raise(&said.sequence);
        self.renew_tokens(&said.token);
    }

    fn apply_found(&mut self, index: u64, said: &statement::Found) {
        self.set_presence(&said.medium.id, Presence::Present);
        self.sight(index, said.at, &said.medium.id, said.grade, &said.place, &said.by.party.id);
        if let Some(medium) = self.media.get_mut(&said.medium.id) {
            medium.custody = Custody {
                holder: said.by.party.id.clone(),
                place: said.place.clone(),
                since: said.at,
                index,
                receipt: None,
                due: None,
                fully_signed: true,
            };
        }
    }

    /// Records an observation. Seeing a missing medium ends the missing state; a
    /// lost one takes a `found` entry. An observation that the policy does not take
    /// for evidence, being too weak or the holder's own, stands in the log and
    /// changes neither: or the one who lost a medium could talk it back.
    pub(super) fn sight(
        &mut self,
        index: u64,
        at: Stamp,
        id: &MediumId,
        grade: SightingGrade,
        place: &Name,
        by: &PartyId,
    ) {
        let Some(medium) = self.media.get(id) else { return };
        let too_weak = grade > self.policy.terms(medium).grade;
        if too_weak || interested(self, medium, by).is_some() {
            return;
        }
        let Some(medium) = self.media.get_mut(id) else { return };
        if medium.seen.at <= at {
            (medium.acknowledged, medium.left) = (None, None);
            medium.seen = SightingRecord { at, index, grade, place: place.clone(), by: by.clone() };
        }
        if matches!(medium.presence, Presence::Missing { .. }) {
            medium.presence = Presence::Present;
        }
    }

    /// The clock of a loss starts at the first "not found" and is not restarted.
    fn miss(&mut self, index: u64, at: Stamp, id: &MediumId) {
        let Some(medium) = self.media.get_mut(id) else { return };
        if medium.presence == Presence::Present {
            (medium.acknowledged, medium.left) = (None, None);
            medium.presence = Presence::Missing { since: at, index };
        }
    }

    fn set_presence(&mut self, id: &MediumId, presence: Presence) {
        if let Some(medium) = self.media.get_mut(id) {
            (medium.acknowledged, medium.left) = (None, None);
            medium.presence = presence;
        }
    }

    /// This moment, or that of the newest entry where it is later: a clock behind the log
    /// is wrong, and believing it would keep what is overdue from showing.
    pub fn no_earlier(&self, now: Stamp) -> Stamp {
        self.newest.filter(|newest| now < *newest).unwrap_or(now)
    }

    /// Those who decide about losses: privacy officers with a valid key. One without has
    /// left, and would leave nobody to decide.
    pub fn privacy_officers(&self) -> impl Iterator<Item = &Party> {
        let all = self.parties.values();
        all.filter(|party| party.key.is_some() && party.has_any(&[Role::PrivacyOfficer]))
    }

    /// The key that signs checkpoints now.
    pub fn log_key(&self) -> Option<&VerifierKey> {
        self.log_keys().last().map(|(_, key)| key)
    }

    /// Every key that signs or signed checkpoints, with the index it holds from.
    pub fn log_keys(&self) -> &[(u64, VerifierKey)] {
        self.facts.as_ref().map_or(&[], |facts| &facts.log_keys)
    }

    /// The replaced key that signs checkpoints as well on this day.
    pub fn overlapping_log_key(&self, today: Day) -> Option<&VerifierKey> {
        let until = self.facts.as_ref()?.overlap_until?;
        let [.., (_, old), _] = self.log_keys() else { return None };
        (today <= until).then_some(old)
    }

    /// The next free receipt number for a statement made at `at`, skipping those
    /// `taken` by drafts that are out for signature.
    pub fn next_receipt(&self, at: Stamp, taken: &BTreeSet<ReceiptId>) -> Option<ReceiptId> {
        let prefix = &self.facts.as_ref()?.receipt_prefix;
        let year = at.year();
        let last = u16::try_from(year)
            .ok()
            .and_then(|year| self.receipts.get(&year))
            .map_or(0, |n| n.last);
        (last + 1..=last + RECEIPT_JUMP)
            .filter_map(|number| ReceiptId::new(prefix.clone(), year, number))
            .find(|receipt| !taken.contains(receipt))
    }

    /// Media whose home is `place` and that custody puts there.
    pub fn expected_at<'a>(&'a self, place: &'a Name) -> impl Iterator<Item = &'a Medium> + 'a {
        self.media.values().filter(move |medium| medium.home == *place && medium.is_expected())
    }

    /// The media that a drawn round at `place` has to look for.
    pub fn sample_at<'a>(&'a self, place: &'a Name, draw: &DrawLine) -> Vec<&'a MediumId> {
        draw.sample(self.expected_at(place).map(|medium| &medium.line.id))
    }

    /// Every place that is some medium's home.
    pub fn places(&self) -> BTreeSet<&Name> {
        self.media.values().filter(|medium| medium.in_use()).map(|medium| &medium.home).collect()
    }
}
