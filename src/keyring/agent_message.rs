//! What is said to an ssh-agent and what it answers, as bytes (OpenSSH's PROTOCOL.agent and
//! RFC 4251, section 5). Three messages of some thirty are needed. An answer is believed in
//! nothing: every length is held against what is there, nothing may stand behind the end.

use data_encoding::BASE64;
use data_encoding::BASE64_NOPAD;

use crate::model::Hash;
use crate::wire::note::SIGNATURE_LEN;

const FAILURE: u8 = 5;
const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// The kind of key that signs what it is given, as it is.
pub(super) const ED25519: &str = "ssh-ed25519";
/// A key in a FIDO token.
pub(super) const ED25519_SK: &str = "sk-ssh-ed25519@openssh.com";

/// Largest answer in bytes: OpenSSH's agent sends none larger.
pub(super) const ANSWER_MAX: usize = 256 * 1024;
/// Most keys in an answer: OpenSSH's agent takes no more.
const IDENTITIES_MAX: u32 = 2048;

/// An answer that keeps to the protocol.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// The agent does not do it and does not say why.
    Failure,
    /// The keys it holds.
    Identities(Vec<Identity>),
    /// A signature, not verified.
    Signature([u8; SIGNATURE_LEN]),
}

/// A key that an agent says it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    kind: String,
    blob: Vec<u8>,
    public: Option<[u8; 32]>,
}

impl Identity {
    /// The public key in the form that the agent knows it by.
    pub(super) fn blob_of(public: &[u8; 32]) -> Vec<u8> {
        let mut blob = Vec::with_capacity(51);
        put(&mut blob, ED25519.as_bytes());
        put(&mut blob, public);
        blob
    }

    /// What kind of key it is, in SSH's words.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The public key, if it is one that can sign notes.
    pub fn public(&self) -> Option<&[u8; 32]> {
        self.public.as_ref()
    }

    /// Its fingerprint as `ssh-add -l` shows it.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.blob)
    }
}

fn fingerprint(blob: &[u8]) -> String {
    format!("SHA256:{}", BASE64_NOPAD.encode(&Hash::of(&[blob]).0))
}

/// The one line of a `.pub` file as OpenSSH has it.
pub fn public_line(public: &[u8; 32], comment: &str) -> String {
    format!("{ED25519} {} {comment}\n", BASE64.encode(&Identity::blob_of(public)))
}

/// The key in the line of a `.pub` file; none where it is not one that signs notes.
pub fn public_in(line: &str) -> Option<[u8; 32]> {
    let blob = BASE64.decode(line.split(' ').nth(1)?.as_bytes()).ok()?;
    let mut blob = Reader(&blob);
    let kind = blob.string()?;
    let public = blob.string()?.try_into().ok()?;
    blob.end()?;
    (kind == ED25519.as_bytes()).then_some(public)
}

/// The fingerprint of the key in a `.pub` file, of whatever kind.
pub(super) fn fingerprint_in(line: &str) -> Option<String> {
    let mut words = line.split_ascii_whitespace();
    let (kind, blob) = (words.next()?, words.next()?);
    let blob = BASE64.decode(blob.as_bytes()).ok()?;
    let stated = Reader(&blob).string()?;
    (stated == kind.as_bytes()).then(|| fingerprint(&blob))
}

pub(super) fn request_identities() -> Vec<u8> {
    framed(&[REQUEST_IDENTITIES])
}

pub(super) fn request_signature(public: &[u8; 32], message: &[u8]) -> Vec<u8> {
    let mut body = vec![SIGN_REQUEST];
    put(&mut body, &Identity::blob_of(public));
    put(&mut body, message);
    // No flags: those there are choose RSA's hash.
    body.extend_from_slice(&[0; 4]);
    framed(&body)
}

fn framed(body: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(4 + body.len());
    put(&mut frame, body);
    frame
}

/// A string of RFC 4251: its length, then its bytes. What is sent from here is a key, a note
/// of at most 65,535 bytes or both.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Reads an answer, the length in front of it left out.
///
/// # Errors
/// What is wrong with it.
pub fn parse(body: &[u8]) -> Result<Answer, &'static str> {
    let (kind, rest) = body.split_first().ok_or("it is empty")?;
    let mut rest = Reader(rest);
    let answer = match *kind {
        FAILURE => Answer::Failure,
        IDENTITIES_ANSWER => Answer::Identities(identities(&mut rest)?),
        SIGN_RESPONSE => {
            let mut signature = Reader(rest.string().ok_or("the signature is cut")?);
            let kind = signature.string().ok_or("the signature names no kind")?;
            if kind != ED25519.as_bytes() {
                return Err("the signature is not an ssh-ed25519 one");
            }
            let bytes = signature.string().and_then(|bytes| bytes.try_into().ok());
            let bytes = bytes.ok_or("the signature has not 64 bytes")?;
            signature.end().ok_or("something stands behind the signature")?;
            Answer::Signature(bytes)
        }
        _ => return Err("it answers something else"),
    };
    rest.end().ok_or("something stands behind the answer")?;
    Ok(answer)
}

