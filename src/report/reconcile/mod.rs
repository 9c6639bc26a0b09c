//! 照合: requests, answers, handovers, sightings and departures side by side, and what
//! among them has no partner.
//!
//! What was applied for, what was allowed, what both parties signed and what a station
//! or a person saw are four accounts of the same take-outs. Where they agree nobody has
//! to look; this report is about the rest. Corrections are entries of their own and are
//! not worked in: the report shows the entries as they were signed.

mod follow;
mod tables;

pub use follow::Reconciler;

use serde::Serialize;

use crate::model::{Day, MediumId, Name, ReceiptId, Stamp};

use super::evidence::Bilingual;
use super::who::Who;
use super::workbook::Made;
use super::{optional_text, text};

/// The accounts side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reconciliation {
    /// Whose it is, and of when.
    #[serde(flatten)]
    pub made: Made,
    /// Entries from this day on; none for all of them.
    pub since: Option<Day>,
    /// Whether anybody ever applied for a take-out: only then is one without a request odd.
    pub requests_used: bool,
    /// What has no partner, by entry.
    pub unmatched: Vec<Unmatched>,
    /// Each take-out of each drive with what belongs to it.
    pub take_outs: Vec<TakeOut>,
}

/// Why an entry stands alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// A request that nobody answered.
    RequestWithoutAnswer,
    /// An approval, and no handover after it.
    ApprovedWithoutHandover,
    /// A take-out for which nobody applied.
    HandoverWithoutRequest,
    /// A take-out whose day of return has passed.
    HandoverWithoutReturn,
    /// A station missed a drive that custody puts there.
    DepartureWithoutHandover,
    /// A drive that came back by handover was not seen by the station since.
    ReturnNotSeen,
    /// A drive was seen at home which custody says is out.
    SeenHomeWithoutReturn,
    /// A drive was seen elsewhere than custody says.
    SeenElsewhere,
    /// A drive that custody puts there was not found.
    NotFound,
}

impl Lack {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Lack::RequestWithoutAnswer => ("request without an answer", "回答のない申請"),
            Lack::ApprovedWithoutHandover => {
                ("approved, no handover followed", "承認済み・授受の記録なし")
            }
            Lack::HandoverWithoutRequest => ("take-out without a request", "申請のない持出し"),
            Lack::HandoverWithoutReturn => {
                ("not returned, past its due date", "返却期限を過ぎて未返却")
            }
            Lack::DepartureWithoutHandover => {
                ("left its place without a handover", "授受の記録なく保管場所を離れた")
            }
            Lack::ReturnNotSeen => (
                "returned by handover, not seen in its place since",
                "返却の記録あり・保管場所で未確認",
            ),
            Lack::SeenHomeWithoutReturn => {
                ("seen in its place, no return was recorded", "保管場所で確認・返却の記録なし")
            }
            Lack::SeenElsewhere => ("seen elsewhere than custody says", "台帳と異なる場所で確認"),
            Lack::NotFound => ("not found where custody puts it", "あるべき場所で見つからない"),
        };
        Bilingual { en, ja }
    }
}

/// One entry without its partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmatched {
    /// What is lacking.
    pub lack: Lack,
    /// The same in both languages.
    pub words: Bilingual,
    /// The entry.
    pub entry: u64,
    /// When it was made.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// The drives it concerns.
    pub media: Vec<MediumId>,
    /// The place it names: where a drive was seen or missed, or was to go.
    pub place: Option<Name>,
    /// Where custody put the drive then, if it was seen or missed.
    pub by_custody: Option<Name>,
    /// Who made it, or has the drive.
    pub who: Who,
    /// The receipt it concerns.
    pub receipt: Option<ReceiptId>,
    /// Days since it was due, or since it was made.
    pub days: Option<i64>,
    /// Further entries that say the same, or that it was compared with.
    pub beside: Vec<u64>,
    /// The entry that settled it later; none while it is open.
    pub settled_by: Option<u64>,
}

/// How far a take-out has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// It is out, in time.
    Out,
    /// It is out, past its due date.
    Overdue,
    /// It was handed on to somebody else.
    HandedOn,
    /// It came back.
    Returned,
    /// It came back after its due date.
    ReturnedLate,
    /// It is missing, lost or retired.
    Gone,
}

impl Progress {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Progress::Out => ("out", "貸出中"),
            Progress::Overdue => ("overdue", "返却期限超過"),
            Progress::HandedOn => ("handed on", "別の者へ授受"),
            Progress::Returned => ("returned", "返却済み"),
            Progress::ReturnedLate => ("returned late", "期限後に返却"),
            Progress::Gone => ("missing, lost or retired", "所在不明・紛失・廃棄"),
        };
        Bilingual { en, ja }
    }
}

/// One drive that left its place, and what is recorded of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakeOut {
    /// The drive.
    pub medium: MediumId,
    /// The entry of the request.
    pub request: Option<u64>,
    /// The entry of its answer.
    pub approval: Option<u64>,
    /// The entry of the handover.
    pub handover: u64,
    /// Its receipt.
    pub receipt: ReceiptId,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Who gave.
    pub giver: Who,
    /// Who received.
    pub receiver: Who,
    /// Where it went.
    pub place: Name,
    /// Back by.
    pub due: Option<Day>,
    /// The roll-call that first missed it.
    pub departure: Option<u64>,
    /// Entries that saw it while it was out, the last few.
    pub sightings: Vec<u64>,
    /// The entry that ended it.
    pub ended_by: Option<u64>,
    /// When that was.
    #[serde(serialize_with = "optional_text")]
    pub ended_at: Option<Stamp>,
    /// How far it has come.
    pub progress: Progress,
}
