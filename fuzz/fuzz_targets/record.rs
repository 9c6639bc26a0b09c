//! What has to hold is `kept::record` in `tests/fuzzed`, which every build runs over the seeds.
#![no_main]

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzzed::kept::record(bytes));
