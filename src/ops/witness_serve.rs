//! A witness over HTTP, to the letter of c2sp.org/tlog-witness.

use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;

use super::error::OpsError;
use super::witness::{Witness, WitnessError};
use crate::proof::witness::{AddCheckpoint, Declined, REQUEST_MAX};
use crate::witness_http::server::{Answering, Bounds, Server};
use crate::witness_http::{Answer, Request};

/// A witness that is asked over HTTP. Submission and monitoring prefix are the root.
pub struct Service<'a> {
    witness: &'a Witness,
    /// Told what the asking side only learns as "status 500".
    failed: &'a (dyn Fn(&OpsError) + Sync),
}

impl<'a> Service<'a> {
    /// Answers for `witness`.
    pub fn new(witness: &'a Witness, failed: &'a (dyn Fn(&OpsError) + Sync)) -> Self {
        Service { witness, failed }
    }

    fn add_checkpoint(&self, body: &[u8]) -> Answer {
        let request = AddCheckpoint::parse(body).map_err(WitnessError::from);
        let vouched = request
            .map_err(OpsError::from)
            .and_then(|request| self.witness.add_checkpoint(&request));
        match vouched {
            Ok(vouched) => Answer::text(200, vouched.line.to_line()),
            Err(OpsError::Witness(WitnessError::Declined(declined))) => said(&declined),
            Err(error) => self.broken(&error),
        }
    }

    fn checkpoint(&self, origin_hash: &str) -> Answer {
        match self.witness.latest(origin_hash) {
            Ok(Some(latest)) => Answer::text(200, latest.to_bytes()),
            Ok(None) => Answer::text(404, "nothing was cosigned for this log\n"),
            Err(error) => self.broken(&error),
        }
    }

    fn broken(&self, error: &OpsError) -> Answer {
        (self.failed)(error);
        Answer::text(500, "this witness cannot vouch now\n")
    }
}

fn said(declined: &Declined) -> Answer {
    match declined {
        Declined::Conflict { size } => Answer {
            status: declined.status(),
            content_type: "text/x.tlog.size",
            body: format!("{size}\n").into_bytes(),
        },
        other => Answer::text(other.status(), format!("{other}\n")),
    }
}

impl Answering for Service<'_> {
    fn answer(&self, request: &Request) -> Answer {
        let target = request.target.split('?').next().unwrap_or_default();
        let monitored = target.strip_prefix('/').and_then(|rest| rest.strip_suffix("/checkpoint"));
        match (request.method.as_str(), target, monitored) {
            ("POST", "/add-checkpoint", _) => self.add_checkpoint(&request.body),
            (_, "/add-checkpoint", _) => Answer::text(405, "POST it\n"),
            ("GET", _, Some(origin_hash)) => self.checkpoint(origin_hash),
            (_, _, Some(_)) => Answer::text(405, "GET it\n"),
            _ => Answer::text(404, "there is nothing here\n"),
        }
    }
}

/// Serves at `address` until `stop` is set; `ready` is told where, once it listens.
///
/// # Errors
/// The address cannot be listened at.
pub fn serve(
    witness: &Witness,
    address: SocketAddr,
    stop: &AtomicBool,
    failed: &(dyn Fn(&OpsError) + Sync),
    ready: impl FnOnce(SocketAddr),
) -> Result<(), OpsError> {
    let heard = |error: std::io::Error| OpsError::input("--listen", format!("{address}: {error}"));
    let server = Server::bind(address, Bounds::of(REQUEST_MAX)).map_err(heard)?;
    ready(server.address().map_err(heard)?);
    server.run(&Service::new(witness, failed), stop).map_err(heard)
}
