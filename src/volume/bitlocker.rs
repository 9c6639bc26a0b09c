//! BitLocker and BitLocker To Go, as far as a volume tells without its key.
//!
//! Layout: libyal's "BitLocker Drive Encryption (BDE) format specification",
//! sections "Volume header", "FVE metadata block", "FVE metadata header", "FVE
//! metadata entry" and "FVE Volume Master Key". That text does not name the two
//! state fields and the check sum. The states are named after `state_types` in
//! dislocker's `metadata.priv.h`; the CRC-32 behind a block, the limit of 64 KiB
//! and the place check are those of `BITLK_read_sb` in cryptsetup's
//! `lib/bitlk/bitlk.c`.

use std::io;

use super::disk::{self, Disk};
use super::fields::{array_at, guid_text, u16_at, u32_at, u64_at};

/// The most bytes that [`read`] asks a disk for: the boot record, a header on
/// Vista, and three times a header, a block and its check sum.
pub const MAX_READ: u64 = 512 + 512 + 3 * (512 + MAX_BLOCK as u64 + TRAILER as u64);

/// The largest metadata block that is read; Windows reserves as much for each.
const MAX_BLOCK: usize = 64 << 10;
/// Size, version and CRC-32 behind a block.
const TRAILER: usize = 8;
/// Block header and metadata header together.
const HEADERS: usize = 64 + 48;
/// Entries of one block that are looked at. A volume has about ten.
const MAX_ENTRIES: usize = 256;

const SIGNATURE: &[u8; 8] = b"-FVE-FS-";
const TO_GO: &[u8; 8] = b"MSWIN4.1";
/// 4967d63b-2e29-4ad8-8399-f6a339e3d001 as it is stored.
const STANDARD: [u8; 16] = [
    0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01,
];
/// 92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8 as it is stored.
const ENCRYPT_ON_WRITE: [u8; 16] = [
    0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d, 0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8,
];

/// A volume with BitLocker's boot record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BitLocker {
    /// Which boot record it is.
    pub form: Form,
    /// The identifier in the boot record.
    pub identifier: Identifier,
    /// Where the three metadata blocks begin, in bytes from the volume's start.
    pub offsets: [u64; 3],
    /// The three metadata blocks, in the order of `offsets`.
    pub blocks: [Block; 3],
}

/// The form of the boot record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Form {
    /// Windows Vista and Server 2008.
    Vista,
    /// Windows 7 and later, whatever the file system inside.
    Seven,
    /// BitLocker To Go on a FAT drive: the front is a readable FAT file system with
    /// a small reader program, the data lie encrypted in its files.
    ToGo,
}

/// The identifier in the boot record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identifier {
    /// There is none; so on Vista.
    Absent,
    /// 4967d63b-2e29-4ad8-8399-f6a339e3d001.
    Standard,
    /// 92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8: encryption on write, also called "used
    /// disk space only". What was deleted before may still lie there in the clear.
    UsedSpaceOnly,
    /// Another one, as stored.
    Other([u8; 16]),
}

/// One of the three metadata blocks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// Its check sum is right and all of it was understood.
    Sound(Metadata),
    /// It was read, and is not what it should be.
    Damaged(Fault),
    /// It could not be read.
    Unreadable(io::ErrorKind),
}

/// Why a metadata block is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// It would lie outside the volume, or its place is not stated.
    #[error("metadata block outside the volume")]
    Outside,
    /// It does not begin with the signature.
    #[error("no metadata block where one should be")]
    Signature,
    /// Neither version 1 nor 2.
    #[error("metadata block of version {0}, which is not known")]
    Version(u16),
    /// Its size is impossible.
    #[error("metadata block with an impossible size")]
    Size,
    /// Its CRC-32 is another one.
    #[error("metadata block with a wrong check sum")]
    Checksum,
    /// It says that it lies elsewhere.
    #[error("metadata block in the wrong place")]
    Misplaced,
    /// An entry is cut off or has an impossible length.
    #[error("metadata block with a broken entry")]
    Entry,
    /// There are more entries than are read, so one that matters may be unseen.
    #[error("metadata block with too many entries")]
    TooMany,
}

/// What a sound metadata block says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// 1 on Vista, else 2.
    pub version: u16,
    /// The state now.
    pub state: State,
    /// The state that is aimed at.
    pub next_state: State,
    /// Bytes from the volume's start on that are encrypted, by the block itself.
    /// None on Vista, where the field is unused.
    pub encrypted_bytes: Option<u64>,
    /// The volume's identifier, as stored; see [`Metadata::volume_text`].
    pub volume: [u8; 16],
    /// How sectors are encrypted.
    pub cipher: Cipher,
    /// When encryption was set up, as a FILETIME: units of 100 ns since 1601.
    pub created: u64,
    /// The ways to the volume master key, in stored order.
    pub protectors: Vec<Protector>,
    /// Whether there is an encrypted volume key. Without one nothing can be decrypted.
    pub has_volume_key: bool,
}

