//! A witness that is not ours: `sigsum-witness` of the Sigsum project (Debian's sigsum-go,
//! from the backports). Our log asks it over c2sp.org/tlog-witness and checks what it signs.
//!
//! It vouches for one log, whose name must hold the hash of its key, so the ledger is founded
//! around a key that was there before.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use media_custody::keyring::save_log_key;
use media_custody::ledger::{Frame, Policy};
use media_custody::model::statement::{Genesis, Signs};
use media_custody::model::{Nonce, Seen, Signatory, Stamp, Statement, VerifierKey, Zone};
use media_custody::ops::cosigned::Taken;
use media_custody::ops::ledger::{LOG_KEY_FILE, options};
use media_custody::ops::party::{Enrolment, enrol};
use media_custody::ops::witness::WitnessError;
use media_custody::ops::witness_ask::ask;
use media_custody::ops::{Clock as _, Draft, FixedClock, Ledger, OpsError};
use media_custody::proof::quorum::WitnessPolicy;
use media_custody::proof::tree::empty_root;
use media_custody::store::FileStore;
use media_custody::wire::signature::{Signer as _, SigningKey};

use crate::office::{at, of, person};

/// The folder of the programs, as `tests/run prepare` unpacks them.
fn sigsum() -> Option<PathBuf> {
    let named = std::env::var_os("CUSTODY_SIGSUM").map(PathBuf::from);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder");
    let folder = named.unwrap_or_else(|| target.join("sigsum/usr/bin"));
    if folder.join("sigsum-witness").exists() {
        return Some(folder);
    }
    // Demanded, unless it could not be fetched from where Debian keeps it.
    let demanded = std::env::var("CUSTODY_REQUIRE_TOOLS").is_ok_and(|value| value == "1");
    assert!(
        !demanded || target.join("sigsum/absent").exists(),
        "CUSTODY_REQUIRE_TOOLS=1, and sigsum-witness is missing: run 'tests/run prepare'"
    );
    use std::io::Write as _;
    let text = "SKIPPED: no sigsum-go from the backports, so no witness but ours was asked\n";
    let _ = std::io::stderr().write_all(text.as_bytes());
    None
}

/// A witness that runs, and ends with this.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a tool of theirs says.
fn told(tool: &mut Command) -> String {
    let done = tool.output().expect("it runs");
    assert!(done.status.success(), "{tool:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).expect("text").trim().to_owned()
}

/// The log's key under the name that Sigsum demands, which only its own tool has to know.
fn log_key(programs: &Path, folder: &Path) -> SigningKey {
    let seed = [0x51; 32];
    let any = SigningKey::from_seed("any.example.jp".parse().expect("a name"), &seed);
    let vkey = folder.join("log.any");
    std::fs::write(&vkey, format!("{}\n", any.key())).expect("written");
    let public = folder.join("log.pub");
    let tool = || Command::new(programs.join("sigsum-key"));
    told(tool().args(["from-vkey", "-k"]).arg(&vkey).arg("-o").arg(&public));
    let named: VerifierKey = of(&told(tool().args(["to-vkey", "-k"]).arg(&public)));
    let log = SigningKey::from_seed(named.name().clone(), &seed);
    assert_eq!(log.key(), &named, "they name the key's id as we do");
    log
}

/// Starts it, and says who it is and where.
fn witness(programs: &Path, folder: &Path) -> (Running, VerifierKey, String) {
    let key = folder.join("witness");
    let tool = || Command::new(programs.join("sigsum-key"));
    told(tool().args(["generate", "-o"]).arg(&key));
    let public = key.with_extension("pub");
    let hash = told(tool().args(["to-hash", "-k"]).arg(&public));
    let name = format!("sigsum.org/v1/witness/{hash}");
    let vkey =
        told(tool().args(["to-vkey", "-t", "cosignature/v1", "-n", &name, "-k"]).arg(&public));
    let address = {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port");
        port.local_addr().expect("an address").to_string()
    };
    let mut command = Command::new(programs.join("sigsum-witness"));
    command.arg("-k").arg(&key).arg("--log-key").arg(folder.join("log.pub"));
    command.arg("--state-file").arg(folder.join("state")).arg(&address);
    // Debian's build of 0.11.1 runs with the request router of Go 1.21, which does not know
    // the patterns that it registers, and answers everything with 404.
    command.env("GODEBUG", "httpmuxgo121=0");
    let running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let running = Running(running);
    let begun = Instant::now();
    while TcpStream::connect(&address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "the witness does not come up");
        std::thread::sleep(Duration::from_millis(20));
    }
    (running, VerifierKey::parse(&vkey).expect("a key"), format!("http://{address}"))
}

