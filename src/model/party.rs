//! Parties as they are named in statements, and how each one seals.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{IdError, PartyId};
use super::key::VerifierKey;
use super::spelling::{Spelled, split_at_byte};
use super::text::{Name, TextError};

/// Why a text names no party.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PartyError {
    /// Not `<id> <name>` or `<id> <name>, <organisation>`.
    #[error("a party reads <id> <name>, <organisation>")]
    Shape,
    /// The id is not well formed.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The name is no line of text, or holds a comma.
    #[error("the party's name: {0}")]
    Name(TextError),
    /// The organisation is no line of text.
    #[error("the party's organisation: {0}")]
    Organisation(TextError),
}

/// A party by id, with the name and organisation people know it by:
/// `yamada 山田 花子, 静岡支部`. The name holds no comma, so that the first one
/// ends it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PartyRef {
    /// The id within the ledger.
    pub id: PartyId,
    /// The person, organisation or station.
    pub name: Name,
    /// Whom the party belongs to.
    pub organisation: Option<Name>,
}

impl PartyRef {
    /// Joins the parts.
    ///
    /// # Errors
    /// When the name holds a comma.
    pub fn new(id: PartyId, name: Name, organisation: Option<Name>) -> Result<Self, PartyError> {
        if name.as_str().contains(',') {
            return Err(PartyError::Name(TextError::Reserved(',')));
        }
        Ok(PartyRef { id, name, organisation })
    }

    /// Name and organisation, without the id.
    pub fn spoken(&self) -> String {
        match &self.organisation {
            Some(organisation) => format!("{}, {organisation}", self.name),
            None => self.name.to_string(),
        }
    }
}

impl Spelled for PartyRef {
    fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
        for part in [self.id.as_str(), " ", self.name.as_str()] {
            out.write_str(part)?;
        }
        match &self.organisation {
            Some(organisation) => {
                out.write_str(", ")?;
                out.write_str(organisation.as_str())
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for PartyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spell(f)
    }
}

impl FromStr for PartyRef {
    type Err = PartyError;
    fn from_str(text: &str) -> Result<Self, PartyError> {
        let (id, spoken) = split_at_byte(text, b' ').ok_or(PartyError::Shape)?;
        // A comma that no space follows stays with the name, which then is refused.
        let named = split_at_byte(spoken, b',');
        let named = named.and_then(|(name, behind)| Some((name, behind.strip_prefix(' ')?)));
        let (name, organisation) = match named {
            Some((name, organisation)) => {
                (name, Some(organisation.parse().map_err(PartyError::Organisation)?))
            }
            None => (spoken, None),
        };
        PartyRef::new(id.parse()?, name.parse().map_err(PartyError::Name)?, organisation)
    }
}

/// A party that signs with a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Signatory {
    /// Who.
    pub party: PartyRef,
    /// With which key; the note must carry its signature.
    pub key: VerifierKey,
}

/// How one side of a handover seals it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Seal {
    /// With a signature by this key.
    Key(VerifierKey),
    /// With ink on the printed receipt: weaker evidence, and shown as such.
    Paper,
}

/// One side of a handover.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Side {
    /// Who.
    pub party: PartyRef,
    /// How they seal.
    pub seal: Seal,
}

impl Side {
    /// The party's id.
    pub fn id(&self) -> &PartyId {
        &self.party.id
    }

    /// The key that must have signed, if the side seals with one.
    pub fn key(&self) -> Option<&VerifierKey> {
        match &self.seal {
            Seal::Key(key) => Some(key),
            Seal::Paper => None,
        }
    }
}
