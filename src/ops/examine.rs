//! What an attached drive's own bytes say, read where this machine and this user can.

use std::io;

use rustix::io::Errno;

use crate::ledger::alarms::Content;
use crate::model::evidence::{Evidence, Examined, Unread};
use crate::model::vocabulary::EncryptionGrade;
use crate::model::{Phrase, Token};
use crate::usb::quirks::{Encryption, LockState, known};
use crate::usb::{Bus, Device, Node};
use crate::volume::{FileDisk, probe};

/// Reads the disks of a drive, each opened for reading and nothing else. The bus says
/// whether they are of this machine at all.
///
/// A drive counts as read only when every disk of it that holds a medium was: what
/// was not seen may be plaintext.
pub fn examine(bus: &dyn Bus, device: &Device) -> Examined {
    if device.blocks.is_empty() {
        return Examined::Unread(Unread::NoDisk);
    }
    let mut parts = Vec::new();
    for block in &device.blocks {
        let Some(node) = bus.node(device, &block.name) else {
            return Examined::Unread(Unread::NotHere);
        };
        // An empty slot of a reader is no part of what the drive holds.
        if device.blocks.iter().any(|other| other.has_medium()) && !block.has_medium() {
            continue;
        }
        match read(&node) {
            Ok(evidence) => parts.push(evidence),
            Err(error) => return Examined::Unread(unread(&error)),
        }
    }
    match Evidence::of_all(parts) {
        Some(evidence) => Examined::Read(Box::new(evidence)),
        None => Examined::Unread(Unread::NoDisk),
    }
}

fn read(node: &Node) -> io::Result<Evidence> {
    let disk = match node.number {
        Some(number) => FileDisk::open_device(&node.path, number),
        None => FileDisk::open(&node.path),
    };
    match disk {
        Ok(disk) => Ok(probe(&disk)),
        // A locked drive: the disk is there, and nothing in it.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NOMEDIUM) => {
            Ok(probe(&[].as_slice()))
        }
        Err(error) => Err(error),
    }
}

fn unread(error: &io::Error) -> Unread {
    match error.kind() {
        io::ErrorKind::PermissionDenied => Unread::NoPermission,
        _ => Unread::NotOpened,
    }
}

/// What the ledger is told of what was read, with the claim of the drive's family.
/// `None` where nothing is known of either.
///
/// A family that encrypts by itself shows plaintext once it is unlocked, and nothing
/// while it is not: reading proves neither that it encrypts nor that it does not. So
/// its drives are `claimed` with the state that was seen. The one thing that outranks
/// the claim is an encryption that was read from the disk.
pub fn content(device: &Device, examined: &Examined) -> Option<Content> {
    let note = known(device.id).filter(|note| note.encryption == Encryption::Hardware);
    let state = note.map(|note| note.state(device).unwrap_or(LockState::Unread));
    let family = note.and_then(|note| note.file.trim_end_matches(".md").parse::<Token>().ok());
    let mut content = match examined {
        Examined::Read(evidence) => of_evidence(evidence),
        Examined::Unread(_) if family.is_some() => Content::default(),
        Examined::Unread(_) => return None,
    };
    let outranked = content.grade != EncryptionGrade::Verified;
    if let (Some(family), Some(state), true) = (family, state, outranked) {
        content.grade = EncryptionGrade::Claimed;
        content.scheme = Some(family);
        content.cipher = state.to_string().parse().ok();
        // While it is locked, its front was read and not what it holds: nothing that
        // could be compared with what was read of it before.
        if state != LockState::Unlocked {
            content = Content {
                grade: content.grade,
                scheme: content.scheme,
                cipher: content.cipher,
                ..Content::default()
            };
        }
    }
    Some(content)
}

/// Most marks that are kept of one drive. A hostile table has a hundred partitions;
/// the first in order are compared.
const MARKS_MAX: usize = 16;

fn of_evidence(evidence: &Evidence) -> Content {
    let marks = evidence.marks.iter().filter_map(|mark| mark.to_string().parse::<Phrase>().ok());
    let marks: Vec<Phrase> = marks.take(MARKS_MAX).collect();
    let unsure = evidence.grade == EncryptionGrade::Unreadable;
    let mut sequences: Vec<(Token, u64)> = Vec::new();
    for luks in evidence.luks_sequences.iter().take(MARKS_MAX) {
        match sequences.iter_mut().find(|(volume, _)| *volume == luks.volume) {
            Some((_, number)) => *number = luks.number.max(*number),
            None => sequences.push((luks.volume.clone(), luks.number)),
        }
    }
    Content {
        read: true,
        grade: evidence.grade,
        scheme: evidence.scheme.clone(),
        cipher: evidence.cipher.clone(),
        // Where something could not be read, a mark that is not there proves nothing.
        marks: (!unsure).then_some(marks),
        sequences,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_permission_is_called_one() {
        let said = |errno: Errno| unread(&io::Error::from(errno));
        assert_eq!(said(Errno::ACCESS), Unread::NoPermission);
        assert_eq!(said(Errno::PERM), Unread::NoPermission);
        assert_eq!(said(Errno::NOENT), Unread::NotOpened);
        assert_eq!(said(Errno::IO), Unread::NotOpened);
    }
}
