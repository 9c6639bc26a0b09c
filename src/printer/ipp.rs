//! IPP (RFC 8010, RFC 8011) over HTTP, as office printers and CUPS speak it.
//!
//! The crate `ipp` makes the requests and reads the answers; the HTTP between them is
//! done here, since its client neither caps an answer nor tells "not reached" from "no
//! answer", and follows the environment's proxy.

use std::time::{Duration, Instant};

use ipp::attribute::{IppAttribute, IppAttributeGroup};
use ipp::model::{DelimiterTag, IppVersion, Operation};
use ipp::request::IppRequestResponse;
use ipp::value::IppValue;
use ureq::http::Uri;

use super::address::IppAddress;
use super::ipp_answer::{ANSWER_MAX, Answer, number, text, texts, yes};
use super::reasons::in_words;
use super::{Delivery, Look, Outgoing, Patience, SendError, plainly};

/// The name under which jobs are handed in, and by which they are found again.
const USER: &str = "custody";
/// Slowest line on which a document is still sent, in bytes a second.
const SLOWEST: u64 = 16 << 10;
/// Most jobs that are asked for when one is looked for.
const JOBS_MAX: i32 = 200;

/// Why a question has no answer.
enum NoAnswer {
    /// There is no connection, so nothing was sent.
    NotReached(String),
    /// It went out, or may have; what came back is no answer.
    Unclear(String),
    /// The printer's web server refused it.
    Refused(String),
}

impl NoAnswer {
    /// For a question that prints nothing.
    fn harmless(self, at: &IppAddress) -> SendError {
        let address = super::Address::Ipp(at.clone()).to_string();
        match self {
            NoAnswer::NotReached(why) | NoAnswer::Unclear(why) => {
                SendError::NotReached { address, why }
            }
            NoAnswer::Refused(why) => SendError::Refused(why),
        }
    }
}

struct Client<'a> {
    at: &'a IppAddress,
    uri: Uri,
    agent: ureq::Agent,
}

impl<'a> Client<'a> {
    fn new(at: &'a IppAddress, patience: Patience) -> Result<Self, SendError> {
        let uri = format!("ipp://{}{}", at.host.authority(), at.path);
        let uri = uri.parse().map_err(|_| SendError::Refused(format!("{uri} is no address")))?;
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(patience.connect))
            .timeout_resolve(Some(patience.connect))
            .timeout_recv_response(Some(patience.answer))
            .timeout_recv_body(Some(patience.answer))
            .http_status_as_error(false)
            .max_redirects(0)
            // A connection for each request: many printers close one after an answer, and a
            // job sent into a closed one could not be told from a job that got lost.
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            // A job goes to the printer that was named, and to nobody in between.
            .proxy(None)
            .user_agent(concat!("custody/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Client { at, uri, agent: agent.into() })
    }

    fn request(&self, operation: Operation) -> Option<IppRequestResponse> {
        IppRequestResponse::new(IppVersion::v1_1(), operation, Some(self.uri.clone())).ok()
    }

    fn ask(
        &self,
        request: &IppRequestResponse,
        document: &[u8],
        limit: Duration,
    ) -> Result<Answer, NoAnswer> {
        let body = [&request.to_bytes(), document].concat();
        let url = format!("http://{}{}", self.at.host.authority(), self.at.path);
        let sent = self
            .agent
            .post(&url)
            .header("content-type", "application/ipp")
            .config()
            .timeout_global(Some(limit))
            .build()
            .send(&body[..]);
        let mut response = sent.map_err(no_answer)?;
        let status = response.status().as_u16();
        if status != 200 {
            return Err(NoAnswer::Refused(http_words(status)));
        }
        let answer = response.body_mut().with_config().limit(ANSWER_MAX).read_to_vec();
        let answer = answer.map_err(|error| NoAnswer::Unclear(shown(&error)))?;
        Answer::parse(answer).ok_or_else(|| NoAnswer::Unclear("the answer is not IPP".to_owned()))
    }

    /// Asks something that prints nothing.
    fn learn(
        &self,
        request: Option<IppRequestResponse>,
        patience: Patience,
    ) -> Result<Answer, SendError> {
        let request =
            request.ok_or_else(|| SendError::Refused("the address is too long".into()))?;
        let limit = patience.connect + patience.answer;
        self.ask(&request, &[], limit).map_err(|error| error.harmless(self.at))
    }
}

fn shown(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => plainly(error),
        ureq::Error::HostNotFound => "nothing on the network has that name".to_owned(),
        ureq::Error::Timeout(_) => "no answer in time".to_owned(),
        ureq::Error::ConnectionFailed => "nothing there takes the connection".to_owned(),
        ureq::Error::BodyExceedsLimit(_) => "its answer is too large".to_owned(),
        other => crate::model::printable::printable(&other.to_string(), 200),
    }
}

