//! Apple's CoreStorage, the volume manager of the FileVault 2 era (OS X 10.7 to
//! macOS 10.12).
//!
//! Layout: libyal's "FileVault Drive Encryption (FVDE)", sections "Physical volume
//! header" and "Checksum algorithms".
//!
//! What this header cannot say is whether the volume inside is encrypted: CoreStorage
//! also holds plain volumes, above all Fusion drives. The encryption method it names
//! is that of its own metadata, whose key lies in the same header. The logical
//! volume's state is behind that, and is not read here. So the header is evidence
//! that FileVault 2 may be there, and of nothing more.

use std::io;

use super::disk::{self, Disk};
use super::fields::{array_at, u16_at, u32_at, u64_at, uuid_text};

/// The most bytes that [`read`] asks a disk for: the header and its copy.
pub const MAX_READ: u64 = 2 * HEADER as u64;

const HEADER: usize = 512;

/// What was found where a physical volume could begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A header whose check sum is right.
    Header(PhysicalVolume),
    /// It begins like a header, and neither it nor its copy at the end is sound.
    Damaged(Fault),
}

/// Why a header is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Fault {
    /// Its CRC-32C is another one.
    #[error("CoreStorage header with a wrong check sum")]
    Checksum,
    /// A check sum or version that is not known.
    #[error("CoreStorage header of an unknown version")]
    Version,
    /// The sector or block size is impossible, or the volume is larger than its place.
    #[error("CoreStorage header with impossible sizes")]
    Size,
}

/// A physical volume of CoreStorage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhysicalVolume {
    /// Whether this is the copy at the end, since the header at the front is damaged.
    pub from_copy: bool,
    /// Its size in bytes.
    pub size: u64,
    /// Bytes in a sector.
    pub sector_size: u32,
    /// Bytes in a block of metadata.
    pub block_size: u32,
    /// How its metadata are encrypted.
    pub method: Method,
    /// The physical volume's UUID, in the order of its text.
    pub volume: [u8; 16],
    /// The logical volume group's UUID, in the order of its text.
    pub group: [u8; 16],
}

/// How the metadata are encrypted; see above for what that does not mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// 2: AES-XTS.
    AesXts,
    /// A value that no source names.
    Other(u32),
}

impl PhysicalVolume {
    /// The physical volume's UUID as text.
    #[must_use]
    pub fn volume_text(&self) -> String {
        uuid_text(&self.volume)
    }

    /// The logical volume group's UUID as text.
    #[must_use]
    pub fn group_text(&self) -> String {
        uuid_text(&self.group)
    }
}

/// Looks for a CoreStorage physical volume in the `length` bytes at `offset`. Reads
/// at most [`MAX_READ`] bytes.
///
/// The copy at the end is looked at only where the front begins like a header: alone
/// it may be what an earlier use of the drive left behind.
///
/// # Errors
/// When the front, or the copy that is then needed, cannot be read.
pub fn read(disk: &dyn Disk, offset: u64, length: u64) -> io::Result<Option<Found>> {
    let place = disk::Region::new(disk, offset, length);
    let front = disk::read(&place, 0, HEADER)?;
    if !looks_like_header(&front) {
        return Ok(None);
    }
    let fault = match header(&front, place.size()) {
        Ok(found) => return Ok(Some(Found::Header(found))),
        Err(fault) => fault,
    };
    let end = place.size().saturating_sub(HEADER as u64);
    let copy = disk::read(&place, end, HEADER)?;
    if looks_like_header(&copy)
        && let Ok(found) = header(&copy, place.size())
    {
        return Ok(Some(Found::Header(PhysicalVolume { from_copy: true, ..found })));
    }
    Ok(Some(Found::Damaged(fault)))
}

/// Two letters alone would be found in one of 65,536 random sectors.
fn looks_like_header(bytes: &[u8]) -> bool {
    const PHYSICAL_VOLUME: u16 = 0x10;
    array_at(bytes, 88) == Some(*b"CS") && u16_at(bytes, 10) == Some(PHYSICAL_VOLUME)
}

fn header(bytes: &[u8], place: u64) -> Result<PhysicalVolume, Fault> {
    const CRC32C: u32 = 1;
    let known = u16_at(bytes, 8) == Some(1)
        && u32_at(bytes, 90) == Some(CRC32C)
        && u32_at(bytes, 4) == Some(u32::MAX);
    if !known {
        return Err(Fault::Version);
    }
    let summed = bytes.get(8..HEADER).ok_or(Fault::Size)?;
    // "Weak": the usual start, without the usual inversion at the end.
    if u32_at(bytes, 0) != Some(!crc32c::crc32c(summed)) {
        return Err(Fault::Checksum);
    }
    let number = |at| u32_at(bytes, at).ok_or(Fault::Size);
    let (sector_size, block_size) = (number(48)?, number(96)?);
    let size = u64_at(bytes, 64).ok_or(Fault::Size)?;
    let possible = |bytes: u32| bytes.is_power_of_two() && (512..=1 << 20).contains(&bytes);
    if !possible(sector_size) || !possible(block_size) || size == 0 || size > place {
        return Err(Fault::Size);
    }
    Ok(PhysicalVolume {
        from_copy: false,
        size,
        sector_size,
        block_size,
        method: match number(172)? {
            2 => Method::AesXts,
            other => Method::Other(other),
        },
        volume: array_at(bytes, 304).ok_or(Fault::Size)?,
        group: array_at(bytes, 320).ok_or(Fault::Size)?,
    })
}
