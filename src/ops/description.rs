//! A device in the words of a registration, so that what it says today can be
//! compared with what it said then.

use super::examine::content;
use crate::ledger::alarms::Description;
use crate::model::evidence::{Examined, Unread};
use crate::model::hardware::Lun;
use crate::model::printable::printable;
use crate::model::{Phrase, Token};
use crate::usb::Device;

/// What the device says of itself. A fact that could not be read stays empty. Its
/// bytes are not looked at, so all that is known of them is its family's claim.
pub fn describe(device: &Device) -> Description {
    describe_with(device, &Examined::Unread(Unread::NotAsked))
}

/// What the device says of itself, and what was read from it.
pub fn describe_with(device: &Device, examined: &Examined) -> Description {
    let mut oddities: Vec<Token> =
        device.oddities.iter().filter_map(|oddity| oddity.name().parse().ok()).collect();
    oddities.sort();
    oddities.dedup();
    Description {
        product: phrase(&device.claimed_name()),
        capacity: device.profile.capacity().map(|capacity| capacity.bytes()),
        release: format!("{:04x}", device.profile.release.0).parse().ok(),
        configurations: Some(u32::from(device.profile.configurations)),
        interfaces: interfaces(device),
        inquiry: inquiry(device),
        content: content(device, examined),
        tokens: None,
        oddities,
    }
}

/// Device text as one line of a statement; cut, since it is the device's word only.
fn phrase(text: &str) -> Option<Phrase> {
    let shown = crate::model::text::tidy(&printable(text, 90));
    shown.parse().ok()
}

fn interfaces(device: &Device) -> Option<Phrase> {
    // 33 entries fill the line; a device with more shows the first and an oddity.
    let all: Vec<String> =
        device.profile.interfaces.iter().take(33).map(ToString::to_string).collect();
    all.join(" ").parse().ok()
}

fn inquiry(device: &Device) -> Vec<Phrase> {
    let luns = device.profile.luns.value().map_or(&[][..], Vec::as_slice);
    let shown = |lun: &Lun| {
        let kind = lun.kind.map_or("?".to_owned(), |kind| kind.to_string());
        let words = [lun.vendor.as_str(), lun.model.as_str(), lun.revision.as_str()];
        phrase(&format!("{} type {kind} {}", lun.number, words.join(" ").trim()))
    };
    luns.iter().take(16).filter_map(shown).collect()
}