/// A state as a metadata block states it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// 1.
    Decrypted,
    /// 2: between the two.
    Converting,
    /// 3: what is written is encrypted, the rest is as it was.
    EncryptOnWrite,
    /// 4.
    Encrypted,
    /// 5: between the two, and not going on.
    Paused,
    /// A value that no source names.
    Other(u16),
}

/// Both states together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conversion {
    /// Encrypted and to remain so.
    Encrypted,
    /// Only what was written since is encrypted.
    EncryptOnWrite,
    /// On the way to encrypted.
    Encrypting,
    /// On the way to decrypted.
    Decrypting,
    /// Not encrypted.
    Decrypted,
    /// States that no source explains.
    Unknown,
}

/// How sectors are encrypted ("Encryption methods").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cipher {
    /// 0x8000.
    AesCbc128Elephant,
    /// 0x8001.
    AesCbc256Elephant,
    /// 0x8002.
    AesCbc128,
    /// 0x8003.
    AesCbc256,
    /// 0x8004.
    AesXts128,
    /// 0x8005.
    AesXts256,
    /// Any other value; 0 is thought to mean that nothing is encrypted.
    Other(u16),
}

/// One way to the volume master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protector {
    /// Its identifier, as stored.
    pub identifier: [u8; 16],
    /// What it takes.
    pub kind: ProtectorKind,
}

/// What unlocks a volume master key ("Key protection types").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProtectorKind {
    /// Nothing: the key that unlocks it lies on the volume. BitLocker is suspended
    /// or was never activated, and whoever has the drive has the data.
    ClearKey,
    /// 0x0100: the computer's TPM.
    Tpm,
    /// 0x0200: a key file.
    StartupKey,
    /// 0x0500: the TPM and a PIN.
    TpmPin,
    /// 0x0800: the recovery password of 48 digits.
    RecoveryPassword,
    /// 0x1000: a smart card (named by cryptsetup only).
    SmartCard,
    /// 0x2000: a password.
    Password,
    /// A value that no source names.
    Other(u16),
}

impl BitLocker {
    /// The first sound metadata block, which is the one that Windows uses.
    #[must_use]
    pub fn metadata(&self) -> Option<&Metadata> {
        self.sound().next()
    }

    /// Whether any sound block has a clear key. Any, because an attacker does not
    /// have to use the first one.
    #[must_use]
    pub fn has_clear_key(&self) -> bool {
        self.sound().any(Metadata::has_clear_key)
    }

    /// Whether all three blocks are sound and say the same.
    #[must_use]
    pub fn blocks_agree(&self) -> bool {
        let [a, b, c] = &self.blocks;
        matches!(a, Block::Sound(_)) && a == b && b == c
    }

    fn sound(&self) -> impl Iterator<Item = &Metadata> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Sound(metadata) => Some(metadata),
            _ => None,
        })
    }
}

impl Metadata {
    /// Whether the key lies on the volume.
    #[must_use]
    pub fn has_clear_key(&self) -> bool {
        self.protectors.iter().any(|protector| protector.kind == ProtectorKind::ClearKey)
    }

    /// The volume's identifier as Windows writes it, in small letters.
    #[must_use]
    pub fn volume_text(&self) -> String {
        guid_text(&self.volume)
    }

    /// Both states together.
    #[must_use]
    pub fn conversion(&self) -> Conversion {
        match (self.state, self.next_state) {
            (State::Encrypted, State::Encrypted) => Conversion::Encrypted,
            (State::Decrypted, State::Decrypted) => Conversion::Decrypted,
            (State::EncryptOnWrite, _) => Conversion::EncryptOnWrite,
            (_, State::EncryptOnWrite) => Conversion::EncryptOnWrite,
            (State::Converting | State::Paused | State::Decrypted, State::Encrypted) => {
                Conversion::Encrypting
            }
            (State::Converting | State::Paused | State::Encrypted, State::Decrypted) => {
                Conversion::Decrypting
            }
            _ => Conversion::Unknown,
        }
    }
}

impl Protector {
    /// Its identifier as Windows writes it, in small letters.
    #[must_use]
    pub fn identifier_text(&self) -> String {
        guid_text(&self.identifier)
    }
}

impl State {
    fn of(value: u16) -> Self {
        match value {
            1 => Self::Decrypted,
            2 => Self::Converting,
            3 => Self::EncryptOnWrite,
            4 => Self::Encrypted,
            5 => Self::Paused,
            other => Self::Other(other),
        }
    }
}

