//! APFS containers, packed as `unpacked` says; the sum of each block is made right, so
//! that what lies behind is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media_custody::volume::{BUDGET, apfs, probe};

const BLOCK: usize = 4096;
/// More blocks than the seeds have, so that places can point beyond them.
const BLOCKS: usize = 64;

/// Fletcher-64 over all words but the first two, which it then is.
fn seal(block: &mut [u8]) {
    const M: u64 = 0xFFFF_FFFF;
    let (mut low, mut high) = (0_u64, 0_u64);
    for word in block[8..].chunks_exact(4) {
        low = (low + u64::from(u32::from_le_bytes(*word.first_chunk().expect("four")))) % M;
        high = (high + low) % M;
    }
    let first = M - (low + high) % M;
    let second = M - (low + first) % M;
    block[..8].copy_from_slice(&(second << 32 | first).to_le_bytes());
}

/// A block number, then that block up to its last byte that is not zero: containers are
/// mostly zeros, and a fuzzer should not have to learn that.
fn unpacked(mut bytes: &[u8]) -> Vec<u8> {
    let mut container = vec![0; BLOCKS * BLOCK];
    while let Some(([number, low, high], rest)) = bytes.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([*low, *high])).min(BLOCK).min(rest.len());
        let (block, behind) = rest.split_at(length);
        let at = usize::from(*number) % BLOCKS * BLOCK;
        container[at..at + length].copy_from_slice(block);
        seal(&mut container[at..at + BLOCK]);
        bytes = behind;
    }
    container
}

fuzz_target!(|bytes: &[u8]| {
    let container = unpacked(bytes);
    let _ = apfs::read(&container, 0, container.len() as u64);
    // The whole verdict with its samples takes a hundred times as long.
    if bytes.len() % 16 == 0 {
        let evidence = probe(&container);
        assert!(evidence.read.bytes <= BUDGET);
    }
});
