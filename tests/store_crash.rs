//! What was acknowledged survives kill -9, simulated power cuts on ext4 and XFS,
//! and a full disk. The cuts and the full disk need root; without it they are
//! skipped, visibly, unless CUSTODY_REQUIRE_ROOT_TESTS=1 makes that a failure.

mod store;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use media_custody::store::{FileStore, Options, Store, StoreError, fsck};
use store::{checkpoint, fill, note, verify_index, verify_whole};

const WRITER: &str = "CUSTODY_TEST_WRITER";

fn options() -> Options {
    let mut options = store::options();
    options.segment_bytes = 64 << 10;
    options.reserve_bytes = 16 << 10;
    options
}

/// These tests start programs, and a child holds copies of this process's files
/// from its fork to its exec, locks and all: one that another test started would
/// now and then keep a ledger or its index locked that has just been closed.
fn alone() -> std::sync::MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Not a test but the process that is killed: appends commits of 1 to 40 entries
/// and prints the size after each, once acknowledged.
#[test]
fn writer() {
    let Ok(ledger) = std::env::var(WRITER) else { return };
    let mut store = store::open(Path::new(&ledger), &options());
    let mut out = std::io::stdout();
    loop {
        let size = store.head().size;
        let count = 1 + size * 7 % 40;
        let notes: Vec<Vec<u8>> = (size..size + count).map(note).collect();
        let Ok(head) = store.append(size, &notes) else { return };
        // Past the test harness's capture, and at once.
        writeln!(out, "acknowledged {}", head.size).unwrap();
        out.flush().unwrap();
        if head.size % 5 == 0 {
            let bytes = checkpoint(&store);
            if store.put_checkpoint(&bytes).is_err() {
                return;
            }
            let _ = store.put_snapshot(head.size, b"state");
        }
    }
}

/// Runs the writer, calls `cut` after `delay` from its first acknowledgement, and
/// returns the last size it printed.
fn run_writer(ledger: &Path, delay: Duration, cut: impl FnOnce(&mut std::process::Child)) -> u64 {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["writer", "--exact", "--nocapture", "--test-threads=1"])
        .env(WRITER, ledger)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let acknowledged = |line: std::io::Result<String>| -> Option<u64> {
        line.unwrap_or_default().split_once("acknowledged ")?.1.trim().parse().ok()
    };
    let mut last = lines.by_ref().find_map(acknowledged).expect("the writer never wrote");
    let reader = std::thread::spawn(move || lines.filter_map(acknowledged).last());
    std::thread::sleep(delay);
    cut(&mut child);
    // A half-printed last line would read as a smaller number, never a larger one.
    if let Some(size) = reader.join().unwrap() {
        last = size;
    }
    let _ = child.wait();
    last
}

fn kill(child: &mut std::process::Child) {
    child.kill().unwrap();
}

#[test]
fn killed_a_hundred_times() {
    let _alone = alone();
    let folder = tempfile::tempdir().unwrap();
    let mut seen = 0;
    for round in 0..100u64 {
        // A fresh ledger now and then, so that all sizes are met.
        let ledger = folder.path().join(format!("{}", round / 20));
        if round % 20 == 0 {
            FileStore::create(&ledger, &options()).unwrap();
        }
        let last = run_writer(&ledger, Duration::from_micros(round * 1931 % 40_000), kill);
        let opened = store::open(&ledger, &options());
        verify_whole(&opened, last);
        seen += last;
        if round % 20 == 19 {
            verify_index(&opened);
            opened.close().unwrap();
            assert!(fsck::examine(&ledger, &options(), &mut |_, _| {}).unwrap().is_healthy());
        }
    }
    assert!(seen > 1000, "the writer got nowhere: {seen}");
    let result = "every acknowledged entry there; index and fsck sound";
    store::row("The process is killed (SIGKILL) while it appends", "this machine", 100, result);
}

/// Says that a test is skipped where nobody overlooks it, or fails it.
fn skip(what: &str, why: &str) {
    let required = std::env::var("CUSTODY_REQUIRE_ROOT_TESTS").is_ok_and(|value| value == "1");
    assert!(!required, "{what}: {why}");
    // Not through the captured macros.
    let _ = writeln!(std::io::stderr(), "SKIPPED {what}: {why}");
}

fn ready(what: &str, tools: &[&str]) -> bool {
    if !rustix::process::geteuid().is_root() {
        skip(what, "needs root to mount");
        return false;
    }
    for tool in tools {
        let found = ["/usr/sbin", "/sbin", "/usr/bin", "/bin", "/usr/local/bin"]
            .iter()
            .any(|folder| Path::new(folder).join(tool).exists());
        if !found {
            skip(what, &format!("{tool} is not installed"));
            return false;
        }
    }
    true
}

fn run(program: &str, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).output().unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let _ = writeln!(std::io::stderr(), "{program} {arguments:?}: {said}");
    }
    output.status.success()
}

/// A mount that goes away with the test.
struct Mount(PathBuf);

impl Mount {
    fn of(arguments: &[&str], on: &Path) -> Option<Self> {
        fs::create_dir_all(on).unwrap();
        let mut all = arguments.to_vec();
        all.push(on.to_str().unwrap());
        run("mount", &all).then(|| Mount(on.to_owned()))
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        run("umount", &[self.0.to_str().unwrap()]);
    }
}

