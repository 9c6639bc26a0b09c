//! Taking the entries of a month, one at a time.

use std::collections::BTreeMap;

use super::draws::duties;
use super::{
    AlarmCount, Count, Direction, DrawnRound, DriveRow, HandoverRow, Happening, LastRound, LogSize,
    Month, MonthlyReport, PlaceChecks,
};
use crate::ledger::schedule::Standing;
use crate::ledger::{Medium, State};
use crate::model::statement::{Check, Handover};
use crate::model::vocabulary::{EncryptionGrade, SightingGrade, Verdict};
use crate::model::{AlarmLine, Hash, MediumId, Name, Seen, Stamp, Statement};
use crate::report::evidence::Bilingual;
use crate::report::receipt::Head;
use crate::report::status::{Row, SealStrength};
use crate::report::who::Who;
use crate::report::workbook::Made;
use crate::report::{Sheet, alarm, named, words};

/// Takes all entries in order and keeps those of one month.
pub struct MonthFold {
    month: Month,
    /// What followed from the entries up to the month's end.
    state: State,
    /// Whether an entry of a later month was seen.
    past: bool,
    index: u64,
    before: u64,
    within: u64,
    later: u64,
    counts: BTreeMap<&'static str, u64>,
    handovers: Vec<HandoverRow>,
    places: BTreeMap<Name, PlaceChecks>,
    drawn: Vec<DrawnRound>,
    fates: Vec<Happening>,
    alarms: BTreeMap<(MediumId, String), AlarmCount>,
    overrides: Vec<Happening>,
    people: Vec<Happening>,
    rules: Vec<Happening>,
}

/// What every report counts, in its order. The names beside those of the kinds of
/// entries are given out in [`MonthFold::count`].
const COUNTED: [(&str, &str, &str); 29] = [
    ("handovers-out", "take-outs", "持出し"),
    ("handovers-return", "returns", "返却"),
    ("handovers-other", "other changes of holder", "その他の引継ぎ"),
    ("paper-seals", "handovers sealed on paper", "書面による押印の授受"),
    ("attach", "documents attached", "添付した書面"),
    ("request", "requests", "持出申請"),
    ("approved", "requests approved", "承認"),
    ("declined", "requests declined", "却下"),
    ("check", "checks", "点検"),
    ("drawn-checks", "of these, of a sample drawn by the log", "うち抽出点検"),
    ("drawn", "drives drawn", "抽出した媒体"),
    ("drawn-not-found", "of these, not found", "うち見つからなかった媒体"),
    ("roll-call", "roll-calls", "自動点呼"),
    ("register", "drives registered", "登録した媒体"),
    ("missing", "reports of a missing drive", "所在不明の届出"),
    ("not-found", "drives not found in checks", "点検で見つからなかった媒体"),
    ("unverified", "drives seen too weakly to count", "点検で未確認の媒体"),
    ("search", "searches", "捜索"),
    ("acknowledge", "taken note of", "対応の引受け"),
    ("found", "drives found", "発見"),
    ("lost", "drives declared lost", "紛失の判断"),
    ("erase", "erasures", "消去"),
    ("retire", "retirements", "廃棄"),
    ("alarms", "alarms", "注意事項"),
    ("override", "overrides", "注意の承認"),
    ("party", "enrolments", "当事者の登録・更新"),
    ("key-revoke", "keys revoked", "鍵の失効"),
    ("policy", "changes of policy", "規程の変更"),
    ("correct", "corrections", "訂正"),
];

impl MonthFold {
    /// Of that month.
    #[must_use]
    pub fn new(month: Month) -> Self {
        MonthFold {
            month,
            state: State::default(),
            past: false,
            index: 0,
            before: 0,
            within: 0,
            later: 0,
            counts: BTreeMap::new(),
            handovers: Vec::new(),
            places: BTreeMap::new(),
            drawn: Vec::new(),
            fates: Vec::new(),
            alarms: BTreeMap::new(),
            overrides: Vec::new(),
            people: Vec::new(),
            rules: Vec::new(),
        }
    }

    /// The next entry; none for one that cannot be read, which the audit names.
    pub fn take(&mut self, leaf: Hash, said: Option<&Statement>) {
        let index = self.index;
        self.index += 1;
        let Some(said) = said else {
            if !self.past {
                self.state.size += 1;
            }
            return;
        };
        self.past |= self.month.last() < said.at().day();
        if self.month.holds(said.at()) {
            self.within += 1;
            self.later += u64::from(self.past);
            self.record(index, said);
        }
        if !self.past {
            self.state.apply(leaf, said);
            if said.at().day() < self.month.first() {
                self.before = self.state.size;
            }
        }
    }

    fn count(&mut self, name: &'static str, more: usize) {
        *self.counts.entry(name).or_default() += more as u64;
    }