fn identities(rest: &mut Reader<'_>) -> Result<Vec<Identity>, &'static str> {
    let count = rest.number().ok_or("the number of keys is cut")?;
    if count > IDENTITIES_MAX {
        return Err("it names more keys than an agent holds");
    }
    // Grows with what is there, not with what is claimed.
    let mut found = Vec::new();
    for _ in 0..count {
        let blob = rest.string().ok_or("a key is cut")?;
        rest.string().ok_or("the comment of a key is cut")?;
        let mut key = Reader(blob);
        let kind = key.string().ok_or("a key names no kind")?;
        let public = if kind == ED25519.as_bytes() {
            let public = key.string().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
            let public = public.ok_or("an ssh-ed25519 key has not 32 bytes")?;
            key.end().ok_or("something stands behind a key")?;
            Some(public)
        } else {
            None
        };
        let kind = String::from_utf8_lossy(kind);
        let kind = crate::model::printable::printable(&kind, 64);
        found.push(Identity { kind, blob: blob.to_vec(), public });
    }
    Ok(found)
}

/// Takes what RFC 4251 spells from the front of bytes; none where it is not there whole.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (four, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_be_bytes(*four))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        let (string, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(string)
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(keys: &[(&str, &[u8])]) -> Vec<u8> {
        let mut body = vec![IDENTITIES_ANSWER];
        body.extend_from_slice(&u32::try_from(keys.len()).unwrap().to_be_bytes());
        for (kind, public) in keys {
            let mut blob = Vec::new();
            put(&mut blob, kind.as_bytes());
            put(&mut blob, public);
            put(&mut body, &blob);
            put(&mut body, b"a comment");
        }
        body
    }

    fn signed(kind: &str, bytes: &[u8]) -> Vec<u8> {
        let mut signature = Vec::new();
        put(&mut signature, kind.as_bytes());
        put(&mut signature, bytes);
        let mut body = vec![SIGN_RESPONSE];
        put(&mut body, &signature);
        body
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(parse(&[FAILURE]), Ok(Answer::Failure));
        assert_eq!(parse(&signed(ED25519, &[7; 64])), Ok(Answer::Signature([7; 64])));
        let Ok(Answer::Identities(found)) =
            parse(&listing(&[(ED25519, &[3; 32]), ("ssh-rsa\u{1b}[2J", &[1; 300])]))
        else {
            panic!("a listing")
        };
        assert_eq!(found[0].public(), Some(&[3; 32]));
        assert_eq!(found[0].blob, Identity::blob_of(&[3; 32]));
        assert_eq!((found[1].public(), found[1].kind().contains('\u{1b}')), (None, false));
    }

    #[test]
    fn an_answer_cut_anywhere_or_longer_is_refused() {
        let whole =
            [listing(&[(ED25519, &[3; 32]), ("ssh-rsa", &[1; 9])]), signed(ED25519, &[7; 64])];
        for body in whole {
            for end in 0..body.len() {
                assert!(parse(&body[..end]).is_err(), "cut at {end}");
            }
            let longer = [body.as_slice(), b"x"].concat();
            assert!(parse(&longer).is_err());
        }
        assert!(parse(&[FAILURE, 0]).is_err());
        assert!(parse(&[99]).is_err());
    }

    #[test]
    fn lengths_and_counts_that_are_not_there_cost_nothing() {
        let huge = [&[IDENTITIES_ANSWER][..], &u32::MAX.to_be_bytes()].concat();
        assert!(parse(&huge).is_err());
        let claimed = [&[IDENTITIES_ANSWER][..], &2048u32.to_be_bytes()].concat();
        assert!(parse(&claimed).is_err());
        let string = [&[SIGN_RESPONSE][..], &u32::MAX.to_be_bytes(), &[0; 80]].concat();
        assert!(parse(&string).is_err());
        assert!(parse(&signed(ED25519, &[7; 63])).is_err());
        assert!(parse(&signed("ssh-rsa", &[7; 64])).is_err());
        assert!(parse(&listing(&[(ED25519, &[3; 31])])).is_err());
    }

    #[test]
    fn any_single_byte_altered_never_panics() {
        for body in [listing(&[(ED25519, &[3; 32])]), signed(ED25519, &[7; 64])] {
            for at in 0..body.len() {
                for with in [0, 1, 0x7f, 0xff] {
                    let mut altered = body.clone();
                    altered[at] = with;
                    let _ = parse(&altered);
                }
            }
        }
    }

    #[test]
    fn a_public_line_has_the_fingerprint_of_its_key() {
        let line = public_line(&[9; 32], "sato.example.jp");
        let key = Identity {
            kind: ED25519.to_owned(),
            blob: Identity::blob_of(&[9; 32]),
            public: Some([9; 32]),
        };
        assert_eq!(fingerprint_in(&line), Some(key.fingerprint()));
        assert_eq!(fingerprint_in("ssh-rsa AAAA"), None);
        assert_eq!(fingerprint_in(""), None);
    }
}
