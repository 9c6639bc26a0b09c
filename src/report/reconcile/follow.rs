//! Following every drive through the log, one entry at a time.

use std::collections::BTreeMap;

use super::{Lack, Progress, Reconciliation, TakeOut, Unmatched};
use crate::ledger::State;
use crate::ledger::roll_call::RollCalls;
use crate::model::statement::{Handover, Request, RollCall};
use crate::model::vocabulary::Verdict;
use crate::model::{Day, EntryRef, Hash, MediumId, Name, Seen, Signatory, Stamp, Statement};
use crate::report::who::Who;
use crate::report::workbook::Made;

/// Entries of one kind that are named beside one another; a station that reports every
/// hour would fill the report otherwise.
const BESIDE_MAX: usize = 8;

/// Takes the entries in order; its size grows with take-outs and with what has no
/// partner, not with what was seen in its place.
#[derive(Debug, Default)]
pub struct Reconciler {
    since: Option<Day>,
    requests: BTreeMap<u64, Asked>,
    requests_used: bool,
    media: BTreeMap<MediumId, Followed>,
    take_outs: Vec<TakeOut>,
    unmatched: Vec<Option<Unmatched>>,
    roll_calls: RollCalls,
}

/// A request and what became of it.
#[derive(Debug)]
struct Asked {
    at: Stamp,
    said: Box<Request>,
    answer: Option<(u64, Verdict)>,
    used: bool,
}

/// Where custody puts a drive, and what is open about it.
#[derive(Debug)]
struct Followed {
    home: Name,
    place: Name,
    /// Its open take-out.
    out: Option<usize>,
    /// That a station missed it, or nobody found it.
    missed: Option<usize>,
    /// That it was seen where custody does not put it.
    elsewhere: Option<usize>,
    /// Whether it has come back by handover and no roll-call has seen it since.
    unseen_return: bool,
    gone: bool,
}

/// An entry as it is told of.
#[derive(Clone, Copy)]
struct Entry<'a> {
    index: u64,
    at: Stamp,
    by: &'a Signatory,
}

impl Reconciler {
    /// Of entries from that day on; of all where none is given.
    #[must_use]
    pub fn new(since: Option<Day>) -> Self {
        Reconciler { since, ..Reconciler::default() }
    }

    /// The next entry.
    pub fn take(&mut self, index: u64, said: &Statement) {
        match said {
            Statement::Register(said) => {
                let fresh = Followed {
                    home: said.home.clone(),
                    place: said.home.clone(),
                    out: None,
                    missed: None,
                    elsewhere: None,
                    unseen_return: false,
                    gone: false,
                };
                self.media.insert(said.medium.id.clone(), fresh);
            }
            Statement::Request(said) => {
                self.requests_used = true;
                let asked = Asked { at: said.at, said: said.clone(), answer: None, used: false };
                self.requests.insert(index, asked);
            }
            Statement::Approve(said) => {
                if let Some(asked) = self.requests.get_mut(&said.request.index) {
                    asked.answer = Some((index, said.verdict));
                }
            }
            Statement::Handover(said) => self.hand_over(index, said),
            Statement::RollCall(said) => self.roll_call(index, said),
            Statement::Check(said) => {
                let entry = Entry { index, at: said.at, by: &said.by };
                for seen in said.found.iter().chain(&said.unverified).chain(&said.unexpected) {
                    let by = said.who_saw(&seen.id);
                    self.seen(Entry { by, ..entry }, &seen.id, &said.place);
                }
                for id in &said.missing {
                    self.not_found(entry, id, Some(&said.place));
                }
            }
            Statement::Sighting(said) => {
                let entry = Entry { index, at: said.at, by: &said.by };
                self.seen(entry, &said.medium.id, &said.place);
            }
            Statement::Missing(said) => {
                let entry = Entry { index, at: said.at, by: &said.by };
                self.not_found(entry, &said.medium.id, None);
            }
            Statement::Found(said) => self.found(index, said.at, &said.medium.id, &said.place),
            Statement::Lost(said) => self.gone(index, said.at, &said.medium.id),
            Statement::Retire(said) => self.gone(index, said.at, &said.medium.id),
            _ => {}
        }
    }

