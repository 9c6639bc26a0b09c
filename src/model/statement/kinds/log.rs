//! Entries about the log itself.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::statement::define::bodies;
use crate::model::statement::field::{Field, FieldError, FieldShape, Reader, Signs};
use crate::model::vocabulary::*;
use crate::model::{
    Day, EntryRef, Nonce, Origin, Phrase, Seen, Signatory, Stamp, Token, VerifierKey,
};

bodies! {
    /// Corrects what an entry says. The entry itself stays as it is.
    Correct {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The entry corrected.
        entry: "entry" => EntryRef,
        /// Which of its lines.
        field: "field" => Token,
        /// What it should have said.
        correction: "correction" => Phrase,
        /// Why.
        reason: "reason" => Phrase,
        /// Who corrects it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Replaces the key that signs checkpoints, signed by the new one.
    LogKey {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The key in use until now.
        old_key: "old-key" => Signs,
        /// The key from here on.
        new_key: "new-key" => Signs,
        /// Why.
        reason: "reason" => RevocationReason,
        /// The last day on which the old key signs checkpoints as well.
        overlap_until: "overlap-until" => Option<Day>,
        /// Who changes it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Names another log and how this one stands to it.
    Link {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The other ledger's origin.
        other: "other" => Origin,
        /// Its log key.
        other_key: "other-key" => VerifierKey,
        /// Its newest known head.
        other_seen: "other-seen" => Seen,
        /// What it is to this one.
        relation: "relation" => LinkRelation,
        /// Who says so.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }
}
