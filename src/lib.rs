//! A custody ledger for encrypted removable media.
//!
//! *Decide, append, show*: a pure function decides whether an intent may become
//! an entry ([`ledger`]), one adapter appends it ([`store`]), pure functions show
//! it ([`report`], [`render`]). Canonical signed bytes ([`wire`]) are the product;
//! a database is a replaceable shelf for them.
//!
//! Layers import downward only: `model` is the bottom; `ledger`, `wire` and
//! `proof` stand on it and not on one another, but for `proof`, whose checkpoints
//! are `wire` notes; `report` and `render` show what they hold; the adapters
//! (`store`, `usb`, `volume`, `keyring`, `picture`, `printer`, `notify`, `witness_http`)
//! never import one another; `ops` joins them; `cli` and `daemon` sit on `ops`. `tests/layers.rs` holds the rule.
#![forbid(unsafe_code)]
#![warn(missing_docs)]

pub mod audit;
pub mod cli;
pub mod daemon;
pub mod keyring;
pub mod ledger;
pub mod model;
pub mod notify;
pub mod ops;
pub mod picture;
pub mod printer;
pub mod proof;
pub mod render;
pub mod report;
pub mod store;
pub mod usb;
pub mod volume;
pub mod wire;
pub mod witness_http;
