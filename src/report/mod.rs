//! What is shown, as values: each is computed once, serialised as it is for
//! programs and rendered apart for people ([`render`](crate::render)).
//!
//! The JSON of these types is part of the command line's contract: keys are
//! snake_case, words of a vocabulary kebab-case, moments RFC 3339 with offset,
//! days `2026-12-06`, hashes base64. A key is never removed or given another
//! meaning; what is not known is `null`.

pub mod alarm;
pub mod attachment;
pub mod bound;
pub mod certificate;
pub mod check;
pub mod comparison;
pub mod copies;
pub mod due;
pub mod evidence;
pub mod export;
pub mod history;
pub mod incident;
pub mod labels;
mod lists;
pub mod log;
pub mod medium;
pub mod monthly;
mod named;
pub mod notices;
pub mod parties;
pub mod printing;
pub mod proven;
pub mod receipt;
pub mod reconcile;
pub mod register;
pub mod registration;
pub mod requests;
pub mod round;
pub mod scan;
pub mod searches;
pub mod sheet;
pub mod simulation;
pub mod soundness;
pub mod status;
pub mod telling;
pub mod verification;
pub mod watch;
pub mod who;
pub mod witnesses;
pub mod words;
pub mod workbook;

pub use attachment::{AttachmentView, Sheet};
pub use certificate::{ErasureCertificate, RetirementCertificate};
pub use check::CheckReport;
pub use due::DueReport;
pub use evidence::EvidenceReport;
pub use export::ExportView;
pub use history::HistorySheet;
pub use incident::Incident;
pub use labels::LabelSheet;
pub use log::LogView;
pub use medium::MediumView;
pub use monthly::{Month, MonthFold, MonthlyReport};
pub use notices::Notices;
pub use parties::{PartyList, PartyView};
pub use printing::{PrintJobView, PrintJobs, PrintStanding, PrintersView};
pub use receipt::ReceiptView;
pub use reconcile::{Reconciler, Reconciliation};
pub use register::RegisterSheet;
pub use registration::RegistrationView;
pub use requests::OpenRequests;
pub use scan::{ScanReport, ScanRow};
pub use searches::SearchLog;
pub use sheet::CheckSheet;
pub use status::Status;
pub use verification::{JudgedBy, LedgerVerification, ReceiptVerification, Verdict};
pub use watch::WatchEvent;
pub use who::{KeyView, Who};
pub use workbook::Workbook;

use std::fmt::Display;

use serde::Serializer;

use crate::model::{Hash, MediumId};
use crate::wire::Label;

/// Serialises a value as the text people see. [`Stamp`](crate::model::Stamp) and
/// [`Hash`](crate::model::Hash) serialise compactly for the store, which is no
/// form for a reader.
fn text<T: Display, S: Serializer>(value: &T, out: S) -> Result<S::Ok, S::Error> {
    out.collect_str(value)
}

/// As [`text`], `null` where there is none.
fn optional_text<T: Display, S: Serializer>(value: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => out.collect_str(value),
        None => out.serialize_none(),
    }
}

/// The label of the medium whose registration has this leaf hash. Every asset id
/// fits on a label, so there always is one.
fn label_text(id: &MediumId, registration: &Hash) -> String {
    Label::new(id.as_str(), registration).map_or_else(|_| String::new(), |label| label.to_string())
}
