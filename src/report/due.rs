//! 期限一覧: what falls due, whose turn it is, the longest overdue first.

use serde::Serialize;

use crate::ledger::schedule::Standing;
use crate::ledger::{Medium, State};
use crate::model::{Day, MediumId, Name, ReceiptId, Seen, Stamp, Statement};

use super::attachment::AwaitedSheet;
use super::evidence::Bilingual;
use super::status::{LastSeen, Row};
use super::who::Who;
use super::words;
use super::workbook::{Cell, Made, Table, Workbook, column};

/// What somebody has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Duty {
    /// A drive is missing: search, and decide.
    Search,
    /// A drive is due back.
    Return,
    /// A drive is to be seen.
    Check,
    /// An application waits for its answer.
    Answer,
    /// The scan of a sealed sheet is to be attached.
    AttachSheet,
}

impl Duty {
    /// In both languages.
    #[must_use]
    pub fn words(self) -> Bilingual {
        let (en, ja) = match self {
            Duty::Search => ("search and decide", "捜索・判断"),
            Duty::Return => ("return", "返却"),
            Duty::Check => ("check", "点検"),
            Duty::Answer => ("answer the request", "申請への回答"),
            Duty::AttachSheet => ("attach the sealed sheet", "書面の添付"),
        };
        Bilingual { en, ja }
    }
}

/// Everything that falls due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueReport {
    /// Whose it is, and of when.
    #[serde(flatten)]
    pub made: Made,
    /// How many duties are past their day.
    pub overdue: usize,
    /// Each duty, the earliest day first.
    pub rows: Vec<DueRow>,
}

/// One duty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DueRow {
    /// What is to be done.
    pub duty: Duty,
    /// By when; for what has no day of its own, since when.
    pub day: Day,
    /// Days until then, negative when it has passed.
    pub days_left: i64,
    /// The drives it concerns.
    pub media: Vec<MediumId>,
    /// Whose turn it is, or whom to ask.
    pub holder: Option<Who>,
    /// Where the drive is said to be.
    pub place: Option<Name>,
    /// Where it belongs.
    pub home: Option<Name>,
    /// When it was last observed.
    pub last_seen: Option<LastSeen>,
    /// If it vanished right after that, this is known by then.
    pub noticed_by: Option<Day>,
    /// How the drive stands.
    pub standing: Option<Standing>,
    /// The receipt it concerns.
    pub receipt: Option<ReceiptId>,
    /// The entry it follows from.
    pub entry: Option<u64>,
}

impl DueReport {
    /// What falls due at `now`. `requests` are the entries of the requests that the
    /// state holds; others among them are left out.
    #[must_use]
    pub fn new(state: &State, now: Stamp, seen: Seen, requests: &[(u64, Statement)]) -> Self {
        let now = state.no_earlier(now);
        let mut rows: Vec<DueRow> =
            state.media.values().flat_map(|medium| of_medium(state, medium, now)).collect();
        rows.extend(AwaitedSheet::all(state).into_iter().map(|sheet| of_sheet(sheet, now)));
        rows.extend(requests.iter().filter_map(|(entry, said)| of_request(state, *entry, said)));
        for row in &mut rows {
            row.days_left = now.day().days_until(row.day);
        }
        rows.sort_by(|a, b| (a.day, a.duty, &a.media).cmp(&(b.day, b.duty, &b.media)));
        let overdue = rows.iter().filter(|row| row.days_left < 0).count();
        DueReport { made: Made::new(state, now, seen), overdue, rows }
    }

    /// Its tables.
    #[must_use]
    pub fn workbook(&self) -> Workbook {
        let columns = [
            column("期限", "Due", 12),
            column("残日数", "Days left", 10),
            column("すること", "What", 22),
            column("媒体", "Drives", 16),
            column("状態", "State", 18),
            column("保管者・担当", "Held by, ask", 28),
            column("所在", "Place", 22),
            column("保管場所", "Home", 22),
            column("最終確認", "Last seen", 18),
            column("確認方法", "How seen", 20),
            column("紛失の発覚期限", "Noticed by", 14),
            column("受領書", "Receipt", 18),
            column("記録番号", "Entry", 9),
        ];
        let table = Table::new("期限一覧", "What falls due", &columns)
            .with(self.rows.iter().map(DueRow::cells));
        Workbook {
            title: Bilingual { en: "What falls due", ja: "期限一覧" },
            subject: None,
            made: self.made.clone(),
            notes: Vec::new(),
            tables: vec![table],
        }
    }
}

impl DueRow {
    fn cells(&self) -> Vec<Cell> {
        let seen = self.last_seen.as_ref();
        vec![
            self.day.into(),
            self.days_left.into(),
            self.duty.words().into(),
            Cell::listed(&self.media),
            self.standing.map(words::standing).into(),
            self.holder.as_ref().map(Who::spoken).into(),
            self.place.as_ref().into(),
            self.home.as_ref().into(),
            seen.map(|seen| seen.at).into(),
            seen.map(|seen| words::how_seen(seen.grade)).into(),
            self.noticed_by.into(),
            self.receipt.as_ref().map(ToString::to_string).into(),
            self.entry.into(),
        ]
    }
}

/// The return and the next check of a drive; of one that is missing, the search.
fn of_medium(state: &State, medium: &Medium, now: Stamp) -> Vec<DueRow> {
    let row = Row::new(state, medium, now);
    let of = |duty, day| DueRow {
        duty,
        day,
        days_left: 0,
        media: vec![row.medium.clone()],
        holder: Some(row.holder.clone()),
        place: Some(row.place.clone()),
        home: Some(row.home.clone()),
        last_seen: Some(row.last_seen.clone()),
        noticed_by: row.noticed_by,
        standing: Some(row.standing),
        receipt: row.receipt.clone(),
        entry: None,
    };
    if row.standing == Standing::Missing {
        let search = row.gone_since.map(|since| of(Duty::Search, since.day()));
        return search.map(|row| DueRow { entry: medium.gone(), ..row }).into_iter().collect();
    }
    // Nothing is due of a drive that is lost or retired.
    let Some(check) = row.check_due else { return Vec::new() };
    let back =
        row.due.map(|due| DueRow { entry: Some(medium.custody.index), ..of(Duty::Return, due) });
    let seen = DueRow { entry: Some(row.last_seen.entry), ..of(Duty::Check, check) };
    back.into_iter().chain([seen]).collect()
}

fn of_sheet(sheet: AwaitedSheet, now: Stamp) -> DueRow {
    DueRow {
        duty: Duty::AttachSheet,
        day: sheet.at.day().min(now.day()),
        days_left: 0,
        media: sheet.media,
        holder: Some(sheet.party),
        place: None,
        home: None,
        last_seen: None,
        noticed_by: None,
        standing: None,
        receipt: Some(sheet.receipt),
        entry: Some(sheet.entry),
    }
}

/// An application nobody has answered.
fn of_request(state: &State, entry: u64, said: &Statement) -> Option<DueRow> {
    let Statement::Request(said) = said else { return None };
    state.requests.get(&entry).filter(|request| request.verdict.is_none())?;
    Some(DueRow {
        duty: Duty::Answer,
        day: said.at.day(),
        days_left: 0,
        media: said.medium.iter().map(|line| line.id.clone()).collect(),
        holder: Some(Who::from(&said.by.party)),
        place: Some(said.place.clone()),
        home: None,
        last_seen: None,
        noticed_by: None,
        standing: None,
        receipt: None,
        entry: Some(entry),
    })
}
