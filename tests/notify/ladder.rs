//! Who is told what, and in which words.

use media_custody::ledger::State;
use media_custody::ledger::records::AcknowledgedRecord;
use media_custody::model::vocabulary::{Concern, Role};
use media_custody::render::notice::{Letter, Wording, digest, notice, test};
use media_custody::render::paper::words::Tongue;
use media_custody::report::Notices;
use media_custody::report::copies::{DailyCopy, DailyKind};
use media_custody::report::notices::{Capacity, Matter, Notice, Rung};
use media_custody::report::telling::Digest;

use crate::office::of;
use crate::{golden, moment, notices, state, with_one_missing};

const ID: &str = "0123456789abcdef0123456789abcdef";
const QUIET: Wording = Wording { tongue: Tongue::Both, names: false };

/// Medium, matter and who is told.
fn told(notices: &Notices) -> Vec<String> {
    let one = |row: &Notice| {
        let to: Vec<&str> = row.to.iter().map(|someone| someone.who.id.as_str()).collect();
        format!("{} {} {}", row.medium, row.matter.as_str(), to.join(","))
    };
    notices.rows.iter().map(one).collect()
}

#[test]
fn the_ladder_goes_up_with_time() {
    let state = state();
    let at = |now: &str| told(&notices(&state, now));
    assert_eq!(at("2026-01-17T09:00:00+09:00"), [""; 0]);
    // Announced two days ahead, to whoever has it and to the custodian.
    assert_eq!(at("2026-01-18T09:00:00+09:00"), ["USB-0422 return-due sato,yamada"]);
    assert_eq!(at("2026-01-20T23:59:00+09:00"), ["USB-0422 return-due sato,yamada"]);
    assert_eq!(at("2026-01-21T00:00:00+09:00"), ["USB-0422 return-overdue yamada"]);
    // Thirty days after it was registered USB-0421 is to be seen, seven later it is late.
    assert_eq!(
        at("2026-02-04T09:10:00+09:00"),
        ["USB-0422 return-overdue yamada", "USB-0421 check-due yamada"]
    );
    assert_eq!(
        at("2026-02-11T09:10:00+09:00"),
        ["USB-0422 return-overdue yamada", "USB-0421 check-overdue yamada"]
    );
    let missing = notices(&with_one_missing(), "2026-01-22T09:00:00+09:00");
    assert_eq!(told(&missing), ["USB-0421 missing yamada,kato", "USB-0422 return-overdue yamada"]);
    assert!(missing.any_alarm());
}

#[test]
fn who_left_is_not_told_and_somebody_always_is() {
    let mut state = with_one_missing();
    state.parties.get_mut(&of("yamada")).expect("there").key = None;
    let told = told(&notices(&state, "2026-01-22T09:00:00+09:00"));
    assert_eq!(told, ["USB-0421 missing kato", "USB-0422 return-overdue kato"]);
}

#[test]
fn a_missing_drive_is_told_to_the_privacy_officer() {
    let mut state = with_one_missing();
    let mut officer = state.parties[&of("kato")].clone();
    officer.party.id = of("oda");
    officer.roles = vec![Role::PrivacyOfficer];
    state.parties.insert(of("oda"), officer);
    let at = |state: &State| notices(state, "2026-01-22T09:00:00+09:00");
    let found = at(&state);
    assert_eq!(told(&found), ["USB-0421 missing yamada,oda", "USB-0422 return-overdue yamada"]);
    let capacities: Vec<Capacity> = found.rows[0].to.iter().map(|one| one.capacity).collect();
    assert_eq!(capacities, [Capacity::Custodian, Capacity::PrivacyOfficer]);
    assert_eq!(found.digest_to.len(), 1, "the digest is the custodians'");
    // One who has left is not told, and the administrators stand in.
    state.parties.get_mut(&of("oda")).expect("there").key = None;
    assert_eq!(told(&at(&state))[0], "USB-0421 missing yamada,kato");
}

#[test]
fn what_is_acknowledged_is_shown_and_not_told() {
    let mut state = with_one_missing();
    let medium = state.media.get_mut(&of("USB-0421")).expect("there");
    medium.acknowledged = Some(AcknowledgedRecord {
        concern: Concern::Missing,
        at: moment("2026-01-21T11:00:00+09:00"),
        index: 10,
        by: of("yamada"),
    });
    let found = notices(&state, "2026-01-22T09:00:00+09:00");
    assert_eq!(told(&found), ["USB-0421 missing ", "USB-0422 return-overdue yamada"]);
    assert!(found.rows[0].acknowledged && found.any_alarm());
    // Of another concern it says nothing.
    let medium = state.media.get_mut(&of("USB-0421")).expect("there");
    medium.acknowledged.as_mut().expect("there").concern = Concern::CheckDue;
    let told = told(&notices(&state, "2026-01-22T09:00:00+09:00"));
    assert_eq!(told[0], "USB-0421 missing yamada,kato");
}

