//! The IPP printer: what it is told, what is made of its answers, and that no answer
//! hangs, swells or ends the program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use media_custody::model::Format;
use media_custody::printer::{Delivery, Outgoing, SendError, Transport as _};

use crate::stub::{
    GET_JOB, GET_JOBS, GET_PRINTER, PRINT_JOB, Reply, Request, Stub, answer, attribute, job_in,
    keyword, number, ready,
};
use crate::{job, printer, wires};

fn send(stub: &Stub, format: Format) -> Result<Delivery, SendError> {
    let job = job(format, 50_000);
    wires().send(&printer(&stub.address), Outgoing { job: &job, mark: "abc123-1" })
}

/// A stub that is ready, and does this about the job itself.
fn about_the_job(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Stub {
    Stub::new(move |request| match request.operation {
        GET_PRINTER => Reply::Body(ready()),
        _ => reply(),
    })
}

#[test]
fn the_printer_is_told_what_it_needs_and_asked_until_the_job_ends() {
    let stub = Stub::of_states(vec![job_in(3, "none"), job_in(5, "job-printing"), job_in(9, "x")]);
    let mut sent = job(Format::Pdf, 200_000);
    sent.copies = 2;
    let done = wires().send(&printer(&stub.address), Outgoing { job: &sent, mark: "abc123-1" });
    assert_eq!(done, Ok(Delivery::Printed));
    assert_eq!(stub.requests(GET_JOB).len(), 3);
    let [request] = stub.requests(PRINT_JOB).try_into().expect("one job");
    assert_eq!(request.line, "POST /ipp/print HTTP/1.1");
    assert!(request.document == sent.bytes, "other bytes arrived");
    assert_eq!(request.text("job-name"), "SZ-2026-000001 (custody abc123-1)");
    assert_eq!(request.text("document-format"), "application/pdf");
    assert!(request.text("printer-uri").starts_with("ipp://127.0.0.1:"));
    let copies = (2, "copies".to_owned(), 2_i32.to_be_bytes().to_vec());
    assert!(request.attributes.contains(&copies), "{:?}", request.attributes);
    // RFC 8011, 4.1.4: these two come first.
    assert_eq!(request.attributes[0].1, "attributes-charset");
    assert_eq!(request.attributes[1].1, "attributes-natural-language");
}

#[test]
fn out_of_paper_is_told_in_words_and_the_job_is_followed() {
    let paper = Arc::new(AtomicBool::new(false));
    let tray = paper.clone();
    let stub = Stub::new(move |request| {
        Reply::Body(match (request.operation, tray.load(Ordering::SeqCst)) {
            (GET_PRINTER, _) => ready(),
            (_, true) => job_in(9, "job-completed-successfully"),
            (_, false) => job_in(6, "media-empty-error"),
        })
    });
    let taken = send(&stub, Format::Pdf).expect("taken");
    let says = vec!["out of paper".to_owned()];
    assert_eq!(taken, Delivery::Accepted { number: "42".to_owned(), says });
    // Somebody adds paper; the job is asked for and not sent again.
    paper.store(true, Ordering::SeqCst);
    assert_eq!(wires().follow(&printer(&stub.address), "42"), Ok(Delivery::Printed));
    assert_eq!(stub.requests(PRINT_JOB).len(), 1);
}

#[test]
fn a_job_that_the_printer_gives_up_is_no_success() {
    for (state, reason, pages, doubt) in
        [(8, "document-format-error", 0, false), (7, "job-canceled-at-device", 1, true)]
    {
        let end = answer(
            0,
            2,
            &[
                number(0x21, "job-id", 42),
                number(0x23, "job-state", state),
                keyword("job-state-reasons", reason),
                number(0x21, "job-impressions-completed", pages),
            ],
        );
        let error = send(&Stub::of_states(vec![end]), Format::Pdf).expect_err("given up");
        assert_eq!(error.may_have_printed(), doubt, "{error}");
        assert!(matches!(error, SendError::GivenUp { .. }), "{error}");
    }
}

#[test]
fn what_is_refused_was_surely_not_printed() {
    let mut answers = vec![
        about_the_job(|| Reply::Body(answer(0x0507, 5, &[]))),
        about_the_job(|| Reply::Body(answer(0x040a, 5, &[]))),
        // Not accepting, and of another format.
        Stub::new(|_| {
            Reply::Body(answer(0, 4, &[attribute(0x22, "printer-is-accepting-jobs", &[0])]))
        }),
        Stub::new(|_| {
            Reply::Body(answer(0, 4, &[attribute(0x49, "document-format-supported", b"image/urf")]))
        }),
    ];
    answers.extend(
        [301, 302, 307, 401, 404, 426, 500]
            .map(|status| about_the_job(move || Reply::Status(status))),
    );
    for stub in answers {
        let error = send(&stub, Format::Pdf).expect_err("refused");
        assert!(!error.may_have_printed(), "{error}");
        assert!(stub.requests(PRINT_JOB).len() <= 1, "a redirect was followed");
    }
    let stub = about_the_job(|| Reply::Status(426));
    let error = send(&stub, Format::Pdf).expect_err("refused").to_string();
    assert!(error.contains("ipps"), "{error}");
}

#[test]
fn nobody_there_is_known_at_once() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("ipp://{}/ipp/print", port.local_addr().expect("an address"));
    drop(port);
    let job = job(Format::Pdf, 100);
    let error = wires().send(&printer(&address), Outgoing { job: &job, mark: "a-1" });
    let error = error.expect_err("nobody");
    assert!(matches!(error, SendError::NotReached { .. }), "{error}");
    assert!(!error.may_have_printed());
}

