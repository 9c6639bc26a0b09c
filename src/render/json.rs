//! A report as JSON, for programs.

use serde::Serialize;

use crate::model::printable::must_be_escaped;

/// Pretty JSON with a newline at its end. Characters that hide or reorder text
/// are written as `\u202e`: to a program that is the same string, and a terminal
/// that shows the JSON is not fooled.
pub fn to_json(report: &impl Serialize) -> String {
    // Reports are structs with text keys, for which this cannot fail.
    escaped(&serde_json::to_string_pretty(report).unwrap_or_default())
}

/// As [`to_json`], on one line: a stream of reports has one a line.
pub fn to_json_line(report: &impl Serialize) -> String {
    escaped(&serde_json::to_string(report).unwrap_or_default())
}

fn escaped(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        // Line ends stand between values; within strings they are escaped already.
        if character == '\n' || !must_be_escaped(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            safe.push_str(&format!("\\u{unit:04x}"));
        }
    }
    safe.push('\n');
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn hostile_text_is_the_same_string_and_shows_nothing_hidden(text in any::<String>()) {
            let json = to_json(&text);
            prop_assert!(!json.trim_end().chars().any(must_be_escaped));
            let line = to_json_line(&[&text]);
            prop_assert_eq!(line.find('\n'), Some(line.len() - 1));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn characters_beyond_the_basic_plane_become_pairs() {
        assert_eq!(to_json(&"\u{e0001}\u{202e}"), "\"\\udb40\\udc01\\u202e\"\n");
    }
}
