//! A recording from anybody: refused, or read, written and read again as the same; all
//! frames played to a watch, and what people see holds no control character.
#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use media_custody::ops::FixedClock;
use media_custody::ops::watch::{Limits, Watch};
use media_custody::render::json::to_json_line;
use media_custody::render::text::{self, Style};
use media_custody::usb::lookout::Replayed;
use media_custody::usb::recorded::Recording;

fuzz_target!(|bytes: &[u8]| {
    let Ok(recording) = Recording::parse(bytes) else { return };
    // Written out, a file near the limit may be over it.
    if let Ok(written) = recording.to_bytes() {
        assert_eq!(Recording::parse(&written).expect("what was written"), recording);
    }
    let clock = FixedClock::at(1_700_000_000);
    let mut lookout = Replayed::new(recording);
    let mut watch = Watch::new(&mut lookout, None, &clock).expect("a watch");
    let watched = watch.run(Limits::default(), &|| false, &mut |event| {
        let (line, shown) = (to_json_line(event), text::watch_event(event, Style::PLAIN));
        assert!(!line.contains('\u{1b}') && !shown.contains('\u{1b}'));
        assert_eq!(line.matches('\n').count(), 1);
        Ok(ControlFlow::Continue(()))
    });
    watched.expect("watched");
});
