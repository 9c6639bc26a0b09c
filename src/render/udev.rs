//! Rules for udev (udev(7)) that name registered media.
//!
//! A rule tags and does not protect: it gives a registered medium's device nodes the
//! property `CUSTODY_MEDIUM`, for whatever else on the machine wants to know.
//!
//! udev has no full escape in a value that is matched: `*`, `?`, `[` and `|` are
//! patterns, and what a backslash means differs between versions. A serial that
//! holds one of them, a quote, or anything but printable ASCII is left out.

use crate::ledger::State;
use crate::report::export::{ExportView, Exported, LeftOut, exported, left_out};

/// Characters of printable ASCII that do not stand for themselves in a match.
const PATTERNS: &[char] = &['*', '?', '[', ']', '|', '"', '\\'];

/// The file: two rules for each medium, one for the USB device and one for its disks.
pub fn udev(state: &State) -> ExportView {
    let mut view = ExportView { media: Vec::new(), left_out: Vec::new(), file: heading(state) };
    for medium in exported(state) {
        match medium.and_then(|medium| Ok((rules(&medium)?, medium))) {
            Ok((rules, medium)) => {
                view.media.push(medium.medium.clone());
                view.file.push_str(&rules);
            }
            Err(out) => {
                view.file.push_str(&format!("# {} is left out: {}.\n", out.medium, out.why));
                view.left_out.push(out);
            }
        }
    }
    view.file.push_str("LABEL=\"custody_media_end\"\n");
    view
}

fn heading(state: &State) -> String {
    let ledger = state.facts.as_ref().map_or("?", |facts| facts.origin.as_str());
    format!(
        "# udev rules for the media of the ledger {ledger}, as of entry {}.\n\
         # Made by: custody export udev. Make them anew after a registration.\n\
         # For /etc/udev/rules.d/71-custody-media.rules. They name media and protect none:\n\
         # a device that claims the same numbers is named the same.\n\
         ACTION==\"remove\", GOTO=\"custody_media_end\"\n",
        state.size
    )
}

fn rules(medium: &Exported<'_>) -> Result<String, LeftOut> {
    let plain = |c: char| (' '..='~').contains(&c) && !PATTERNS.contains(&c);
    if !medium.serial.chars().all(plain) {
        let why = "its serial number holds characters that a udev rule cannot match for certain";
        return Err(left_out(medium.medium, why));
    }
    let (vendor, product) = (medium.vid_pid.vendor, medium.vid_pid.product);
    let named = format!("ENV{{CUSTODY_MEDIUM}}=\"{}\"", medium.medium);
    let matched = |attribute: &str| {
        format!(
            "{attribute}{{idVendor}}==\"{vendor:04x}\", {attribute}{{idProduct}}==\"{product:04x}\", \
             {attribute}{{serial}}==\"{}\"",
            medium.serial
        )
    };
    // A property of the USB device is not one of its disks: each gets its own. What
    // is matched with ATTRS is found in one parent, so numbers and serial belong
    // together.
    Ok(format!(
        "SUBSYSTEM==\"usb\", ENV{{DEVTYPE}}==\"usb_device\", {}, {named}\n\
         SUBSYSTEM==\"block\", SUBSYSTEMS==\"usb\", {}, {named}\n",
        matched("ATTR"),
        matched("ATTRS")
    ))
}
