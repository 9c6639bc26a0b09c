//! The client: one question, one answer, no redirect, no proxy, answers cut.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

use crate::wire::note::NOTE_MAX;

/// Most bytes of an answer that are read.
const ANSWER_MAX: u64 = NOTE_MAX as u64;

/// What a witness answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body, empty for none.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

/// How long a witness is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// For the connection to stand.
    pub connect: Duration,
    /// For the whole, from the first byte to the last.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { connect: Duration::from_secs(10), whole: Duration::from_secs(30) }
    }
}

/// Sends `body` to `url`.
///
/// # Errors
/// Why there is no answer, in words.
pub fn post(url: &str, body: &[u8], patience: Patience) -> Result<Reply, String> {
    read(agent(url, patience)?.post(url).header("content-type", "text/plain").send(body))
}

/// Asks for `url`.
///
/// # Errors
/// As [`post`].
pub fn get(url: &str, patience: Patience) -> Result<Reply, String> {
    read(agent(url, patience)?.get(url).call())
}

/// Whether what is heard at this address comes from whom it names: a certificate says so,
/// or it does not leave this computer.
pub fn is_who_it_says(url: &str) -> bool {
    if url.starts_with("https://") {
        return true;
    }
    let Some(rest) = url.strip_prefix("http://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let address = host.parse::<std::net::IpAddr>();
    address.map_or(host == "localhost", |address| address.is_loopback())
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Reply, String> {
    let mut response = answer.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let content_type = response.headers().get("content-type");
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_owned();
    let body = response.body_mut().with_config().limit(ANSWER_MAX);
    let body = body.read_to_vec().map_err(|error| error.to_string())?;
    Ok(Reply { status, content_type, body })
}

fn agent(url: &str, patience: Patience) -> Result<ureq::Agent, String> {
    let mut config = ureq::Agent::config_builder()
        .timeout_connect(Some(patience.connect))
        .timeout_resolve(Some(patience.connect))
        .timeout_global(Some(patience.whole))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_idle_connections(0)
        .max_idle_connections_per_host(0)
        .proxy(None)
        .user_agent(concat!("custody/", env!("CARGO_PKG_VERSION")));
    if url.starts_with("https://") {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let roots = roots().iter().map(|root| Certificate::from_der(root).to_owned()).collect();
        config = config.tls_config(
            TlsConfig::builder()
                .provider(TlsProvider::Rustls)
                .unversioned_rustls_crypto_provider(provider)
                .root_certs(RootCerts::Specific(Arc::new(roots)))
                .build(),
        );
    } else if !url.starts_with("http://") {
        return Err("the address begins neither with http:// nor https://".to_owned());
    }
    Ok(config.build().into())
}

/// The system's certificates, read once: some systems keep hundreds of files.
fn roots() -> &'static Vec<CertificateDer<'static>> {
    static ROOTS: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}
