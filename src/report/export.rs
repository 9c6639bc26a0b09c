//! Registered media as rules for other programs.

use serde::Serialize;

use crate::ledger::{Medium, State};
use crate::model::MediumId;
use crate::model::hardware::{Interface, VidPid};

/// What a registration leaves room for; a device with more has an incomplete list.
const INTERFACES_KEPT: usize = 33;

/// A file for another program, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportView {
    /// The media that have a rule, by asset id.
    pub media: Vec<MediumId>,
    /// The media that have none.
    pub left_out: Vec<LeftOut>,
    /// The file.
    pub file: String,
}

/// A medium without a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Which.
    pub medium: MediumId,
    /// Why, in words.
    pub why: String,
}

/// A registered medium as a rule has to name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported<'a> {
    /// Its asset id.
    pub medium: &'a MediumId,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial as the device spells it and the kernel shows it, not as the ledger
    /// writes it. Spaces at its ends are lost: the canonical form has none.
    pub serial: String,
    /// Its interfaces as registered, each once, in order; none where the registration
    /// has no list of all of them.
    pub interfaces: Option<Vec<Interface>>,
}

/// Every registered medium by asset id: as a rule names it, or why no rule can.
pub fn exported(state: &State) -> Vec<Result<Exported<'_>, LeftOut>> {
    state.media.values().map(one).collect()
}

fn one(medium: &Medium) -> Result<Exported<'_>, LeftOut> {
    let id = &medium.line.id;
    if !medium.in_use() {
        return Err(left_out(id, "it is retired"));
    }
    let serial: String = medium.line.serial.characters().into_iter().collect();
    if serial.is_empty() {
        return Err(left_out(
            id,
            "it has no serial number, so a rule would let in its look-alikes",
        ));
    }
    if medium.is_weak() {
        return Err(left_out(
            id,
            "its serial number names no single drive (grade C), so a rule would let in its \
             look-alikes",
        ));
    }
    Ok(Exported {
        medium: id,
        vid_pid: medium.line.vid_pid,
        serial,
        interfaces: medium.interfaces.as_ref().and_then(|said| interfaces(said.as_str())),
    })
}

/// Why a medium has no rule.
pub fn left_out(medium: &MediumId, why: impl Into<String>) -> LeftOut {
    LeftOut { medium: medium.clone(), why: why.into() }
}

/// `08:06:50 08:06:62`, all of them or none.
fn interfaces(said: &str) -> Option<Vec<Interface>> {
    let mut found: Vec<Interface> =
        said.split(' ').map(|one| one.parse().ok()).collect::<Option<_>>()?;
    found.sort_unstable();
    found.dedup();
    (found.len() < INTERFACES_KEPT).then_some(found)
}
