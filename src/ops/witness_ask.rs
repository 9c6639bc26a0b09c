//! Asking the witnesses of this ledger over HTTP (c2sp.org/tlog-witness, the log's
//! side).

use super::cosigned::{Cosigned, Taken, log_keys, request, take};
use super::error::OpsError;
use super::ledger::Ledger;
use super::witness::WitnessError;
use crate::model::printable::printable;
use crate::proof::checkpoint::{SignedCheckpoint, decimal};
use crate::proof::quorum::WitnessPolicy;
use crate::proof::witness::origin_hash;
use crate::witness_http::client::{self, Patience, Reply};

/// How often a witness is told from where to begin. Once is enough, unless it is asked
/// by others as well.
const TRIES: u32 = 3;
const SAID_MAX: usize = 160;

/// Asks the witness at `url` to vouch for the newest checkpoint, and keeps its answer.
///
/// # Errors
/// [`WitnessError`]; one that [is a fork](WitnessError::is_fork) is evidence.
pub fn ask(ledger: &mut Ledger, url: &str, policy: &WitnessPolicy) -> Result<Taken, OpsError> {
    ask_patiently(ledger, url, policy, Patience::default())
}

/// As [`ask`], waiting no longer than `patience`.
///
/// # Errors
/// As [`ask`].
pub fn ask_patiently(
    ledger: &mut Ledger,
    url: &str,
    policy: &WitnessPolicy,
    patience: Patience,
) -> Result<Taken, OpsError> {
    let prefix = url.trim_end_matches('/');
    let mut old = known(ledger, prefix, policy)?;
    for _ in 0..TRIES {
        let asked = request(ledger, old)?;
        let reply = client::post(&format!("{prefix}/add-checkpoint"), &asked.to_bytes(), patience);
        let reply = reply.map_err(|why| WitnessError::NoAnswer { url: prefix.to_owned(), why })?;
        match reply.status {
            200 => {
                let cosigned = asked
                    .checkpoint()
                    .ok_or_else(|| "nothing was asked".to_owned())
                    .and_then(|checkpoint| joined(checkpoint, &reply))
                    .map_err(|said| strange(prefix, 200, &said))?;
                return take(ledger, &cosigned, policy, prefix);
            }
            409 => {
                let stands =
                    size(&reply).ok_or_else(|| strange(prefix, 409, "its answer names no size"))?;
                if stands == old {
                    return Err(strange(prefix, 409, "it names the size it was asked from").into());
                }
                old = stands;
            }
            // It says so only of what does not continue what it saw.
            422 => return Err(WitnessError::OtherHistory { seen: old }.into()),
            status => {
                let said = String::from_utf8_lossy(&reply.body);
                return Err(strange(prefix, status, said.trim()).into());
            }
        }
    }
    Err(strange(prefix, 409, "it stands at another size each time").into())
}

/// The newest checkpoint that the witness at `url` keeps of this log, signed by the log:
/// what it saw, where that is another history than is here.
///
/// # Errors
/// It does not answer, or keeps nothing that this log signed.
pub fn what_it_saw(ledger: &Ledger, url: &str) -> Result<SignedCheckpoint, OpsError> {
    let prefix = url.trim_end_matches('/');
    let log = log_keys(ledger)?;
    let origin = log.newest().map_or("", |key| key.name().as_str());
    let path = format!("{prefix}/{}/checkpoint", origin_hash(origin));
    let reply = client::get(&path, Patience::default());
    let reply = reply.map_err(|why| WitnessError::NoAnswer { url: prefix.to_owned(), why })?;
    if reply.status != 200 {
        return Err(strange(prefix, reply.status, "it keeps no checkpoint").into());
    }
    log.open(&reply.body).map_err(|error| strange(prefix, reply.status, &error.to_string()).into())
}

/// Entries that the witness at this address is known to have seen.
fn known(ledger: &Ledger, prefix: &str, policy: &WitnessPolicy) -> Result<u64, OpsError> {
    let at =
        |url: &Option<String>| url.as_ref().is_some_and(|url| url.trim_end_matches('/') == prefix);
    let witness = policy.witnesses().iter().find(|witness| at(&witness.url));
    match witness {
        Some(witness) => Cosigned::of(ledger.folder(), &log_keys(ledger)?).newest_by(&witness.key),
        None => Ok(0),
    }
}

/// The checkpoint with the lines of the answer behind it, as the specification proposes
/// to read them.
pub(super) fn joined(
    checkpoint: &SignedCheckpoint,
    reply: &Reply,
) -> Result<SignedCheckpoint, String> {
    let bytes = [checkpoint.to_bytes(), reply.body.clone()].concat();
    SignedCheckpoint::parse(&bytes).map_err(|error| error.to_string())
}

/// The size in an answer to which status 409 gives a meaning.
pub(super) fn size(reply: &Reply) -> Option<u64> {
    let kind = reply.content_type.split(';').next().unwrap_or_default().trim();
    let body = std::str::from_utf8(&reply.body).ok()?.strip_suffix('\n')?;
    if kind == "text/x.tlog.size" { decimal(body) } else { None }
}

fn strange(url: &str, status: u16, said: &str) -> WitnessError {
    let said = printable(said.lines().next().unwrap_or_default(), SAID_MAX);
    WitnessError::Answer { url: url.to_owned(), status, said }
}
