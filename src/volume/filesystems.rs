//! File systems and containers that anyone can recognise and read. Each is told by
//! its own published superblock; nothing is mounted and no directory is read.

use super::bytes::{be16, guid, le16, le32, le64, stands, text, uuid};
use super::content::{Content, token};
use crate::model::evidence::{Mark, MarkKind, Reason};
use crate::model::vocabulary::EncryptionGrade;

/// As many bytes of a volume as its readers want: the superblock of btrfs lies at
/// 64 KiB.
pub const HEAD: usize = 0x1_1000;

/// What stands at the start of a volume.
#[must_use]
pub fn read_filesystem(head: &[u8]) -> Option<Content> {
    type Reader = fn(&[u8]) -> Option<Content>;
    const READERS: [Reader; 12] =
        [exfat, ntfs, fat, iso, ext, hfs, btrfs, xfs, swap, lvm, zfs, others];
    READERS.iter().find_map(|reader| reader(head))
}

/// A readable file system: its name, its label and its identifier.
fn plain(name: &str, label: Option<String>, mark: Option<String>) -> Content {
    let mark = mark.and_then(|value| Mark::new(MarkKind::Filesystem, &value));
    Content {
        content: token(name),
        label,
        marks: mark.into_iter().collect(),
        ..Content::new(EncryptionGrade::None, Reason::PlaintextFilesystem)
    }
}

/// A container whose inside is judged by samples alone.
fn container(name: &str, mark: Option<String>) -> Content {
    Content {
        grade: EncryptionGrade::Opaque,
        reasons: vec![Reason::ContainerNotFollowed],
        ..plain(name, None, mark)
    }
}

fn boot_signature(head: &[u8]) -> bool {
    stands(head, 510, &[0x55, 0xAA])
}

/// exFAT file system specification, section 3.1.
fn exfat(head: &[u8]) -> Option<Content> {
    if !stands(head, 3, b"EXFAT   ") || !boot_signature(head) {
        return None;
    }
    Some(plain("exfat", None, le32(head, 100).map(fat_serial)))
}

fn fat_serial(serial: u32) -> String {
    format!("{:04X}-{:04X}", serial >> 16, serial & 0xFFFF)
}

/// NTFS boot sector: the name at 3, the serial at 72.
fn ntfs(head: &[u8]) -> Option<Content> {
    if !stands(head, 3, b"NTFS    ") || !boot_signature(head) {
        return None;
    }
    Some(plain("ntfs", None, le64(head, 72).map(|serial| format!("{serial:016X}"))))
}

/// FAT32 File System Specification 1.03. Its boot sector has no magic number, so
/// that the whole parameter block must make sense; which of the three it is follows
/// from the number of clusters alone.
fn fat(head: &[u8]) -> Option<Content> {
    let sector = u32::from(le16(head, 11)?);
    let cluster = u32::from(*head.get(13)?);
    let reserved = u32::from(le16(head, 14)?);
    let (tables, media) = (u32::from(*head.get(16)?), *head.get(21)?);
    let sane = boot_signature(head)
        && [512, 1024, 2048, 4096].contains(&sector)
        && cluster.is_power_of_two()
        && reserved > 0
        && (1..=2).contains(&tables)
        && (media == 0xF0 || media >= 0xF8);
    if !sane {
        return None;
    }
    let either = |short: u16, long: u32| if short == 0 { long } else { u32::from(short) };
    let sectors = either(le16(head, 19)?, le32(head, 32)?);
    let table = either(le16(head, 22)?, le32(head, 36)?);
    let root = (u32::from(le16(head, 17)?) * 32).div_ceil(sector);
    let before = reserved.checked_add(tables.checked_mul(table)?)?.checked_add(root)?;
    let clusters = sectors.checked_sub(before)? / cluster;
    if table == 0 || clusters == 0 {
        return None;
    }
    let name = match clusters {
        0..=4084 => "fat12",
        4085..=65524 => "fat16",
        _ => "fat32",
    };
    // The extended parameters stand further behind in FAT32.
    let at = if le16(head, 22)? == 0 { 64 } else { 36 };
    let extended = matches!(head.get(at + 2), Some(0x28 | 0x29));
    let label = text(head, at + 7, 11).filter(|label| extended && label != "NO NAME");
    let serial = le32(head, at + 3).filter(|_| extended).map(fat_serial);
    Some(plain(name, label, serial))
}

