//! A medium from its registration to its end.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::hardware::{Grade, HardwareIdentity};
use crate::model::statement::define::bodies;
use crate::model::statement::field::{Field, FieldError, FieldShape, Reader, Some1};
use crate::model::vocabulary::*;
use crate::model::{
    AlarmLine, EncryptionLine, MarkLine, MediumLine, Name, Nonce, Origin, Phrase, Seen,
    SequenceLine, Signatory, Stamp, Token, VerifierKey,
};

bodies! {
    /// Registers a medium; it begins in the custody of the one who registers it.
    Register {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Asset id and what the device says of itself.
        medium: "medium" => MediumLine,
        /// SHA-256 of that, see FORMAT.md.
        hardware: "hw" => HardwareIdentity,
        /// How far the serial can be trusted to single it out.
        serial_grade: "serial-grade" => Grade,
        /// Manufacturer and product strings, escaped.
        product: "product" => Option<Phrase>,
        /// Capacity in bytes.
        capacity: "capacity" => Option<u64>,
        /// bcdDevice of the device descriptor, four hex digits.
        release: "release" => Option<Token>,
        /// Number of configurations.
        configurations: "configurations" => Option<u32>,
        /// Interface classes as `08:06:50`, sorted, separated by spaces.
        interfaces: "interfaces" => Option<Phrase>,
        /// SCSI INQUIRY type, vendor, model and revision, one line a LUN.
        inquiry: "inquiry" => Vec<Phrase>,
        /// Content marks, `gpt <guid>`, `luks <uuid>` ...
        mark: "mark" => Vec<Phrase>,
        /// Sequence ids of its LUKS2 headers.
        sequence: "sequence" => Vec<SequenceLine>,
        /// Encryption and how it is known.
        encryption: "encryption" => EncryptionLine,
        /// The place it belongs to.
        home: "home" => Name,
        /// Whose it is.
        owner: "owner" => Name,
        /// What kind of data it carries.
        class: "class" => Name,
        /// Days between two sightings, where not the policy's.
        interval_days: "interval-days" => Option<u32>,
        /// What should be known about it.
        alarm: "alarm" => Vec<AlarmLine>,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who registers it and holds it from now on.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Certifies an erasure, with the fields of NIST SP 800-88's certificate.
    Erase {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// Kind of medium, `flash memory`.
        media_type: "media-type" => Name,
        /// Clear, purge or destroy.
        method: "method" => ErasureMethod,
        /// How: `crypto erase`, `overwrite once` ...
        technique: "technique" => Name,
        /// With what, and which version.
        tool: "tool" => Name,
        /// How the result was verified.
        verification: "verification" => Name,
        /// Where the medium goes next.
        destination: "destination" => Option<Name>,
        /// Where it was done.
        place: "place" => Option<Name>,
        /// Encryption that was read afterwards.
        encryption: "encryption" => Option<EncryptionLine>,
        /// Content marks that were read afterwards.
        mark: "mark" => Vec<MarkLine>,
        /// Sequence ids that were read afterwards.
        sequence: "sequence" => Vec<SequenceLine>,
        /// What was odd about it.
        alarm: "alarm" => Vec<AlarmLine>,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who erased it.
        by: "by" => Signatory,
        /// Who verified it; somebody else.
        verifier: "verifier" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Takes a medium out of use for good.
    Retire {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// Why.
        reason: "reason" => Phrase,
        /// Clear, purge or destroy, where its data was dealt with.
        method: "method" => Option<ErasureMethod>,
        /// Kind of medium, `flash memory`.
        media_type: "media-type" => Option<Name>,
        /// How: `shredded`, `drilled` ...
        technique: "technique" => Option<Name>,
        /// With what.
        tool: "tool" => Option<Name>,
        /// How the result was verified.
        verification: "verification" => Option<Name>,
        /// Where it went.
        destination: "destination" => Option<Name>,
        /// Where it was done.
        place: "place" => Option<Name>,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who retires it.
        by: "by" => Signatory,
        /// Who saw that it was done; somebody else.
        verifier: "verifier" => Option<Signatory>,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Lets a medium change hands once, whatever these alarms say of it.
    Override {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The medium.
        medium: "medium" => MediumLine,
        /// The alarms that are known and accepted.
        alarm: "alarm" => Some1<AlarmLine>,
        /// Its content marks as they are now, accepted with `mark-drift`.
        mark: "mark" => Vec<MarkLine>,
        /// Its sequence ids as they are now, accepted with `sequence-backwards`.
        sequence: "sequence" => Vec<SequenceLine>,
        /// Why.
        reason: "reason" => Phrase,
        /// Who looked into it.
        by: "by" => Signatory,
        /// A second person who agrees.
        second: "second" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }
}
