//! The two losses that this program was made for, told again under its default policy.
//!
//! What is known of them: a health-insurance union's branch handed its drive to a printing
//! contractor once a year, and one January it was not in its drawer; nobody could say since
//! when. A hospital lost a drive inside the building and heard of it by chance, when an
//! employee mentioned it; no day is known. Days of the month are ours, and so is the year.

use media_custody::model::Day;
use media_custody::report::Status;

use crate::fixture::stamp;
use crate::told::{Told, id};

/// The drawer of the branch.
pub const DRAWER: &str = "支部 引き出し";
/// The shelf of the ward.
pub const WARD: &str = "病棟 薬品庫脇の棚";
/// The day the drive went to the contractor, and the day it came back.
pub const OUT: &str = "2025-01-15";
pub const BACK: &str = "2025-01-29";
/// The January in which the drawer was opened for the next year's job.
pub const NOTICED_IN_FACT: &str = "2026-01-14";

/// What people do about checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checks {
    /// Somebody who does not hold it looks on each day on which a check is due.
    Kept,
    /// They did until it was lost, and not once afterwards.
    ThenForgotten,
    /// Nobody ever looks.
    Never,
}

/// When a loss is noticed, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    pub on: Day,
    pub by: String,
}

/// The union's drive, lost on that day from its drawer.
pub fn union(lost: &str, checks: Checks) -> Noticed {
    let mut told = Told::begin_at("2025-01-10T09:00:00+09:00");
    told.register("USB-1", DRAWER, "luks2 aes-xts-plain64 verified");
    let out =
        [("purpose", "印刷・製本"), ("persons", "3775"), ("place", "印刷会社"), ("due", BACK)];
    let out = told.at(OUT).handover("USB-1", ("yamada", "sato"), &out);
    told.append(out);
    let back = [("purpose", "返却"), ("place", DRAWER)];
    let back = told.at(BACK).handover("USB-1", ("sato", "yamada"), &back);
    told.append(back);
    watch(told, DRAWER, lost, checks)
}

/// The same, never given back by the contractor.
pub fn union_not_returned() -> Noticed {
    let mut told = Told::begin_at("2025-01-10T09:00:00+09:00");
    told.register("USB-1", DRAWER, "luks2 aes-xts-plain64 verified");
    let out = [("purpose", "印刷・製本"), ("place", "印刷会社"), ("due", BACK)];
    let out = told.at(OUT).handover("USB-1", ("yamada", "sato"), &out);
    told.append(out);
    first_alarm(&told)
}

/// The hospital's drive, lost on that day inside the building.
pub fn hospital(lost: &str, checks: Checks) -> Noticed {
    let mut told = Told::begin_at("2025-09-01T09:00:00+09:00");
    told.register("USB-1", WARD, "- - claimed");
    watch(told, WARD, lost, checks)
}

/// Lets time go by until somebody knows.
fn watch(mut told: Told, place: &str, lost: &str, checks: Checks) -> Noticed {
    let lost: Day = lost.parse().expect("a day");
    for _ in 0..24 {
        let status = Status::new(told.state(), told.now());
        let due = status.rows[0].check_due.expect("a drive in use");
        let is_lost = lost < due;
        if checks == Checks::Never || (checks == Checks::ThenForgotten && is_lost) {
            return first_alarm(&told);
        }
        told.at(&due.to_string());
        let seen = if is_lost { ("missing", "USB-1") } else { ("found", "USB-1 profile") };
        told.say("check", "suzuki", &[("place", place), seen]);
        if is_lost {
            assert!(told.state().media[&id("USB-1")].gone().is_some());
            return Noticed { on: due, by: "check: not found".to_owned() };
        }
    }
    panic!("nobody lost it within two years")
}

/// The first day on which `custody status` shows an alarm, with no entry made and no
/// program running in between.
fn first_alarm(told: &Told) -> Noticed {
    let mut day = told.now().day();
    for _ in 0..400 {
        let now = stamp(&format!("{day}T09:00:00+09:00"));
        // The morning of a day on which something was recorded is over.
        if now >= told.now() {
            let status = Status::new(told.state(), now);
            if status.any_alarm() {
                return Noticed {
                    on: day,
                    by: format!("status: {}", status.rows[0].standing.words()),
                };
            }
        }
        day = day.plus(1);
    }
    panic!("no alarm in 400 days")
}
