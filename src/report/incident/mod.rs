//! 紛失事案の記録: the dossier of a drive that is missing or lost.
//!
//! It gathers what the ledger has for the report to the authority, and says beside each
//! item what a person has to add. It is a draft and never a statement: what happened to
//! the data, and why, no ledger of handovers knows.

mod exemption;
mod follow;
mod items;
mod japanese;

pub use exemption::{Answer, Criterion, Exemption, Support};
pub use follow::{Loss, LossFold};
pub use items::ReportItem;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ledger::deadlines::{Deadlines, SOURCE, SOURCE_JA};
use crate::ledger::schedule::Standing;
use crate::ledger::{Medium, State};
use crate::model::hardware::VidPid;
use crate::model::statement::Handover;
use crate::model::vocabulary::{CheckerRule, SightingGrade};
use crate::model::{
    Day, Hash, MediumId, Name, PartyRef, Phrase, ReceiptId, Seen, Stamp, Statement,
};

use super::evidence::Bilingual;
use super::medium::{Event, MediumView};
use super::status::Row;
use super::who::Who;
use super::workbook::Made;
use super::{label_text, named, text, words};

/// What every page of it says.
pub const DRAFT: Bilingual = Bilingual {
    en: "DRAFT, made from the ledger. A person has to complete and answer for it; it decides \
         neither whether a report is due nor what happened to the data.",
    ja: "台帳から作成した下書きです。内容の補完と責任は担当者にあります。報告義務の有無や\
         データの行方を判断するものではありません。",
};

/// A sentence with the ledger's words in it, in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sentence {
    /// In Japanese.
    pub ja: String,
    /// In English.
    pub en: String,
}

/// The dossier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Incident {
    /// Whose it is, and of when.
    #[serde(flatten)]
    pub made: Made,
    /// That it is a draft.
    pub draft: Bilingual,
    /// The drive.
    pub medium: MediumId,
    /// The text of its label.
    pub label: String,
    /// Vendor and product number.
    pub vid_pid: VidPid,
    /// Its serial, `-` when it has none.
    pub serial: String,
    /// Manufacturer and model, as the device calls itself.
    pub product: Option<Phrase>,
    /// Capacity in bytes.
    pub capacity: Option<u64>,
    /// Whose it is.
    pub owner: Name,
    /// What kind of data it carries.
    pub class: Name,
    /// Where it belongs.
    pub home: Name,
    /// How it stands now.
    pub standing: Standing,
    /// The entry by which the loss became known.
    pub known: Step,
    /// Who decides whether it is lost, and answers for the report; nobody where the role
    /// is not given and administrators decide.
    pub privacy_officers: Vec<Who>,
    /// The entry that decided that it is lost.
    pub decided: Option<Step>,
    /// The entry by which it was found; the clock does not stop for that by itself.
    pub ended: Option<Step>,
    /// How many days the authority gives.
    pub deadlines: Deadlines,
    /// Where these come from.
    pub source: Bilingual,
    /// The days that follow, the earliest first.
    pub days: Vec<Deadline>,
    /// The last sighting that counts as one.
    pub last_sighting: Sighted,
    /// Days between that and the loss becoming known: it can have happened on any.
    pub days_unseen: i64,
    /// By when the ledger had promised to notice.
    pub promised_by: Option<Day>,
    /// What was seen or said of it later and counts for less.
    pub weaker_sightings: Vec<Sighted>,
    /// Who had it, the first holder first.
    pub holders: Vec<Holder>,
    /// What was on it by each handover since it was last erased, the last first.
    pub contents: Vec<Contents>,
    /// Where was looked.
    pub searches: Vec<Searched>,
    /// Whether its encryption can count as strong.
    pub exemption: Exemption,
    /// The nine items of a report.
    pub items: Vec<ReportItem>,
    /// Every entry about it, in order.
    pub timeline: Vec<TimelineRow>,
    /// What no ledger of handovers can tell.
    pub cannot_tell: Vec<Bilingual>,
}

/// One entry that matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Its kind.
    pub kind: &'static str,
    /// What it says of the drive.
    pub words: String,
    /// Who signed it.
    pub by: Vec<Who>,
}

/// A day by which something is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deadline {
    /// Its name, for programs.
    pub name: &'static str,
    /// What is due.
    pub words: Bilingual,
    /// By when.
    pub day: Day,
    /// Days until then, negative when it has passed.
    pub days_left: i64,
}

