//! Where a medium was seen, and where it was not.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::statement::define::bodies;
use crate::model::statement::field::{Field, FieldError, FieldShape, Reader};
use crate::model::vocabulary::*;
use crate::model::{
    AlarmLine, DrawLine, EncryptionLine, EntryRef, Hash, MarkLine, MediumId, MediumLine, Name,
    Nonce, Origin, Phrase, Seen, SeenLine, SequenceLine, Signatory, Stamp, TokenLine, UnknownLine,
    VerifierKey,
};

bodies! {
    /// One dated observation of one medium.
    Sighting {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// How it was seen.
        grade: "grade" => SightingGrade,
        /// Where.
        place: "place" => Name,
        /// SHA-256 of the token file that was written on it.
        token: "token" => Option<Hash>,
        /// What was odd about it.
        alarm: "alarm" => Vec<AlarmLine>,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who saw it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// What a station saw in one interval: one entry, not one a medium.
    RollCall {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When the interval ended.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Where the station stands.
        place: "place" => Name,
        /// The roll-call before, where only what has changed since is listed.
        as_in: "as-in" => Option<EntryRef>,
        /// Media it saw.
        present: "present" => Vec<SeenLine>,
        /// Media that belong there, or were there, and were not seen.
        absent: "absent" => Vec<MediumId>,
        /// Devices nobody registered.
        unknown: "unknown" => Vec<UnknownLine>,
        /// What was odd.
        alarm: "alarm" => Vec<AlarmLine>,
        /// The station.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// One round of presence checks at a place.
    Check {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When it was closed.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The place.
        place: "place" => Name,
        /// The sample that was looked for, where not everything was.
        draw: "draw" => Option<DrawLine>,
        /// Media that belong there and were seen.
        found: "found" => Vec<SeenLine>,
        /// Media that belong there and were not seen.
        missing: "missing" => Vec<MediumId>,
        /// Media that belong there and were seen with weaker evidence than their terms ask for.
        unverified: "unverified" => Vec<SeenLine>,
        /// Registered media that were seen and belong elsewhere.
        unexpected: "unexpected" => Vec<SeenLine>,
        /// Devices nobody registered.
        unknown: "unknown" => Vec<UnknownLine>,
        /// Encryption that was read now and is known otherwise.
        encryption: "encryption" => Vec<EncryptionLine>,
        /// Content marks that were read now and not known before.
        mark: "mark" => Vec<MarkLine>,
        /// Sequence ids that were read now, where higher than known before.
        sequence: "sequence" => Vec<SequenceLine>,
        /// SHA-256 of the token files that were renewed on the media.
        token: "token" => Vec<TokenLine>,
        /// What was odd.
        alarm: "alarm" => Vec<AlarmLine>,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who checked.
        by: "by" => Signatory,
        /// Who checked with them.
        second: "second" => Option<Signatory>,
        /// Media that the second of them vouches for; the first does for the others.
        second_saw: "second-saw" => Vec<MediumId>,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Opens the missing state outside a check.
    Missing {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When it became known.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// What is known.
        detail: "detail" => Phrase,
        /// Who says so.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Ends the missing or lost state.
    Found {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// How its identity was checked.
        grade: "grade" => SightingGrade,
        /// Where it was.
        place: "place" => Name,
        /// What was odd about it.
        alarm: "alarm" => Vec<AlarmLine>,
        /// What is known.
        detail: "detail" => Option<Phrase>,
        /// Who has it now.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Decides that a missing medium is lost.
    Lost {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// On what grounds.
        detail: "detail" => Phrase,
        /// Who decides.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Says where a missing medium was looked for and not found.
    Search {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// Where was looked.
        place: "place" => Name,
        /// A remark.
        detail: "detail" => Option<Phrase>,
        /// Who looked.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Takes note of what a medium is due or missing for: who says so sees to it.
    Acknowledge {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Which medium.
        medium: "medium" => MediumLine,
        /// What of it.
        concern: "concern" => Concern,
        /// What is done about it.
        detail: "detail" => Option<Phrase>,
        /// Who sees to it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }
}
