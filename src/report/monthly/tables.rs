//! A month as tables.

use super::{
    AlarmCount, DrawDuty, DrawOutcome, DrawnRound, DriveRow, HandoverRow, Happening, MonthlyReport,
    PlaceChecks,
};
use crate::report::evidence::Bilingual;
use crate::report::receipt::Head;
use crate::report::status::SealStrength;
use crate::report::who::Who;
use crate::report::words;
use crate::report::workbook::{Cell, Column, Table, Workbook, column};

impl MonthlyReport {
    /// Its tables.
    #[must_use]
    pub fn workbook(&self) -> Workbook {
        let mut notes = vec![Bilingual {
            en: "An entry belongs to the month of its own date; order is the entry's number.",
            ja: "記録はその日時の月に属します。前後関係は記録番号によります。",
        }];
        if !self.complete {
            notes.push(Bilingual {
                en: "THE MONTH IS NOT OVER: this is its state when the report was made.",
                ja: "月の途中で作成した報告です（作成時点の状態）。",
            });
        }
        Workbook {
            title: Bilingual { en: "Monthly report", ja: "月次報告" },
            subject: Some(self.month.to_string()),
            made: self.made.clone(),
            notes,
            tables: vec![
                self.summary(),
                Table::new("月末の媒体", "Drives at its end", &DRIVES)
                    .with(self.drives.iter().map(drive)),
                Table::new("授受", "Handovers", &HANDOVERS)
                    .with(self.handovers.iter().map(handover)),
                Table::new("点検", "Checks", &PLACES).with(self.places.iter().map(place)),
                Table::new("抽出点検", "Drawn checks", &DRAWN).with(self.drawn.iter().map(drawn)),
                Table::new("抽出の定めのある場所", "Places to be drawn from", &TO_DRAW)
                    .with(self.to_draw.iter().map(to_draw)),
                happenings("紛失・発見・廃棄", "Missing, found, gone", &self.fates),
                Table::new("注意事項", "Alarms", &ALARMS).with(self.alarms.iter().map(alarm)),
                happenings("注意の承認", "Overrides", &self.overrides),
                happenings("当事者と鍵", "People and keys", &self.people),
                happenings("規程と訂正", "Rules and corrections", &self.rules),
            ],
        }
    }

    fn summary(&self) -> Table {
        let columns = [column("項目", "What", 40), column("数", "Number", 48)];
        let counts = self.counts.iter().map(|one| vec![one.words.into(), one.count.into()]);
        let log = &self.log;
        let head = |head: &Option<Head>| match head {
            Some(head) => Cell::Text(format!("{} {}", head.entries, head.root)),
            None => Cell::Empty,
        };
        let line = |ja, en, cell: Cell| vec![Cell::Words(Bilingual { en, ja }), cell];
        let not_drawn = self.to_draw.iter().filter(|duty| duty.outcome != DrawOutcome::Drawn);
        let not_drawn = not_drawn.count();
        let more = [
            line("期間の初日", "first day", self.from.into()),
            line("期間の末日", "last day", self.until.into()),
            line("基準日時", "drives and log as of", self.stood_at.into()),
            line("月末の期限超過", "drives overdue at its end", self.overdue.into()),
            line(
                "抽出の定めがあり抽出のない場所",
                "places to be drawn from, and not",
                not_drawn.into(),
            ),
            line("月初の記録数", "entries before it", log.before.into()),
            line("月末の記録数", "entries at its end", log.at_end.into()),
            line("当月の記録数", "entries dated within it", log.dated_within.into()),
            line(
                "うち後日付の記録より後に追加されたもの",
                "of them recorded after one of a later month",
                log.recorded_later.into(),
            ),
            line("月末の木の根", "head at its end", head(&log.head_at_end)),
            line(
                "最新の署名済みチェックポイント",
                "newest signed checkpoint",
                head(&log.checkpoint),
            ),
        ];
        Table::new("集計", "Summary", &columns).with(counts.chain(more))
    }
}

const DRIVES: [Column; 11] = [
    column("媒体", "Drive", 14),
    column("状態", "State", 18),
    column("超過日数", "Days overdue", 10),
    column("保管者", "Held by", 28),
    column("所在", "Place", 22),
    column("返却期限", "Due back", 12),
    column("最終確認", "Last seen", 18),
    column("確認方法", "How seen", 20),
    column("紛失の発覚期限", "Noticed by", 14),
    column("暗号化", "Encryption", 32),
    column("証拠の弱い点", "Weakest evidence", 60),
];

fn drive(row: &DriveRow) -> Vec<Cell> {
    vec![
        (&row.medium).into(),
        words::standing(row.standing).into(),
        row.overdue_days.into(),
        row.holder.spoken().into(),
        (&row.place).into(),
        row.due.into(),
        row.last_seen.at.into(),
        words::how_seen(row.last_seen.grade).into(),
        row.noticed_by.into(),
        Cell::text(&row.encryption),
        Cell::listed(row.weaknesses.iter().map(|weak| format!("{} / {}", weak.ja, weak.en))),
    ]
}

