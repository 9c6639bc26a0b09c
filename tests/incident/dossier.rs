//! What stands in the dossier, for drives of which more and less is known.

use media_custody::render::dossier::dossier;
use media_custody::render::json::to_json;
use media_custody::render::markdown::markdown;
use media_custody::render::paper::words::Tongue;
use media_custody::render::text::{self, Style};
use media_custody::report::incident::{Answer, Incident, Support};

use crate::told::{SHELF, Told};

/// A drive of that encryption, handed out and back, checked, and missed on the 20th.
fn lost(encryption: &str, last_check: &str) -> Told {
    let mut told = Told::begin();
    told.at("2026-04-02").register("USB-1", SHELF, encryption);
    told.register("USB-2", SHELF, encryption);
    let rest = [
        ("purpose", "印刷"),
        ("contents", "氏名,住所"),
        ("persons", "3775"),
        ("place", "さくら印刷"),
        ("due", "2026-04-20"),
    ];
    let out = told.at("2026-04-05").handover("USB-1", ("yamada", "sato"), &rest);
    told.append(out);
    told.at("2026-04-08").bring_back("USB-1");
    let both = [("place", SHELF), ("found", last_check), ("found", "USB-2 profile")];
    told.at("2026-04-10").say("check", "suzuki", &both);
    told.at("2026-05-20T16:40");
    told.say(
        "check",
        "suzuki",
        &[("place", SHELF), ("found", "USB-2 profile"), ("missing", "USB-1")],
    );
    told.at("2026-05-21");
    told
}

fn of(told: &Told) -> Incident {
    told.incident("USB-1").expect("a loss")
}

fn answer(incident: &Incident, name: &str) -> Answer {
    let found = incident.exemption.criteria.iter().find(|one| one.name == name);
    found.expect(name).answer
}

#[test]
fn the_clock_starts_at_the_first_not_found() {
    let mut told = lost("luks2 aes-xts-plain64 verified", "USB-1 device");
    let known = told.state().size - 1;
    told.at("2026-05-25");
    told.say("lost", "admin", &[("medium", "@USB-1"), ("detail", "見つからず")]);
    let incident = of(&told);
    assert_eq!((incident.known.entry, incident.known.kind), (known, "check"));
    let days: Vec<(&str, String, i64)> =
        incident.days.iter().map(|day| (day.name, day.day.to_string(), day.days_left)).collect();
    let day = |name, text: &str, left| (name, text.to_owned(), left);
    assert_eq!(
        days,
        [
            day("preliminary-from", "2026-05-22", -3),
            day("preliminary", "2026-05-24", -1),
            day("final", "2026-06-18", 24),
            day("final-improper", "2026-07-18", 54),
        ]
    );
    assert_eq!(incident.decided.as_ref().map(|step| step.kind), Some("lost"));
    assert!(incident.ended.is_none());
}

#[test]
fn the_last_sighting_the_holders_and_the_contents_are_those_before_the_loss() {
    let told = lost("luks2 aes-xts-plain64 verified", "USB-1 device");
    let incident = of(&told);
    let last = &incident.last_sighting;
    assert_eq!((last.at.day().to_string().as_str(), last.by.id.as_str()), ("2026-04-10", "suzuki"));
    assert_eq!(incident.days_unseen, 40);
    assert_eq!(incident.promised_by.map(|day| day.to_string()).as_deref(), Some("2026-05-17"));
    let holders: Vec<&str> = incident.holders.iter().map(|one| one.holder.id.as_str()).collect();
    assert_eq!(holders, ["yamada", "sato", "yamada"]);
    assert_eq!(incident.holder().expect("a holder").holder.id.as_str(), "yamada");
    let [told] = incident.contents.as_slice() else { panic!("{:?}", incident.contents) };
    assert_eq!(told.persons, Some(3775));
    assert_eq!(incident.searches.len(), 1, "the check that did not find it");
}

