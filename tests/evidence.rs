//! What is read of an attached drive, joined to its registration, checks and
//! handovers. The drives are a folder laid out like sysfs with image files for disks;
//! the images are made by the tools people use.

#[path = "attached/mod.rs"]
mod attached;
#[path = "volume/images.rs"]
#[allow(dead_code)] // the prober's own tests take the rest
mod images;
mod office;

use attached::{Tree, recorded, recorded_at};
use images::{MIB, ask, fat, gpt, have, luks, random, with_file};
use media_custody::ledger::alarms::{Content, News, weaker};
use media_custody::ledger::intent::{Erasure, Lift};
use media_custody::model::evidence::{Examined, Unread};
use media_custody::model::hardware::Reading;
use media_custody::model::vocabulary::{EncryptionGrade, SightingGrade};
use media_custody::model::{EncryptionLine, MediumId, Statement};
use media_custody::ops::alarms::{Looked, look};
use media_custody::ops::check::{self, ByHand};
use media_custody::ops::erase::erase;
use media_custody::ops::examine::{content, examine};
use media_custody::ops::handover::hand_over;
use media_custody::ops::override_alarms::override_alarms;
use media_custody::ops::register::{Drafted, register};
use media_custody::ops::{OpsError, scan};
use media_custody::usb::recorded::{Frame, RecordedBus, Recording};
use media_custody::usb::{Bus, Observation, Units};
use office::{Case, HOME, Opened, handover, of, registration, submit};

/// A drive that nobody has registered yet.
fn fresh() -> Observation {
    let mut seen = recorded("tour.json");
    seen.serial = Reading::Read(Units("7F2A90C4D1B8E6350A17".encode_utf16().collect()));
    seen
}

/// One drive with this on its disk.
fn drive(bytes: &[u8]) -> Tree {
    let tree = Tree::new();
    tree.plug(&fresh());
    tree.disk("sda", bytes);
    tree
}

fn examined(tree: &Tree) -> Examined {
    examine(&tree.bus_with_disks(), &tree.list()[0])
}

fn read(tree: &Tree) -> Content {
    content(&tree.list()[0], &examined(tree)).expect("known")
}

/// LUKS2 with a UUID of its own, and the same header written once more.
fn luks_and_later() -> (Vec<u8>, Vec<u8>) {
    let first = luks("luks2", 16 * MIB, &[]);
    let later = with_file(&first, |path| {
        let name = path.to_str().expect("a path");
        assert!(ask("cryptsetup", &["config", "--label", "later", name], "").status.success());
        std::fs::read(path).expect("an image")
    });
    assert_ne!(first, later);
    (first, later)
}

/// A case in which USB-0500 is registered as this drive.
fn registered(case: &Case, tree: &Tree, stated: Option<&str>) -> Drafted {
    let mut ledger = case.ledger();
    let mut wish = registration("USB-0500", None);
    wish.encryption = stated.map(of);
    let drafted = register(&ledger, &tree.bus_with_disks(), wish).expect("drafted");
    submit(&mut ledger, drafted.draft.clone(), &case.keys());
    drafted
}

fn encryption(case: &Case) -> String {
    case.ledger().state().media[&of::<MediumId>("USB-0500")].encryption.to_string()
}

/// A check of the home by sasaki, with the label of every other drive; its alarms and
/// how the drive was seen.
fn checked(case: &Case, tree: &Tree) -> (Vec<String>, SightingGrade) {
    let mut ledger = case.ledger();
    let round = check::look(
        ledger.state(),
        Some(&tree.bus_with_disks()),
        (&of(HOME), None),
        ByHand::default(),
    )
    .expect("look");
    let draft = check::close(&ledger, &round, None, (of("sasaki"), None)).expect("closed");
    submit(&mut ledger, draft, &case.keys());
    let alarms = round.outcome.alarms.iter().map(|line| line.alarm.to_string()).collect();
    let id: MediumId = of("USB-0500");
    let seen = round.outcome.found.iter().find(|line| line.id == id).expect("it is there");
    (alarms, seen.grade)
}

fn looked(ledger: &Opened, tree: &Tree) -> Looked {
    look(ledger, &tree.bus_with_disks(), &[of("USB-0500")]).expect("looked")
}

fn names(looked: &Looked) -> Vec<String> {
    looked.alarms.iter().map(|line| line.alarm.to_string()).collect()
}

