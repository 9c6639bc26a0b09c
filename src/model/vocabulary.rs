//! The closed vocabularies of the statements: each word has one spelling.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::spelling::Spelled;

/// The word is not one of those the field knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("one of these is expected: {0}")]
pub struct WordError(pub &'static str);

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$word_doc])* $word),+ }

        impl $name {
            /// Every word, in the order of the definition.
            pub const ALL: &'static [$name] = &[$($name::$word),+];

            /// The word as it stands in statements.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$word => $text),+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Spelled for $name {
            fn spell(&self, out: &mut impl fmt::Write) -> fmt::Result {
                out.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = WordError;
            fn from_str(text: &str) -> Result<Self, WordError> {
                match text {
                    $($text => Ok($name::$word),)+
                    _ => Err(WordError(concat!($($text, " "),+))),
                }
            }
        }
    };
}

pub(super) use vocabulary;

vocabulary!(
    /// What a party may do.
    Role {
        /// Enrols people and sets policy.
        Administrator = "administrator",
        /// Keeps media, registers them and enrols staff and outside parties.
        Custodian = "custodian",
        /// Takes and returns media.
        Staff = "staff",
        /// Reads everything, runs checks, holds nothing.
        Auditor = "auditor",
        /// 個人情報保護管理者: reads everything, runs checks, decides about losses, holds nothing.
        PrivacyOfficer = "privacy-officer",
        /// A machine that sees drives and signs what it saw.
        Station = "station",
        /// A contractor or another organisation's person.
        Outside = "outside",
    }
);

vocabulary!(
    /// How a medium was observed, best evidence first (design, "Presence").
    SightingGrade {
        /// A station saw the device with matching profile and content mark.
        Device = "device",
        /// A station saw the device; nothing but its profile was compared.
        Profile = "profile",
        /// A named person scanned its label.
        Label = "label",
        /// A named person says so.
        Attested = "attested",
    }
);

vocabulary!(
    /// What is known of a medium's encryption (design, section 6).
    EncryptionGrade {
        /// Scheme and cipher were read from the medium.
        Verified = "verified",
        /// Encrypted, with a plaintext partition or gap beside it.
        Partial = "partial",
        /// The model is said to encrypt in hardware.
        Claimed = "claimed",
        /// A named person says so; nothing was read.
        Stated = "stated",
        /// Looks random, which proves nothing.
        Opaque = "opaque",
        /// Plaintext.
        None = "none",
        /// Locked or failing: never counted as encrypted.
        Unreadable = "unreadable",
        /// Nobody looked.
        NotExamined = "not-examined",
    }
);

vocabulary!(
    /// What wants attention about a medium, most urgent first.
    Concern {
        /// It was looked for and not found.
        Missing = "missing",
        /// It left its place and no handover says why.
        Left = "left-without-handover",
        /// It should have come back.
        ReturnOverdue = "return-overdue",
        /// It should have been seen, grace included.
        CheckOverdue = "check-overdue",
        /// It should be seen within the grace period.
        CheckDue = "check-due",
    }
);

vocabulary!(
    /// Who may close a check.
    CheckerRule {
        /// Nobody who holds one of the checked media.
        NotHolder = "not-holder",
        /// Anyone with a role that checks.
        Anyone = "anyone",
        /// Nobody of the holder's unit, as the parties' organisations have it.
        OtherUnit = "other-unit",
    }
);

vocabulary!(
    /// A day of the week.
    Weekday {
        /// 月
        Monday = "mon",
        /// 火
        Tuesday = "tue",
        /// 水
        Wednesday = "wed",
        /// 木
        Thursday = "thu",
        /// 金
        Friday = "fri",
        /// 土
        Saturday = "sat",
        /// 日
        Sunday = "sun",
    }
);

vocabulary!(
    /// Which media a rule of the policy is for.
    RuleScope {
        /// Those that belong to this place.
        Home = "home",
        /// Those that carry this class of data.
        Class = "class",
        /// The one with this asset id.
        Medium = "medium",
    }
);

vocabulary!(
    /// What a change takes by which a loss could go unnoticed for longer.
    LooseningRule {
        /// Two administrators sign it.
        TwoAdministrators = "two-administrators",
    }
);

vocabulary!(
    /// Whether every handover needs a witness.
    WitnessRule {
        /// Both parties may name one.
        Optional = "optional",
        /// A handover without one is refused.
        Required = "required",
    }
);

vocabulary!(
    /// Whether a party without a key may seal on paper.
    PaperRule {
        /// A paper seal is recorded as the weaker evidence it is.
        Accepted = "accepted",
        /// Both parties need a key.
        Refused = "refused",
    }
);

vocabulary!(
    /// Why a key is revoked.
    RevocationReason {
        /// Somebody else has or may have it.
        Compromised = "compromised",
        /// File or passphrase is gone.
        Lost = "lost",
        /// The person left or the contract ended.
        Left = "left",
        /// A newer key took its place.
        Superseded = "superseded",
    }
);

vocabulary!(
    /// The answer to a request.
    Verdict {
        /// The take-out may happen.
        Approved = "approved",
        /// It may not.
        Declined = "declined",
    }
);

vocabulary!(
    /// Sanitisation method, after NIST SP 800-88 Rev. 1 section 2.5.
    ErasureMethod {
        /// Overwritten through the ordinary interface.
        Clear = "clear",
        /// Laboratory attack made infeasible, cryptographic erase included.
        Purge = "purge",
        /// The medium itself is unusable.
        Destroy = "destroy",
    }
);

vocabulary!(
    /// What another log is to this one.
    LinkRelation {
        /// This log goes on from the other.
        Continues = "continues",
        /// The other goes on from this one.
        ContinuedBy = "continued-by",
        /// Another ledger of the same organisation.
        Sister = "sister",
    }
);
