//! Volumes written by hand from the documented layouts. No key fits them: what stands
//! where a key would be is filler. Tools that are not ours read them all the same.
#![allow(dead_code)] // each test file takes what it needs

/// Puts `part` at `at`.
pub fn put(bytes: &mut [u8], at: usize, part: &[u8]) {
    bytes[at..at + part.len()].copy_from_slice(part);
}

/// The standard identifier of BitLocker volumes, as stored.
pub const STANDARD: [u8; 16] =
    [0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 1];
/// The one of volumes encrypted on write.
pub const ON_WRITE: [u8; 16] = [
    0x3b, 0x4d, 0xa8, 0x92, 0x80, 0xdd, 0x0e, 0x4d, 0x9e, 0x4e, 0xb1, 0xe3, 0x28, 0x4e, 0xae, 0xd8,
];
/// Bytes of a BitLocker image.
pub const BITLOCKER_BYTES: usize = 1 << 20;
/// Where its metadata blocks are.
pub const BLOCKS: [u64; 3] = [0x2_0000, 0x6_0000, 0xA_0000];

/// A BitLocker volume to write.
#[derive(Clone)]
pub struct BitLockerImage {
    pub version: u16,
    pub to_go: bool,
    pub identifier: [u8; 16],
    pub cipher: u16,
    pub states: (u16, u16),
    pub protectors: Vec<u16>,
    pub encrypted_bytes: u64,
}

impl Default for BitLockerImage {
    fn default() -> Self {
        BitLockerImage {
            version: 2,
            to_go: false,
            identifier: STANDARD,
            cipher: 0x8004,
            states: (4, 4),
            protectors: vec![0x2000, 0x0800],
            encrypted_bytes: BITLOCKER_BYTES as u64,
        }
    }
}

/// A metadata entry: size, entry type, value type, version 1, data.
fn entry(kind: u16, value: u16, data: &[u8]) -> Vec<u8> {
    let size = u16::try_from(8 + data.len()).expect("small");
    let mut bytes: Vec<u8> = [size, kind, value, 1].iter().flat_map(|n| n.to_le_bytes()).collect();
    bytes.extend_from_slice(data);
    bytes
}

/// Nonce, MAC and an encrypted key of `length` bytes, all filler.
fn sealed(kind: u16, length: usize) -> Vec<u8> {
    entry(kind, 5, &vec![0xA5; 12 + 16 + length])
}

fn master_key(number: u8, protection: u16) -> Vec<u8> {
    let mut data = vec![number; 16];
    data.extend_from_slice(&132_067_873_150_000_000_u64.to_le_bytes());
    data.extend_from_slice(&0_u16.to_le_bytes());
    data.extend_from_slice(&protection.to_le_bytes());
    if protection == 0 {
        let mut key = 0x2000_u32.to_le_bytes().to_vec();
        key.extend_from_slice(&[0x5A; 32]);
        data.extend(entry(0, 1, &key));
    } else {
        let mut stretch = 0x1000_u32.to_le_bytes().to_vec();
        stretch.extend_from_slice(&[number; 16]);
        stretch.extend(sealed(0, 44));
        data.extend(entry(0, 3, &stretch));
    }
    data.extend(sealed(0, 44));
    entry(2, 8, &data)
}

impl BitLockerImage {
    /// The whole volume.
    pub fn bytes(&self) -> Vec<u8> {
        let mut image = vec![0; BITLOCKER_BYTES];
        self.boot_record(&mut image);
        for start in BLOCKS {
            put(&mut image, start as usize, &self.block());
        }
        image
    }

    fn boot_record(&self, image: &mut [u8]) {
        let vista = self.version == 1;
        put(image, 0, if vista { b"\xEB\x52\x90" } else { b"\xEB\x58\x90" });
        put(image, 3, if self.to_go { b"MSWIN4.1" } else { b"-FVE-FS-" });
        put(image, 11, &512_u16.to_le_bytes());
        image[13] = 8;
        image[21] = 0xF8;
        put(image, 510, b"\x55\xAA");
        if vista {
            put(image, 40, &(BITLOCKER_BYTES as u64 / 512).to_le_bytes());
            put(image, 56, &(BLOCKS[0] / 4096).to_le_bytes());
            return;
        }
        let at = if self.to_go { 424 } else { 160 };
        put(image, at, &self.identifier);
        for (number, start) in BLOCKS.iter().enumerate() {
            put(image, at + 16 + 8 * number, &start.to_le_bytes());
        }
    }

