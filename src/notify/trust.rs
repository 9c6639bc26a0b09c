//! Which certificates are trusted: those of the system, and those of a file where an
//! office has an authority of its own.

use std::sync::OnceLock;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::{SendError, Settings};

/// The certificates of the authorities.
pub(super) fn roots(settings: &Settings) -> Result<Vec<CertificateDer<'static>>, SendError> {
    let mut roots = system().clone();
    if let Some(path) = &settings.ca_file {
        let failed = |error: &dyn std::fmt::Display| {
            SendError::not_reached(format!("{}: {error}", path.display()))
        };
        let read = CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))?;
        for certificate in read {
            roots.push(certificate.map_err(|error| failed(&error))?);
        }
    }
    Ok(roots)
}

/// Read once: some systems keep hundreds of files.
fn system() -> &'static Vec<CertificateDer<'static>> {
    static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    SYSTEM.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}