    fn record(&mut self, index: u64, said: &Statement) {
        self.count(said.kind(), 1);
        self.raise(index, alarms(said));
        let happening = || Happening {
            entry: index,
            at: said.at(),
            kind: said.kind(),
            media: named::media(said),
            what: words::summary(said),
            signers: named::signers(said),
        };
        match said {
            Statement::Handover(said) => self.hand_over(index, said),
            Statement::Check(said) => self.check(index, said),
            Statement::RollCall(said) => self.place(&said.place).roll_calls += 1,
            Statement::Approve(said) => {
                let approved = said.verdict == Verdict::Approved;
                self.count(if approved { "approved" } else { "declined" }, 1);
            }
            Statement::Override(_) => self.overrides.push(happening()),
            Statement::Party(_) | Statement::KeyRevoke(_) | Statement::Genesis(_) => {
                self.people.push(happening());
            }
            Statement::Policy(_) | Statement::LogKey(_) | Statement::Correct(_) => {
                self.rules.push(happening());
            }
            _ if matches!(
                said.kind(),
                "missing" | "search" | "acknowledge" | "found" | "lost" | "erase" | "retire"
            ) =>
            {
                self.fates.push(happening());
            }
            _ => {}
        }
    }

    fn raise(&mut self, index: u64, lines: &[AlarmLine]) {
        self.count("alarms", lines.len());
        for line in lines {
            let key = (line.id.clone(), line.alarm.to_string());
            let one = self.alarms.entry(key).or_insert_with(|| AlarmCount {
                medium: line.id.clone(),
                alarm: line.alarm.to_string(),
                words: alarm::words(line.alarm.as_str()),
                times: 0,
                first: index,
                last: index,
            });
            one.times += 1;
            one.last = index;
        }
    }

    fn hand_over(&mut self, index: u64, said: &Handover) {
        let known = said.medium.iter().find_map(|line| self.state.media.get(&line.id));
        let direction = known.map_or(Direction::Out, |medium| direction(medium, &said.place));
        self.count(
            match direction {
                Direction::Out => "handovers-out",
                Direction::Return => "handovers-return",
                Direction::HandedOn | Direction::InPlace => "handovers-other",
            },
            1,
        );
        let on_paper = said.giver.key().is_none() || said.receiver.key().is_none();
        self.count("paper-seals", usize::from(on_paper));
        self.handovers.push(HandoverRow {
            entry: index,
            at: said.at,
            receipt: said.receipt.clone(),
            direction,
            media: said.medium.iter().map(|line| line.id.clone()).collect(),
            giver: Who::from(&said.giver.party),
            receiver: Who::from(&said.receiver.party),
            witness: said.witness.as_ref().map(|witness| Who::from(&witness.party)),
            purpose: said.purpose.clone(),
            persons: said.persons,
            place: said.place.clone(),
            due: said.due,
            request: said.request.map(|request| request.index),
            seal: if on_paper { SealStrength::Paper } else { SealStrength::BothSigned },
            sheet: on_paper.then_some(Sheet::Awaited),
        });
    }

    fn place(&mut self, place: &Name) -> &mut PlaceChecks {
        self.places.entry(place.clone()).or_insert_with(|| PlaceChecks {
            place: place.clone(),
            checks: 0,
            roll_calls: 0,
            last: None,
            found: 0,
            missing: 0,
            unverified: 0,
            unexpected: 0,
            unknown: 0,
            belong: 0,
        })
    }

    fn check(&mut self, index: u64, said: &Check) {
        self.count("not-found", said.missing.len());
        self.count("unverified", said.unverified.len());
        let place = self.place(&said.place);
        place.checks += 1;
        place.found += said.found.len() as u64;
        place.missing += said.missing.len() as u64;
        place.unverified += said.unverified.len() as u64;
        place.unexpected += said.unexpected.len() as u64;
        place.unknown += said.unknown.len() as u64;
        place.last = Some(LastRound { entry: index, at: said.at, by: Who::from(&said.by.party) });
        let before = (!self.past).then_some(&self.state);
        if let Some(round) = DrawnRound::of(before, index, said) {
            let drawn = round
                .sample
                .map_or(round.found + round.missing + round.unverified, |sample| sample.drawn);
            self.count("drawn-checks", 1);
            self.count("drawn", drawn as usize);
            self.count("drawn-not-found", round.missing as usize);
            self.drawn.push(round);
        }
    }

    /// Number of entries at the month's end: the head then is asked of the log.
    #[must_use]
    pub fn size_at_end(&self) -> u64 {
        self.state.size
    }

