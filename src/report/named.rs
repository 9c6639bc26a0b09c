//! Whom and what an entry names.

use crate::ledger::State;
use crate::model::{
    EntryRef, MediumId, MediumLine, PartyRef, ReceiptId, SeenLine, Side, Signatory, Statement,
};

use super::attachment::Sheet;
use super::receipt::Sealed;
use super::who::{KeyView, Who};

/// The media an entry names, in its own order, each once.
pub(super) fn media(said: &Statement) -> Vec<MediumId> {
    let one = |line: &MediumLine| vec![line.id.clone()];
    let many = |lines: &[MediumLine]| lines.iter().map(|line| line.id.clone()).collect();
    match said {
        Statement::Register(said) => one(&said.medium),
        Statement::Override(said) => one(&said.medium),
        Statement::Request(said) => many(&said.medium),
        Statement::Handover(said) => many(&said.medium),
        Statement::Sighting(said) => one(&said.medium),
        Statement::RollCall(said) => together(&[&said.present], &said.absent),
        Statement::Check(said) => {
            together(&[&said.found, &said.unverified, &said.unexpected], &said.missing)
        }
        Statement::Missing(said) => one(&said.medium),
        Statement::Found(said) => one(&said.medium),
        Statement::Lost(said) => one(&said.medium),
        Statement::Search(said) => one(&said.medium),
        Statement::Acknowledge(said) => one(&said.medium),
        Statement::Erase(said) => one(&said.medium),
        Statement::Retire(said) => one(&said.medium),
        Statement::Genesis(_)
        | Statement::Party(_)
        | Statement::KeyRevoke(_)
        | Statement::Policy(_)
        | Statement::Approve(_)
        | Statement::Attach(_)
        | Statement::Correct(_)
        | Statement::LogKey(_)
        | Statement::Link(_) => Vec::new(),
    }
}

fn together(seen: &[&Vec<SeenLine>], absent: &[MediumId]) -> Vec<MediumId> {
    let seen = seen.iter().flat_map(|lines| lines.iter()).map(|line| line.id.clone());
    seen.chain(absent.iter().cloned()).collect()
}

/// The receipt an entry is, or belongs to.
pub(super) fn receipt(said: &Statement) -> Option<ReceiptId> {
    match said {
        Statement::Handover(said) => Some(said.receipt.clone()),
        Statement::Attach(said) => Some(said.receipt.clone()),
        _ => None,
    }
}

/// What became of the sheet of an entry that one side sealed on paper.
pub(super) fn sheet(said: &Statement, state: &State) -> Option<Sheet> {
    match said {
        Statement::Handover(said) => Sheet::of(state, said),
        _ => None,
    }
}

/// The earlier entry an entry answers or corrects.
pub(super) fn refers_to(said: &Statement) -> Option<EntryRef> {
    match said {
        Statement::Approve(said) => Some(said.request),
        Statement::Correct(said) => Some(said.entry),
        _ => None,
    }
}

/// Who signed an entry with a key, in the order of the signature lines. Keys
/// that belong to nobody, the log's own, are left out.
pub(super) fn signers(said: &Statement) -> Vec<Who> {
    people(said)
        .into_iter()
        .filter(|(_, signed)| *signed)
        .map(|(party, _)| Who::from(party))
        .collect()
}

/// Who signed an entry that is no handover, with the key of each, in the order of the
/// signature lines.
pub(super) fn sealed(said: &Statement) -> Vec<Sealed> {
    let signed = people(said).into_iter().filter(|(_, signed)| *signed);
    let keys = said.signers();
    let key = |party: &PartyRef, at: usize| {
        let key = keys.get(at).map(|key| KeyView::from(*key));
        Sealed { who: Who::from(party), key }
    };
    // Keys of the log's own stand before those of people.
    let first = keys.len().saturating_sub(people(said).iter().filter(|(_, s)| *s).count());
    signed.enumerate().map(|(at, (party, _))| key(party, first + at)).collect()
}

/// Everybody who took part, whether they signed or sealed on paper.
pub(super) fn parties(said: &Statement) -> Vec<Who> {
    people(said).into_iter().map(|(party, _)| Who::from(party)).collect()
}

/// The parties of an entry and whether they signed it with a key.
fn people(said: &Statement) -> Vec<(&PartyRef, bool)> {
    match said {
        Statement::Genesis(said) => vec![by(&said.administrator)],
        Statement::Party(said) => {
            let signed = said.key.is_some();
            vec![(&said.party, signed), by(&said.by)]
        }
        Statement::KeyRevoke(said) => vec![by(&said.by)],
        Statement::Policy(said) => {
            [Some(by(&said.by)), said.second.as_ref().map(by)].into_iter().flatten().collect()
        }
        Statement::Request(said) => vec![(&said.receiver, false), by(&said.by)],
        Statement::Handover(said) => {
            let sides = [Some(side(&said.giver)), Some(side(&said.receiver))];
            sides.into_iter().chain([said.witness.as_ref().map(by)]).flatten().collect()
        }
        Statement::Override(said) => vec![by(&said.by), by(&said.second)],
        Statement::Erase(said) => vec![by(&said.by), by(&said.verifier)],
        Statement::Register(said) => vec![by(&said.by)],
        Statement::Approve(said) => vec![by(&said.by)],
        Statement::Attach(said) => vec![by(&said.by)],
        Statement::Sighting(said) => vec![by(&said.by)],
        Statement::RollCall(said) => vec![by(&said.by)],
        Statement::Check(said) => {
            [Some(by(&said.by)), said.second.as_ref().map(by)].into_iter().flatten().collect()
        }
        Statement::Missing(said) => vec![by(&said.by)],
        Statement::Found(said) => vec![by(&said.by)],
        Statement::Lost(said) => vec![by(&said.by)],
        Statement::Search(said) => vec![by(&said.by)],
        Statement::Acknowledge(said) => vec![by(&said.by)],
        Statement::Retire(said) => {
            [Some(by(&said.by)), said.verifier.as_ref().map(by)].into_iter().flatten().collect()
        }
        Statement::Correct(said) => vec![by(&said.by)],
        Statement::LogKey(said) => vec![by(&said.by)],
        Statement::Link(said) => vec![by(&said.by)],
    }
}

fn by(signatory: &Signatory) -> (&PartyRef, bool) {
    (&signatory.party, true)
}

fn side(side: &Side) -> (&PartyRef, bool) {
    (&side.party, side.key().is_some())
}
