//! A reconciliation as tables.

use super::{Reconciliation, TakeOut, Unmatched};
use crate::report::evidence::Bilingual;
use crate::report::workbook::{Cell, Column, Table, Workbook, column};

impl Reconciliation {
    /// Its tables: what has no partner, and the accounts side by side.
    #[must_use]
    pub fn workbook(&self) -> Workbook {
        let lacks = Table::new("対応のない記録", "Without a partner", &UNMATCHED)
            .with(self.unmatched.iter().map(Unmatched::cells));
        let side_by_side = Table::new("持出しの対照", "Take-outs", &TAKE_OUTS)
            .with(self.take_outs.iter().map(TakeOut::cells));
        let mut notes = vec![Bilingual {
            en: "Corrections are entries of their own and are not worked in.",
            ja: "訂正の記録は反映していません（署名された記録のまま照合しています）。",
        }];
        if !self.requests_used {
            notes.push(Bilingual {
                en: "No request was ever recorded, so take-outs without one are not listed.",
                ja: "持出申請の記録が一件もないため、申請のない持出しは挙げていません。",
            });
        }
        Workbook {
            title: Bilingual { en: "Reconciliation", ja: "照合表" },
            subject: self.since.map(|since| format!("{since} -")),
            made: self.made.clone(),
            notes,
            tables: vec![lacks, side_by_side],
        }
    }
}

const UNMATCHED: [Column; 12] = [
    column("記録番号", "Entry", 9),
    column("日時", "When", 18),
    column("内容", "What is lacking", 42),
    column("媒体", "Drives", 18),
    column("確認・行先の場所", "Place", 22),
    column("台帳上の所在", "By custody", 22),
    column("関係者", "Who", 28),
    column("受領書", "Receipt", 18),
    column("日数", "Days", 8),
    column("関連する記録", "Beside", 20),
    column("解消した記録", "Settled by", 12),
    column("未解消", "Open", 8),
];

impl Unmatched {
    fn cells(&self) -> Vec<Cell> {
        vec![
            self.entry.into(),
            self.at.into(),
            self.words.into(),
            Cell::listed(&self.media),
            self.place.as_ref().into(),
            self.by_custody.as_ref().into(),
            self.who.spoken().into(),
            self.receipt.as_ref().map(ToString::to_string).into(),
            self.days.into(),
            Cell::listed(&self.beside),
            self.settled_by.into(),
            self.settled_by.is_none().then_some(Bilingual { en: "open", ja: "未解消" }).into(),
        ]
    }
}

const TAKE_OUTS: [Column; 14] = [
    column("媒体", "Drive", 14),
    column("申請", "Request", 9),
    column("回答", "Answer", 9),
    column("授受", "Handover", 9),
    column("受領書", "Receipt", 18),
    column("持出日時", "Taken out", 18),
    column("渡す人", "Giver", 26),
    column("受け取る人", "Receiver", 26),
    column("行先", "Place", 22),
    column("返却期限", "Due", 12),
    column("離脱の記録", "Departure", 11),
    column("所在確認", "Sightings", 16),
    column("終了日時", "Ended", 18),
    column("結果", "State", 22),
];

impl TakeOut {
    fn cells(&self) -> Vec<Cell> {
        vec![
            (&self.medium).into(),
            self.request.into(),
            self.approval.into(),
            self.handover.into(),
            Cell::text(&self.receipt),
            self.at.into(),
            self.giver.spoken().into(),
            self.receiver.spoken().into(),
            (&self.place).into(),
            self.due.into(),
            self.departure.into(),
            Cell::listed(&self.sightings),
            self.ended_at.into(),
            self.progress.words().into(),
        ]
    }
}
