//! APFS containers and the encryption flags of the volumes in them.
//!
//! Layout: Apple, "Apple File System Reference" (2020-06-22), chapters "Objects",
//! "Container" (nx_superblock_t, Mounting an Apple File System Partition), "Object
//! Maps", "Volumes" (apfs_superblock_t, Volume Flags) and "B-Trees".
//!
//! The container proves nothing: each volume says for itself whether it is encrypted.
//! So the newest superblock is looked for among the checkpoints, its object map leads
//! to the volume superblocks, and every object on the way has its check sum verified.
//! A volume that cannot be reached is listed as such, never left out.

use std::io;

use super::disk::{self, Disk};
use super::fields::{array_at, u16_at, u32_at, u64_at, uuid_text};

/// The most bytes that [`read`] asks a disk for: the first block twice at most, the
/// checkpoints, and the objects on the way to the volumes.
pub const MAX_READ: u64 = 4096 + MAX_BLOCK as u64 + MAX_CHECKPOINT_AREA + MAX_OBJECTS;

const MIN_BLOCK: usize = 4096;
const MAX_BLOCK: usize = 65_536;
/// Bytes of checkpoint descriptors that are searched. macOS uses about 1 MiB.
const MAX_CHECKPOINT_AREA: u64 = 4 << 20;
/// Bytes of maps and volume superblocks that are read. A hundred volumes, the most
/// there can be, take about 2 MiB.
const MAX_OBJECTS: u64 = 4 << 20;
/// Volumes of a container (`NX_MAX_FILE_SYSTEMS`).
const MAX_VOLUMES: usize = 100;
/// Levels of an object map's tree that are walked; each is read once for a volume.
const MAX_LEVELS: u16 = 8;

// Object types, without their flags.
const CONTAINER: u32 = 0x01;
const TREE_ROOT: u32 = 0x02;
const TREE_NODE: u32 = 0x03;
const OBJECT_MAP: u32 = 0x0B;
const VOLUME: u32 = 0x0D;

/// What was found where a container could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A container.
    Container(Container),
    /// It begins like a container and is not sound.
    Damaged(Fault),
}

/// A container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Its UUID, in the order of its text.
    pub identifier: [u8; 16],
    /// Bytes in a block.
    pub block_size: u32,
    /// Blocks in the container.
    pub block_count: u64,
    /// The transaction of the superblock that was used.
    pub transaction: u64,
    /// `NX_CRYPTO_SW`: keys are handled in software. Not set where a T2 or an Apple
    /// chip does it, and neither where there is no encryption at all.
    pub software_crypto: bool,
    /// Whether it spans two devices, of which one is not looked at here.
    pub fusion: bool,
    /// Where the container's keys are said to be.
    pub keybag: Keybag,
    /// Its volumes, or why they are not known.
    pub volumes: Result<Vec<Slot>, Fault>,
}

/// The container's `nx_keylocker`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keybag {
    /// There is none, and so nothing encrypted with keys of its own.
    Absent,
    /// It is in this place.
    At {
        /// Its first block.
        block: u64,
        /// Its length in blocks.
        blocks: u64,
    },
    /// Its place is not in the container.
    Outside,
}

/// One place in the container's list of volumes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Slot {
    /// A volume.
    Volume(Volume),
    /// There is a volume, and its superblock could not be read.
    Unread {
        /// Its object identifier.
        object: u64,
        /// Why.
        fault: Fault,
    },
}

/// What a volume superblock says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Volume {
    /// Its object identifier in the container.
    pub object: u64,
    /// Its UUID, in the order of its text.
    pub identifier: [u8; 16],
    /// `apfs_fs_flags`.
    pub flags: u64,
    /// What the flags mean.
    pub encryption: Encryption,
    /// Whether its contents are being encrypted, decrypted or given another key.
    /// None where its object map, which says so, could not be read.
    pub converting: Option<bool>,
}

/// What the flags of a volume mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Encryption {
    /// `APFS_FS_UNENCRYPTED`.
    None,
    /// `APFS_FS_ONEKEY`: all of it with one key, as FileVault and encrypted removable
    /// media do.
    OneKey,
    /// Neither: a key for each file, as hardware with its own key store does.
    KeyPerFile,
    /// Both flags, which contradict one another.
    Contradictory,
}