/// A ledger of three entries; the policy's interval tells one history from another.
fn founded(folder: &Path, log: &SigningKey, days: u32) -> Ledger {
    let clock = FixedClock::at(at("2026-11-30T09:00:00+09:00"));
    let stamp = Stamp::from_unix(clock.unix(), &Zone::named("Asia/Tokyo").expect("a zone"));
    let stamp = stamp.expect("a time");
    let kato = SigningKey::from_seed(of("kato.example.jp"), &[0x52; 32]);
    let by =
        Signatory { party: person("kato", "加藤 一", "静岡支部"), key: kato.key().clone() };
    let seen = Seen { size: 0, root: empty_root() };
    let genesis = Genesis {
        ledger: of(log.key().name().as_str()),
        at: stamp,
        seen,
        organisation: of("静岡健保組合"),
        site: of("静岡支部"),
        zone: of("Asia/Tokyo"),
        receipt_prefix: of("SZ"),
        log_key: Signs(log.key().clone()),
        administrator: by.clone(),
        nonce: Nonce([0x53; 16]),
    };
    let frame = Frame { at: stamp, seen, nonce: Nonce([0x54; 16]) };
    let policy = Policy { interval_days: days, ..Policy::default() };
    let policy = policy.statement(genesis.ledger.clone(), frame, None, by, None);
    let mut drafts = vec![Draft::new(Statement::from(genesis)), Draft::new(policy.into())];
    drafts[0].sign(log).expect("signed");
    drafts.iter_mut().for_each(|draft| draft.sign(&kato).expect("signed"));
    FileStore::create(folder, &options()).expect("created");
    save_log_key(&folder.join(LOG_KEY_FILE), log).expect("written");
    let mut ledger = Ledger::open(folder, &mut |_, _| {}).expect("opened");
    ledger.set_clock(Arc::new(clock));
    ledger.submit(&drafts).expect("appended");
    more(&mut ledger, 1);
    ledger
}

/// So many entries more.
fn more(ledger: &mut Ledger, count: u64) {
    let kato = SigningKey::from_seed(of("kato.example.jp"), &[0x52; 32]);
    for _ in 0..count {
        let wish = Enrolment {
            party: person(&format!("p{}", ledger.state().size), "名無し", "さくら印刷"),
            roles: vec![of("outside")],
            key: None,
            renew: false,
            by: of("kato"),
        };
        let mut draft = enrol(ledger, wish).expect("enrolled");
        draft.sign(&kato).expect("signed");
        ledger.submit(&[draft]).expect("appended");
    }
}

#[test]
fn sigsums_witness_vouches_for_our_log() {
    let Some(programs) = sigsum() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let log = log_key(&programs, folder);
    let (_running, key, url) = witness(&programs, folder);
    let text = format!("log {}\nwitness sigsum {key} {url}\nquorum sigsum\n", log.key());
    let policy = WitnessPolicy::parse(text.as_bytes()).expect("a policy");
    let mut ledger = founded(&folder.join("ledger"), &log, 30);
    std::fs::write(folder.join("ledger/witnesses.policy"), &text).expect("written");
    let vouches = |taken: &Taken, size: u64| {
        assert!(taken.vouched.enough, "{:?}", taken.vouched);
        assert_eq!(taken.size, size);
    };
    // The first time, with nothing to continue; then from where it stood.
    vouches(&ask(&mut ledger, &url, &policy).expect("cosigned"), 3);
    more(&mut ledger, 6);
    vouches(&ask(&mut ledger, &url, &policy).expect("cosigned"), 9);
    // What it saw before is forgotten here: it says at which size it stands.
    std::fs::remove_dir_all(folder.join("ledger/cosigned")).expect("removed");
    more(&mut ledger, 4);
    vouches(&ask(&mut ledger, &url, &policy).expect("cosigned"), 13);
    let receipt = ledger.receipt_of(5).expect("a receipt");
    let vouched = policy.judge(receipt.proof().checkpoint()).expect("judged");
    assert!(vouched.enough, "{vouched:?}");
    // Another history under the same key.
    let mut other = founded(&folder.join("other"), &log, 29);
    more(&mut other, 20);
    let refused = ask(&mut other, &url, &policy).expect_err("another history");
    assert!(
        matches!(refused, OpsError::Witness(WitnessError::OtherHistory { seen: 13 })),
        "{refused}"
    );
}
