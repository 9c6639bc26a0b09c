//! A real ssh-agent with keys made by ssh-keygen, for one test.
#![allow(dead_code)] // each test file takes what it needs

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::office::started;

/// An agent that ends with its test.
pub struct SshAgent {
    child: Child,
    socket: PathBuf,
    folder: PathBuf,
}

impl SshAgent {
    /// Starts one in `folder`; `askpass` is the program that it has people confirm with.
    pub fn start(folder: &Path, askpass: &str) -> Self {
        let socket = folder.join("agent");
        let mut command = Command::new("ssh-agent");
        command.arg("-D").arg("-a").arg(&socket);
        command.env("SSH_ASKPASS", askpass).env("SSH_ASKPASS_REQUIRE", "force");
        command.env("DISPLAY", ":0").stdin(Stdio::null()).stdout(Stdio::null());
        let child = started(command.stderr(Stdio::null()));
        let begun = Instant::now();
        while !socket.exists() {
            assert!(begun.elapsed() < Duration::from_secs(20), "ssh-agent does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        SshAgent { child, socket, folder: folder.to_owned() }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Runs ssh-add or ssh-keygen beside this agent; whether it went well, and what it said.
    pub fn tool(&self, program: &str, args: &[&str]) -> (bool, String) {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.folder).env("SSH_AUTH_SOCK", &self.socket);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let done = started(&mut command).wait_with_output().expect("it ends");
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    pub fn ok(&self, program: &str, args: &[&str]) -> String {
        let (fine, said) = self.tool(program, args);
        assert!(fine, "{program} {args:?}: {said}");
        said
    }

    /// Makes a key and adds it: `name` and `name.pub` in the folder.
    pub fn key(&self, name: &str, kind: &str, add: &[&str]) {
        self.ok("ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", name, "-f", name]);
        self.ok("ssh-add", &[add, &["-q", name]].concat());
    }

    /// Its fingerprint as ssh-keygen shows it.
    pub fn fingerprint(&self, name: &str) -> String {
        let said = self.ok("ssh-keygen", &["-l", "-f", &format!("{name}.pub")]);
        said.split(' ').nth(1).expect("a fingerprint").to_owned()
    }

    /// Locks or unlocks it, with the passphrase that `lock-words` says.
    pub fn lock(&self, flag: &str) {
        let askpass = self.folder.join("lock-words");
        std::fs::write(&askpass, "#!/bin/sh\necho locked away\n").expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&askpass, mode).expect("executable");
        let mut command = Command::new("ssh-add");
        command.arg(flag).env("SSH_AUTH_SOCK", &self.socket).env("SSH_ASKPASS", &askpass);
        command.env("SSH_ASKPASS_REQUIRE", "force").env("DISPLAY", ":0").stdin(Stdio::null());
        let done = started(command.stdout(Stdio::null()).stderr(Stdio::piped()));
        let done = done.wait_with_output().expect("it ends");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

impl Drop for SshAgent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
