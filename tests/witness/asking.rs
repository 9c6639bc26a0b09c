//! Our client before servers that are slow, wrong, huge or hostile: the ledger is as it
//! was, and each is named.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use media_custody::ops::OpsError;
use media_custody::ops::cosigned::Cosigned;
use media_custody::ops::witness::WitnessError;
use media_custody::ops::witness_ask::ask_patiently;
use media_custody::proof::cosignature::cosign;
use media_custody::proof::quorum::WitnessPolicy;
use media_custody::wire::signature::{Signer as _, SigningKey};
use media_custody::witness_http::client::Patience;

use crate::office::{Case, of};

fn witness() -> SigningKey {
    SigningKey::cosigner_from_seed(of("witness.example.org/w1"), &[0x13; 32])
}

fn policy() -> WitnessPolicy {
    let text = format!("witness w {}\nquorum w\n", witness().key());
    WitnessPolicy::parse(text.as_bytes()).expect("sound")
}

/// Asks a server that gives each question the next of these answers, whatever it is.
fn against(case: &Case, answers: Vec<Vec<u8>>) -> Result<u64, OpsError> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().expect("asked");
            stream.set_read_timeout(Some(Duration::from_millis(100))).expect("set");
            while stream.read(&mut [0; 4096]).is_ok_and(|count| count > 0) {}
            // Whoever does not listen to the end misses nothing.
            let _ = stream.write_all(&answer);
            if answer.is_empty() {
                std::thread::sleep(Duration::from_secs(2));
            }
        }
    });
    let patience = Patience { connect: Duration::from_secs(1), whole: Duration::from_millis(1200) };
    let mut ledger = case.ledger();
    let asked = ask_patiently(&mut ledger, &url, &policy(), patience).map(|taken| taken.size);
    drop(ledger);
    // Answers that nobody asked for are not waited for.
    drop(server);
    asked
}

fn http(status: &str, kind: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn kept(case: &Case) -> usize {
    let ledger = case.ledger();
    let log = ledger.state().log_key().cloned().expect("a log key");
    Cosigned::of(ledger.folder(), &(&log).into()).all().expect("read").len()
}

#[test]
fn answers_that_are_none_change_nothing() {
    let case = Case::new();
    let line = |key: &SigningKey| {
        let checkpoint = case.ledger().checkpoint().expect("a checkpoint");
        cosign(&checkpoint, 1_790_000_000, key).expect("signs").to_line()
    };
    let stranger = SigningKey::cosigner_from_seed(of("w2.example"), &[3; 32]);
    let other = {
        // The right witness for another checkpoint.
        let desk = crate::desk::Desk::new();
        let (_, tree) = desk.ledger(2);
        cosign(&desk.checkpoint(&tree, 2), 5, &witness()).expect("signs").to_line()
    };
    let size = "text/x.tlog.size";
    // What would be taken, if what came before it were.
    let vouched = || http("200 OK", "text/plain", &line(&witness()));
    let endless = format!("{}\n", "x".repeat(200)).repeat(2000);
    let table: Vec<(&str, Vec<Vec<u8>>)> = vec![
        ("silence", vec![vec![]]),
        ("no HTTP", vec![b"hello\r\n\r\n".to_vec()]),
        (
            "half an answer",
            vec![b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n\xe2\x80\x94".to_vec()],
        ),
        ("too much", vec![http("200 OK", "text/plain", &endless)]),
        ("nothing", vec![http("200 OK", "text/plain", "")]),
        ("garbage", vec![http("200 OK", "text/plain", "\u{2014} w AAAA\n")]),
        ("a stranger's line", vec![http("200 OK", "text/plain", &line(&stranger))]),
        ("a line for another checkpoint", vec![http("200 OK", "text/plain", &other)]),
        (
            "a text before the line",
            vec![http("200 OK", "text/plain", &format!("\nx\n{}", line(&witness())))],
        ),
        (
            "a redirect",
            vec![
                b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
                    .to_vec(),
            ],
        ),
        ("403", vec![http("403 Forbidden", "text/plain", "no\x1b[31m")]),
        ("404", vec![http("404 Not Found", "text/plain", "")]),
        ("500", vec![http("500 Oh", "text/plain", "")]),
        ("a conflict without a size", vec![http("409 Conflict", size, "ten\n"), vouched()]),
        ("a conflict of another type", vec![http("409 Conflict", "text/plain", "3\n"), vouched()]),
        ("a conflict without a line end", vec![http("409 Conflict", size, "3"), vouched()]),
        ("a conflict with what was asked", vec![http("409 Conflict", size, "0\n"), vouched()]),
        (
            "conflicts for ever",
            ["3\n", "4\n", "5\n"].iter().map(|n| http("409 Conflict", size, n)).collect(),
        ),
    ];
    for (what, answers) in table {
        let since = Instant::now();
        let refused = against(&case, answers).expect_err(what);
        assert!(since.elapsed() < Duration::from_secs(5), "{what}: {:?}", since.elapsed());
        let fork = matches!(&refused, OpsError::Witness(error) if error.is_fork());
        assert!(!fork, "{what}: {refused}");
        assert!(!refused.to_string().contains('\u{1b}'), "{what}");
        assert_eq!(kept(&case), 0, "{what}");
    }
    let good = http("200 OK", "text/plain", &format!("{}{}", line(&stranger), line(&witness())));
    let told = http("409 Conflict", size, "3\n");
    assert_eq!(against(&case, vec![told, good]).expect("vouched"), 10);
    assert_eq!(kept(&case), 1);
    assert!(!case.text("ledger/cosigned/10.checkpoint").contains("w2.example"));
}

#[test]
fn a_witness_that_saw_more_or_other_is_evidence() {
    let case = Case::new();
    let ahead = against(&case, vec![http("409 Conflict", "text/x.tlog.size", "11\n")]);
    assert!(matches!(ahead, Err(OpsError::Witness(WitnessError::Ahead { seen: 11, have: 10 }))));
    let answers = vec![
        http("409 Conflict", "text/x.tlog.size", "7\n"),
        http("422 Unprocessable Entity", "text/plain", "no"),
    ];
    let other = against(&case, answers);
    assert!(matches!(other, Err(OpsError::Witness(WitnessError::OtherHistory { seen: 7 }))));
}
