//! The envelope of everything signed: C2SP signed notes (c2sp.org/signed-note).
//!
//! A note is parsed strictly enough that its bytes have one reading and its
//! reading has one spelling: what [`Note::parse`] accepts, [`Note::to_bytes`]
//! writes back byte for byte. The hash of an entry covers those bytes, so a
//! second spelling of the same note would be a second entry.

use data_encoding::BASE64;

use crate::model::base64::decode_any;

/// Largest note in bytes, signature lines included: tlog-tiles gives an entry a
/// 16-bit length.
pub const NOTE_MAX: usize = 65_535;
/// Most signature lines of one of our own statements. signed-note demands that
/// at least 16 be accepted.
pub const STATEMENT_SIGNATURES_MAX: usize = 16;
/// Most signature lines of a checkpoint, where witnesses unknown to us may add
/// theirs.
pub const CHECKPOINT_SIGNATURES_MAX: usize = 64;
/// Length in bytes of an Ed25519 signature.
pub const SIGNATURE_LEN: usize = 64;

/// What a signature line begins with: em dash, space.
const MARK: &str = "\u{2014} ";

/// How much of what signed-note permits is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// An entry of the ledger: every line is a plain Ed25519 signature, and no
    /// control character of any Unicode block is let through, since the text is
    /// printed as it is signed.
    Statement,
    /// A checkpoint: lines of other signature types (cosignatures, post-quantum
    /// ones, whatever comes) are kept as they are, as signed-note demands of
    /// signatures by unknown keys.
    Checkpoint,
}

impl Profile {
    fn signatures_max(self) -> usize {
        match self {
            Profile::Statement => STATEMENT_SIGNATURES_MAX,
            Profile::Checkpoint => CHECKPOINT_SIGNATURES_MAX,
        }
    }

    /// signed-note forbids what lies below U+0020; a statement forbids DEL and
    /// the C1 block (U+0080 to U+009F) too, which terminals obey.
    fn forbids(self, c: char) -> bool {
        match self {
            Profile::Statement => c.is_control() && c != '\n',
            Profile::Checkpoint => c < ' ' && c != '\n',
        }
    }
}

/// One signature line: `— <name> base64(<id> || <bytes>)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The key's name, without Unicode spaces and `+`.
    pub name: String,
    /// The key id, big-endian.
    pub id: [u8; 4],
    /// The signature itself, in whatever form its type has; at least one byte.
    pub bytes: Vec<u8>,
}

impl SignatureLine {
    /// The line as it stands in a note, newline included.
    pub fn to_line(&self) -> String {
        let mut raw = self.id.to_vec();
        raw.extend_from_slice(&self.bytes);
        format!("{MARK}{} {}\n", self.name, BASE64.encode(&raw))
    }

    /// Reads one line, without its newline.
    fn parse(line: &str, profile: Profile) -> Result<Self, LineError> {
        let rest = line.strip_prefix(MARK).ok_or(LineError::Mark)?;
        let (name, encoded) = rest.split_once(' ').ok_or(LineError::Shape)?;
        // No trailing bits, no missing or inner padding, no white space: a signature has
        // one spelling.
        let mut bytes = decode_any(encoded).map_err(|_| LineError::Base64)?;
        let id = *bytes.first_chunk::<4>().ok_or(LineError::Short)?;
        bytes.drain(..id.len());
        let parsed = SignatureLine { name: name.to_owned(), id, bytes };
        parsed.check(profile)?;
        Ok(parsed)
    }

    fn check(&self, profile: Profile) -> Result<(), LineError> {
        let odd = |c: char| c.is_whitespace() || c == '+' || profile.forbids(c) || c == '\n';
        // Almost every name is printable ASCII, and for that one look at a byte is enough.
        let plain = self.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'+');
        if self.name.is_empty() || !plain && self.name.contains(odd) {
            return Err(LineError::Name);
        }
        match (profile, self.bytes.len()) {
            (_, 0) => Err(LineError::Short),
            (Profile::Statement, len) if len != SIGNATURE_LEN => Err(LineError::Length(len)),
            _ => Ok(()),
        }
    }
}

