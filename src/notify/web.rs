//! Webhooks and the heartbeat by HTTP: no redirect, no proxy, answers cut.
//!
//! The JSON webhook is signed: `Custody-Signature: t=SECONDS,v1=HEX`, where `HEX` is the
//! HMAC-SHA-256 of `SECONDS.BODY` under the shared secret, and `Idempotency-Key` is the
//! message's id. docs/notices.md shows how a receiver verifies it.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};
use zeroize::Zeroizing;

use super::config::{Channel, Form, Place, Url};
use super::{Message, Patience, SendError, Settings, Topic, plainly, trust};
use crate::model::printable::printable;

/// Of an answer only the beginning is shown, so only that is read.
const ANSWER_MAX: u64 = 2048;
const ANSWER_SHOWN: usize = 120;

struct Client {
    agent: ureq::Agent,
    patience: Patience,
}

/// Sends a message to a channel.
pub(super) fn send(
    channel: &Channel,
    settings: &Settings,
    message: &Message,
    patience: Patience,
) -> Result<(), SendError> {
    let url = channel.place.url()?;
    let client = Client::new(&url, settings, patience)?;
    let secret = channel.secret.as_ref().map(|secret| secret.read()).transpose()?;
    match channel.form {
        Form::Json => {
            let body = message.json.clone();
            let seconds = SystemTime::now().duration_since(UNIX_EPOCH);
            let seconds = seconds.map_or(0, |since| since.as_secs());
            let signature = signature(seconds, &body, secret.as_ref())?;
            let headers =
                [("Custody-Signature", signature), ("Idempotency-Key", message.id.clone())];
            client.post(url.as_str(), &headers, &body)
        }
        Form::Slack => client.post(url.as_str(), &[], &slack(message).to_string()),
        Form::Teams => client.post(url.as_str(), &[], &teams(message).to_string()),
        Form::Ntfy => {
            let (at, topic) = url.parent_and_last();
            let bearer = secret.map(|token| ("Authorization", format!("Bearer {}", *token)));
            let headers: Vec<_> = bearer.into_iter().collect();
            client.post(&at, &headers, &ntfy(&topic, message).to_string())
        }
    }
}

/// Tells an outside service that this program is alive.
pub(super) fn ping(
    place: &Place,
    settings: &Settings,
    patience: Patience,
) -> Result<(), SendError> {
    let url = place.url()?;
    let client = Client::new(&url, settings, patience)?;
    client.answer(client.agent.get(url.as_str()).call())
}

fn signature(
    seconds: u64,
    body: &str,
    secret: Option<&Zeroizing<String>>,
) -> Result<String, SendError> {
    let missing = || SendError::NotReached("it has no secret to sign with".to_owned());
    let secret = secret.ok_or_else(missing)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|_| missing())?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    Ok(format!("t={seconds},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes())))
}

/// Characters that Slack gives a meaning are written as it demands.
fn slack(message: &Message) -> Value {
    let plain = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({ "text": format!("*{}*\n{}", plain(&message.subject), plain(&message.text)) })
}

fn teams(message: &Message) -> Value {
    let block = |text: &str, more: Value| {
        let mut block = json!({ "type": "TextBlock", "text": text, "wrap": true });
        if let (Some(block), Some(more)) = (block.as_object_mut(), more.as_object()) {
            block.extend(more.clone());
        }
        block
    };
    let mut body = vec![block(&message.subject, json!({ "weight": "Bolder", "size": "Medium" }))];
    // A card runs lines together, but for those that are blocks of their own.
    let lines = message.text.lines().filter(|line| !line.is_empty());
    body.extend(lines.map(|line| block(line, json!({ "spacing": "Small" }))));
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": body,
            },
        }],
    })
}

fn ntfy(topic: &str, message: &Message) -> Value {
    let priority = match message.topic {
        Topic::Missing => 5,
        Topic::Overdue => 4,
        Topic::Due | Topic::Test => 3,
        Topic::Digest => 2,
    };
    json!({
        "topic": topic,
        "title": message.subject,
        "message": message.text,
        "priority": priority,
    })
}

