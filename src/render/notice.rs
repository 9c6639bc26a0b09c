//! Notices in words: what a message says, in Japanese and English, and as JSON for
//! programs. No name of a person, no place and no word on the data unless the
//! configuration asks for names: messages pass through mail servers and chat rooms.

use serde::Serialize;

use super::paper::PaperError;
use super::paper::words::{Tongue, Words};
use crate::model::printable::printable;
use crate::report::copies::DailyKind;
use crate::report::notices::{Matter, Notice, Notices, Rung};
use crate::report::telling::Digest;

/// Most media named one by one; a message about thousands is read by nobody.
const ROWS_MAX: usize = 50;
const NAME_MAX: usize = 120;

/// How messages are worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording {
    /// In which language.
    pub tongue: Tongue,
    /// Whether people and places are named.
    pub names: bool,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its subject, one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same for programs.
    pub json: String,
}

/// The parts that make a letter in one language.
struct Parts<'a> {
    words: &'a Words,
    names: bool,
    lines: Vec<String>,
}

impl Parts<'_> {
    fn say(&mut self, key: &str, with: &[(&str, &str)]) {
        self.lines.extend(self.words.lines_of(key, with));
    }

    fn blank(&mut self) {
        self.lines.push(String::new());
    }

    fn row(&mut self, row: &Notice) {
        let key = match row.matter {
            Matter::Missing => "notice-row-missing",
            Matter::Left => "notice-row-left",
            Matter::ReturnOverdue => "notice-row-return-overdue",
            Matter::CheckOverdue => "notice-row-check-overdue",
            Matter::ReturnDue => "notice-row-return-due",
            Matter::CheckDue => "notice-row-check-due",
        };
        let (day, days) = (row.day.to_string(), row.late_days.to_string());
        let until = row.overdue_from.map_or_else(String::new, |day| day.to_string());
        let holder = match self.names {
            true => printable(&format!("{} ({})", row.holder.spoken(), row.holder.id), NAME_MAX),
            false => row.holder.id.to_string(),
        };
        let with = [
            ("medium", row.medium.as_str()),
            ("day", &day),
            ("days", &days),
            ("until", &until),
            ("holder", &holder),
        ];
        self.say(key, &with);
        if self.names {
            let place = printable(row.place.as_str(), NAME_MAX);
            self.say("notice-place", &[("place", &place)]);
        }
    }

    fn foot(&mut self, notices: &Notices) {
        let ledger = notices.ledger.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let now = notices.now.to_string();
        self.blank();
        self.say("notice-foot", &[("ledger", &ledger), ("now", &now)]);
    }
}

fn tongues(tongue: Tongue) -> &'static [Tongue] {
    match tongue {
        Tongue::Ja => &[Tongue::Ja],
        Tongue::En => &[Tongue::En],
        Tongue::Both => &[Tongue::Ja, Tongue::En],
    }
}

/// One letter in every language asked for: a whole one below the other, since half
/// lines of two languages are hard to read.
fn letter(
    wording: Wording,
    subject: (&str, &[(&str, &str)]),
    json: String,
    mut fill: impl FnMut(&mut Parts<'_>),
) -> Result<Letter, PaperError> {
    let subject = Words::new(wording.tongue)?.lines_of(subject.0, subject.1).join(" / ");
    let mut texts = Vec::new();
    for tongue in tongues(wording.tongue) {
        let words = Words::new(*tongue)?;
        let mut parts = Parts { words: &words, names: wording.names, lines: Vec::new() };
        fill(&mut parts);
        texts.push(parts.lines.join("\n"));
    }
    let text = texts.join("\n\n----\n\n") + "\n";
    Ok(Letter { subject: format!("[custody] {subject}"), text, json })
}

/// A message for programs. Keys are added and never removed.
#[derive(Serialize)]
struct Machine<'a, T: Serialize> {
    form: &'static str,
    id: &'a str,
    topic: &'a str,
    ledger: Option<String>,
    at: String,
    notices: Vec<MachineRow<'a>>,
    /// Kinds of copies that a timer was to make and did not.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    copies_late: Vec<&'static str>,
    digest: Option<T>,
}

#[derive(Serialize)]
struct MachineRow<'a> {
    medium: &'a str,
    matter: Matter,
    holder: &'a str,
    day: String,
    late_days: i64,
    acknowledged: bool,
}

fn machine<T: Serialize>(
    id: &str,
    topic: &str,
    notices: &Notices,
    rows: &[&Notice],
    digest: Option<T>,
) -> String {
    let rows = rows.iter().map(|row| MachineRow {
        medium: row.medium.as_str(),
        matter: row.matter,
        holder: row.holder.id.as_str(),
        day: row.day.to_string(),
        late_days: row.late_days,
        acknowledged: row.acknowledged,
    });
    let late = notices.copies.iter().filter(|copy| copy.late && digest.is_some());
    let message = Machine {
        form: "custody-notice/1",
        id,
        topic,
        ledger: notices.ledger.as_ref().map(ToString::to_string),
        at: notices.now.to_string(),
        notices: rows.collect(),
        copies_late: late.map(|copy| copy.kind.as_str()).collect(),
        digest,
    };
    super::json::to_json_line(&message).trim_end().to_owned()
}

