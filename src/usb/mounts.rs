//! Which volumes of a drive are mounted: the kernel's table of mounts
//! (proc_pid_mountinfo(5)) against the numbers of the drive's disk, its partitions and
//! whatever was unlocked from them (`holders` in sysfs).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::Mount;
use super::observation::BlockName;

const TABLE: &str = "/proc/self/mountinfo";
/// Bytes read of the table; a machine with a thousand mounts has a tenth of it.
const TABLE_MAX: usize = 1 << 20;
/// Devices followed from one disk, and how deep: disk, partition, LUKS, LVM, one more.
const NUMBERS_MAX: usize = 256;
const DEPTH_MAX: usize = 5;

/// The mounted volumes of the block device called `block`, by mount point.
pub(super) fn of(blocks: &Path, block: &BlockName) -> Vec<Mount> {
    let Ok(table) = fs::read(TABLE) else { return Vec::new() };
    let Ok(folder) = fs::canonicalize(blocks.join(block.as_str())) else { return Vec::new() };
    let mut numbers = BTreeSet::new();
    follow(&folder, 0, &mut numbers);
    let table = table.get(..table.len().min(TABLE_MAX)).unwrap_or_default();
    table.split(|byte| *byte == b'\n').filter_map(|line| volume_of(line, &numbers)).collect()
}

/// A folder that stands for a mounted volume, if there is one.
pub(super) fn stand_in(folder: &Path) -> Vec<Mount> {
    let Ok(found) = fs::metadata(folder) else { return Vec::new() };
    let writable = !found.permissions().readonly();
    vec![Mount { point: folder.to_owned(), writable, number: None }]
}

/// The numbers of a block device, of its partitions and of what lies on top of them.
fn follow(folder: &Path, depth: usize, found: &mut BTreeSet<(u32, u32)>) {
    if depth > DEPTH_MAX || found.len() >= NUMBERS_MAX {
        return;
    }
    if let Some(number) = number_in(folder)
        && !found.insert(number)
    {
        return;
    }
    // A partition is a folder of its disk; a holder is a link to another device.
    for inner in [folder.to_owned(), folder.join("holders")] {
        let entries = fs::read_dir(&inner).into_iter().flatten().flatten().take(NUMBERS_MAX);
        for entry in entries {
            if let Ok(path) = fs::canonicalize(entry.path())
                && path.join("dev").is_file()
            {
                follow(&path, depth + 1, found);
            }
        }
    }
}

fn number_in(folder: &Path) -> Option<(u32, u32)> {
    number(fs::read_to_string(folder.join("dev")).ok()?.trim_end())
}

fn number(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// `36 35 8:17 / /media/usb rw,nosuid shared:1 - vfat /dev/sdb1 rw`: the mount of one of
/// these devices, as a whole. A folder of it mounted elsewhere is left out, since a
/// file there is no file at the volume's top.
fn volume_of(line: &[u8], numbers: &BTreeSet<(u32, u32)>) -> Option<Mount> {
    let mut words = line.split(|byte| *byte == b' ');
    let (id, root, point, options) = (words.nth(2)?, words.next()?, words.next()?, words.next()?);
    let number = number(std::str::from_utf8(id).ok()?)?;
    if !numbers.contains(&number) || root != b"/" {
        return None;
    }
    let mut behind = words.skip_while(|word| *word != b"-");
    let of_volume = behind.nth(3)?;
    let writable = [options, of_volume]
        .iter()
        .all(|options| options.split(|byte| *byte == b',').any(|option| option == b"rw"));
    Some(Mount { point: unescaped(point)?, writable, number: Some(number) })
}

/// The kernel writes space, tab, line feed and backslash as three octal digits. A
/// folder whose name is no UTF-8 is none that this program could name to anybody.
fn unescaped(word: &[u8]) -> Option<PathBuf> {
    let mut bytes = Vec::with_capacity(word.len());
    let mut rest = word;
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..3).filter(|_| first == b'\\');
        let octal =
            digits.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        match octal {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(3..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_table() {
        let ours = BTreeSet::from([(8, 17)]);
        let read = |line: &str| volume_of(line.as_bytes(), &ours);
        let found =
            read("36 35 8:17 / /media/my\\040stick rw,nosuid shared:1 - vfat /dev/sdb1 rw,uid=0");
        let found = found.expect("a volume");
        assert_eq!((found.point.to_str(), found.writable), (Some("/media/my stick"), true));
        assert_eq!(found.number, Some((8, 17)));
        let only_readable = "36 35 8:17 / /media/a rw,nosuid - vfat /dev/sdb1 ro,uid=0";
        assert_eq!(read(only_readable).map(|volume| volume.writable), Some(false));
        let only_readable = "36 35 8:17 / /media/a ro - vfat /dev/sdb1 rw";
        assert_eq!(read(only_readable).map(|volume| volume.writable), Some(false));
        for other in [
            "36 35 8:18 / /media/a rw - vfat /dev/sdb2 rw",
            "36 35 8:17 /inner /media/a rw - vfat /dev/sdb1 rw",
            "36 35 8:17 / /media/a rw",
            "36 35 8 / /media/a rw - vfat x rw",
            "",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn a_backslash_that_escapes_nothing_stays() {
        assert_eq!(unescaped(b"/a\\"), Some(PathBuf::from("/a\\")));
        assert_eq!(unescaped(b"/a\\9zz"), Some(PathBuf::from("/a\\9zz")));
        assert_eq!(unescaped(b"/a\\134b"), Some(PathBuf::from("/a\\b")));
    }
}
