//! What has to hold is `proofs::witness` in `tests/fuzzed`, which every build runs over the seeds.
#![no_main]

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::proofs::witness(bytes));
