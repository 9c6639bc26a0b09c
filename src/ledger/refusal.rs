//! Every "no" of the ledger, in order of precedence, each with its name, the
//! sentence a person reads and what that person can do about it.

use serde::Serialize;

use crate::model::statement::{REPEAT_MAX, TEXT_MAX};
use crate::model::vocabulary::Role;
use crate::model::{Day, MediumId, Name, Origin, PartyId, ReceiptId, Stamp, Token};

macro_rules! refusals {
    ($($(#[$doc:meta])* $variant:ident $({ $($field:ident: $type:ty),+ })? = $name:literal,
        $message:literal, $remedy:literal;)+) => {
        /// Why an intent or a statement may not become an entry.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(tag = "refusal", rename_all = "kebab-case")]
        #[allow(missing_docs)] // the fields are named in the message beside them
        pub enum Refusal { $($(#[$doc])* $variant $({ $($field: $type),+ })?),+ }

        impl Refusal {
            /// The names of all refusals, in order of precedence.
            pub const NAMES: &'static [&'static str] = &[$($name),+];

            /// The refusal's name, stable across versions and languages.
            pub fn name(&self) -> &'static str {
                match self { $(Refusal::$variant $({ $($field: _),+ })? => $name),+ }
            }

            /// What is wrong, as a sentence.
            pub fn message(&self) -> String {
                match self { $(Refusal::$variant $({ $($field),+ })? => format!($message)),+ }
            }

            /// What to do about it, as a sentence.
            pub fn remedy(&self) -> String {
                match self {
                    $(Refusal::$variant $({ $($field),+ })? => { $($(let _ = $field;)+)? format!($remedy) })+
                }
            }
        }
    };
}

refusals! {
    /// A ledger has one genesis.
    AlreadyFounded = "already-founded",
        "this ledger has been founded already",
        "Use another --ledger folder for a second ledger.";
    /// Nothing comes before the genesis.
    NotFounded = "not-founded",
        "this ledger has no genesis entry",
        "Its founding was interrupted: remove the folder, which holds no entry, and run 'custody init' again.";
    /// The statement is another ledger's.
    WrongLedger { statement: Origin, ledger: Origin } = "wrong-ledger",
        "the statement belongs to {statement}, and this ledger is {ledger}",
        "Submit it to {statement}, or make a new draft here.";
    /// Another ledger goes on in its place.
    Continued { index: u64, other: Origin } = "continued",
        "this ledger ended with entry {index}: it is continued by {other}",
        "Record it in {other}: name its folder with --ledger. This one is still read, verified, published and backed up. この台帳は {other} に引き継がれました。以後は {other} に記録してください。";
    /// The genesis does not hang together.
    GenesisUnsound { problem: &'static str } = "genesis-unsound",
        "the genesis entry is unsound: {problem}",
        "Run 'custody init' in an empty folder.";
    /// This computer's clock is behind the log.
    ClockBehind { now: Stamp, newest: Stamp } = "clock-behind",
        "this computer's clock says {now}, but the newest entry is from {newest}",
        "Set the clock. If it is that entry's time which is wrong, an administrator corrects its line 'at' with 'custody correct'.";
    /// The statement comes from the future.
    ClockAhead { at: Stamp, now: Stamp } = "clock-ahead",
        "the statement is dated {at}, and it is only {now}",
        "Set the clock of the computer it was drafted on and make a new draft.";
    /// The statement took too long to collect its signatures.
    DraftTooOld { at: Stamp, hours: u32 } = "draft-too-old",
        "the draft is from {at}; the policy gives a draft {hours} hours to be signed",
        "Make a new draft and have it signed again.";
    /// It names a checkpoint the log has not reached.
    SeenAhead { seen: u64, size: u64 } = "seen-ahead",
        "the statement says its signers saw {seen} entries, and this ledger has {size}",
        "Run 'custody verify': this ledger may have lost entries, or the draft belongs to another copy of it.";
    /// It names a checkpoint that is not this log's.
    SeenElsewhere { seen: u64 } = "seen-elsewhere",
        "the signers saw a log of {seen} entries that is not this one",
        "Keep the draft: it shows two versions of this ledger. Run 'custody verify' and make a new draft.";
    /// Its random bytes stand in the log already.
    Repeated { index: u64 } = "repeated",
        "the statement repeats the random bytes of entry {index}",
        "See 'custody log'; if that entry is not the one meant, make a new draft.";
    /// More lines or bytes than a statement may have.
    TooLarge { lines: usize, bytes: usize } = "too-large",
        "the statement would have {bytes} bytes and repeat one line {lines} times; the most are {TEXT_MAX} and {REPEAT_MAX}",
        "Divide it: fewer drives in one handover, or a place with fewer drives.";
    /// Nobody of that id was enrolled.
    UnknownParty { party: PartyId } = "unknown-party",
        "nobody with the id {party} is enrolled",
        "See 'custody party list', or enrol them with 'custody party add {party}'.";
    /// The statement names a party otherwise than the ledger does.
    PartyDiffers { party: PartyId, ledger: String } = "party-differs",
        "the statement names {party} otherwise than the ledger, which says: {ledger}",
        "Make a new draft, so that it carries the present name.";
    /// The party has no key with which to sign.
    NoKey { party: PartyId } = "no-key",
        "{party} has no valid key",
        "Enrol a key with 'custody party add {party} --renew --vkey ...'.";
    /// The key was never enrolled.
    UnknownKey { party: PartyId, key: String } = "unknown-key",
        "the key {key} is not enrolled for {party}",
        "Use the key shown by 'custody party show {party}', or enrol this one.";
    /// The key was valid once.
    RevokedKey { party: PartyId, key: String, index: u64 } = "revoked-key",
        "the key {key} of {party} was revoked by entry {index}",
        "Sign with the present key shown by 'custody party show {party}', or enrol a new one.";
    /// None of the party's roles allows it.
    RoleMissing { party: PartyId, needed: String } = "role-missing",
        "{party} may not do this, which takes the role {needed}",
        "Ask someone with that role, or have an administrator change the roles of {party}.";
    /// Giver and receiver are one.
    GiverIsReceiver { party: PartyId } = "giver-is-receiver",
        "{party} cannot hand over to themselves",
        "Name the person who takes the drive in --to.";
    /// The witness is one of the parties.
    WitnessIsParty { party: PartyId } = "witness-is-party",
        "{party} is a party to this handover and cannot witness it",
        "Name a third person in --witness.";
    /// The policy asks for a witness.
    WitnessRequired = "witness-required",
        "the policy asks for a witness at every handover",
        "Name a third person in --witness.";
    /// The policy refuses paper seals.
    PaperRefused { party: PartyId } = "paper-refused",
        "the policy accepts no paper seals, and {party} would seal on paper",
        "Enrol a key for {party} with 'custody party add {party} --renew --vkey ...'.";
    /// Only an outside party without a key may seal on paper.
    PaperNotForThem { party: PartyId } = "paper-not-for-them",
        "{party} has a key or is not an outside party, and cannot seal on paper",
        "Have {party} sign with a key.";
    /// A handover needs at least one signature.
    PaperOnly = "paper-only",
        "neither side would sign with a key",
        "At least one side must sign with a key.";
    /// One person would answer for two.
    SecondPersonNeeded { party: PartyId } = "second-person-needed",
        "this takes two different people, and {party} would act as both",
        "Have a second person sign in place of one of them.";
    /// A handover of nothing.
    NoMedium = "no-medium",
        "no drive is named",
        "Name at least one asset id.";
    /// No medium of that id was registered.
    UnknownMedium { medium: MediumId } = "unknown-medium",
        "no drive with the asset id {medium} is registered",
        "See 'custody status', or register it with 'custody register'.";
    /// The policy lets no medium with this alarm change hands.
    AlarmRefuses { medium: MediumId, alarm: Token } = "alarm-refuses",
        "{medium} raises the alarm {alarm}, under which the policy lets no drive change hands",
        "Keep the drive apart, find out which device is the registered one, and report it.";
    /// The policy wants two people to look first.
    OverrideNeeded { medium: MediumId, alarm: Token } = "override-needed",
        "{medium} raises the alarm {alarm}, and no override by two people was recorded for it",
        "Compare the drive with 'custody show {medium}'. If it is the right one, record why with 'custody override {medium}'.";
    /// One medium stands twice in the statement.
    MediumRepeated { medium: MediumId } = "medium-repeated",
        "{medium} is named twice",
        "Name each drive once.";
    /// The statement describes the medium otherwise than its registration.
    MediumDiffers { medium: MediumId, registered: String } = "medium-differs",
        "the drive described here is not {medium}, which is registered as {registered}",
        "Check that the drive in hand is the one meant, and make a new draft.";
    /// The asset id is taken.
    MediumExists { medium: MediumId } = "medium-exists",
        "the asset id {medium} is taken",
        "Choose another asset id, or see 'custody show {medium}'.";
    /// The device is registered under another asset id.
    HardwareRegistered { medium: MediumId } = "hardware-registered",
        "this device is registered already, as {medium}",
        "Use {medium}. If these are two drives with one identity, register both as weak with --weak.";
    /// `hw` is not the hash of the medium line.
    HardwareUnsound { medium: MediumId } = "hardware-unsound",
        "the hardware identity of {medium} does not follow from its ids and serial",
        "Register the drive again with 'custody register'.";
    /// A serial that singles nothing out was graded too well.
    GradeTooGood { medium: MediumId, grade: String } = "grade-too-good",
        "the serial of {medium} deserves grade {grade} at best",
        "Register it as weak with --weak; its label identifies it then.";
    /// The medium is out of use.
    Retired { medium: MediumId, index: u64 } = "retired",
        "{medium} was retired by entry {index}",
        "A retired drive stays out of use; register a new one.";
    /// The medium is missing or lost.
    NotPresent { medium: MediumId, index: u64 } = "not-present",
        "{medium} has been recorded as missing or lost by entry {index}",
        "Find it first: a check that sees the drive ends the missing state.";
    /// The medium is neither missing nor lost.
    NotMissing { medium: MediumId } = "not-missing",
        "{medium} is not recorded as missing",
        "See 'custody show {medium}'.";
    /// There is nothing of that kind to take note of.
    NoSuchConcern { medium: MediumId, concern: &'static str } = "no-such-concern",
        "{concern} is not how {medium} stands",
        "See 'custody show {medium}'; what is not so yet cannot be taken note of.";
    /// The receiver has it already.
    AlreadyHandedOver { medium: MediumId, holder: PartyId, receipt: String } = "already-handed-over",
        "{medium} is in the custody of {holder} already (receipt {receipt})",
        "See 'custody show {medium}'; print that receipt again with 'custody receipt {receipt}'.";
    /// The giver does not have it.
    NotHolder { medium: MediumId, giver: PartyId, holder: PartyId } = "not-holder",
        "{giver} does not hold {medium}; {holder} does",
        "Name {holder} in --from, or first record the handover that is missing.";
    /// The day is over.
    DueInPast { due: Day, today: Day } = "due-in-past",
        "the due date {due} has passed (today is {today})",
        "Give a later date in --due.";
    /// Longer than the policy allows.
    DueTooFar { due: Day, days: u32 } = "due-too-far",
        "the due date {due} is more than {days} days away, the longest the policy allows",
        "Give an earlier date in --due, and extend it by a new handover.";
    /// The number is taken or not this ledger's.
    ReceiptNumber { receipt: ReceiptId } = "receipt-number",
        "the receipt number {receipt} is taken, or is not one of this ledger's for that year",
        "Make a new draft; it gets a free number.";
    /// No such request is open, or it was not approved for this.
    RequestUnfit { index: u64, problem: &'static str } = "request-unfit",
        "entry {index} does not cover this: {problem}",
        "See 'custody request --list', and have a request approved that does.";
    /// No such receipt.
    UnknownReceipt { receipt: ReceiptId } = "unknown-receipt",
        "this ledger has issued no receipt {receipt}",
        "Check the number; it reads like SZ-2026-000123.";
    /// The id of the party is taken.
    PartyExists { party: PartyId } = "party-exists",
        "{party} is enrolled already",
        "Choose another id, or change the enrolment with --renew.";
    /// A key belongs to one party, once.
    KeyTaken { key: String, party: PartyId } = "key-taken",
        "the key {key} is or was enrolled for {party}",
        "Make a new key, under a name of its own, with 'custody key new'.";
    /// Roles out of order or repeated.
    RolesUnsound { problem: &'static str } = "roles-unsound",
        "these roles do not go together: {problem}",
        "See 'custody party add --help' for the roles.";
    /// Somebody must be left to administer.
    LastAdministrator { party: PartyId } = "last-administrator",
        "{party} is the last administrator with a valid key",
        "Enrol another administrator first.";
    /// The key is not the party's present one.
    KeyNotCurrent { party: PartyId } = "key-not-current",
        "that is not the present key of {party}",
        "See 'custody party show {party}'.";
    /// A number of the policy is out of range.
    PolicyOutOfRange { number: &'static str } = "policy-out-of-range",
        "{number} is out of range",
        "See 'custody policy set --help' for the ranges.";
    /// A loss could go unnoticed for longer.
    LoosensBound { what: String } = "loosens-bound",
        "this asks for less than now holds for {what}: a second administrator has to sign it",
        "Name one in --second; or see 'custody policy show' for what holds now.";
    /// The policy keeps holders from checking themselves.
    CheckerIsHolder { party: PartyId, medium: MediumId } = "checker-is-holder",
        "{party} holds {medium} and cannot check its presence",
        "Another person closes this check; the policy's rule is 'checker: not-holder'.";
    /// The policy keeps the holder's unit from checking it.
    CheckerOfUnit { party: PartyId, medium: MediumId } = "checker-of-unit",
        "{party} cannot check {medium}: its holder belongs to the same unit, or one of them names none",
        "Somebody of another unit checks it; the rule is 'checker: other-unit'.";
    /// The sample is not the next one of this ledger.
    DrawUnsound { number: u64 } = "draw-unsound",
        "the sample of round {number} is not the next one of this ledger, or from an old head of its log",
        "Draw again: 'custody check --place PLACE --draw PERCENT --list'.";
    /// The policy asks for a larger sample.
    DrawTooSmall { least: u32 } = "draw-too-small",
        "a drawn check takes at least {least} % of the drives there",
        "Draw {least}% or more.";
    /// A medium that belongs there is in neither list.
    CheckOmits { medium: MediumId } = "check-omits",
        "{medium} belongs to this place and is neither found nor missing",
        "Run the check again; the ledger changed while it was open.";
    /// A medium stands in the list of those expected, and is not.
    CheckNotExpected { medium: MediumId } = "check-not-expected",
        "{medium} is not expected at this place",
        "Run the check again; the ledger changed while it was open.";
    /// The evidence is weaker than the policy accepts.
    GradeTooWeak { medium: MediumId, grade: &'static str } = "grade-too-weak",
        "the evidence for {medium} is weaker than '{grade}', the least the policy accepts",
        "Plug the drive in, or, where '{grade}' accepts that, scan its label.";
    /// It says what changed since another roll-call than the last one.
    RollCallUnsound { place: Name } = "roll-call-unsound",
        "this roll-call of {place} does not follow the last one of that place and station",
        "Call again: the ledger changed meanwhile. A roll-call with its whole list follows any.";
    /// The log key named is not the one in use.
    LogKeyDiffers = "log-key-differs",
        "the old key named is not the log key in use",
        "See 'custody key show --log'.";
    /// A log key signs checkpoints, once, and nothing else.
    LogKeyReused { key: String } = "log-key-reused",
        "the key {key} has the name or the bytes of a log key of this ledger, present or past",
        "Make a new key, under a name of its own, with 'custody key new'.";
    /// A replaced log key may sign on for a while only where nothing speaks against it.
    LogKeyOverlap { problem: &'static str } = "log-key-overlap",
        "the replaced log key cannot sign on: {problem}",
        "Leave the overlap out, or end it within a year of a replacement that is superseded.";
    /// The corrected entry does not exist.
    UnknownEntry { index: u64 } = "unknown-entry",
        "there is no entry {index}",
        "See 'custody log' for the entries.";
}

/// The problem of [`Refusal::RequestUnfit`] where the entry is no request, or was followed
/// or declined.
pub const NO_OPEN_REQUEST: &str = "it is no open request";

impl Refusal {
    /// Place in the order of precedence, 0 first.
    pub fn rank(&self) -> usize {
        Refusal::NAMES.iter().position(|name| *name == self.name()).unwrap_or(usize::MAX)
    }
}

/// All reasons at once, in order of precedence, each once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}", self.0.iter().map(Refusal::message).collect::<Vec<_>>().join("; "))]
pub struct Refusals(pub Vec<Refusal>);

impl Refusals {
    /// `Ok` when there is no reason against it.
    ///
    /// # Errors
    /// The reasons, sorted and without repetition.
    pub fn into_result(mut found: Vec<Refusal>) -> Result<(), Refusals> {
        if found.is_empty() {
            return Ok(());
        }
        found.sort_by_key(Refusal::rank);
        let mut once: Vec<Refusal> = Vec::with_capacity(found.len());
        // Equal reasons need not be neighbours: one rank may hold several media.
        for refusal in found {
            if !once.contains(&refusal) {
                once.push(refusal);
            }
        }
        Err(Refusals(once))
    }
}

/// The role names as a person reads them, "custodian or administrator".
pub(super) fn any_of(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(" or ")
}