/// What is wrong with one signature line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// The line does not begin with an em dash and a space.
    #[error("it does not begin with an em dash and a space")]
    Mark,
    /// No space between name and signature.
    #[error("it has no space between key name and signature")]
    Shape,
    /// The name is empty or holds a space, `+` or a control character.
    #[error("the key name is empty or holds a space, '+' or a control character")]
    Name,
    /// The signature is not canonical standard base64.
    #[error("the signature is not canonical base64")]
    Base64,
    /// Too short to hold a key id and one byte of signature.
    #[error("the signature is too short for a key id and a signature")]
    Short,
    /// A statement's signature that is not 64 bytes long.
    #[error("an Ed25519 signature has 64 bytes, this one {0}")]
    Length(usize),
}

/// Why bytes are no note.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Larger than [`NOTE_MAX`].
    #[error("the note has {0} bytes; at most 65535 are allowed")]
    TooLarge(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8 (byte {0})")]
    Utf8(usize),
    /// A carriage return: the file went through something that rewrites line ends.
    #[error(
        "line {0} ends in a carriage return: a mail program or editor changed the line ends; \
         use the file as it was written"
    )]
    CarriageReturn(usize),
    /// A control character.
    #[error("line {line} holds the control character U+{code:04X}")]
    Control {
        /// Line, counted from 1.
        line: usize,
        /// The character's code point.
        code: u32,
    },
    /// The text is empty or does not end in a newline.
    #[error("the text of a note ends in a newline")]
    TextEnd,
    /// No blank line with signature lines behind it.
    #[error("no blank line with signatures behind it: the note is cut short or was never signed")]
    NoSignatures,
    /// The last line lacks its newline.
    #[error("the last line has no newline: the note is cut short")]
    Cut,
    /// More signature lines than the profile lets in.
    #[error("the note has {found} signature lines; at most {max} are allowed")]
    TooManySignatures {
        /// Lines found.
        found: usize,
        /// Lines allowed.
        max: usize,
    },
    /// A signature line is malformed.
    #[error("signature line {line}: {error}")]
    Line {
        /// Signature line, counted from 1.
        line: usize,
        /// What is wrong with it.
        error: LineError,
    },
}

/// A signed note. Holding one says that the bytes are well formed and nothing
/// about any signature: [`crate::wire::signature`] decides those.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// Parses an entry of the ledger ([`Profile::Statement`]).
    ///
    /// # Errors
    /// [`NoteError`]: not canonical, too large, or not signed at all.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        Self::parse_as(bytes, Profile::Statement)
    }

    /// Parses a note under a profile.
    ///
    /// # Errors
    /// [`NoteError`]: not canonical, too large, or not signed at all.
    pub fn parse_as(bytes: &[u8], profile: Profile) -> Result<Self, NoteError> {
        if bytes.len() > NOTE_MAX {
            return Err(NoteError::TooLarge(bytes.len()));
        }
        let whole = std::str::from_utf8(bytes).map_err(|e| NoteError::Utf8(e.valid_up_to()))?;
        check_characters(whole, profile)?;
        // The text may hold blank lines itself; the last one of the note is the
        // separator, and the text keeps the newline before it.
        let mut ends = memchr::memrchr_iter(b'\n', bytes);
        let blank = ends.find(|&end| bytes.get(end + 1) == Some(&b'\n'));
        let blank = blank.ok_or(NoteError::NoSignatures)?;
        let (text, block) = whole.split_at(blank + 1);
        let block = block.strip_prefix('\n').ok_or(NoteError::NoSignatures)?;
        if block.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let lines = block.strip_suffix('\n').ok_or(NoteError::Cut)?;
        let found = lines.split('\n').count();
        if found > profile.signatures_max() {
            return Err(NoteError::TooManySignatures { found, max: profile.signatures_max() });
        }
        let mut signatures = Vec::with_capacity(found);
        for (at, line) in lines.split('\n').enumerate() {
            let parsed = SignatureLine::parse(line, profile)
                .map_err(|error| NoteError::Line { line: at + 1, error })?;
            signatures.push(parsed);
        }
        Ok(Note { text: text.to_owned(), signatures })
    }

    /// Puts a text and its signature lines together, in the order given.
    ///
    /// # Errors
    /// [`NoteError`] when the result would not parse again under `profile`.
    pub fn assemble(
        text: &str,
        signatures: Vec<SignatureLine>,
        profile: Profile,
    ) -> Result<Self, NoteError> {
        check_text(text, profile)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        if signatures.len() > profile.signatures_max() {
            let max = profile.signatures_max();
            return Err(NoteError::TooManySignatures { found: signatures.len(), max });
        }
        for (at, line) in signatures.iter().enumerate() {
            line.check(profile).map_err(|error| NoteError::Line { line: at + 1, error })?;
        }
        let note = Note { text: text.to_owned(), signatures };
        match note.to_bytes().len() {
            len if len > NOTE_MAX => Err(NoteError::TooLarge(len)),
            _ => Ok(note),
        }
    }

    /// The signed text, its final newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines in the order they stand.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// The note's bytes: text, blank line, signature lines.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.text.clone();
        bytes.push('\n');
        for line in &self.signatures {
            bytes.push_str(&line.to_line());
        }
        bytes.into_bytes()
    }
}

