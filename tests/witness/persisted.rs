//! What was cosigned is never forgotten and never contradicted.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use media_custody::ops::witness_serve;
use media_custody::proof::consistency::prove_consistency;
use media_custody::proof::witness::{AddCheckpoint, origin_hash};
use proptest::prelude::*;

use crate::desk::ORIGIN;
use crate::letter::Setting;
use crate::office::started;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever sequence of requests: all that was cosigned lies on one history.
    #[test]
    fn all_that_is_cosigned_lies_on_one_history(
        asked in prop::collection::vec((any::<bool>(), 0u64..24, 1u64..24, 0u8..4), 1..24)
    ) {
        let setting = Setting::new();
        let mut kept = Vec::new();
        for (side, any, size, way) in asked {
            let tree = if side { &setting.tree } else { &setting.forked };
            // Mostly from where the witness stands, or nothing would ever be cosigned.
            let old = if way == 0 { any } else { setting.size() };
            let proving = if way == 1 { &setting.forked } else { tree };
            let proof = prove_consistency(proving, old.min(size), size).expect("proof");
            let checkpoint = setting.desk.checkpoint(tree, size);
            let request = AddCheckpoint::new(old, proof, checkpoint.clone()).to_bytes();
            if setting.post(&request).status == 200 {
                kept.push(checkpoint);
            }
        }
        let on = |tree: &media_custody::proof::memory::MemoryTree| {
            kept.iter().all(|kept| {
                tree.root_at(kept.checkpoint().size()).as_ref() == Ok(kept.checkpoint().root())
            })
        };
        prop_assert!(on(&setting.tree) || on(&setting.forked));
        let sizes: Vec<u64> = kept.iter().map(|kept| kept.checkpoint().size()).collect();
        prop_assert!(sizes.is_sorted(), "{sizes:?}");
    }
}

/// Where it cannot be written down nothing is cosigned.
#[test]
fn no_cosignature_leaves_that_was_not_written_down() {
    let setting = Setting::new();
    assert_eq!(setting.post(&setting.request(&setting.tree, 0, 8)).status, 200);
    let in_the_way = setting.folder.path().join("logs").join(origin_hash(ORIGIN) + ".new");
    fs::create_dir(&in_the_way).expect("made");
    let answer = setting.post(&setting.request(&setting.tree, 8, 9));
    assert_eq!(answer.status, 500);
    assert!(!answer.body.starts_with("\u{2014}".as_bytes()));
    fs::remove_dir(&in_the_way).expect("removed");
    assert_eq!(setting.size(), 8);
}

/// A record that does not hold is a damaged one, never one of a log just met.
#[test]
fn a_damaged_or_lost_record_vouches_for_nothing() {
    let setting = Setting::new();
    assert_eq!(setting.post(&setting.request(&setting.tree, 0, 8)).status, 200);
    let path = setting.folder.path().join("logs").join(origin_hash(ORIGIN));
    let whole = fs::read(&path).expect("read");
    let first = setting.request(&setting.forked, 0, 9);
    for end in (0..whole.len()).step_by(7) {
        fs::write(&path, &whole[..end]).expect("written");
        let status = setting.post(&first).status;
        let keys = whole.windows(2).position(|pair| pair == b"\n\n").expect("keys") + 1;
        // Cut right behind its keys it cannot be told from a log just met; files are
        // replaced whole, so that this takes somebody who wants it.
        assert!(status == 500 || end == keys, "{end}: {status}");
    }
    for at in (0..whole.len()).step_by(11) {
        let mut flipped = whole.clone();
        flipped[at] ^= 4;
        fs::write(&path, &flipped).expect("written");
        assert!(matches!(setting.post(&first).status, 500), "byte {at}");
    }
    fs::remove_file(&path).expect("removed");
    assert_eq!(setting.post(&first).status, 404, "a lost record is an unknown log");
}

