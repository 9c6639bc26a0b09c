//! Renewing the token files of the drives that somebody has in hand: a token that a
//! custodian once asked for is replaced at each sighting that becomes an entry, so that a
//! copy of the drive is older after every one of them. See FORMAT.md, section "Tokens".

use std::path::{Path, PathBuf};

use super::bus::{answers_to, drives};
use super::error::OpsError;
use super::ledger::Ledger;
use super::token::{BYTES, FRESH, NAME, compose, is_of_volume, put, read, rename};
use crate::ledger::judge::keeps_media;
use crate::ledger::{Medium, Refusal};
use crate::model::{Hash, MediumId, PartyId, TokenLine};
use crate::usb::{Bus, Device, Mount};

/// Token files that wait for an entry. Those for which none comes are taken away again
/// when this is dropped: the one that the ledger knows lies beside each.
#[derive(Debug, Default)]
pub struct Rotation {
    waiting: Vec<Waiting>,
    left: Vec<(MediumId, Left)>,
}

#[derive(Debug)]
struct Waiting {
    line: TokenLine,
    fresh: PathBuf,
    settled: PathBuf,
}

/// Why a token that lies on a mounted volume was not renewed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Left {
    /// Two devices show it, so one of them is a copy.
    #[error("more than one attached drive has it")]
    Twice,
    /// No mount of the volume can be written.
    #[error("its volume is mounted for reading only")]
    ReadOnly,
    /// The file could not be written.
    #[error("it could not be written: {0}")]
    Failed(String),
}

/// Writes a fresh token beside the one that the ledger knows, on each of `media` that is
/// attached, has that one on a mounted volume, and is in the hands of somebody who keeps
/// media: one of `signers` does.
///
/// # Errors
/// When the bus cannot be read or there is no randomness. A drive that cannot be written
/// is no error; see [`Rotation::left`].
pub fn rotate(
    ledger: &Ledger,
    bus: &dyn Bus,
    media: &[MediumId],
    signers: &[&PartyId],
) -> Result<Rotation, OpsError> {
    let state = ledger.state();
    let mut rotation = Rotation::default();
    if !signers.iter().any(|signer| keeps_media(state, signer)) {
        return Ok(rotation);
    }
    let with_token = media.iter().filter_map(|id| state.media.get(id));
    let with_token: Vec<(&Medium, Hash)> =
        with_token.filter_map(|medium| Some((medium, medium.token?))).collect();
    if with_token.is_empty() {
        return Ok(rotation);
    }
    let facts = state.facts.as_ref().ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let attached = drives(bus)?;
    for (medium, kept) in with_token {
        let id = &medium.line.id;
        let mut bearers = attached
            .iter()
            .filter(|device| answers_to(device, &medium.line))
            .map(|device| tops_with(bus, device, &kept))
            .filter(|tops| !tops.is_empty());
        let Some(tops) = bearers.next() else { continue };
        if bearers.next().is_some() {
            rotation.left.push((id.clone(), Left::Twice));
            continue;
        }
        let Some(top) = tops.iter().find(|top| top.writable) else {
            rotation.left.push((id.clone(), Left::ReadOnly));
            continue;
        };
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(|error| OpsError::Random(error.to_string()))?;
        let bytes = compose(&facts.origin, id, &random);
        match place(&top.point, &kept, &bytes) {
            Ok((fresh, settled)) => {
                let line = TokenLine { id: id.clone(), hash: Hash::of(&[&bytes]) };
                rotation.waiting.push(Waiting { line, fresh, settled });
            }
            Err(error) => rotation.left.push((id.clone(), Left::Failed(error.to_string()))),
        }
    }
    Ok(rotation)
}

/// The mounts of the device at whose top the token lies, under either name.
fn tops_with(bus: &dyn Bus, device: &Device, kept: &Hash) -> Vec<Mount> {
    let lies = |file: &Path| read(file).is_some_and(|bytes| Hash::of(&[&bytes]) == *kept);
    let mounts = device.blocks.iter().flat_map(|block| bus.mounts(device, &block.name));
    let with_it = |top: &Mount| [NAME, FRESH].iter().any(|name| lies(&top.point.join(name)));
    mounts.filter(is_of_volume).filter(with_it).collect()
}

/// Writes the fresh file, after the known one has got out of its way.
fn place(
    top: &Path,
    kept: &Hash,
    bytes: &[u8; BYTES],
) -> Result<(PathBuf, PathBuf), std::io::Error> {
    let (fresh, settled) = (top.join(FRESH), top.join(NAME));
    if read(&fresh).is_some_and(|there| Hash::of(&[&there]) == *kept) {
        rename(&fresh, &settled)?;
    }
    put(&fresh, bytes)?;
    Ok((fresh, settled))
}

impl Rotation {
    /// The lines an entry needs, so that the ledger knows the fresh files.
    pub fn lines(&self) -> Vec<TokenLine> {
        self.waiting.iter().map(|one| one.line.clone()).collect()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Drives whose token stayed as it was although it lies on a mounted volume.
    pub fn left(&self) -> &[(MediumId, Left)] {
        &self.left
    }

    /// Takes the files away again where the entry was refused or failed. Where it may have
    /// been appended all the same they stay: the ledger then knows one of the two, and a
    /// file that was taken away would make the drive look like its own copy.
    pub fn give_up(mut self, error: &OpsError) {
        if error.may_be_recorded() {
            self.waiting.clear();
        }
    }

    /// Gives the files their name, once the entry is appended. One that cannot be
    /// renamed is known to the ledger under the other name.
    pub fn settle(mut self) -> Vec<(MediumId, PathBuf)> {
        let settled = std::mem::take(&mut self.waiting).into_iter().map(|one| {
            let file = match rename(&one.fresh, &one.settled) {
                Ok(()) => one.settled,
                Err(_) => one.fresh,
            };
            (one.line.id, file)
        });
        settled.collect()
    }
}

impl Drop for Rotation {
    fn drop(&mut self) {
        for one in &self.waiting {
            // What stays is a file the ledger does not know beside one that it does.
            let _ = std::fs::remove_file(&one.fresh);
        }
    }
}
