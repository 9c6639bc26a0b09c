//! A cabinet on a disk that fills up between two roll-calls. What it saw meanwhile is
//! recorded as soon as there is room, and nothing of it is lost or said twice.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use media_custody::keyring::load_log_key;
use media_custody::ledger::cabinet::{Moment, Movement};
use media_custody::ledger::checks::Observation;
use media_custody::model::{UnknownLine, VerifierKey};
use media_custody::ops::cabinets;
use media_custody::ops::keeper::Keeper;
use media_custody::ops::keys::Keyring;
use media_custody::ops::ledger::options;
use media_custody::ops::station::{Looked, Station};
use media_custody::ops::{Clock as _, FixedClock, Ledger, OpsError, SystemClock};
use media_custody::store::{FileStore, StoreError};

use crate::cabinet::station;
use crate::office::{self, Case, of};

/// A small file system of its own, gone with the test.
struct Disk(PathBuf);

impl Disk {
    fn at(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).expect("a folder");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=24m", "tmpfs"])
            .arg(folder)
            .status()
            .is_ok_and(|status| status.success());
        mounted.then(|| Disk(folder.to_owned()))
    }

    /// Takes every page that is left, as somebody else's files do.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = File::create(&path).expect("a file");
        while file.write_all(&[1; 4096]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

/// A cabinet over the ledger on that disk, with both clocks in hand.
struct Watched {
    keeper: Arc<Keeper>,
    station: Station,
    clock: Arc<FixedClock>,
    passed: u64,
    drive: Observation,
}

impl Watched {
    fn open(case: &Case) -> Self {
        let mut options = options();
        // Each entry begins a segment, so that it meets the full disk and not what an earlier
        // one has reserved.
        options.segment_bytes = 1;
        let store = FileStore::open(&case.path("disk/ledger"), &options, &mut |_, _| {});
        let clock = Arc::new(FixedClock::at(SystemClock.unix()));
        let mut ledger =
            Ledger::over(Box::new(store.expect("opened")), clock.clone()).expect("folded");
        let named: VerifierKey = of(case.text("disk/ledger/log.vkey").trim());
        let signer = load_log_key(&case.path("disk/ledger/log.pem"), &named);
        ledger.set_log_signer(signer.expect("the log key"));
        let settings = cabinets::settings(&case.path("config.toml")).expect("settings");
        let [settings] = settings.cabinets.try_into().expect("one cabinet");
        let keyring = Keyring::at(&case.path("keys"));
        let station = Station::open(ledger.state(), settings, &keyring).expect("a station");
        let line = &ledger.state().media[&of("USB-0421")].line;
        let device = UnknownLine { vid_pid: line.vid_pid, serial: line.serial.clone() };
        let drive = Observation::Device(device, Box::default());
        let keeper = Keeper::over(ledger, Box::new(|_, _| {}));
        Watched { keeper, station, clock, passed: 0, drive }
    }

    /// Both clocks go on by so many seconds, and the station looks.
    fn look(&mut self, seconds: u64, there: bool) -> Looked {
        self.passed += seconds;
        self.clock.set(self.clock.unix() + i64::try_from(seconds).expect("forward"));
        let now = self.keeper.ledger().now().expect("a clock");
        let at = Moment { now, passed: Duration::from_secs(self.passed) };
        let seen = if there { vec![self.drive.clone()] } else { Vec::new() };
        self.station.look(&self.keeper, &seen, at)
    }

    fn left(&self) -> bool {
        self.keeper.ledger().state().media[&of("USB-0421")].left.is_some()
    }
}

fn is_full(looked: &Looked) -> bool {
    matches!(looked.called, Some(Err(OpsError::Store(StoreError::DiskFull))))
}

#[test]
fn what_a_cabinet_sees_on_a_full_disk_is_recorded_when_there_is_room() {
    let case = Case::new();
    station(&case);
    let Some(disk) = Disk::at(&case.path("disk")) else {
        assert!(std::env::var_os("CUSTODY_REQUIRE_ROOT_TESTS").is_none(), "this needs root");
        eprintln!("skipped: only root may mount a small disk");
        return;
    };
    let copied = Command::new("cp").arg("-r").args([case.path("ledger"), disk.0.clone()]).status();
    assert!(copied.expect("cp").success());
    let quiet = office::quiet();
    let mut watched = Watched::open(&case);
    assert!(matches!(watched.look(0, true).called, Some(Ok(_))), "the first roll-call");
    let before = watched.keeper.ledger().state().size;

    let filler = disk.fill();
    assert!(is_full(&watched.look(3_600, true)), "the hour's roll-call");
    assert!(watched.look(30, true).called.is_none(), "asked for again after a pause only");
    assert!(is_full(&watched.look(31, true)), "and not after another hour");
    let left = watched.look(10, false);
    assert!(matches!(left.movements.as_slice(), [Movement::Left(_)]) && left.called.is_none());
    let late = watched.look(60, false);
    assert!(matches!(late.movements.as_slice(), [Movement::Unexplained(_)]), "{late:?}");
    assert!(is_full(&late), "{late:?}");
    assert!(watched.look(10, false).called.is_none());
    assert!(is_full(&watched.look(60, false)), "still no room");
    // A full disk is no broken one: the owner goes on, and other reads as well.
    assert!(!watched.keeper.has_failed());
    assert_eq!(watched.keeper.ledger().state().size, before);
    assert!(!watched.left());

    fs::remove_file(filler).expect("removed");
    let recorded = watched.look(61, false);
    assert!(matches!(recorded.called, Some(Ok(_))), "{recorded:?}");
    assert!(watched.left(), "that it left without a handover stands in the ledger");
    assert!(watched.look(61, false).called.is_none(), "and is said once");
    drop((watched, quiet));
    case.ok("verify --ledger disk/ledger --log-key ledger/log.vkey");
    assert_eq!(case.json(0, "status --ledger disk/ledger")["entries"], before + 1);
}