    fn note(&mut self, lack: Lack, entry: Entry<'_>, media: Vec<MediumId>) -> usize {
        self.unmatched.push(Some(Unmatched {
            lack,
            words: lack.words(),
            entry: entry.index,
            at: entry.at,
            media,
            place: None,
            by_custody: None,
            who: Who::from(&entry.by.party),
            receipt: None,
            days: None,
            beside: Vec::new(),
            settled_by: None,
        }));
        self.unmatched.len() - 1
    }

    fn noted(&mut self, at: Option<usize>) -> Option<&mut Unmatched> {
        self.unmatched.get_mut(at?)?.as_mut()
    }

    /// Settles what is open by `index`.
    fn settle(&mut self, at: Option<usize>, index: u64) {
        if let Some(open) = self.noted(at) {
            open.settled_by.get_or_insert(index);
        }
    }

    /// One more entry that says the same.
    fn again(&mut self, at: Option<usize>, index: u64) {
        if let Some(open) = self.noted(at).filter(|open| open.beside.len() < BESIDE_MAX) {
            open.beside.push(index);
        }
    }

    fn hand_over(&mut self, index: u64, said: &Handover) {
        let asked = said.request.map(|request| request.index);
        if let Some(asked) = asked.and_then(|asked| self.requests.get_mut(&asked)) {
            asked.used = true;
        }
        let answer = asked.and_then(|asked| self.requests.get(&asked)?.answer);
        let mut out: Vec<MediumId> = Vec::new();
        for line in said.medium.iter() {
            let Some(followed) = self.media.get(&line.id) else { continue };
            let (open, missed, elsewhere) = (followed.out, followed.missed, followed.elsewhere);
            let home = followed.home == said.place;
            let departure = self.departed(missed, index, said.at);
            self.settle(elsewhere, index);
            self.end(
                open,
                index,
                said.at,
                if home { Progress::Returned } else { Progress::HandedOn },
            );
            let row = (!home).then(|| TakeOut {
                medium: line.id.clone(),
                request: asked,
                approval: answer.map(|(entry, _)| entry),
                handover: index,
                receipt: said.receipt.clone(),
                at: said.at,
                giver: Who::from(&said.giver.party),
                receiver: Who::from(&said.receiver.party),
                place: said.place.clone(),
                due: said.due,
                departure,
                sightings: Vec::new(),
                ended_by: None,
                ended_at: None,
                progress: Progress::Out,
            });
            if row.is_some() {
                out.push(line.id.clone());
            }
            let at = row.map(|row| {
                self.take_outs.push(row);
                self.take_outs.len() - 1
            });
            if let Some(followed) = self.media.get_mut(&line.id) {
                followed.unseen_return = open.is_some() && home;
                followed.place = said.place.clone();
                (followed.out, followed.missed, followed.elsewhere) = (at, None, None);
            }
        }
        if self.requests_used && asked.is_none() && !out.is_empty() {
            self.unmatched.push(Some(Unmatched {
                lack: Lack::HandoverWithoutRequest,
                words: Lack::HandoverWithoutRequest.words(),
                entry: index,
                at: said.at,
                media: out,
                place: Some(said.place.clone()),
                by_custody: None,
                who: Who::from(&said.giver.party),
                receipt: Some(said.receipt.clone()),
                days: None,
                beside: Vec::new(),
                settled_by: None,
            }));
        }
    }

    /// A handover that was agreed before the station missed the drive explains that,
    /// even where its signatures came later; one that was agreed afterwards settles it.
    fn departed(&mut self, missed: Option<usize>, index: u64, at: Stamp) -> Option<u64> {
        let open = self.noted(missed)?;
        let entry = open.entry;
        if open.lack == Lack::DepartureWithoutHandover && open.at >= at {
            if let Some(slot) = missed.and_then(|missed| self.unmatched.get_mut(missed)) {
                *slot = None;
            }
            return Some(entry);
        }
        self.settle(missed, index);
        None
    }

