//! What the firmware notes say of a device's family.
//!
//! The headers of the files in `firmware-notes/` are compiled in; their layout
//! is in `firmware-notes/README.md`. A note tells what somebody read or saw of a
//! family, and any device can claim the numbers of any family. So nothing here
//! is evidence about one drive, and the best that follows from a note is
//! "claimed by the model".

use std::fmt;
use std::sync::OnceLock;

use crate::model::hardware::VidPid;
use crate::model::printable::must_be_escaped;

use super::device::{BlockDevice, Device};

/// The longest text of a header, in characters.
const MAX_TEXT: usize = 300;
/// The most entries of a list in a header.
const MAX_ENTRIES: usize = 120;

/// One line of `$file => contents` for each note.
macro_rules! notes {
    ($($file:literal),+ $(,)?) => {
        /// Every note, as file name and text, in order of name.
        const NOTES: &[(&str, &str)] =
            &[$(($file, include_str!(concat!("../../firmware-notes/", $file)))),+];
    };
}

notes![
    "alcor-card-reader.md",
    "apricorn-aegis.md",
    "buffalo-ruf3-hs.md",
    "card-readers.md",
    "corsair-flash-padlock.md",
    "corsair-padlock-2.md",
    "datalocker-sentry.md",
    "elecom-pu-series.md",
    "fake-capacity-sticks.md",
    "flash-controllers.md",
    "iodata-ed-series.md",
    "istorage-datashur.md",
    "kanguru-defender.md",
    "kingston-datatraveler-locker-plus.md",
    "kingston-datatraveler-locker.md",
    "kingston-datatraveler-vault-privacy.md",
    "kingston-ironkey.md",
    "phison-reprogrammable.md",
    "sandisk-cruzer-enterprise.md",
    "sandisk-secureaccess.md",
    "u3-smart-drives.md",
    "usb-nvme-bridges.md",
    "usb-sata-bridges.md",
];

/// The closed words of a header's field.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$word_doc])* $word),+ }

        impl $name {
            /// The word as it stands in a header.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$word => $text),+ }
            }

            fn read(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$word),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Who encrypts, by the maker's word.
    Encryption {
        /// The drive itself.
        Hardware = "hardware",
        /// A program on the host; the disk is an ordinary one.
        Software = "software",
        /// Nobody.
        None = "none",
        /// No public source tells.
        Unknown = "unknown",
    }
}

words! {
    /// What the host sees of a locked drive.
    WhenLocked {
        /// No device, or a device without any unit.
        Invisible = "invisible",
        /// An optical drive with a program in it, and no disk with a medium.
        Optical = "optical",
        /// A disk drive without a medium, or of size 0.
        NoMedium = "no-medium",
        /// The family does not lock.
        Never = "never",
        /// No public source tells.
        Unknown = "unknown",
    }
}

words! {
    /// What the host sees of an unlocked drive.
    WhenUnlocked {
        /// A disk alone.
        Disk = "disk",
        /// A disk beside the optical drive.
        DiskAndOptical = "disk-and-optical",
        /// No public source tells.
        Unknown = "unknown",
    }
}

words! {
    /// What a serial number of the family is worth.
    SerialWorth {
        /// One for each drive.
        Good = "good",
        /// Drives share it.
        Shared = "shared",
        /// There is none.
        Missing = "missing",
        /// It differs or no public source tells.
        Unknown = "unknown",
    }
}

words! {
    /// How the note's statements are known.
    Evidence {
        /// Recorded from a device; the recording lies in `tests/devices/`.
        Recorded = "recorded",
        /// Read in the sources the note names.
        Read = "read",
        /// Not even that: a family that is named and of which nothing is known.
        Unconfirmed = "unconfirmed",
    }
}

/// The header of one note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'a> {
    /// The file's name in `firmware-notes/`.
    pub file: &'a str,
    /// The family as it is sold or known.
    pub family: &'a str,
    /// Its numbers, as far as a source names them, in order.
    pub ids: Vec<VidPid>,
    /// The chip, or `unknown`.
    pub controller: &'a str,
    /// Who encrypts.
    pub encryption: Encryption,
    /// What the host sees while it is locked.
    pub locked: WhenLocked,
    /// What the host sees once it is unlocked.
    pub unlocked: WhenUnlocked,
    /// What its serial is worth.
    pub serial: SerialWorth,
    /// What makes a careless program wrong; none when nothing is known.
    pub quirk: Option<&'a str>,
    /// How all this is known.
    pub evidence: Evidence,
    /// Where from; never empty.
    pub sources: Vec<&'a str>,
    /// What no source confirmed, each in a few words.
    pub unconfirmed: Vec<&'a str>,
}