fn no_answer(error: ureq::Error) -> NoAnswer {
    use std::io::ErrorKind;
    let before = match &error {
        ureq::Error::HostNotFound | ureq::Error::ConnectionFailed | ureq::Error::BadUri(_) => true,
        ureq::Error::Timeout(phase) => {
            matches!(phase, ureq::Timeout::Resolve | ureq::Timeout::Connect)
        }
        ureq::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable
        ),
        _ => false,
    };
    if before { NoAnswer::NotReached(shown(&error)) } else { NoAnswer::Unclear(shown(&error)) }
}

fn http_words(status: u16) -> String {
    match status {
        401 | 403 => "the printer asks for a password or does not permit printing".to_owned(),
        404 => "the printer does not know this path; many use /ipp/print".to_owned(),
        426 => "the printer takes encrypted connections (ipps) only; add it to CUPS and name the \
                queue, as in lp:office"
            .to_owned(),
        _ => format!("the printer's web server answers with status {status}"),
    }
}

fn name(text: &str) -> Option<IppValue> {
    Some(IppValue::NameWithoutLanguage(text.try_into().ok()?))
}

fn add(request: &mut IppRequestResponse, tag: DelimiterTag, key: &str, value: Option<IppValue>) {
    let attribute = value.and_then(|value| IppAttribute::with_name(key, value).ok());
    if let Some(attribute) = attribute {
        request.attributes_mut().add(tag, attribute);
    }
}

fn wanted(request: &mut IppRequestResponse, keys: &[&str]) {
    let keywords: Option<Vec<IppValue>> =
        keys.iter().map(|key| Some(IppValue::Keyword((*key).try_into().ok()?))).collect();
    let tag = DelimiterTag::OperationAttributes;
    add(request, tag, "requested-attributes", keywords.map(IppValue::Array));
}

const OF_A_JOB: &[&str] = &[
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-printer-state-reasons",
    "job-impressions-completed",
];

/// Sends a job, and waits a while for its end.
pub(super) fn send(
    at: &IppAddress,
    out: Outgoing<'_>,
    patience: Patience,
) -> Result<Delivery, SendError> {
    let client = Client::new(at, patience)?;
    ready(&client, out, patience)?;
    let Some(mut request) = client.request(Operation::PrintJob) else {
        return Err(SendError::Refused("the address is too long".to_owned()));
    };
    let operation = DelimiterTag::OperationAttributes;
    add(&mut request, operation, "requesting-user-name", name(USER));
    add(&mut request, operation, "job-name", name(&out.title()));
    let format = media_type(at, out);
    let format = format.try_into().ok().map(IppValue::MimeMediaType);
    add(&mut request, operation, "document-format", format);
    if out.job.copies > 1 {
        let copies = Some(IppValue::Integer(out.job.copies.into()));
        add(&mut request, DelimiterTag::JobAttributes, "copies", copies);
    }
    let bytes = &out.job.bytes;
    let upload = Duration::from_secs(bytes.len() as u64 / SLOWEST);
    let limit = patience.connect + patience.answer + upload;
    let answer = client.ask(&request, bytes, limit).map_err(|error| match error {
        NoAnswer::NotReached(_) | NoAnswer::Refused(_) => error.harmless(at),
        NoAnswer::Unclear(why) => SendError::Unanswered(why),
    })?;
    if !answer.is_fine() {
        return Err(SendError::Refused(format!("the printer refuses the job: {}", answer.words())));
    }
    let number = answer.job().and_then(|job| number(job, "job-id"));
    match number {
        Some(number) => wait(&client, number, patience),
        None => Err(SendError::Unanswered("the job has no number".to_owned())),
    }
}