impl Cipher {
    fn of(value: u16) -> Self {
        match value {
            0x8000 => Self::AesCbc128Elephant,
            0x8001 => Self::AesCbc256Elephant,
            0x8002 => Self::AesCbc128,
            0x8003 => Self::AesCbc256,
            0x8004 => Self::AesXts128,
            0x8005 => Self::AesXts256,
            other => Self::Other(other),
        }
    }

    /// Cipher, mode and initial vectors in dm-crypt's words; None for an unknown one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::AesCbc128Elephant | Self::AesCbc256Elephant => Some("aes-cbc-elephant"),
            Self::AesCbc128 | Self::AesCbc256 => Some("aes-cbc-eboiv"),
            Self::AesXts128 | Self::AesXts256 => Some("aes-xts-plain64"),
            Self::Other(_) => None,
        }
    }

    /// The length of one AES key in bits, 128 or 256; None for an unknown cipher.
    #[must_use]
    pub fn aes_bits(self) -> Option<u16> {
        match self {
            Self::AesCbc128Elephant | Self::AesCbc128 | Self::AesXts128 => Some(128),
            Self::AesCbc256Elephant | Self::AesCbc256 | Self::AesXts256 => Some(256),
            Self::Other(_) => None,
        }
    }
}

impl ProtectorKind {
    fn of(value: u16) -> Self {
        match value {
            // The specification has 0 only; dislocker takes all of this range.
            0..=0x00FF => Self::ClearKey,
            0x0100 => Self::Tpm,
            0x0200 => Self::StartupKey,
            0x0500 => Self::TpmPin,
            0x0800 => Self::RecoveryPassword,
            0x1000 => Self::SmartCard,
            0x2000 => Self::Password,
            other => Self::Other(other),
        }
    }
}

/// Looks for BitLocker in the volume of `length` bytes at `offset`. None where its
/// boot record is not BitLocker's. Reads at most [`MAX_READ`] bytes.
///
/// # Errors
/// When the boot record cannot be read. A metadata block that cannot be read is no
/// error, for there are three.
pub fn read(disk: &dyn Disk, offset: u64, length: u64) -> io::Result<Option<BitLocker>> {
    let volume = disk::Region::new(disk, offset, length);
    let boot = disk::read(&volume, 0, 512)?;
    let Some((form, identifier, mut offsets)) = boot_record(&boot) else { return Ok(None) };
    if form == Form::Vista
        && let Ok(head) = disk::read(&volume, offsets[0], 512)
        && head.starts_with(SIGNATURE)
    {
        // Vista's boot record knows the first block only.
        let [_, second, third] = &mut offsets;
        (*second, *third) =
            (u64_at(&head, 40).unwrap_or_default(), u64_at(&head, 48).unwrap_or_default());
    }
    let [first, second, third] = offsets;
    let blocks = [(0, first), (1, second), (2, third)].map(|(at, start)| {
        block(&volume, start, at).unwrap_or_else(|stop| match stop {
            Stop::Fault(fault) => Block::Damaged(fault),
            Stop::Read(kind) => Block::Unreadable(kind),
        })
    });
    Ok(Some(BitLocker { form, identifier, offsets, blocks }))
}

/// Form, identifier and offsets; on Vista the first offset alone.
fn boot_record(boot: &[u8]) -> Option<(Form, Identifier, [u64; 3])> {
    let signature = array_at::<8>(boot, 3)?;
    if &signature == TO_GO {
        // Windows 95 put the same name on any FAT volume: only the identifier tells.
        let identifier = identifier(array_at(boot, 424)?)?;
        return Some((Form::ToGo, identifier, offsets(boot, 440)?));
    }
    if &signature != SIGNATURE {
        return None;
    }
    let stored = array_at(boot, 160)?;
    let cluster = u64_at(boot, 56)?;
    if identifier(stored).is_none() && cluster != 0 {
        let sector = u64::from(u16_at(boot, 11)?);
        let sectors = u64::from(*boot.get(13)?);
        let first = cluster.checked_mul(sector.checked_mul(sectors)?);
        return Some((Form::Vista, Identifier::Absent, [first.unwrap_or_default(), 0, 0]));
    }
    let identifier = identifier(stored).unwrap_or(Identifier::Other(stored));
    Some((Form::Seven, identifier, offsets(boot, 176)?))
}

fn identifier(stored: [u8; 16]) -> Option<Identifier> {
    match stored {
        STANDARD => Some(Identifier::Standard),
        ENCRYPT_ON_WRITE => Some(Identifier::UsedSpaceOnly),
        _ => None,
    }
}