/// The state of a drive that encrypts by itself, as the host sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LockState {
    /// An optical drive alone, or a disk drive without a medium.
    Locked,
    /// A disk with a medium.
    Unlocked,
    /// The USB device is there and shows no unit at all.
    Invisible,
    /// This bus or this user cannot see what the host sees.
    Unread,
}

impl fmt::Display for LockState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Invisible => "invisible",
            Self::Unread => "unread",
        })
    }
}

/// Why a note's header is refused. Lines and fields are named as in the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The file does not begin with a line `+++`, or there is no second one.
    #[error("{file}: the header stands between two lines of +++")]
    Fence {
        /// The file.
        file: String,
    },
    /// A field is missing, out of order, or not of its form.
    #[error("{file}: {field}: {rule}")]
    Field {
        /// The file.
        file: String,
        /// The field.
        field: &'static str,
        /// The rule it breaks.
        rule: &'static str,
    },
}

/// Reads the header of a note.
///
/// Accepted is a small part of TOML 1.0: every field once, in the fixed order,
/// as `field = "text"` or `field = ["text", "text"]`; a list may run over
/// several lines; a text has no quote, backslash or hidden character in it.
///
/// # Errors
///
/// See [`NoteError`]. A header without a source is one.
pub fn parse<'a>(file: &'a str, text: &'a str) -> Result<Note<'a>, NoteError> {
    let fence = || NoteError::Fence { file: file.to_owned() };
    let (header, _) =
        text.strip_prefix("+++\n").and_then(|rest| rest.split_once("\n+++\n")).ok_or_else(fence)?;
    let mut header = Header { file, rest: header, field: "family" };
    let family = header.text("family")?;
    let ids = header.list("ids")?;
    let ids: Option<Vec<VidPid>> = ids.into_iter().map(|id| id.parse().ok()).collect();
    let ids = ids.ok_or_else(|| header.wrong("an id looks like 0951:1666"))?;
    if !ids.is_sorted_by(|one, next| one < next) {
        return Err(header.wrong("ids are in order, each once"));
    }
    let note = Note {
        file,
        family,
        ids,
        controller: header.text("controller")?,
        encryption: header.word("encryption", Encryption::read)?,
        locked: header.word("locked", WhenLocked::read)?,
        unlocked: header.word("unlocked", WhenUnlocked::read)?,
        serial: header.word("serial", SerialWorth::read)?,
        quirk: Some(header.text("quirk")?).filter(|quirk| *quirk != "none known"),
        evidence: header.word("evidence", Evidence::read)?,
        sources: header.list("sources")?,
        unconfirmed: header.list("unconfirmed")?,
    };
    if !header.rest.is_empty() {
        return Err(header.wrong("nothing follows the last field"));
    }
    header.field = "sources";
    if note.sources.is_empty() {
        return Err(header.wrong("a note names its sources"));
    }
    Ok(note)
}

/// What is left to read of a header.
struct Header<'a> {
    file: &'a str,
    rest: &'a str,
    field: &'static str,
}

impl<'a> Header<'a> {
    fn wrong(&self, rule: &'static str) -> NoteError {
        NoteError::Field { file: self.file.to_owned(), field: self.field, rule }
    }

    /// The start of the line of `field`, up to its value.
    fn begin(&mut self, field: &'static str) -> Result<(), NoteError> {
        self.field = field;
        let value = self.rest.strip_prefix(field).and_then(|rest| rest.strip_prefix(" = "));
        self.rest = value.ok_or_else(|| self.wrong("is missing here, or its line is odd"))?;
        Ok(())
    }

