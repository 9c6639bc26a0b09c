//! A drive that is not what it was: seen by a scan, kept by a check, stopped at a
//! handover until two people let it pass.

use crate::office::{Case, HOME, devices, split};

const OVERRIDE: &str = "override USB-0421 --reason 基板交換を確認 --by yamada --second sasaki \
                        --passphrase-file words";

#[test]
fn a_scan_says_what_changed() {
    let case = Case::new();
    let same = case.json(0, "scan");
    assert_eq!(same["devices"][0]["alarms"].as_array().map(Vec::len), Some(0), "{same}");
    let bus = devices("tour.json#reprogrammed");
    let text = case.ok(&format!("scan --bus {bus}"));
    assert!(text.contains("ALARM") && text.contains("(interfaces-drift)"), "{text}");
    let other = case.json(0, &format!("scan --bus {}", devices("tour.json#other-size")));
    let alarms = other["devices"][0]["alarms"].as_array().expect("alarms");
    assert!(alarms.iter().any(|alarm| alarm.as_str().unwrap().contains("capacity-drift")));
}

#[test]
fn a_check_keeps_what_changed() {
    let case = Case::new();
    let bus = devices("tour.json#reprogrammed");
    let check = format!("check --place {HOME} --by sasaki --passphrase-file words --bus {bus}");
    let done = case.run(&split(&format!("{check} --json")));
    let said: serde_json::Value = serde_json::from_str(&done.stdout).expect("JSON");
    let alarms: Vec<&str> = said["check"]["alarms"]
        .as_array()
        .expect("alarms")
        .iter()
        .map(|row| row["alarm"].as_str().expect("a name"))
        .collect();
    assert_eq!(alarms, ["input-beside-storage", "interfaces-drift"], "{said}");
    let history = case.ok("show USB-0421");
    assert!(history.contains("input-beside-storage"), "{history}");
}

#[test]
fn two_people_let_a_drive_pass_once() {
    let case = Case::new();
    let size = devices("tour.json#other-size");
    let out = format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --bus {size} \
         --passphrase-file words"
    );
    assert_eq!(case.run(&split(&out)).code, 1);
    // Nothing to let pass while the drive is as it was.
    assert_eq!(case.run(&split(OVERRIDE)).code, 2);
    case.ok(&format!("{OVERRIDE} --bus {size}"));
    let log = case.ok("log");
    assert!(log.contains("capacity-drift let pass"), "{log}");
    let receipt = case.ok(&out);
    assert!(receipt.contains("capacity-drift"), "{receipt}");
    // Back again it needs another look.
    let back = format!("return USB-0421 --to yamada --bus {size} --passphrase-file words");
    assert_eq!(case.run(&split(&back)).code, 1);
    case.ok(&format!("{OVERRIDE} --alarm capacity-drift"));
    case.ok(&back);
    case.ok("verify");
}

#[test]
fn what_was_not_compared_is_said() {
    let case = Case::new();
    let bus = devices("tour.json#taken");
    let done = case.exits(
        0,
        &format!(
            "handover USB-0421 --from yamada --to sato --purpose 印刷 --bus {bus} \
             --passphrase-file words"
        ),
    );
    assert!(done.stderr.contains("USB-0421 was not compared"), "{}", done.stderr);
}