fn power_cuts(kind: &str, megabytes: u64, make: &[&str]) {
    let what = format!("power cuts on {kind}");
    let Some((maker, flags)) = make.split_first() else { return };
    if !ready(&what, &[maker, "mount", "losetup", "python3"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let image = folder.path().join("image");
    fs::File::create(&image).unwrap().set_len(megabytes << 20).unwrap();
    let mut arguments = flags.to_vec();
    arguments.push(image.to_str().unwrap());
    assert!(run(maker, &arguments));
    let point = folder.path().join("mount");
    let mount = || Mount::of(&["-o", "loop", image.to_str().unwrap()], &point);
    let Some(mut mounted) = mount() else {
        skip(&what, "loop mounts do not work here");
        return;
    };
    let shutdown = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/store/shutdown.py");
    let mut last = 0;
    const CUTS: u64 = 26;
    for round in 0..CUTS {
        let ledger = point.join(format!("ledger{}", round / 9));
        if round % 9 == 0 {
            // The disk is to lose power here, not room: a fast machine fills it.
            if let Some(before) = (round / 9).checked_sub(1) {
                fs::remove_dir_all(point.join(format!("ledger{before}"))).unwrap();
            }
            FileStore::create(&ledger, &options()).unwrap();
        }
        last = run_writer(&ledger, Duration::from_micros(round * 7919 % 120_000), |_| {
            assert!(run("python3", &[shutdown, point.to_str().unwrap()]));
        });
        drop(mounted);
        mounted = mount().expect("mounting again after the cut");
        let mut options = options();
        if round % 2 == 0 {
            // As after a real boot; else the index is trusted as after a kill.
            options.boot = format!("boot {round}");
        }
        let opened = store::open(&ledger, &options);
        verify_whole(&opened, last);
        if round % 5 == 0 {
            verify_index(&opened);
        }
        opened.close().unwrap();
        let report = fsck::examine(&ledger, &options, &mut |_, _| {}).unwrap();
        assert!(report.is_healthy(), "{report:?}");
    }
    assert!(last > 10, "the writer got nowhere: {last}");
    drop(mounted);
    let fault = "The file system is shut down under the writer (FS_IOC_SHUTDOWN)";
    let result = "every acknowledged entry there; index and fsck sound";
    store::row(fault, kind, CUTS, result);
}

#[test]
fn power_cut_on_ext4() {
    let _alone = alone();
    power_cuts("ext4", 512, &["mkfs.ext4", "-q"]);
}

#[test]
fn power_cut_on_xfs() {
    let _alone = alone();
    power_cuts("xfs", 512, &["mkfs.xfs", "-q"]);
}

#[test]
fn a_full_disk() {
    let _alone = alone();
    if !ready("full disk", &["mount"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let point = folder.path().join("mount");
    let Some(mounted) = Mount::of(&["-t", "tmpfs", "-o", "size=8m", "tmpfs"], &point) else {
        skip("full disk", "tmpfs cannot be mounted here");
        return;
    };
    let ledger = point.join("ledger");
    let mut options = options();
    options.ballast_bytes = 128 << 10;
    FileStore::create(&ledger, &options).unwrap();
    let mut opened = store::open(&ledger, &options);
    fill(&mut opened, 300, 10);
    // Somebody else fills the disk to the last page.
    let filler = point.join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while file.write_all(&[1; 4096]).is_ok() {}
    let error = loop {
        let size = opened.head().size;
        if let Err(error) = opened.append(size, &[note(size)]) {
            break error;
        }
    };
    assert!(matches!(error, StoreError::DiskFull), "{error:?}");
    let size = opened.head().size;
    verify_whole(&opened, size);
    // The ballast makes room for this much.
    let bytes = checkpoint(&opened);
    opened.put_checkpoint(&bytes).unwrap();
    assert!(matches!(opened.append(size, &[note(size)]), Err(StoreError::DiskFull)));
    drop(opened);
    while file.write_all(&[1; 4096]).is_ok() {}
    let mut opened = store::open(&ledger, &options);
    verify_whole(&opened, size);
    verify_index(&opened);
    let refused = opened.append(size, &[note(size)]);
    assert!(
        matches!(refused, Err(StoreError::DiskFull | StoreError::ReadOnly { .. })),
        "{refused:?}"
    );
    drop(opened);
    drop(file);
    fs::remove_file(&filler).unwrap();
    let mut opened = store::open(&ledger, &options);
    verify_whole(&opened, size);
    fill(&mut opened, size + 50, 3);
    verify_whole(&opened, size + 50);
    drop(opened);

    // And read-only: reading works, appending is refused by name.
    assert!(run("mount", &["-o", "remount,ro", point.to_str().unwrap()]));
    let mut opened = store::open(&ledger, &options);
    verify_whole(&opened, size + 50);
    verify_index(&opened);
    let refused = opened.append(size + 50, &[note(size + 50)]);
    assert!(matches!(refused, Err(StoreError::ReadOnly { .. })), "{refused:?}");
    assert!(matches!(opened.put_snapshot(1, b""), Err(StoreError::ReadOnly { .. })));
    drop(opened);
    drop(mounted);
    let result = "refused by name; the checkpoint is still signed, from what was set aside";
    store::row("The disk is full to the last page, then read-only", "tmpfs", 1, result);
}
