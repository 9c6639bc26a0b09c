//! Value to bytes: what is shown and printed. No clock, no input or output.

pub mod csv;
pub mod dossier;
pub mod ics;
pub mod json;
pub mod markdown;
pub mod metrics;
pub mod notice;
pub mod paper;
pub mod qr;
pub mod text;
pub mod udev;
pub mod usbguard;
mod wrap;
pub mod xlsx;