#[test]
fn a_recording_is_never_opened() {
    let seen = fresh();
    let tree = drive(&[0; 4096]);
    let devices = tree.list();
    let block = devices[0].blocks[0].name.clone();
    let recording =
        Recording::new("a test", vec![Frame { label: "now".to_owned(), devices: vec![seen] }]);
    let recorded = RecordedBus::frame(&recording.expect("sound"), None).expect("a bus");
    // A copy of sysfs is another machine's too, unless it is said where its disks are.
    let buses: [&dyn Bus; 3] = [&recorded, &tree.bus(), &media_custody::usb::libusb::Libusb];
    for bus in buses {
        assert_eq!(bus.node(&devices[0], &block), None, "{}", bus.name());
        assert_eq!(examine(bus, &devices[0]), Examined::Unread(Unread::NotHere), "{}", bus.name());
    }
    assert!(matches!(examined(&tree), Examined::Read(_)));
    // The system's own bus opens nothing that is not the USB device it listed.
    let own = media_custody::usb::sysfs::Sysfs::default();
    assert_eq!(own.node(&devices[0], &of("nosuchdisk")), None);
}

#[test]
fn a_disk_that_cannot_be_opened_is_not_read() {
    let tree = Tree::new();
    tree.plug(&fresh());
    assert_eq!(examined(&tree), Examined::Unread(Unread::NotOpened));
    assert_eq!(content(&tree.list()[0], &examined(&tree)), None);
    let case = Case::new();
    let drafted = registered(&case, &tree, Some("luks2"));
    assert!(!drafted.contradicted);
    assert_eq!(encryption(&case), "USB-0500 luks2 - stated");
    let other = Case::new();
    registered(&other, &tree, None);
    assert_eq!(encryption(&other), "USB-0500 - - not-examined");
}

#[test]
fn what_was_read_outranks_what_was_stated() {
    if !have(&["cryptsetup", "mkfs.vfat"]) {
        return;
    }
    let plain = fat(4 * MIB);
    let sealed = luks("luks2", 16 * MIB, &[]);
    let noise = random(4 * MIB);
    for (bytes, stated, expected, contradicted) in [
        (&plain, Some("luks2"), "USB-0500 - - none", true),
        (&plain, None, "USB-0500 - - none", false),
        (&sealed, Some("luks2"), "USB-0500 luks2 aes-xts-plain64 verified", false),
        (&sealed, Some("bitlocker"), "USB-0500 luks2 aes-xts-plain64 verified", true),
        (&noise, None, "USB-0500 - - opaque", false),
        // A person may name what looks random, and it stays unproven.
        (&noise, Some("veracrypt"), "USB-0500 veracrypt - opaque", false),
    ] {
        let (case, tree) = (Case::new(), drive(bytes));
        let drafted = registered(&case, &tree, stated);
        assert_eq!(encryption(&case), expected, "stated {stated:?}");
        assert_eq!(drafted.contradicted, contradicted, "{expected}, stated {stated:?}");
    }
}

#[test]
fn a_registration_keeps_marks_and_sequence() {
    if !have(&["cryptsetup", "sgdisk"]) {
        return;
    }
    let volume = luks("luks2", 16 * MIB, &[]);
    let mut disk = gpt(32 * MIB, &[(1, 16)]);
    images::put(&mut disk, MIB, &volume);
    let (case, tree) = (Case::new(), drive(&disk));
    let drafted = registered(&case, &tree, None);
    let Statement::Register(said) = drafted.draft.statement() else { panic!("a registration") };
    let kinds: Vec<&str> =
        said.mark.iter().map(|mark| mark.as_str().split(' ').next().expect("a kind")).collect();
    assert_eq!(kinds, ["gpt", "luks"]);
    assert_eq!(said.sequence.len(), 1);
    assert!(said.mark[1].as_str().ends_with(said.sequence[0].volume.as_str()));
    let state = case.ledger();
    let medium = &state.state().media[&of::<MediumId>("USB-0500")];
    assert_eq!(medium.sequences[&said.sequence[0].volume], said.sequence[0].number);
}

