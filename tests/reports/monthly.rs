//! A month's counts, and how things stood at its end.

use media_custody::ledger::schedule::Standing;
use media_custody::report::monthly::{Direction, DrawOutcome};
use media_custody::report::status::SealStrength;
use media_custody::report::workbook::Cell;

use crate::told::{PLANT, SHELF, Told, id};

fn two_months() -> Told {
    let mut told = Told::begin();
    told.at("2026-04-02");
    for name in ["USB-1", "USB-2", "USB-3"] {
        told.register(name, SHELF, "luks2 aes-xts-plain64 verified");
    }
    told.register("USB-4", "検査室", "- - not-examined");
    told.at("2026-04-10").take_out("USB-1", "2026-05-10");
    let rest = [("purpose", "製本"), ("place", "清水製本"), ("due", "2026-05-20")];
    let paper = told.at("2026-04-11").handover("USB-2", ("yamada", "tanaka"), &rest);
    told.append(paper);
    let lines = [("place", SHELF), ("missing", "USB-3"), ("unknown", "13fe:4200 07AB1234567890AB")];
    told.at("2026-04-30").say("check", "suzuki", &lines);
    told.at("2026-05-01").say("search", "suzuki", &[("medium", "@USB-3"), ("place", "会議室")]);
    told.at("2026-05-08").bring_back("USB-1");
    told.at("2026-05-09").say("lost", "admin", &[("medium", "@USB-3"), ("detail", "見つからず")]);
    told.at("2026-06-15");
    told
}

fn count(told: &Told, month: &str, name: &str) -> u64 {
    let counts = told.month(month).counts;
    counts.iter().find(|one| one.name == name).expect(name).count
}

#[test]
fn each_entry_is_counted_in_its_month() {
    let told = two_months();
    for (month, name, expected) in [
        ("2026-04", "handovers-out", 2),
        ("2026-04", "handovers-return", 0),
        ("2026-04", "paper-seals", 1),
        ("2026-04", "check", 1),
        ("2026-04", "not-found", 1),
        ("2026-04", "search", 0),
        ("2026-04", "register", 4),
        ("2026-04", "party", 5),
        ("2026-05", "handovers-out", 0),
        ("2026-05", "handovers-return", 1),
        ("2026-05", "search", 1),
        ("2026-05", "lost", 1),
        ("2026-06", "lost", 0),
    ] {
        assert_eq!(count(&told, month, name), expected, "{month} {name}");
    }
    let april = told.month("2026-04");
    let ways: Vec<_> = april.handovers.iter().map(|row| (row.direction, row.seal)).collect();
    assert_eq!(
        ways,
        [(Direction::Out, SealStrength::BothSigned), (Direction::Out, SealStrength::Paper)]
    );
    assert_eq!(told.month("2026-05").handovers[0].direction, Direction::Return);
    // Every place is there, the one that nobody looked at as well.
    let places: Vec<_> = april.places.iter().map(|row| (row.place.as_str(), row.checks)).collect();
    assert_eq!(places, [("検査室", 0), (SHELF, 1)]);
    assert_eq!((april.places[1].missing, april.places[1].unknown), (1, 1));
}

#[test]
fn the_months_end_is_told_as_it_was_known_then() {
    let told = two_months();
    let april = told.month("2026-04");
    let standing = |name: &str| {
        let rows = &april.drives;
        rows.iter().find(|row| row.medium == id(name)).expect(name).standing
    };
    assert!(april.complete);
    assert_eq!(april.stood_at.to_string(), "2026-04-30T23:59:59+09:00");
    // It is lost by now, and was missing then.
    assert_eq!(standing("USB-3"), Standing::Missing);
    assert_eq!(standing("USB-1"), Standing::Out);
    assert_eq!(standing("USB-4"), Standing::Home);
    // 1 genesis, 5 people, 4 drives, 2 handovers, 1 check.
    assert_eq!((april.log.before, april.log.at_end, april.log.dated_within), (0, 13, 13));
    let may = told.month("2026-05");
    assert_eq!((may.log.before, may.log.at_end, may.log.recorded_later), (13, 16, 0));
    // Over: USB-2 was due on the 20th; nobody looked at USB-1 and USB-4 since April.
    assert_eq!(may.overdue, 3, "{:#?}", may.drives);
    let two = may.drives.iter().find(|row| row.medium == id("USB-2")).expect("a row");
    assert!(two.weaknesses.iter().any(|weak| weak.en.contains("paper signature")));
    let june = told.month("2026-06");
    assert!(!june.complete);
    assert_eq!(june.stood_at, told.now());
    let workbook = june.workbook();
    assert!(workbook.notes.iter().any(|note| note.en.contains("NOT OVER")));
}