/// Many at once, all from one size: one of them is answered, the others are told where
/// the witness stands.
#[test]
fn requests_at_once_are_judged_one_by_one() {
    let setting = Setting::new();
    let (witness, stop) = (setting.witness(), AtomicBool::new(false));
    let (sender, receiver) = std::sync::mpsc::channel();
    let statuses = std::thread::scope(|scope| {
        let (witness, stop) = (&witness, &stop);
        scope.spawn(move || {
            let address = "127.0.0.1:0".parse().expect("an address");
            let ready = |address| sender.send(address).expect("told");
            witness_serve::serve(witness, address, stop, &|_| {}, ready).expect("served");
        });
        let address = receiver.recv().expect("an address").to_string();
        let ask = |at: u64| {
            let tree = if at.is_multiple_of(2) { &setting.tree } else { &setting.forked };
            let (request, address) = (setting.request(tree, 0, 8 + at), address.clone());
            scope.spawn(move || post(&address, &request).expect("answered"))
        };
        let asking: Vec<_> = (0..12).map(ask).collect();
        let statuses: Vec<u16> = asking.into_iter().map(|one| one.join().expect("ends")).collect();
        // Slow, silent and hostile clients end as well.
        let mut slow = TcpStream::connect(&address).expect("connects");
        slow.write_all(b"POST /add-checkpoint HTTP/1.1\r\nContent-Le").expect("sent");
        for hostile in ["\0\0\0\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"] {
            let mut stream = TcpStream::connect(&address).expect("connects");
            stream.write_all(hostile.as_bytes()).expect("sent");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
        }
        // Two requests on one connection.
        let mut kept = TcpStream::connect(&address).expect("connects");
        for _ in 0..2 {
            kept.write_all(b"GET /x HTTP/1.1\r\n\r\n").expect("sent");
            let mut line = [0; 12];
            kept.read_exact(&mut line).expect("an answer");
            assert_eq!(&line, b"HTTP/1.1 404");
            kept.set_read_timeout(Some(Duration::from_millis(200))).expect("set");
            let _ = kept.read(&mut [0; 512]);
        }
        stop.store(true, Ordering::Relaxed);
        drop(slow);
        statuses
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 11, "{statuses:?}");
}

/// Posts as simply as can be; the status of the answer.
pub fn post(address: &str, body: &[u8]) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let head = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let status = answer.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    status.and_then(|digits| digits.parse().ok()).ok_or(std::io::ErrorKind::UnexpectedEof.into())
}

/// The program itself, killed at any moment: what it answered stands, and the other
/// history is refused from then on.
#[test]
fn a_kill_never_lets_it_sign_two_histories() {
    let setting = Setting::new();
    let mut answered = 0;
    for round in 0..8u64 {
        let mut program = started(
            Command::new(env!("CARGO_BIN_EXE_custody"))
                .args(["witness", "serve", "--listen", "127.0.0.1:0", "--folder"])
                .arg(setting.folder.path())
                .stderr(Stdio::piped())
                .stdout(Stdio::null()),
        );
        let mut line = String::new();
        BufReader::new(program.stderr.take().expect("piped")).read_line(&mut line).expect("told");
        let (_, rest) = line.split_once("http://").expect("an address");
        let address = rest.trim_end().trim_end_matches('/').to_owned();
        // Killed behind a first answer, somewhere in what follows it.
        let answers = Arc::new(AtomicU64::new(0));
        let seen = Arc::clone(&answers);
        let killed = std::thread::spawn(move || {
            while seen.load(Ordering::Relaxed) == 0 {
                std::thread::yield_now();
            }
            std::thread::sleep(Duration::from_micros(round * 700));
            program.kill().expect("killed");
            program.wait().expect("ended");
        });
        for size in answered + 1..=24 {
            let request = setting.request(&setting.tree, setting.size(), size);
            match post(&address, &request) {
                Ok(200) => answered = size,
                _ => break,
            }
            answers.fetch_add(1, Ordering::Relaxed);
        }
        answers.fetch_add(1, Ordering::Relaxed);
        killed.join().expect("joined");
        assert!(setting.size() >= answered, "round {round}");
        if setting.size() > 7 {
            let fork = setting.request(&setting.forked, setting.size(), 24);
            assert_eq!(setting.post(&fork).status, 422);
        }
    }
    assert!(answered > 0, "nothing was answered in time");
}
