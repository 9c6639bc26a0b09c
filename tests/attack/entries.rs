//! Attacks on entries: their text, their signatures, their order.

use data_encoding::BASE64;
use media_custody::model::VerifierKey;
use media_custody::wire::signature::{Signer as _, SigningKey, sign_line};

use crate::hands::{
    SEGMENT, altered, another_handover, appended, cover_up, forged, frame_at, joined, key_of,
    make_right, notes, parts, replaced, signed, spelled_otherwise, write,
};
use crate::office::{self, Case, of};
use crate::{Attack, Finding, Nothing, WITH_KEY};

/// The first signature line of entry 9, spelled in another way.
fn respelled(case: &Case, way: fn(&str) -> String) {
    altered(case, 9, |note| {
        let (text, mut lines) = parts(note);
        lines[0] = spelled_otherwise(&lines[0], way);
        joined(&text, &lines)
    });
}

/// Entry 9 with its signature lines rearranged.
fn rearranged(case: &Case, way: fn(&mut Vec<String>)) {
    altered(case, 9, |note| {
        let (text, mut lines) = parts(note);
        way(&mut lines);
        joined(&text, &lines)
    });
}

/// Entry 9 with other words in one line, signed anew by the same people.
fn said_otherwise(case: &Case, from: &str, to: &str) {
    altered(case, 9, |note| {
        let (text, _) =
            parts(&String::from_utf8(replaced(note.as_bytes(), from, to)).expect("text"));
        signed(case, &text, &["yamada", "sato"])
    });
}

/// sasaki, staff, loses the key and it is revoked as entry 10; somebody has it.
fn revoked(case: &Case) {
    let line = "party revoke sasaki --reason compromised --by kato --passphrase-file words";
    case.ok(line);
}

/// A party statement by which a new person gets this key, signed by it too if it can.
fn enrolled(case: &Case, public: [u8; 32]) {
    let notes = notes(case);
    let (text, _) = parts(std::str::from_utf8(&notes[3]).expect("text"));
    let key = VerifierKey::new(of("weak.example.jp"), public).to_string();
    let text: String = text
        .lines()
        .map(|line| match line.split_once(": ") {
            Some(("party", _)) => "party: weak 弱 一郎, 静岡支部\n".to_owned(),
            Some(("party-key", _)) | Some(("key", _)) => {
                format!("{}: {key}\n", line.split(": ").next().expect("a key"))
            }
            Some(("nonce", _)) => "nonce: AAECAwQFBgcICQoLDA0ODw==\n".to_owned(),
            _ => format!("{line}\n"),
        })
        .collect();
    assert!(text.contains(&key), "{text}");
    // R = identity and S = 0: with a key of small order many verifiers accept it for any text.
    let mut weak = [0; 68];
    weak[..4].copy_from_slice(&VerifierKey::new(of("weak.example.jp"), public).id());
    weak[4] = 1;
    let weak = format!("— weak.example.jp {}\n", BASE64.encode(&weak));
    let by = sign_line(&key_of(case, "yamada"), &text).expect("signed").to_line();
    appended(case, joined(&text, &[weak, by]));
}

