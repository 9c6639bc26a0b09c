//! The dossier of a loss, with the proofs of its entries; and the record of the search.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::draft::Draft;
use super::error::OpsError;
use super::ledger::Ledger;
use super::report::each;
use super::sheet::{head, told};
use crate::ledger::{Intent, Refusal};
use crate::model::{Hash, MediumId, Name, PartyId, Phrase, Statement};
use crate::proof::tree::leaf_hash;
use crate::render::dossier::dossier;
use crate::render::markdown;
use crate::render::paper::words::Tongue;
use crate::report::incident::{Incident, Loss, LossFold, Sources};
use crate::report::searches::SearchLog;

/// The dossier of a drive's last loss.
///
/// # Errors
/// An unknown drive, one that was never missed, entries that cannot be read.
pub fn incident(ledger: &Ledger, id: &MediumId) -> Result<Incident, OpsError> {
    let history = told(ledger, id)?;
    let not_missing = || OpsError::refused(Refusal::NotMissing { medium: id.clone() });
    let loss = loss(ledger, id)?.ok_or_else(not_missing)?;
    of_loss(ledger, id, &loss, &history)?.ok_or_else(not_missing)
}

fn of_loss(
    ledger: &Ledger,
    id: &MediumId,
    loss: &Loss,
    history: &[(u64, Statement)],
) -> Result<Option<Incident>, OpsError> {
    let mut leaves: BTreeMap<u64, Hash> = BTreeMap::new();
    for (index, _) in history {
        leaves.insert(*index, leaf_hash(&ledger.note(*index)?.to_bytes()));
    }
    let (state, now, seen) = (ledger.state(), ledger.now()?, head(ledger));
    Ok(Incident::new(&Sources { state, now, seen, id, loss, history, leaves: &leaves }))
}

fn loss(ledger: &Ledger, id: &MediumId) -> Result<Option<Loss>, OpsError> {
    let mut fold = LossFold::new(id.clone());
    each(ledger, &mut |_, note, said| fold.take(leaf_hash(note), said.as_ref()))?;
    Ok(fold.finish())
}

/// Writes each entry of the timeline with its proof into `folder`, as a file that
/// `custody verify` takes and that holds by itself, and names the files in the dossier.
///
/// # Errors
/// A folder that cannot be made, or a file of that name in it with other bytes.
pub fn write_proofs(
    ledger: &mut Ledger,
    incident: Incident,
    folder: &Path,
) -> Result<Incident, OpsError> {
    std::fs::create_dir_all(folder)
        .map_err(|error| OpsError::file("cannot make the folder", folder, error))?;
    let mut files = BTreeMap::new();
    for row in &incident.timeline {
        let index = row.event.index;
        let name = format!("entry-{index:06}-{}.receipt", row.event.kind);
        let bytes = ledger.receipt_of(index)?.to_bytes();
        let path = folder.join(&name);
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)
            .and_then(|mut out| out.write_all(&bytes).and_then(|()| out.sync_all()))
            .map_err(|error| OpsError::file("cannot write", &path, error))?;
        files.insert(index, name);
    }
    Ok(incident.with_proofs(&files))
}

/// The dossier as Markdown.
#[must_use]
pub fn in_markdown(incident: &Incident, tongue: Tongue) -> String {
    markdown::markdown(&dossier(incident, tongue))
}

/// Drafts that a missing drive was looked for at a place, and not found there.
///
/// # Errors
/// Every reason against it.
pub fn search(
    ledger: &Ledger,
    medium: MediumId,
    place: Name,
    detail: Option<Phrase>,
    by: PartyId,
) -> Result<Draft, OpsError> {
    ledger.draft(Intent::Search { medium, place, detail, by })
}

/// Where a drive was looked for since it was last missed.
///
/// # Errors
/// An unknown drive, or entries that cannot be read.
pub fn searches(ledger: &Ledger, id: &MediumId) -> Result<SearchLog, OpsError> {
    let history = told(ledger, id)?;
    let incident = match loss(ledger, id)? {
        Some(loss) => of_loss(ledger, id, &loss, &history)?,
        None => None,
    };
    let (known, searches) = match incident {
        Some(incident) => (Some(incident.known), incident.searches),
        None => (None, Vec::new()),
    };
    SearchLog::new(ledger.state(), id, ledger.now()?, known, searches)
        .ok_or_else(|| OpsError::refused(Refusal::UnknownMedium { medium: id.clone() }))
}