fn offsets(bytes: &[u8], at: usize) -> Option<[u64; 3]> {
    let [first, second, third] = [0, 8, 16].map(|step| u64_at(bytes, at + step));
    Some([first?, second?, third?])
}

enum Stop {
    Fault(Fault),
    Read(io::ErrorKind),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Stop::Fault(fault)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Stop::Read(error.kind())
    }
}

/// Reads and checks the block at `start`, which is number `at` of the three.
fn block(volume: &dyn Disk, start: u64, at: usize) -> Result<Block, Stop> {
    // The boot record lies at 0, so no block does.
    if start == 0 || start >= volume.size() {
        return Err(Fault::Outside.into());
    }
    let head = disk::read(volume, start, 512)?;
    if head.len() < HEADERS {
        return Err(Fault::Outside.into());
    }
    if !head.starts_with(SIGNATURE) {
        return Err(Fault::Signature.into());
    }
    let stated = usize::from(u16_at(&head, 8).ok_or(Fault::Size)?);
    let size = match u16_at(&head, 10).ok_or(Fault::Size)? {
        1 => stated,
        // Counted in 16 bytes from Windows 7 on.
        2 => stated.saturating_mul(16),
        other => return Err(Fault::Version(other).into()),
    };
    if !(HEADERS..=MAX_BLOCK).contains(&size) {
        return Err(Fault::Size.into());
    }
    let whole = disk::read(volume, start, size.saturating_add(TRAILER))?;
    let (bytes, trailer) = whole.split_at_checked(size).ok_or(Fault::Outside)?;
    let mut sum = flate2::Crc::new();
    sum.update(bytes);
    if u32_at(trailer, 4).ok_or(Fault::Outside)? != sum.sum() {
        return Err(Fault::Checksum.into());
    }
    Ok(Block::Sound(metadata(bytes, start, at)?))
}

fn metadata(bytes: &[u8], start: u64, at: usize) -> Result<Metadata, Fault> {
    let version = u16_at(bytes, 10).ok_or(Fault::Size)?;
    if !bytes.starts_with(SIGNATURE) || !matches!(version, 1 | 2) {
        // The second read gave something else than the first.
        return Err(Fault::Signature);
    }
    let places = offsets(bytes, 32).ok_or(Fault::Size)?;
    if version == 2 && places.get(at) != Some(&start) {
        return Err(Fault::Misplaced);
    }
    let (_, inner) = bytes.split_at_checked(64).ok_or(Fault::Size)?;
    let declared = u32_at(inner, 0).and_then(|size| usize::try_from(size).ok());
    let inner = declared.and_then(|size| inner.get(..size)).ok_or(Fault::Size)?;
    let header = u32_at(inner, 8).and_then(|size| usize::try_from(size).ok());
    // A longer header has not been seen, but its size is there to be heeded.
    let header = header.filter(|size| *size >= 48).ok_or(Fault::Size)?;
    let (protectors, has_volume_key) = entries(inner.get(header..).ok_or(Fault::Size)?)?;
    Ok(Metadata {
        version,
        state: State::of(u16_at(bytes, 12).ok_or(Fault::Size)?),
        next_state: State::of(u16_at(bytes, 14).ok_or(Fault::Size)?),
        encrypted_bytes: u64_at(bytes, 16).filter(|_| version == 2),
        volume: array_at(inner, 16).ok_or(Fault::Size)?,
        // The upper half of this field is used for something unknown.
        cipher: Cipher::of(u16_at(inner, 36).ok_or(Fault::Size)?),
        created: u64_at(inner, 40).ok_or(Fault::Size)?,
        protectors,
        has_volume_key,
    })
}

/// The protectors, and whether there is a volume key.
fn entries(mut rest: &[u8]) -> Result<(Vec<Protector>, bool), Fault> {
    const MASTER_KEY: u16 = 2;
    const VOLUME_KEY: u16 = 3;
    let mut protectors = Vec::new();
    let mut has_volume_key = false;
    for _ in 0..MAX_ENTRIES {
        let size = usize::from(u16_at(rest, 0).unwrap_or_default());
        if size == 0 {
            return Ok((protectors, has_volume_key));
        }
        let (entry, after) = rest.split_at_checked(size).ok_or(Fault::Entry)?;
        match u16_at(entry, 2).ok_or(Fault::Entry)? {
            MASTER_KEY => {
                let kind = ProtectorKind::of(u16_at(entry, 8 + 26).ok_or(Fault::Entry)?);
                let identifier = array_at(entry, 8).ok_or(Fault::Entry)?;
                protectors.push(Protector { identifier, kind });
            }
            VOLUME_KEY => has_volume_key = true,
            _ => {}
        }
        rest = after;
    }
    Err(Fault::TooMany)
}
