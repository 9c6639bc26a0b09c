//! Token files: written beside the one that is known, compared at every look, refused
//! where they would bless a copy. The drive is a folder laid out like sysfs, and a
//! folder stands for its mounted volume.

#[path = "attached/mod.rs"]
mod attached;
mod office;

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use attached::{Tree, recorded};
use media_custody::ledger::intent::Lift;
use media_custody::model::hardware::Reading;
use media_custody::model::vocabulary::SightingGrade;
use media_custody::model::{Hash, MediumId, PartyId, Statement};
use media_custody::ops::alarms::look;
use media_custody::ops::check::{self, ByHand};
use media_custody::ops::error::TokenRefusal;
use media_custody::ops::override_alarms::override_alarms;
use media_custody::ops::register::register;
use media_custody::ops::token::{self, TokenWish, Written};
use media_custody::ops::token_rotation::{Left, Rotation, rotate};
use media_custody::ops::{OpsError, StoreError, scan};
use media_custody::usb::{Bus, Units};
use office::{Case, HOME, of, registration, submit};

/// A registered drive with a mounted volume.
struct Stick {
    case: Case,
    tree: Tree,
}

impl Stick {
    fn new() -> Self {
        let tree = Tree::new();
        let mut seen = recorded("tour.json");
        seen.serial = Reading::Read(Units("7F2A90C4D1B8E6350A17".encode_utf16().collect()));
        tree.plug(&seen);
        tree.disk("sda", &[0; 4096]);
        let stick = Stick { case: Case::new(), tree };
        fs::create_dir_all(stick.volume()).expect("a volume");
        let mut ledger = stick.case.ledger();
        let drafted = register(&ledger, &stick.bus(), registration("USB-0500", None));
        submit(&mut ledger, drafted.expect("drafted").draft, &stick.case.keys());
        drop(ledger);
        stick
    }

    fn bus(&self) -> impl Bus {
        self.tree.bus_with_disks()
    }

    fn volume(&self) -> PathBuf {
        self.tree.top.path().join("dev/mounted/sda")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.volume().join(name)
    }

    fn wish(&self) -> TokenWish {
        TokenWish { medium: of("USB-0500"), volume: self.volume(), by: of("yamada") }
    }

    fn attempt(&self, wish: &TokenWish) -> Result<Written, OpsError> {
        token::write(&self.case.ledger(), &self.bus(), wish)
    }

    fn refusal(&self, wish: &TokenWish) -> TokenRefusal {
        match self.attempt(wish) {
            Err(OpsError::Token(refusal)) => refusal,
            other => panic!("{other:?}"),
        }
    }

    /// Writes a token and its entry; whether the file gets its name is the caller's.
    fn entered(&self) -> Written {
        let mut ledger = self.case.ledger();
        let written = token::write(&ledger, &self.bus(), &self.wish()).expect("written");
        submit(&mut ledger, written.draft.clone(), &self.case.keys());
        written
    }

    fn write(&self) -> Vec<u8> {
        self.entered().settle().expect("settled");
        fs::read(self.file(token::NAME)).expect("a token")
    }

    fn kept(&self) -> Option<Hash> {
        self.case.ledger().state().media[&of::<MediumId>("USB-0500")].token
    }

    /// What a handover, a check and a scan that reads raise about the token.
    fn alarms(&self) -> Vec<String> {
        let ledger = self.case.ledger();
        let about = |names: Vec<String>| -> Vec<String> {
            names.into_iter().filter(|name| name.contains("token")).collect()
        };
        let looked = look(&ledger, &self.bus(), &[of("USB-0500")]).expect("looked");
        let at_handover = about(looked.alarms.iter().map(|a| a.alarm.to_string()).collect());
        let round =
            check::look(ledger.state(), Some(&self.bus()), (&of(HOME), None), ByHand::default())
                .expect("a round");
        let at_check = about(round.outcome.alarms.iter().map(|a| a.alarm.to_string()).collect());
        assert_eq!(at_handover, at_check);
        let name = || "a test".to_owned();
        let (read, _) = scan::look(&self.bus(), name(), Some(&ledger), true).expect("a scan");
        let shown = about(read.devices[0].alarms.clone());
        assert_eq!(shown.len(), at_check.len(), "{shown:?}");
        assert!(at_check.iter().zip(&shown).all(|(alarm, words)| words.contains(alarm.as_str())));
        // A scan that was not asked to read reads nothing, a token neither.
        let (bare, _) = scan::look(&self.bus(), name(), Some(&ledger), false).expect("a scan");
        assert_eq!(about(bare.devices[0].alarms.clone()), [""; 0]);
        at_check
    }
}

