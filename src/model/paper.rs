//! What is put on paper, and in which form a printer is given it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::spelling::Spelled;
use super::vocabulary::{WordError, vocabulary};

vocabulary!(
    /// What kind of document is printed; each has a printer of its own by default.
    DocumentKind {
        /// A receipt on A4 or A5.
        Receipt = "receipt",
        /// A receipt on the roll of a thermal printer.
        Thermal = "thermal",
        /// A label for a drive.
        Label = "label",
        /// A check sheet, a register, a certificate.
        Sheet = "sheet",
    }
);

vocabulary!(
    /// The form of a document as a printer takes it.
    Format {
        /// PDF, for office printers.
        Pdf = "pdf",
        /// ESC/POS, for receipt printers.
        EscPos = "esc-pos",
        /// ZPL, for label printers of Zebra and its imitators.
        Zpl = "zpl",
        /// The raster language of Brother's QL label printers.
        BrotherQl = "brother-ql",
    }
);

impl Format {
    /// What the bytes are by how they begin; `None` for what no printer of ours takes.
    pub fn of(bytes: &[u8]) -> Option<Format> {
        let begins = |with: &[u8]| bytes.starts_with(with);
        // Brother's rasters begin with a run of zeros that ends a job cut short before.
        let past = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let past = bytes.get(past..).unwrap_or_default();
        match () {
            () if begins(b"%PDF-") => Some(Format::Pdf),
            () if begins(b"\x1b@") => Some(Format::EscPos),
            () if begins(b"^XA") || begins(b"~") => Some(Format::Zpl),
            () if begins(b"\0") && past.starts_with(b"\x1b@") => Some(Format::BrotherQl),
            () => None,
        }
    }

    /// The media type under which an IPP printer is given it. The languages of raw
    /// printers have no registered one: they go as bytes that are passed through.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::Pdf => "application/pdf",
            Format::EscPos | Format::Zpl | Format::BrotherQl => "application/octet-stream",
        }
    }

    /// Whether a printer takes it as it is, byte by byte.
    pub fn is_raw(self) -> bool {
        self != Format::Pdf
    }

    /// Its name for people.
    pub fn words(self) -> &'static str {
        match self {
            Format::Pdf => "a PDF",
            Format::EscPos => "an ESC/POS receipt",
            Format::Zpl => "a ZPL label",
            Format::BrotherQl => "a Brother QL label",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_told_by_its_first_bytes() {
        assert_eq!(Format::of(b"%PDF-1.7\n"), Some(Format::Pdf));
        assert_eq!(Format::of(b"\x1b@\x1dv0"), Some(Format::EscPos));
        assert_eq!(Format::of(b"^XA^FO10,10"), Some(Format::Zpl));
        assert_eq!(Format::of(b"\0\0\0\x1b@\x1bia"), Some(Format::BrotherQl));
        for other in [b"".as_slice(), b"\0\0", b"<svg", b"\x89PNG", b" %PDF-"] {
            assert_eq!(Format::of(other), None, "{other:?}");
        }
    }
}