impl Client {
    fn new(url: &Url, settings: &Settings, patience: Patience) -> Result<Self, SendError> {
        let mut config = ureq::Agent::config_builder()
            .timeout_connect(Some(patience.connect))
            .timeout_resolve(Some(patience.connect))
            .timeout_recv_response(Some(patience.answer))
            .timeout_recv_body(Some(patience.answer))
            .timeout_global(Some(patience.connect + patience.answer))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .max_idle_connections_per_host(0)
            .proxy(None)
            .user_agent(concat!("custody/", env!("CARGO_PKG_VERSION")));
        if url.is_encrypted() {
            let roots = trust::roots(settings)?;
            let roots: Vec<Certificate<'static>> =
                roots.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
            let provider = Arc::new(rustls::crypto::ring::default_provider());
            config = config.tls_config(
                TlsConfig::builder()
                    .provider(TlsProvider::Rustls)
                    .unversioned_rustls_crypto_provider(provider)
                    .root_certs(RootCerts::Specific(Arc::new(roots)))
                    .build(),
            );
        }
        Ok(Client { agent: config.build().into(), patience })
    }

    fn post(&self, url: &str, headers: &[(&str, String)], body: &str) -> Result<(), SendError> {
        let mut request = self.agent.post(url).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value.as_str());
        }
        self.answer(request.send(body))
    }

    fn answer(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<(), SendError> {
        let mut response = answer.map_err(|error| self.no_answer(&error))?;
        let status = response.status().as_u16();
        if (200..300).contains(&status) {
            return Ok(());
        }
        let said = response.body_mut().with_config().limit(ANSWER_MAX).lossy_utf8(true);
        let said = said.read_to_string().unwrap_or_default();
        let said = printable(said.lines().next().unwrap_or_default().trim(), ANSWER_SHOWN);
        let why = format!("the server answers with status {status} {said}").trim_end().to_owned();
        Err(match status {
            // Whoever stands before the server gave up waiting for it.
            502 | 504 => SendError::Unclear(why),
            408 | 425 | 429 | 500..=599 => SendError::Deferred(why),
            300..=399 => SendError::Refused(format!("{why}; another address is not followed")),
            _ => SendError::Refused(why),
        })
    }

    fn no_answer(&self, error: &ureq::Error) -> SendError {
        use std::io::ErrorKind;
        let before = match error {
            ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::BadUri(_)
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_) => true,
            ureq::Error::Timeout(phase) => {
                matches!(phase, ureq::Timeout::Resolve | ureq::Timeout::Connect)
            }
            ureq::Error::Io(error) => matches!(
                error.kind(),
                ErrorKind::ConnectionRefused
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkUnreachable
                    | ErrorKind::AddrNotAvailable
                    | ErrorKind::InvalidData
            ),
            _ => false,
        };
        // A name that cannot be looked up has no kind of error of its own.
        let unnamed = error.to_string().contains("failed to lookup address");
        let before = before || unnamed;
        let words = match error {
            _ if unnamed => "nothing on the network has that name".to_owned(),
            ureq::Error::Io(error) => plainly(error),
            ureq::Error::HostNotFound => "nothing on the network has that name".to_owned(),
            ureq::Error::Timeout(_) => {
                format!("no answer within {} seconds", self.patience.answer.as_secs())
            }
            ureq::Error::ConnectionFailed => "nothing there takes the connection".to_owned(),
            other => printable(&other.to_string(), super::WHY_MAX),
        };
        if before { SendError::NotReached(words) } else { SendError::Unclear(words) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `printf 1.x | openssl dgst -sha256 -hmac Jefe` says.
    #[test]
    fn the_signature_is_the_documented_one() {
        let secret = Zeroizing::new("Jefe".to_owned());
        let signed = signature(1, "x", Some(&secret)).unwrap();
        assert_eq!(
            signed,
            "t=1,v1=2f7ccbd0f043456ad29514b2d24a8aa345ec6673a5db1b44e91c8ac99d1841e3"
        );
        assert!(signature(1, "x", None).is_err());
    }

    #[test]
    fn slack_gets_no_links_of_anybody_else() {
        let message = Message {
            id: "1".to_owned(),
            topic: Topic::Due,
            subject: "<!channel>".to_owned(),
            text: "a & <b>".to_owned(),
            json: String::new(),
        };
        assert_eq!(slack(&message)["text"], "*&lt;!channel&gt;*\na &amp; &lt;b&gt;");
    }
}
