//! Reads the tables: each line becomes an intent or a statement. Grammar: README.md.

use std::collections::{BTreeMap, BTreeSet};

use media_custody::ledger::alarms::{Content, News};
use media_custody::ledger::checks::Outcome;
use media_custody::ledger::intent::{
    Application, Attachment, Erasure, Find, HandOver, Lift, Registration, Retirement,
};
use media_custody::ledger::{Intent, Policy, Refusal, Refusals};
use media_custody::model::hardware::grade;
use media_custody::model::vocabulary::{RevocationReason, Verdict};
use media_custody::model::{
    EntryRef, Hash, MediumId, MediumLine, PartyId, ReceiptId, RuleLine, SeenLine, Stamp, Statement,
    Token,
};
use media_custody::wire::statement;

use crate::fixture::{World, party, stamp, vkey};

const OFFICE: &str = "
    admin founds
    admin enrols yamada as custodian key=yamada
    admin enrols suzuki as staff key=suzuki
    yamada enrols sato as outside key=sato
    yamada enrols mori as outside
    admin enrols audit as auditor key=audit
    admin enrols station as station key=station
    yamada registers USB-1 1C6F65D8ABCDE1234567
    yamada registers USB-2 2D7A76E9BCDEF2345678
";

type Outcomes = Result<(), Refusals>;

/// A world and the drafts that are out.
pub struct Script {
    pub world: World,
    held: BTreeMap<String, Statement>,
}

/// Runs a table; notes which refusals were met and which lines came out otherwise.
pub fn run(name: &str, table: &str, covered: &mut BTreeSet<&'static str>, wrong: &mut Vec<String>) {
    let mut script = Script::new(false);
    for (number, line) in table.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(title) = line.strip_prefix("case ") {
            script = Script::new(title.starts_with("empty "));
            continue;
        }
        let (does, expected) = line.split_once("=>").unwrap_or((line, ""));
        let found = match script.line(does.trim()) {
            Ok(()) => Vec::new(),
            Err(Refusals(all)) => all.iter().map(Refusal::name).collect::<Vec<_>>(),
        };
        covered.extend(&found);
        let expected: Vec<&str> =
            expected.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        if found != expected {
            let found = if found.is_empty() { "accepted".to_owned() } else { found.join(", ") };
            wrong.push(format!("{name}:{}: {line}\n    found: {found}", number + 1));
        }
    }
}

impl Script {
    /// An empty world, or the office.
    pub fn new(empty: bool) -> Self {
        let mut script = Script { world: World::empty(), held: BTreeMap::new() };
        for line in OFFICE.lines().filter(|line| !empty && !line.trim().is_empty()) {
            script.line(line.trim()).unwrap_or_else(|refusals| panic!("{line}: {refusals}"));
        }
        script
    }

    /// Does what one line says.
    pub fn line(&mut self, line: &str) -> Outcomes {
        let (does, edits) = match line.split_once('{') {
            Some((does, edits)) => (does.trim(), edits.trim().trim_end_matches('}')),
            None => (line, ""),
        };
        if let Some(time) = does.strip_prefix("clock ") {
            self.world.clock = self.later(time.trim());
            return Ok(());
        }
        if let Some(medium) = does.strip_prefix("kept ") {
            self.kept(medium);
            return Ok(());
        }
        if let Some(expected) = does.strip_prefix("sheets ") {
            let awaited = self.world.state.sheets.iter();
            let shown = awaited.map(|(id, record)| {
                let media: Vec<&str> = record.media.iter().map(MediumId::as_str).collect();
                format!("{}:{}:{}", id.number(), record.party, media.join("+"))
            });
            let found: Vec<String> = shown.collect();
            let found = if found.is_empty() { "none".to_owned() } else { found.join(",") };
            assert_eq!(found, expected.trim(), "sheets");
            return Ok(());
        }
        if let Some(draft) = does.strip_prefix("hold ") {
            let (name, does) = draft.split_once(": ").expect("hold NAME: LINE");
            let statement = self.statement(does)?;
            self.held.insert(name.to_owned(), statement);
            return Ok(());
        }
        let statement = match does.strip_prefix("submit ") {
            Some(name) => self.held[name.trim()].clone(),
            None => self.statement(does)?,
        };
        let statement = self.edited(&statement, edits);
        self.world.append(statement)
    }

