//! A backup's file: a tar archive (POSIX ustar) that any tar unpacks, with the SHA-256 of
//! every member in its last one, as `sha256sum -c` reads them.
//!
//! Of what tar can say this is the least: regular files of fixed metadata under plain
//! relative names. Whatever the writer would not have written is refused, so a flipped
//! bit in any byte of the file shows, and no name leads out of a folder.

use std::io::{self, Read, Write};

use data_encoding::HEXLOWER;

use crate::model::Hash;

/// The last member: a line `<sha-256>  <name>` for each one before it.
pub const SUMS: &str = "SHA256SUMS";
/// Longest name of a member.
pub const NAME_MAX: usize = 100;
/// Largest member: an attached document.
pub const MEMBER_MAX: u64 = 64 << 20;

const BLOCK: usize = 512;

/// Why a backup cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Reading failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The file ends before the archive does.
    #[error("it is cut short")]
    Cut,
    /// A block that should say what follows says something else.
    #[error("it is no backup, or damaged behind {0}")]
    Header(String),
    /// A member does not have the sum that was written for it.
    #[error("{0} is not what was backed up")]
    Sum(String),
    /// The list of sums is of other members.
    #[error("its list of sums does not fit what it holds")]
    Sums,
    /// Bytes behind the end.
    #[error("there are bytes behind its end")]
    Trailing,
}

/// One file of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name, such as `tile/entries/000`.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes a backup, member by member.
#[derive(Debug)]
pub struct ArchiveWriter<W> {
    out: W,
    sums: String,
    bytes: u64,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins one.
    pub fn new(out: W) -> Self {
        ArchiveWriter { out, sums: String::new(), bytes: 0 }
    }

    /// Adds a member.
    ///
    /// # Errors
    /// What writing says; `InvalidInput` for a name or size that the format does not take.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(name, bytes)?;
        self.sums.push_str(&sum_line(name, bytes));
        Ok(())
    }

    /// Ends the archive: the sums and the end. How many bytes it has, and what they were
    /// written to.
    ///
    /// # Errors
    /// What writing says.
    pub fn finish(mut self) -> io::Result<(u64, W)> {
        let sums = std::mem::take(&mut self.sums);
        self.write(SUMS, sums.as_bytes())?;
        self.out.write_all(&[0; 2 * BLOCK])?;
        self.out.flush()?;
        Ok((self.bytes + 2 * BLOCK as u64, self.out))
    }

    fn write(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let size = bytes.len() as u64;
        let Some(header) = header(name, size).filter(|_| size <= MEMBER_MAX) else {
            let what = format!("{name} cannot be a member of a backup");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        };
        self.out.write_all(&header)?;
        self.out.write_all(bytes)?;
        let rest = padding(size);
        self.out.write_all(&[0; BLOCK][..rest])?;
        self.bytes += BLOCK as u64 + size + rest as u64;
        Ok(())
    }
}

/// Reads a backup, member by member.
#[derive(Debug)]
pub struct ArchiveReader<R> {
    from: R,
    sums: String,
    last: String,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read one.
    pub fn new(from: R) -> Self {
        ArchiveReader { from, sums: String::new(), last: "its beginning".to_owned() }
    }

    /// The next member; none at the end, and then every sum has been compared. Until
    /// then nothing that was given out is known to be as it was written.
    ///
    /// # Errors
    /// [`ArchiveError`].
    pub fn next_member(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        let Some((name, size)) = read_header(&block) else {
            return Err(ArchiveError::Header(self.last.clone()));
        };
        let mut bytes = Vec::new();
        (&mut self.from).take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(ArchiveError::Cut);
        }
        let mut rest = [0; BLOCK];
        let rest = &mut rest[..padding(size)];
        self.fill(rest)?;
        if rest.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::Header(name));
        }
        if name == SUMS {
            self.compare(&bytes)?;
            return self.end();
        }
        self.sums.push_str(&sum_line(&name, &bytes));
        self.last.clone_from(&name);
        Ok(Some(Member { name, bytes }))
    }

    fn compare(&self, written: &[u8]) -> Result<(), ArchiveError> {
        if written == self.sums.as_bytes() {
            return Ok(());
        }
        let written = String::from_utf8_lossy(written);
        let mut pairs = self.sums.lines().zip(written.lines());
        let wrong = pairs.find(|(found, written)| found != written);
        // A sum differs, or the list is of other members.
        Err(match wrong.and_then(|(found, written)| Some((found.get(66..)?, written.get(66..)?))) {
            Some((found, written)) if found == written => ArchiveError::Sum(found.to_owned()),
            _ => ArchiveError::Sums,
        })
    }

    fn end(&mut self) -> Result<Option<Member>, ArchiveError> {
        let mut zeros = [0; 2 * BLOCK];
        self.fill(&mut zeros)?;
        if zeros.iter().any(|byte| *byte != 0) {
            return Err(ArchiveError::Header(SUMS.to_owned()));
        }
        match self.from.read(&mut [0])? {
            0 => Ok(None),
            _ => Err(ArchiveError::Trailing),
        }
    }

    fn fill(&mut self, block: &mut [u8]) -> Result<(), ArchiveError> {
        self.from.read_exact(block).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => ArchiveError::Cut,
            _ => ArchiveError::Io(error),
        })
    }
}

