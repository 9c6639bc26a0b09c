//! Telling a ledger in memory what happened, one line a call: for tests of what is
//! reported of it. kato's part is `admin`; yamada is the custodian, suzuki staff, sato
//! the contractor with a key, tanaka the one without, station the cabinet.
#![allow(dead_code)] // each test file takes what it needs

use std::collections::BTreeMap;

use media_custody::ledger::State;
use media_custody::model::{Hash, MediumId, MediumLine, Seen, Stamp, Statement};
use media_custody::report::incident::{Incident, LossFold, Sources};
use media_custody::report::{Month, MonthFold, MonthlyReport, Reconciler, Reconciliation};

use crate::fixture::{World, stamp, vkey};

pub const SHELF: &str = "資料室 棚A";
pub const PLANT: &str = "さくら印刷 第二工場";

pub struct Told {
    pub world: World,
    receipts: u32,
}

pub fn id(text: &str) -> MediumId {
    text.parse().expect("an asset id")
}

impl Told {
    /// Founded on 1 April 2026, with everybody enrolled.
    pub fn begin() -> Self {
        Told::begin_at(crate::fixture::START)
    }

    pub fn begin_at(at: &str) -> Self {
        let mut told = Told { world: World::empty(), receipts: 0 };
        told.at(at);
        let genesis = told.world.genesis();
        told.world.append(genesis).expect("founded");
        for (spoken, role, key) in [
            ("yamada 山田 花子, 静岡支部", "custodian", Some("yamada")),
            ("suzuki 鈴木 次郎, 静岡支部", "staff", Some("suzuki")),
            ("sato 佐藤 一郎, さくら印刷", "outside", Some("sato")),
            ("station 窓口端末 1, 静岡支部", "station", Some("station")),
            ("tanaka 田中 三郎, 清水製本", "outside", None),
        ] {
            let key = key.map(|label| vkey(label).to_string());
            let mut lines = vec![("party", spoken), ("role", role)];
            lines.extend(key.as_deref().map(|key| ("key", key)));
            told.say("party", "admin", &lines);
        }
        told
    }

    /// Sets the clock.
    pub fn at(&mut self, text: &str) -> &mut Self {
        self.world.clock = match text.len() {
            10 => stamp(&format!("{text}T10:00:00+09:00")),
            16 => stamp(&format!("{text}:00+09:00")),
            _ => stamp(text),
        };
        self
    }

    /// A statement of that kind; `@USB-1` is the line of a drive, `*sato` a party.
    pub fn draft(&mut self, kind: &str, by: &str, lines: &[(&str, &str)]) -> Statement {
        let value = |value: &str| match value.split_at_checked(1) {
            Some(("@", name)) => self.world.state.media[&id(name)].line.to_string(),
            Some(("*", name)) => self.world.signatory(name).party.to_string(),
            Some(("#", entry)) => {
                let index: usize = entry.parse().expect("an entry");
                format!("{index} {}", self.world.entries[index].leaf)
            }
            _ => value.to_owned(),
        };
        let lines: Vec<(String, String)> =
            lines.iter().map(|(key, text)| ((*key).to_owned(), value(text))).collect();
        self.world.say(kind, by, &lines)
    }

    /// Says it and appends it; the entry's index is given back.
    pub fn say(&mut self, kind: &str, by: &str, lines: &[(&str, &str)]) -> u64 {
        let statement = self.draft(kind, by, lines);
        self.append(statement)
    }

    pub fn append(&mut self, statement: Statement) -> u64 {
        let kind = statement.kind();
        self.world.append(statement).unwrap_or_else(|refused| panic!("{kind}: {refused:?}"));
        self.world.state.size - 1
    }

