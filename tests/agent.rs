//! Keys in an ssh-agent: a real one with keys of ssh-keygen, locked, without the key, with
//! somebody who declines; and what answers in an agent's place and is none.

mod office;

#[path = "agent/ssh.rs"]
mod ssh;
#[path = "paper/tools.rs"]
mod tools;

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use media_custody::keyring::{Agent, AgentError};
use media_custody::model::VerifierKey;
use media_custody::wire::signature::{Signer as _, SigningKey};
use office::{Case, ORIGIN, Ran, ran, split};
use ssh::SshAgent;

const WITH: &str = "--passphrase-file words";
const NEEDED: [&str; 3] = ["ssh-agent", "ssh-add", "ssh-keygen"];

/// Runs a command line with this agent.
fn run(case: &Case, socket: &Path, line: &str) -> Ran {
    ran(case.command().args(split(line)).env("SSH_AUTH_SOCK", socket))
}

fn ok(case: &Case, socket: &Path, line: &str) -> String {
    let done = run(case, socket, line);
    assert_eq!(done.code, 0, "custody {line}\n{}{}", done.stdout, done.stderr);
    done.stdout
}

fn refused(case: &Case, socket: &Path, line: &str, words: &str) {
    let done = run(case, socket, line);
    assert_eq!(done.code, 1, "custody {line}\n{}{}", done.stdout, done.stderr);
    assert!(done.stderr.contains(words), "custody {line}: no '{words}' in\n{}", done.stderr);
}

/// A case with tanaka enrolled, whose key only the agent has.
fn with_tanaka(askpass: &str, add: &[&str]) -> (Case, SshAgent) {
    let case = Case::new();
    let agent = SshAgent::start(&case.path(""), askpass);
    agent.key("id", "ed25519", add);
    ok(&case, agent.socket(), &format!("key agent tanaka.{ORIGIN}"));
    let enrol = "party add tanaka --name 田中 --role staff --by kato --yes";
    ok(&case, agent.socket(), &format!("{enrol} {WITH}"));
    (case, agent)
}

const TO_TANAKA: &str = "handover USB-0421 --from yamada --to tanaka --purpose 印刷 --yes \
                         --keep-tokens --passphrase-file words";