    /// What the state keeps of a medium's content, against what stands in the line.
    fn kept(&self, line: &str) {
        let (id, rest) = line.split_once(' ').unwrap_or((line, ""));
        let medium = &self.world.state.media[&id.parse::<MediumId>().expect("id")];
        let marks = medium.marks.iter().map(|mark| mark.as_str().replace(' ', ":"));
        let sequences =
            medium.sequences.iter().map(|(volume, number)| format!("{volume}:{number}"));
        let listed = |all: Vec<String>| match all.is_empty() {
            true => "none".to_owned(),
            false => all.join(","),
        };
        let found = format!(
            "mark={} sequence={} known={}",
            listed(marks.collect()),
            listed(sequences.collect()),
            medium.known
        );
        assert_eq!(found, rest, "kept {line}");
    }

    /// `+3d`, `-2h`, `+40s` from now, or an absolute time.
    fn later(&self, text: &str) -> Stamp {
        let Some(unit) = text.chars().last().filter(|_| text.starts_with(['+', '-'])) else {
            return stamp(text);
        };
        let seconds = match unit {
            's' => 1,
            'h' => 3_600,
            'd' => 86_400,
            _ => panic!("{text}"),
        };
        let count: i64 = text[..text.len() - 1].parse().expect("a number");
        self.world.clock.plus_seconds(count * seconds)
    }

    /// What stands for a value in a table, written out. `key` is the value's own.
    fn value(&self, key: &str, text: &str) -> String {
        let rest = text.get(1..).unwrap_or_default();
        match text.chars().next() {
            Some('@') => {
                let (id, more) = rest.split_once(' ').unwrap_or((rest, ""));
                format!("{} {more}", self.medium_line(id)).trim_end().to_owned()
            }
            Some('*') => self.world.signatory(rest).party.to_string(),
            Some('~') => {
                let signs = self.world.signatory(rest);
                format!("{}\n{key}-key: {}", signs.party, signs.key)
            }
            Some('#') => self.entry(rest).to_string(),
            Some('$') => vkey(rest).to_string(),
            Some('+' | '-') if key == "due" => self.later(text).day().to_string(),
            Some('+' | '-') if key == "at" => self.later(text).to_string(),
            _ => text.to_owned(),
        }
    }

    fn medium_line(&self, id: &str) -> MediumLine {
        let registered = self.world.state.media.get(&id.parse::<MediumId>().expect("id"));
        registered.map_or_else(
            || format!("{id} 0951:1666 UNREGISTERED").parse().expect("line"),
            |medium| medium.line.clone(),
        )
    }

    fn entry(&self, index: &str) -> EntryRef {
        let index: u64 = index.parse().expect("index");
        let at = usize::try_from(index).expect("index");
        let leaf = self.world.entries.get(at).map(|entry| entry.leaf);
        EntryRef { index, leaf: leaf.unwrap_or(self.world.entries[0].leaf) }
    }

    fn pairs(&self, text: &str) -> Vec<(String, String)> {
        let pairs = text.split(';').map(str::trim).filter(|pair| !pair.is_empty());
        pairs
            .map(|pair| pair.split_once(": ").unwrap_or_else(|| panic!("{pair}")))
            .map(|(key, value)| (key.to_owned(), self.value(key.trim_start_matches('+'), value)))
            .collect()
    }

