//! LUKS headers. The sums of LUKS2 are made right first, so that the metadata behind
//! them are reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_custody::volume::{BUDGET, probe};
use sha2::{Digest, Sha256};

fn seal(disk: &mut [u8], at: usize) -> Option<()> {
    let length = u64::from_be_bytes(*disk.get(at.checked_add(8)?..)?.first_chunk()?);
    let end = at.checked_add(usize::try_from(length).ok()?)?;
    let header = disk.get_mut(at..end)?;
    header.get_mut(448..512)?.fill(0);
    let sum = Sha256::digest(&*header);
    header.get_mut(448..480)?.copy_from_slice(&sum);
    Some(())
}

fuzz_target!(|bytes: &[u8]| {
    let mut disk = bytes.to_vec();
    let _ = seal(&mut disk, 0);
    let _ = seal(&mut disk, 0x4000);
    // Room behind the headers, so that segments can lie within the disk.
    disk.resize(disk.len().max(1 << 20), 0);
    let evidence = probe(&disk);
    assert!(evidence.read.bytes <= BUDGET);
});