#[test]
fn a_person_signs_with_a_key_that_only_the_agent_has() {
    if !tools::there(&NEEDED) {
        return;
    }
    let (case, agent) = with_tanaka("/bin/true", &[]);
    // Nothing private is here, and what is here is what OpenSSH would write.
    let stem = format!("keys/tanaka.{}", ORIGIN.replace('/', "%2F"));
    assert!(!case.path(&format!("{stem}.pem")).exists());
    let line = case.text(&format!("{stem}.pub"));
    let theirs = case.text("id.pub");
    assert_eq!(line.split(' ').nth(1), theirs.split(' ').nth(1));
    agent.ok("ssh-add", &["-T", &format!("{stem}.pub")]);
    let shown = ok(&case, agent.socket(), &format!("key show tanaka.{ORIGIN}"));
    assert_eq!(shown, case.text(&format!("{stem}.vkey")));

    ok(&case, agent.socket(), &format!("{TO_TANAKA} --receipt-file a.receipt"));
    assert_eq!(case.json(0, "verify a.receipt")["verdict"], "passed");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
    // As a draft, on a machine without the ledger.
    let back = "return USB-0421 --to yamada --draft back.draft --yes --keep-tokens";
    ok(&case, agent.socket(), &format!("{back} --passphrase-file yamada=words"));
    let missing = run(&case, agent.socket(), "submit back.draft");
    assert_eq!(missing.code, 0, "the agent signed as well: {}", missing.stderr);
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn a_draft_is_signed_by_the_agent_without_any_passphrase() {
    if !tools::there(&NEEDED) {
        return;
    }
    let (case, agent) = with_tanaka("/bin/true", &[]);
    let nowhere = case.path("no-agent");
    // Drafted where no agent is: the draft must be written without that signature.
    let without = run(&case, &nowhere, &format!("{TO_TANAKA} --draft a.draft"));
    assert_eq!(without.code, 1, "a key here whose agent is away is said: {}", without.stderr);
    std::fs::rename(case.path("keys"), case.path("all-keys")).expect("renamed");
    std::fs::create_dir(case.path("keys")).expect("made");
    for id in ["yamada"] {
        for kind in ["pem", "vkey"] {
            let name = format!("{id}.{}.{kind}", ORIGIN.replace('/', "%2F"));
            std::fs::copy(
                case.path(&format!("all-keys/{name}")),
                case.path(&format!("keys/{name}")),
            )
            .expect("copied");
        }
    }
    ok(&case, &nowhere, &format!("{TO_TANAKA} --draft a.draft"));
    let signed = run(&case, agent.socket(), "sign a.draft --keys all-keys --yes --json");
    assert_eq!(signed.code, 0, "{}", signed.stderr);
    assert!(signed.stdout.contains("\"missing\": []"), "{}", signed.stdout);
    case.ok("submit a.draft");
    assert_eq!(case.json(0, "verify")["verdict"], "passed");
}

#[test]
fn an_agent_that_cannot_sign_says_why_and_nothing_is_recorded() {
    if !tools::there(&NEEDED) {
        return;
    }
    let (case, agent) = with_tanaka("/bin/true", &[]);
    let before = case.read("ledger/checkpoint");
    refused(&case, &case.path("nowhere"), TO_TANAKA, "no ssh-agent answers at");
    refused(&case, Path::new(""), TO_TANAKA, "SSH_AUTH_SOCK is not set");
    agent.lock("-x");
    refused(&case, agent.socket(), TO_TANAKA, "it is locked");
    refused(&case, agent.socket(), TO_TANAKA, "ssh-add -X");
    agent.lock("-X");
    agent.ok("ssh-add", &["-q", "-d", "id"]);
    refused(&case, agent.socket(), TO_TANAKA, "the ssh-agent shows no keys");
    agent.key("other", "ed25519", &[]);
    refused(&case, agent.socket(), TO_TANAKA, "does not hold the key tanaka.");
    assert_eq!(case.read("ledger/checkpoint"), before, "nothing was recorded");
    agent.ok("ssh-add", &["-q", "id"]);
    ok(&case, agent.socket(), TO_TANAKA);
}

#[test]
fn a_key_that_asks_signs_after_a_yes_and_not_after_a_no() {
    if !tools::there(&NEEDED) {
        return;
    }
    // Registering asks as well, and there is nobody to say yes.
    let case = Case::new();
    let agent = SshAgent::start(&case.path(""), "/bin/false");
    agent.key("id", "ed25519", &["-c"]);
    let name = format!("tanaka.{ORIGIN}");
    refused(&case, agent.socket(), &format!("key agent {name}"), "somebody declined");
    assert!(Keys(&case).files().iter().all(|file| !file.starts_with("tanaka")));
    drop(agent);
    let (case, agent) = with_tanaka("/bin/true", &["-c"]);
    ok(&case, agent.socket(), TO_TANAKA);
}

struct Keys<'a>(&'a Case);

impl Keys<'_> {
    fn files(&self) -> Vec<String> {
        let folder = std::fs::read_dir(self.0.path("keys")).expect("keys");
        folder.map(|file| file.expect("a file").file_name().into_string().expect("text")).collect()
    }
}

