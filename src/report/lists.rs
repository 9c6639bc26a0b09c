//! The register and a drive's history as tables. The reports themselves stand in
//! [`register`](super::register) and [`history`](super::history).

use super::evidence::Bilingual;
use super::history::HistorySheet;
use super::medium::Event;
use super::register::{RegisterRow, RegisterSheet};
use super::who::Who;
use super::words;
use super::workbook::{Cell, Made, Table, Workbook, column};

impl RegisterSheet {
    /// Its tables.
    #[must_use]
    pub fn workbook(&self) -> Workbook {
        let columns = [
            column("管理番号", "Asset id", 14),
            column("状態", "State", 18),
            column("機種", "Device", 28),
            column("VID:PID", "VID:PID", 11),
            column("製造番号", "Serial", 24),
            column("容量（バイト）", "Capacity (bytes)", 16),
            column("暗号化", "Encryption", 32),
            column("所有部署", "Owner", 18),
            column("情報区分", "Data class", 18),
            column("登録日時", "Registered", 18),
            column("保管場所", "Home", 22),
            column("保管者", "Held by", 28),
            column("所在", "Place", 22),
            column("受領日時", "Since", 18),
            column("受領書", "Receipt", 18),
            column("最終確認", "Last seen", 18),
            column("確認方法", "How seen", 20),
            column("返却期限", "Due back", 12),
            column("次の期限", "Next due", 12),
            column("不在・廃棄", "Gone since", 18),
        ];
        let table = Table::new("媒体管理台帳", "Register of media", &columns)
            .with(self.rows.iter().map(register_row));
        Workbook {
            title: Bilingual { en: "Register of media", ja: "媒体管理台帳" },
            subject: None,
            made: Made {
                ledger: self.ledger.clone(),
                organisation: self.organisation.clone(),
                site: self.site.clone(),
                now: self.now,
                seen: self.seen,
            },
            notes: Vec::new(),
            tables: vec![table],
        }
    }
}

fn register_row(row: &RegisterRow) -> Vec<Cell> {
    vec![
        (&row.medium).into(),
        words::standing(row.standing).into(),
        row.product.as_ref().map(ToString::to_string).into(),
        Cell::text(row.vid_pid),
        Cell::text(&row.serial),
        row.capacity.into(),
        Cell::text(&row.encryption),
        (&row.owner).into(),
        (&row.class).into(),
        row.registered_at.into(),
        (&row.home).into(),
        row.holder.spoken().into(),
        (&row.place).into(),
        row.since.into(),
        row.receipt.as_ref().map(ToString::to_string).into(),
        row.last_seen.at.into(),
        words::how_seen(row.last_seen.grade).into(),
        row.due.into(),
        row.next_due.into(),
        row.gone_since.into(),
    ]
}

impl HistorySheet {
    /// Its tables.
    #[must_use]
    pub fn workbook(&self) -> Workbook {
        let columns = [
            column("記録番号", "Entry", 9),
            column("日時", "When", 18),
            column("種別", "Kind", 18),
            column("内容", "What", 60),
            column("詳細", "Details", 60),
            column("関係者", "People", 40),
            column("受領書", "Receipt", 18),
            column("要注意", "Alarming", 10),
        ];
        let table = Table::new("媒体履歴", "History of a drive", &columns)
            .with(self.medium.timeline.iter().map(event_row));
        Workbook {
            title: Bilingual { en: "History of a drive", ja: "媒体履歴" },
            subject: Some(self.medium.status.medium.to_string()),
            made: Made {
                ledger: self.ledger.clone(),
                organisation: self.organisation.clone(),
                site: self.site.clone(),
                now: self.now,
                seen: self.seen,
            },
            notes: Vec::new(),
            tables: vec![table],
        }
    }
}

fn event_row(event: &Event) -> Vec<Cell> {
    vec![
        event.index.into(),
        event.at.into(),
        words::kind(event.kind).into(),
        Cell::text(&event.words),
        Cell::text(event.details.join("; ")),
        Cell::text(event.parties.iter().map(Who::spoken).collect::<Vec<_>>().join("; ")),
        event.receipt.as_ref().map(ToString::to_string).into(),
        event.alarming.then_some(Bilingual { en: "yes", ja: "要注意" }).into(),
    ]
}