    /// The report, made at `now` of the ledger whose present state this is. `at_end` is
    /// the head at the month's end, `checkpoint` the newest the log signed.
    #[must_use]
    pub fn finish(
        mut self,
        present: &State,
        (now, seen): (Stamp, Seen),
        at_end: Option<Head>,
        checkpoint: Option<Head>,
    ) -> MonthlyReport {
        let stood_at = self.month.end(now);
        // An empty name stands nowhere, so every place here is some drive's home.
        let homes: Vec<Name> = self.state.places().into_iter().cloned().collect();
        for home in homes {
            let belong = self.state.media.values();
            let belong = belong.filter(|medium| medium.in_use() && medium.home == home).count();
            self.place(&home).belong = belong as u64;
        }
        for row in &mut self.handovers {
            row.sheet = row.sheet.map(|_| Sheet::of_receipt(present, &row.receipt));
        }
        let in_use = self.state.media.values().filter(|medium| medium.in_use());
        let mut drives: Vec<DriveRow> =
            in_use.map(|medium| drive(&self.state, medium, stood_at)).collect();
        drives.sort_by(|a, b| (a.standing, &a.medium).cmp(&(b.standing, &b.medium)));
        let counts = COUNTED.map(|(name, en, ja)| Count {
            name,
            words: Bilingual { en, ja },
            count: self.counts.get(name).copied().unwrap_or_default(),
        });
        MonthlyReport {
            made: Made::new(present, now, seen),
            month: self.month,
            from: self.month.first(),
            until: self.month.last(),
            complete: self.month.last() < now.day(),
            stood_at,
            counts: counts.to_vec(),
            handovers: self.handovers,
            to_draw: duties(&self.state, &self.places, &self.drawn),
            drawn: self.drawn,
            places: self.places.into_values().collect(),
            fates: self.fates,
            alarms: self.alarms.into_values().collect(),
            overrides: self.overrides,
            people: self.people,
            rules: self.rules,
            overdue: drives.iter().filter(|row| is_overdue(row.standing)).count(),
            drives,
            log: LogSize {
                before: self.before,
                at_end: self.state.size,
                dated_within: self.within,
                recorded_later: self.later,
                head_at_end: at_end,
                checkpoint,
            },
        }
    }
}

fn is_overdue(standing: Standing) -> bool {
    matches!(standing, Standing::ReturnOverdue | Standing::CheckOverdue)
}

fn direction(medium: &Medium, place: &Name) -> Direction {
    match (medium.at_home(), medium.home == *place) {
        (true, true) => Direction::InPlace,
        (true, false) => Direction::Out,
        (false, true) => Direction::Return,
        (false, false) => Direction::HandedOn,
    }
}

fn drive(state: &State, medium: &Medium, at: Stamp) -> DriveRow {
    let row = Row::new(state, medium, at);
    DriveRow {
        weaknesses: weaknesses(&row, medium),
        medium: row.medium,
        standing: row.standing,
        holder: row.holder,
        place: row.place,
        due: row.due,
        last_seen: row.last_seen,
        noticed_by: row.noticed_by,
        overdue_days: row.overdue_days,
        encryption: words::encryption(&medium.encryption),
        encryption_grade: medium.encryption.grade,
    }
}

/// What an auditor would want stronger.
fn weaknesses(row: &Row, medium: &Medium) -> Vec<Bilingual> {
    let mut weak = Vec::new();
    if let (SealStrength::Paper, Some(sheet)) = (row.seal, row.sheet) {
        weak.push(sheet.words());
    }
    match row.last_seen.grade {
        SightingGrade::Label => weak.push(Bilingual {
            en: "last seen by its label only",
            ja: "最終確認はラベルの読取のみ",
        }),
        SightingGrade::Attested => weak
            .push(Bilingual {
                en: "last seen on a person's word only", ja: "最終確認は申告のみ"
            }),
        SightingGrade::Device | SightingGrade::Profile => {}
    }
    if medium.encryption.grade != EncryptionGrade::Verified {
        weak.push(Bilingual {
            en: "its encryption was not verified by reading",
            ja: "暗号化は読取りで検証されていない",
        });
    }
    if row.weak {
        weak.push(Bilingual {
            en: "its serial number names no single drive",
            ja: "製造番号で個体を特定できない",
        });
    }
    weak
}

/// The alarms an entry carries; those that an override lets pass are told apart.
pub(in crate::report) fn alarms(said: &Statement) -> &[AlarmLine] {
    match said {
        Statement::Register(said) => &said.alarm,
        Statement::Handover(said) => &said.alarm,
        Statement::Sighting(said) => &said.alarm,
        Statement::RollCall(said) => &said.alarm,
        Statement::Check(said) => &said.alarm,
        Statement::Found(said) => &said.alarm,
        Statement::Erase(said) => &said.alarm,
        _ => &[],
    }
}