#[test]
fn keys_that_sign_something_else_are_refused_with_the_reason() {
    if !tools::there(&NEEDED) {
        return;
    }
    let case = Case::new();
    let agent = SshAgent::start(&case.path(""), "/bin/true");
    refused(&case, agent.socket(), "key agent a.example", "shows no keys");
    agent.key("rsa", "rsa", &[]);
    refused(&case, agent.socket(), "key agent a.example", "no ssh-ed25519 key, but ssh-rsa");
    let rsa = agent.fingerprint("rsa");
    let named = format!("key agent a.example --which {rsa}");
    refused(&case, agent.socket(), &named, "a key of the kind ssh-rsa");
    agent.key("one", "ed25519", &[]);
    agent.key("two", "ed25519", &[]);
    let (one, two) = (agent.fingerprint("one"), agent.fingerprint("two"));
    refused(&case, agent.socket(), "key agent a.example", &one);
    refused(&case, agent.socket(), "key agent a.example", "Say which with --which");
    refused(&case, agent.socket(), "key agent a.example --which words", "no SSH public key");
    refused(&case, agent.socket(), "key agent a.example --which SHA256:AAAA", "does not hold");
    let vkey = ok(&case, agent.socket(), "key agent a.example --which two.pub");
    let again = ok(&case, agent.socket(), &format!("key agent b.example --which {two}"));
    let public =
        |vkey: &str| vkey.trim().parse::<VerifierKey>().expect("a key").public().to_owned();
    assert_eq!(public(&vkey), public(&again));
    refused(&case, agent.socket(), "key agent a.example --which two.pub", "exists already");
    let answer = ok(&case, agent.socket(), "key agent c.example --which two.pub --json");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["keys"][0]["name"], "c.example");
}

/// A listing of one key of the kind `kind`.
fn listing(kind: &str, rest: &[&[u8]]) -> Vec<u8> {
    let string =
        |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let mut blob = string(kind.as_bytes());
    for part in rest {
        blob.extend(string(part));
    }
    [&[12, 0, 0, 0, 1][..], &string(&blob), &string(b"")].concat()
}

fn signature(bytes: &[u8]) -> Vec<u8> {
    let string =
        |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
    let inner = [string(b"ssh-ed25519"), string(bytes)].concat();
    [&[14][..], &string(&inner)].concat()
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// Something at a socket that answers each request by its first byte.
struct Impostor {
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Impostor {
    fn new(answer: impl Fn(u8, &mut UnixStream) + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("agent");
        let listener = UnixListener::bind(&socket).expect("bound");
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a client");
                let mut head = [0; 5];
                if stream.read_exact(&mut head).is_ok() {
                    let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
                    let mut rest = vec![0; length as usize - 1];
                    let _ = stream.read_exact(&mut rest);
                    answer(head[4], &mut stream);
                }
            }
        });
        Impostor { socket, _folder: folder }
    }

    /// Says `first` when asked what it holds and `second` when asked to sign.
    fn saying(first: Vec<u8>, second: Vec<u8>) -> Self {
        Impostor::new(move |asked, stream| {
            let _ = stream.write_all(if asked == 11 { &first } else { &second });
        })
    }

    fn agent(&self) -> Agent {
        Agent::at(&self.socket).within(Duration::from_millis(400))
    }
}

fn tanaka() -> SigningKey {
    SigningKey::from_seed("tanaka.example.jp".parse().expect("a name"), &[7; 32])
}

/// What comes of asking for a signature.
fn asked(impostor: &Impostor) -> String {
    let key = tanaka().key().clone();
    match impostor.agent().signer(&key) {
        Err(error) => error.to_string(),
        Ok(signer) => match signer.sign(b"a text\n") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("signed"),
        },
    }
}