/// Why something is not believed or not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// The block size is none that APFS has, or the container is larger than its place.
    #[error("APFS superblock with impossible sizes")]
    Size,
    /// A Fletcher-64 is another one.
    #[error("APFS object with a wrong check sum")]
    Checksum,
    /// An object of another kind than where it was looked for.
    #[error("APFS object of another kind than expected")]
    Kind,
    /// A block outside the container.
    #[error("APFS object outside its container")]
    Outside,
    /// It could not be read.
    #[error("APFS object that cannot be read")]
    Unreadable,
    /// The checkpoints are scattered, or more than are searched.
    #[error("APFS checkpoints that are scattered or too many")]
    Checkpoints,
    /// No sound superblock among the checkpoints.
    #[error("no sound APFS superblock among the checkpoints")]
    NoCheckpoint,
    /// A node that breaks the rules of its tree.
    #[error("APFS object map that is broken")]
    Tree,
    /// The object map does not know the volume.
    #[error("APFS volume that the object map does not know")]
    NotMapped,
    /// More would have to be read than is.
    #[error("APFS objects take more reading than is done")]
    TooMuch,
}

impl Container {
    /// The container's UUID as text.
    #[must_use]
    pub fn identifier_text(&self) -> String {
        uuid_text(&self.identifier)
    }
}

impl Volume {
    /// The volume's UUID as text.
    #[must_use]
    pub fn identifier_text(&self) -> String {
        uuid_text(&self.identifier)
    }
}

impl Encryption {
    fn of(flags: u64) -> Self {
        const UNENCRYPTED: u64 = 1;
        const ONE_KEY: u64 = 8;
        match (flags & UNENCRYPTED != 0, flags & ONE_KEY != 0) {
            (true, false) => Self::None,
            (false, true) => Self::OneKey,
            (false, false) => Self::KeyPerFile,
            (true, true) => Self::Contradictory,
        }
    }
}

/// Looks for an APFS container in the `length` bytes at `offset`. Reads at most
/// [`MAX_READ`] bytes.
///
/// # Errors
/// When the first block cannot be read. What cannot be read behind it is a fault of
/// what was looked for.
pub fn read(disk: &dyn Disk, offset: u64, length: u64) -> io::Result<Option<Found>> {
    let place = disk::Region::new(disk, offset, length);
    let head = disk::read(&place, 0, MIN_BLOCK)?;
    if array_at(&head, 32) != Some(*b"NXSB") {
        return Ok(None);
    }
    let Some(block_size) = block_size(&head) else { return Ok(Some(Found::Damaged(Fault::Size))) };
    let first = disk::read(&place, 0, block_size)?;
    let Some(superblock) = Superblock::of(&first) else {
        return Ok(Some(Found::Damaged(Fault::Checksum)));
    };
    let bytes = superblock.block_count.checked_mul(block_size as u64);
    if bytes.is_none_or(|bytes| bytes == 0 || bytes > place.size()) {
        return Ok(Some(Found::Damaged(Fault::Size)));
    }
    let mut blocks =
        Blocks { place, block_size, block_count: superblock.block_count, left: MAX_OBJECTS };
    let (newest, volumes) = match newest(&blocks, &superblock) {
        Ok(newest) => {
            let volumes = volumes(&mut blocks, &newest);
            (newest, volumes)
        }
        Err(fault) => (superblock, Err(fault)),
    };
    Ok(Some(Found::Container(newest.container(volumes))))
}

fn block_size(bytes: &[u8]) -> Option<usize> {
    let size = usize::try_from(u32_at(bytes, 36)?).ok()?;
    (size.is_power_of_two() && (MIN_BLOCK..=MAX_BLOCK).contains(&size)).then_some(size)
}

/// A sound container superblock.
struct Superblock {
    bytes: Vec<u8>,
    identifier: [u8; 16],
    block_count: u64,
    transaction: u64,
}

