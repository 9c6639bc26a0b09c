//! What has to hold is `answers::picture` in `tests/fuzzed`, which every build runs over the seeds.
#![no_main]

#[path = "../../tests/fuzzed/mod.rs"]
mod fuzzed;

libfuzzer_sys::fuzz_target!(
    init: {
        // The libraries behind it may panic where our barrier catches that, and libFuzzer would
        // end at each. What is not caught ends it still.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |bytes: &[u8]| fuzzed::answers::picture(bytes)
);