    /// One metadata block with the check sum behind it.
    pub fn block(&self) -> Vec<u8> {
        let text: Vec<u8> = "CUSTODY\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut entries = entry(7, 2, &text);
        for (number, protection) in self.protectors.iter().enumerate() {
            entries.extend(master_key(number as u8 + 1, *protection));
        }
        entries.extend(sealed(3, 44));
        let backup: Vec<u8> = [0xE_0000_u64, 8192].iter().flat_map(|n| n.to_le_bytes()).collect();
        entries.extend(entry(15, 15, &backup));
        let mut block = vec![0; (112 + entries.len()).next_multiple_of(16)];
        let size = block.len() / if self.version == 2 { 16 } else { 1 };
        put(&mut block, 0, b"-FVE-FS-");
        put(&mut block, 8, &(size as u16).to_le_bytes());
        put(&mut block, 10, &self.version.to_le_bytes());
        put(&mut block, 12, &self.states.0.to_le_bytes());
        put(&mut block, 14, &self.states.1.to_le_bytes());
        if self.version == 2 {
            put(&mut block, 16, &self.encrypted_bytes.to_le_bytes());
            put(&mut block, 28, &16_u32.to_le_bytes());
            put(&mut block, 56, &0xE_0000_u64.to_le_bytes());
        }
        for (number, start) in BLOCKS.iter().enumerate() {
            put(&mut block, 32 + 8 * number, &start.to_le_bytes());
        }
        let inner = 48 + entries.len() as u32;
        for (at, number) in [(64, inner), (68, 1), (72, 48), (76, inner)] {
            put(&mut block, at, &number.to_le_bytes());
        }
        put(&mut block, 80, &[0x11; 16]);
        put(&mut block, 96, &7_u32.to_le_bytes());
        put(&mut block, 100, &self.cipher.to_le_bytes());
        put(&mut block, 104, &132_067_873_150_000_000_u64.to_le_bytes());
        put(&mut block, 112, &entries);
        self.close(block)
    }

    /// Adds the validation that lies behind a block.
    fn close(&self, mut block: Vec<u8>) -> Vec<u8> {
        let sum = crc32(&block);
        block.extend_from_slice(&88_u16.to_le_bytes());
        block.extend_from_slice(&self.version.to_le_bytes());
        block.extend_from_slice(&sum.to_le_bytes());
        block.extend(sealed(0, 44));
        block
    }
}

/// CRC-32 of ISO 3309, bit by bit.
pub fn crc32(bytes: &[u8]) -> u32 {
    !shifted(bytes, 0xEDB8_8320)
}

/// CRC-32C without the inversion at the end.
fn weak_crc32c(bytes: &[u8]) -> u32 {
    shifted(bytes, 0x82F6_3B78)
}

fn shifted(bytes: &[u8], polynomial: u32) -> u32 {
    bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 { sum >> 1 ^ polynomial } else { sum >> 1 }
        })
    })
}

/// A CoreStorage physical volume of 1 MiB: its header at the front and at the end.
pub fn core_storage() -> Vec<u8> {
    let mut header = vec![0; 512];
    put(&mut header, 4, &u32::MAX.to_le_bytes());
    for (at, number) in [(8, 1_u16), (10, 0x10), (94, 4)] {
        put(&mut header, at, &number.to_le_bytes());
    }
    for (at, number) in [(16, 1_u32), (48, 512), (90, 1), (96, 4096), (100, 1 << 16), (168, 16)] {
        put(&mut header, at, &number.to_le_bytes());
    }
    put(&mut header, 64, &(1_u64 << 20).to_le_bytes());
    put(&mut header, 88, b"CS");
    for number in 0..4_u64 {
        put(&mut header, 104 + 8 * number as usize, &(number * 16 + 1).to_le_bytes());
    }
    put(&mut header, 172, &2_u32.to_le_bytes());
    put(&mut header, 176, &[0x33; 16]);
    put(&mut header, 304, &[0x44; 16]);
    put(&mut header, 320, &[0x55; 16]);
    let sum = weak_crc32c(&header[8..]);
    put(&mut header, 0, &sum.to_le_bytes());
    let mut image = vec![0; 1 << 20];
    put(&mut image, 0, &header);
    put(&mut image, (1 << 20) - 512, &header);
    image
}

/// Writes the Fletcher-64 of an APFS object, reduced at every step.
pub fn seal(object: &mut [u8]) {
    const M: u64 = 0xFFFF_FFFF;
    let (mut low, mut high) = (0_u64, 0_u64);
    for word in object[8..].chunks(4) {
        low = (low + u64::from(u32::from_le_bytes(word.try_into().expect("four")))) % M;
        high = (high + low) % M;
    }
    let first = M - (low + high) % M;
    let second = M - (low + first) % M;
    put(object, 0, &(second << 32 | first).to_le_bytes());
}

/// Blocks of an APFS image, of 4096 bytes each.
pub const APFS_BLOCKS: usize = 32;
/// Blocks of its volume superblocks.
pub const VOLUMES_AT: [usize; 2] = [20, 21];