pub const ATTACKS: &[Attack] = &[
    Attack {
        title: "one bit of a note flipped in the file",
        does: |case| {
            let mut bytes = case.read(SEGMENT);
            bytes[frame_at(case, 9) + 200] ^= 1;
            case.write(SEGMENT, bytes);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "stored-bytes", "checksum"),
    },
    Attack {
        title: "one bit of an early note flipped in the file",
        does: |case| {
            let mut bytes = case.read(SEGMENT);
            bytes[frame_at(case, 4) + 90] ^= 0x20;
            case.write(SEGMENT, bytes);
        },
        verify: WITH_KEY,
        names: Finding(Some(4), "stored-bytes", "checksum"),
    },
    Attack {
        title: "an entry edited, check sum and chain made right",
        does: |case| {
            let mut notes = notes(case);
            notes[9] = replaced(&notes[9], "persons: 3775", "persons: 7");
            write(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", ""),
    },
    Attack {
        title: "an entry edited, everything but the signatures made right",
        does: |case| altered(case, 9, |note| note.replacen("persons: 3775", "persons: 7", 1)),
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", "line 1 by yamada"),
    },
    Attack {
        title: "an entry replaced with a re-signed one, and no new checkpoint",
        does: |case| {
            let mut notes = notes(case);
            notes[9] = forged(case, &notes[9], "persons: 3775", "persons: 7");
            write(case, &notes);
            cover_up(case, &notes);
        },
        verify: WITH_KEY,
        // Which of the ten it was stands nowhere any more.
        names: Finding(None, "checkpoint-root", "rewritten after it was signed"),
    },
    Attack {
        title: "an early entry replaced with a re-signed one, and a new checkpoint",
        does: |case| {
            let mut notes = notes(case);
            notes[4] = forged(case, &notes[4], "佐々木 次郎", "佐々木 三郎");
            make_right(case, &notes);
        },
        verify: WITH_KEY,
        // Whoever signed next had seen the true one.
        names: Finding(Some(5), "seen-root", "its signers saw another log"),
    },
    Attack {
        title: "two entries swapped",
        does: |case| {
            let mut notes = notes(case);
            notes.swap(5, 6);
            write(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(5), "refused", "its signers saw 6 entries, and this ledger has 5"),
    },
    Attack {
        title: "two entries swapped, everything made right",
        does: |case| {
            let mut notes = notes(case);
            notes.swap(5, 6);
            make_right(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(5), "refused", "its signers saw 6 entries, and this ledger has 5"),
    },
    Attack {
        title: "an entry in the middle removed, everything made right",
        does: |case| {
            let mut notes = notes(case);
            notes.remove(5);
            make_right(case, &notes);
        },
        verify: WITH_KEY,
        names: Finding(Some(5), "refused", "its signers saw 6 entries, and this ledger has 5"),
    },
    Attack {
        title: "an entry repeated at the end, everything made right",
        does: |case| {
            let last = String::from_utf8(notes(case)[9].clone()).expect("text");
            appended(case, last);
        },
        verify: WITH_KEY,
        names: Finding(Some(10), "duplicate", "it repeats entry 9"),
    },
    Attack {
        title: "a signature line stripped",
        does: |case| rearranged(case, |lines| drop(lines.pop())),
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", "sato"),
    },
    Attack {
        title: "a signature line duplicated",
        does: |case| rearranged(case, |lines| lines.push(lines[1].clone())),
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", "has signed 2 times"),
    },
    Attack {
        title: "signature lines reordered",
        does: |case| rearranged(case, |lines| lines.swap(0, 1)),
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", ""),
    },
    Attack {
        title: "a signature line moved here from another entry",
        does: |case| {
            let (_, lines) = parts(std::str::from_utf8(&notes(case)[8]).expect("text"));
            altered(case, 9, |note| {
                let (text, mut own) = parts(note);
                own[0].clone_from(&lines[0]);
                joined(&text, &own)
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", "the signature does not verify"),
    },
    Attack {
        title: "signed by the same name with another key",
        does: |case| {
            altered(case, 9, |note| {
                let (text, mut lines) = parts(note);
                let other = SigningKey::from_seed(of(&office::key_name("yamada")), &[7; 32]);
                lines[0] = sign_line(&other, &text).expect("signed").to_line();
                joined(&text, &lines)
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", "yamada"),
    },
    Attack {
        title: "signed by the same name with another key, which the text names as well",
        does: |case| {
            altered(case, 9, |note| {
                let (text, mut lines) = parts(note);
                let other = SigningKey::from_seed(of(&office::key_name("yamada")), &[7; 32]);
                let own = key_of(case, "yamada").key().to_string();
                let text = text.replace(&own, &other.key().to_string());
                lines[0] = sign_line(&other, &text).expect("signed").to_line();
                lines[1] = sign_line(&key_of(case, "sato"), &text).expect("signed").to_line();
                joined(&text, &lines)
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "refused", "yamada"),
    },
    Attack {
        title: "an entry signed with a key that was revoked before",
        does: |case| {
            revoked(case);
            let text = another_handover(case).replace("at: 2026-01-06T10", "at: 2026-12-06T10");
            stolen(case, &text);
        },
        verify: WITH_KEY,
        names: Finding(Some(11), "refused", "was revoked by entry 10"),
    },
    Attack {
        title: "an entry signed with a revoked key and dated before the revocation",
        does: |case| {
            revoked(case);
            stolen(case, &another_handover(case));
        },
        verify: WITH_KEY,
        names: Finding(Some(11), "refused", "was revoked by entry 10"),
    },
    Attack {
        title: "no attack: a key revoked after what it signed",
        does: |case| {
            case.ok("party revoke sato --reason lost --by kato --passphrase-file words");
        },
        verify: WITH_KEY,
        names: Nothing,
    },
    Attack {
        title: "a person's name with a letter that looks the same (homoglyph)",
        // 一 (one) and ー (the long vowel mark).
        does: |case| said_otherwise(case, "佐藤 一郎", "佐藤 ー郎"),
        verify: WITH_KEY,
        names: Finding(Some(9), "refused", "佐藤"),
    },
    Attack {
        title: "a key's name with a letter that looks the same (homoglyph)",
        does: |case| {
            rearranged(case, |lines| lines[0] = lines[0].replacen("yamada", "y\u{430}mada", 1))
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "signatures", ""),
    },
    Attack {
        title: "a name with a character that turns the direction (bidi)",
        does: |case| said_otherwise(case, "佐藤 一郎", "佐藤 \u{202E}一郎"),
        verify: WITH_KEY,
        names: Finding(Some(9), "statement", "U+202E"),
    },
    Attack {
        title: "a name in another normal form",
        does: |case| said_otherwise(case, "印刷・製本", "印刷・か\u{3099}"),
        verify: WITH_KEY,
        names: Finding(Some(9), "statement", "normalisation form"),
    },
    Attack {
        title: "a public key of small order: the identity",
        does: |case| enrolled(case, [&[1][..], &[0; 31]].concat().try_into().expect("32 bytes")),
        verify: WITH_KEY,
        names: Finding(Some(10), "signatures", "small order"),
    },
    Attack {
        title: "a public key of small order: of order 4, not canonically encoded",
        does: |case| {
            enrolled(case, [&[0xED][..], &[0xFF; 31]].concat().try_into().expect("32 bytes"))
        },
        verify: WITH_KEY,
        names: Finding(Some(10), "signatures", "canonical"),
    },
    Attack {
        title: "base64 that is not canonical: a bit that does not count",
        does: |case| respelled(case, bit_set),
        verify: WITH_KEY,
        names: Finding(Some(9), "note", "canonical base64"),
    },
    Attack {
        title: "base64 that is not canonical: two encodings in a row",
        does: |case| {
            respelled(case, |text| {
                let raw = BASE64.decode(text.as_bytes()).expect("base64");
                BASE64.encode(&raw[..4]) + &BASE64.encode(&raw[4..])
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "note", "canonical base64"),
    },
    Attack {
        title: "base64 that is not canonical: no padding",
        does: |case| respelled(case, |text| text.trim_end_matches('=').to_owned()),
        verify: WITH_KEY,
        names: Finding(Some(9), "note", "canonical base64"),
    },
    Attack {
        title: "base64 that is not canonical: within the signed text",
        does: |case| {
            altered(case, 9, |note| {
                let (text, _) = parts(note);
                let line = text.lines().find(|line| line.starts_with("nonce: ")).expect("a nonce");
                let (key, encoded) = line.split_once(": ").expect("a line");
                let text = text.replace(line, &format!("{key}: {}", bit_set(encoded)));
                signed(case, &text, &["yamada", "sato"])
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "statement", "nonce"),
    },
    Attack {
        title: "`seen` from the future",
        does: |case| said_otherwise(case, "seen: 9 ", "seen: 12 "),
        verify: WITH_KEY,
        names: Finding(Some(9), "refused", "its signers saw 12 entries, and this ledger has 9"),
    },
    Attack {
        title: "`seen` of another history",
        does: |case| {
            let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
            altered(case, 9, |note| {
                let (text, _) = parts(note);
                let seen = text.lines().find(|line| line.starts_with("seen: ")).expect("seen");
                signed(case, &text.replace(seen, &format!("seen: 9 {root}")), &["yamada", "sato"])
            });
        },
        verify: WITH_KEY,
        names: Finding(Some(9), "seen-root", "its signers saw another log"),
    },
];

/// The same bytes with the lowest bit that does not count set.
fn bit_set(encoded: &str) -> String {
    const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let body = encoded.trim_end_matches('=');
    let padding = &encoded[body.len()..];
    assert!(!padding.is_empty(), "every bit counts");
    let (front, last) = body.split_at(body.len() - 1);
    let value = DIGITS.find(last).expect("a digit") | 1;
    format!("{front}{}{padding}", &DIGITS[value..=value])
}

/// USB-0422 given back by sato, and taken by whoever has sasaki's key.
fn stolen(case: &Case, text: &str) {
    let sasaki = key_of(case, "sasaki").key().to_string();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let side = |key: &str, lines: &[String]| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{key}: ")))
            .expect("a side")
            .to_owned()
    };
    let (giver, giver_key) = (side("receiver", &lines), side("receiver-key", &lines));
    for line in &mut lines {
        match line.split_once(": ").map(|(key, _)| key) {
            Some("giver") => *line = format!("giver: {giver}"),
            Some("giver-key") => *line = format!("giver-key: {giver_key}"),
            Some("receiver") => *line = "receiver: sasaki 佐々木 次郎, 静岡支部".to_owned(),
            Some("receiver-key") => *line = format!("receiver-key: {sasaki}"),
            _ => {}
        }
    }
    lines.retain(|line| !line.starts_with("due: "));
    appended(case, signed(case, &(lines.join("\n") + "\n"), &["sato", "sasaki"]));
}