#[test]
fn a_token_is_one_sector_and_its_hash_is_in_the_ledger() {
    let stick = Stick::new();
    assert_eq!(stick.kept(), None);
    assert_eq!(stick.alarms(), [""; 0]);
    let bytes = stick.write();
    assert_eq!(bytes.len(), 512);
    assert!(bytes.starts_with(b"custody/token/v1\n"));
    assert_eq!(stick.kept(), Some(Hash::of(&[&bytes])));
    assert_eq!(stick.alarms(), [""; 0]);
    // Nothing else was written there.
    let there = fs::read_dir(stick.volume()).expect("a folder");
    let names: Vec<_> = there.map(|entry| entry.expect("an entry").file_name()).collect();
    assert_eq!(names, [token::NAME]);
    // And not twice the same.
    assert_ne!(stick.write(), bytes);
    assert_eq!(stick.alarms(), [""; 0]);
}

#[test]
fn a_copy_shows_an_older_token() {
    let stick = Stick::new();
    let copied = stick.write();
    let newest = stick.write();
    fs::write(stick.file(token::NAME), &copied).expect("the copy's file");
    assert_eq!(stick.alarms(), ["token-stale"]);
    fs::remove_file(stick.file(token::NAME)).expect("removed");
    assert_eq!(stick.alarms(), ["token-missing"]);
    // Anything but a sector is no token.
    fs::write(stick.file(token::NAME), &newest[..511]).expect("written");
    assert_eq!(stick.alarms(), ["token-missing"]);
    fs::write(stick.file(token::NAME), &newest).expect("the drive's own");
    assert_eq!(stick.alarms(), [""; 0]);
    // A link leads somewhere else.
    let elsewhere = stick.tree.top.path().join("elsewhere");
    fs::rename(stick.file(token::NAME), &elsewhere).expect("moved");
    symlink(&elsewhere, stick.file(token::NAME)).expect("a link");
    assert_eq!(stick.alarms(), ["token-missing"]);
    // What is not mounted says nothing.
    fs::remove_dir_all(stick.volume()).expect("unmounted");
    assert_eq!(stick.alarms(), [""; 0]);
}

#[test]
fn a_power_cut_at_any_moment_leaves_a_token_that_is_known() {
    let stick = Stick::new();
    let first = stick.write();
    // The file is written and its entry is not.
    drop(stick.attempt(&stick.wish()).expect("written"));
    assert!(stick.file(token::FRESH).exists());
    assert_eq!(stick.kept(), Some(Hash::of(&[&first])));
    assert_eq!(stick.alarms(), [""; 0]);
    // The entry is appended and the file has not got its name.
    drop(stick.entered());
    assert_eq!(fs::read(stick.file(token::NAME)).expect("a token"), first);
    assert_ne!(stick.kept(), Some(Hash::of(&[&first])));
    assert_eq!(stick.alarms(), [""; 0]);
    // The next attempt does not take the name of the one file the ledger knows, and
    // when nobody signs it is taken away again.
    stick.attempt(&stick.wish()).expect("written").give_up(&surely_not());
    assert_eq!(stick.alarms(), [""; 0]);
    stick.write();
    assert!(!stick.file(token::FRESH).exists());
    assert_eq!(stick.alarms(), [""; 0]);
}

#[test]
fn only_on_a_mounted_writable_volume_of_that_drive() {
    let stick = Stick::new();
    let other = stick.tree.top.path().join("dev");
    let wish = TokenWish { volume: other, ..stick.wish() };
    assert!(matches!(stick.refusal(&wish), TokenRefusal::NotMounted { .. }));
    let inner = stick.file("inner");
    fs::create_dir(&inner).expect("a folder");
    let wish = TokenWish { volume: inner.clone(), ..stick.wish() };
    assert!(matches!(stick.refusal(&wish), TokenRefusal::NotMounted { .. }));
    fs::remove_dir(inner).expect("removed");

    fs::set_permissions(stick.volume(), fs::Permissions::from_mode(0o555)).expect("read-only");
    assert!(matches!(stick.refusal(&stick.wish()), TokenRefusal::ReadOnly(_)));
    fs::set_permissions(stick.volume(), fs::Permissions::from_mode(0o755)).expect("writable");

    // USB-0421 is registered and not plugged in; USB-0999 is nobody's.
    let wish = TokenWish { medium: of("USB-0421"), ..stick.wish() };
    assert_eq!(stick.refusal(&wish), TokenRefusal::NotAttached(of("USB-0421")));
    let wish = TokenWish { medium: of("USB-0999"), ..stick.wish() };
    assert!(matches!(stick.attempt(&wish), Err(OpsError::Refused(_))));
    // A recording, or a copy of another machine's sysfs, has no volumes.
    let copied = token::write(&stick.case.ledger(), &stick.tree.bus(), &stick.wish());
    assert!(matches!(copied, Err(OpsError::Token(TokenRefusal::NotMounted { .. }))));
    assert_eq!(fs::read_dir(stick.volume()).expect("a folder").count(), 0, "nothing was written");
}

