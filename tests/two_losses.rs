//! The two losses of design section 1 under the default policy: on which day each would
//! have been noticed.

#[path = "two_losses/cases.rs"]
mod cases;
mod fixture;
#[path = "told/mod.rs"]
mod told;

use cases::{BACK, Checks, NOTICED_IN_FACT, hospital, union, union_not_returned};
use media_custody::ledger::Policy;
use media_custody::model::Day;

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

/// Days that the default policy leaves between a sighting and an alarm.
fn bound() -> i64 {
    let policy = Policy::default();
    i64::from(policy.interval_days + policy.grace_days)
}

#[test]
fn the_unions_drive_would_have_been_noticed_within_weeks() {
    // The default policy: seen every 30 days, 7 days of grace.
    for (lost, checks, noticed, by) in [
        // Lost right after it came back, and at the end of the year.
        ("2025-01-29", Checks::Kept, "2025-02-09", "check: not found"),
        ("2025-06-20", Checks::Kept, "2025-07-09", "check: not found"),
        ("2025-12-31", Checks::Kept, "2026-01-05", "check: not found"),
        // Nobody looks any more: silence is an alarm.
        ("2025-06-20", Checks::ThenForgotten, "2025-07-16", "status: CHECK OVERDUE"),
        // Nobody ever looked, as it was: from February on the drive is overdue, whenever it
        // was lost. That is no knowledge of a later loss, but a reason to look.
        ("2025-01-29", Checks::Never, "2025-02-16", "status: CHECK OVERDUE"),
        ("2025-12-31", Checks::Never, "2025-02-16", "status: CHECK OVERDUE"),
    ] {
        let found = union(lost, checks);
        assert_eq!(
            (found.on.to_string().as_str(), found.by.as_str()),
            (noticed, by),
            "{lost} {checks:?}"
        );
        assert!(found.on < day(NOTICED_IN_FACT), "{lost}: no earlier than it was in fact");
    }
}

#[test]
fn whichever_day_it_was_lost_the_bound_holds() {
    let mut lost = day(BACK);
    while lost < day("2025-12-31") {
        for checks in [Checks::Kept, Checks::ThenForgotten] {
            let found = union(&lost.to_string(), checks);
            let days = lost.days_until(found.on);
            assert!((0..=bound()).contains(&days), "lost {lost}, {checks:?}: noticed after {days}");
        }
        lost = lost.plus(17);
    }
}

#[test]
fn a_drive_that_does_not_come_back_is_noticed_the_day_after_it_is_due() {
    let found = union_not_returned();
    assert_eq!((found.on, found.by.as_str()), (day(BACK).plus(1), "status: RETURN OVERDUE"));
}

#[test]
fn the_hospitals_drive_would_not_have_waited_for_chance() {
    for (lost, checks, noticed) in [
        ("2025-10-07", Checks::Kept, "2025-10-31"),
        ("2025-10-07", Checks::ThenForgotten, "2025-11-07"),
        ("2025-10-07", Checks::Never, "2025-10-08"),
    ] {
        let found = hospital(lost, checks);
        assert_eq!(found.on.to_string(), noticed, "{checks:?}: {}", found.by);
    }
}
