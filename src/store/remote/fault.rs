//! A store's error on its way from one process to the other.

use std::io;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::store::StoreError;

/// Why the owner did not do what was asked. What a caller acts on keeps its numbers, the
/// rest its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// See [`StoreError::Conflict`].
    Conflict(u64, u64),
    /// See [`StoreError::Unknown`].
    Unknown(String),
    /// See [`StoreError::Poisoned`].
    Poisoned,
    /// See [`StoreError::DiskFull`].
    DiskFull,
    /// See [`StoreError::ReadOnly`].
    ReadOnly(String),
    /// See [`StoreError::TooLarge`].
    TooLarge(u64, u64),
    /// See [`StoreError::EmptyNote`].
    EmptyNote,
    /// See [`StoreError::OutOfRange`].
    OutOfRange(u64, u64),
    /// See [`StoreError::Index`].
    Index(String),
    /// See [`StoreError::Damaged`]; the owner's log has the places.
    Damaged(String),
    /// The rules are against an entry.
    Refused(String),
    /// Anything else.
    Other(String),
}

impl From<&StoreError> for Fault {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Conflict { expected, actual } => Fault::Conflict(*expected, *actual),
            StoreError::Unknown { source } => Fault::Unknown(source.to_string()),
            StoreError::Poisoned => Fault::Poisoned,
            StoreError::DiskFull => Fault::DiskFull,
            StoreError::ReadOnly { why } => Fault::ReadOnly(why.clone()),
            StoreError::TooLarge { bytes, limit } => Fault::TooLarge(*bytes as u64, *limit as u64),
            StoreError::EmptyNote => Fault::EmptyNote,
            StoreError::OutOfRange { asked, size } => Fault::OutOfRange(*asked, *size),
            StoreError::Index { cause } => Fault::Index(cause.clone()),
            StoreError::Damaged(_) => Fault::Damaged(error.to_string()),
            StoreError::OwnerRefused { why } => Fault::Refused(why.clone()),
            other => Fault::Other(other.to_string()),
        }
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        let number = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        match fault {
            Fault::Conflict(expected, actual) => StoreError::Conflict { expected, actual },
            Fault::Unknown(why) => StoreError::Unknown { source: io::Error::other(why) },
            Fault::Poisoned => StoreError::Poisoned,
            Fault::DiskFull => StoreError::DiskFull,
            Fault::ReadOnly(why) => StoreError::ReadOnly { why },
            Fault::TooLarge(bytes, limit) => {
                StoreError::TooLarge { bytes: number(bytes), limit: number(limit) }
            }
            Fault::EmptyNote => StoreError::EmptyNote,
            Fault::OutOfRange(asked, size) => StoreError::OutOfRange { asked, size },
            Fault::Index(cause) => StoreError::Index { cause },
            Fault::Damaged(what) => {
                StoreError::damaged(None, "journal", super::super::Cause::Told(what))
            }
            Fault::Refused(why) => StoreError::OwnerRefused { why },
            Fault::Other(what) => StoreError::Io {
                what: "use the ledger through",
                path: PathBuf::from(super::SOCKET),
                source: io::Error::other(what),
            },
        }
    }
}
