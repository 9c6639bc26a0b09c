//! What to do when an ssh-agent does not sign.

use crate::ops::AgentError;

pub(super) fn remedy(error: &AgentError) -> &'static str {
    match error {
        AgentError::Unnamed | AgentError::Unreachable { .. } => {
            "Nothing was signed. Start an ssh-agent, or run this in the session that has one; under \
             sudo its socket has to be passed on."
        }
        AgentError::Silent { .. } => {
            "Nothing was signed. See whether it asks for something, or start it again."
        }
        AgentError::Malformed { .. } | AgentError::Forged(_) => {
            "Nothing was signed. See what answers at that socket before you use it again."
        }
        AgentError::Empty => {
            "Nothing was signed. 'ssh-add -X' unlocks it, 'ssh-add FILE' adds a key, and a card or \
             token has to be plugged in."
        }
        AgentError::Lacks(_) => {
            "Nothing was signed. 'ssh-add -l' shows what it holds; add the key, or plug its token in."
        }
        AgentError::Declined(_) => "Nothing was signed. Run the command again and confirm it.",
        AgentError::Fido(_) => {
            "Use a token that holds an ssh-ed25519 key, such as an OpenPGP or PKCS#11 card, or \
             'custody key new'. docs/keys.md says more."
        }
        AgentError::Kind(..) | AgentError::NoneFits(_) | AgentError::Type(_) => {
            "Make one with 'ssh-keygen -t ed25519' and add it with 'ssh-add'."
        }
        AgentError::Several(_) => "Say which with --which.",
        AgentError::NoPublicKey(_) => {
            "Name a fingerprint as 'ssh-add -l' shows it, or a file such as ~/.ssh/id_ed25519.pub."
        }
    }
}