    fn edited(&self, statement: &Statement, edits: &str) -> Statement {
        let text = statement::to_text(statement);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for (key, value) in self.pairs(edits) {
            let key_of = |line: &String| line.split_once(": ").map(|(key, _)| key.to_owned());
            if let Some(key) = key.strip_prefix('+') {
                let last = lines.iter().rposition(|line| key_of(line).as_deref() == Some(key));
                lines.insert(last.expect("a line of that key") + 1, format!("{key}: {value}"));
                continue;
            }
            let at = lines.iter().position(|line| key_of(line).as_ref() == Some(&key));
            let at = at.unwrap_or_else(|| panic!("no line {key} in {text}"));
            if value == "-" {
                lines.remove(at);
            } else {
                lines[at] = format!("{key}: {value}");
            }
        }
        let text = lines.join("\n") + "\n";
        statement::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// The statement of one line, which is not appended.
    pub fn statement(&mut self, line: &str) -> Result<Statement, Refusals> {
        let (who, rest) = line.split_once(' ').unwrap_or_else(|| panic!("{line}"));
        let (verb, rest) = rest.split_once(' ').unwrap_or((rest, ""));
        let by: PartyId = who.parse().expect("party id");
        if verb == "founds" {
            return Ok(self.world.genesis());
        }
        if verb == "says" {
            let (kind, lines) = rest.split_once(';').unwrap_or((rest, ""));
            let lines = self.pairs(lines);
            return Ok(self.world.say(kind.trim(), who, &lines));
        }
        let words: Vec<&str> = rest.split_whitespace().collect();
        let mut options = BTreeMap::new();
        for word in &words {
            if let Some((key, value)) = word.split_once('=') {
                options.insert(key, value);
            }
        }
        let intent = match verb {
            "enrols" => self.enrol(by, &words, &options),
            "revokes" => Intent::Revoke {
                party: words[0].parse().expect("party id"),
                reason: RevocationReason::Compromised,
                detail: None,
                by,
            },
            "sets" => self.policy(by, &options),
            "registers" => self.register(by, &words, &options),
            "asks" => self.request(by, &words, &options),
            "answers" => Intent::Answer {
                request: of(words[0]),
                verdict: words.get(1).map_or(Verdict::Approved, |verdict| of(verdict)),
                detail: None,
                by,
            },
            "gives" => self.hand_over(by, &words, &options),
            "checks" => Intent::CloseCheck {
                place: words[0].parse().expect("place"),
                draw: None,
                outcome: Box::new(outcome(&options)),
                detail: None,
                by,
                second: options.get("second").map(|id| of(id)),
            },
            "overrides" => Intent::Override(Box::new(Lift {
                medium: words[0].parse().expect("medium id"),
                alarms: words[1].split(',').map(|name| name.parse().expect("alarm")).collect(),
                marks: lines(&options, "mark"),
                sequences: lines(&options, "sequence"),
                reason: "looked into".parse().expect("phrase"),
                by,
                second: options["second"].parse().expect("party id"),
            })),
            "attaches" => self.attach(by, &words, &options),
            "erases" => self.erase(by, &words, &options),
            "retires" => self.retire(by, &words, &options),
            "misses" => {
                Intent::Miss { medium: of(words[0]), detail: of("the drawer is empty"), by }
            }
            "finds" => Intent::Find(Box::new(Find {
                medium: of(words[0]),
                grade: of(options.get("grade").unwrap_or(&"label")),
                place: of(options.get("place").unwrap_or(&"Cellar")),
                alarm: Vec::new(),
                detail: None,
                by,
            })),
            "loses" => Intent::Lose { medium: of(words[0]), detail: of("searched for a week"), by },
            "corrects" => Intent::Correct {
                entry: self.entry(&words[0][1..]),
                field: words[1].parse().expect("field"),
                correction: "as it should have been".parse().expect("phrase"),
                reason: "a slip".parse().expect("phrase"),
                by,
            },
            _ => panic!("no such verb: {line}"),
        };
        self.world.decide(intent)
    }

    fn attach(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let scan = options.get("scan").unwrap_or(&"one");
        Intent::Attach(Box::new(Attachment {
            receipt: of(&format!("SZ-2026-{:06}", of::<u32>(words[0]))),
            sha256: Hash::of(&[scan.as_bytes()]),
            length: 48_213,
            media_type: of("application/pdf"),
            by,
        }))
    }

    fn erase(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let news = news(options);
        let read = news.encryption.first().map(|line| Content {
            read: true,
            grade: line.grade,
            scheme: line.scheme.clone(),
            cipher: line.cipher.clone(),
            marks: Some(news.marks.iter().map(|line| line.mark.clone()).collect()),
            sequences: news.sequences.iter().map(|s| (s.volume.clone(), s.number)).collect(),
        });
        Intent::Erase(Box::new(Erasure {
            medium: of(words[0]),
            media_type: of("flash"),
            method: of(options.get("method").unwrap_or(&"purge")),
            technique: of("crypto erase"),
            tool: of("cryptsetup 2.7"),
            verification: of("full read"),
            destination: None,
            place: None,
            content: read,
            alarm: Vec::new(),
            detail: None,
            by,
            verifier: of(options["verifier"]),
        }))
    }

    fn retire(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        Intent::Retire(Box::new(Retirement {
            medium: of(words[0]),
            reason: of("worn out"),
            method: options.get("method").map(|method| of(method)),
            media_type: None,
            technique: None,
            tool: None,
            verification: None,
            destination: None,
            place: None,
            detail: None,
            by,
            verifier: options.get("verifier").map(|id| of(id)),
        }))
    }

    fn enrol(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let id = words[0];
        let mut who = self.world.signatory(id).party;
        if !self.world.state.parties.contains_key(&who.id) {
            who = party(id);
        }
        if let Some(name) = options.get("called") {
            who.name = name.parse().expect("name");
        }
        let roles = words.get(2).filter(|roles| !roles.contains('=') && **roles != "nothing");
        Intent::Enrol {
            party: who,
            roles: roles.map_or_else(Vec::new, |roles| {
                roles.split(',').map(|role| role.parse().expect("role")).collect()
            }),
            key: options.get("key").map(|label| vkey(label)),
            renew: words.contains(&"renew"),
            by,
        }
    }

    fn policy(&self, by: PartyId, options: &BTreeMap<&str, &str>) -> Intent {
        let mut policy: Policy = self.world.state.policy.clone();
        let mut second = None;
        for (key, value) in options {
            match *key {
                "draft-hours" => policy.draft_hours = value.parse().expect("number"),
                "interval-days" => policy.interval_days = value.parse().expect("number"),
                "grace-days" => policy.grace_days = value.parse().expect("number"),
                "loan-days" => policy.loan_days = value.parse().expect("number"),
                "grade" => policy.grade = value.parse().expect("grade"),
                "checker" => policy.checker = value.parse().expect("rule"),
                "witness" => policy.witness = value.parse().expect("rule"),
                "paper" => policy.paper = value.parse().expect("rule"),
                "alarm-refuses" => policy.alarm_refuses = names(value),
                "alarm-override" => policy.alarm_override = names(value),
                "draw-percent" => policy.draw_percent = Some(value.parse().expect("number")),
                "loosening" => policy.loosening = value.parse().ok(),
                "rule" => policy.rules = rules(value),
                "second" => second = Some(value.parse().expect("party id")),
                other => panic!("{other}"),
            }
        }
        Intent::SetPolicy { policy, reason: None, by, second }
    }

    fn register(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let medium: MediumLine =
            format!("{} 0951:1666 {}", words[0], words[1]).parse().expect("medium line");
        let best = grade(&medium.serial, medium.vid_pid, false).grade;
        let option = |key: &str, other: &str| (*options.get(key).unwrap_or(&other)).to_owned();
        Intent::Register(Box::new(Registration {
            grade: match options.get("grade") {
                Some(&"A") => media_custody::model::hardware::Grade::A,
                Some(&"C") => media_custody::model::hardware::Grade::C,
                _ => best,
            },
            encryption: options
                .get("encryption")
                .map_or(format!("{} luks2 aes-xts-plain64 verified", words[0]), |line| {
                    line.replace(':', " ")
                })
                .parse()
                .expect("line"),
            medium,
            product: None,
            capacity: Some(u64::MAX),
            release: None,
            configurations: None,
            interfaces: None,
            inquiry: Vec::new(),
            sequence: lines(options, "sequence"),
            mark: options.get("mark").map_or_else(Vec::new, |marks| {
                marks.split(',').map(|m| m.replace(':', " ").parse().expect("mark")).collect()
            }),
            home: option("home", "Shelf").parse().expect("place"),
            owner: "静岡支部".parse().expect("name"),
            class: "要配慮個人情報".parse().expect("name"),
            interval_days: options.get("interval").map(|days| days.parse().expect("days")),
            alarm: Vec::new(),
            detail: None,
            by,
        }))
    }

    fn request(&self, by: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let media = words[0].split(',').filter(|id| *id != "nothing").flat_map(repeated);
        Intent::Request(Box::new(Application {
            media: media.map(of).collect(),
            receiver: of(words[2]),
            purpose: of("印刷・製本"),
            contents: None,
            persons: Some(3_775),
            place: of("Plant-2"),
            due: options.get("due").map(|due| self.later(due).day()),
            by,
        }))
    }

    fn hand_over(&self, giver: PartyId, words: &[&str], options: &BTreeMap<&str, &str>) -> Intent {
        let media =
            words[0].split(',').filter(|id| *id != "nothing").flat_map(|word| repeated(word));
        let year = self.world.clock.year();
        let free = self.world.state.next_receipt(self.world.clock, &BTreeSet::new());
        let numbered = options.get("no").map(|no| no.parse().expect("number"));
        let year = options.get("year").map_or(year, |year| year.parse().expect("year"));
        let prefix = "SZ".parse().expect("prefix");
        let receipt = match numbered {
            Some(number) => ReceiptId::new(prefix, year, number),
            None => free.or_else(|| ReceiptId::new(prefix, year, 1)),
        };
        Intent::HandOver(Box::new(HandOver {
            receipt: receipt.expect("a number"),
            media: media.map(|id| id.parse().expect("medium id")).collect(),
            giver,
            receiver: words[2].parse().expect("party id"),
            witness: options.get("witness").map(|id| id.parse().expect("party id")),
            purpose: "印刷・製本".parse().expect("phrase"),
            contents: None,
            persons: Some(3_775),
            place: options.get("place").unwrap_or(&"Plant-2").parse().expect("place"),
            due: options.get("due").map(|due| self.later(due).day()),
            request: options.get("request").map(|request| self.entry(&request[1..])),
            news: news(options),
            alarm: options.get("alarm").map_or_else(Vec::new, |alarms| {
                let line = |text: &str| text.replace(':', " ").parse().expect("id:alarm");
                alarms.split(',').map(line).collect()
            }),
        }))
    }
}

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("what is meant")
}