#[test]
fn a_family_is_claimed_in_the_state_seen() {
    if !have(&["mkfs.vfat", "cryptsetup"]) {
        return;
    }
    let open = |label: &str, disk: Option<&[u8]>| {
        let tree = Tree::new();
        tree.plug(&recorded_at("vault-stick.json", Some(label)));
        tree.disk("sr0", &[0; 4096]);
        if let Some(bytes) = disk {
            tree.disk("sda", bytes);
        }
        tree
    };
    let family = "kingston-datatraveler-vault-privacy";
    for (label, disk, state) in [
        ("unlocked", Some(fat(4 * MIB)), "unlocked"),
        // Not readable here, and the claim is the same.
        ("unlocked", None, "unlocked"),
        ("locked-optical-only", None, "locked"),
        ("locked-empty-disk", None, "locked"),
        ("no-unit", None, "invisible"),
    ] {
        let tree = open(label, disk.as_deref());
        let found = read(&tree);
        assert_eq!(found.grade, EncryptionGrade::Claimed, "{label}");
        assert_eq!(found.scheme, Some(of(family)), "{label}");
        assert_eq!(found.cipher, Some(of(state)), "{label}");
        let open = state == "unlocked" && disk.is_some();
        assert_eq!((found.read, found.marks.is_some()), (open, open), "{label}");
    }
    // Beside a disc that anyone can read, LUKS is not all there is of the drive.
    let sealed = luks("luks2", 16 * MIB, &[]);
    assert_eq!(read(&open("unlocked", Some(&sealed))).grade, EncryptionGrade::Claimed);
    // What was read of the whole drive outranks the family.
    let mut seen = recorded_at("vault-stick.json", Some("unlocked"));
    let Reading::Read(units) = &mut seen.luns else { panic!("units") };
    units.retain(|unit| unit.kind == Some(0));
    let tree = Tree::new();
    tree.plug(&seen);
    tree.disk("sda", &sealed);
    let found = read(&tree);
    assert_eq!((found.grade, found.scheme), (EncryptionGrade::Verified, Some(of("luks2"))));
    let words = scanned(&open("unlocked", Some(&fat(4 * MIB))));
    assert_eq!(words, format!("{family} seen unlocked, claimed by the model"));
}

fn scanned(tree: &Tree) -> String {
    let (report, _) =
        scan::look(&tree.bus_with_disks(), "a test".to_owned(), None, true).expect("a scan");
    report.devices[0].read.clone().expect("asked for").words
}

#[test]
fn a_scan_reads_when_it_is_asked_to() {
    let case = Case::new();
    let tree = drive(&[0; 1 << 20]);
    let bus = tree.bus_with_disks();
    let (report, _) =
        scan::look(&bus, "a test".to_owned(), Some(&case.ledger()), false).expect("a scan");
    assert_eq!(report.devices[0].read, None);
    assert_eq!(scanned(&tree), "NOT ENCRYPTED");
    let empty = Tree::new();
    empty.plug(&fresh());
    assert_eq!(scanned(&empty), "not read (its disk could not be opened)");
    // On the command line a recording says that it is one.
    let said = case.json(0, "scan --probe");
    assert_eq!(said["devices"][0]["read"]["unread"], "not-here", "{said}");
    assert_eq!(case.json(0, "scan")["devices"][0]["read"], serde_json::Value::Null);
    let text = case.ok("scan --probe");
    assert!(text.contains("not read (not attached to this computer)"), "{text}");
}

#[test]
fn the_same_drive_is_seen_with_its_content() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let (first, later) = luks_and_later();
    let (case, tree) = (Case::new(), drive(&first));
    registered(&case, &tree, None);
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Device));
    let before = highest(&case);
    tree.disk("sda", &later);
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Device));
    assert!(highest(&case) > before);
    // A check that finds nothing new carries nothing.
    let again = {
        let ledger = case.ledger();
        check::look(
            ledger.state(),
            Some(&tree.bus_with_disks()),
            (&of(HOME), None),
            ByHand::default(),
        )
        .expect("a round")
    };
    assert_eq!(again.outcome.news, News::default());
    // An older copy of the header came back.
    tree.disk("sda", &first);
    let (alarms, grade) = checked(&case, &tree);
    assert_eq!(
        (alarms.as_slice(), grade),
        (&["sequence-backwards".to_owned()][..], SightingGrade::Profile)
    );
    assert!(highest(&case) > before, "an older one lowers nothing");
    let history = case.ok("show USB-0500");
    assert!(history.contains("(sequence-backwards)"), "{history}");
}

