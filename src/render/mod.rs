//! Value to bytes: what is shown and printed. No clock, no input or output.

pub mod qr;
