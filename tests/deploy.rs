//! The unit files, read by systemd itself: it knows every line of them, and finds little
//! that the service could still do to the computer.

mod office;

#[path = "paper/tools.rs"]
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

const SERVICES: [&str; 4] =
    ["custody-backup.service", "custody-due.service", "custody-publish.service", "custody.service"];
const TIMERS: [&str; 3] = ["custody-backup.timer", "custody-due.timer", "custody-publish.timer"];

fn unit(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name);
    fs::read_to_string(path).expect("a unit")
}

/// The units in a folder, with the program that was built in place of the installed one.
fn laid_out() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for name in SERVICES {
        let service = unit(name);
        let here = service.replace("/usr/bin/custody", env!("CARGO_BIN_EXE_custody"));
        assert_ne!(service, here, "the unit names the installed program");
        // The user is made when it is set up.
        let here = here.replace("User=custody\nGroup=custody", "User=daemon\nGroup=daemon");
        fs::write(folder.path().join(name), here).expect("written");
    }
    for name in TIMERS {
        fs::write(folder.path().join(name), unit(name)).expect("written");
    }
    folder
}

#[test]
fn systemd_knows_every_line_and_finds_little_to_fear() {
    if !tools::there(&["systemd-analyze"]) {
        return;
    }
    let folder = laid_out();
    let analyse = |args: &[&str], unit: &str| {
        let done =
            Command::new("systemd-analyze").args(args).arg(folder.path().join(unit)).output();
        let done = done.expect("it runs");
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    for unit in [&SERVICES[..], &TIMERS[..]].concat() {
        let (sound, said) = analyse(&["verify", "--man=no"], unit);
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("custody")).collect();
        assert!(sound && ours.is_empty(), "{unit}: {said}");
    }
    // Of 10: what is left is that it may use the network and run as a user of its own.
    let threshold = ["security", "--offline=true", "--threshold=20"];
    for unit in SERVICES {
        let (sound, said) = analyse(&threshold, unit);
        assert!(sound, "{unit}: {said}");
    }
}

/// What the units run, as it stands in them, in a case: the second day's backup, and that
/// their folders are those that the units may write.
#[test]
fn what_the_units_run_is_understood() {
    let case = office::Case::new();
    for (name, folder) in [("custody-backup", "backups"), ("custody-publish", "published")] {
        let service = unit(&format!("{name}.service"));
        let begins = |line: &&str| line.starts_with("ExecStart=");
        let line = service.lines().find(begins).expect("a command");
        let line = line.strip_prefix("ExecStart=/usr/bin/custody ").expect("the program");
        let state = format!("/var/lib/custody/{folder}");
        assert!(line.contains(&state), "{name}");
        assert!(service.contains(&format!("StateDirectory=custody custody/{folder}\n")), "{name}");
        fs::create_dir(case.path(folder)).expect("made");
        case.ok(&line.replace(&state, folder));
        assert!(fs::read_dir(case.path(folder)).expect("a folder").count() > 0, "{name}");
        let calls = unit(&format!("{name}.timer"));
        assert!(calls.contains("OnCalendar=") && calls.contains("Persistent=yes"), "{name}");
    }
    let copies = case.json(0, "status")["copies"].clone();
    assert_eq!(copies[0]["kind"], "backup", "{copies}");
    assert_eq!(copies[1]["kind"], "publication", "{copies}");
}
