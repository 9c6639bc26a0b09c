//! How a medium changes hands.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::statement::define::bodies;
use crate::model::statement::field::{Field, FieldError, FieldShape, Reader, Some1};
use crate::model::vocabulary::*;
use crate::model::{
    AlarmLine, Day, EncryptionLine, EntryRef, Hash, MarkLine, MediumLine, Name, Nonce, Origin,
    PartyRef, Phrase, ReceiptId, Seen, SequenceLine, Side, Signatory, Stamp, TokenLine,
    VerifierKey,
};

bodies! {
    /// Asks for a take-out before it happens.
    Request {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The media asked for.
        medium: "medium" => Some1<MediumLine>,
        /// Who is to receive them.
        receiver: "receiver" => PartyRef,
        /// What for.
        purpose: "purpose" => Phrase,
        /// What will be on them.
        contents: "contents" => Option<Phrase>,
        /// Of how many persons.
        persons: "persons" => Option<u64>,
        /// Where to.
        place: "place" => Name,
        /// Back by.
        due: "due" => Option<Day>,
        /// Who asks.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Answers a request.
    Approve {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The request's entry.
        request: "request" => EntryRef,
        /// Yes or no.
        verdict: "verdict" => Verdict,
        /// Why.
        detail: "detail" => Option<Phrase>,
        /// Who answers; not the one who asked.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Moves custody from one party to another: going out, coming back, changing site.
    Handover {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// The receipt's number.
        receipt: "receipt" => ReceiptId,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The media that change hands.
        medium: "medium" => Some1<MediumLine>,
        /// Encryption of each, where known.
        encryption: "encryption" => Vec<EncryptionLine>,
        /// Content marks that were read now and not known before.
        mark: "mark" => Vec<MarkLine>,
        /// Sequence ids that were read now, where higher than known before.
        sequence: "sequence" => Vec<SequenceLine>,
        /// SHA-256 of the token files that were renewed on the media.
        token: "token" => Vec<TokenLine>,
        /// Who gives.
        giver: "giver" => Side,
        /// Who receives.
        receiver: "receiver" => Side,
        /// Who stood by.
        witness: "witness" => Option<Signatory>,
        /// What for.
        purpose: "purpose" => Phrase,
        /// What is on them.
        contents: "contents" => Option<Phrase>,
        /// Of how many persons.
        persons: "persons" => Option<u64>,
        /// Where the media will be.
        place: "place" => Name,
        /// Back by.
        due: "due" => Option<Day>,
        /// The approved request it follows from.
        request: "request" => Option<EntryRef>,
        /// What was odd about the media and known to both.
        alarm: "alarm" => Vec<AlarmLine>,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Attaches a document by its hash: the scan of a sheet sealed on paper.
    Attach {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The receipt it belongs to.
        receipt: "receipt" => ReceiptId,
        /// SHA-256 of the document.
        sha256: "sha-256" => Hash,
        /// Its length in bytes.
        length: "length" => u64,
        /// `application/pdf` and the like.
        media_type: "media-type" => Name,
        /// Who attaches it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }
}
