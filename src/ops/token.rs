//! Token files: a random sector on a mounted volume of a drive, whose hash is in the
//! ledger, so that a copy of the drive shows the token of an earlier time.
//!
//! Writing one is the only thing this program ever writes on a medium, and it is done
//! only when somebody asks for it. See FORMAT.md, section "Tokens".

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::bus::{answers_to, drives};
use super::draft::Draft;
use super::error::{OpsError, TokenRefusal};
use super::ledger::Ledger;
use crate::ledger::intent::Glimpse;
use crate::ledger::terms::interested;
use crate::ledger::{Intent, Medium, Refusal};
use crate::model::vocabulary::SightingGrade;
use crate::model::{Hash, MediumId, Origin, PartyId};
use crate::usb::{Bus, Device, Mount};

/// The token file's name, at the top of the volume.
pub const NAME: &str = "custody-token.txt";
/// The name under which it is written, until the ledger has its hash.
pub const FRESH: &str = "custody-token.new";
/// Bytes of a token file: one sector.
pub const BYTES: usize = 512;

/// The hashes of the token files on the mounted volumes of a drive; none where no
/// volume of it is mounted and readable here.
pub fn seen(bus: &dyn Bus, device: &Device) -> Option<Vec<Hash>> {
    let mounts = device.blocks.iter().flat_map(|block| bus.mounts(device, &block.name));
    let mut readable = mounts.filter(is_of_volume).peekable();
    readable.peek()?;
    let files = readable.flat_map(|top| [NAME, FRESH].map(|name| top.point.join(name)));
    Some(files.filter_map(|file| read(&file)).map(|bytes| Hash::of(&[&bytes])).collect())
}

/// Whether the folder is the volume's own top and can be looked into: the table of
/// mounts also names points that something else was mounted over since.
pub(super) fn is_of_volume(top: &Mount) -> bool {
    let Ok(found) = std::fs::metadata(&top.point) else { return false };
    let number = (rustix::fs::major(found.dev()), rustix::fs::minor(found.dev()));
    top.number.is_none_or(|wanted| wanted == number) && std::fs::read_dir(&top.point).is_ok()
}

/// A token file, if there is one: exactly a sector, no link to elsewhere.
pub(super) fn read(file: &Path) -> Option<[u8; BYTES]> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let flags = i32::try_from(flags.bits()).ok()?;
    let opened = OpenOptions::new().read(true).custom_flags(flags).open(file).ok()?;
    let about = opened.metadata().ok()?;
    if !about.is_file() || about.len() != BYTES as u64 {
        return None;
    }
    let mut bytes = [0; BYTES];
    (&opened).read_exact(&mut bytes).ok()?;
    Some(bytes)
}

/// What a token file says: to a person what it is, to the ledger 32 random bytes.
pub(super) fn compose(ledger: &Origin, medium: &MediumId, random: &[u8; 32]) -> [u8; BYTES] {
    let said = format!(
        "custody/token/v1\nledger: {ledger}\nmedium: {medium}\nrandom: {}\n\n\
         This file tells a drive from a copy of it. Please leave it here.\n\
         この媒体を複製と見分けるためのファイルです。消さないでください。\n",
        data_encoding::HEXLOWER.encode(random)
    );
    let mut bytes = [b'\n'; BYTES];
    // An origin has at most 96 bytes and an asset id 16: it always fits.
    for (to, from) in bytes.iter_mut().zip(said.bytes()) {
        *to = from;
    }
    bytes
}

/// What is to be written, and where.
#[derive(Debug, Clone)]
pub struct TokenWish {
    /// On which drive.
    pub medium: MediumId,
    /// The mount point of one of its volumes.
    pub volume: PathBuf,
    /// By whom.
    pub by: PartyId,
}

/// A token file that waits for its entry. It lies on the volume under [`FRESH`].
#[derive(Debug)]
pub struct Written {
    /// The sighting that says so, to be signed.
    pub draft: Draft,
    fresh: PathBuf,
    settled: PathBuf,
}

/// Writes a fresh token beside the present one and drafts the entry. Until that is
/// appended the ledger knows the old file, afterwards the new one, whichever of the
/// two names it has: so a power cut at any moment leaves one that it knows.
///
/// # Errors
/// [`TokenRefusal`]; every reason the ledger has; the volume cannot be written.
pub fn write(ledger: &Ledger, bus: &dyn Bus, wish: &TokenWish) -> Result<Written, OpsError> {
    let state = ledger.state();
    let Some(medium) = state.media.get(&wish.medium) else {
        return Err(OpsError::refused(Refusal::UnknownMedium { medium: wish.medium.clone() }));
    };
    let ledger_name = state.facts.as_ref().map(|facts| facts.origin.clone());
    let origin = ledger_name.ok_or_else(|| OpsError::refused(Refusal::NotFounded))?;
    let device = attached(bus, medium)?;
    let volume = volume(bus, &device, wish)?;
    vouched_for(medium, seen(bus, &device).unwrap_or_default())?;
    let (fresh, settled) = (volume.join(FRESH), volume.join(NAME));
    // An interrupted attempt may have left the token that the ledger knows under the
    // name that the next one is about to take.
    if medium.token.is_some() && read(&fresh).map(|bytes| Hash::of(&[&bytes])) == medium.token {
        rename(&fresh, &settled).map_err(|error| OpsError::file("cannot rename", &fresh, error))?;
    }
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| OpsError::Random(error.to_string()))?;
    let bytes = compose(&origin, &wish.medium, &random);
    // Decided before anything is written.
    let draft = ledger.draft(Intent::Sight(Box::new(Glimpse {
        medium: wish.medium.clone(),
        // Whose word counts for less is for the ledger's rules to say.
        grade: match interested(ledger.state(), medium, &wish.by).is_some() {
            true => SightingGrade::Attested,
            false => SightingGrade::Profile,
        },
        place: medium.custody.place.clone(),
        token: Some(Hash::of(&[&bytes])),
        alarm: Vec::new(),
        detail: None,
        by: wish.by.clone(),
    })))?;
    put(&fresh, &bytes).map_err(|error| OpsError::file("cannot write", &fresh, error))?;
    Ok(Written { draft, fresh, settled })
}

