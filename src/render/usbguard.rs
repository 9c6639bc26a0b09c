//! Rules for USBGuard (usbguard-rules.conf(5), the rule language of USBGuard 1.1).
//!
//! A serial is hostile: it comes from a device, and a quote in it would end the
//! value and begin a rule of the device's own choice. So everything but printable
//! ASCII is written as `\xNN`, byte by byte, and the quote and the backslash are
//! escaped; the language has a spelling for every byte.

use crate::ledger::State;
use crate::model::hardware::Interface;
use crate::report::export::{ExportView, Exported, LeftOut, exported, left_out};

/// What stands beside storage only in a disguise: input devices, network and modem
/// interfaces, each as USBGuard writes a class. The same as
/// [`Interface::is_input`] and [`Interface::is_network`].
const COMPANIONS: [(&str, &str); 5] = [
    ("03:*:*", "a keyboard or other input device"),
    ("02:*:*", "a modem or network interface"),
    ("0a:*:*", "a modem or network interface"),
    ("e0:*:*", "a wireless or network interface"),
    ("ef:04:*", "a network interface"),
];

/// The file: every registered medium is allowed, storage beside something else is
/// rejected, and so is all other storage.
pub fn usbguard(state: &State) -> ExportView {
    let mut view = ExportView { media: Vec::new(), left_out: Vec::new(), file: heading(state) };
    for medium in exported(state) {
        match medium.and_then(|medium| Ok((rule(&medium)?, medium))) {
            Ok((rule, medium)) => {
                view.media.push(medium.medium.clone());
                view.file.push_str(&rule);
            }
            Err(out) => {
                view.file.push_str(&format!("# {} is left out: {}.\n", out.medium, out.why));
                view.left_out.push(out);
            }
        }
    }
    view.file.push_str("# Storage beside something that does not belong there.\n");
    for (class, what) in COMPANIONS {
        let rule = format!("reject with-interface all-of {{ 08:*:* {class} }}");
        view.file.push_str(&format!("# {what}\n{rule}\n"));
    }
    view.file.push_str("# All other storage.\nreject with-interface one-of { 08:*:* }\n");
    view
}

fn heading(state: &State) -> String {
    let ledger = state.facts.as_ref().map_or("?", |facts| facts.origin.as_str());
    format!(
        "# USBGuard rules for the media of the ledger {ledger}, as of entry {}.\n\
         # Made by: custody export usbguard. Make them anew after a registration.\n\
         # The first rule that fits a device decides. Nothing here is about devices\n\
         # without storage: keep the rules for your keyboard, mouse and hubs before these.\n\
         # A drive whose serial begins or ends with spaces does not fit its rule.\n",
        state.size
    )
}

/// `allow` for exactly this medium.
fn rule(medium: &Exported<'_>) -> Result<String, LeftOut> {
    let interfaces = medium.interfaces.as_deref().ok_or_else(|| {
        left_out(medium.medium, "its registration does not name all of its interfaces")
    })?;
    let disguised = |one: &&Interface| one.is_input() || one.is_network() || one.is_hub();
    if let Some(odd) = interfaces.iter().find(disguised) {
        let why = format!("it was registered with an interface beside its storage ({odd})");
        return Err(left_out(medium.medium, why));
    }
    let interfaces: Vec<String> = interfaces.iter().map(ToString::to_string).collect();
    // `equals` counts interfaces: one more on the device, and the rule does not fit.
    Ok(format!(
        "allow id {} serial {} with-interface equals {{ {} }} label {}\n",
        medium.vid_pid,
        quoted(&medium.serial),
        interfaces.join(" "),
        quoted(medium.medium.as_str())
    ))
}

/// A text as a string of the rule language.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for byte in text.bytes() {
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_serials_stay_in_their_quotes() {
        assert_eq!(quoted("1C6F"), "\"1C6F\"");
        assert_eq!(quoted("a\"\n\\"), r#""a\"\x0a\\""#);
        assert_eq!(quoted("é\u{202e}"), r#""\xc3\xa9\xe2\x80\xae""#);
    }

    #[test]
    fn the_companions_are_those_the_oddities_know() {
        let known = |class: &str| COMPANIONS.iter().any(|(pattern, _)| *pattern == class);
        for class in 0..=255u8 {
            let one = Interface::new(class, 0, 0);
            let named = known(&format!("{class:02x}:*:*"));
            assert_eq!(named, one.is_input() || one.is_network(), "{one}");
        }
        assert!(known("ef:04:*") && Interface::new(0xef, 4, 1).is_network());
    }

    proptest! {
        #[test]
        fn only_printable_ascii_comes_out(text in any::<String>()) {
            let out = quoted(&text);
            prop_assert!(out.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
            let inner = &out[1..out.len() - 1];
            let open = inner.replace("\\\\", "").replace("\\\"", "");
            prop_assert!(!open.contains('"'));
        }
    }
}