#[test]
fn what_was_dated_back_is_counted_and_was_not_known() {
    let mut told = two_months();
    let rest = [("purpose", "印刷"), ("place", PLANT), ("due", "2026-07-10")];
    let agreed = told.at("2026-06-30").handover("USB-1", ("yamada", "sato"), &rest);
    told.at("2026-07-01").say(
        "check",
        "suzuki",
        &[("place", "検査室"), ("found", "USB-4 profile")],
    );
    told.append(agreed);
    told.at("2026-07-02");
    let june = told.month("2026-06");
    assert_eq!((june.log.dated_within, june.log.recorded_later), (1, 1));
    assert_eq!(count(&told, "2026-06", "handovers-out"), 1);
    let one = june.drives.iter().find(|row| row.medium == id("USB-1")).expect("a row");
    assert_eq!(one.place.as_str(), SHELF, "nobody knew on the 30th that it had left");
}

/// Two places to be drawn from, one for which nothing is said, one where nothing is.
fn drawing() -> Told {
    let mut told = Told::begin();
    told.at("2026-04-02");
    for number in 1..=10 {
        told.register(&format!("USB-{number}"), SHELF, "luks2 aes-xts-plain64 verified");
    }
    told.register("USB-11", "検査室", "luks2 aes-xts-plain64 verified");
    told.register("USB-12", "別室", "luks2 aes-xts-plain64 verified");
    told.register("USB-13", "空室", "luks2 aes-xts-plain64 verified");
    let rest = [("purpose", "印刷"), ("place", PLANT), ("due", "2026-07-10")];
    let out = told.handover("USB-13", ("yamada", "sato"), &rest);
    told.append(out);
    let rule = |scope: &str, draw: u32, name: &str| {
        format!("{scope} interval-days=- grace-days=- grade=- checker=- draw-percent={draw} {name}")
    };
    let rules = [
        rule("home", 20, SHELF),
        rule("medium", 25, "USB-3"),
        rule("home", 50, "検査室"),
        rule("home", 50, "空室"),
    ];
    let mut lines = vec![
        ("draft-hours", "72"),
        ("interval-days", "30"),
        ("grace-days", "7"),
        ("loan-days", "366"),
        ("grade", "label"),
        ("checker", "not-holder"),
        ("witness", "optional"),
        ("paper", "accepted"),
    ];
    lines.extend(rules.iter().map(|rule| ("rule", rule.as_str())));
    told.say("policy", "admin", &lines);
    told
}

/// A drawn check of the shelf that finds all of its sample but the last drive.
fn drawn_check(told: &mut Told, percent: u32, all_found: bool) -> media_custody::model::Statement {
    let number = told.state().draws.0 + 1;
    let draw = format!("{percent} {number} {}", told.seen());
    let line = draw.parse().expect("a draw");
    let place = SHELF.parse().expect("a place");
    let sample: Vec<String> =
        told.state().sample_at(&place, &line).into_iter().map(ToString::to_string).collect();
    let (last, rest) = sample.split_last().expect("a sample");
    let mut found: Vec<String> = rest.iter().map(|id| format!("{id} label")).collect();
    let mut lines = vec![("place", SHELF), ("draw", draw.as_str())];
    if all_found {
        found.push(format!("{last} label"));
    }
    lines.extend(found.iter().map(|seen| ("found", seen.as_str())));
    if !all_found {
        lines.push(("missing", last));
    }
    told.draft("check", "suzuki", &lines)
}

