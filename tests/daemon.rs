//! The daemon as people and systemd have it: other commands go on through its socket, at
//! once and many at a time; who does not belong is not let in; a kill loses nothing; a
//! cabinet says what left it.

mod office;

#[path = "daemon/cabinet.rs"]
mod cabinet;
#[path = "daemon/full_disk.rs"]
mod full_disk;
#[path = "daemon/running.rs"]
#[allow(dead_code)] // other tests use the rest
mod running;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use office::{Case, HOME, NOBODY};
use running::Running;

const WITH: &str = "--passphrase-file words";

/// Entries in the ledger as `log` has them.
fn entries(case: &Case) -> u64 {
    case.json(0, "status")["entries"].as_u64().expect("a number")
}

#[test]
fn other_commands_go_on_through_the_daemon() {
    let case = Case::new();
    let before = entries(&case);
    let daemon = Running::start(&case);
    let text = case.ok("status");
    assert!(text.contains("USB-0421"), "{text}");
    case.exits(3, &format!("check --place {HOME} --by sasaki --no-bus {WITH}"));
    case.ok(&format!("check --place {HOME} --by sasaki {WITH}"));
    case.ok(&format!(
        "handover USB-0421 --from yamada --to sato --purpose 印刷 --yes {WITH} --keep-tokens"
    ));
    case.ok("receipt SZ-2026-000002 --file later.receipt --pdf later.pdf");
    case.ok("verify later.receipt --log-key ledger/log.vkey");
    case.ok("verify --log-key ledger/log.vkey");
    case.ok("show USB-0421");
    case.ok("log");
    case.ok("report register --csv register.csv");
    case.exits(3, "due --ics duties.ics");
    // A draft: its number is reserved in the ledger's folder, and it is submitted there.
    case.ok(&format!("return USB-0421 --to yamada --draft back.draft --yes {WITH} --keep-tokens"));
    case.ok("submit back.draft");
    assert_eq!(entries(&case), before + 4);
    // What needs the files for itself says who has them.
    let refused = case.exits(1, "fsck");
    assert!(refused.stderr.contains("custody daemon"), "{}", refused.stderr);
    let log = daemon.end();
    assert!(log.contains("(handover) from process"), "{log}");
    assert!(!case.path("ledger/daemon.sock").exists());
    case.ok("verify --log-key ledger/log.vkey");
    case.ok("fsck");
    assert_eq!(entries(&case), before + 4);
}