/// An APFS container with a volume for each pair of flags and map flags (two at
/// most). Block 0 is an old superblock without volumes; the newest lies in the
/// checkpoints, as after a drive that was pulled out. The map's tree has two levels.
pub fn apfs(volumes: &[(u64, u32)]) -> Vec<u8> {
    let mut image = vec![0; APFS_BLOCKS * 4096];
    let superblock = |transaction: u64, listed: usize| {
        let mut block = object(1, transaction, 0x8000_0001, b"NXSB");
        put(&mut block, 36, &4096_u32.to_le_bytes());
        put(&mut block, 40, &(APFS_BLOCKS as u64).to_le_bytes());
        put(&mut block, 72, &[0x66; 16]);
        put(&mut block, 0x68, &4_u32.to_le_bytes());
        put(&mut block, 0x70, &4_u64.to_le_bytes());
        put(&mut block, 160, &10_u64.to_le_bytes());
        put(&mut block, 180, &100_u32.to_le_bytes());
        for number in 0..listed {
            put(&mut block, 184 + 8 * number, &(1026 + number as u64).to_le_bytes());
        }
        put(&mut block, 0x510, &30_u64.to_le_bytes());
        put(&mut block, 0x518, &1_u64.to_le_bytes());
        block
    };
    let mut place = |at: usize, mut block: Vec<u8>| {
        seal(&mut block);
        put(&mut image, at * 4096, &block);
    };
    place(0, superblock(5, 0));
    place(5, superblock(6, 0));
    place(7, superblock(9, volumes.len()));
    place(6, superblock(8, 0));
    let mut map = object(10, 9, 0x4000_000B, &[0; 4]);
    put(&mut map, 48, &11_u64.to_le_bytes());
    place(10, map);
    let (root, leaf) = (node(11, true, 1), node(12, false, 0));
    place(11, keys(root, &[((1026, 1), vec![12, 0, 0, 0, 0, 0, 0, 0])]));
    let entries = (0..volumes.len()).flat_map(|number| {
        let value = |block: u64| {
            [[0; 4], 4096_u32.to_le_bytes()]
                .concat()
                .into_iter()
                .chain(block.to_le_bytes())
                .collect::<Vec<u8>>()
        };
        let object = 1026 + number as u64;
        // An older version, the one that counts, and one newer than the superblock.
        [
            ((object, 3), value(31)),
            ((object, 8), value(20 + number as u64)),
            ((object, 12), value(31)),
        ]
    });
    place(12, keys(leaf, &entries.collect::<Vec<_>>()));
    for (number, (flags, map_flags)) in volumes.iter().enumerate() {
        let mut volume = object(1026 + number as u64, 8, 0x0000_000D, b"APSB");
        put(&mut volume, 0x80, &(24 + number as u64).to_le_bytes());
        put(&mut volume, 0xF0, &[0x70 + number as u8; 16]);
        put(&mut volume, 0x108, &flags.to_le_bytes());
        place(VOLUMES_AT[number], volume);
        place(24 + number, object(24 + number as u64, 8, 0x4000_000B, &map_flags.to_le_bytes()));
    }
    image
}

fn object(number: u64, transaction: u64, kind: u32, after: &[u8]) -> Vec<u8> {
    let mut block = vec![0; 4096];
    put(&mut block, 8, &number.to_le_bytes());
    put(&mut block, 16, &transaction.to_le_bytes());
    put(&mut block, 24, &kind.to_le_bytes());
    put(&mut block, 32, after);
    block
}

fn node(number: u64, root: bool, level: u16) -> Vec<u8> {
    let mut block = object(number, 8, if root { 0x4000_0002 } else { 0x4000_0003 }, &[]);
    put(&mut block, 28, &0x0B_u32.to_le_bytes());
    let flags = 4 | u16::from(root) | if level == 0 { 2 } else { 0 };
    put(&mut block, 32, &flags.to_le_bytes());
    put(&mut block, 34, &level.to_le_bytes());
    put(&mut block, 42, &64_u16.to_le_bytes());
    block
}

fn keys(mut node: Vec<u8>, entries: &[((u64, u64), Vec<u8>)]) -> Vec<u8> {
    let end = if node[32] & 1 == 1 { 4096 - 40 } else { 4096 };
    put(&mut node, 36, &(entries.len() as u32).to_le_bytes());
    for (number, ((object, transaction), value)) in entries.iter().enumerate() {
        let back = (number + 1) * value.len();
        put(&mut node, 56 + 4 * number, &(16 * number as u16).to_le_bytes());
        put(&mut node, 58 + 4 * number, &(back as u16).to_le_bytes());
        put(&mut node, 120 + 16 * number, &object.to_le_bytes());
        put(&mut node, 128 + 16 * number, &transaction.to_le_bytes());
        put(&mut node, end - back, value);
    }
    node
}
