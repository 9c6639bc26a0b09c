//! Nothing takes a device over or writes to it: no interface is claimed, no driver
//! detached, no configuration set, nothing reset, cleared, mounted or unmounted, no
//! transfer started but the standard request for a string (design, "The promise", 4).
//!
//! Names are looked for in the code, comments and literals left out. What cannot be
//! named cannot be called, so the lists err on the side of too much. The lab shows
//! the same on a kernel: sectors written, and resets in its log.

#[path = "source/mod.rs"]
mod source;

use std::collections::BTreeSet;

use source::{Source, paths, sources, without_tests};

/// Calls of libusb, by rusb or in C, and of the kernel, by which a program takes a
/// device over, changes what it is or moves data.
const TAKES_OVER: &[&str] = &[
    // rusb
    "claim_interface",
    "release_interface",
    "detach_kernel_driver",
    "attach_kernel_driver",
    "set_auto_detach_kernel_driver",
    "set_active_configuration",
    "set_alternate_setting",
    "unconfigure",
    "clear_halt",
    "reset",
    "reset_device",
    "write_bulk",
    "write_interrupt",
    "write_control",
    "read_bulk",
    "read_interrupt",
    "open_device_with_fd",
    "open_device_with_vid_pid",
    // These two are requests as well, and read more than is asked for here.
    "read_languages",
    "active_configuration",
    // its C functions
    "ffi",
    "libusb1_sys",
    "libusb_control_transfer",
    "libusb_bulk_transfer",
    "libusb_interrupt_transfer",
    "libusb_submit_transfer",
    "libusb_claim_interface",
    "libusb_reset_device",
    // the kernel, past libusb
    "ioctl",
    "Ioctl",
    "libc",
    "nix",
    "syscall",
    "SG_IO",
    "BLKRRPART",
    "BLKDISCARD",
    "USBDEVFS_RESET",
    "USBDEVFS_CLAIMINTERFACE",
    "USBDEVFS_SUBMITURB",
    // media
    "mount",
    "mount_bind",
    "remount",
    "umount",
    "umount2",
    "unmount",
    "eject",
    "swapon",
    "losetup",
];

/// Everything of rusb that is used. Whatever is new here is thought about first.
const OF_RUSB: &[&str] = &[
    "ConfigDescriptor",
    "Context",
    "Device",
    "DeviceDescriptor",
    "DeviceHandle",
    "DeviceList",
    "Direction",
    "Error",
    "Hotplug",
    "HotplugBuilder",
    "Recipient",
    "Registration",
    "RequestType",
    "Speed",
    "UsbContext",
    "Version",
    "has_hotplug",
    "request_type",
];
/// The only files that know rusb.
const KNOW_RUSB: &[&str] = &["usb/libusb.rs", "usb/lookout.rs", "usb/mod.rs"];

/// What of the file system changes something.
const CHANGES_FILES: &[&str] = &[
    "OpenOptions",
    "create",
    "create_new",
    "create_dir",
    "create_dir_all",
    "remove_file",
    "remove_dir",
    "remove_dir_all",
    "hard_link",
    "symlink",
    "set_permissions",
    "set_len",
    "write_all",
    "write_at",
    "write_all_at",
    "WRONLY",
    "RDWR",
    "CREATE",
    "TRUNC",
    "APPEND",
];
/// The layers that stand before a device.
const BEFORE_A_DEVICE: &[&str] = &["usb", "volume"];

/// Every word of the code.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn takes_a_device_over(source: &Source) -> Vec<String> {
    // The one control call that is made asks for the size of a block.
    let control = |word: &str| word.starts_with("ioctl_") && word != "ioctl_blksszget";
    let takes = |word: &&str| TAKES_OVER.contains(word) || control(word);
    let found: BTreeSet<&str> = words(&source.code).filter(takes).collect();
    found.into_iter().map(|word| format!("{}: {word}", source.path)).collect()
}

/// rusb is known to few, and of it only what is listed; the one request is made in one
/// place and asks the device for something.
fn uses_more_of_rusb(source: &Source) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |what: &str| wrong.push(format!("{}: {what}", source.path));
    for path in paths(&source.code) {
        let mut parts = path.split("::");
        if parts.next() == Some("rusb") {
            let item = parts.next().unwrap_or_default();
            if !OF_RUSB.contains(&item) {
                say(&format!("rusb::{item}"));
            }
            if !KNOW_RUSB.contains(&source.path.as_str()) {
                say("knows rusb");
            }
        }
    }
    let requests = words(&source.code).filter(|word| *word == "read_control").count();
    if requests > usize::from(source.path == "usb/libusb.rs") {
        say("a request to a device");
    }
    if requests > 0 && !source.code.contains("request_type(Direction::In, RequestType::Standard") {
        say("a request that is not a standard one for data");
    }
    if words(&source.code).any(|word| word == "Out") && source.layer() == "usb" {
        say("Direction::Out");
    }
    wrong
}

/// The one file that starts programs, and those that it may: they hand a print job to
/// CUPS or ask about it.
const STARTS: &str = "printer/queue.rs";
const STARTED: &[&str] = &["lp", "lpstat"];