/// ECMA-119 (ISO 9660), section 8.4, and UDF's volume recognition (ECMA-167, 2/9).
fn iso(head: &[u8]) -> Option<Content> {
    let first = 0x8000;
    if stands(head, first + 1, b"CD001") {
        let mut content = plain("iso9660", text(head, first + 40, 32), None);
        content.reasons.push(Reason::LauncherDisc);
        return Some(content);
    }
    let mut descriptors = (0..8).map(|number| first + number * 2048 + 1);
    descriptors.any(|at| stands(head, at, b"NSR0")).then(|| plain("udf", None, None))
}

/// Linux ext2, ext3 and ext4: `struct ext4_super_block` at 1024.
fn ext(head: &[u8]) -> Option<Content> {
    let block = head.get(1024..2048)?;
    if le16(block, 56)? != 0xEF53 {
        return None;
    }
    let (compatible, incompatible, read_only) =
        (le32(block, 92)?, le32(block, 96)?, le32(block, 100)?);
    // What ext3 knows: filetype, recover, meta_bg; sparse_super, large_file, btree_dir.
    let beyond_ext3 = incompatible & !0x0016 != 0 || read_only & !0x0007 != 0;
    let name = match (beyond_ext3, compatible & 0x0004 != 0) {
        (true, _) => "ext4",
        (false, true) => "ext3",
        (false, false) => "ext2",
    };
    let mut content = plain(name, text(block, 120, 16), uuid(block, 104));
    if incompatible & 0x1_0000 != 0 {
        content.reasons.push(Reason::FileLevelEncryption);
    }
    Some(content)
}

/// Apple TN1150: the volume header at 1024.
fn hfs(head: &[u8]) -> Option<Content> {
    match (be16(head, 1024)?, be16(head, 1026)?) {
        (0x482B, 4) | (0x4858, 5) => Some(plain("hfsplus", None, None)),
        // The older HFS; its version field is something else.
        (0x4244, _) => Some(plain("hfs", None, None)),
        _ => None,
    }
}

/// btrfs: the superblock at 64 KiB.
fn btrfs(head: &[u8]) -> Option<Content> {
    let block = head.get(0x1_0000..)?;
    stands(block, 64, b"_BHRfS_M").then(|| plain("btrfs", text(block, 299, 256), uuid(block, 32)))
}

/// XFS: `struct xfs_dsb` at 0.
fn xfs(head: &[u8]) -> Option<Content> {
    stands(head, 0, b"XFSB").then(|| plain("xfs", text(head, 108, 12), uuid(head, 32)))
}

/// Linux swap: its name ends the first page, whose size is the machine's.
fn swap(head: &[u8]) -> Option<Content> {
    let ends = [4096, 8192, 16384, 32768, 65536].map(|page: usize| page - 10);
    let named = |at: &usize| stands(head, *at, b"SWAPSPACE2") || stands(head, *at, b"SWAP-SPACE");
    ends.iter().any(named).then(|| Content {
        reasons: vec![Reason::SwapSpace],
        ..plain("swap", text(head, 1052, 16), uuid(head, 1036))
    })
}