fn highest(case: &Case) -> u64 {
    let ledger = case.ledger();
    let medium = &ledger.state().media[&of::<MediumId>("USB-0500")];
    *medium.sequences.values().max().expect("a sequence")
}

#[test]
fn another_volume_is_a_changed_mark_and_no_older_header() {
    if !have(&["cryptsetup", "mkfs.vfat"]) {
        return;
    }
    let (first, later) = luks_and_later();
    let (case, tree) = (Case::new(), drive(&later));
    registered(&case, &tree, None);
    // Formatted anew: its sequence starts again, under another UUID.
    tree.disk("sda", &luks("luks2", 16 * MIB, &[]));
    assert_eq!(checked(&case, &tree).0, ["mark-drift"]);
    tree.disk("sda", &fat(4 * MIB));
    assert_eq!(checked(&case, &tree).0, ["encryption-weaker", "mark-drift"]);
    // A check records what was read and does not get used to it.
    assert_eq!(checked(&case, &tree).0, ["encryption-weaker", "mark-drift"]);
    assert_eq!(encryption(&case), "USB-0500 luks2 aes-xts-plain64 verified");
    // Emptied: no mark is left, which is a change as well.
    tree.disk("sda", &vec![0; MIB]);
    assert_eq!(checked(&case, &tree).0, ["encryption-weaker", "mark-drift"]);
    // Not readable this time, which proves nothing.
    std::fs::remove_file(tree.top.path().join("dev/sda")).expect("removed");
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Profile));
    tree.disk("sda", &first);
    assert_eq!(checked(&case, &tree).0, ["sequence-backwards"]);
}

#[test]
fn a_check_is_the_first_reading_of_a_drive_that_was_not_read() {
    if !have(&["cryptsetup"]) {
        return;
    }
    let (first, later) = luks_and_later();
    let case = Case::new();
    let tree = Tree::new();
    tree.plug(&fresh());
    registered(&case, &tree, Some("luks2"));
    tree.disk("sda", &later);
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Profile));
    assert_eq!(encryption(&case), "USB-0500 luks2 aes-xts-plain64 verified");
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Device));
    tree.disk("sda", &first);
    assert_eq!(checked(&case, &tree).0, ["sequence-backwards"]);
}

#[test]
fn two_people_accept_what_they_saw() {
    if !have(&["cryptsetup", "mkfs.vfat"]) {
        return;
    }
    let (first, later) = luks_and_later();
    let (case, tree) = (Case::new(), drive(&later));
    registered(&case, &tree, None);
    tree.disk("sda", &first);
    let mut ledger = case.ledger();
    assert_eq!(names(&looked(&ledger, &tree)), ["sequence-backwards"]);
    assert_eq!(refused(&ledger, &tree), ["override-needed"]);
    let_pass(&case, &mut ledger, &tree);
    assert_eq!(names(&looked(&ledger, &tree)), Vec::<String>::new(), "accepted for good");
    // And another volume.
    let other = luks("luks2", 16 * MIB, &[]);
    tree.disk("sda", &other);
    assert_eq!(names(&looked(&ledger, &tree)), ["mark-drift"]);
    let_pass(&case, &mut ledger, &tree);
    assert_eq!(names(&looked(&ledger, &tree)), Vec::<String>::new());
    tree.disk("sda", &fat(4 * MIB));
    assert_eq!(names(&looked(&ledger, &tree)), ["encryption-weaker", "mark-drift"]);
    let_pass(&case, &mut ledger, &tree);
    // The receipt says what was read, and later looks are compared with that.
    let mut wish = handover("USB-0500", "yamada", "sato");
    let seen = looked(&ledger, &tree);
    (wish.alarms, wish.news) = (seen.alarms, seen.news);
    let draft = hand_over(&ledger, wish).expect("decided");
    let Statement::Handover(said) = draft.statement() else { panic!("a handover") };
    assert_eq!(said.encryption[0].to_string(), "USB-0500 - - none");
    submit(&mut ledger, draft, &case.keys());
    assert_eq!(names(&looked(&ledger, &tree)), Vec::<String>::new());
    drop(ledger);
    case.ok("verify");
}

