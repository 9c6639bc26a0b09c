//! Mail by SMTP. The steps are taken one by one, so that it is known on which of them
//! something failed: until the text of the message has gone out nothing was sent, after
//! that only the server's answer tells.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters,
};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use zeroize::Zeroizing;

use super::config::{MailServer, Security};
use super::{Message, Patience, SendError, Settings, trust};

/// So that no vacation notice answers.
#[derive(Debug, Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(AutoSubmitted)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Sends one message to one address.
pub(super) fn send(
    server: &MailServer,
    settings: &Settings,
    to: &Mailbox,
    message: &Message,
    patience: Patience,
) -> Result<(), SendError> {
    let letter = letter(server, to, message)?;
    let password = server.password.as_ref().map(|secret| secret.read()).transpose()?;
    let tls = match server.security {
        Security::Plain => None,
        Security::StartTls | Security::Tls => Some(tls(server, settings)?),
    };
    let outgoing = Outgoing {
        server: server.clone(),
        to: to.email.clone(),
        letter,
        password,
        tls,
        patience,
        out: Arc::new(AtomicBool::new(false)),
    };
    let out = outgoing.out.clone();
    // A server that drips out its answers is within every timeout of a single read. The
    // thread that waits for it is left behind; it ends with the connection.
    let (done, waiting) = mpsc::channel();
    thread::spawn(move || {
        let _ = done.send(outgoing.deliver());
    });
    match waiting.recv_timeout(patience.whole) {
        Ok(outcome) => outcome,
        Err(_) if out.load(Ordering::SeqCst) => {
            Err(SendError::Unclear("no answer in time".to_owned()))
        }
        Err(_) => Err(SendError::NotReached("the server does not get done in time".to_owned())),
    }
}

fn letter(server: &MailServer, to: &Mailbox, message: &Message) -> Result<Vec<u8>, SendError> {
    let domain = server.from.email.domain().to_owned();
    let built = lettre::Message::builder()
        .from(server.from.clone())
        .to(to.clone())
        .subject(message.subject.clone())
        .message_id(Some(format!("<{}@{domain}>", message.id)))
        .header(AutoSubmitted)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone());
    built.map(|letter| letter.formatted()).map_err(SendError::refused)
}

fn tls(server: &MailServer, settings: &Settings) -> Result<TlsParameters, SendError> {
    let mut builder =
        TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::None);
    for root in trust::roots(settings)? {
        // One that cannot be read trusts nobody.
        if let Ok(certificate) = Certificate::from_der(root.to_vec()) {
            builder = builder.add_root_certificate(certificate);
        }
    }
    builder.build_rustls().map_err(SendError::not_reached)
}

struct Outgoing {
    server: MailServer,
    to: lettre::Address,
    letter: Vec<u8>,
    password: Option<Zeroizing<String>>,
    tls: Option<TlsParameters>,
    patience: Patience,
    /// The text has begun to go out.
    out: Arc<AtomicBool>,
}

impl Outgoing {
    fn deliver(self) -> Result<(), SendError> {
        let mut connection = self.connect()?;
        let sent = self.hand_over(&mut connection);
        match sent {
            Ok(()) => drop(connection.quit()),
            Err(_) => connection.abort(),
        }
        sent
    }

    fn connect(&self) -> Result<SmtpConnection, SendError> {
        let hello = ClientId::Domain(self.server.from.email.domain().to_owned());
        let at_once = self.tls.as_ref().filter(|_| self.server.security == Security::Tls);
        let address = (self.server.host.as_str(), self.server.port);
        let mut connection =
            SmtpConnection::connect(address, Some(self.patience.connect), &hello, at_once, None)
                .map_err(|error| SendError::NotReached(words(&error)))?;
        let patient = connection.set_timeout(Some(self.patience.answer));
        patient.map_err(SendError::not_reached)?;
        if let (Security::StartTls, Some(tls)) = (self.server.security, &self.tls) {
            if !connection.can_starttls() {
                return Err(SendError::NotReached(
                    "the server offers no STARTTLS; nothing is sent unencrypted".to_owned(),
                ));
            }
            connection
                .starttls(tls, &hello)
                .map_err(|error| SendError::NotReached(words(&error)))?;
        }
        if let (Some(user), Some(password)) = (&self.server.user, &self.password) {
            let credentials = Credentials::new(user.clone(), password.as_str().to_owned());
            connection.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).map_err(
                |error| SendError::NotReached(format!("not logged in: {}", words(&error))),
            )?;
        }
        Ok(connection)
    }

    fn hand_over(&self, connection: &mut SmtpConnection) -> Result<(), SendError> {
        let from = self.server.from.email.clone();
        connection.command(Mail::new(Some(from), vec![])).map_err(before)?;
        connection.command(Rcpt::new(self.to.clone(), vec![])).map_err(before)?;
        connection.command(Data).map_err(before)?;
        self.out.store(true, Ordering::SeqCst);
        connection.message(&self.letter).map(|_| ()).map_err(|error| {
            // Only a plain no is a no: whatever else happened, the server has the text.
            if error.is_permanent() || error.is_transient() {
                before(error)
            } else {
                SendError::Unclear(words(&error))
            }
        })
    }
}

/// What an answer means while nothing was sent.
#[allow(clippy::needless_pass_by_value)] // as `map_err` calls it
fn before(error: Error) -> SendError {
    if error.is_permanent() {
        SendError::Refused(words(&error))
    } else if error.is_transient() {
        SendError::Deferred(words(&error))
    } else {
        SendError::NotReached(words(&error))
    }
}

fn words(error: &Error) -> String {
    if let Some(code) = error.status() {
        let said = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        let said = crate::model::printable::printable(&said, super::WHY_MAX);
        return format!("the mail server answers {code} {said}").trim_end().to_owned();
    }
    let mut deeper: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    while let Some(reason) = deeper {
        if let Some(io) = reason.downcast_ref::<std::io::Error>() {
            return super::plainly(io);
        }
        deeper = reason.source();
    }
    crate::model::printable::printable(&error.to_string(), super::WHY_MAX)
}
