//! The nouns: what a medium, a device and its identity are.
//!
//! Nothing here reads a clock, draws randomness or touches the outside world,
//! so every value can be rebuilt from bytes alone, today or in thirty years.

pub mod hardware;
pub mod printable;
