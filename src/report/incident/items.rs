//! The nine items of a Japanese breach report (施行規則第8条第1項各号), drafted from what
//! the ledger has. What it does not have is said, not guessed.

use serde::Serialize;

use super::{Answer, Contents, Incident, Sentence, Support};
use crate::report::evidence::Bilingual;
use crate::report::who::Who;

/// Above so many persons a loss is to be reported whatever the data is (Article 7, item 4).
const MANY: u64 = 1_000;

/// One item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportItem {
    /// Its number in the rules.
    pub number: u8,
    /// Its name, for programs.
    pub name: &'static str,
    /// Its title.
    pub title: Bilingual,
    /// What the ledger has to say; empty where that is nothing.
    pub drafted: Vec<Sentence>,
    /// The entries that this rests on.
    pub entries: Vec<u64>,
    /// What a person has to add.
    pub to_add: Vec<Bilingual>,
}

struct Item(ReportItem);

impl Item {
    fn new(number: u8, name: &'static str, en: &'static str, ja: &'static str) -> Self {
        Item(ReportItem {
            number,
            name,
            title: Bilingual { en, ja },
            drafted: Vec::new(),
            entries: Vec::new(),
            to_add: Vec::new(),
        })
    }

    fn say(mut self, ja: String, en: String, entries: &[u64]) -> Self {
        self.0.drafted.push(Sentence { ja, en });
        for entry in entries {
            if !self.0.entries.contains(entry) {
                self.0.entries.push(*entry);
            }
        }
        self
    }

    fn add(mut self, ja: &'static str, en: &'static str) -> Self {
        self.0.to_add.push(Bilingual { en, ja });
        self
    }
}

/// All nine.
pub(super) fn items(incident: &Incident) -> Vec<ReportItem> {
    let all = [
        summary(incident),
        data(incident),
        persons(incident),
        cause(incident),
        secondary(incident),
        Item::new(
            6,
            "response-to-persons",
            "Response to the persons concerned",
            "本人への対応の実施状況",
        )
        .add(
            "台帳に記録はありません。本人への通知（法第26条第2項、施行規則第10条）の実施・予定、\
                 困難な場合の代替措置、問合せ窓口を記載してください。",
            "The ledger has nothing. Say whether, when and how the persons were or will be told \
                 (Article 26, paragraph 2), or what is done instead.",
        ),
        Item::new(7, "publication", "Publication", "公表の実施状況").add(
            "台帳に記録はありません。公表の有無、時期、方法と内容を記載してください。",
            "The ledger has nothing. Say whether, when and how it was or will be published.",
        ),
        prevention(incident),
        other(incident),
    ];
    all.map(|item| item.0).to_vec()
}

fn spoken(who: &[Who]) -> String {
    who.iter().map(Who::spoken).collect::<Vec<_>>().join("; ")
}

fn summary(incident: &Incident) -> Item {
    let (known, last) = (&incident.known, &incident.last_sighting);
    let whose = incident.made.organisation.as_ref().map_or("", |name| name.as_str());
    let product = incident.product.as_ref().map_or("", |product| product.as_str());
    let (id, at, seen) = (&incident.medium, known.at.short(), last.at.short());
    let mut item = Item::new(1, "summary", "Summary", "概要").say(
        format!(
            "{whose}の媒体 {id}（{product}、製造番号 {}）が所在不明であることを、{at} に把握した（記録{}）。\
             最後に所在を確認したのは {seen}、{}（{}、{}、記録{}）で、この間の{}日間は確認の記録がない。",
            incident.serial, known.entry, last.place, last.how.ja, last.by.spoken(), last.entry,
            incident.days_unseen
        ),
        format!(
            "On {at} it became known that the drive {id} of {whose} ({product}, serial {}) is missing \
             (entry {}). It was last verified on {seen} at {} ({}, by {}, entry {}); for the {} days \
             in between there is no sighting that counts.",
            incident.serial, known.entry, last.place, last.how.en, last.by.spoken(), last.entry,
            incident.days_unseen
        ),
        &[known.entry, last.entry],
    );
    if let Some(holder) = incident.holder() {
        item = item.say(
            format!(
                "把握した時点で台帳上の保管者は {}、所在は {}（{} から、記録{}）。",
                holder.holder.spoken(),
                holder.place,
                holder.since.short(),
                holder.entry
            ),
            format!(
                "By the ledger it was then with {} at {} (since {}, entry {}).",
                holder.holder.spoken(),
                holder.place,
                holder.since.short(),
                holder.entry
            ),
            &[holder.entry],
        );
    }
    if let Some(step) = &incident.decided {
        let (at, by) = (step.at.short(), spoken(&step.by));
        item = item.say(
            format!("{at} に {by} が紛失と判断した（記録{}）。", step.entry),
            format!("It was declared lost on {at} by {by} (entry {}).", step.entry),
            &[step.entry],
        );
    }
    if let Some(step) = &incident.ended {
        item = item.say(
            format!("{} に所在が確認された（記録{}）。", step.at.short(), step.entry),
            format!("It was seen again on {} (entry {}).", step.at.short(), step.entry),
            &[step.entry],
        );
    }
    item.add(
        "発生日（分かる場合）、事態の類型（施行規則第7条の何号か）、委託元・委託先の関係を記載してください。",
        "Add the day it happened, if known; which case of Article 7 it is; and who entrusted whom.",
    )
}

