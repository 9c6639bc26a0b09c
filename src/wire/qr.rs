//! What stands in the two QR codes of a printed receipt: `CN1:` and the note,
//! `CP1:` and the tlog-proof, each as base45 (RFC 9285) of a zlib stream
//! (RFC 1950), so that a code holds QR's alphanumeric characters only.
//!
//! Compression levels differ between writers and nobody signs the compressed
//! bytes, so only the decompressed ones count; the base45 itself has one spelling.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use crate::wire::note::NOTE_MAX;

/// Longest payload text looked at, in characters: a QR code of version 40 holds
/// at most 4,296 alphanumeric characters, and the rest is room for payloads that
/// come by file.
pub const PAYLOAD_MAX: usize = 200_000;
/// Largest decompressed proof in bytes.
pub const PROOF_MAX: usize = 65_536;

/// Which half of a receipt a payload holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadKind {
    /// `CN1:`, the note: the statement with its signatures.
    Note,
    /// `CP1:`, the tlog-proof.
    Proof,
}

impl PayloadKind {
    /// What the payload's text begins with.
    pub fn prefix(self) -> &'static str {
        match self {
            PayloadKind::Note => "CN1:",
            PayloadKind::Proof => "CP1:",
        }
    }

    /// Most bytes it may decompress to.
    pub fn max(self) -> usize {
        match self {
            PayloadKind::Note => NOTE_MAX,
            PayloadKind::Proof => PROOF_MAX,
        }
    }
}

/// The decompressed bytes of one code. They are no more than claimed to be a
/// note or a proof; parsing them is the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Which half of a receipt.
    pub kind: PayloadKind,
    /// The bytes of the note or proof.
    pub bytes: Vec<u8>,
}

/// Why a text is no receipt code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PayloadError {
    /// A drive's label was given.
    #[error(
        "this is the label of a drive (CM1-...), not a receipt: scan the codes printed on the \
         receipt"
    )]
    LabelGiven,
    /// Neither `CN1:` nor `CP1:` at the beginning.
    #[error("not a code of a receipt: those begin with CN1: or CP1:")]
    Prefix,
    /// Longer than [`PAYLOAD_MAX`].
    #[error("the code has {0} characters; no receipt is that long")]
    TooLong(usize),
    /// Kana: the scanner typed into an input method in kana or romaji mode.
    #[error(
        "the scanner's text arrived as kana: switch the input method to direct input (半角英数) \
         and scan again"
    )]
    Kana,
    /// A character that no code has and that cannot be undone.
    #[error(
        "the character {0:?} does not occur in codes: the scanner and the computer disagree \
         about the keyboard, or the text was altered on its way"
    )]
    Character(char),
    /// Characters outside base45, or not the canonical spelling of the bytes.
    #[error("the code is not canonical base45: it was read or typed wrongly")]
    Base45,
    /// Not a zlib stream, or a damaged or cut one.
    #[error("the code's content does not decompress: it was read wrongly or cut short")]
    Zlib,
    /// Bytes behind the end of the zlib stream.
    #[error("{0} bytes stand behind the end of the compressed content")]
    Trailing(usize),
    /// The content is larger than its kind may be.
    #[error("the code decompresses to more than {0} bytes")]
    TooLarge(usize),
}

/// The text of a code.
///
/// # Errors
/// [`PayloadError::TooLarge`] when `bytes` is larger than its kind may be.
pub fn encode(kind: PayloadKind, bytes: &[u8]) -> Result<String, PayloadError> {
    if bytes.len() > kind.max() {
        return Err(PayloadError::TooLarge(kind.max()));
    }
    Ok(format!("{}{}", kind.prefix(), base45::encode(deflate(bytes)?)))
}

/// Reads the text of a code. White space around it, such as the newline a
/// scanner types, is ignored: base45 can neither begin a payload with a space,
/// since the prefix stands there, nor end one with it, since the last character
/// of a group never reaches that value.
///
/// # Errors
/// [`PayloadError`].
pub fn decode(text: &str) -> Result<Payload, PayloadError> {
    if text.len() > PAYLOAD_MAX {
        return Err(PayloadError::TooLong(text.len()));
    }
    let text = text.trim();
    let kinds = [PayloadKind::Note, PayloadKind::Proof];
    let found = kinds.iter().find_map(|kind| Some((*kind, text.strip_prefix(kind.prefix())?)));
    let Some((kind, encoded)) = found else {
        let label = text.starts_with("CM1-");
        return Err(if label { PayloadError::LabelGiven } else { PayloadError::Prefix });
    };
    let packed = base45::decode(encoded).map_err(|_| PayloadError::Base45)?;
    // A lax decoder takes a last pair of characters above 255 for its low byte;
    // encoding again shows it.
    if base45::encode(&packed) != encoded {
        return Err(PayloadError::Base45);
    }
    Ok(Payload { kind, bytes: inflate(&packed, kind.max())? })
}

/// A zlib stream of `bytes`, at the level that makes the smallest code.
fn deflate(bytes: &[u8]) -> Result<Vec<u8>, PayloadError> {
    let mut stream = Compress::new(Compression::best(), true);
    // Stored blocks are the worst case: a few bytes for each 32 KiB, and 6 of frame.
    let mut packed = Vec::with_capacity(bytes.len() + bytes.len() / 1000 + 64);
    match stream.compress_vec(bytes, &mut packed, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => Ok(packed),
        _ => Err(PayloadError::Zlib),
    }
}