/// LVM2: a label in one of the first four sectors.
fn lvm(head: &[u8]) -> Option<Content> {
    let label = (0..4).filter_map(|sector| head.get(sector * 512..(sector + 1) * 512));
    let label = label
        .into_iter()
        .find(|label| stands(label, 0, b"LABELONE") && stands(label, 24, b"LVM2 001"))?;
    let header = usize::try_from(le32(label, 20)?).ok()?;
    let id = text(label.get(header..)?, 0, 32).filter(|id| id.is_ascii() && id.len() == 32)?;
    // As LVM writes it: groups of 6, 4, 4, 4, 4, 4 and 6.
    let ends = [0, 6, 10, 14, 18, 22, 26, 32];
    let groups: Vec<&str> =
        ends.windows(2).filter_map(|pair| id.get(*pair.first()?..*pair.last()?)).collect();
    Some(container("lvm2", Some(groups.join("-"))))
}

/// ZFS: a name-value list 16 KiB into the first label. Data sets may be encrypted
/// one by one, and their names and sizes never are.
fn zfs(head: &[u8]) -> Option<Content> {
    let list = head.get(0x4000..0xC000)?;
    let named = |word: &[u8]| list.windows(word.len()).any(|window| window == word);
    let found = (stands(list, 0, &[1, 1, 0, 0]) || stands(list, 0, &[1, 0, 0, 0]))
        && named(b"pool_guid")
        && named(b"vdev_tree");
    found.then(|| {
        let mut content = plain("zfs", None, None);
        content.reasons.push(Reason::FileLevelEncryption);
        content
    })
}

/// Those of which nothing but the name is wanted.
fn others(head: &[u8]) -> Option<Content> {
    const MAGICS: [(&str, usize, &[u8]); 4] = [
        ("squashfs", 0, b"hsqs"),
        ("f2fs", 1024, &[0x10, 0x20, 0xF5, 0xF2]),
        ("erofs", 1024, &[0xE2, 0xE1, 0xF5, 0xE0]),
        ("refs", 3, b"ReFS\0\0\0\0"),
    ];
    // Linux software RAID with its superblock at 4096 or 0.
    if [4096, 0].iter().any(|at| stands(head, *at, &[0xFC, 0x4E, 0x2B, 0xA9, 1, 0, 0, 0])) {
        return Some(container("mdraid", None));
    }
    let found = MAGICS.iter().find(|(_, at, magic)| stands(head, *at, magic));
    found.map(|(name, ..)| plain(name, None, None)).or_else(|| storage_spaces(head))
}

/// Microsoft Storage Spaces, whose pool may hold BitLocker volumes.
fn storage_spaces(head: &[u8]) -> Option<Content> {
    stands(head, 0x1000, b"SPACEDB ").then(|| container("storage-spaces", guid(head, 0x1010)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_seen_in_nothing() {
        assert_eq!(read_filesystem(&[]), None);
        assert_eq!(read_filesystem(&[0; HEAD]), None);
        assert_eq!(read_filesystem(&[0xFF; HEAD]), None);
        let mut boot = vec![0; HEAD];
        boot[510..512].copy_from_slice(&[0x55, 0xAA]);
        assert_eq!(read_filesystem(&boot), None);
    }

    #[test]
    fn ext_features_tell_the_version_and_file_level_encryption() {
        let of = |compatible: u32, incompatible: u32| {
            let mut head = vec![0; HEAD];
            head[1024 + 56..1024 + 58].copy_from_slice(&0xEF53_u16.to_le_bytes());
            head[1024 + 92..1024 + 96].copy_from_slice(&compatible.to_le_bytes());
            head[1024 + 96..1024 + 100].copy_from_slice(&incompatible.to_le_bytes());
            let content = read_filesystem(&head).expect("ext");
            (content.content.expect("a name").to_string(), content.reasons)
        };
        assert_eq!(of(0, 2).0, "ext2");
        assert_eq!(of(4, 2).0, "ext3");
        assert_eq!(of(4, 0x42).0, "ext4");
        let (name, reasons) = of(4, 0x1_0042);
        assert_eq!(name, "ext4");
        assert_eq!(reasons, [Reason::PlaintextFilesystem, Reason::FileLevelEncryption]);
    }
}
