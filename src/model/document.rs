//! Documents that are attached to a receipt: which kinds there are, told by their
//! first bytes, and what each is called where it is kept.

use data_encoding::HEXLOWER;

use super::Hash;

/// Most bytes of an attached document: a few pages scanned in colour take a tenth.
pub const DOCUMENT_MAX: u64 = 64 << 20;

/// A kind of document. A name can lie, so the first bytes decide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentType {
    /// `application/pdf`.
    Pdf,
    /// `image/png`.
    Png,
    /// `image/jpeg`.
    Jpeg,
    /// `image/tiff`, what office scanners write.
    Tiff,
}

impl DocumentType {
    /// Every kind.
    pub const ALL: &'static [DocumentType] =
        &[DocumentType::Pdf, DocumentType::Png, DocumentType::Jpeg, DocumentType::Tiff];

    /// The kind of these bytes; none for any other.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let begins =
            |kind: &&DocumentType| kind.first_bytes().iter().any(|begin| bytes.starts_with(begin));
        DocumentType::ALL.iter().find(begins).copied()
    }

    fn first_bytes(self) -> &'static [&'static [u8]] {
        match self {
            DocumentType::Pdf => &[b"%PDF-"],
            DocumentType::Png => &[b"\x89PNG\r\n\x1a\n"],
            DocumentType::Jpeg => &[b"\xFF\xD8\xFF"],
            DocumentType::Tiff => &[b"II*\0", b"MM\0*"],
        }
    }

    /// As it stands in an `attach` entry.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            DocumentType::Pdf => "application/pdf",
            DocumentType::Png => "image/png",
            DocumentType::Jpeg => "image/jpeg",
            DocumentType::Tiff => "image/tiff",
        }
    }

    /// The end of its file's name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            DocumentType::Pdf => "pdf",
            DocumentType::Png => "png",
            DocumentType::Jpeg => "jpg",
            DocumentType::Tiff => "tif",
        }
    }
}

/// The extension that goes with a media type; `bin` for one of a later version.
#[must_use]
pub fn extension(media_type: &str) -> &'static str {
    let known = DocumentType::ALL.iter().find(|kind| kind.media_type() == media_type);
    known.map_or("bin", |kind| kind.extension())
}

/// The name under which a document is kept: its SHA-256 in hexadecimal, so that one
/// content has one name and a name never means another content.
#[must_use]
pub fn file_name(sha256: &Hash, media_type: &str) -> String {
    format!("{}.{}", HEXLOWER.encode(sha256.as_bytes()), extension(media_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_decide_and_not_names() {
        for (bytes, expected) in [
            (&b"%PDF-1.7\n%\xE2\xE3"[..], Some(DocumentType::Pdf)),
            (b"\x89PNG\r\n\x1a\n\0\0", Some(DocumentType::Png)),
            (b"\xFF\xD8\xFF\xE0\0\x10JFIF", Some(DocumentType::Jpeg)),
            (b"II*\0\x08\0\0\0", Some(DocumentType::Tiff)),
            (b"MM\0*\0\0\0\x08", Some(DocumentType::Tiff)),
            // A Windows program, a Word document, a PDF behind a byte order mark.
            (b"MZ\x90\0", None),
            (b"PK\x03\x04", None),
            (b"\xEF\xBB\xBF%PDF-1.7", None),
            (b"%PD", None),
            (b"", None),
        ] {
            assert_eq!(DocumentType::of(bytes), expected, "{bytes:?}");
        }
    }

    #[test]
    fn each_kind_is_kept_under_a_name_of_its_own() {
        let hash = Hash::of(&[b""]);
        for kind in DocumentType::ALL {
            let name = file_name(&hash, kind.media_type());
            let (stem, end) = name.split_once('.').expect("an extension");
            assert_eq!(stem, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
            assert_eq!(end, kind.extension());
        }
        assert!(file_name(&hash, "../../x").ends_with("855.bin"));
    }
}