fn data(incident: &Incident) -> Item {
    let mut item = Item::new(2, "data-items", "Items of personal data", "個人データの項目");
    for told in &incident.contents {
        let Some(contents) = &told.contents else { continue };
        item = item.say(
            format!(
                "{}（{} の授受 {}、記録{}）",
                contents,
                told.at.short(),
                told.receipt,
                told.entry
            ),
            format!(
                "{contents} (handover {} of {}, entry {})",
                told.receipt,
                told.at.short(),
                told.entry
            ),
            &[told.entry],
        );
    }
    let class = &incident.class;
    item = match item.0.drafted.is_empty() {
        true => item.say(
            format!("授受の記録に内容の記載はない。登録上の情報区分は「{class}」。"),
            format!("No handover says what was on it. It is registered for: {class}."),
            &[],
        ),
        false => item.say(
            format!("登録上の情報区分は「{class}」。"),
            format!("It is registered for: {class}."),
            &[],
        ),
    };
    item.add(
        "実際に入っていたデータを確認してください。要配慮個人情報、財産的被害のおそれのある情報、\
         特定個人情報（マイナンバー）の有無も記載してください。",
        "Establish what was really on it, and whether special-care information, payment data or \
         Individual Numbers were among it.",
    )
}

fn persons(incident: &Incident) -> Item {
    let mut item = Item::new(3, "persons", "Number of persons", "本人の数");
    let counted: Vec<(&Contents, u64)> =
        incident.contents.iter().filter_map(|told| Some((told, told.persons?))).collect();
    for (told, persons) in &counted {
        item = item.say(
            format!(
                "{persons}人（{} の授受 {}、記録{}）",
                told.at.short(),
                told.receipt,
                told.entry
            ),
            format!(
                "{persons} (handover {} of {}, entry {})",
                told.receipt,
                told.at.short(),
                told.entry
            ),
            &[told.entry],
        );
    }
    match counted.iter().map(|(_, persons)| *persons).max() {
        None => {
            return item.add(
                "台帳に人数の記録はありません。調べて記載してください。",
                "The ledger has no number. Establish it.",
            );
        }
        Some(most) if most > MANY => {
            item = item.say(
                format!(
                    "{MANY}人を超えるため、データの種類を問わず施行規則第7条第4号に当たり得る。"
                ),
                format!("More than {MANY}: item 4 of Article 7 may apply whatever the data is."),
                &[],
            );
        }
        Some(_) => {}
    }
    item.add(
        "人数は授受の記録に書かれたものです。重複や追記、消去を確かめて確定してください。",
        "These numbers are what the handovers say. Settle overlaps, additions and deletions.",
    )
}

