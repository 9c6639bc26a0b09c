//! Passwords, signing keys and addresses that are secret in themselves. They come from a
//! file or the environment, never from a command line, and are read when they are used,
//! so that a changed one needs no restart.

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::SendError;

const SECRET_MAX: u64 = 4096;

/// Where a secret is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a file, on its first line.
    File(PathBuf),
    /// In this variable of the environment.
    Environment(String),
}

impl Secret {
    /// Reads it.
    ///
    /// # Errors
    /// It is not there, not text, or everybody may read it.
    pub(super) fn read(&self) -> Result<Zeroizing<String>, SendError> {
        let text = match self {
            Secret::Environment(name) => Zeroizing::new(
                std::env::var(name)
                    .map_err(|_| SendError::not_reached(format!("{name} is not set")))?,
            ),
            Secret::File(path) => {
                let failed = |why: &dyn std::fmt::Display| {
                    SendError::not_reached(format!("{}: {why}", path.display()))
                };
                let file = fs::File::open(path).map_err(|error| failed(&error))?;
                let about = file.metadata().map_err(|error| failed(&error))?;
                if about.mode() & 0o007 != 0 {
                    return Err(failed(&"everybody may read it; chmod 600 it"));
                }
                let mut text = Zeroizing::new(String::new());
                let read = file.take(SECRET_MAX).read_to_string(&mut text);
                read.map_err(|error| failed(&error))?;
                text
            }
        };
        let line = text.lines().next().unwrap_or_default();
        if line.is_empty() {
            return Err(SendError::not_reached(format!("{self} is empty")));
        }
        Ok(Zeroizing::new(line.to_owned()))
    }
}

impl std::fmt::Display for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Secret::File(path) => write!(f, "{}", path.display()),
            Secret::Environment(name) => f.write_str(name),
        }
    }
}
