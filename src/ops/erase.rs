//! Certifying an erasure.

use super::alarms::Looked;
use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use crate::ledger::Intent;
use crate::ledger::alarms::{Content, after_erasure};
use crate::ledger::intent::Erasure;
use crate::model::AlarmLine;

/// Drafts the certificate of an erasure, to be signed by who did it and who verified
/// it. What is read of the drive now, if it is plugged in, goes into it: nobody's word
/// for an erasure is as good as the drive's own bytes.
///
/// # Errors
/// Every reason against it.
pub fn erase(
    ledger: &Ledger,
    mut wish: Erasure,
    looked: Option<&Looked>,
) -> Result<Draft, OpsError> {
    wish.alarm = looked.map_or_else(Vec::new, |looked| raised(ledger, &wish, looked));
    wish.content = looked.and_then(|looked| content(&wish, looked)).cloned();
    ledger.draft(Intent::Erase(Box::new(wish)))
}

fn content<'a>(wish: &Erasure, looked: &'a Looked) -> Option<&'a Content> {
    looked.contents.iter().find(|(id, _)| *id == wish.medium).map(|(_, content)| content)
}

/// What the drive raises that an erasure does not explain.
fn raised(ledger: &Ledger, wish: &Erasure, looked: &Looked) -> Vec<AlarmLine> {
    let Some(medium) = ledger.state().media.get(&wish.medium) else { return Vec::new() };
    let unread = Content::default();
    after_erasure(medium, content(wish, looked).unwrap_or(&unread), &looked.alarms)
}