#[test]
fn a_link_in_the_way_is_not_written_through() {
    let stick = Stick::new();
    let outside = stick.tree.top.path().join("outside");
    fs::write(&outside, b"not ours").expect("written");
    symlink(&outside, stick.file(token::FRESH)).expect("a link");
    symlink(&outside, stick.file(token::NAME)).expect("a link");
    stick.write();
    assert_eq!(fs::read(outside).expect("it is there"), b"not ours");
    assert_eq!(stick.alarms(), [""; 0]);
}

#[test]
fn a_doubtful_drive_gets_no_token_before_two_people_looked() {
    let stick = Stick::new();
    let copied = stick.write();
    stick.write();
    fs::write(stick.file(token::NAME), &copied).expect("the copy's file");
    let doubtful = TokenRefusal::Doubtful { medium: of("USB-0500"), alarm: "token-stale" };
    assert_eq!(stick.refusal(&stick.wish()), doubtful);
    let mut ledger = stick.case.ledger();
    let lift = Lift {
        medium: of("USB-0500"),
        alarms: vec![of("token-stale")],
        marks: Vec::new(),
        sequences: Vec::new(),
        reason: of("控えから復元した"),
        by: of("yamada"),
        second: of("sasaki"),
    };
    let draft = override_alarms(&ledger, lift).expect("an override");
    submit(&mut ledger, draft, &stick.case.keys());
    drop(ledger);
    stick.write();
    assert_eq!(stick.alarms(), [""; 0]);
    // The override was good for that token only.
    fs::write(stick.file(token::NAME), &copied).expect("the copy's file again");
    assert_eq!(stick.refusal(&stick.wish()), doubtful);
}

#[test]
fn a_holders_own_token_is_a_sighting_on_their_word() {
    let stick = Stick::new();
    let grade = |by: PartyId| {
        let written = stick.attempt(&TokenWish { by, ..stick.wish() }).expect("written");
        let Statement::Sighting(said) = written.draft.statement() else { panic!("a sighting") };
        said.grade
    };
    assert_eq!(grade(of("yamada")), SightingGrade::Attested);
    assert_eq!(grade(of("kato")), SightingGrade::Profile);
    // What tells a drive from its copies is not anybody's to replace.
    let staff = stick.attempt(&TokenWish { by: of("sasaki"), ..stick.wish() });
    assert!(matches!(staff, Err(OpsError::Refused(_))), "{staff:?}");
}

impl Stick {
    fn fresh(&self) -> bool {
        self.file(token::FRESH).exists()
    }

    fn rotated(&self, signers: &[&str]) -> Rotation {
        let signers: Vec<PartyId> = signers.iter().map(|id| of(id)).collect();
        let signers: Vec<&PartyId> = signers.iter().collect();
        let ledger = self.case.ledger();
        rotate(&ledger, &self.bus(), &[of("USB-0500")], &signers).expect("looked")
    }

    /// A round that renews, as `custody check` makes it; whether it is recorded is the
    /// caller's.
    fn round(&self, by: &str, recorded: bool) -> Rotation {
        let mut ledger = self.case.ledger();
        let mut round =
            check::look(ledger.state(), Some(&self.bus()), (&of(HOME), None), ByHand::default())
                .expect("a round");
        let by: PartyId = of(by);
        let seen = round.outcome.seen();
        let rotation = rotate(&ledger, &self.bus(), &seen, &[&by]).expect("looked");
        check::look_again(ledger.state(), Some(&self.bus()), &round, ByHand::default())
            .expect("as it was");
        round.outcome.news.tokens = rotation.lines();
        let draft = check::close(&ledger, &round, None, (by, None)).expect("closed");
        if recorded {
            submit(&mut ledger, draft, &self.case.keys());
        }
        rotation
    }
}

#[test]
fn a_round_renews_what_is_there() {
    let stick = Stick::new();
    // Nobody asked for a token on this drive yet.
    assert!(stick.round("kato", true).is_empty());
    assert_eq!(fs::read_dir(stick.volume()).expect("a folder").count(), 0);
    let copied = stick.write();
    let renewed = stick.round("kato", true).settle();
    assert_eq!(renewed, [(of("USB-0500"), stick.file(token::NAME))]);
    assert!(!stick.file(token::FRESH).exists());
    let fresh = fs::read(stick.file(token::NAME)).expect("a token");
    assert_ne!(fresh, copied);
    assert_eq!(stick.kept(), Some(Hash::of(&[&fresh])));
    assert_eq!(stick.alarms(), [""; 0]);
    fs::write(stick.file(token::NAME), &copied).expect("the copy's file");
    assert_eq!(stick.alarms(), ["token-stale"]);
    // The copy is not made the original.
    assert!(stick.round("kato", true).is_empty());
    assert_eq!(stick.kept(), Some(Hash::of(&[&fresh])));
    assert_eq!(fs::read(stick.file(token::NAME)).expect("a token"), copied);
}