/// The drive was seen, or somebody said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sighted {
    /// The entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// How.
    pub grade: SightingGrade,
    /// The same in both languages.
    pub how: Bilingual,
    /// By whom.
    pub by: Who,
    /// Where.
    pub place: Name,
    /// Why it does not count, or counts for little.
    pub weaker_because: Option<Bilingual>,
}

/// Somebody who had the drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holder {
    /// The entry that gave it to them.
    pub entry: u64,
    /// Since when.
    #[serde(serialize_with = "text")]
    pub since: Stamp,
    /// Who.
    pub holder: Who,
    /// From whom; none for a registration or whoever found it.
    pub from: Option<Who>,
    /// Where it went.
    pub place: Name,
    /// By which receipt.
    pub receipt: Option<ReceiptId>,
    /// Back by.
    pub due: Option<Day>,
    /// Whether every side signed with a key; a seal on paper is weaker.
    pub signed_by_key: bool,
}

/// What a handover says was on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Contents {
    /// The handover's entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Its receipt.
    pub receipt: ReceiptId,
    /// What it was for.
    pub purpose: Phrase,
    /// What was on it.
    pub contents: Option<Phrase>,
    /// Of how many persons.
    pub persons: Option<u64>,
}

/// Where somebody looked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Searched {
    /// The entry.
    pub entry: u64,
    /// When.
    #[serde(serialize_with = "text")]
    pub at: Stamp,
    /// Where.
    pub place: Name,
    /// By whom.
    pub by: Who,
    /// A remark.
    pub detail: Option<Phrase>,
    /// The entry's kind: a search, or a check of the whole place.
    pub kind: &'static str,
}

/// An entry of the timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TimelineRow {
    /// What it says of the drive.
    #[serde(flatten)]
    pub event: Event,
    /// The same in one line of Japanese.
    pub words_ja: String,
    /// Its leaf hash; none for an entry that could not be read.
    pub leaf: Option<String>,
    /// The file with its note and proof; none where none was asked for.
    pub proof: Option<String>,
}

/// What the dossier is made from.
pub struct Sources<'a> {
    /// The ledger now.
    pub state: &'a State,
    /// When, and from which head.
    pub now: Stamp,
    /// The head of the log.
    pub seen: Seen,
    /// The drive.
    pub id: &'a MediumId,
    /// Its last loss.
    pub loss: &'a Loss,
    /// The entries that name the drive, complete or correct one of those; others among
    /// them are left out.
    pub history: &'a [(u64, Statement)],
    /// Their leaf hashes.
    pub leaves: &'a BTreeMap<u64, Hash>,
}

impl Incident {
    /// The dossier; none of a drive that is not registered or was never missed.
    #[must_use]
    pub fn new(from: &Sources<'_>) -> Option<Self> {
        let own: Vec<(u64, Statement)> = from
            .history
            .iter()
            .filter(|(_, said)| named::media(said).contains(from.id))
            .cloned()
            .collect();
        let whole = from;
        let from = &Sources { history: &own, ..*from };
        let medium = from.state.media.get(from.id)?;
        let before = from.loss.medium(from.id)?;
        let known = step(from, from.loss.known)?;
        let last = last_sighting(&from.loss.before, before);
        let deadlines = Deadlines::of(&from.state.policy);
        let mut incident = Incident {
            made: Made::new(from.state, from.now, from.seen),
            draft: DRAFT,
            medium: from.id.clone(),
            label: label_text(from.id, &medium.registered.leaf),
            vid_pid: medium.line.vid_pid,
            serial: medium.line.serial.to_string(),
            product: medium.product.clone(),
            capacity: medium.capacity,
            owner: medium.owner.clone(),
            class: medium.class.clone(),
            home: before.home.clone(),
            standing: Row::new(from.state, medium, from.now).standing,
            privacy_officers: from
                .state
                .privacy_officers()
                .map(|party| Who::from(&party.party))
                .collect(),
            decided: from.loss.decided.and_then(|entry| step(from, entry)),
            ended: from.loss.ended.and_then(|entry| step(from, entry)),
            deadlines,
            source: Bilingual { en: SOURCE, ja: SOURCE_JA },
            days: days(&deadlines, known.at, from.now),
            days_unseen: last.at.day().days_until(known.at.day()),
            promised_by: Row::new(&from.loss.before, before, known.at).noticed_by,
            weaker_sightings: weaker(from, before, &last),
            holders: holders(from),
            contents: contents(from),
            searches: searches(from),
            exemption: Exemption::new(from, before, &last),
            items: Vec::new(),
            timeline: timeline(whole),
            cannot_tell: CANNOT_TELL.to_vec(),
            known,
            last_sighting: last,
        };
        incident.items = items::items(&incident);
        Some(incident)
    }

