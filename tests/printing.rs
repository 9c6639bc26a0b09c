//! Printing: IPP against a stub that is kind, slow or hostile, and against CUPS's own
//! emulated printer; ports and devices that take everything, nothing, or break; and the
//! spool, which neither loses a job nor prints one twice by itself.

#[path = "office/mod.rs"]
mod office;

#[path = "printing/desk.rs"]
mod desk;
#[path = "printing/ipp.rs"]
mod ipp;
#[path = "printing/ippeveprinter.rs"]
mod ippeveprinter;
#[path = "printing/lines.rs"]
mod lines;
#[path = "printing/spool.rs"]
mod spool;
#[path = "printing/stub.rs"]
mod stub;

use std::time::Duration;

use media_custody::model::{DocumentKind, Format};
use media_custody::printer::{Job, Patience, Printer, Wires};

/// A job of so many bytes.
pub fn job(format: Format, size: usize) -> Job {
    let begin: &[u8] = if format == Format::Pdf { b"%PDF-1.7\n" } else { b"\x1b@" };
    let filler = (0..size).map(|at| (at % 251) as u8);
    let bytes = begin.iter().copied().chain(filler).take(size.max(begin.len())).collect();
    let kind = if format == Format::Pdf { DocumentKind::Receipt } else { DocumentKind::Thermal };
    Job { kind, name: "SZ-2026-000001".to_owned(), format, copies: 1, bytes }
}

pub fn printer(address: &str) -> Printer {
    let address = address.parse().unwrap_or_else(|error| panic!("{address}: {error}"));
    Printer { name: None, address, pdf: false }
}

/// Printers that are waited for as long as a test can.
pub fn wires() -> Wires {
    let patience = Patience {
        connect: Duration::from_millis(800),
        idle: Duration::from_millis(400),
        answer: Duration::from_millis(1500),
        finish: Duration::from_millis(600),
    };
    Wires { patience }
}