impl Superblock {
    /// None for what is no superblock or has a wrong check sum.
    fn of(bytes: &[u8]) -> Option<Self> {
        if array_at(bytes, 32) != Some(*b"NXSB")
            || block_size(bytes) != Some(bytes.len())
            || check(bytes, CONTAINER).is_err()
        {
            return None;
        }
        Some(Superblock {
            identifier: array_at(bytes, 72)?,
            block_count: u64_at(bytes, 40)?,
            transaction: u64_at(bytes, 16)?,
            bytes: bytes.to_vec(),
        })
    }

    /// A number at an offset that every superblock has; it is at least 4096 bytes.
    fn number(&self, at: usize) -> u64 {
        u64_at(&self.bytes, at).unwrap_or_default()
    }

    fn container(&self, volumes: Result<Vec<Slot>, Fault>) -> Container {
        const SOFTWARE: u64 = 4;
        const FUSION: u64 = 0x100;
        let (block, blocks) = (self.number(0x510), self.number(0x518));
        let inside = block.checked_add(blocks).is_some_and(|end| end <= self.block_count);
        Container {
            identifier: self.identifier,
            block_size: u32::try_from(self.bytes.len()).unwrap_or_default(),
            block_count: self.block_count,
            transaction: self.transaction,
            software_crypto: self.number(0x4F0) & SOFTWARE != 0,
            fusion: self.number(0x40) & FUSION != 0,
            keybag: match (block, blocks) {
                (_, 0) => Keybag::Absent,
                (1.., 1..) if inside => Keybag::At { block, blocks },
                _ => Keybag::Outside,
            },
            volumes,
        }
    }
}

/// The superblock of the newest checkpoint ("Mounting an Apple File System
/// Partition"): block 0 is only as new as the last clean ejection.
fn newest(blocks: &Blocks<'_>, first: &Superblock) -> Result<Superblock, Fault> {
    const SCATTERED: u32 = 1 << 31;
    let count = u32_at(&first.bytes, 0x68).ok_or(Fault::Size)?;
    let base = first.number(0x70);
    let area = u64::from(count).checked_mul(blocks.block_size as u64);
    let area = area.filter(|area| count & SCATTERED == 0 && *area <= MAX_CHECKPOINT_AREA);
    let area = area.ok_or(Fault::Checkpoints)?;
    let end = base.checked_add(u64::from(count));
    if base == 0 || end.is_none_or(|end| end > blocks.block_count) {
        return Err(Fault::Outside);
    }
    let start = base.checked_mul(blocks.block_size as u64).ok_or(Fault::Outside)?;
    let mut newest: Option<Superblock> = None;
    let mut at = 0;
    while at < area {
        let piece = (area - at).min(MAX_BLOCK as u64);
        let bytes =
            disk::read(&blocks.place, start + at, piece as usize).map_err(|_| Fault::Unreadable)?;
        for found in bytes.chunks_exact(blocks.block_size).filter_map(Superblock::of) {
            let newer = newest.as_ref().is_none_or(|best| found.transaction > best.transaction);
            // One of an earlier container in this place has another identifier.
            if newer && found.identifier == first.identifier {
                newest = Some(found);
            }
        }
        at += piece;
    }
    let newest = newest.ok_or(Fault::NoCheckpoint)?;
    if newest.block_count > blocks.block_count { Err(Fault::Size) } else { Ok(newest) }
}

/// The volumes that a superblock lists.
fn volumes(blocks: &mut Blocks<'_>, superblock: &Superblock) -> Result<Vec<Slot>, Fault> {
    let most = u32_at(&superblock.bytes, 180).ok_or(Fault::Size)?;
    let most = usize::try_from(most).unwrap_or(usize::MAX).min(MAX_VOLUMES);
    let listed = (0..most).filter_map(|slot| u64_at(&superblock.bytes, 184 + 8 * slot));
    let listed: Vec<u64> = listed.filter(|object| *object != 0).collect();
    if listed.is_empty() {
        return Ok(Vec::new());
    }
    let map = blocks.object(superblock.number(160), OBJECT_MAP)?;
    let root = u64_at(&map, 48).ok_or(Fault::Tree)?;
    let slots = listed.into_iter().map(|object| {
        match volume(blocks, root, object, superblock.transaction) {
            Ok(volume) => Slot::Volume(volume),
            Err(fault) => Slot::Unread { object, fault },
        }
    });
    Ok(slots.collect())
}

