//! What other programs answer: an ssh-agent, a printer. Pictures, which anybody hands in.

use media_custody::keyring::agent_message::{self, public_in, public_line};
use media_custody::keyring::agent_message::{Answer, Identity};
use media_custody::picture::{Effort, is_picture, search_codes};
use media_custody::printer::ipp_answer;

fn string(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).expect("short").to_be_bytes();
    [&length[..], bytes].concat()
}

fn is_shown_safely(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// An answer of an ssh-agent without its length, or the line of a `.pub` file.
pub fn agent(bytes: &[u8]) {
    match agent_message::parse(bytes) {
        Ok(Answer::Failure) => assert_eq!(bytes, [5]),
        // It has one spelling, so that nothing rides along.
        Ok(Answer::Signature(signature)) => {
            let blob = [string(b"ssh-ed25519"), string(&signature)].concat();
            assert_eq!(bytes, [&[14][..], &string(&blob)].concat());
        }
        Ok(Answer::Identities(keys)) => {
            // Each key has two lengths at least.
            assert!(keys.len() <= 2048 && keys.len() * 8 <= bytes.len());
            keys.iter().for_each(identity);
        }
        Err(why) => assert!(is_shown_safely(why)),
    }
    let Ok(line) = std::str::from_utf8(bytes) else { return };
    if let Some(public) = public_in(line) {
        assert_eq!(public_in(&public_line(&public, "again")), Some(public));
    }
}

fn identity(key: &Identity) {
    assert!(is_shown_safely(key.kind()) && key.kind().chars().count() <= 300, "{}", key.kind());
    assert_eq!(key.public().is_some(), key.kind() == "ssh-ed25519");
    assert!(key.fingerprint().starts_with("SHA256:") && key.fingerprint().len() == 50);
}

/// An answer of a printer.
pub fn ipp(bytes: &[u8]) {
    let Some(answer) = ipp_answer::Answer::parse(bytes.to_vec()) else { return };
    let words = answer.words();
    assert!(is_shown_safely(&words) && words.chars().count() <= 400, "{words}");
    assert!(answer.is_fine() == (bytes[2] == 0), "by the status in its third byte");
    let groups = answer.jobs().count() + answer.printers().count();
    assert!(groups <= bytes.len());
}

/// A picture or document. Those of PNG have check sums that no fuzzer comes by; they are made
/// right.
pub fn picture(bytes: &[u8]) {
    let sealed = sealed_png(bytes);
    let found = search_codes(&sealed, Effort::Quick, &|texts| texts.len() >= 2);
    match found {
        Ok(codes) => {
            assert!(is_picture(&sealed));
            let mut texts = codes.texts.clone();
            texts.sort();
            texts.dedup();
            assert_eq!(texts.len(), codes.texts.len(), "each once");
        }
        Err(why) => assert!(why.to_string().len() < 4096),
    }
}

fn sealed_png(bytes: &[u8]) -> Vec<u8> {
    let mut sealed = bytes.to_vec();
    if !bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return sealed;
    }
    let mut at = 8;
    while let Some(length) = sealed.get(at..).and_then(|rest| rest.first_chunk::<4>()) {
        let end = at + 8 + u32::from_be_bytes(*length) as usize;
        let Some(chunk) = sealed.get(at + 4..end) else { break };
        let mut sum = flate2::Crc::new();
        sum.update(chunk);
        let Some(place) = sealed.get_mut(end..end + 4) else { break };
        place.copy_from_slice(&sum.sum().to_be_bytes());
        at = end + 4;
    }
    sealed
}