/// Decompresses one whole zlib stream into at most `max` bytes. The output
/// buffer never exceeds `max` + 1 bytes, whatever the stream announces.
fn inflate(packed: &[u8], max: usize) -> Result<Vec<u8>, PayloadError> {
    let mut stream = Decompress::new(true);
    let mut bytes = Vec::with_capacity(max + 1);
    let status = stream
        .decompress_vec(packed, &mut bytes, FlushDecompress::Finish)
        .map_err(|_| PayloadError::Zlib)?;
    if bytes.len() > max {
        return Err(PayloadError::TooLarge(max));
    }
    if status != Status::StreamEnd {
        return Err(PayloadError::Zlib);
    }
    let read = usize::try_from(stream.total_in()).map_err(|_| PayloadError::Zlib)?;
    match packed.len() - read.min(packed.len()) {
        0 => Ok(bytes),
        behind => Err(PayloadError::Trailing(behind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(kind: PayloadKind, packed: &[u8]) -> String {
        format!("{}{}", kind.prefix(), base45::encode(packed))
    }

    #[test]
    fn a_payload_round_trips_and_scanners_may_add_newlines() {
        let bytes = "ledger: custody.example.jp\ngiver: 山田 花子\n".repeat(9).into_bytes();
        for kind in [PayloadKind::Note, PayloadKind::Proof] {
            let text = encode(kind, &bytes).expect("encodes");
            let alphabet = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
            assert!(text.bytes().all(|b| alphabet.contains(&b)));
            let payload = Payload { kind, bytes: bytes.clone() };
            assert_eq!(decode(&format!(" {text}\r\n")), Ok(payload));
        }
    }

    #[test]
    fn any_compression_level_is_read() {
        let bytes = b"the same bytes, the same bytes";
        for level in [Compression::none(), Compression::fast()] {
            let mut packed = Vec::with_capacity(200);
            let mut stream = Compress::new(level, true);
            stream.compress_vec(bytes, &mut packed, FlushCompress::Finish).expect("packs");
            let read = decode(&code(PayloadKind::Note, &packed)).expect("decodes");
            assert_eq!(read.bytes, bytes);
        }
    }

    #[test]
    fn bombs_stop_at_the_cap() {
        let packed = deflate(&vec![0; 5_000_000]).expect("packs");
        assert!(packed.len() < 6000);
        let refused = decode(&code(PayloadKind::Note, &packed));
        assert_eq!(refused, Err(PayloadError::TooLarge(NOTE_MAX)));
        let most = vec![7; NOTE_MAX];
        let text = encode(PayloadKind::Note, &most).expect("just fits");
        assert_eq!(decode(&text).expect("just fits").bytes.len(), NOTE_MAX);
        let over = vec![7; NOTE_MAX + 1];
        assert_eq!(encode(PayloadKind::Note, &over), Err(PayloadError::TooLarge(NOTE_MAX)));
        let just_over = code(PayloadKind::Note, &deflate(&over).expect("packs"));
        assert_eq!(decode(&just_over), Err(PayloadError::TooLarge(NOTE_MAX)));
        assert!(encode(PayloadKind::Proof, &over).is_ok());
        let random: Vec<u8> = (0..NOTE_MAX).map(|at| (at * at / 7 + at * 31) as u8).collect();
        assert!(encode(PayloadKind::Note, &random).is_ok());
    }

    #[test]
    fn damaged_streams_are_told_apart() {
        let packed = deflate(b"some note").expect("packs");
        let read = |bytes: &[u8]| decode(&code(PayloadKind::Note, bytes)).expect_err("refused");
        let mut behind = packed.clone();
        behind.extend_from_slice(b"xyz");
        assert_eq!(read(&behind), PayloadError::Trailing(3));
        assert_eq!(read(&packed[..packed.len() - 1]), PayloadError::Zlib);
        let mut checksum = packed.clone();
        *checksum.last_mut().expect("bytes") ^= 1;
        assert_eq!(read(&checksum), PayloadError::Zlib);
        assert_eq!(read(b""), PayloadError::Zlib);
        assert_eq!(read(b"no zlib at all"), PayloadError::Zlib);
        // FDICT set: a preset dictionary that no reader has.
        assert_eq!(read(&[0x78, 0xbb, 0, 0, 0, 1, 3, 0]), PayloadError::Zlib);
    }

    #[test]
    fn second_spellings_and_other_codes_are_refused() {
        assert_eq!(decode("CM1-USB-0421-ABCDEF-X"), Err(PayloadError::LabelGiven));
        assert_eq!(decode("CN2:ABC"), Err(PayloadError::Prefix));
        assert_eq!(decode("cn1:ABC"), Err(PayloadError::Prefix));
        assert_eq!(decode(""), Err(PayloadError::Prefix));
        // "::" is 2024 in base45, which a lax decoder cuts to one byte.
        for bad in ["CN1:::", "CN1:A", "CN1:abc", "CN1:\u{ff11}", "CN1::::"] {
            assert_eq!(decode(bad), Err(PayloadError::Base45), "{bad}");
        }
        let long = format!("CN1:{}", "0".repeat(PAYLOAD_MAX));
        assert_eq!(decode(&long), Err(PayloadError::TooLong(PAYLOAD_MAX + 4)));
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let text = encode(PayloadKind::Proof, &bytes).expect("encodes");
            prop_assert_eq!(decode(&text).expect("decodes").bytes, bytes);
        }

        #[test]
        fn no_text_panics(text in "C[NP]1:[0-9A-Z $%*+./:-]{0,60}") {
            let _ = decode(&text);
        }
    }
}