const HANDOVERS: [Column; 13] = [
    column("記録番号", "Entry", 9),
    column("日時", "When", 18),
    column("受領書", "Receipt", 18),
    column("区分", "Which way", 20),
    column("媒体", "Drives", 18),
    column("渡す人", "Giver", 26),
    column("受け取る人", "Receiver", 26),
    column("立会人", "Witness", 22),
    column("目的", "Purpose", 30),
    column("人数", "Persons", 9),
    column("行先", "Place", 22),
    column("返却期限", "Due back", 12),
    column("署名", "Sealed", 30),
];

fn handover(row: &HandoverRow) -> Vec<Cell> {
    let signed = Bilingual { en: "both by key", ja: "双方が鍵で署名" };
    let sealed = match (row.seal, row.sheet) {
        (SealStrength::BothSigned, _) => Some(signed),
        (_, sheet) => sheet.map(|sheet| sheet.words()),
    };
    vec![
        row.entry.into(),
        row.at.into(),
        Cell::text(&row.receipt),
        row.direction.words().into(),
        Cell::listed(&row.media),
        row.giver.spoken().into(),
        row.receiver.spoken().into(),
        row.witness.as_ref().map(Who::spoken).into(),
        Cell::text(&row.purpose),
        row.persons.into(),
        (&row.place).into(),
        row.due.into(),
        sealed.into(),
    ]
}

const PLACES: [Column; 12] = [
    column("場所", "Place", 26),
    column("所属する媒体", "Drives there", 12),
    column("点検", "Checks", 9),
    column("自動点呼", "Roll-calls", 10),
    column("最後の点検", "Last check", 18),
    column("点検者", "By", 28),
    column("記録番号", "Entry", 9),
    column("確認", "Found", 9),
    column("不明", "Missing", 9),
    column("未確認", "Unverified", 11),
    column("所属外", "Unexpected", 11),
    column("未登録", "Unknown", 9),
];

fn place(row: &PlaceChecks) -> Vec<Cell> {
    let last = row.last.as_ref();
    vec![
        (&row.place).into(),
        row.belong.into(),
        row.checks.into(),
        row.roll_calls.into(),
        last.map(|last| last.at).into(),
        last.map(|last| last.by.spoken()).into(),
        last.map(|last| last.entry).into(),
        row.found.into(),
        row.missing.into(),
        row.unverified.into(),
        row.unexpected.into(),
        row.unknown.into(),
    ]
}

const DRAWN: [Column; 12] = [
    column("場所", "Place", 26),
    column("日時", "When", 18),
    column("回", "Round", 8),
    column("点検者", "By", 28),
    column("記録番号", "Entry", 9),
    column("規程の抽出率(%)", "Per cent asked for", 14),
    column("抽出率(%)", "Per cent taken", 12),
    column("所属する媒体", "Drives there", 12),
    column("抽出", "Drawn", 9),
    column("確認", "Found", 9),
    column("不明", "Missing", 9),
    column("未確認", "Unverified", 11),
];

fn drawn(row: &DrawnRound) -> Vec<Cell> {
    let sample = row.sample;
    vec![
        (&row.place).into(),
        row.at.into(),
        row.number.into(),
        row.by.spoken().into(),
        row.entry.into(),
        sample.map(|sample| u64::from(sample.asked_percent)).into(),
        u64::from(row.taken_percent).into(),
        sample.map(|sample| sample.belong).into(),
        sample.map(|sample| sample.drawn).into(),
        row.found.into(),
        row.missing.into(),
        row.unverified.into(),
    ]
}

const TO_DRAW: [Column; 6] = [
    column("場所", "Place", 26),
    column("抽出", "Drawn from", 40),
    column("規程の抽出率(%)", "Per cent asked for", 14),
    column("対象の媒体", "Drives there", 12),
    column("抽出点検", "Drawn checks", 12),
    column("全数点検", "Whole checks", 12),
];

fn to_draw(row: &DrawDuty) -> Vec<Cell> {
    vec![
        (&row.place).into(),
        row.outcome.words().into(),
        u64::from(row.asked_percent).into(),
        row.belong.into(),
        row.drawn_rounds.into(),
        row.whole_rounds.into(),
    ]
}

const ALARMS: [Column; 6] = [
    column("媒体", "Drive", 14),
    column("名称", "Name", 26),
    column("内容", "What it means", 60),
    column("回数", "Times", 8),
    column("最初の記録", "First entry", 11),
    column("最後の記録", "Last entry", 11),
];

fn alarm(row: &AlarmCount) -> Vec<Cell> {
    vec![
        (&row.medium).into(),
        Cell::text(&row.alarm),
        row.words.into(),
        row.times.into(),
        row.first.into(),
        row.last.into(),
    ]
}

const HAPPENINGS: [Column; 6] = [
    column("記録番号", "Entry", 9),
    column("日時", "When", 18),
    column("種別", "Kind", 16),
    column("媒体", "Drives", 18),
    column("内容", "What", 60),
    column("署名者", "Signed by", 40),
];

fn happenings(ja: &'static str, en: &'static str, rows: &[Happening]) -> Table {
    Table::new(ja, en, &HAPPENINGS).with(rows.iter().map(|row| {
        vec![
            row.entry.into(),
            row.at.into(),
            words::kind(row.kind).into(),
            Cell::listed(&row.media),
            Cell::text(&row.what),
            Cell::text(row.signers.iter().map(Who::spoken).collect::<Vec<_>>().join("; ")),
        ]
    }))
}
