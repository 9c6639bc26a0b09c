//! Drafts: a statement on its way to its signatures.
//!
//! A draft file is the signed note with some of its signature lines still to
//! come, so that what a signer's machine shows and signs is the very text that
//! will stand in the ledger. Nothing in a draft is believed: each line is checked
//! when the file is opened, so an alteration after the first signature shows at
//! the next desk and not at the last.

use crate::model::{Statement, VerifierKey};
use crate::wire::note::{NOTE_MAX, Note, NoteError, Profile, SignatureLine};
use crate::wire::signature::{LineRefused, Signer, is_by, sign_line, verify};
use crate::wire::statement::{self, StatementError};

/// Why a draft is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// Too large, not text, or no blank line behind the statement.
    #[error("this file is no draft: {0}")]
    NotADraft(&'static str),
    /// The signature block is malformed.
    #[error("the signatures of the draft: {0}")]
    Note(#[from] NoteError),
    /// The text is no statement.
    #[error("the text of the draft: {0}")]
    Statement(#[from] StatementError),
    /// A signature does not belong to this text: it was altered after signing, or
    /// the signature is another draft's.
    #[error("the draft is not as {name} signed it: {why}")]
    Altered {
        /// Whose line.
        name: String,
        /// What strict verification said.
        why: LineRefused,
    },
    /// A signature by somebody the draft does not name.
    #[error("{name} has signed, and the draft does not ask for their signature")]
    Stranger {
        /// Whose line.
        name: String,
    },
    /// The key is not one the draft asks for.
    #[error("{name} is not asked to sign this draft; it asks for {}", .asked.join(", "))]
    WrongSigner {
        /// The key that was to sign.
        name: String,
        /// The keys asked for.
        asked: Vec<String>,
    },
    /// The key has signed.
    #[error("{name} has signed this draft already")]
    SignedTwice {
        /// The key.
        name: String,
    },
    /// Signatures are missing.
    #[error("the draft still needs the signature of {}", .missing.join(", "))]
    Incomplete {
        /// The keys.
        missing: Vec<String>,
    },
}

/// A statement with the signatures it has so far, all of them verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    statement: Statement,
    text: String,
    lines: Vec<SignatureLine>,
}

impl Draft {
    /// A draft nobody has signed.
    pub fn new(statement: Statement) -> Self {
        let text = statement::to_text(&statement);
        Draft { statement, text, lines: Vec::new() }
    }

    /// Opens a draft file.
    ///
    /// # Errors
    /// [`DraftError`], the first problem in the order text, lines, signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, DraftError> {
        if bytes.len() > NOTE_MAX {
            return Err(DraftError::NotADraft("it is too large"));
        }
        let all = std::str::from_utf8(bytes)
            .map_err(|_| DraftError::NotADraft("it is not UTF-8 text"))?;
        let (text, lines) = match all.strip_suffix("\n\n") {
            Some(text) => (format!("{text}\n"), Vec::new()),
            None if !all.contains("\n\n") => {
                return Err(DraftError::NotADraft("no blank line stands behind the statement"));
            }
            None => {
                let note = Note::parse(bytes)?;
                (note.text().to_owned(), note.signatures().to_vec())
            }
        };
        let statement = statement::parse(&text)?;
        let mut draft = Draft::new(statement);
        for line in lines {
            draft.accept(line)?;
        }
        Ok(draft)
    }

    /// Takes one line after checking it.
    fn accept(&mut self, line: SignatureLine) -> Result<(), DraftError> {
        let name = line.name.clone();
        let asked = self.statement.signers().into_iter().find(|key| is_by(&line, key)).cloned();
        let Some(key) = asked else { return Err(DraftError::Stranger { name }) };
        if self.has(&key) {
            return Err(DraftError::SignedTwice { name });
        }
        verify(&key, &self.text, &line).map_err(|why| DraftError::Altered { name, why })?;
        self.lines.push(line);
        Ok(())
    }

    fn has(&self, key: &VerifierKey) -> bool {
        self.lines.iter().any(|line| is_by(line, key))
    }

    /// What is to be signed.
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// The signed text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Keys whose signature is missing, in the order of the text.
    pub fn missing(&self) -> Vec<&VerifierKey> {
        self.statement.signers().into_iter().filter(|key| !self.has(key)).collect()
    }

    /// Adds a signature.
    ///
    /// # Errors
    /// `WrongSigner`, `SignedTwice`, or the holder of the key does not sign.
    pub fn sign(&mut self, signer: &dyn Signer) -> Result<(), super::OpsError> {
        let key = signer.key();
        let name = key.name().to_string();
        if !self.statement.signers().contains(&key) {
            let asked = self.statement.signers().iter().map(|key| key.name().to_string()).collect();
            return Err(DraftError::WrongSigner { name, asked }.into());
        }
        if self.has(key) {
            return Err(DraftError::SignedTwice { name }.into());
        }
        self.lines.push(sign_line(signer, &self.text)?);
        Ok(())
    }

    /// The file's bytes: the note with the lines so far, in the order of the text.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = format!("{}\n", self.text);
        for line in self.ordered() {
            out.push_str(&line.to_line());
            if !out.ends_with('\n') {
                out.push('\n');
            }
        }
        out.into_bytes()
    }

    fn ordered(&self) -> Vec<&SignatureLine> {
        let signers = self.statement.signers();
        signers.iter().filter_map(|key| self.lines.iter().find(|line| is_by(line, key))).collect()
    }

    /// The finished note.
    ///
    /// # Errors
    /// `Incomplete` when a signature is missing.
    pub fn finish(&self) -> Result<Note, DraftError> {
        let missing: Vec<String> =
            self.missing().iter().map(|key| key.name().to_string()).collect();
        if !missing.is_empty() {
            return Err(DraftError::Incomplete { missing });
        }
        let lines = self.ordered().into_iter().cloned().collect();
        Ok(Note::assemble(&self.text, lines, Profile::Statement)?)
    }
}
