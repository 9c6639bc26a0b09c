//! The dossier of a loss as a document: headings, fields, lists and tables in one
//! language or both. Markdown, paper and terminal draw the same parts.

use crate::render::paper::words::Tongue;
use crate::report::evidence::Bilingual;
use crate::report::incident::{Incident, Sentence};
use crate::report::who::Who;
use crate::report::words;

/// One part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A heading.
    Heading(String),
    /// A heading below one.
    Subheading(String),
    /// A paragraph.
    Text(String),
    /// Something nobody may overlook.
    Warning(String),
    /// A label and its value.
    Field(String, String),
    /// Something a person has to do or add.
    ToAdd(String),
    /// Columns and rows.
    Table(Vec<String>, Vec<Vec<String>>),
}

/// The document.
pub struct Dossier {
    /// Its title.
    pub title: String,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

struct Writer {
    tongue: Tongue,
    parts: Vec<Part>,
}

impl Writer {
    /// Labels and headings.
    fn label(&self, ja: &str, en: &str) -> String {
        match self.tongue {
            Tongue::Ja => ja.to_owned(),
            Tongue::En => en.to_owned(),
            Tongue::Both => format!("{ja} {en}"),
        }
    }

    fn pick(&self, words: Bilingual) -> String {
        match self.tongue {
            Tongue::Ja => words.ja.to_owned(),
            Tongue::En => words.en.to_owned(),
            Tongue::Both => format!("{} / {}", words.ja.trim_end_matches('。'), words.en),
        }
    }

    /// Sentences: one paragraph for each language.
    fn sentences(&self, ja: &str, en: &str) -> Vec<String> {
        match self.tongue {
            Tongue::Ja => vec![ja.to_owned()],
            Tongue::En => vec![en.to_owned()],
            Tongue::Both => vec![ja.to_owned(), en.to_owned()],
        }
    }

    fn heading(&mut self, ja: &str, en: &str) {
        let heading = self.label(ja, en);
        self.parts.push(Part::Heading(heading));
    }

    fn field(&mut self, ja: &str, en: &str, value: impl Into<String>) {
        let label = self.label(ja, en);
        self.parts.push(Part::Field(label, value.into()));
    }

    fn say(&mut self, ja: &str, en: &str) {
        let said = self.sentences(ja, en);
        self.parts.extend(said.into_iter().map(Part::Text));
    }

    fn warn(&mut self, words: Bilingual) {
        let said = self.sentences(words.ja, words.en);
        self.parts.extend(said.into_iter().map(Part::Warning));
    }

    fn ask_for(&mut self, words: Bilingual) {
        let said = self.sentences(words.ja, words.en);
        self.parts.extend(said.into_iter().map(Part::ToAdd));
    }

    fn told(&mut self, sentence: &Sentence) {
        let said = self.sentences(&sentence.ja, &sentence.en);
        self.parts.extend(said.into_iter().map(Part::Text));
    }