#[test]
fn a_drive_that_turned_up_and_was_lost_again_has_its_second_loss() {
    let mut told = lost("luks2 aes-xts-plain64 verified", "USB-1 device");
    let first = of(&told).known.entry;
    let found = [("medium", "@USB-1"), ("grade", "profile"), ("place", SHELF)];
    let found = told.at("2026-05-23").say("found", "admin", &found);
    assert_eq!(of(&told).ended.map(|step| step.entry), Some(found));
    let again = [("medium", "@USB-1"), ("detail", "また見当たらない")];
    let again = told.at("2026-05-30").say("missing", "yamada", &again);
    let incident = of(&told);
    assert!(first < again && incident.known.entry == again && incident.ended.is_none());
    assert_eq!(incident.last_sighting.entry, found);
    assert!(told.incident("USB-2").is_none(), "nobody ever missed it");
}

#[test]
fn searches_are_listed_and_those_before_the_loss_are_not() {
    let mut told = lost("luks2 aes-xts-plain64 verified", "USB-1 device");
    let place = [("medium", "@USB-1"), ("place", "3階会議室"), ("detail", "机と棚")];
    told.say("search", "sato", &place);
    let incident = of(&told);
    let places: Vec<(&str, &str)> =
        incident.searches.iter().map(|one| (one.place.as_str(), one.kind)).collect();
    assert_eq!(places, [(SHELF, "check"), ("3階会議室", "search")]);
}

#[test]
fn no_encryption_is_called_strong_on_the_ledgers_word_alone() {
    for (encryption, check, encrypted, cipher, unchanged, support) in [
        (
            "luks2 aes-xts-plain64 verified",
            "USB-1 device",
            Answer::Shown,
            Answer::Shown,
            Answer::Shown,
            Support::Open,
        ),
        (
            "luks2 aes-xts-plain64 verified",
            "USB-1 label",
            Answer::Shown,
            Answer::Shown,
            Answer::Missing,
            Support::Open,
        ),
        (
            "luks2 serpent-xts-plain64 verified",
            "USB-1 device",
            Answer::Shown,
            Answer::Missing,
            Answer::Shown,
            Support::Open,
        ),
        // The name of a cipher that nobody read is no evidence.
        (
            "vault aes claimed",
            "USB-1 profile",
            Answer::Missing,
            Answer::Missing,
            Answer::Missing,
            Support::Open,
        ),
        (
            "luks2 - stated",
            "USB-1 profile",
            Answer::Missing,
            Answer::Missing,
            Answer::Missing,
            Support::Open,
        ),
        (
            "- - none",
            "USB-1 device",
            Answer::NotMet,
            Answer::Missing,
            Answer::Shown,
            Support::Against,
        ),
        (
            "luks2 aes-xts-plain64 partial",
            "USB-1 device",
            Answer::NotMet,
            Answer::Missing,
            Answer::Shown,
            Support::Against,
        ),
    ] {
        let incident = of(&lost(encryption, check));
        let found = (
            answer(&incident, "encrypted"),
            answer(&incident, "cipher-listed"),
            answer(&incident, "unchanged"),
            incident.exemption.support,
        );
        assert_eq!(found, (encrypted, cipher, unchanged, support), "{encryption}, {check}");
        // Where the key was is in no ledger.
        assert_eq!(answer(&incident, "key-apart"), Answer::Missing);
        assert_eq!(answer(&incident, "locked"), Answer::Missing);
    }
}

#[test]
fn an_alarm_about_its_content_speaks_against_it() {
    let mut told = Told::begin();
    told.at("2026-04-02").register("USB-1", SHELF, "luks2 aes-xts-plain64 verified");
    let check = [("place", SHELF), ("found", "USB-1 profile"), ("alarm", "USB-1 mark-drift")];
    let raised = told.at("2026-04-10").say("check", "suzuki", &check);
    told.at("2026-05-20").say("missing", "yamada", &[("medium", "@USB-1"), ("detail", "空")]);
    let incident = of(&told);
    assert_eq!(incident.exemption.support, Support::Against);
    let one = incident.exemption.criteria.iter().find(|one| one.name == "unchanged");
    assert_eq!(one.expect("it").entry, Some(raised));
}