#[test]
fn a_round_that_nobody_signs_leaves_the_token() {
    let stick = Stick::new();
    let first = stick.write();
    drop(stick.round("kato", false));
    assert!(!stick.file(token::FRESH).exists());
    assert_eq!(fs::read(stick.file(token::NAME)).expect("a token"), first);
    // Cut off between the entry and the name: the ledger knows the other file.
    std::mem::forget(stick.round("kato", true));
    assert!(stick.file(token::FRESH).exists());
    assert_eq!(stick.alarms(), [""; 0]);
    assert_ne!(stick.kept(), Some(Hash::of(&[&first])));
    // Which the next rotation does not overwrite before its own entry is there.
    drop(stick.round("kato", false));
    assert_eq!(stick.alarms(), [""; 0]);
    assert_eq!(stick.round("kato", true).settle().len(), 1);
    assert_eq!(stick.alarms(), [""; 0]);
}

/// An entry that was certainly not appended, and one that may have been.
fn surely_not() -> OpsError {
    OpsError::input("--by", "nobody")
}
fn perhaps() -> OpsError {
    OpsError::from(StoreError::Unknown { source: std::io::Error::other("the disk is gone") })
}

#[test]
fn a_file_whose_entry_may_be_there_stays() {
    let stick = Stick::new();
    stick.write();
    stick.round("kato", false).give_up(&surely_not());
    assert!(!stick.fresh());
    // The entry was appended and nobody was told so.
    stick.round("kato", true).give_up(&perhaps());
    assert!(stick.fresh());
    assert_eq!(stick.alarms(), [""; 0]);
    // It was not.
    stick.round("kato", false).give_up(&perhaps());
    assert_eq!(stick.alarms(), [""; 0]);
    // The same for a token that somebody asks for.
    stick.entered().give_up(&perhaps());
    assert_eq!(stick.alarms(), [""; 0]);
    stick.attempt(&stick.wish()).expect("written").give_up(&surely_not());
    assert!(!stick.fresh());
    assert_eq!(stick.alarms(), [""; 0]);
}

#[test]
fn only_those_who_keep_media_renew_a_token_and_only_where_it_lies() {
    let stick = Stick::new();
    stick.write();
    for signers in [&["sasaki"][..], &["sato"], &["sasaki", "sato"], &[]] {
        let rotation = stick.rotated(signers);
        assert!(rotation.is_empty() && rotation.left().is_empty(), "{signers:?}");
    }
    assert!(!stick.rotated(&["sato", "yamada"]).is_empty());
    fs::set_permissions(stick.volume(), fs::Permissions::from_mode(0o555)).expect("read-only");
    let rotation = stick.rotated(&["yamada"]);
    assert!(rotation.is_empty());
    assert_eq!(rotation.left(), [(of("USB-0500"), Left::ReadOnly)]);
    fs::set_permissions(stick.volume(), fs::Permissions::from_mode(0o755)).expect("writable");
    // A folder in the fresh file's place: nothing can be written there.
    fs::create_dir(stick.file(token::FRESH)).expect("a folder");
    let rotation = stick.rotated(&["yamada"]);
    assert!(rotation.is_empty());
    assert!(matches!(rotation.left(), [(_, Left::Failed(_))]), "{:?}", rotation.left());
    fs::remove_dir(stick.file(token::FRESH)).expect("removed");
    fs::remove_file(stick.file(token::NAME)).expect("removed");
    let rotation = stick.rotated(&["yamada"]);
    assert!(rotation.is_empty() && rotation.left().is_empty());
}

#[test]
fn two_drives_that_show_one_token_get_none() {
    let stick = Stick::new();
    let bytes = stick.write();
    let mut twin = recorded("tour.json");
    twin.serial = Reading::Read(Units("7F2A90C4D1B8E6350A17".encode_utf16().collect()));
    twin.position = of("1-7");
    let Reading::Read(units) = &mut twin.luns else { panic!("no unit") };
    units[0].block.as_mut().expect("a disk").name = of("sdb");
    stick.tree.plug(&twin);
    stick.tree.disk("sdb", &[0; 4096]);
    let volume = stick.tree.top.path().join("dev/mounted/sdb");
    fs::create_dir_all(&volume).expect("a volume");
    fs::write(volume.join(token::NAME), bytes).expect("the copy's token");
    let rotation = stick.rotated(&["yamada"]);
    assert!(rotation.is_empty());
    assert_eq!(rotation.left(), [(of("USB-0500"), Left::Twice)]);
    assert_eq!(fs::read_dir(volume).expect("a folder").count(), 1);
}