/// Whether a text may be signed: non-empty, ending in a newline, within
/// [`NOTE_MAX`], without the control characters `profile` forbids.
///
/// # Errors
/// [`NoteError`] naming the first thing in the way.
pub fn check_text(text: &str, profile: Profile) -> Result<(), NoteError> {
    if text.len() > NOTE_MAX {
        return Err(NoteError::TooLarge(text.len()));
    }
    if !text.ends_with('\n') {
        return Err(NoteError::TextEnd);
    }
    check_characters(text, profile)
}

fn check_characters(text: &str, profile: Profile) -> Result<(), NoteError> {
    // 0xC2 begins the spelling of the C1 block, among others. Without a loop that
    // ends early, this looks at many bytes at a time.
    let suspect = |byte: u8| (byte < b' ' && byte != b'\n') | (byte == 0x7F) | (byte == 0xC2);
    if !text.bytes().fold(false, |found, byte| found | suspect(byte)) {
        return Ok(());
    }
    for (at, line) in text.split('\n').enumerate() {
        match line.chars().find(|&c| profile.forbids(c)) {
            None => {}
            Some('\r') => return Err(NoteError::CarriageReturn(at + 1)),
            Some(c) => return Err(NoteError::Control { line: at + 1, code: u32::from(c) }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const QUASIMODO: &str = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";

    #[test]
    fn the_first_example_of_the_specification_round_trips() {
        let note = Note::parse(QUASIMODO.as_bytes()).expect("the specification's own note");
        assert!(note.text().ends_with(":\n\ned è subito sera.\n"), "text keeps its blank line");
        assert_eq!(note.signatures().len(), 1);
        assert_eq!(note.to_bytes(), QUASIMODO.as_bytes());
    }

    fn refused(from: &str, to: &str) -> NoteError {
        let altered = QUASIMODO.replacen(from, to, 1);
        assert_ne!(altered, QUASIMODO);
        Note::parse(altered.as_bytes()).expect_err("altered note")
    }

    #[test]
    fn a_second_spelling_is_refused() {
        let line = |error| NoteError::Line { line: 1, error };
        // The last base64 character carries padding bits; setting one of them
        // decodes to the same bytes in a lax decoder.
        assert_eq!(refused("NtIc=", "NtId="), line(LineError::Base64));
        assert_eq!(refused("NtIc=", "NtIc"), line(LineError::Base64));
        assert_eq!(refused("salvatore Nn", "salvatore  Nn"), line(LineError::Base64));
        assert_eq!(refused("— quasi", "- quasi"), line(LineError::Mark));
        assert_eq!(refused("salvatore ", "salva+tore "), line(LineError::Name));
        assert_eq!(refused("salvatore ", "salva\u{3000}tore "), line(LineError::Name));
        assert_eq!(refused("— quasimodo.example/salvatore ", "—  "), line(LineError::Name));
    }

    /// The same signature as two encodings in a row: a lax reader sees no difference, and
    /// the note would be another entry. Found by fuzzing beside `signed_note`.
    #[test]
    fn two_encodings_in_a_row_are_no_signature() {
        let encoded = QUASIMODO.trim_end().rsplit(' ').next().expect("a signature");
        let raw = BASE64.decode(encoded.as_bytes()).expect("base64");
        for at in [1, 4, 35] {
            let joint = BASE64.encode(&raw[..at]) + &BASE64.encode(&raw[at..]);
            assert_eq!(BASE64.decode(joint.as_bytes()).as_ref(), Ok(&raw));
            let error = LineError::Base64;
            assert_eq!(refused(encoded, &joint), NoteError::Line { line: 1, error });
        }
    }

    #[test]
    fn broken_frames_are_named() {
        assert_eq!(refused("sera.\n", "sera.\r\n"), NoteError::CarriageReturn(4));
        assert_eq!(refused("sole", "so\u{7}le"), NoteError::Control { line: 2, code: 7 });
        assert_eq!(refused("sole", "so\u{9b}le"), NoteError::Control { line: 2, code: 0x9b });
        assert_eq!(refused("NtIc=\n", "NtIc="), NoteError::Cut);
        assert_eq!(Note::parse(b"text only\n"), Err(NoteError::NoSignatures));
        assert_eq!(Note::parse(b"text only\n\n"), Err(NoteError::NoSignatures));
        assert_eq!(Note::parse(b""), Err(NoteError::NoSignatures));
        assert_eq!(Note::parse(b"\xff\n\n"), Err(NoteError::Utf8(0)));
        let large = vec![b'a'; NOTE_MAX + 1];
        assert_eq!(Note::parse(&large), Err(NoteError::TooLarge(NOTE_MAX + 1)));
    }

    #[test]
    fn unknown_signature_types_pass_in_a_checkpoint_only() {
        let long = SignatureLine { name: "w".into(), id: [1, 2, 3, 4], bytes: vec![7; 2428] };
        let note = Note::assemble("a\n1\nb\n", vec![long.clone()], Profile::Checkpoint)
            .expect("a post-quantum line");
        let bytes = note.to_bytes();
        assert_eq!(Note::parse_as(&bytes, Profile::Checkpoint), Ok(note));
        let refusal = NoteError::Line { line: 1, error: LineError::Length(2428) };
        assert_eq!(Note::parse(&bytes), Err(refusal.clone()));
        assert_eq!(Note::assemble("a\n", vec![long], Profile::Statement), Err(refusal));
    }

    #[test]
    fn sixteen_signatures_pass_and_seventeen_do_not() {
        let line = SignatureLine { name: "k".into(), id: [0; 4], bytes: vec![1; SIGNATURE_LEN] };
        let note = Note::assemble("t\n", vec![line.clone(); 16], Profile::Statement);
        let mut bytes = note.expect("16 lines").to_bytes();
        assert!(Note::parse(&bytes).is_ok());
        bytes.extend_from_slice(line.to_line().as_bytes());
        assert_eq!(Note::parse(&bytes), Err(NoteError::TooManySignatures { found: 17, max: 16 }));
    }

    proptest! {
        /// Whatever is accepted is written back byte for byte.
        #[test]
        fn accepted_bytes_are_canonical(
            text in "[ -~\n—é]{0,60}",
            tail in "(\n(— [a-z+ ]{0,5} ?[A-Za-z0-9+/=]{0,92}\n){0,3}){0,2}",
        ) {
            let bytes = format!("{text}\n{tail}");
            for profile in [Profile::Statement, Profile::Checkpoint] {
                if let Ok(note) = Note::parse_as(bytes.as_bytes(), profile) {
                    prop_assert_eq!(note.to_bytes(), bytes.as_bytes());
                }
            }
        }

        /// Any text that may be signed survives the round trip.
        #[test]
        fn assembled_notes_parse_again(text in "[ -~\n—é]{0,200}", name in "[!-*,-~é]{1,20}") {
            let text = format!("{text}\n");
            let line = SignatureLine { name, id: [9; 4], bytes: vec![3; SIGNATURE_LEN] };
            let note = Note::assemble(&text, vec![line], Profile::Statement).expect("assembles");
            prop_assert_eq!(Note::parse(&note.to_bytes()).expect("parses"), note);
        }
    }
}