impl Written {
    /// Gives the file its name, once the entry is appended. If this fails the ledger
    /// knows the file under the other name.
    ///
    /// # Errors
    /// What the system says.
    pub fn settle(&self) -> Result<&Path, OpsError> {
        rename(&self.fresh, &self.settled)
            .map_err(|error| OpsError::file("cannot rename", &self.fresh, error))?;
        Ok(&self.settled)
    }

    /// The file under its first name.
    pub fn fresh(&self) -> &Path {
        &self.fresh
    }

    /// Takes the file away again, unless its entry may have been appended in spite of the
    /// error: then the ledger may know it, and a drive without it would be doubted.
    pub fn give_up(&self, error: &OpsError) {
        if error.may_be_recorded() {
            return;
        }
        // What stays is a file the ledger does not know beside one that it does.
        let _ = std::fs::remove_file(&self.fresh);
    }
}

/// The one attached drive that answers to the medium's identity.
fn attached(bus: &dyn Bus, medium: &Medium) -> Result<Device, OpsError> {
    let mut found = drives(bus)?.into_iter().filter(|device| answers_to(device, &medium.line));
    match (found.next(), found.next()) {
        (Some(device), None) => Ok(device),
        (None, _) => Err(TokenRefusal::NotAttached(medium.line.id.clone()).into()),
        (Some(_), Some(_)) => Err(TokenRefusal::Several(medium.line.id.clone()).into()),
    }
}

/// The top of the volume that was named, if it is the drive's, mounted and writable.
fn volume(bus: &dyn Bus, device: &Device, wish: &TokenWish) -> Result<PathBuf, OpsError> {
    let named = std::fs::canonicalize(&wish.volume)
        .map_err(|error| OpsError::file("cannot read", &wish.volume, error))?;
    let mounts = device.blocks.iter().flat_map(|block| bus.mounts(device, &block.name));
    let top = mounts
        .filter(is_of_volume)
        .find(|top| std::fs::canonicalize(&top.point).is_ok_and(|point| point == named));
    match top {
        Some(top) if top.writable => Ok(named),
        Some(_) => Err(TokenRefusal::ReadOnly(named).into()),
        None => Err(TokenRefusal::NotMounted { medium: wish.medium.clone(), point: named }.into()),
    }
}

/// A drive whose token is not the last one may be the copy: it gets no fresh token,
/// which would make it the original, before two people have looked into it.
fn vouched_for(medium: &Medium, there: Vec<Hash>) -> Result<(), OpsError> {
    let Some(kept) = medium.token else { return Ok(()) };
    let lifted = |alarm: &str| medium.overrides.iter().any(|name| name.as_str() == alarm);
    let alarm = if there.is_empty() { "token-missing" } else { "token-stale" };
    if there.contains(&kept) || lifted(alarm) {
        return Ok(());
    }
    Err(TokenRefusal::Doubtful { medium: medium.line.id.clone(), alarm }.into())
}

/// Writes a new file durably, in place of one that an interrupted attempt left.
pub(super) fn put(file: &Path, bytes: &[u8; BYTES]) -> io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // Never through a link that somebody put there.
    let mut made = OpenOptions::new().write(true).create_new(true).open(file)?;
    let written = made.write_all(bytes).and_then(|()| made.sync_all());
    if written.is_err() {
        let _ = std::fs::remove_file(file);
    }
    written.and_then(|()| sync_folder(file))
}

/// Durably gives the file its name. Drives have FAT, whose line for the file is written by
/// a sync of the file, not of its folder; a drive pulled before that would show the token
/// before, as a copy does. The file that had the name is held until its line points elsewhere.
pub(super) fn rename(fresh: &Path, settled: &Path) -> io::Result<()> {
    let before = File::open(settled);
    let file = File::open(fresh)?;
    std::fs::rename(fresh, settled).and_then(|()| sync_folder(settled))?;
    file.sync_all()?;
    drop(before);
    Ok(())
}

fn sync_folder(file: &Path) -> io::Result<()> {
    match file.parent().map(File::open) {
        Some(Ok(folder)) => folder.sync_all(),
        // A file system whose folders cannot be opened has synced with the file.
        Some(Err(_)) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_sector_whatever_the_names() {
        let origin: Origin = format!("a.{}", "b".repeat(94)).parse().unwrap();
        let medium: MediumId = "USB-0421-B-12345".parse().unwrap();
        let bytes = compose(&origin, &medium, &[0xAB; 32]);
        let text = std::str::from_utf8(&bytes).expect("whole characters");
        assert!(text.starts_with("custody/token/v1\nledger: a.bbb"), "{text}");
        assert!(
            text.contains(&"ab".repeat(32)) && text.trim_end().ends_with("ください。"),
            "{text}"
        );
    }
}
