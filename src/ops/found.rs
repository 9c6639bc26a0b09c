//! Founding a ledger: genesis, first policy, first custodian, in one append.

use std::path::Path;
use std::sync::Arc;

use super::clock::Clock;
use super::draft::Draft;
use super::error::OpsError;
use super::ledger::{Committed, LOG_KEY_FILE, LOG_VKEY_FILE, Ledger, options};
use crate::keyring;
use crate::ledger::{Frame, Policy, State};
use crate::model::statement::{self, Signs, Some1};
use crate::model::vocabulary::Role;
use crate::model::{
    Name, Nonce, Origin, PartyRef, ReceiptPrefix, Seen, Signatory, Stamp, Statement, Zone,
};
use crate::proof::tree::{empty_root, leaf_hash};
use crate::store::FileStore;
use crate::wire::signature::{Signer, SigningKey};

/// What a new ledger starts with.
pub struct Founding {
    /// Its origin.
    pub origin: Origin,
    /// Whose it is.
    pub organisation: Name,
    /// Where it is kept.
    pub site: Name,
    /// IANA time zone.
    pub zone: Name,
    /// Letters of receipt numbers.
    pub receipt_prefix: ReceiptPrefix,
    /// The first administrator.
    pub administrator: PartyRef,
    /// The first custodian; somebody else.
    pub custodian: PartyRef,
    /// The first policy.
    pub policy: Policy,
}

/// Founds a ledger in `folder`.
///
/// The three entries go in with one append, so there is no ledger without policy
/// or custodian. The log key is written unencrypted with mode 0600: it vouches for
/// order, never for anybody's agreement, and a check run at night must be able to
/// use it.
///
/// # Errors
/// When the folder is not empty, or what is given is refused.
pub fn found(
    folder: &Path,
    founding: &Founding,
    administrator: &dyn Signer,
    custodian: &dyn Signer,
    clock: Arc<dyn Clock>,
) -> Result<(Ledger, Vec<Committed>), OpsError> {
    let zone =
        Zone::named(founding.zone.as_str()).map_err(|error| OpsError::input("--zone", error))?;
    let at =
        Stamp::from_unix(clock.unix(), &zone).map_err(|error| OpsError::input("clock", error))?;
    let name =
        founding.origin.as_str().parse().map_err(|error| OpsError::input("--origin", error))?;
    let log = keyring::generate(name)?;
    let drafts = first_entries(founding, &log, administrator, custodian, at)?;
    FileStore::create(folder, &options())?;
    keyring::save_log_key(&folder.join(LOG_KEY_FILE), &log)?;
    let vkey = folder.join(LOG_VKEY_FILE);
    std::fs::write(&vkey, format!("{}\n", log.key()))
        .map_err(|e| OpsError::file("cannot write", &vkey, e))?;
    let mut ledger = Ledger::open(folder, &mut |_, _| {})?;
    ledger.set_clock(clock);
    let committed = ledger.submit(&drafts)?;
    ledger.keep_snapshot()?;
    Ok((ledger, committed))
}

fn random<const N: usize>() -> Result<[u8; N], OpsError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|error| OpsError::Random(error.to_string()))?;
    Ok(bytes)
}

/// Genesis, policy and custodian, signed. All three saw the empty log: they go in
/// together.
fn first_entries(
    founding: &Founding,
    log: &SigningKey,
    administrator: &dyn Signer,
    custodian: &dyn Signer,
    at: Stamp,
) -> Result<Vec<Draft>, OpsError> {
    let seen = Seen { size: 0, root: empty_root() };
    let ledger = founding.origin.clone();
    let by = Signatory { party: founding.administrator.clone(), key: administrator.key().clone() };
    let genesis = statement::Genesis {
        ledger: ledger.clone(),
        at,
        seen,
        organisation: founding.organisation.clone(),
        site: founding.site.clone(),
        zone: founding.zone.clone(),
        receipt_prefix: founding.receipt_prefix.clone(),
        log_key: Signs(log.key().clone()),
        administrator: by.clone(),
        nonce: Nonce(random()?),
    };
    let frame = Frame { at, seen, nonce: Nonce(random()?) };
    let policy = founding.policy.statement(ledger.clone(), frame, None, by.clone(), None);
    let party = statement::Party {
        ledger,
        at,
        seen,
        party: founding.custodian.clone(),
        roles: Some1(vec![Role::Custodian]),
        key: Some(Signs(custodian.key().clone())),
        by,
        nonce: Nonce(random()?),
    };
    let mut drafts = Vec::new();
    for (said, signers) in [
        (Statement::from(genesis), vec![log as &dyn Signer, administrator]),
        (policy.into(), vec![administrator]),
        (party.into(), vec![custodian, administrator]),
    ] {
        let mut draft = Draft::new(said);
        for signer in signers {
            draft.sign(signer)?;
        }
        drafts.push(draft);
    }
    refuse_early(&drafts, at)?;
    Ok(drafts)
}

/// Judges the three before a folder is made, so that a refused founding leaves
/// nothing behind.
fn refuse_early(drafts: &[Draft], at: Stamp) -> Result<(), OpsError> {
    let mut state = State::default();
    for draft in drafts {
        crate::ledger::judge(&state, draft.statement(), at)?;
        state.apply(leaf_hash(&draft.to_bytes()), draft.statement());
    }
    Ok(())
}
