//! What must hold of every parser of FORMAT.md, FORMAT-proofs.md and FORMAT-journal.md,
//! whatever bytes it is given. The fuzz targets run these functions under libFuzzer, and
//! `tests/fuzz_seeds.rs` on every build, over the seeds and what is made of them.
#![allow(dead_code)] // a fuzz target takes one of them

pub mod answers;
pub mod files;
pub mod kept;
pub mod peer;
pub mod proofs;
pub mod text;

/// The targets: the name of each, and what holds of its input.
pub type Target = (&'static str, fn(&[u8]));

pub const TARGETS: &[Target] = &[
    ("statement", text::statement),
    ("note", peer::note),
    ("checkpoint", text::checkpoint),
    ("vkey", text::vkey),
    ("receipt", text::receipt),
    ("codes", text::codes),
    ("proof", proofs::proof),
    ("tiles", proofs::tiles),
    ("audit", proofs::audit),
    ("journal", files::journal),
    ("archive", files::archive),
    ("round", files::round),
    ("socket", files::socket),
    ("http", files::http),
    ("key_file", files::key_file),
    ("settings", files::settings),
    ("witness", proofs::witness),
    ("agent", answers::agent),
    ("ipp", answers::ipp),
    ("picture", answers::picture),
    ("folded", kept::folded),
    ("record", kept::record),
];