    fn end(&mut self) -> Result<(), NoteError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.rest = self.rest.strip_prefix('\n').ok_or_else(|| self.wrong("its line goes on"))?;
        Ok(())
    }

    /// A quoted text.
    fn quoted(&mut self) -> Result<&'a str, NoteError> {
        let open = self.rest.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let (text, rest) = open.ok_or_else(|| self.wrong("a text stands in quotes"))?;
        let plain = |c: char| c != '\\' && !must_be_escaped(c);
        if text.trim() != text || text.is_empty() || !text.chars().all(plain) {
            return Err(self.wrong("a text is plain, on one line and not empty"));
        }
        if text.chars().count() > MAX_TEXT {
            return Err(self.wrong("a text has at most 300 characters"));
        }
        self.rest = rest;
        Ok(text)
    }

    fn text(&mut self, field: &'static str) -> Result<&'a str, NoteError> {
        self.begin(field)?;
        let text = self.quoted()?;
        self.end()?;
        Ok(text)
    }

    fn word<T>(
        &mut self,
        field: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, NoteError> {
        let text = self.text(field)?;
        read(text).ok_or_else(|| self.wrong("is no word of this field"))
    }

    /// Spaces and line ends between the entries of a list.
    fn skip(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\n']);
    }

    fn list(&mut self, field: &'static str) -> Result<Vec<&'a str>, NoteError> {
        self.begin(field)?;
        self.rest = self.rest.strip_prefix('[').ok_or_else(|| self.wrong("is a list"))?;
        let mut found = Vec::new();
        loop {
            self.skip();
            if let Some(rest) = self.rest.strip_prefix(']') {
                self.rest = rest;
                self.end()?;
                return Ok(found);
            }
            if found.len() == MAX_ENTRIES {
                return Err(self.wrong("has at most 120 entries"));
            }
            found.push(self.quoted()?);
            self.skip();
            match self.rest.strip_prefix(',') {
                Some(rest) => self.rest = rest,
                None if self.rest.starts_with(']') => {}
                None => return Err(self.wrong("a comma stands between entries")),
            }
        }
    }
}

/// Every note that is compiled in, in order of file name.
#[must_use]
pub fn all() -> &'static [Note<'static>] {
    static ALL: OnceLock<Vec<Note<'static>>> = OnceLock::new();
    // A test parses each; a note that is not sound would be missed, not trusted.
    ALL.get_or_init(|| NOTES.iter().filter_map(|(file, text)| parse(file, text).ok()).collect())
}

/// The note on a vendor and product number, if there is one.
#[must_use]
pub fn known(id: VidPid) -> Option<&'static Note<'static>> {
    all().iter().find(|note| note.ids.binary_search(&id).is_ok())
}

impl Note<'_> {
    /// The state of a drive of this family; none where the drive does not
    /// encrypt by itself, since then there is nothing it could lock.
    #[must_use]
    pub fn state(&self, device: &Device) -> Option<LockState> {
        let locks = self.encryption == Encryption::Hardware && self.locked != WhenLocked::Never;
        locks.then(|| lock_state(device))
    }
}