fn volume(
    blocks: &mut Blocks<'_>,
    root: u64,
    object: u64,
    transaction: u64,
) -> Result<Volume, Fault> {
    const CHANGING: u32 = 2 | 4 | 8;
    let address = look_up(blocks, root, object, transaction)?;
    let bytes = blocks.object(address, VOLUME)?;
    if array_at(&bytes, 32) != Some(*b"APSB") || u64_at(&bytes, 8) != Some(object) {
        return Err(Fault::Kind);
    }
    let flags = u64_at(&bytes, 0x108).ok_or(Fault::Size)?;
    let map = u64_at(&bytes, 0x80).ok_or(Fault::Size)?;
    let map = blocks.object(map, OBJECT_MAP).ok();
    let rolling = u64_at(&bytes, 0x3D0).ok_or(Fault::Size)? != 0;
    let changing = map.and_then(|map| u32_at(&map, 32)).map(|flags| flags & CHANGING != 0);
    Ok(Volume {
        object,
        identifier: array_at(&bytes, 0xF0).ok_or(Fault::Size)?,
        flags,
        encryption: Encryption::of(flags),
        // `apfs_er_state_oid` is set while encryption rolls, too.
        converting: if rolling { Some(true) } else { changing },
    })
}

/// The block of the newest version of `object` that is not newer than `transaction`.
fn look_up(
    blocks: &mut Blocks<'_>,
    root: u64,
    object: u64,
    transaction: u64,
) -> Result<u64, Fault> {
    const DELETED: u32 = 1;
    const HEADERLESS: u32 = 8;
    let mut address = root;
    let mut level = None;
    loop {
        let kind = if level.is_none() { TREE_ROOT } else { TREE_NODE };
        let node = Node::of(blocks.object(address, kind)?)?;
        // Levels count down to the leaves, so the walk ends whatever the nodes say.
        if node.level > MAX_LEVELS || level.is_some_and(|above: u16| above != node.level + 1) {
            return Err(Fault::Tree);
        }
        level = Some(node.level);
        let (found, value) = node.last_until((object, transaction))?.ok_or(Fault::NotMapped)?;
        if node.level > 0 {
            address = u64_at(&value, 0).ok_or(Fault::Tree)?;
            continue;
        }
        let flags = u32_at(&value, 0).ok_or(Fault::Tree)?;
        if found != object || flags & DELETED != 0 {
            return Err(Fault::NotMapped);
        }
        if flags & HEADERLESS != 0 {
            return Err(Fault::Kind);
        }
        return u64_at(&value, 8).ok_or(Fault::Tree);
    }
}

/// A node of an object map's tree ("B-Trees", btree_node_phys_t): keys of two
/// numbers (object, transaction), values of 8 bytes above and 16 in the leaves.
struct Node {
    bytes: Vec<u8>,
    level: u16,
    keys: usize,
    /// Where keys begin; they are placed from here on forwards.
    keys_at: usize,
    /// Where values end; they are placed from here on backwards.
    values_end: usize,
}

impl Node {
    const HEADER: usize = 56;
    const KEY: usize = 16;
    const FOOTER: usize = 40;

    fn of(bytes: Vec<u8>) -> Result<Self, Fault> {
        const ROOT: u16 = 1;
        const LEAF: u16 = 2;
        const FIXED: u16 = 4;
        let flags = u16_at(&bytes, 32).ok_or(Fault::Tree)?;
        let level = u16_at(&bytes, 34).ok_or(Fault::Tree)?;
        let keys = u32_at(&bytes, 36).and_then(|keys| usize::try_from(keys).ok());
        let keys = keys.ok_or(Fault::Tree)?;
        let table = [40, 42].map(|at| u16_at(&bytes, at).map(usize::from));
        let [Some(table_at), Some(table_size)] = table else { return Err(Fault::Tree) };
        let is_leaf = flags & LEAF != 0;
        // Each key takes 4 bytes of table, itself and a value, so there cannot be more.
        let most = bytes.len() / (4 + Self::KEY + 8);
        if flags & FIXED == 0 || is_leaf != (level == 0) || keys > most || table_at != 0 {
            return Err(Fault::Tree);
        }
        let footer = if flags & ROOT != 0 { Self::FOOTER } else { 0 };
        Ok(Node {
            level,
            keys,
            keys_at: Self::HEADER + table_size,
            values_end: bytes.len() - footer,
            bytes,
        })
    }