fn refused(ledger: &Opened, tree: &Tree) -> Vec<&'static str> {
    let mut wish = handover("USB-0500", "yamada", "sato");
    let seen = looked(ledger, tree);
    (wish.alarms, wish.news) = (seen.alarms, seen.news);
    match hand_over(ledger, wish) {
        Err(OpsError::Refused(refusals)) => refusals.0.iter().map(|no| no.name()).collect(),
        other => panic!("{other:?}"),
    }
}

fn let_pass(case: &Case, ledger: &mut Opened, tree: &Tree) {
    let seen = looked(ledger, tree);
    let (id, content) = &seen.contents[0];
    let lift = Lift {
        medium: id.clone(),
        alarms: seen.alarms.iter().map(|line| line.alarm.clone()).collect(),
        marks: content.mark_lines(id),
        sequences: content.sequence_lines(id),
        reason: of("looked into"),
        by: of("yamada"),
        second: of("sasaki"),
    };
    let draft = override_alarms(ledger, lift).expect("decided");
    submit(ledger, draft, &case.keys());
}

#[test]
fn a_look_alike_without_the_marks_raises_them() {
    if !have(&["mkfs.vfat"]) {
        return;
    }
    let own = fat(4 * MIB);
    let (case, tree) = (Case::new(), Tree::new());
    let mut seen = recorded("no-serial.json");
    seen.position = of("1-1");
    tree.plug(&seen);
    let disk = tree.list()[0].blocks[0].name.to_string();
    tree.disk(&disk, &own);
    let mut ledger = case.ledger();
    let mut wish = registration("WEAK-1", None);
    (wish.weak, wish.encryption) = (true, None);
    let drafted = register(&ledger, &tree.bus_with_disks(), wish).expect("drafted");
    submit(&mut ledger, drafted.draft, &case.keys());
    let looked =
        |ledger: &Opened| look(ledger, &tree.bus_with_disks(), &[of("WEAK-1")]).expect("looked");
    // Its marks tell it from every other of its make.
    assert_eq!(looked(&ledger).compared, [of::<MediumId>("WEAK-1")]);
    let medium = &ledger.state().media[&of::<MediumId>("WEAK-1")];
    let label = media_custody::wire::Label::new("WEAK-1", &medium.registered.leaf);
    let label = label.expect("a label").to_string();
    let round = |labels: &[String]| {
        check::look(
            ledger.state(),
            Some(&tree.bus_with_disks()),
            (&of(HOME), None),
            ByHand { labels, eyes: &[] },
        )
        .expect("a round")
    };
    assert_eq!(round(std::slice::from_ref(&label)).outcome.alarms, []);
    assert_eq!(round(&[]).outcome.unknown.len(), 1, "never by its look and content alone");
    let other = with_another_serial(&own);
    tree.disk(&disk, &other);
    assert_eq!(looked(&ledger).unseen, [of::<MediumId>("WEAK-1")]);
    let alarms = round(&[label]).outcome.alarms;
    assert_eq!(alarms.iter().map(|a| a.alarm.as_str()).collect::<Vec<_>>(), ["mark-drift"]);
}

/// The same file system under another serial number.
fn with_another_serial(image: &[u8]) -> Vec<u8> {
    let mut other = image.to_vec();
    other[39] ^= 0x55;
    other
}

/// What the ledger knows, what a look found and whether it read the disk, and what the
/// ledger says then.
#[test]
fn what_is_known_follows_the_best_look() {
    let line = |text: &str| -> EncryptionLine { of(&format!("USB-1 {text}")) };
    for (known, read, found, expected) in [
        ("- - not-examined", true, "luks2 aes verified", "luks2 aes verified"),
        ("luks2 - stated", true, "- - none", "- - none"),
        ("luks2 - stated", true, "- - unreadable", "- - unreadable"),
        ("veracrypt - stated", true, "- - opaque", "veracrypt - opaque"),
        ("veracrypt - opaque", true, "- - opaque", "veracrypt - opaque"),
        ("luks2 aes verified", true, "- - opaque", "- - opaque"),
        // A family's claim says less than a person only where nobody has read.
        ("luks2 - stated", false, "vault locked claimed", "vault locked claimed"),
        ("- - not-examined", false, "vault locked claimed", "vault locked claimed"),
        ("vault locked claimed", false, "vault unlocked claimed", "vault unlocked claimed"),
        ("luks2 aes verified", false, "vault unlocked claimed", "luks2 aes verified"),
        ("- - none", false, "vault unlocked claimed", "- - none"),
    ] {
        let found = line(found);
        let content = Content {
            read,
            grade: found.grade,
            scheme: found.scheme,
            cipher: found.cipher,
            ..Content::default()
        };
        assert_eq!(content.encryption(&line(known)), line(expected), "{known}, read {read}");
    }
}

