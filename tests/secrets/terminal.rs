//! A passphrase that is typed, at a terminal that `script` makes.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::memory::{Memory, root};
use crate::office::{Case, started};
use crate::tools::there;
use crate::{LONG, await_answer, draft_for_sasaki, fill, sealed_anew};

/// The program at a terminal, its answer going elsewhere. Ended when dropped.
struct AtTerminal {
    script: Child,
    screen: std::path::PathBuf,
}

impl AtTerminal {
    /// Runs a line of shell in which CUSTODY stands for the program.
    fn start(case: &Case, line: &str) -> Self {
        let program = case.command();
        let mut command = Command::new("script");
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let custody = program.get_program().to_string_lossy().into_owned();
        command.current_dir(case.path("")).env("NO_COLOR", "1").env("SHELL", "/bin/sh");
        command.args(["-q", "-e", "-f", "-c", &line.replace("CUSTODY", &custody), "screen"]);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        AtTerminal { script: started(&mut command), screen: case.path("screen") }
    }

    fn screen(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.screen).unwrap_or_default()).into_owned()
    }

    fn awaits(&self, words: &str) {
        let began = Instant::now();
        while !self.screen().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(60), "no {words}:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn types(&mut self, keys: &str) {
        let mut stdin = self.script.stdin.as_ref().expect("a keyboard");
        stdin.write_all(keys.as_bytes()).expect("typed");
    }

    /// The program, which the shell that `script` starts has become.
    fn program(&self) -> u32 {
        let script = self.script.id();
        let children = fs::read_to_string(format!("/proc/{script}/task/{script}/children"));
        let children = children.expect("the children of a process");
        children.split_whitespace().next().expect("a program").parse().expect("a number")
    }

    fn ends(&mut self) -> std::process::ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.script.try_wait().expect("asked") {
                return status;
            }
            assert!(began.elapsed() < Duration::from_secs(60), "it stays:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        let _ = self.script.kill();
        let _ = self.script.wait();
    }
}

#[test]
fn a_typed_passphrase_stays_nowhere_and_is_not_shown() {
    if !root() || !there(&["script"]) {
        return;
    }
    let case = Case::new();
    let key = sealed_anew(&case, "sasaki");
    let signed = draft_for_sasaki(&case);
    let pipe = case.path("answer.fifo");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .expect("made");
    let mut pipe = File::options().read(true).write(true).open(pipe).expect("a pipe");
    fill(&mut pipe);
    let line = "exec CUSTODY sign a.draft --yes > answer.fifo";
    let mut terminal = AtTerminal::start(&case, line);
    terminal.awaits("Passphrase of");
    // Two slips are taken back, a character of several bytes among them.
    terminal.types("x月\u{7f}\u{7f}");
    terminal.types(LONG);
    terminal.types("\r");
    await_answer(terminal.program(), line);
    assert!(signed(), "{}", terminal.screen());
    let memory = Memory::of(terminal.program());
    assert_eq!(memory.traces("the passphrase", LONG.as_bytes()), [""; 0]);
    memory.lacks(&key);
    for part in ["marrow", "lantern", "thistle"] {
        assert!(!terminal.screen().contains(part), "{}", terminal.screen());
    }
}

#[test]
fn a_prompt_that_is_interrupted_ends_and_leaves_a_sound_terminal() {
    if !there(&["script", "stty"]) {
        return;
    }
    let case = Case::new();
    let signed = draft_for_sasaki(&case);
    let line = "CUSTODY sign a.draft --yes; echo \"ended with $?\"; stty -a";
    let mut terminal = AtTerminal::start(&case, line);
    terminal.awaits("Passphrase of");
    terminal.types("half a passphr\u{3}");
    terminal.ends();
    let screen = terminal.screen();
    assert!(!screen.contains("half a passphr"), "{screen}");
    for shown in ["isig", "icanon", "echo", "icrnl"] {
        assert!(screen.split_whitespace().any(|word| word == shown), "no {shown}: {screen}");
    }
    // Where whoever runs the tests has them ignore Ctrl-C, as a shell does with what it
    // starts in the background, the program is told by its own error.
    let status = fs::read_to_string("/proc/self/status").expect("this process");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t"));
    let ignored = u64::from_str_radix(ignored.expect("signals"), 16).expect("a number");
    let code = if ignored & 1 << 1 == 0 { 130 } else { 2 };
    assert!(screen.contains(&format!("ended with {code}")), "{screen}");
    assert!(!signed(), "nothing was signed");
}