fn shown(letter: &Letter) -> String {
    format!("Subject: {}\n\n{}\n{}\n", letter.subject, letter.text, letter.json)
}

fn of_rung(found: &Notices, rung: Rung, wording: Wording) -> String {
    let rows: Vec<&Notice> = found.rows.iter().filter(|row| row.matter.rung() == rung).collect();
    shown(&notice(ID, rung, &rows, found, wording).expect("worded"))
}

#[test]
fn messages_read_as_they_did() {
    let missing = notices(&with_one_missing(), "2026-01-22T09:00:00+09:00");
    golden("missing.txt", &of_rung(&missing, Rung::Missing, QUIET));
    golden("overdue.txt", &of_rung(&missing, Rung::Overdue, QUIET));
    let due = notices(&state(), "2026-01-19T09:00:00+09:00");
    golden("due.txt", &of_rung(&due, Rung::Due, QUIET));
    let named = Wording { tongue: Tongue::En, names: true };
    golden("missing-named.txt", &of_rung(&missing, Rung::Missing, named));
    golden("test.txt", &shown(&test(ID, &due, QUIET).expect("worded")));
}

fn of_day(found: &Notices, in_trouble: usize, unreachable: &[&str]) -> String {
    let unreachable = unreachable.iter().map(|id| of(id)).collect();
    let said = Digest { now: found.now, notices: found, in_trouble, unreachable };
    shown(&digest(ID, &said, QUIET).expect("worded"))
}

#[test]
fn digests_read_as_they_did() {
    let fine = notices(&state(), "2026-01-10T09:00:00+09:00");
    golden("digest-fine.txt", &of_day(&fine, 0, &[]));
    let missing = notices(&with_one_missing(), "2026-01-22T09:00:00+09:00");
    golden("digest-alarm.txt", &of_day(&missing, 2, &["kato"]));
    // All drives are where they should be, and nobody knows that the backups stopped.
    let made = |kind, day: &str| DailyCopy::new(kind, of(day), Some(9), fine.now);
    let copies = vec![
        made(DailyKind::Backup, "2026-01-06T20:30:00+09:00"),
        made(DailyKind::Publication, "2026-01-09T20:00:00+09:00"),
    ];
    let late = Notices { copies, ..fine };
    assert!(late.any_alarm());
    golden("digest-copies.txt", &of_day(&late, 0, &[]));
}

/// Neither people nor places nor what is on the drives leaves the office by default.
#[test]
fn no_name_and_no_description_is_told() {
    let missing = notices(&with_one_missing(), "2026-01-22T09:00:00+09:00");
    let due = notices(&state(), "2026-01-19T09:00:00+09:00");
    let mut said = vec![of_day(&missing, 1, &["sato"])];
    for rung in [Rung::Missing, Rung::Overdue, Rung::Due] {
        said.push(of_rung(&missing, rung, QUIET));
        said.push(of_rung(&due, rung, QUIET));
    }
    let private = [
        "山田",
        "佐藤",
        "加藤",
        "さくら印刷",
        "静岡支部",
        "静岡健保",
        "被保険者",
        "印刷・製本",
        "3775",
        "3,775",
    ];
    for text in &said {
        let found = private.iter().find(|word| text.contains(**word));
        assert_eq!(found, None, "{text}");
    }
    let named = of_rung(&missing, Rung::Missing, Wording { tongue: Tongue::Ja, names: true });
    assert!(named.contains("山田 花子") && named.contains("静岡支部保管庫"), "{named}");
    assert!(!named.contains("被保険者"), "{named}");
}

#[test]
fn a_message_about_thousands_stays_short() {
    let mut state = state();
    let one = state.media[&of("USB-0421")].clone();
    for number in 0..3000 {
        let mut more = one.clone();
        more.line.id = of(&format!("BOX-{number:04}"));
        state.media.insert(more.line.id.clone(), more);
    }
    let found = notices(&state, "2026-03-01T09:00:00+09:00");
    assert_eq!(found.rows.iter().filter(|row| row.matter == Matter::CheckOverdue).count(), 3001);
    let said = of_rung(&found, Rung::Overdue, QUIET);
    assert!(said.lines().count() < 140, "{}", said.lines().count());
    assert!(said.contains("2952"), "{said:.3000}");
}

/// The list over 100,000 drives is wanted within a tenth of a second; a build without
/// optimisation is given more.
#[test]
fn a_hundred_thousand_drives_are_looked_through() {
    let mut state = state();
    let one = state.media[&of("USB-0422")].clone();
    for number in 0..100_000 {
        let mut more = one.clone();
        more.line.id = of(&format!("BOX-{number:06}"));
        state.media.insert(more.line.id.clone(), more);
    }
    for (day, rows) in [("2026-01-10", 0), ("2026-01-20", 100_001), ("2026-03-01", 100_002)] {
        // How long it takes is benches/presence's to say.
        let found = notices(&state, &format!("{day}T09:00:00+09:00"));
        assert_eq!(found.rows.len(), rows);
    }
}
