//! Who founds a ledger, who belongs to it, and the rules.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use crate::model::statement::define::bodies;
use crate::model::statement::field::{Field, FieldError, FieldShape, Reader, Signs, Some1};
use crate::model::vocabulary::*;
use crate::model::{
    Name, Nonce, Origin, PartyRef, Phrase, ReceiptPrefix, RuleLine, Seen, Signatory, Stamp, Token,
    VerifierKey,
};

bodies! {
    /// Founds a ledger. Entry 0, signed by the log key and the first administrator.
    Genesis {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Size 0 and the root of the empty tree.
        seen: "seen" => Seen,
        /// Whose ledger this is.
        organisation: "organisation" => Name,
        /// The office it is kept at.
        site: "site" => Name,
        /// IANA time zone of the site.
        zone: "zone" => Name,
        /// Letters that begin its receipt numbers.
        receipt_prefix: "receipt-prefix" => ReceiptPrefix,
        /// The key that signs checkpoints; its name is the origin.
        log_key: "log-key" => Signs,
        /// The first administrator.
        administrator: "administrator" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Enrols a party, or renews one that exists (roles, name, key). Signed by the
    /// one who enrols and, where the party has a key, with that key as well.
    Party {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Who is enrolled.
        party: "party" => PartyRef,
        /// What they may do; ascending, each once.
        roles: "role" => Some1<Role>,
        /// Their key; from this entry on it is their only one.
        key: "key" => Option<Signs>,
        /// Who enrols them.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Ends the validity of a key from this entry's index on.
    KeyRevoke {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Whose key.
        party: "party" => PartyRef,
        /// Which key.
        key: "key" => VerifierKey,
        /// Why.
        reason: "reason" => RevocationReason,
        /// In words.
        detail: "detail" => Option<Phrase>,
        /// Who revokes it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Sets the rules that hold from this entry on.
    Policy {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Hours a draft may take to collect its signatures.
        draft_hours: "draft-hours" => u32,
        /// Days between two sightings of a medium, unless its own are set.
        interval_days: "interval-days" => u32,
        /// Days after that until the medium counts as overdue.
        grace_days: "grace-days" => u32,
        /// Longest time a medium may be due back in, in days.
        loan_days: "loan-days" => u32,
        /// Weakest evidence that counts as a sighting.
        grade: "grade" => SightingGrade,
        /// Who may close a check.
        checker: "checker" => CheckerRule,
        /// Whether handovers need a witness.
        witness: "witness" => WitnessRule,
        /// Whether a party may seal on paper.
        paper: "paper" => PaperRule,
        /// Alarms under which a medium does not change hands.
        alarm_refuses: "alarm-refuses" => Vec<Token>,
        /// Alarms under which it does only after an override.
        alarm_override: "alarm-override" => Vec<Token>,
        /// Percentage of the media that a drawn check takes at least.
        draw_percent: "draw-percent" => Option<u32>,
        /// Rules for some media; the strictest that fits counts.
        rule: "rule" => Vec<RuleLine>,
        /// What a change takes that asks for less.
        loosening: "loosening" => Option<LooseningRule>,
        /// Days from knowing of a loss to the authority's preliminary report.
        report_days: "report-days" => Option<u32>,
        /// Days from there to the final one.
        final_days: "final-days" => Option<u32>,
        /// The same where an improper purpose is to be feared.
        final_improper_days: "final-improper-days" => Option<u32>,
        /// Why it is set or changed.
        reason: "reason" => Option<Phrase>,
        /// Who sets it.
        by: "by" => Signatory,
        /// A second administrator, where the change needs one.
        second: "second" => Option<Signatory>,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }
}