fn sum_line(name: &str, bytes: &[u8]) -> String {
    format!("{}  {name}\n", HEXLOWER.encode(Hash::of(&[bytes]).as_bytes()))
}

/// Bytes from the end of a member to the next block.
fn padding(size: u64) -> usize {
    let within = (size % BLOCK as u64) as usize;
    if within == 0 { 0 } else { BLOCK - within }
}

/// Whether a member can have this name: one that stays below the folder it is unpacked in,
/// on any system.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.%".contains(&byte);
    let part = |part: &str| !part.is_empty() && !part.starts_with('.') && part.bytes().all(plain);
    name.len() <= NAME_MAX && name.split('/').all(part)
}

/// The block in front of a member; none where name or size do not fit.
fn header(name: &str, size: u64) -> Option<[u8; BLOCK]> {
    if !is_name(name) || size >= 1 << 33 {
        return None;
    }
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (to, byte) in block.iter_mut().skip(at).zip(bytes) {
            *to = *byte;
        }
    };
    put(0, name.as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{size:011o}\0").as_bytes());
    put(136, b"00000000000\0");
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (to, byte) in block.iter_mut().skip(148).zip(sum.bytes()) {
        *to = byte;
    }
    Some(block)
}

/// Name and size that a block states, where it is exactly the block of those.
fn read_header(block: &[u8; BLOCK]) -> Option<(String, u64)> {
    let name = block.get(..NAME_MAX)?.split(|byte| *byte == 0).next()?;
    let name = std::str::from_utf8(name).ok()?;
    let size = std::str::from_utf8(block.get(124..135)?).ok()?;
    let size = u64::from_str_radix(size, 8).ok().filter(|size| *size <= MEMBER_MAX)?;
    (header(name, size)? == *block).then(|| (name.to_owned(), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ArchiveWriter::new(Vec::new());
        for (name, bytes) in members {
            writer.add(name, bytes).expect("added");
        }
        let (bytes, out) = writer.finish().expect("finished");
        assert_eq!(bytes, out.len() as u64);
        out
    }

    fn read(bytes: &[u8]) -> Result<Vec<Member>, ArchiveError> {
        let mut reader = ArchiveReader::new(bytes);
        let mut members = Vec::new();
        while let Some(member) = reader.next_member()? {
            members.push(member);
        }
        Ok(members)
    }

    fn sample() -> Vec<u8> {
        written(&[("checkpoint", b"a\nb\n"), ("tile/0/000.p/3", &[7; 512]), ("empty", b"")])
    }

    #[test]
    fn what_was_written_is_read() {
        let members = read(&sample()).expect("sound");
        let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["checkpoint", "tile/0/000.p/3", "empty"]);
        assert_eq!(members[1].bytes, [7; 512]);
        assert_eq!(read(&written(&[])).expect("sound"), []);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_shows() {
        let sound = sample();
        for at in 0..sound.len() {
            for bit in 0..8 {
                let mut flipped = sound.clone();
                flipped[at] ^= 1 << bit;
                assert!(read(&flipped).is_err(), "byte {at} bit {bit}");
            }
            assert!(read(&sound[..at]).is_err(), "cut at {at}");
        }
        assert!(matches!(read(&[&sound[..], b"x"].concat()), Err(ArchiveError::Trailing)));
        assert!(matches!(read(&[]), Err(ArchiveError::Cut)));
        let mut other = sound.clone();
        other[BLOCK] = b'x';
        assert!(matches!(read(&other), Err(ArchiveError::Sum(name)) if name == "checkpoint"));
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x".repeat(NAME_MAX + 1);
        for name in ["", "/etc/x", "../x", "a/../x", "a//x", "./x", ".x", "a\\x", "é", "a b", &long]
        {
            assert!(ArchiveWriter::new(Vec::new()).add(name, b"").is_err(), "{name}");
            // Nor are they believed when somebody else wrote them.
            let mut forged = sample();
            forged[..NAME_MAX].fill(0);
            let shown = name.len().min(NAME_MAX);
            forged[..shown].copy_from_slice(&name.as_bytes()[..shown]);
            forged[148..156].copy_from_slice(b"        ");
            let sum: u32 = forged[..BLOCK].iter().map(|byte| u32::from(*byte)).sum();
            forged[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            assert!(read(&forged).is_err(), "{name}");
        }
    }
}
