//! Bytes: what is signed, how it is signed, and how it travels. FORMAT.md beside
//! this file is the normative description.

pub mod statement;