#[test]
fn drawn_rounds_say_what_was_asked_for_and_taken() {
    let mut told = drawing();
    let check = drawn_check(told.at("2026-04-10"), 30, false);
    told.append(check);
    let check = drawn_check(told.at("2026-04-20"), 25, true);
    told.append(check);
    told.at("2026-05-02");
    let april = told.month("2026-04");
    let rounds: Vec<_> = april
        .drawn
        .iter()
        .map(|round| {
            let sample = round.sample.expect("known");
            (
                (round.number, sample.asked_percent, round.taken_percent),
                (sample.belong, sample.drawn, round.found, round.missing),
            )
        })
        .collect();
    // One drive asks for more than its place does.
    assert_eq!(rounds, [((1, 25, 30), (10, 3, 2, 1)), ((2, 25, 25), (10, 3, 3, 0))]);
    for (name, expected) in
        [("check", 2), ("drawn-checks", 2), ("drawn", 6), ("drawn-not-found", 1)]
    {
        assert_eq!(count(&told, "2026-04", name), expected, "{name}");
    }
    assert!(told.month("2026-05").drawn.is_empty());
    let book = april.workbook();
    let table = book.tables.iter().find(|table| table.name.en == "Drawn checks").expect("a table");
    assert_eq!(table.rows.len(), 2);
    assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
}

#[test]
fn places_that_were_to_be_drawn_from_and_were_not_are_named() {
    let mut told = drawing();
    let outcomes = |told: &Told, month: &str| -> Vec<(String, u32, DrawOutcome)> {
        let row = |row: &media_custody::report::monthly::DrawDuty| {
            (row.place.to_string(), row.asked_percent, row.outcome)
        };
        told.month(month).to_draw.iter().map(row).collect()
    };
    let (shelf, room) = (SHELF.to_owned(), "検査室".to_owned());
    told.at("2026-04-15");
    // Nothing is expected in the empty room, and nothing is asked for in the other one.
    assert_eq!(
        outcomes(&told, "2026-04"),
        [(room.clone(), 50, DrawOutcome::NotDrawn), (shelf.clone(), 25, DrawOutcome::NotDrawn)]
    );
    told.say("check", "suzuki", &[("place", "検査室"), ("found", "USB-11 label")]);
    let check = drawn_check(told.at("2026-04-20"), 25, true);
    told.append(check);
    told.at("2026-06-01");
    assert_eq!(
        outcomes(&told, "2026-04"),
        [(room.clone(), 50, DrawOutcome::Whole), (shelf.clone(), 25, DrawOutcome::Drawn)]
    );
    // Each month by itself.
    assert_eq!(
        outcomes(&told, "2026-05"),
        [(room, 50, DrawOutcome::NotDrawn), (shelf, 25, DrawOutcome::NotDrawn)]
    );
    let text = format!("{:?}", told.month("2026-05").workbook());
    assert!(text.contains("NOT DRAWN FROM"), "{text:.300}");
}

#[test]
fn a_round_recorded_late_says_what_it_took_and_not_what_was_asked_for() {
    let mut told = drawing();
    let check = drawn_check(told.at("2026-04-30"), 30, false);
    told.at("2026-05-01").register("USB-14", "別室", "luks2 aes-xts-plain64 verified");
    told.append(check);
    let april = told.month("2026-04");
    let [round] = april.drawn.as_slice() else { panic!("{:?}", april.drawn) };
    assert_eq!((round.sample, round.taken_percent), (None, 30));
    assert_eq!((round.found, round.missing), (2, 1));
    assert_eq!(count(&told, "2026-04", "drawn"), 3);
}

/// Seen too weakly: neither found nor missing, and no row of the checks loses the drive.
#[test]
fn what_was_seen_too_weakly_has_a_column_of_its_own() {
    let mut told = Told::begin();
    told.at("2026-04-02");
    for name in ["USB-1", "USB-2"] {
        told.register(name, SHELF, "luks2 aes-xts-plain64 verified");
    }
    let lines = [("place", SHELF), ("found", "USB-1 profile"), ("unverified", "USB-2 attested")];
    told.at("2026-04-30").say("check", "suzuki", &lines);
    told.at("2026-05-02");
    let april = told.month("2026-04");
    let place = &april.places[0];
    assert_eq!((place.found, place.missing, place.unverified), (1, 0, 1));
    assert_eq!(count(&told, "2026-04", "unverified"), 1);
    assert_eq!(count(&told, "2026-04", "not-found"), 0);
    let checks = april.workbook().tables.into_iter().find(|table| table.name.en == "Checks");
    let checks = checks.expect("a table");
    let at = checks.columns.iter().position(|column| column.title.en == "Unverified");
    let cell = &checks.rows[0][at.expect("a column")];
    assert_eq!(*cell, Cell::Number(1));
}
