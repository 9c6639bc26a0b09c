//! A daemon that runs while a test does.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::office::{self, Case};

/// The longest that anything is waited for, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until it is so.
pub fn wait_for(what: &str, so: impl Fn() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "{what}: not within {} s", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A daemon; killed when dropped.
pub struct Running {
    child: Child,
    log: PathBuf,
}

impl Running {
    /// Starts one over the ledger of the case.
    pub fn start(case: &Case) -> Self {
        Running::start_with(case, |_| {})
    }

    /// The same with more arguments or another environment.
    pub fn start_with(case: &Case, change: impl FnOnce(&mut Command)) -> Self {
        let log = case.path("daemon.log");
        let _ = fs::remove_file(&log);
        let mut command = case.command();
        command.arg("daemon").stdout(Stdio::null());
        command.stderr(File::create(&log).expect("a log"));
        change(&mut command);
        let child = office::started(&mut command);
        let mut running = Running { child, log };
        let began = Instant::now();
        while !running.text().contains("owns ") {
            let ended = running.child.try_wait().expect("asked");
            assert!(ended.is_none(), "it ended: {}", running.text());
            assert!(began.elapsed() < PATIENCE, "it does not begin: {}", running.text());
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it has said so far.
    pub fn text(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it says this.
    pub fn says(&self, words: &str) {
        let began = Instant::now();
        while !self.text().contains(words) {
            assert!(began.elapsed() < PATIENCE, "'{words}' was never said:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end, which it has to do in order; what it said is given back.
    pub fn end(mut self) -> String {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("asked");
        let began = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("asked") {
                break status;
            }
            assert!(began.elapsed() < PATIENCE, "it does not end: {}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}: {}", self.text());
        self.text()
    }

    /// Kills it, as a power cut would.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
