//! Simulated losses as a Markdown table, which a terminal shows as well as a page.

use std::fmt::Write as _;

use crate::report::simulation::{Simulated, Simulation};

/// The table of `docs/detection.md`.
pub fn simulation(report: &Simulation) -> String {
    let mut text = String::from(
        "| drives are kept so | median | 95 % | longest | longest bound stated | later than stated |\n\
         |---|---:|---:|---:|---:|---:|\n",
    );
    for row in &report.rows {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(
            text,
            "| **{}**: {} | {:.1} | {:.1} | {:.1} | {} | {} |",
            row.regime,
            row.habits,
            row.median,
            row.most,
            row.longest,
            row.stated.map_or_else(|| "none".to_owned(), |days| days.to_string()),
            row.stated.map_or_else(|| "-".to_owned(), |_| row.late.to_string()),
        );
    }
    let _ = writeln!(
        text,
        "\nDays from the loss until it was known; {} losses a row, seed {}.\n",
        report.losses, report.seed
    );
    for row in &report.rows {
        let _ = writeln!(text, "- {}: {}", row.regime, how(row));
    }
    text
}

fn how(row: &Simulated) -> String {
    let ways = [
        (row.by_check, "because somebody looked"),
        (row.by_bound, "because nobody had seen it in time"),
        (row.by_handover, "because somebody needed it"),
    ];
    let ways: Vec<String> = ways
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, why)| format!("{count} {why}"))
        .collect();
    format!("{}; {} entries refused", ways.join(", "), row.refused)
}
