//! The kinds of statements of format version 1.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};

use super::super::hardware::{Grade, HardwareIdentity};
use super::super::vocabulary::*;
use super::super::{
    AlarmLine, Day, EncryptionLine, EntryRef, Hash, MarkLine, MediumId, MediumLine, Name, Nonce,
    Origin, PartyRef, Phrase, ReceiptId, ReceiptPrefix, Seen, SeenLine, SequenceLine, Side,
    Signatory, Stamp, Token, TokenLine, UnknownLine, VerifierKey,
};
use super::define::statements;
use super::field::{Field, FieldError, FieldShape, Lines, Reader, Signs, Some1};

statements! {
    /// Founds a ledger. Entry 0, signed by the log key and the first administrator.
    Genesis = "genesis" {
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
    Party = "party" {
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
    KeyRevoke = "key-revoke" {
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
    Policy = "policy" {
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
        /// Why it is set or changed.
        reason: "reason" => Option<Phrase>,
        /// Who sets it.
        by: "by" => Signatory,
        /// A second administrator, where the change needs one.
        second: "second" => Option<Signatory>,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Registers a medium; it begins in the custody of the one who registers it.
    Register = "register" {
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

    /// Asks for a take-out before it happens.
    Request = "request" {
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
    Approve = "approve" {
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
    Handover = "handover" {
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
    Attach = "attach" {
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

    /// One dated observation of one medium.
    Sighting = "sighting" {
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
    RollCall = "roll-call" {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When the interval ended.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// Where the station stands.
        place: "place" => Name,
        /// Media it saw.
        present: "present" => Vec<SeenLine>,
        /// Media that belong there and were not seen.
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
    Check = "check" {
        /// The ledger's origin.
        ledger: "ledger" => Origin,
        /// When it was closed.
        at: "at" => Stamp,
        /// Newest checkpoint known.
        seen: "seen" => Seen,
        /// The place.
        place: "place" => Name,
        /// Media that belong there and were seen.
        found: "found" => Vec<SeenLine>,
        /// Media that belong there and were not seen.
        missing: "missing" => Vec<MediumId>,
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
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Opens the missing state outside a check.
    Missing = "missing" {
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
    Found = "found" {
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
    Lost = "lost" {
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

    /// Certifies an erasure, with the fields of NIST SP 800-88's certificate.
    Erase = "erase" {
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
    Retire = "retire" {
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

    /// Corrects what an entry says. The entry itself stays as it is.
    Correct = "correct" {
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
    LogKey = "log-key" {
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
        /// Who changes it.
        by: "by" => Signatory,
        /// Random bytes.
        nonce: "nonce" => Nonce,
    }

    /// Names another log and how this one stands to it.
    Link = "link" {
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

    /// Lets a medium change hands once, whatever these alarms say of it.
    Override = "override" {
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
