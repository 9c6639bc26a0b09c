//! The checkpoint beside the journal. It is opaque to the store but for what its
//! second and third line state: it remembers, outside the journal, how many
//! entries there must be at least and under which root.

use std::path::Path;
use std::str::FromStr;

use super::StoreError;
use super::error::Cause;
use super::io::{Io, read_whole};
use crate::model::Hash;

/// The file's name in the ledger's folder.
pub(super) const NAME: &str = "checkpoint";
/// The most bytes a checkpoint with all its signatures may have.
pub(super) const MAX_BYTES: u64 = 1 << 20;

/// What a checkpoint's second and third line say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) size: u64,
    pub(super) root: Hash,
}

/// What the checkpoint in `folder` states, if there is one.
pub(super) fn read(io: &dyn Io, folder: &Path) -> Result<Option<Stated>, StoreError> {
    let path = folder.join(NAME);
    match read_whole(io, &path, MAX_BYTES) {
        Ok(bytes) => bytes.as_deref().map(parse).transpose(),
        Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            Err(StoreError::damaged(None, NAME, Cause::Checkpoint))
        }
        Err(error) => Err(StoreError::io("read", &path, error)),
    }
}

/// Reads size and root; signatures are for the layers above to check.
pub(super) fn parse(bytes: &[u8]) -> Result<Stated, StoreError> {
    stated(bytes).ok_or_else(|| StoreError::damaged(None, NAME, Cause::Checkpoint))
}

fn stated(bytes: &[u8]) -> Option<Stated> {
    if bytes.len() as u64 > MAX_BYTES {
        return None;
    }
    // Only the lines that are read need be text.
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let origin = lines.next()?;
    let size = std::str::from_utf8(lines.next()?).ok()?;
    let root = std::str::from_utf8(lines.next()?).ok()?;
    // A third line without its line feed may be cut.
    lines.next()?;
    let canonical = size == "0" || !size.starts_with('0');
    if origin.is_empty() || !canonical || !size.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Stated { size: size.parse().ok()?, root: Hash::from_str(root).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_three_lines_are_read() {
        let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
        let good = format!("example.jp/ledger\n20852163\n{root}\n\n— a b\n");
        assert_eq!(parse(good.as_bytes()).unwrap().size, 20_852_163);
        for bad in [
            String::new(),
            format!("o\n07\n{root}\n"),
            format!("o\n+7\n{root}\n"),
            format!("o\n7\n{root}"),
            format!("\n7\n{root}\n"),
            "o\n7\nAAAA\n".to_owned(),
            format!("o\n99999999999999999999\n{root}\n"),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