/// What the document is called. Queues of CUPS have a type of their own for bytes that
/// no filter may touch.
fn media_type(at: &IppAddress, out: Outgoing<'_>) -> &'static str {
    match out.job.format.is_raw() && at.path.starts_with("/printers/") {
        true => "application/vnd.cups-raw",
        false => out.job.format.media_type(),
    }
}

/// Whether the printer is there, takes jobs and takes this format.
fn ready(client: &Client<'_>, out: Outgoing<'_>, patience: Patience) -> Result<(), SendError> {
    let answer = client.learn(printer_question(client), patience)?;
    if !answer.is_fine() {
        return Err(SendError::Refused(format!("the printer says: {}", answer.words())));
    }
    let Some(printer) = answer.printers().next() else { return Ok(()) };
    if yes(printer, "printer-is-accepting-jobs") == Some(false) {
        let says = in_words(texts(printer, "printer-state-reasons").iter().map(String::as_str));
        let says = super::said(&says);
        return Err(SendError::Refused(format!("the printer takes no jobs at present{says}")));
    }
    let takes = texts(printer, "document-format-supported");
    let format = media_type(client.at, out);
    if !takes.is_empty() && !takes.iter().any(|taken| taken == format) {
        return Err(SendError::Format { format: out.job.format, takes: takes.join(", ") });
    }
    Ok(())
}

fn printer_question(client: &Client<'_>) -> Option<IppRequestResponse> {
    let mut request = client.request(Operation::GetPrinterAttributes)?;
    add(&mut request, DelimiterTag::OperationAttributes, "requesting-user-name", name(USER));
    wanted(
        &mut request,
        &[
            "printer-name",
            "printer-make-and-model",
            "printer-state",
            "printer-state-reasons",
            "printer-is-accepting-jobs",
            "document-format-supported",
        ],
    );
    Some(request)
}

/// Asks until the job has ended or patience has. A printer that stops answering
/// meanwhile still has the job.
fn wait(client: &Client<'_>, number: i32, patience: Patience) -> Result<Delivery, SendError> {
    let begun = Instant::now();
    let mut pause = Duration::from_millis(100);
    let mut last = Delivery::Accepted { number: number.to_string(), says: Vec::new() };
    loop {
        match state_of(client, number, patience) {
            Ok(Delivery::Accepted { number, says }) => {
                last = Delivery::Accepted { number, says };
            }
            Ok(done) => return Ok(done),
            Err(error @ SendError::GivenUp { .. }) => return Err(error),
            Err(_) => {}
        }
        if begun.elapsed() + pause > patience.finish {
            return Ok(last);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

fn job_question(client: &Client<'_>, job: i32) -> Option<IppRequestResponse> {
    let mut request = client.request(Operation::GetJobAttributes)?;
    let operation = DelimiterTag::OperationAttributes;
    add(&mut request, operation, "job-id", Some(IppValue::Integer(job)));
    add(&mut request, operation, "requesting-user-name", name(USER));
    wanted(&mut request, OF_A_JOB);
    Some(request)
}

fn state_of(client: &Client<'_>, job: i32, patience: Patience) -> Result<Delivery, SendError> {
    let answer = client.learn(job_question(client, job), patience)?;
    match answer.job().filter(|_| answer.is_fine()) {
        Some(found) => delivery(found, job),
        None => {
            let words = answer.words();
            Err(SendError::Unanswered(format!("asked about job {job}, the printer says: {words}")))
        }
    }
}

/// The states of RFC 8011, 5.3.7.
fn delivery(job: &IppAttributeGroup, asked: i32) -> Result<Delivery, SendError> {
    let reasons = [texts(job, "job-state-reasons"), texts(job, "job-printer-state-reasons")];
    let says = in_words(reasons.iter().flatten().map(String::as_str));
    let pages =
        number(job, "job-impressions-completed").and_then(|pages| u32::try_from(pages).ok());
    let pages = pages.unwrap_or(0);
    match number(job, "job-state") {
        Some(9) => Ok(Delivery::Printed),
        Some(7) => Err(SendError::GivenUp { state: "cancelled", pages, says }),
        Some(8) => Err(SendError::GivenUp { state: "aborted", pages, says }),
        _ => Ok(Delivery::Accepted { number: asked.to_string(), says }),
    }
}

/// What became of a job the printer accepted.
pub(super) fn follow(at: &IppAddress, job: i32, patience: Patience) -> Result<Delivery, SendError> {
    let client = Client::new(at, patience)?;
    match state_of(&client, job, patience)? {
        Delivery::Accepted { number, says } if says.is_empty() => {
            let says = look(at, patience).says;
            Ok(Delivery::Accepted { number, says })
        }
        other => Ok(other),
    }
}

/// Looks for a job by its mark, among those that wait and those that are done.
pub(super) fn find(
    at: &IppAddress,
    mark: &str,
    patience: Patience,
) -> Result<Option<Delivery>, SendError> {
    let client = Client::new(at, patience)?;
    let ending = format!("(custody {mark})");
    for which in ["not-completed", "completed"] {
        let mut request = client.request(Operation::GetJobs);
        if let Some(request) = &mut request {
            let operation = DelimiterTag::OperationAttributes;
            add(request, operation, "requesting-user-name", name(USER));
            let which = which.try_into().ok().map(IppValue::Keyword);
            add(request, operation, "which-jobs", which);
            add(request, operation, "limit", Some(IppValue::Integer(JOBS_MAX)));
            wanted(request, OF_A_JOB);
        }
        let answer = client.learn(request, patience)?;
        let ours = |job: &&IppAttributeGroup| {
            text(job, "job-name").is_some_and(|title| title.ends_with(&ending))
        };
        if let Some(job) = answer.jobs().find(ours) {
            return delivery(job, number(job, "job-id").unwrap_or(0)).map(Some);
        }
    }
    Ok(None)
}

/// What the printer is and what is in its way.
pub(super) fn look(at: &IppAddress, patience: Patience) -> Look {
    let asked = Client::new(at, patience)
        .and_then(|client| client.learn(printer_question(&client), patience));
    let answer = match asked {
        Ok(answer) if answer.is_fine() => answer,
        Ok(answer) => return Look { answers: false, says: vec![answer.words()] },
        Err(error) => return Look { answers: false, says: vec![error.to_string()] },
    };
    let mut says = Vec::new();
    if let Some(printer) = answer.printers().next() {
        says.extend(text(printer, "printer-make-and-model"));
        if number(printer, "printer-state") == Some(5) {
            says.push("stopped".to_owned());
        }
        if yes(printer, "printer-is-accepting-jobs") == Some(false) {
            says.push("takes no jobs".to_owned());
        }
        says.extend(in_words(texts(printer, "printer-state-reasons").iter().map(String::as_str)));
    }
    Look { answers: true, says }
}

/// The queues of CUPS on this computer.
pub(super) fn queues(patience: Patience) -> Result<Vec<String>, SendError> {
    let at = IppAddress { path: "/".to_owned(), ..IppAddress::of_queue("") };
    let client = Client::new(&at, patience)?;
    let request =
        IppRequestResponse::new(IppVersion::v1_1(), Operation::CupsGetPrinters, None).ok();
    let answer = client.learn(
        request.map(|mut request| {
            wanted(&mut request, &["printer-name"]);
            request
        }),
        patience,
    )?;
    let names = answer.printers().filter_map(|printer| text(printer, "printer-name"));
    Ok(names.filter(|name| format!("lp:{name}").parse::<super::Address>().is_ok()).collect())
}