/// `capacity-drift,mark-drift`; `none` for no alarm, `^100` for a hundred.
/// `home:Shelf:7:2:device:other-unit:10,...`, the words of a rule line.
fn rules(text: &str) -> Vec<RuleLine> {
    let rule = |text: &str| -> RuleLine {
        let words: Vec<&str> = text.split(':').collect();
        let [scope, name, interval, grace, grade, checker, draw] = words[..] else {
            panic!("{text}")
        };
        let line = format!(
            "{scope} interval-days={interval} grace-days={grace} grade={grade} \
             checker={checker} draw-percent={draw} {name}"
        );
        line.parse().expect("a rule")
    };
    text.split(',').filter(|word| *word != "none").map(rule).collect()
}

fn names(text: &str) -> Vec<Token> {
    let words = text.split(',').filter(|word| *word != "none").flat_map(repeated);
    words.map(|name| name.parse().expect("alarm")).collect()
}

/// `USB-1^500`: the same 500 times.
fn repeated(word: &str) -> Vec<&str> {
    let (item, times) = word.split_once('^').unwrap_or((word, "1"));
    vec![item; times.parse().expect("times")]
}

fn outcome(options: &BTreeMap<&str, &str>) -> Outcome {
    let list = |key: &str| {
        let text = *options.get(key).unwrap_or(&"");
        text.split(',').filter(|item| !item.is_empty()).flat_map(repeated).collect::<Vec<_>>()
    };
    let seen = |key: &str| {
        let line = |item: &str| item.replace(':', " ").parse::<SeenLine>().expect("id:grade");
        list(key).into_iter().map(line).collect::<Vec<_>>()
    };
    Outcome {
        found: seen("found"),
        missing: list("missing").iter().map(|id| id.parse().expect("medium id")).collect(),
        unverified: seen("unverified"),
        unexpected: seen("unexpected"),
        unknown: Vec::new(),
        alarms: Vec::new(),
        news: news(options),
        second_saw: list("second-saw").iter().map(|id| id.parse().expect("medium id")).collect(),
    }
}

/// `encryption=USB-1:luks2:-:verified mark=USB-1:gpt:5d2f sequence=USB-1:7e1c:12 token=USB-1:<base64>`
fn news(options: &BTreeMap<&str, &str>) -> News {
    News {
        encryption: lines(options, "encryption"),
        marks: lines(options, "mark"),
        sequences: lines(options, "sequence"),
        tokens: lines(options, "token"),
    }
}

/// The lines of one option: words joined by colons, lines by commas.
fn lines<T: std::str::FromStr<Err: std::fmt::Debug>>(
    options: &BTreeMap<&str, &str>,
    key: &str,
) -> Vec<T> {
    let all = options.get(key).map_or("", |text| *text);
    let all = all.split(',').filter(|line| !line.is_empty());
    all.map(|line| line.replace(':', " ").parse().expect("a line")).collect()
}
