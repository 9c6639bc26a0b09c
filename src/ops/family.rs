//! What the firmware notes say of a device.

use crate::report::scan::FamilyClaim;
use crate::usb::Device;
use crate::usb::quirks::{Encryption, LockState, known};

/// The family a device's numbers claim, and its state as the host sees it.
pub fn family(device: &Device) -> Option<FamilyClaim> {
    let note = known(device.id)?;
    let state = note.state(device);
    Some(FamilyClaim {
        name: note.family.to_owned(),
        note: note.file.to_owned(),
        encryption: note.encryption.to_string(),
        state: state.map(|state| state.to_string()),
        verdict: verdict(note.encryption, state),
        serial: note.serial.to_string(),
        quirk: note.quirk.map(str::to_owned),
        evidence: note.evidence.to_string(),
    })
}

/// No word of this may say more than that the model claims it.
fn verdict(encryption: Encryption, state: Option<LockState>) -> String {
    match (encryption, state) {
        (Encryption::Hardware, Some(LockState::Unread)) => {
            "encryption claimed by the model, state not readable here".to_owned()
        }
        (Encryption::Hardware, Some(state)) => {
            format!("encryption claimed by the model, state {state} seen")
        }
        (Encryption::Hardware, None) => "encryption claimed by the model".to_owned(),
        (Encryption::Software, _) => {
            "encrypted by a program if at all; the disk is an ordinary one".to_owned()
        }
        (Encryption::None, _) => "the model does not encrypt".to_owned(),
        (Encryption::Unknown, _) => "not known whether the model encrypts".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::quirks::all;

    #[test]
    fn a_note_never_verifies() {
        let states = [
            None,
            Some(LockState::Locked),
            Some(LockState::Unlocked),
            Some(LockState::Invisible),
            Some(LockState::Unread),
        ];
        for note in all() {
            for state in states {
                let words = verdict(note.encryption, state);
                assert!(!words.contains("verified"), "{words}");
                let claims = note.encryption == Encryption::Hardware;
                assert_eq!(words.contains("claimed by the model"), claims, "{words}");
            }
        }
    }
}
