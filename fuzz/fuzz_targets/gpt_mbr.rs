//! Partition tables. The sums of a GPT are made right first, so that what lies behind
//! them is reached; the rest of the input says how large the disk claims to be.
#![no_main]

use std::io;

use flate2::Crc;
use libfuzzer_sys::fuzz_target;
use media_custody::volume::{BUDGET, Disk, probe};

/// The input at the front of a larger disk of zeros.
struct Sparse(Vec<u8>, u64);

impl Disk for Sparse {
    fn size(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(0);
        self.0.read_at(offset, buffer)?;
        Ok(buffer.len())
    }
}

fn sum(bytes: &[u8]) -> [u8; 4] {
    let mut sum = Crc::new();
    sum.update(bytes);
    sum.sum().to_le_bytes()
}

/// Makes the sums of a header in the second sector right, if its entries are there.
fn seal(disk: &mut [u8]) -> Option<()> {
    let number = |disk: &[u8], at: usize| Some(u32::from_le_bytes(*disk.get(at..)?.first_chunk()?));
    let first = usize::try_from(number(disk, 512 + 72)?).ok()?.checked_mul(512)?;
    let length = number(disk, 512 + 80)?.checked_mul(number(disk, 512 + 84)?)?;
    let entries = disk.get(first..first.checked_add(usize::try_from(length).ok()?)?)?;
    let entries = sum(entries);
    disk.get_mut(512 + 88..512 + 92)?.copy_from_slice(&entries);
    let header = usize::try_from(number(disk, 512 + 12)?).ok()?;
    disk.get_mut(512 + 16..512 + 20)?.fill(0);
    let header = sum(disk.get(512..512_usize.checked_add(header)?)?);
    disk.get_mut(512 + 16..512 + 20)?.copy_from_slice(&header);
    Some(())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((last, rest)) = bytes.split_last_chunk::<8>().map(|(rest, last)| (last, rest)) else {
        return;
    };
    let mut disk = rest.to_vec();
    let _ = seal(&mut disk);
    let evidence = probe(&Sparse(disk, u64::from_le_bytes(*last)));
    assert!(evidence.read.bytes <= BUDGET);
});
