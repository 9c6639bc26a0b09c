//! The unit files, read by systemd itself: it knows every line of them, and finds little
//! that the service could still do to the computer.

#[path = "paper/tools.rs"]
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

const SERVICES: [&str; 2] = ["custody-due.service", "custody.service"];

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
    fs::write(folder.path().join("custody-due.timer"), unit("custody-due.timer")).expect("written");
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
    for unit in [&SERVICES[..], &["custody-due.timer"]].concat() {
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
