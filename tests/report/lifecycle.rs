//! The documents of a drive's life: register, check sheet, history, certificates,
//! labels, and a receipt whose sealed sheet is attached.

use media_custody::model::{Seen, Statement};
use media_custody::render::json::to_json;
use media_custody::render::text::{self, Style};
use media_custody::report::attachment::AttachmentView;
use media_custody::report::certificate::Behind;
use media_custody::report::receipt::EntryView;
use media_custody::report::*;

use crate::fixture::World;
use crate::story::{LAB, id};
use crate::values::handover;

/// Every document of the story's last day.
pub struct Lifecycle {
    register: RegisterSheet,
    check_sheet: CheckSheet,
    history: HistorySheet,
    erasure: ErasureCertificate,
    retirement: RetirementCertificate,
    labels: LabelSheet,
    receipt: ReceiptView,
    status: Status,
}

impl Lifecycle {
    pub fn of(world: &World) -> Self {
        let (state, now) = (&world.state, world.clock);
        let history: Vec<(u64, Statement)> =
            (0..).zip(world.entries.iter().map(|entry| entry.statement.clone())).collect();
        let last = world.entries.last().expect("entries");
        let seen = Seen { size: state.size, root: last.root };
        let behind = |index: u64| Behind {
            index,
            leaf: world.entries[usize::try_from(index).expect("small")].leaf,
            history: &history,
        };
        let find = |kind: &str, medium: &str| {
            let of = |said: &Statement| match said {
                Statement::Erase(said) => said.medium.id == id(medium),
                Statement::Retire(said) => said.medium.id == id(medium),
                _ => false,
            };
            let found = history.iter().find(|(_, said)| said.kind() == kind && of(said));
            found.expect("an entry")
        };
        let (Statement::Erase(erase), erased) =
            (&find("erase", "USB-0425").1, find("erase", "USB-0425").0)
        else {
            panic!("an erasure")
        };
        let (Statement::Retire(retire), retired) =
            (&find("retire", "USB-0425").1, find("retire", "USB-0425").0)
        else {
            panic!("a retirement")
        };
        let (on_paper, index) = handover(&history, "SZ-2026-000002");
        let attached = history.iter().filter_map(|(index, said)| match said {
            Statement::Attach(said) => Some(AttachmentView::new(*index, said)),
            _ => None,
        });
        let entry = EntryView { index, tree_size: Some(state.size), leaf: None };
        Lifecycle {
            register: RegisterSheet::new(state, now, seen),
            check_sheet: CheckSheet::new(state, &LAB.parse().expect("a place"), now, seen),
            history: HistorySheet::new(state, &id("USB-0425"), (now, seen), &history)
                .expect("registered"),
            erasure: ErasureCertificate::new(state, erase, behind(erased)),
            retirement: RetirementCertificate::new(state, retire, behind(retired)),
            labels: LabelSheet::new(
                state,
                &[id("USB-0421"), id("USB-0424")],
                Some("静岡支部 総務課 054-000-0000".parse().expect("a phrase")),
            ),
            receipt: ReceiptView::new(&on_paper, Some(entry)).with_attachments(attached.collect()),
            status: Status::new(state, now),
        }
    }

    pub fn texts(&self, style: Style) -> Vec<(&'static str, String)> {
        vec![
            ("register", text::register(&self.register, style)),
            ("check-sheet", text::check_sheet(&self.check_sheet, style)),
            ("history", text::history(&self.history, style)),
            ("erasure", text::erasure(&self.erasure, style)),
            ("retirement", text::retirement(&self.retirement, style)),
            ("labels", text::labels(&self.labels, style)),
            ("receipt-attached", text::receipt(&self.receipt, None, style)),
            ("status-attached", text::status(&self.status, style)),
        ]
    }

    pub fn json(&self) -> Vec<(&'static str, String)> {
        vec![
            ("register", to_json(&self.register)),
            ("check-sheet", to_json(&self.check_sheet)),
            ("erasure", to_json(&self.erasure)),
            ("retirement", to_json(&self.retirement)),
            ("labels", to_json(&self.labels)),
            ("receipt-attached", to_json(&self.receipt)),
        ]
    }
}