    fn table(&mut self, titles: &[(&str, &str)], rows: Vec<Vec<String>>) {
        let titles = titles.iter().map(|(ja, en)| self.label(ja, en)).collect();
        if rows.is_empty() {
            self.say("記録なし。", "None recorded.");
        } else {
            self.parts.push(Part::Table(titles, rows));
        }
    }
}

fn entry(index: u64) -> String {
    index.to_string()
}

fn spoken(who: &[Who]) -> String {
    who.iter().map(Who::spoken).collect::<Vec<_>>().join("; ")
}

/// The document in that language.
#[must_use]
pub fn dossier(incident: &Incident, tongue: Tongue) -> Dossier {
    let mut out = Writer { tongue, parts: Vec::new() };
    let title = out.label("媒体の紛失等に関する報告（下書き）", "Loss of a drive: report (DRAFT)");
    out.warn(incident.draft);
    clock(&mut out, incident);
    drive(&mut out, incident);
    items(&mut out, incident);
    last_seen(&mut out, incident);
    custody(&mut out, incident);
    exemption(&mut out, incident);
    timeline(&mut out, incident);
    Dossier { title: format!("{title} {}", incident.medium), parts: out.parts }
}

fn clock(out: &mut Writer, incident: &Incident) {
    out.heading("期限", "Deadlines");
    let known = &incident.known;
    let told = format!("{}  ({}, #{})", known.at.short(), spoken(&known.by), known.entry);
    out.field("把握した日時", "Known since", told);
    let officers = match incident.privacy_officers.as_slice() {
        [] => out.label("未登録（管理者が判断）", "none enrolled; administrators decide"),
        officers => spoken(officers),
    };
    out.field("個人情報保護管理者", "Privacy officer", officers);
    let rows = incident
        .days
        .iter()
        .map(|deadline| {
            let days = deadline.days_left;
            let (ja, en) = match days {
                ..0 => ("経過".to_owned(), "PASSED".to_owned()),
                0 => ("本日".to_owned(), "TODAY".to_owned()),
                1.. => (format!("あと{days}日"), format!("{days} left")),
            };
            let left = out.label(&ja, &en);
            vec![deadline.day.to_string(), out.pick(deadline.words), left]
        })
        .collect();
    out.table(&[("期限", "Day"), ("内容", "What"), ("残り", "Left")], rows);
    let source = out.pick(incident.source);
    out.field("根拠", "Source", source);
    out.say(
        "把握した日を1日目として数え、休日による延長は含めていません。報告の要否は担当者が判断してください。",
        "The day of knowing counts as the first; no day is moved for holidays. Whether a report is \
         due at all is for a person to decide.",
    );
    if let Some(step) = &incident.ended {
        let told = format!("{}  {} (#{})", step.at.short(), step.words, step.entry);
        out.field("その後の確認", "Seen again", told);
        out.say(
            "発見されても、その間に漏えい等のおそれがあれば報告義務は消えません。",
            "That it was found does not by itself end a duty to report.",
        );
    }
}

fn drive(out: &mut Writer, incident: &Incident) {
    out.heading("媒体", "The drive");
    out.field("管理番号", "Asset id", format!("{}  ({})", incident.medium, incident.label));
    let product = incident.product.as_ref().map_or("", |product| product.as_str());
    out.field("機種", "Model", format!("{product} ({})", incident.vid_pid));
    out.field("製造番号", "Serial", incident.serial.clone());
    if let Some(bytes) = incident.capacity {
        out.field("容量", "Capacity", format!("{bytes} bytes"));
    }
    out.field("所有部署", "Owner", incident.owner.to_string());
    out.field("情報区分", "Data class", incident.class.to_string());
    out.field("保管場所", "Belongs to", incident.home.to_string());
    let standing = out.pick(words::standing(incident.standing));
    out.field("現在の状態", "State now", standing);
}

fn items(out: &mut Writer, incident: &Incident) {
    out.heading("報告事項（施行規則第8条第1項）", "The nine items (Enforcement Rules, Article 8)");
    for item in &incident.items {
        let title = out.label(item.title.ja, item.title.en);
        out.parts.push(Part::Subheading(format!("{}. {title}", item.number)));
        for sentence in &item.drafted {
            out.told(sentence);
        }
        if !item.entries.is_empty() {
            let all: Vec<String> = item.entries.iter().map(|index| format!("#{index}")).collect();
            out.field("根拠の記録", "Entries", all.join(", "));
        }
        for missing in &item.to_add {
            out.ask_for(*missing);
        }
    }
}

fn last_seen(out: &mut Writer, incident: &Incident) {
    out.heading("最後の所在確認", "Last verified sighting");
    let last = &incident.last_sighting;
    let how = out.pick(last.how);
    out.field("日時", "When", format!("{}  (#{})", last.at.short(), last.entry));
    out.field("場所", "Where", last.place.to_string());
    out.field("確認者", "By", last.by.spoken());
    out.field("方法", "How", how);
    if let Some(because) = last.weaker_because {
        let because = out.pick(because);
        out.field("注意", "Note", because);
    }
    out.field("把握までの日数", "Days until it was missed", incident.days_unseen.to_string());
    for seen in &incident.weaker_sightings {
        let because = seen.weaker_because.map_or_else(String::new, |why| out.pick(why));
        let how = out.pick(seen.how);
        let told = format!(
            "{} {} {} {how} (#{}): {because}",
            seen.at.short(),
            seen.place,
            seen.by.spoken(),
            seen.entry
        );
        out.field("参考（数えない確認）", "Does not count", told);
    }
    out.heading("捜索", "Where was looked");
    let rows = incident
        .searches
        .iter()
        .map(|one| {
            let kind = out.pick(words::kind(one.kind));
            let detail = one.detail.as_ref().map_or_else(String::new, ToString::to_string);
            vec![
                entry(one.entry),
                one.at.short(),
                one.place.to_string(),
                one.by.spoken(),
                kind,
                detail,
            ]
        })
        .collect();
    out.table(
        &[
            ("記録", "Entry"),
            ("日時", "When"),
            ("場所", "Place"),
            ("捜索者", "By"),
            ("種別", "Kind"),
            ("備考", "Remark"),
        ],
        rows,
    );
}

fn custody(out: &mut Writer, incident: &Incident) {
    out.heading("保管者の経過", "Chain of holders");
    let rows = incident
        .holders
        .iter()
        .map(|one| {
            let sealed = match one.signed_by_key {
                true => Bilingual { en: "by key", ja: "鍵で署名" },
                false => Bilingual { en: "paper seal, no key", ja: "書面のみ" },
            };
            vec![
                entry(one.entry),
                one.since.short(),
                one.holder.spoken(),
                one.place.to_string(),
                one.receipt.as_ref().map_or_else(String::new, ToString::to_string),
                one.due.map_or_else(String::new, |day| day.to_string()),
                out.pick(sealed),
            ]
        })
        .collect();
    out.table(
        &[
            ("記録", "Entry"),
            ("日時", "Since"),
            ("保管者", "Holder"),
            ("所在", "Place"),
            ("受領書", "Receipt"),
            ("返却期限", "Due"),
            ("署名", "Sealed"),
        ],
        rows,
    );
    out.heading("内容と人数（授受の記録による）", "What was on it, by the handovers");
    let rows = incident
        .contents
        .iter()
        .map(|one| {
            vec![
                entry(one.entry),
                one.at.short(),
                one.contents.as_ref().map_or_else(String::new, ToString::to_string),
                one.persons.map_or_else(String::new, |persons| persons.to_string()),
                one.purpose.to_string(),
                one.receipt.to_string(),
            ]
        })
        .collect();
    out.table(
        &[
            ("記録", "Entry"),
            ("日時", "When"),
            ("内容", "Contents"),
            ("人数", "Persons"),
            ("目的", "Purpose"),
            ("受領書", "Receipt"),
        ],
        rows,
    );
}

fn exemption(out: &mut Writer, incident: &Incident) {
    let exemption = &incident.exemption;
    out.heading("高度な暗号化", "Strong encryption");
    let rule = out.pick(exemption.rule);
    out.field("規定", "Rule", rule);
    let known = match out.tongue {
        Tongue::Ja => exemption.encryption.ja.clone(),
        Tongue::En => exemption.encryption.en.clone(),
        Tongue::Both => format!("{} / {}", exemption.encryption.ja, exemption.encryption.en),
    };
    out.field("台帳上の暗号化", "By the ledger", known);
    out.warn(exemption.words);
    let rows = exemption
        .criteria
        .iter()
        .map(|one| {
            let because = match out.tongue {
                Tongue::Ja => one.because.ja.clone(),
                Tongue::En => one.because.en.clone(),
                Tongue::Both => format!("{} / {}", one.because.ja, one.because.en),
            };
            vec![
                out.pick(one.question),
                out.pick(one.answer.words()),
                because,
                one.entry.map_or_else(String::new, entry),
            ]
        })
        .collect();
    out.table(
        &[
            ("条件", "Condition"),
            ("台帳", "Ledger"),
            ("理由・不足", "Why, what is missing"),
            ("記録", "Entry"),
        ],
        rows,
    );
}

fn timeline(out: &mut Writer, incident: &Incident) {
    out.heading("経過（台帳の全記録）", "Timeline");
    let proofs = incident.timeline.iter().any(|row| row.proof.is_some());
    let rows = incident
        .timeline
        .iter()
        .map(|row| {
            let event = &row.event;
            let told: Vec<&str> = std::iter::once(event.words.as_str())
                .chain(event.details.iter().map(String::as_str))
                .collect();
            let kind = out.pick(words::kind(event.kind));
            let told = match out.tongue {
                Tongue::Ja => row.words_ja.clone(),
                Tongue::En => format!("{kind}: {}", told.join("; ")),
                Tongue::Both => format!("{} / {}", row.words_ja, told.join("; ")),
            };
            let mut cells = vec![
                entry(event.index),
                event.at.short(),
                told,
                spoken(&event.parties),
                row.leaf.clone().unwrap_or_default(),
            ];
            cells.extend(proofs.then(|| row.proof.clone().unwrap_or_default()));
            cells
        })
        .collect();
    let mut titles = vec![
        ("記録", "Entry"),
        ("日時", "When"),
        ("内容", "What"),
        ("関係者", "People"),
        ("葉ハッシュ", "Leaf hash"),
    ];
    titles.extend(proofs.then_some(("証明", "Proof")));
    out.table(&titles, rows);
    let made = &incident.made;
    let entries = out.label("件", "entries");
    out.field(
        "台帳",
        "Ledger",
        format!(
            "{}  {} {}, root {}",
            made.ledger.as_ref().map_or("-", |ledger| ledger.as_str()),
            made.seen.entries,
            entries,
            made.seen.root
        ),
    );
    let verify = "custody verify FILE --log-key log.vkey";
    out.field(
        "検証",
        "To verify an entry",
        format!("custody incident {} --proofs DIR; {verify}", incident.medium),
    );
    out.heading("台帳では分からないこと", "What the ledger cannot tell");
    for one in &incident.cannot_tell {
        out.say(one.ja, one.en);
    }
}