    fn end(&mut self, row: Option<usize>, index: u64, at: Stamp, how: Progress) {
        let Some(row) = row.and_then(|row| self.take_outs.get_mut(row)) else { return };
        let late = row.due.is_some_and(|due| due < at.day());
        row.ended_by = Some(index);
        row.ended_at = Some(at);
        row.progress = if how == Progress::Returned && late { Progress::ReturnedLate } else { how };
    }

    fn roll_call(&mut self, index: u64, said: &RollCall) {
        let entry = Entry { index, at: said.at, by: &said.by };
        // Found by its index alone; the leaf is the audit's matter.
        let named = EntryRef { index, leaf: Hash::of(&[]) };
        let whole = self.roll_calls.take(named, said).clone();
        for id in whole.present.keys() {
            self.seen(entry, id, &said.place);
            if let Some(followed) = self.media.get_mut(id)
                && followed.place == said.place
            {
                followed.unseen_return = false;
            }
        }
        for id in &whole.absent {
            let Some(followed) = self.media.get(id).filter(|followed| !followed.gone) else {
                continue;
            };
            if followed.place != said.place {
                // It is out: the first roll-call without it saw it leave.
                if let Some(row) = followed.out.and_then(|row| self.take_outs.get_mut(row)) {
                    row.departure.get_or_insert(index);
                }
            } else if followed.missed.is_some() {
                let missed = followed.missed;
                self.again(missed, index);
            } else {
                let lack = match followed.unseen_return {
                    true => Lack::ReturnNotSeen,
                    false => Lack::DepartureWithoutHandover,
                };
                self.miss(lack, entry, id, Some(&said.place));
            }
        }
    }

    fn miss(&mut self, lack: Lack, entry: Entry<'_>, id: &MediumId, place: Option<&Name>) {
        let at = self.note(lack, entry, vec![id.clone()]);
        let custody = self.media.get_mut(id).map(|followed| {
            followed.missed = Some(at);
            followed.place.clone()
        });
        if let Some(noted) = self.noted(Some(at)) {
            noted.place = place.cloned();
            noted.by_custody = custody;
        }
    }

    /// A drive that was looked for. One that a station missed before is the same loss.
    fn not_found(&mut self, entry: Entry<'_>, id: &MediumId, place: Option<&Name>) {
        let Some(followed) = self.media.get(id).filter(|followed| !followed.gone) else { return };
        match followed.missed {
            Some(missed) => self.again(Some(missed), entry.index),
            None => self.miss(Lack::NotFound, entry, id, place),
        }
    }

    /// A drive that was seen, by whomever and at whatever grade.
    fn seen(&mut self, entry: Entry<'_>, id: &MediumId, place: &Name) {
        let Some(followed) = self.media.get(id).filter(|followed| !followed.gone) else { return };
        let (missed, elsewhere, out) = (followed.missed, followed.elsewhere, followed.out);
        if followed.place == *place {
            self.settle(missed, entry.index);
            self.settle(elsewhere, entry.index);
            if let Some(row) = out.and_then(|row| self.take_outs.get_mut(row)) {
                row.sightings.push(entry.index);
                let more = row.sightings.len().saturating_sub(BESIDE_MAX);
                row.sightings.drain(..more);
            }
            if let Some(followed) = self.media.get_mut(id) {
                (followed.missed, followed.elsewhere) = (None, None);
            }
            return;
        }
        let lack = match out.is_some() && followed.home == *place {
            true => Lack::SeenHomeWithoutReturn,
            false => Lack::SeenElsewhere,
        };
        let custody = followed.place.clone();
        self.settle(missed, entry.index);
        let same = self
            .noted(elsewhere)
            .is_some_and(|open| open.lack == lack && open.place.as_ref() == Some(place));
        let at = if same {
            self.again(elsewhere, entry.index);
            elsewhere
        } else {
            let at = self.note(lack, entry, vec![id.clone()]);
            if let Some(noted) = self.noted(Some(at)) {
                noted.place = Some(place.clone());
                noted.by_custody = Some(custody);
            }
            Some(at)
        };
        if let Some(followed) = self.media.get_mut(id) {
            (followed.missed, followed.elsewhere) = (None, at);
        }
    }

