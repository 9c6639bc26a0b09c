//! The reports over the whole log, and the dossier of the drive that nobody found.

use std::collections::BTreeMap;

use media_custody::model::{Hash, Seen, Statement};
use media_custody::render::dossier::dossier;
use media_custody::render::json::to_json;
use media_custody::render::markdown::markdown;
use media_custody::render::paper::words::Tongue;
use media_custody::render::text::{self, Style};
use media_custody::report::incident::{LossFold, Sources};
use media_custody::report::*;

use crate::fixture::World;
use crate::story::id;

/// The reports of the story's last day.
pub struct OverTheLog {
    due: DueReport,
    reconciliation: Reconciliation,
    monthly: MonthlyReport,
    incident: Incident,
    searches: SearchLog,
}

impl OverTheLog {
    pub fn of(world: &World) -> Self {
        let (state, now) = (&world.state, world.clock);
        let history: Vec<(u64, Statement)> =
            (0..).zip(world.entries.iter().map(|entry| entry.statement.clone())).collect();
        let leaves: BTreeMap<u64, Hash> =
            (0..).zip(world.entries.iter().map(|entry| entry.leaf)).collect();
        let seen = Seen { size: state.size, root: world.entries.last().expect("entries").root };
        let mut accounts = Reconciler::new(None);
        let mut month = MonthFold::new("2026-11".parse().expect("a month"));
        let id = id("USB-0420");
        let mut loss = LossFold::new(id.clone());
        for (index, entry) in (0..).zip(&world.entries) {
            accounts.take(index, &entry.statement);
            month.take(entry.leaf, Some(&entry.statement));
            loss.take(entry.leaf, Some(&entry.statement));
        }
        let loss = loss.finish().expect("a loss");
        let sources =
            Sources { state, now, seen, id: &id, loss: &loss, history: &history, leaves: &leaves };
        let incident = Incident::new(&sources).expect("a dossier");
        let (known, searches) = (incident.known.clone(), incident.searches.clone());
        OverTheLog {
            due: DueReport::new(state, now, seen, &[]),
            reconciliation: accounts.finish(state, now, seen),
            monthly: month.finish(state, (now, seen), None, None),
            searches: SearchLog::new(state, &id, now, Some(known), searches).expect("registered"),
            incident,
        }
    }

    pub fn texts(&self, style: Style) -> Vec<(&'static str, String)> {
        vec![
            ("due", text::workbook(&self.due.workbook(), style)),
            ("reconcile", text::workbook(&self.reconciliation.workbook(), style)),
            ("monthly", text::workbook(&self.monthly.workbook(), style)),
            ("incident", text::incident(&self.incident, style)),
            ("search-log", text::searches(&self.searches, style)),
        ]
    }

    pub fn markdown(&self) -> String {
        markdown(&dossier(&self.incident, Tongue::Ja))
    }

    pub fn json(&self) -> Vec<(&'static str, String)> {
        vec![
            ("due", to_json(&self.due)),
            ("reconcile", to_json(&self.reconciliation)),
            ("monthly", to_json(&self.monthly)),
            ("incident", to_json(&self.incident)),
            ("search-log", to_json(&self.searches)),
        ]
    }
}