    /// A drive whose encryption is as said: `luks2 aes-xts-plain64 verified`.
    pub fn register(&mut self, name: &str, home: &str, encryption: &str) -> u64 {
        let number = Hash::of(&[name.as_bytes()]).to_string();
        let serial: String = number.chars().filter(char::is_ascii_alphanumeric).take(16).collect();
        let medium = format!("{name} 0951:1666 {}", serial.to_uppercase());
        let line: MediumLine = medium.parse().expect("a medium");
        let (hardware, encryption) = (line.hardware().to_string(), format!("{name} {encryption}"));
        let lines = [
            ("medium", medium.as_str()),
            ("hw", &hardware),
            ("serial-grade", "A"),
            ("product", "Kingston DataTraveler"),
            ("encryption", &encryption),
            ("home", home),
            ("owner", "静岡支部"),
            ("class", "被保険者台帳"),
        ];
        self.say("register", "yamada", &lines)
    }

    /// A handover; `rest` are the lines from the purpose on, `place` among them.
    pub fn handover(
        &mut self,
        name: &str,
        (from, to): (&str, &str),
        rest: &[(&str, &str)],
    ) -> Statement {
        self.receipts += 1;
        let year = self.world.clock.year();
        let receipt = format!("SZ-{year}-{:06}", self.receipts);
        let medium = format!("@{name}");
        let side = |world: &World, who: &str| {
            let signatory = world.signatory(who);
            let known = world.state.parties.get(&who.parse().expect("a party id"));
            let key = known.and_then(|known| known.key.as_ref()).map(ToString::to_string);
            (signatory.party.to_string(), key)
        };
        let (giver, receiver) = (side(&self.world, from), side(&self.world, to));
        let mut lines = vec![("receipt", receipt.as_str()), ("medium", &medium)];
        for (role, key, seal, (party, vkey)) in [
            ("giver", "giver-key", "giver-seal", &giver),
            ("receiver", "receiver-key", "receiver-seal", &receiver),
        ] {
            lines.push((role, party));
            lines.push(vkey.as_deref().map_or((seal, "paper"), |vkey| (key, vkey)));
        }
        lines.extend_from_slice(rest);
        self.draft("handover", "yamada", &lines)
    }

    /// Out to the contractor.
    pub fn take_out(&mut self, name: &str, due: &str) -> u64 {
        let rest = [("purpose", "印刷"), ("place", PLANT), ("due", due)];
        let statement = self.handover(name, ("yamada", "sato"), &rest);
        self.append(statement)
    }

    /// Back to its shelf.
    pub fn bring_back(&mut self, name: &str) -> u64 {
        let rest = [("purpose", "返却"), ("place", SHELF)];
        let statement = self.handover(name, ("sato", "yamada"), &rest);
        self.append(statement)
    }

    pub fn state(&self) -> &State {
        &self.world.state
    }

    pub fn now(&self) -> Stamp {
        self.world.clock
    }

    pub fn seen(&self) -> Seen {
        let root = self.world.entries.last().expect("entries").root;
        Seen { size: self.world.state.size, root }
    }

    pub fn reconciled(&self) -> Reconciliation {
        let mut accounts = Reconciler::new(None);
        for (index, entry) in (0..).zip(&self.world.entries) {
            accounts.take(index, &entry.statement);
        }
        accounts.finish(self.state(), self.now(), self.seen())
    }

    pub fn month(&self, month: &str) -> MonthlyReport {
        let month: Month = month.parse().expect("a month");
        let mut fold = MonthFold::new(month);
        for entry in &self.world.entries {
            fold.take(entry.leaf, Some(&entry.statement));
        }
        fold.finish(self.state(), (self.now(), self.seen()), None, None)
    }

    /// The dossier of a drive that was missed.
    pub fn incident(&self, name: &str) -> Option<Incident> {
        let mut fold = LossFold::new(id(name));
        for entry in &self.world.entries {
            fold.take(entry.leaf, Some(&entry.statement));
        }
        let history: Vec<(u64, Statement)> =
            (0..).zip(self.world.entries.iter().map(|entry| entry.statement.clone())).collect();
        let leaves: BTreeMap<u64, Hash> =
            (0..).zip(self.world.entries.iter().map(|entry| entry.leaf)).collect();
        Incident::new(&Sources {
            state: self.state(),
            now: self.now(),
            seen: self.seen(),
            id: &id(name),
            loss: &fold.finish()?,
            history: &history,
            leaves: &leaves,
        })
    }
}