    /// Whoever finds a drive has it from then on, where it was found.
    fn found(&mut self, index: u64, at: Stamp, id: &MediumId, place: &Name) {
        let Some(followed) = self.media.get_mut(id) else { return };
        let (open, missed, elsewhere) = (followed.out, followed.missed, followed.elsewhere);
        followed.place = place.clone();
        followed.gone = false;
        (followed.out, followed.missed, followed.elsewhere) = (None, None, None);
        self.settle(missed, index);
        self.settle(elsewhere, index);
        self.end(open, index, at, Progress::Returned);
    }

    /// A drive that is lost or retired is looked for no more; that it was not found
    /// stays open.
    fn gone(&mut self, index: u64, at: Stamp, id: &MediumId) {
        let Some(followed) = self.media.get_mut(id) else { return };
        followed.gone = true;
        let (open, missed) = (followed.out.take(), followed.missed);
        self.again(missed, index);
        self.end(open, index, at, Progress::Gone);
    }

    /// What is open at `now`, and the accounts side by side.
    #[must_use]
    pub fn finish(mut self, state: &State, now: Stamp, seen: Seen) -> Reconciliation {
        self.open_requests(now);
        self.overdue(now);
        let since = self.since;
        let from = |at: Stamp| since.is_none_or(|since| since <= at.day());
        let mut unmatched: Vec<Unmatched> =
            self.unmatched.into_iter().flatten().filter(|one| from(one.at)).collect();
        unmatched.sort_by_key(|one| (one.entry, one.lack));
        let open = |row: &TakeOut| row.ended_at.is_none_or(from);
        let take_outs = self.take_outs.into_iter().filter(|row| from(row.at) || open(row));
        Reconciliation {
            made: Made::new(state, now, seen),
            since,
            requests_used: self.requests_used,
            unmatched,
            take_outs: take_outs.collect(),
        }
    }

    fn open_requests(&mut self, now: Stamp) {
        let open: Vec<Option<Unmatched>> = self
            .requests
            .iter()
            .filter(|(_, asked)| !asked.used)
            .filter_map(|(index, asked)| {
                let lack = match asked.answer {
                    None => Lack::RequestWithoutAnswer,
                    Some((_, Verdict::Approved)) => Lack::ApprovedWithoutHandover,
                    Some(_) => return None,
                };
                Some(Some(asked.unmatched(*index, lack, now)))
            })
            .collect();
        self.unmatched.extend(open);
    }

    fn overdue(&mut self, now: Stamp) {
        for row in &mut self.take_outs {
            let Some(due) = row.due.filter(|due| *due < now.day()) else { continue };
            if row.ended_by.is_some() {
                continue;
            }
            row.progress = Progress::Overdue;
            self.unmatched.push(Some(Unmatched {
                lack: Lack::HandoverWithoutReturn,
                words: Lack::HandoverWithoutReturn.words(),
                entry: row.handover,
                at: row.at,
                media: vec![row.medium.clone()],
                place: Some(row.place.clone()),
                by_custody: None,
                who: row.receiver.clone(),
                receipt: Some(row.receipt.clone()),
                days: Some(due.days_until(now.day())),
                beside: row.sightings.clone(),
                settled_by: None,
            }));
        }
    }
}

impl Asked {
    fn unmatched(&self, index: u64, lack: Lack, now: Stamp) -> Unmatched {
        let said = &self.said;
        Unmatched {
            lack,
            words: lack.words(),
            entry: index,
            at: self.at,
            media: said.medium.iter().map(|line| line.id.clone()).collect(),
            place: Some(said.place.clone()),
            by_custody: None,
            who: Who::from(&said.by.party),
            receipt: None,
            days: Some(self.at.day().days_until(now.day())),
            beside: self.answer.iter().map(|(entry, _)| *entry).collect(),
            settled_by: None,
        }
    }
}
