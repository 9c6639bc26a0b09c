//! What verifies signed things elsewhere, over the same entries or as many of them: Go's
//! `note.Open` and `git verify-commit`. None where the program is not there.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use super::timed;

fn run(command: &mut Command) -> Option<String> {
    let done = command.stderr(Stdio::null()).output().ok()?;
    done.status.success().then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Seconds a note that Go takes on all cores, with Debian's golang-golang-x-mod-dev.
pub fn go_note_open(folder: &Path, notes: &[Vec<u8>]) -> Option<f64> {
    let (program, file) = (folder.join("notes"), folder.join("notes.bin"));
    let mut build = Command::new("go");
    build.args(["build", "-o"]).arg(&program);
    build.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/notes.go"));
    build.envs([("GO111MODULE", "off"), ("GOFLAGS", ""), ("GOPATH", "/usr/share/gocode")]);
    run(build.env("GOCACHE", folder.join("go-cache")))?;
    let mut out = std::fs::File::create(&file).ok()?;
    for note in notes {
        out.write_all(&u32::try_from(note.len()).ok()?.to_be_bytes()).ok()?;
        out.write_all(note).ok()?;
    }
    let seconds: f64 = run(Command::new(program).arg(file))?.trim().parse().ok()?;
    Some(seconds / notes.len() as f64)
}

/// Seconds a commit that git takes to verify its SSH signature, over so many of them. Each
/// takes it a process of OpenSSH's.
pub fn git_verify_commit(folder: &Path, count: usize) -> Option<f64> {
    let key = folder.join("key");
    run(Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key))?;
    let public = std::fs::read_to_string(key.with_extension("pub")).ok()?;
    let allowed = folder.join("allowed");
    std::fs::write(&allowed, format!("bench@example.jp {public}")).ok()?;
    let git = |args: &[&str]| {
        let mut command = Command::new("git");
        command.current_dir(folder).args([
            "-c",
            "user.name=bench",
            "-c",
            "user.email=bench@example.jp",
        ]);
        command.args(["-c", "gpg.format=ssh"]).arg("-c");
        command.arg(format!("user.signingkey={}", key.display())).arg("-c");
        command.arg(format!("gpg.ssh.allowedSignersFile={}", allowed.display()));
        command.args(args);
        run(&mut command)
    };
    git(&["init", "-q", "."])?;
    for number in 0..count {
        let mut message = String::new();
        write!(message, "handover {number}").ok()?;
        git(&["commit", "-q", "--allow-empty", "-S", "-m", &message])?;
    }
    let list = git(&["rev-list", "HEAD"])?;
    let commits: Vec<&str> = std::iter::once("verify-commit").chain(list.lines()).collect();
    let (verified, time) = timed(|| git(&commits));
    verified.map(|_| time.as_secs_f64() / count as f64)
}