fn cause(incident: &Incident) -> Item {
    let last = &incident.last_sighting;
    let between = incident
        .timeline
        .iter()
        .map(|row| &row.event)
        .filter(|event| last.entry < event.index && event.index < incident.known.entry);
    let (handovers, entries): (Vec<_>, Vec<u64>) =
        between.filter(|event| event.kind == "handover").map(|event| (event, event.index)).unzip();
    let item = Item::new(4, "cause", "Cause", "原因");
    let count = handovers.len();
    let item = if count == 0 {
        item.say(
            "最後の確認から把握までの間に、授受の記録はない。".to_owned(),
            "Between the last sighting and the discovery no handover is recorded.".to_owned(),
            &[],
        )
    } else {
        item.say(
            format!("最後の確認から把握までの間に、授受が{count}件記録されている。"),
            format!("Between the last sighting and the discovery {count} handovers are recorded."),
            &entries,
        )
    };
    item.add(
        "原因は台帳からは分かりません。調査の結果（盗難、置き忘れ、誤廃棄、手続の不備など）を記載して\
         ください。",
        "The ledger does not know the cause. Add what the investigation finds: theft, mislaying, \
         disposal by mistake, a procedure that was not kept.",
    )
}

fn secondary(incident: &Incident) -> Item {
    let exemption = &incident.exemption;
    let missing = exemption.criteria.iter().filter(|one| one.answer != Answer::Shown).count();
    let entries: Vec<u64> = exemption.entry.into_iter().collect();
    let (ja, en) = match exemption.support {
        Support::Against => (exemption.words.ja.to_owned(), exemption.words.en.to_owned()),
        Support::Open => (
            format!("{}（不足{missing}件）。", exemption.words.ja.trim_end_matches('。')),
            format!("{} ({missing} conditions.)", exemption.words.en),
        ),
    };
    Item::new(5, "secondary-damage", "Secondary damage", "二次被害又はそのおそれの有無及びその内容")
        .say(
            format!("媒体の暗号化は台帳上「{}」。{ja}", exemption.encryption.ja),
            format!("By the ledger its encryption was: {}. {en}", exemption.encryption.en),
            &entries,
        )
        .add(
            "二次被害は台帳からは分かりません。不正利用や公開の有無、監視の状況を記載してください。",
            "The ledger knows of none and could not. Say whether misuse or disclosure was seen, and \
             how that is watched.",
        )
}

fn prevention(incident: &Incident) -> Item {
    let item = Item::new(8, "prevention", "Prevention", "再発防止のための措置");
    let item = match incident.promised_by {
        Some(day) => item.say(
            format!(
                "当時の規程では、この媒体の紛失は遅くとも {day} までに判明するものとされていた。"
            ),
            format!(
                "Under the rules then in force its loss was to be noticed by {day} at the latest."
            ),
            &[],
        ),
        None => item,
    };
    item.add(
        "講じた措置と予定（点検間隔、持出しの承認、施錠、委託先の監督、教育など）と時期を記載してください。",
        "Add the measures taken and planned, with dates: intervals of checks, approval of take-outs, \
         locks, supervision of contractors, training.",
    )
}

fn other(incident: &Incident) -> Item {
    let mut item = Item::new(9, "other", "Other matters", "その他参考となる事項");
    let made = &incident.made;
    let searches = incident.searches.len();
    let entries: Vec<u64> = incident.searches.iter().map(|search| search.entry).collect();
    item = if searches == 0 {
        item.say("捜索の記録はない。".to_owned(), "No search is recorded.".to_owned(), &[])
    } else {
        item.say(
            format!("把握以降の捜索・点検の記録は{searches}件。"),
            format!("Searches and checks recorded since: {searches}."),
            &entries,
        )
    };
    item.say(
        format!(
            "本書の事実は改ざん検知可能な台帳（{}件、木の根 {}）に基づき、各記録は第三者が検証できる。",
            made.seen.entries, made.seen.root
        ),
        format!(
            "The facts are from a tamper-evident ledger ({} entries, root {}); each entry can be \
             verified by others.",
            made.seen.entries, made.seen.root
        ),
        &[],
    )
    .add(
        "警察への届出、他の機関への報告、委託元への通知などを記載してください。",
        "Add the report to the police, to other bodies and to whoever entrusted the data.",
    )
}