#[test]
fn what_is_no_agent_is_believed_in_nothing() {
    let key = tanaka();
    let holds = || framed(&listing("ssh-ed25519", &[key.key().public()]));
    let other = key.sign(b"another text\n").expect("signs");
    let own = key.sign(b"a text\n").expect("signs");
    let mut malleable = own;
    // S + L: a second form of the same signature, which strict verification refuses.
    let order: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde,
        0x14, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let mut carry = 0u16;
    for (byte, more) in malleable[32..].iter_mut().zip(order) {
        let sum = u16::from(*byte) + u16::from(more) + carry;
        (*byte, carry) = (sum as u8, sum >> 8);
    }
    let cases: Vec<(Vec<u8>, Vec<u8>, &str)> = vec![
        (b"HTTP/1.1 200 OK\r\n\r\n".to_vec(), vec![], "longer than any agent's"),
        (framed(&[5]), vec![], "does not say which keys"),
        (framed(&[]), vec![], "it is empty"),
        (vec![0, 0, 0, 9, 12], vec![], "ends before its answer"),
        (vec![], vec![], "ends before its answer"),
        (u32::MAX.to_be_bytes().to_vec(), vec![], "longer than any agent's"),
        (framed(&[12, 0xff, 0xff, 0xff, 0xff]), vec![], "more keys than an agent holds"),
        (framed(&[12, 0, 0, 0, 9]), vec![], "a key is cut"),
        (framed(&[12, 0, 0, 0, 0]), vec![], "shows no keys"),
        (framed(&listing("ssh-ed25519", &[&[9; 32]])), vec![], "does not hold the key"),
        (holds(), framed(&signature(&other)), "is none: nothing of it is used"),
        (holds(), framed(&signature(&[0; 64])), "is none: nothing of it is used"),
        (holds(), framed(&signature(&malleable)), "is none: nothing of it is used"),
        (holds(), framed(&signature(&own[..63])), "has not 64 bytes"),
        (holds(), framed(&[&signature(&own)[..], b"x"].concat()), "stands behind the answer"),
        (holds(), framed(&listing("ssh-ed25519", &[])), "has not 32 bytes"),
        (holds(), framed(&[5]), "did not sign with it"),
        (holds(), framed(&[99]), "it answers something else"),
    ];
    for (first, second, words) in cases {
        let said = asked(&Impostor::saying(first.clone(), second.clone()));
        assert!(said.contains(words), "{first:?} {second:?}: {said}");
    }
    // That these fail for the reason named and not for the impostor's sake.
    let honest = Impostor::saying(holds(), framed(&signature(&own)));
    let signed = honest.agent().signer(key.key()).expect("held").sign(b"a text\n");
    assert_eq!(signed.expect("signed"), own);
}

#[test]
fn a_fido_key_is_told_what_is_wrong_with_it() {
    let impostor = Impostor::saying(
        framed(&listing("sk-ssh-ed25519@openssh.com", &[&[3; 32], b"ssh:"])),
        vec![],
    );
    let refused = impostor.agent().choose(None);
    assert!(matches!(refused, Err(AgentError::Fido(_))), "{refused:?}");
    let case = Case::new();
    let line = "key agent tanaka.example.jp";
    self::refused(&case, &impostor.socket, line, "a counter and flags");
    let found = impostor.agent().identities().expect("listed");
    let line = format!("{line} --which {}", found[0].fingerprint());
    self::refused(&case, &impostor.socket, &line, "sk-ssh-ed25519 key");
}

#[test]
fn silence_ends() {
    // Takes the request and says nothing.
    let mute = Impostor::new(|_, _| thread::sleep(Duration::from_secs(30)));
    // A byte now and then.
    let slow = Impostor::new(|_, stream| {
        for byte in framed(&[12; 100]) {
            thread::sleep(Duration::from_millis(100));
            if stream.write_all(&[byte]).is_err() {
                break;
            }
        }
    });
    // Accepts nobody: its queue is full.
    let folder = tempfile::tempdir().expect("a folder");
    let full = folder.path().join("agent");
    let _listener = UnixListener::bind(&full).expect("bound");
    let waiting = fill(&full);
    for socket in [&mute.socket, &slow.socket, &full] {
        let begun = Instant::now();
        let asked = Agent::at(socket).within(Duration::from_millis(400)).identities();
        assert!(matches!(asked, Err(AgentError::Silent { .. })), "{}: {asked:?}", socket.display());
        // An upper bound that no slow machine misses: without limits this never ends.
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    drop(waiting);
}

/// Connects until the queue takes no more.
fn fill(socket: &Path) -> Vec<rustix::fd::OwnedFd> {
    use rustix::net::{
        AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with,
    };
    let address = SocketAddrUnix::new(socket).expect("an address");
    let mut waiting = Vec::new();
    loop {
        let flags = SocketFlags::NONBLOCK;
        let one = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).expect("one");
        match connect(&one, &address) {
            Ok(()) => waiting.push(one),
            Err(rustix::io::Errno::AGAIN) => return waiting,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_program_waits_for_a_silent_agent_and_then_says_so() {
    let mute = Impostor::new(|_, _| thread::sleep(Duration::from_secs(60)));
    let case = Case::new();
    let words = "has not answered for 5 seconds";
    refused(&case, &mute.socket, "key agent tanaka.example.jp", words);
}