#[test]
fn weaker_is_what_anyone_could_read_more_of() {
    use EncryptionGrade::{
        Claimed, None, NotExamined, Opaque, Partial, Stated, Unreadable, Verified,
    };
    for (known, now) in [
        (Verified, Claimed),
        (Verified, Opaque),
        (Verified, Partial),
        (Verified, None),
        (Verified, Unreadable),
        (Claimed, None),
        (Stated, None),
        (Stated, Partial),
        (Opaque, None),
        (Opaque, Unreadable),
        (Partial, None),
        (Partial, Unreadable),
    ] {
        assert!(weaker(known, now), "{known}, then {now}");
        assert!(!weaker(now, known) || now == Unreadable, "{now}, then {known}");
    }
    for (known, now) in [
        (Verified, Verified),
        (Stated, Opaque),
        (Stated, Unreadable),
        (Claimed, Unreadable),
        (NotExamined, None),
        (None, None),
        (None, Unreadable),
        (Verified, NotExamined),
    ] {
        assert!(!weaker(known, now), "{known}, then {now}");
    }
}

#[test]
fn an_erasure_says_what_was_read_afterwards() {
    if !have(&["cryptsetup", "mkfs.vfat"]) {
        return;
    }
    let (first, later) = luks_and_later();
    let (case, tree) = (Case::new(), drive(&later));
    registered(&case, &tree, None);
    // The drive erased was another one: this has its header still.
    assert_eq!(
        erased(&case, &tree),
        (Some("verified".to_owned()), vec!["mark-remains".to_owned()])
    );
    // An older copy of the header is no erasure either.
    tree.disk("sda", &first);
    let (read, alarms) = erased(&case, &tree);
    assert_eq!(
        (read.as_deref(), alarms.as_slice()),
        (Some("verified"), &["mark-remains".to_owned()][..])
    );
    // Wiped: what is gone is what was to go, and no alarm.
    tree.disk("sda", &vec![0; MIB]);
    assert_eq!(erased(&case, &tree), (Some("none".to_owned()), Vec::new()));
    assert_eq!(encryption(&case), "USB-0500 - - none");
    assert_eq!(checked(&case, &tree).0, Vec::<String>::new(), "it is known so from now on");
    // Formatted anew, it is what later sightings are compared with.
    tree.disk("sda", &luks("luks2", 16 * MIB, &[]));
    assert_eq!(erased(&case, &tree), (Some("verified".to_owned()), Vec::new()));
    assert_eq!(checked(&case, &tree), (Vec::new(), SightingGrade::Device));
    tree.disk("sda", &fat(4 * MIB));
    assert_eq!(checked(&case, &tree).0, ["encryption-weaker", "mark-drift"]);
    // Nobody could read it: nothing is said, and nothing is known.
    std::fs::remove_file(tree.top.path().join("dev/sda")).expect("removed");
    assert_eq!(erased(&case, &tree), (None, Vec::new()));
    tree.disk("sda", &fat(4 * MIB));
    assert_eq!(checked(&case, &tree).0, Vec::<String>::new());
}

/// Certifies an erasure of the drive as it is now: the grade that was read, the alarms.
fn erased(case: &Case, tree: &Tree) -> (Option<String>, Vec<String>) {
    let mut ledger = case.ledger();
    let wish = Erasure {
        medium: of("USB-0500"),
        media_type: of("flash memory"),
        method: of("purge"),
        technique: of("crypto erase"),
        tool: of("cryptsetup"),
        verification: of("full read"),
        destination: None,
        place: None,
        content: None,
        alarm: Vec::new(),
        detail: None,
        by: of("yamada"),
        verifier: of("audit"),
    };
    let looked = looked(&ledger, tree);
    let draft = erase(&ledger, wish, Some(&looked)).expect("drafted");
    let Statement::Erase(said) = submit(&mut ledger, draft, &case.keys()).statement else {
        panic!("an erasure")
    };
    let alarms = said.alarm.iter().map(|line| line.alarm.to_string()).collect();
    (said.encryption.map(|line| line.grade.to_string()), alarms)
}
