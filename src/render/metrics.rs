//! The ledger as Prometheus text (exposition format 0.0.4), for node_exporter's textfile
//! collector.

use crate::model::Stamp;
use crate::report::notices::{Notices, Rung};

/// What the metrics say beside the notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gauges {
    /// When the medium that was not seen for longest was last seen.
    pub oldest_sighting: Option<Stamp>,
    /// Messages that are in trouble.
    pub messages_in_trouble: usize,
    /// Bytes of the journal.
    pub journal_bytes: u64,
}

/// All metrics, each with its help and type.
pub fn metrics(notices: &Notices, gauges: &Gauges) -> String {
    let ledger = notices.ledger.as_ref().map_or_else(String::new, ToString::to_string);
    let ledger = format!("ledger=\"{}\"", label(&ledger));
    let mut out = String::new();
    let mut gauge = |name: &str, help: &str, values: Vec<(String, i64)>| {
        out.push_str(&format!("# HELP custody_{name} {help}\n# TYPE custody_{name} gauge\n"));
        for (labels, value) in values {
            out.push_str(&format!("custody_{name}{{{ledger}{labels}}} {value}\n"));
        }
    };
    let one = |value: i64| vec![(String::new(), value)];
    let count = |value: usize| one(i64::try_from(value).unwrap_or(i64::MAX));
    let standings = notices.counts.iter().map(|count| {
        let word = serde_json::to_value(count.standing).ok();
        let word = word.as_ref().and_then(|word| word.as_str()).unwrap_or("unknown").to_owned();
        (format!(",standing=\"{word}\""), i64::try_from(count.media).unwrap_or(i64::MAX))
    });
    gauge("media", "Registered drives by standing.", standings.collect());
    gauge("due", "Drives to be checked or returned soon.", count(notices.on(Rung::Due)));
    gauge("overdue", "Drives whose check or return is overdue.", count(notices.on(Rung::Overdue)));
    let left = "Drives that left their place without a handover.";
    gauge("left_without_handover", left, count(notices.on(Rung::Left)));
    gauge("missing", "Drives looked for and not found.", count(notices.on(Rung::Missing)));
    // With no drive in use there is no age, and 0 would say that all is well.
    if let Some(oldest) = gauges.oldest_sighting {
        let age = notices.now.unix().saturating_sub(oldest.unix()).max(0);
        gauge(
            "oldest_sighting_age_seconds",
            "Time since the drive in use that was not seen for longest was seen.",
            one(age),
        );
    }
    gauge(
        "notices_failed",
        "Messages that were not, or may not have been, delivered.",
        count(gauges.messages_in_trouble),
    );
    // Where none is expected there is no age either.
    if !notices.copies.is_empty() {
        let ages = notices.copies.iter().map(|copy| {
            let age = notices.now.unix().saturating_sub(copy.at.unix()).max(0);
            (format!(",copy=\"{}\"", copy.kind.as_str()), age)
        });
        gauge(
            "copy_age_seconds",
            "Time since the newest copy that a timer makes was made.",
            ages.collect(),
        );
    }
    gauge(
        "log_entries",
        "Entries in the ledger.",
        one(i64::try_from(notices.entries).unwrap_or(i64::MAX)),
    );
    gauge(
        "log_bytes",
        "Size of the journal.",
        one(i64::try_from(gauges.journal_bytes).unwrap_or(i64::MAX)),
    );
    gauge(
        "written_timestamp_seconds",
        "When this was written; an old time means that nothing runs any more.",
        one(notices.now.unix()),
    );
    out
}

fn label(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