/// The state as the host sees it, whatever the family: only what is shown
/// counts, since a note may be wrong about one firmware.
#[must_use]
pub fn lock_state(device: &Device) -> LockState {
    let Some(units) = device.profile.luns.value() else {
        let read = !device.profile.luns.is_unread();
        return if read { LockState::Invisible } else { LockState::Unread };
    };
    if units.is_empty() {
        return LockState::Invisible;
    }
    let optical = |number: u64| units.iter().any(|unit| unit.number == number && unit.is_optical());
    let mut disks = device.blocks.iter().filter(|block| !optical(block.lun));
    if disks.clone().any(BlockDevice::has_medium) {
        LockState::Unlocked
    } else if disks.any(|block| block.size_bytes.is_none()) {
        // A disk whose size could not be read may be an open one.
        LockState::Unread
    } else {
        LockState::Locked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    const SOUND: &str = "+++\nfamily = \"A\"\nids = [\"0951:160d\", \"0951:1666\"]\n\
        controller = \"unknown\"\nencryption = \"hardware\"\nlocked = \"optical\"\n\
        unlocked = \"disk\"\nserial = \"good\"\nquirk = \"none known\"\nevidence = \"read\"\n\
        sources = [\n  \"a\",\n  \"b\",\n]\nunconfirmed = []\n+++\n\n# A\n";

    #[test]
    fn every_note_in_the_folder_is_compiled_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("firmware-notes");
        let mut there: BTreeSet<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(there.remove("README.md"));
        let listed: Vec<&str> = NOTES.iter().map(|(file, _)| *file).collect();
        assert_eq!(listed, there.iter().map(String::as_str).collect::<Vec<_>>());
    }

    #[test]
    fn every_note_parses_and_has_its_sections() {
        for (file, text) in NOTES {
            let note = parse(file, text).unwrap_or_else(|error| panic!("{error}"));
            let (_, body) = text[4..].split_once("\n+++\n").unwrap();
            let heads: Vec<&str> = body.lines().filter(|line| line.starts_with("## ")).collect();
            assert_eq!(heads, ["## Locked", "## Unlocked", "## Quirks", "## Evidence"], "{file}");
            assert!(body.starts_with("\n# "), "{file}: a title");
            let stem = file.strip_suffix(".md").unwrap();
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            assert!(stem.chars().all(plain), "{file}");
            // Every number of the header comes from the one list that was read, or
            // from a source that says the number.
            let from_list = note.sources.iter().any(|source| source.contains("usb.ids"));
            let said = |id: &VidPid| note.sources.iter().any(|s| s.contains(&id.to_string()));
            assert!(from_list || note.ids.iter().all(said), "{file}: numbers without a source");
        }
        assert_eq!(all().len(), NOTES.len());
        assert!(all().len() >= 20);
    }

    #[test]
    fn no_number_stands_in_two_notes() {
        let mut seen = BTreeSet::new();
        for (note, id) in all().iter().flat_map(|note| note.ids.iter().map(move |id| (note, id))) {
            assert!(seen.insert(*id), "{id} of {} stands in another note", note.file);
            assert_eq!(known(*id).unwrap().file, note.file);
        }
        assert!(known(VidPid { vendor: 0, product: 0 }).is_none());
    }

    /// What a family is recorded as doing must be possible at all.
    #[test]
    fn what_does_not_encrypt_has_no_state() {
        for note in all() {
            if note.encryption == Encryption::Software {
                assert_eq!(note.locked, WhenLocked::Never, "{}", note.file);
            }
            if note.evidence == Evidence::Unconfirmed {
                assert!(note.ids.is_empty() && !note.unconfirmed.is_empty(), "{}", note.file);
            }
        }
    }

    #[test]
    fn a_sound_header() {
        let note = parse("a.md", SOUND).unwrap();
        assert_eq!(note.sources, ["a", "b"]);
        assert_eq!((note.quirk, note.locked), (None, WhenLocked::Optical));
        assert_eq!(note.ids.len(), 2);
    }

    #[test]
    fn headers_are_strict() {
        for (find, replace, why) in [
            ("+++\nfamily", "family", "header"),
            ("\n+++\n\n# A", "\n\n# A", "header"),
            ("sources = [\n  \"a\",\n  \"b\",\n]", "sources = []", "names its sources"),
            ("sources = [\n  \"a\",\n  \"b\",\n]\n", "", "sources"),
            ("  \"a\",\n", "  \"\",\n", "not empty"),
            ("  \"a\",\n", "  \"a\"\n", "comma"),
            ("  \"a\",\n", "  a,\n", "quotes"),
            ("  \"a\",\n", "  \" a\",\n", "plain"),
            ("\"0951:1666\"", "\"0951:166G\"", "an id looks like"),
            ("\"0951:1666\"", "\"0951:160d\"", "in order"),
            ("\"0951:160d\", \"0951:1666\"", "\"0951:1666\", \"0951:160d\"", "in order"),
            ("\"optical\"", "\"verified\"", "no word"),
            ("\"hardware\"", "hardware", "quotes"),
            ("family = \"A\"", "family=\"A\"", "missing here"),
            ("family = \"A\"", "family = \"A\" # b", "goes on"),
            ("family = \"A\"", "family = \"A\\u0041\"", "plain"),
            ("family = \"A\"", "family = \"A\u{202e}\"", "plain"),
            ("family = \"A\"\n", "", "family"),
            ("unconfirmed = []", "unconfirmed = []\nextra = \"a\"", "nothing follows"),
            ("unconfirmed = []", "unconfirmed = [", "unconfirmed"),
        ] {
            assert!(SOUND.contains(find), "{find}");
            let text = SOUND.replacen(find, replace, 1);
            let error = parse("a.md", &text).expect_err(why).to_string();
            assert!(error.starts_with("a.md: ") && error.contains(why), "{why}: {error}");
        }
        let long = SOUND.replacen("\"A\"", &format!("\"{}\"", "A".repeat(301)), 1);
        assert!(parse("a.md", &long).is_err());
        let many = SOUND.replacen("\"a\",", &"\"a\",".repeat(121), 1);
        assert!(parse("a.md", &many).is_err());
    }

    mod states {
        use super::super::*;
        use crate::usb::Source;
        use crate::usb::recorded::Recording;

        /// The stick of tests/devices/vault-stick.json in one of its frames.
        fn device(frame: &str) -> Device {
            let bytes = include_bytes!("../../tests/devices/vault-stick.json");
            let recording = Recording::parse(bytes).unwrap();
            let frame = recording.frames().iter().find(|one| one.label == frame).unwrap();
            Device::from_observation(frame.devices[0].clone(), Source::Recorded)
        }

        #[test]
        fn a_vault_stick_is_told_by_what_it_shows() {
            for (frame, state) in [
                ("locked-optical-only", LockState::Locked),
                ("locked-empty-disk", LockState::Locked),
                ("unlocked", LockState::Unlocked),
                ("no-unit", LockState::Invisible),
                ("size-unread", LockState::Unread),
                ("units-unread", LockState::Unread),
            ] {
                let device = device(frame);
                let note = known(device.id).expect("a note");
                assert_eq!(note.state(&device), Some(state), "{frame}");
            }
        }

        #[test]
        fn what_does_not_lock_has_no_state() {
            let mut device = device("unlocked");
            device.id = "152d:0578".parse().unwrap();
            assert_eq!(known(device.id).unwrap().state(&device), None);
        }
    }
}
