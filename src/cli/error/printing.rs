//! What goes wrong on the way to a printer.

use super::{Failure, Kind};
use crate::ops::SpoolError;
use crate::ops::print::PrintError;

pub(super) fn print(error: &PrintError) -> Failure {
    let (kind, remedy) = match error {
        PrintError::WrongKind { receipt, .. } => (
            Kind::NotPrintable,
            format!("Nothing was printed. Print {receipt} as receipt or thermal."),
        ),
        PrintError::NotPrintable(_) => (
            Kind::NotPrintable,
            "Nothing was printed. Give a receipt's number, or a file made for a printer."
                .to_owned(),
        ),
        PrintError::Kept { job, doubtful: false, .. } => (
            Kind::NotPrinted,
            format!(
                "It waits as job {job}: see to the printer, then 'custody print --retry {job}'."
            ),
        ),
        PrintError::Kept { job, doubtful: true, .. } => (
            Kind::NotPrinted,
            format!(
                "It may be on paper all the same: look. It is kept as job {job}; 'custody print \
                 --retry {job}' prints it again, 'custody print --drop {job}' gives it up."
            ),
        ),
    };
    Failure::one(kind, error, remedy.as_str())
}

pub(super) fn spool(error: &SpoolError) -> Failure {
    let remedy = match error {
        SpoolError::Full(_) => {
            "Nothing was printed. See 'custody print --list', and print or drop what waits."
        }
        SpoolError::Size(_) => "Nothing was printed. Print it from another program.",
        SpoolError::NoJob(_) => "'custody print --list' shows what waits.",
        SpoolError::Busy(_) => "Wait until it has ended.",
        SpoolError::Damaged(_) => {
            "Drop it with 'custody print --drop', and print it anew from the ledger."
        }
        SpoolError::Io { .. } => "Check the disk and what you may read and write there.",
    };
    Failure::one(Kind::Spool, error, remedy)
}