    /// The value of the last key that is not behind `wanted`, with the key's object.
    /// All keys are looked at, since their order is only claimed.
    fn last_until(&self, wanted: (u64, u64)) -> Result<Option<(u64, [u8; 16])>, Fault> {
        let mut best: Option<((u64, u64), usize)> = None;
        for index in 0..self.keys {
            let entry = Self::HEADER + 4 * index;
            let key = u16_at(&self.bytes, entry).ok_or(Fault::Tree)?;
            let value = u16_at(&self.bytes, entry + 2).ok_or(Fault::Tree)?;
            let key_at = self.keys_at + usize::from(key);
            let key = u64_at(&self.bytes, key_at).zip(u64_at(&self.bytes, key_at + 8));
            let key = key.ok_or(Fault::Tree)?;
            if key <= wanted && best.is_none_or(|(found, _)| key > found) {
                best = Some((key, usize::from(value)));
            }
        }
        let Some(((object, _), value)) = best else { return Ok(None) };
        let at = self.values_end.checked_sub(value).ok_or(Fault::Tree)?;
        let rest = self.bytes.get(at..self.values_end).ok_or(Fault::Tree)?;
        let mut bytes = [0; 16];
        let size = if self.level > 0 { 8 } else { 16 };
        let value = rest.get(..size).ok_or(Fault::Tree)?;
        for (to, from) in bytes.iter_mut().zip(value) {
            *to = *from;
        }
        Ok(Some((object, bytes)))
    }
}

/// Blocks of a container, so many of them and no more.
struct Blocks<'a> {
    place: disk::Region<'a>,
    block_size: usize,
    block_count: u64,
    /// Bytes that may still be read.
    left: u64,
}

impl Blocks<'_> {
    /// The object in a block, its check sum and kind verified.
    fn object(&mut self, address: u64, kind: u32) -> Result<Vec<u8>, Fault> {
        if address == 0 || address >= self.block_count {
            return Err(Fault::Outside);
        }
        let at = address.checked_mul(self.block_size as u64).ok_or(Fault::Outside)?;
        self.left = self.left.checked_sub(self.block_size as u64).ok_or(Fault::TooMuch)?;
        let bytes = disk::read(&self.place, at, self.block_size).map_err(|_| Fault::Unreadable)?;
        if bytes.len() < self.block_size {
            return Err(Fault::Outside);
        }
        check(&bytes, kind)?;
        Ok(bytes)
    }
}

fn check(object: &[u8], kind: u32) -> Result<(), Fault> {
    const FLAGS: u32 = 0xFFFF_0000;
    let (stored, summed) = object.split_first_chunk().ok_or(Fault::Size)?;
    if u64::from_le_bytes(*stored) != fletcher64(summed) {
        return Err(Fault::Checksum);
    }
    let found = u32_at(object, 24).ok_or(Fault::Size)?;
    if found & !FLAGS == kind { Ok(()) } else { Err(Fault::Kind) }
}

/// Fletcher-64 over 32-bit words ("Objects", obj_phys_t). At most 64 KiB are summed,
/// so neither sum can overflow.
fn fletcher64(bytes: &[u8]) -> u64 {
    const MODULUS: u64 = 0xFFFF_FFFF;
    let (mut low, mut high) = (0_u64, 0_u64);
    for word in bytes.chunks_exact(4) {
        low += u64::from(u32_at(word, 0).unwrap_or_default());
        high += low;
    }
    let first = MODULUS - (low + high) % MODULUS;
    let second = MODULUS - (low + first) % MODULUS;
    second << 32 | first
}
