//! Requests, handovers and what is attached to them.

use super::media::{at_hand, each_once, of_media, registered};
use super::{ANYONE, HOLDERS, KEEPERS, Verdict, keeps_media, key_of, named, role, signatory};
use crate::ledger::refusal::{NO_OPEN_REQUEST, Refusal};
use crate::ledger::state::RECEIPT_JUMP;
use crate::model::statement;
use crate::model::vocabulary::{PaperRule, Role, Verdict as Answer, WitnessRule};
use crate::model::{Day, EntryRef, MediumLine, ReceiptId, Seal, Side, Stamp};

pub(super) fn handover(verdict: &mut Verdict<'_>, said: &statement::Handover) {
    let (giver, receiver) = (&said.giver, &said.receiver);
    side(verdict, giver);
    side(verdict, receiver);
    verdict.refuse_if(giver.id() == receiver.id(), || Refusal::GiverIsReceiver {
        party: giver.id().clone(),
    });
    verdict.refuse_if(giver.key().is_none() && receiver.key().is_none(), || Refusal::PaperOnly);
    witness(verdict, said);
    each_once(verdict, said.medium.iter().map(|line| &line.id));
    // Two encryptions of one medium would leave it open which one was agreed on.
    each_once(verdict, said.encryption.iter().map(|line| &line.id));
    each_once(verdict, said.token.iter().map(|line| &line.id));
    tokens(verdict, said);
    for line in said.medium.iter() {
        changes_hands(verdict, line, said);
    }
    let carried = |id: &crate::model::MediumId| said.medium.iter().any(|line| line.id == *id);
    let told = said.encryption.iter().map(|e| &e.id).chain(said.alarm.iter().map(|a| &a.id));
    let read = said.mark.iter().map(|line| &line.id).chain(said.sequence.iter().map(|s| &s.id));
    let read = read.chain(said.token.iter().map(|line| &line.id));
    of_media(verdict, told.chain(read), carried);
    alarms(verdict, said);
    due(verdict, said.due, said.at);
    receipt_number(verdict, &said.receipt, said.at);
    if let Some(request) = &said.request {
        approved(verdict, request, said);
    }
}

fn side(verdict: &mut Verdict<'_>, side: &Side) {
    if !named(verdict, &side.party) {
        return;
    }
    role(verdict, &side.party, HOLDERS);
    match &side.seal {
        Seal::Key(key) => key_of(verdict, &side.party, key),
        Seal::Paper => {
            let party = || side.id().clone();
            let refused = verdict.state.policy.paper == PaperRule::Refused;
            verdict.refuse_if(refused, || Refusal::PaperRefused { party: party() });
            let known = verdict.state.parties.get(side.id());
            let fits =
                known.is_some_and(|known| known.has_any(&[Role::Outside]) && known.key.is_none());
            verdict.refuse_if(!fits, || Refusal::PaperNotForThem { party: party() });
            // Whoever takes a key from a party must not thereby turn the party's
            // seal into one of ink: that takes an administrator's renewal.
            if let Some((index, key)) = verdict.state.revoked_since_enrolled(side.id()) {
                let key = key.name().to_string();
                verdict.refuse(Refusal::RevokedKey { party: party(), key, index });
            }
        }
    }
}

/// What tells a drive from its copies is renewed only where one of the two keeps media.
fn tokens(verdict: &mut Verdict<'_>, said: &statement::Handover) {
    if !said.token.is_empty() && !keeps_media(verdict.state, said.receiver.id()) {
        role(verdict, &said.giver.party, KEEPERS);
    }
}

/// What the policy makes of the alarms that both sides were shown.
fn alarms(verdict: &mut Verdict<'_>, said: &statement::Handover) {
    let state = verdict.state;
    for line in &said.alarm {
        let (medium, alarm) = (line.id.clone(), line.alarm.clone());
        if state.policy.alarm_refuses.contains(&alarm) {
            verdict.refuse(Refusal::AlarmRefuses { medium, alarm });
        } else if state.policy.alarm_override.contains(&alarm)
            && !state.media.get(&medium).is_some_and(|known| known.overrides.contains(&alarm))
        {
            verdict.refuse(Refusal::OverrideNeeded { medium, alarm });
        }
    }
}

fn witness(verdict: &mut Verdict<'_>, said: &statement::Handover) {
    let Some(witness) = &said.witness else {
        let required = verdict.state.policy.witness == WitnessRule::Required;
        verdict.refuse_if(required, || Refusal::WitnessRequired);
        return;
    };
    signatory(verdict, witness, ANYONE);
    let id = &witness.party.id;
    verdict.refuse_if(id == said.giver.id() || id == said.receiver.id(), || {
        Refusal::WitnessIsParty { party: id.clone() }
    });
}

