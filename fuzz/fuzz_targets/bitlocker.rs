//! BitLocker volumes: a boot record, then a metadata block that is laid at each of the
//! three places, its check sum made right. The places are kept within a small volume.
#![no_main]

use flate2::Crc;
use libfuzzer_sys::fuzz_target;
use media_custody::volume::{BUDGET, bitlocker, probe};

const VOLUME: usize = 1 << 20;
const PLACES: [usize; 3] = [0x2_0000, 0x6_0000, 0xA_0000];

/// Writes the sum behind a block, as far as its stated size lies within the input.
fn seal(block: &mut [u8]) -> Option<()> {
    let stated = usize::from(u16::from_le_bytes(*block.get(8..)?.first_chunk()?));
    let version = u16::from_le_bytes(*block.get(10..)?.first_chunk()?);
    let size = if version == 2 { stated * 16 } else { stated };
    let mut sum = Crc::new();
    sum.update(block.get(..size)?);
    block.get_mut(size + 4..size + 8)?.copy_from_slice(&sum.sum().to_le_bytes());
    Some(())
}

fuzz_target!(|bytes: &[u8]| {
    let Some((record, block)) = bytes.split_at_checked(512) else { return };
    let mut block = block.get(..block.len().min(0x1_8000)).unwrap_or_default().to_vec();
    let _ = seal(&mut block);
    let mut volume = vec![0; VOLUME];
    volume[..512].copy_from_slice(record);
    for place in PLACES {
        volume[place..place + block.len()].copy_from_slice(&block);
    }
    let _ = bitlocker::read(&volume, 0, VOLUME as u64);
    // The whole verdict with its samples takes a hundred times as long.
    if bytes.len() % 16 == 0 {
        let evidence = probe(&volume);
        assert!(evidence.read.bytes <= BUDGET);
    }
});