#[test]
fn many_commands_at_once() {
    let case = Case::new();
    let before = entries(&case);
    let daemon = Running::start(&case);
    let (people, times) = (["kato", "yamada", "sasaki", "audit"], 4);
    std::thread::scope(|scope| {
        for who in people {
            let case = &case;
            scope.spawn(move || {
                for time in 0..times {
                    case.ok(&format!(
                        "confirm USB-0421 --by {who} --detail {who}-{time} --yes {WITH}"
                    ));
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..times {
                case.ok("verify --log-key ledger/log.vkey");
            }
        });
    });
    daemon.end();
    assert_eq!(entries(&case), before + (people.len() * times) as u64, "none lost, none twice");
    case.ok("verify --log-key ledger/log.vkey");
}

#[test]
fn a_kill_loses_nothing_that_was_acknowledged() {
    let case = Case::new();
    let before = entries(&case);
    for _ in 0..3 {
        let daemon = Running::start(&case);
        let (done, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let counted = entries(&case);
        std::thread::scope(|scope| {
            for who in ["kato", "yamada", "sasaki"] {
                let (case, done, stop) = (&case, &done, &stop);
                scope.spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let line = format!("confirm USB-0421 --by {who} --yes {WITH}");
                        if case.run(&office::split(&line)).code == 0 {
                            done.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
            running::wait_for("two entries", || done.load(Ordering::Relaxed) >= 2);
            daemon.kill();
            stop.store(true, Ordering::Relaxed);
        });
        // With nobody at the socket the ledger is whoever's comes first, as ever.
        let kept = entries(&case) - counted;
        let acknowledged = done.load(Ordering::Relaxed) as u64;
        assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");
        case.ok("verify --log-key ledger/log.vkey");
    }
    assert!(case.path("ledger/daemon.sock").exists(), "a killed daemon leaves its socket");
    assert!(entries(&case) > before);
    Running::start(&case).end();
}

#[test]
fn two_daemons_do_not_share_a_ledger() {
    let case = Case::new();
    let daemon = Running::start(&case);
    let refused = case.exits(1, "daemon");
    assert!(refused.stderr.contains("in use"), "{}", refused.stderr);
    case.ok("status");
    daemon.end();
}

/// Whether this process may run others as somebody else.
fn is_root(case: &Case) -> bool {
    std::os::unix::fs::MetadataExt::uid(&fs::metadata(case.path("words")).expect("words")) == 0
}

fn mode(case: &Case, name: &str, mode: u32) {
    fs::set_permissions(case.path(name), fs::Permissions::from_mode(mode)).expect("a mode");
}

#[test]
fn only_the_ledgers_group_is_let_in() {
    const GROUP: u32 = 54_321;
    let case = Case::new();
    if !is_root(&case) {
        assert!(std::env::var_os("CUSTODY_REQUIRE_ROOT_TESTS").is_none(), "this needs root");
        eprintln!("skipped: only root may run programs as others");
        return;
    }
    mode(&case, ".", 0o755);
    case.write("custody-here", fs::read(env!("CARGO_BIN_EXE_custody")).expect("read"));
    mode(&case, "custody-here", 0o755);
    std::os::unix::fs::chown(case.path("ledger"), None, Some(GROUP)).expect("a group");
    mode(&case, "ledger", 0o750);
    let daemon = Running::start(&case);
    let as_nobody = |gid: u32, line: &str| {
        let mut command = std::process::Command::new(case.path("custody-here"));
        command.args(office::split(line)).current_dir(case.path(".")).uid(NOBODY).gid(gid);
        office::ran(command.envs([("CUSTODY_LEDGER", "ledger"), ("CUSTODY_KEYS", "keys")]))
    };
    // The group reads and writes; its drafts are everybody's in it.
    let done = as_nobody(GROUP, "status");
    assert_eq!(done.code, 0, "{}", done.stderr);
    for entry in fs::read_dir(case.path("keys")).expect("keys") {
        fs::set_permissions(entry.expect("a key").path(), fs::Permissions::from_mode(0o644))
            .expect("a mode");
    }
    let line = format!("confirm USB-0421 --by sasaki --yes {WITH}");
    let done = as_nobody(GROUP, &line);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let reserved = fs::metadata(case.path("ledger/drafts")).expect("drafts");
    assert_eq!(reserved.permissions().mode() & 0o7777, 0o2770);
    // Nobody else finds the folder; and if somebody opens it too far, the door stays shut.
    let refused = as_nobody(NOBODY, "status");
    assert_ne!(refused.code, 0);
    mode(&case, "ledger", 0o755);
    mode(&case, "ledger/daemon.sock", 0o666);
    let refused = as_nobody(NOBODY, "status");
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(refused.stderr.contains("does not let this user in"), "{}", refused.stderr);
    let log = daemon.end();
    assert!(log.contains("is not of the ledger's group"), "{log}");
}

#[test]
fn systemd_is_told_that_it_lives() {
    let case = Case::new();
    let socket = UnixDatagram::bind(case.path("notify")).expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
    let daemon = Running::start_with(&case, |command| {
        command.env("NOTIFY_SOCKET", case.path("notify")).env("WATCHDOG_USEC", "3000000");
    });
    let next = || {
        let mut bytes = [0; 512];
        let read = socket.recv(&mut bytes).expect("told in time");
        String::from_utf8_lossy(&bytes[..read]).trim().to_owned()
    };
    assert_eq!(next(), "READY=1");
    assert_eq!(next(), "WATCHDOG=1");
    assert_eq!(next(), "WATCHDOG=1");
    daemon.end();
    let last = std::iter::repeat_with(next).find(|said| said != "WATCHDOG=1");
    assert_eq!(last.as_deref(), Some("STOPPING=1"));
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let case = Case::new();
    case.write("config.toml", "[cabinet.drawer]\nplace = 1\n[notify.mail]\nserver = 2\n");
    let refused = case.exits(2, "daemon --config config.toml");
    assert!(refused.stderr.contains("cabinet.drawer.place is no text"), "{}", refused.stderr);
    case.write(
        "config.toml",
        format!("[cabinet.drawer]\nplace = \"{HOME}\"\nstation = \"sasaki\"\npassphrase-file = \"words\"\n"),
    );
    let refused = case.exits(2, "daemon --config config.toml");
    assert!(refused.stderr.contains("sasaki has not the role station"), "{}", refused.stderr);
    let refused = case.exits(1, "daemon --ledger nowhere");
    assert!(refused.stderr.contains("is not a ledger"), "{}", refused.stderr);
}