fn nested(depth: usize) -> Vec<u8> {
    let begin = [attribute(0x34, "", b""), attribute(0x4a, "", b"m")].concat().repeat(depth);
    let end = attribute(0x37, "", b"").repeat(depth);
    answer(0, 2, &[number(0x21, "job-id", 1), begin, end])
}

#[test]
fn a_hostile_answer_neither_hangs_nor_swells_nor_ends_the_program() {
    type Made = fn() -> Reply;
    let hostile: Vec<(&str, Made)> = vec![
        ("silence", || Reply::Silence(Duration::from_secs(8))),
        ("close", || Reply::Close),
        ("no HTTP", || Reply::Raw(b"\x00\xff\x1b[2J".to_vec())),
        ("long header", || {
            Reply::Raw(b"HTTP/1.1 200 X\r\n".iter().copied().chain(vec![b'a'; 1 << 20]).collect())
        }),
        ("wrong length", || Reply::Raw(b"HTTP/1.1 200 X\r\ncontent-length: 9\r\n\r\nab".to_vec())),
        ("endless", || Reply::Endless),
        ("empty", || Reply::Body(Vec::new())),
        ("noise", || Reply::Body((0..=255).cycle().take(10_000).collect())),
        ("nested", || Reply::Body(nested(60_000))),
        ("no number", || Reply::Body(answer(0, 2, &[keyword("job-id", "42")]))),
        ("cut short", || Reply::Body(job_in(9, "x")[..20].to_vec())),
    ];
    for (name, reply) in hostile {
        let begun = Instant::now();
        let error = send(&about_the_job(reply), Format::Pdf).expect_err(name);
        // The job went out: nobody knows what the printer made of it.
        assert!(error.may_have_printed(), "{name}: {error}");
        assert!(begun.elapsed() < Duration::from_secs(7), "{name}: {:?}", begun.elapsed());
        let shown = error.to_string();
        assert!(!shown.chars().any(char::is_control) && shown.len() < 600, "{name}: {shown:?}");
        // The same answer to the question before it: nothing was sent.
        let error = send(&Stub::new(move |_| reply()), Format::Pdf);
        if name != "no number" {
            let error = error.expect_err(name);
            assert!(!error.may_have_printed(), "{name}: {error}");
        }
    }
}

#[test]
fn a_job_is_found_again_by_its_mark() {
    let listed = |title: &'static str, state: i32| {
        move |request: &Request| {
            let group = [
                number(0x21, "job-id", 7),
                attribute(0x42, "job-name", title.as_bytes()),
                number(0x23, "job-state", state),
            ];
            Reply::Body(match (request.operation, request.text("which-jobs").as_str()) {
                (GET_JOBS, "completed") => answer(0, 2, &group),
                _ => answer(0, 5, &[]),
            })
        }
    };
    let find = |stub: Stub| wires().find(&printer(&stub.address), "abc123-2");
    let title = "SZ-2026-000001 (custody abc123-2)";
    assert_eq!(find(Stub::new(listed(title, 9))), Ok(Some(Delivery::Printed)));
    assert!(matches!(find(Stub::new(listed(title, 8))), Err(SendError::GivenUp { .. })));
    let other = "SZ-2026-000001 (custody abc123-1)";
    assert_eq!(find(Stub::new(listed(other, 9))), Ok(None));
}

#[test]
fn a_printer_says_what_it_is_and_what_is_in_its_way() {
    let stub = Stub::new(|_| {
        let attributes = [
            attribute(0x41, "printer-make-and-model", b"Stub \x1b[31m1"),
            number(0x23, "printer-state", 5),
            keyword("printer-state-reasons", "cover-open-error"),
            keyword("", "toner-low-warning"),
        ];
        Reply::Body(answer(0, 4, &attributes))
    });
    let look = wires().look(&printer(&stub.address).address);
    assert!(look.answers);
    assert_eq!(look.says, ["Stub \\u{1b}[31m1", "stopped", "cover open", "toner low"]);
}

#[test]
fn raw_bytes_go_through_an_ipp_printer_that_passes_them_on() {
    let stub = Stub::of_states(vec![job_in(9, "x")]);
    assert_eq!(send(&stub, Format::EscPos), Ok(Delivery::Printed));
    let [request] = stub.requests(PRINT_JOB).try_into().expect("one job");
    assert_eq!(request.text("document-format"), "application/octet-stream");
}