/// The message about some media on one rung. `id` is the message's.
///
/// # Errors
/// Never, as long as the files in assets/locales are sound.
pub fn notice(
    id: &str,
    rung: Rung,
    rows: &[&Notice],
    notices: &Notices,
    wording: Wording,
) -> Result<Letter, PaperError> {
    let (topic, subject, intro, what) = match rung {
        Rung::Missing => {
            ("missing", "notice-subject-missing", "notice-missing", "notice-missing-do")
        }
        Rung::Left => ("missing", "notice-subject-left", "notice-left", "notice-left-do"),
        Rung::Overdue => {
            ("overdue", "notice-subject-overdue", "notice-overdue", "notice-overdue-do")
        }
        Rung::Due => ("due", "notice-subject-due", "notice-due", "notice-due-do"),
    };
    let count = rows.len().to_string();
    let named = match rows {
        [one] => one.medium.to_string(),
        [first, rest @ ..] => format!("{} +{}", first.medium, rest.len()),
        [] => String::new(),
    };
    let json = machine::<()>(id, topic, notices, rows, None);
    letter(wording, (subject, &[("what", &named)]), json, |parts| {
        parts.say(intro, &[("count", &count)]);
        parts.blank();
        for row in rows.iter().take(ROWS_MAX) {
            parts.row(row);
        }
        if rows.len() > ROWS_MAX {
            let more = (rows.len() - ROWS_MAX).to_string();
            parts.say("notice-more", &[("count", &more)]);
        }
        parts.blank();
        parts.say(what, &[]);
        let until = if rung == Rung::Due { "notice-until-due" } else { "notice-until" };
        parts.say(until, &[]);
        parts.foot(notices);
    })
}

/// The daily digest.
///
/// # Errors
/// As [`notice`].
pub fn digest(id: &str, digest: &Digest<'_>, wording: Wording) -> Result<Letter, PaperError> {
    let notices = digest.notices;
    // What left its place is counted with what is missing; its row says which it is.
    let missing = (notices.on(Rung::Missing) + notices.on(Rung::Left)).to_string();
    let [overdue, due] = [Rung::Overdue, Rung::Due].map(|rung| notices.on(rung).to_string());
    let fine = !notices.any_alarm() && digest.in_trouble == 0 && digest.unreachable.is_empty();
    let subject = if fine { "digest-subject-fine" } else { "digest-subject-alarm" };
    let counts = [("missing", &*missing), ("overdue", &*overdue), ("due", &*due)];
    let rows: Vec<&Notice> = notices.rows.iter().collect();
    let json = machine(id, "digest", notices, &rows, Some(digest));
    letter(wording, (subject, &counts), json, |parts| {
        parts.say(if fine { "digest-fine" } else { "digest-alarm" }, &[]);
        parts.blank();
        let (all, entries) = (
            notices.counts.iter().map(|count| count.media).sum::<usize>().to_string(),
            notices.entries.to_string(),
        );
        parts.say("digest-counts", &counts);
        parts.say("digest-ledger", &[("media", &all), ("entries", &entries)]);
        if digest.in_trouble > 0 {
            let count = digest.in_trouble.to_string();
            parts.say("digest-trouble", &[("count", &count)]);
        }
        for copy in notices.copies.iter().filter(|copy| copy.late) {
            let key = match copy.kind {
                DailyKind::Backup => "digest-backup-late",
                DailyKind::Publication => "digest-publication-late",
            };
            parts.say(key, &[("at", &copy.at.short())]);
        }
        if !digest.unreachable.is_empty() {
            let who: Vec<&str> = digest.unreachable.iter().map(|id| id.as_str()).collect();
            parts.say("digest-unreachable", &[("who", &who.join(", "))]);
        }
        if !rows.is_empty() {
            parts.blank();
        }
        for row in rows.iter().take(ROWS_MAX) {
            parts.row(row);
        }
        if rows.len() > ROWS_MAX {
            let more = (rows.len() - ROWS_MAX).to_string();
            parts.say("notice-more", &[("count", &more)]);
        }
        if !notices.next.is_empty() {
            parts.blank();
            parts.say("digest-next", &[]);
        }
        for duty in &notices.next {
            let key = match duty.matter {
                Matter::ReturnDue | Matter::ReturnOverdue => "digest-next-return",
                _ => "digest-next-check",
            };
            let day = duty.day.to_string();
            parts.say(key, &[("medium", duty.medium.as_str()), ("day", &day)]);
        }
        parts.blank();
        parts.say("digest-daily", &[]);
        parts.foot(notices);
    })
}

/// A message that only shows that the way is open.
///
/// # Errors
/// As [`notice`].
pub fn test(id: &str, notices: &Notices, wording: Wording) -> Result<Letter, PaperError> {
    let json = machine::<()>(id, "test", notices, &[], None);
    letter(wording, ("notice-subject-test", &[]), json, |parts| {
        parts.say("notice-test", &[]);
        parts.foot(notices);
    })
}