fn changes_hands(verdict: &mut Verdict<'_>, line: &MediumLine, said: &statement::Handover) {
    let Some(medium) = at_hand(verdict, line) else { return };
    let id = || line.id.clone();
    let holder = &medium.custody.holder;
    if holder == said.giver.id() {
        return;
    }
    verdict.refuse(match &medium.custody.receipt {
        Some(receipt) if holder == said.receiver.id() => Refusal::AlreadyHandedOver {
            medium: id(),
            holder: holder.clone(),
            receipt: receipt.to_string(),
        },
        _ => Refusal::NotHolder {
            medium: id(),
            giver: said.giver.id().clone(),
            holder: holder.clone(),
        },
    });
}

/// A due date lies between the day of the statement and the policy's longest loan.
pub(in crate::ledger) fn due(verdict: &mut Verdict<'_>, due: Option<Day>, at: Stamp) {
    let Some(due) = due else { return };
    let (today, days) = (at.day(), verdict.state.policy.loan_days);
    verdict.refuse_if(due < today, || Refusal::DueInPast { due, today });
    verdict.refuse_if(due > today.plus(days), || Refusal::DueTooFar { due, days });
}

fn receipt_number(verdict: &mut Verdict<'_>, receipt: &ReceiptId, at: Stamp) {
    let Some(facts) = &verdict.state.facts else { return };
    let fits_ledger = *receipt.prefix() == facts.receipt_prefix
        && i32::from(receipt.year()) == i32::from(at.year());
    let free = match verdict.state.receipts.get(&receipt.year()) {
        Some(numbers) => {
            let ahead = numbers.last + 1..=numbers.last + RECEIPT_JUMP;
            numbers.skipped.contains(&receipt.number()) || ahead.contains(&receipt.number())
        }
        // The year's first. It need not be a later year than those before: a clock
        // that ran ahead may have numbered a receipt of a year still to come.
        None => receipt.number() <= RECEIPT_JUMP,
    };
    verdict
        .refuse_if(!fits_ledger || !free, || Refusal::ReceiptNumber { receipt: receipt.clone() });
}

fn approved(verdict: &mut Verdict<'_>, request: &EntryRef, said: &statement::Handover) {
    let index = request.index;
    let unfit = |problem| Refusal::RequestUnfit { index, problem };
    let Some(record) =
        verdict.state.requests.get(&index).filter(|record| record.leaf == request.leaf)
    else {
        verdict.refuse(unfit(NO_OPEN_REQUEST));
        return;
    };
    let covers = said.medium.iter().all(|line| record.media.contains(&line.id));
    verdict.refuse_if(record.verdict != Some(Answer::Approved), || unfit("it is not approved"));
    verdict.refuse_if(!covers, || unfit("it names other drives"));
    verdict
        .refuse_if(record.receiver != *said.receiver.id(), || unfit("it names another receiver"));
}

pub(super) fn request(verdict: &mut Verdict<'_>, said: &statement::Request) {
    signatory(verdict, &said.by, HOLDERS);
    if named(verdict, &said.receiver) {
        role(verdict, &said.receiver, HOLDERS);
    }
    each_once(verdict, said.medium.iter().map(|line| &line.id));
    for line in said.medium.iter() {
        registered(verdict, line);
    }
    due(verdict, said.due, said.at);
}

pub(super) fn approve(verdict: &mut Verdict<'_>, said: &statement::Approve) {
    signatory(verdict, &said.by, KEEPERS);
    let index = said.request.index;
    let open = verdict.state.requests.get(&index).filter(|record| record.leaf == said.request.leaf);
    match open {
        None => verdict.refuse(Refusal::RequestUnfit { index, problem: NO_OPEN_REQUEST }),
        Some(record) => {
            let answers = &said.by.party.id;
            let own = record.by == *answers || record.receiver == *answers;
            verdict.refuse_if(own, || Refusal::SecondPersonNeeded { party: answers.clone() });
            verdict.refuse_if(record.verdict.is_some(), || Refusal::RequestUnfit {
                index,
                problem: "it has been answered",
            });
        }
    }
}

pub(super) fn attach(verdict: &mut Verdict<'_>, said: &statement::Attach) {
    signatory(verdict, &said.by, &[Role::Custodian, Role::Administrator, Role::Staff]);
    let Some(facts) = &verdict.state.facts else { return };
    let ours = *said.receipt.prefix() == facts.receipt_prefix;
    let issued = verdict.state.receipts.get(&said.receipt.year()).is_some_and(|numbers| {
        said.receipt.number() <= numbers.last && !numbers.skipped.contains(&said.receipt.number())
    });
    verdict
        .refuse_if(!ours || !issued, || Refusal::UnknownReceipt { receipt: said.receipt.clone() });
}
