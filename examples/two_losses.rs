//! The two losses that this program was made for, replayed under its default policy: on
//! which day each would have been noticed, beside the day it was noticed in fact. The
//! days of the month are ours; what is known of the cases stands in tests/two_losses.
//!
//! ```console
//! $ cargo run --example two_losses
//! ```

#[path = "../tests/two_losses/cases.rs"]
mod cases;
#[path = "../tests/fixture/mod.rs"]
mod fixture;
#[path = "../tests/told/mod.rs"]
mod told;

use cases::{Checks, NOTICED_IN_FACT, Noticed, hospital, union, union_not_returned};
use media_custody::model::Day;

fn row(lost: &str, checks: &str, noticed: &Noticed, in_fact: Option<Day>) {
    let earlier = in_fact.map_or_else(
        || "nobody knows".to_owned(),
        |day| format!("{} days", noticed.on.days_until(day)),
    );
    let in_fact = in_fact.map_or_else(|| "by chance".to_owned(), |day| day.to_string());
    println!(
        "{lost:<12}{checks:<34}{:<12}{:<24}{in_fact:<12}{earlier}",
        noticed.on.to_string(),
        noticed.by
    );
}

fn head(title: &str) {
    println!("{title}");
    println!(
        "{:<12}{:<34}{:<12}{:<24}{:<12}earlier by",
        "lost on", "checks", "alarm on", "by", "in fact"
    );
}

fn main() {
    let in_fact: Option<Day> = NOTICED_IN_FACT.parse().ok();
    head("A union's branch hands its drive to a printing contractor once a year.");
    for lost in ["2025-01-29", "2025-06-20", "2025-12-31"] {
        row(lost, "made when due, not by the holder", &union(lost, Checks::Kept), in_fact);
        row(lost, "forgotten after the loss", &union(lost, Checks::ThenForgotten), in_fact);
        row(lost, "never made", &union(lost, Checks::Never), in_fact);
    }
    row("2025-01-29", "not returned by the contractor", &union_not_returned(), in_fact);
    println!();
    head("A hospital loses a drive inside the building; an employee happens to mention it.");
    for (checks, words) in [
        (Checks::Kept, "made when due, not by the holder"),
        (Checks::ThenForgotten, "forgotten after the loss"),
        (Checks::Never, "never made"),
    ] {
        row("2025-10-07", words, &hospital("2025-10-07", checks), None);
    }
    println!();
    println!("Default policy: a sighting every 30 days, 7 days of grace. Where nobody looks,");
    println!("'custody status' shows the alarm by itself: it is computed from entries and time.");
    println!("An alarm dated before the loss says that nobody had looked for too long already: it");
    println!("is no knowledge of that loss, and somebody has to heed it.");
}