    /// Who had it when it was missed.
    #[must_use]
    pub fn holder(&self) -> Option<&Holder> {
        self.holders.iter().rev().find(|holder| holder.entry < self.known.entry)
    }

    /// Names the files with the proofs, as they were written.
    #[must_use]
    pub fn with_proofs(mut self, files: &BTreeMap<u64, String>) -> Self {
        for row in &mut self.timeline {
            row.proof = files.get(&row.event.index).cloned();
        }
        self
    }
}

const CANNOT_TELL: [Bilingual; 4] = [
    Bilingual {
        en: "When between the last sighting and the first \"not found\" it disappeared.",
        ja: "最後の確認から所在不明の把握までの間の、いつ無くなったか。",
    },
    Bilingual {
        en: "Where it is, who has it, and whether anybody read it.",
        ja: "今どこにあり、誰が持っているか。誰かが内容を読んだか。",
    },
    Bilingual {
        en: "What was really on it: contents and persons are what the handovers say.",
        ja: "実際に入っていた内容。内容と人数は授受の記録に書かれたものです。",
    },
    Bilingual {
        en: "Whether a passphrase was with it, or known to anybody else.",
        ja: "パスワードが一緒にあったか、他の者に知られていたか。",
    },
];

fn step(from: &Sources<'_>, entry: u64) -> Option<Step> {
    let (_, said) = from.history.iter().find(|(index, _)| *index == entry)?;
    let told = words::told_of(said, from.id)?;
    Some(Step {
        entry,
        at: said.at(),
        kind: said.kind(),
        words: told.words,
        by: named::signers(said),
    })
}

fn days(deadlines: &Deadlines, known: Stamp, now: Stamp) -> Vec<Deadline> {
    let days = deadlines.from(known);
    let all = [
        (
            "preliminary-from",
            "the preliminary report is expected from then on",
            "速報（この日から）",
            days.preliminary_from,
        ),
        (
            "preliminary",
            "the preliminary report is late after this day",
            "速報（この日まで）",
            days.preliminary_until,
        ),
        ("final", "the final report", "確報", days.final_until),
        (
            "final-improper",
            "the final report where somebody may have acted for an improper purpose",
            "確報（不正の目的によるおそれがある場合）",
            days.final_improper_until,
        ),
    ];
    all.map(|(name, en, ja, day)| Deadline {
        name,
        words: Bilingual { en, ja },
        day,
        days_left: now.day().days_until(day),
    })
    .to_vec()
}

/// The sighting that the rules of that time counted as one.
fn last_sighting(state: &State, medium: &Medium) -> Sighted {
    let seen = &medium.seen;
    Sighted {
        entry: seen.index,
        at: seen.at,
        grade: seen.grade,
        how: words::how_seen(seen.grade),
        by: Who::of(state, &seen.by),
        place: seen.place.clone(),
        weaker_because: (seen.index == medium.registered.index).then_some(Bilingual {
            en: "this was its registration, by whoever held it; nobody else has seen it since",
            ja: "保管者による登録時のもの。以後、他の者による確認はない",
        }),
    }
}

/// What was seen or said after the last sighting that counts, until it was missed.
fn weaker(from: &Sources<'_>, before: &Medium, last: &Sighted) -> Vec<Sighted> {
    let terms = from.loss.before.policy.terms(before);
    let between = |entry: u64| last.entry < entry && entry < from.loss.known;
    let mut found = Vec::new();
    for (entry, said) in from.history.iter().filter(|(entry, _)| between(*entry)) {
        let Some((grade, place, by)) = observed(said, from.id) else { continue };
        let because = if terms.checker != CheckerRule::Anyone && before.custody.holder == by.id {
            Bilingual { en: "the holder's own word", ja: "保管者本人による確認" }
        } else if grade > terms.grade {
            Bilingual {
                en: "weaker evidence than the policy asks for",
                ja: "規程の求める証拠より弱い",
            }
        } else {
            Bilingual {
                en: "not by somebody whom the policy lets check it",
                ja: "規程の認める点検者でない",
            }
        };
        found.push(Sighted {
            entry: *entry,
            at: said.at(),
            grade,
            how: words::how_seen(grade),
            by: Who::from(by),
            place: place.clone(),
            weaker_because: Some(because),
        });
    }
    found
}