/// Other programs could do what this one does not.
fn starts_a_program(source: &Source) -> Vec<String> {
    let starts =
        |path: &String| path.contains("process::Command") || path.ends_with("Command::new");
    let found: Vec<String> = paths(&source.code).into_iter().filter(starts).collect();
    if source.path != STARTS {
        return found.into_iter().map(|path| format!("{}: {path}", source.path)).collect();
    }
    // There a program is named in one place, and every name is a known one.
    let made = source.code.matches("Command::new(").count();
    let by_name = source.text.matches("Command::new(program.name())").count();
    let named = source.text.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next());
    let others: Vec<&str> = named.filter(|name| !STARTED.contains(name)).collect();
    if made == 1 && by_name == 1 && others.is_empty() {
        return Vec::new();
    }
    vec![format!("{STARTS}: starts {others:?}, in {made} places")]
}

/// Before a device files are read: a kernel takes orders by files as well
/// (`bConfigurationValue`, `driver/unbind`, `authorized`).
fn writes_files_before_a_device(source: &Source) -> Vec<String> {
    if !BEFORE_A_DEVICE.contains(&source.layer()) {
        return Vec::new();
    }
    let code = without_tests(&source.code);
    let words = words(&code).filter(|word| CHANGES_FILES.contains(word));
    let mut found: BTreeSet<String> = words.map(str::to_owned).collect();
    // These two words have other meanings as well.
    let changes = |path: &String| path.ends_with("fs::write") || path.ends_with("fs::rename");
    found.extend(paths(&code).into_iter().filter(changes));
    found.into_iter().map(|what| format!("{}: {what}", source.path)).collect()
}

fn all(check: fn(&Source) -> Vec<String>) {
    let wrong: Vec<String> = sources().iter().flat_map(check).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_takes_a_device_over() {
    all(takes_a_device_over);
}

#[test]
fn of_rusb_only_what_looks_is_used() {
    all(uses_more_of_rusb);
}

#[test]
fn no_program_is_started() {
    all(starts_a_program);
}

#[test]
fn before_a_device_files_are_only_read() {
    all(writes_files_before_a_device);
}

/// The rules above are worth what they catch.
#[test]
fn each_way_to_a_device_is_caught() {
    type Check = fn(&Source) -> Vec<String>;
    let fires = |check: Check, path: &str, text: &str| {
        assert!(!check(&Source::new(path, text)).is_empty(), "{path}: {text}");
    };
    let silent = |check: Check, path: &str, text: &str| {
        assert_eq!(check(&Source::new(path, text)), Vec::<String>::new(), "{path}: {text}");
    };
    for word in TAKES_OVER {
        fires(takes_a_device_over, "usb/a.rs", &format!("fn f() {{ handle.{word}(0); }}"));
        fires(takes_a_device_over, "ops/a.rs", &format!("fn f() {{ x::{word}(); }}"));
        silent(takes_a_device_over, "usb/a.rs", &format!("// {word}\nconst A: &str = \"{word}\";"));
    }
    fires(takes_a_device_over, "volume/a.rs", "fn f() { rustix::fs::ioctl_blkpg(x); }");
    silent(takes_a_device_over, "volume/a.rs", "fn f() { rustix::fs::ioctl_blksszget(x); }");
    silent(takes_a_device_over, "usb/a.rs", "fn resettled() { mounted(); }");
    fires(uses_more_of_rusb, "usb/libusb.rs", "use rusb::{Context, GlobalContext};");
    fires(uses_more_of_rusb, "usb/libusb.rs", "fn f() { rusb::devices(); }");
    fires(uses_more_of_rusb, "ops/scan.rs", "use rusb::Context;");
    silent(uses_more_of_rusb, "usb/lookout.rs", "use rusb::{Context, Hotplug};");
    let request = "let r = rusb::request_type(Direction::In, RequestType::Standard, x); \
                   h.read_control(r);";
    silent(uses_more_of_rusb, "usb/libusb.rs", request);
    fires(uses_more_of_rusb, "usb/lookout.rs", request);
    fires(uses_more_of_rusb, "usb/libusb.rs", &format!("{request} {request}"));
    fires(uses_more_of_rusb, "usb/libusb.rs", &request.replace("Standard", "Class"));
    fires(uses_more_of_rusb, "usb/libusb.rs", &request.replace("In,", "Out,"));
    fires(starts_a_program, "volume/a.rs", "fn f() { std::process::Command::new(\"umount\"); }");
    fires(starts_a_program, "ops/a.rs", "use std::process::{Command, Stdio};");
    silent(starts_a_program, "cli/a.rs", "fn f(c: Command) { Command::Init(c); }");
    let started = "fn name() { match x { Lp => \"lp\" } } fn f() { Command::new(program.name()); }";
    silent(starts_a_program, STARTS, started);
    fires(starts_a_program, "printer/raw.rs", started);
    fires(starts_a_program, STARTS, &started.replace("\"lp\"", "\"dd\""));
    fires(starts_a_program, STARTS, &started.replace("program.name()", "\"dd\""));
    fires(starts_a_program, STARTS, &format!("{started} fn g() {{ Command::new(other); }}"));
    for word in CHANGES_FILES {
        fires(writes_files_before_a_device, "usb/a.rs", &format!("fn f() {{ x.{word}(); }}"));
        silent(writes_files_before_a_device, "store/a.rs", &format!("fn f() {{ x.{word}(); }}"));
    }
    fires(writes_files_before_a_device, "volume/a.rs", "fn f() { std::fs::write(p, b); }");
    fires(writes_files_before_a_device, "volume/a.rs", "use std::fs; fn f() { fs::rename(p, b); }");
    silent(writes_files_before_a_device, "usb/a.rs", "fn f() { write!(f, \"x\"); fs::read(p); }");
}