#[test]
fn an_erasure_ends_what_was_on_it() {
    let mut told = lost("luks2 aes-xts-plain64 verified", "USB-1 device");
    assert_eq!(of(&told).contents.len(), 1);
    told.at("2026-05-23").say(
        "found",
        "admin",
        &[("medium", "@USB-1"), ("grade", "profile"), ("place", SHELF)],
    );
    let signing = |told: &Told, role: &str, who: &str| {
        let signatory = told.world.signatory(who);
        format!("{}\n{role}-key: {}", signatory.party, signatory.key)
    };
    let (by, verifier) = (signing(&told, "by", "yamada"), signing(&told, "verifier", "suzuki"));
    let lines = [
        ("medium", "@USB-1"),
        ("media-type", "フラッシュメモリ"),
        ("method", "purge"),
        ("technique", "暗号化消去"),
        ("tool", "cryptsetup"),
        ("verification", "全読取"),
        ("by", &by),
        ("verifier", &verifier),
    ];
    told.at("2026-05-24").say("erase", "yamada", &lines);
    told.at("2026-05-30").say("missing", "yamada", &[("medium", "@USB-1"), ("detail", "空")]);
    assert_eq!(of(&told).contents, []);
}

#[test]
fn every_item_says_what_is_there_or_what_a_person_has_to_add() {
    let incident = of(&lost("luks2 aes-xts-plain64 verified", "USB-1 device"));
    let numbers: Vec<u8> = incident.items.iter().map(|item| item.number).collect();
    assert_eq!(numbers, (1..=9).collect::<Vec<u8>>());
    for item in &incident.items {
        assert!(!item.to_add.is_empty(), "{} claims to be complete", item.name);
        // What is drafted rests on entries that are in the timeline.
        for entry in &item.entries {
            assert!(incident.timeline.iter().any(|row| row.event.index == *entry), "{entry}");
        }
    }
    for (name, drafted) in
        [("response-to-persons", false), ("publication", false), ("persons", true)]
    {
        let item = incident.items.iter().find(|item| item.name == name).expect(name);
        assert_eq!(!item.drafted.is_empty(), drafted, "{name}");
    }
    assert!(incident.timeline.iter().all(|row| row.leaf.is_some()));
    let japanese: Vec<&str> = incident.timeline.iter().map(|row| row.words_ja.as_str()).collect();
    assert!(
        japanese[1].starts_with("山田 花子, 静岡支部 から 佐藤 一郎, さくら印刷 へ授受"),
        "{japanese:?}"
    );
    assert!(japanese[4].contains("見つからず"), "{japanese:?}");
}

#[test]
fn each_form_says_that_it_is_a_draft() {
    let incident = of(&lost("luks2 aes-xts-plain64 verified", "USB-1 device"));
    for tongue in [Tongue::Ja, Tongue::En, Tongue::Both] {
        let text = markdown(&dossier(&incident, tongue));
        let (ja, en) = (text.contains("下書きです"), text.contains("DRAFT, made from the ledger"));
        assert_eq!((ja, en), (tongue != Tongue::En, tongue != Tongue::Ja), "{tongue:?}");
        assert_eq!(text.matches("### ").count(), 9, "{tongue:?}: nine items");
    }
    assert!(text::incident(&incident, Style::PLAIN).contains("DRAFT, made from the ledger"));
    assert!(to_json(&incident).contains("\"draft\": {"));
    for width in [40, 80, 120] {
        use unicode_width::UnicodeWidthStr as _;
        let text = text::incident(&incident, Style { width, colour: false });
        assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
    }
}