/// How, where and by whom an entry saw the drive.
fn observed<'a>(
    said: &'a Statement,
    id: &MediumId,
) -> Option<(SightingGrade, &'a Name, &'a PartyRef)> {
    let line = |lines: &[crate::model::SeenLine]| {
        lines.iter().find(|line| line.id == *id).map(|line| line.grade)
    };
    match said {
        Statement::Check(said) => {
            let weakly = || line(&said.unverified).or_else(|| line(&said.unexpected));
            let grade = line(&said.found).or_else(weakly)?;
            Some((grade, &said.place, &said.who_saw(id).party))
        }
        Statement::RollCall(said) => Some((line(&said.present)?, &said.place, &said.by.party)),
        Statement::Sighting(said) => Some((said.grade, &said.place, &said.by.party)),
        Statement::Handover(said) => {
            Some((SightingGrade::Attested, &said.place, &said.receiver.party))
        }
        _ => None,
    }
}

fn holders(from: &Sources<'_>) -> Vec<Holder> {
    let mut holders = Vec::new();
    for (entry, said) in from.history {
        let (entry, since) = (*entry, said.at());
        let alone = |party: &PartyRef, place: &Name| Holder {
            entry,
            since,
            holder: Who::from(party),
            from: None,
            place: place.clone(),
            receipt: None,
            due: None,
            signed_by_key: true,
        };
        match said {
            Statement::Register(said) => holders.push(alone(&said.by.party, &said.home)),
            Statement::Found(said) => holders.push(alone(&said.by.party, &said.place)),
            Statement::Handover(said) => holders.push(Holder {
                from: Some(Who::from(&said.giver.party)),
                receipt: Some(said.receipt.clone()),
                due: said.due,
                signed_by_key: said.giver.key().is_some() && said.receiver.key().is_some(),
                ..alone(&said.receiver.party, &said.place)
            }),
            _ => {}
        }
    }
    holders
}

/// Handovers since the last erasure before it was missed, the last first. One that says
/// nothing of contents is left out: usually it brought the drive back.
fn contents(from: &Sources<'_>) -> Vec<Contents> {
    let mut found = Vec::new();
    for (entry, said) in from.history.iter().filter(|(entry, _)| *entry < from.loss.known) {
        match said {
            Statement::Handover(said) if said.contents.is_some() || said.persons.is_some() => {
                found.push(of_handover(*entry, said));
            }
            Statement::Erase(_) => found.clear(),
            _ => {}
        }
    }
    found.reverse();
    found
}

fn of_handover(entry: u64, said: &Handover) -> Contents {
    Contents {
        entry,
        at: said.at,
        receipt: said.receipt.clone(),
        purpose: said.purpose.clone(),
        contents: said.contents.clone(),
        persons: said.persons,
    }
}

/// Searches, and the checks that did not find it, since it was missed.
fn searches(from: &Sources<'_>) -> Vec<Searched> {
    let until = from.loss.ended.unwrap_or(u64::MAX);
    let within = |entry: &u64| (from.loss.known..until).contains(entry);
    from.history
        .iter()
        .filter(|(entry, _)| within(entry))
        .filter_map(|(entry, said)| {
            let (place, by, detail) = match said {
                Statement::Search(said) => (&said.place, &said.by.party, &said.detail),
                Statement::Check(said) if said.missing.contains(from.id) => {
                    (&said.place, &said.by.party, &said.detail)
                }
                _ => return None,
            };
            Some(Searched {
                entry: *entry,
                at: said.at(),
                place: place.clone(),
                by: Who::from(by),
                detail: detail.clone(),
                kind: said.kind(),
            })
        })
        .collect()
}

fn timeline(from: &Sources<'_>) -> Vec<TimelineRow> {
    let view = MediumView::new(from.state, from.id, from.now, from.history);
    let events = view.map(|view| view.timeline).unwrap_or_default();
    events
        .into_iter()
        .map(|event| TimelineRow {
            words_ja: from
                .history
                .iter()
                .find(|(index, _)| *index == event.index)
                .map_or_else(String::new, |(_, said)| japanese::told(said, from.id)),
            leaf: from.leaves.get(&event.index).map(ToString::to_string),
            event,
            proof: None,
        })
        .collect()
}
