//! PKCS#8 (RFC 5958) with PBES2 (RFC 8018), as PEM.
//!
//! New keys: scrypt with N = 2^14, r = 8, p = 5, then AES-256-CBC. scrypt,
//! because each guess needs 16 MiB, which takes from an attacker the advantage
//! that graphics cards have over PBKDF2. N no higher, because OpenSSL 3 refuses
//! to derive with more than 32 MiB; p = 5 makes up for it (the set OWASP lists
//! beside N = 2^17, p = 1). CBC, because OpenSSL 3 opens no PBES2 file that uses
//! an authenticated mode; the key's `.vkey` file is what shows alteration.

use ::pkcs8::pkcs5::pbes2::{self, Kdf, Pbkdf2Params, ScryptParams};
use ::pkcs8::pkcs5::{self, EncryptionScheme};
use ::pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use zeroize::Zeroizing;

use super::{KeyringError, Passphrase};
use crate::model::VerifierKey;
use crate::model::key::{COSIGNATURE_V1, KeyName};
use crate::wire::signature::{Signer as _, SigningKey, on_wiped_stack};

const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const PLAIN: &str = "PRIVATE KEY";
/// PrivateKeyInfo, version 1, Ed25519, up to the 32 bytes of the key (RFC 8410,
/// section 7). Version 2 would carry the public key too, which OpenSSL 3.0 refuses.
const ED25519_PREFIX: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/// Most bytes scrypt may use for a key from elsewhere.
const SCRYPT_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Most work (N times r times p) scrypt may do: 25 times that of our own keys.
const SCRYPT_WORK_MAX: u64 = 1 << 24;
/// Most PBKDF2 iterations.
const PBKDF2_MAX: u32 = 10_000_000;

/// How costly guessing a passphrase is made: scrypt's N as a power of two, and p.
/// r is 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    log_n: u8,
    p: u16,
}

impl Default for Cost {
    fn default() -> Self {
        Cost::STANDARD
    }
}

impl Cost {
    /// What every real key gets: 16 MiB and about a fifth of a second.
    pub const STANDARD: Cost = Cost { log_n: 14, p: 5 };
    /// Next to nothing. For tests and for the tour's throw-away keys; named so
    /// that it stands out where it is used.
    pub const INSECURE_QUICK: Cost = Cost { log_n: 4, p: 1 };
}

/// Whether a key that is not encrypted may be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unencrypted {
    /// It is refused: the rule.
    Refuse,
    /// It is read, because the person importing it asked for exactly that.
    Allow,
}

/// A new key from the operating system's random numbers.
///
/// # Errors
/// [`KeyringError::Random`].
pub fn generate(name: KeyName) -> Result<SigningKey, KeyringError> {
    let mut seed = Zeroizing::new([0u8; 32]);
    fill(seed.as_mut_slice())?;
    Ok(SigningKey::from_seed(name, &seed))
}

/// The PEM text of a key, encrypted under `passphrase` with fresh salt and IV.
///
/// # Errors
/// [`KeyringError::Passphrase`] when it is too short; [`KeyringError::Random`].
pub fn seal_pem(
    key: &SigningKey,
    passphrase: &Passphrase,
    cost: Cost,
) -> Result<String, KeyringError> {
    let (mut salt, mut iv) = ([0u8; 16], [0u8; 16]);
    fill(&mut salt)?;
    fill(&mut iv)?;
    seal_with(key, passphrase, cost, &salt, iv)
}

fn fill(bytes: &mut [u8]) -> Result<(), KeyringError> {
    getrandom::fill(bytes).map_err(|e| KeyringError::Random(e.to_string()))
}

/// As [`seal_pem`], with the random values given.
fn seal_with(
    key: &SigningKey,
    passphrase: &Passphrase,
    cost: Cost,
    salt: &[u8; 16],
    iv: [u8; 16],
) -> Result<String, KeyringError> {
    passphrase.check_new()?;
    let failed = |_| KeyringError::Damaged("the key could not be encoded".to_owned());
    let mut plain = Zeroizing::new(ED25519_PREFIX.to_vec());
    plain.reserve_exact(key.seed().len());
    plain.extend_from_slice(key.seed());
    let kdf = ScryptParams {
        salt: salt.as_slice().try_into().map_err(|_| KeyringError::Cost)?,
        cost_parameter: 1 << cost.log_n,
        block_size: 8,
        parallelization: cost.p,
        key_length: None,
    };
    let scheme = pbes2::Parameters {
        kdf: kdf.into(),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv },
    };
    let sealed = on_wiped_stack(|| scheme.encrypt(passphrase.as_bytes(), plain.as_slice()));
    let sealed = sealed.map_err(pkcs5_error)?;
    let data = ::pkcs8::der::asn1::OctetStringRef::new(&sealed).map_err(failed)?;
    let info =
        EncryptedPrivateKeyInfoRef { encryption_algorithm: scheme.into(), encrypted_data: data };
    let document = SecretDocument::encode_msg(&info).map_err(failed)?;
    let pem = document.to_pem(ENCRYPTED, LineEnding::LF).map_err(failed)?;
    Ok(pem.to_string())
}

/// Opens the PEM text of a key and gives it the name and signature type of
/// `vkey`, to which it must belong. Text around the PEM block is not accepted.
///
/// # Errors
/// [`KeyringError`]: most of all [`KeyringError::WrongPassphrase`] and
/// [`KeyringError::Mismatch`].
pub fn open_pem(
    pem: &str,
    vkey: &VerifierKey,
    passphrase: Option<&Passphrase>,
    unencrypted: Unencrypted,
) -> Result<SigningKey, KeyringError> {
    let seed = open_seed(pem, passphrase, unencrypted)?;
    let key = name_seed(&seed, vkey.name().clone(), vkey.kind());
    if key.key() == vkey { Ok(key) } else { Err(KeyringError::Mismatch(vkey.clone())) }
}

/// The signing key of a seed under a name and signature type.
pub(super) fn name_seed(seed: &[u8; 32], name: KeyName, kind: u8) -> SigningKey {
    if kind == COSIGNATURE_V1 {
        SigningKey::cosigner_from_seed(name, seed)
    } else {
        SigningKey::from_seed(name, seed)
    }
}

/// The 32 bytes in the PEM text of a key.
pub(super) fn open_seed(
    pem: &str,
    passphrase: Option<&Passphrase>,
    unencrypted: Unencrypted,
) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    let (label, document) =
        SecretDocument::from_pem(pem).map_err(|error| KeyringError::Damaged(error.to_string()))?;
    match (label, unencrypted) {
        (ENCRYPTED, _) => {
            let passphrase = passphrase.ok_or(KeyringError::PassphraseNeeded)?;
            let plain = decrypt(document.as_bytes(), passphrase)?;
            // A wrong passphrase survives the check of CBC padding once in 256
            // times; what comes out then is no PKCS#8.
            PrivateKeyInfoRef::try_from(plain.as_slice())
                .map_err(|_| KeyringError::WrongPassphrase)?;
            seed_of(&plain)
        }
        (PLAIN, Unencrypted::Allow) => seed_of(document.as_bytes()),
        (PLAIN, Unencrypted::Refuse) => Err(KeyringError::Unencrypted),
        (other, _) => Err(KeyringError::Label(other.to_owned())),
    }
}

fn seed_of(plain: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyringError> {
    PrivateKeyInfoRef::try_from(plain).map_err(|e| KeyringError::Damaged(e.to_string()))?;
    let key =
        ed25519_dalek::SigningKey::from_pkcs8_der(plain).map_err(|_| KeyringError::NotEd25519)?;
    Ok(Zeroizing::new(key.to_bytes()))
}

fn decrypt(der: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
    let info = EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|error| KeyringError::Damaged(error.to_string()))?;
    let EncryptionScheme::Pbes2(scheme) = &info.encryption_algorithm else {
        return Err(KeyringError::Unsupported("PBES1".to_owned()));
    };
    check_cost(&scheme.kdf)?;
    let mut buffer = Zeroizing::new(info.encrypted_data.as_bytes().to_vec());
    let len =
        scheme.decrypt_in_place(passphrase.as_bytes(), &mut buffer).map_err(pkcs5_error)?.len();
    buffer.truncate(len);
    Ok(buffer)
}

/// Refuses derivation parameters that a hostile file could use to exhaust memory
/// or time, and those the scrypt code below panics on (N of 0).
fn check_cost(kdf: &Kdf) -> Result<(), KeyringError> {
    let bearable = match kdf {
        Kdf::Scrypt(ScryptParams { cost_parameter, block_size, parallelization, .. }) => {
            let (n, r, p) = (*cost_parameter, u64::from(*block_size), u64::from(*parallelization));
            let memory = n.checked_mul(128 * r);
            let work = n.checked_mul(r * p);
            n.is_power_of_two()
                && n > 1
                && r > 0
                && p > 0
                && memory.is_some_and(|bytes| bytes <= SCRYPT_BYTES_MAX)
                && work.is_some_and(|work| work <= SCRYPT_WORK_MAX)
        }
        Kdf::Pbkdf2(Pbkdf2Params { iteration_count, .. }) => {
            (1..=PBKDF2_MAX).contains(iteration_count)
        }
        // A kind of derivation added later is refused until its cost is judged.
        _ => false,
    };
    if bearable { Ok(()) } else { Err(KeyringError::Cost) }
}

fn pkcs5_error(error: pkcs5::Error) -> KeyringError {
    match error {
        pkcs5::Error::DecryptFailed => KeyringError::WrongPassphrase,
        pkcs5::Error::AlgorithmParametersInvalid { .. } => KeyringError::Cost,
        other => KeyringError::Unsupported(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Cost = Cost::INSECURE_QUICK;

    fn key() -> SigningKey {
        SigningKey::from_seed("yamada.example.jp".parse().expect("name"), &[0x42; 32])
    }

    fn words(text: &str) -> Passphrase {
        Passphrase::new(text.to_owned()).expect("passphrase")
    }

    fn sealed() -> String {
        seal_pem(&key(), &words("correct horse"), QUICK).expect("seals")
    }

    fn open(pem: &str, passphrase: &str) -> Result<SigningKey, KeyringError> {
        let passphrase = words(passphrase);
        open_pem(pem, key().key(), Some(&passphrase), Unencrypted::Refuse)
    }

    #[test]
    fn a_sealed_key_opens_with_its_passphrase() {
        let pem = sealed();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
        assert_ne!(pem, sealed(), "fresh salt and IV");
        let opened = open(&pem, "correct horse").expect("opens");
        assert_eq!((opened.key(), opened.seed()), (key().key(), key().seed()));
    }

    #[test]
    fn a_wrong_passphrase_is_its_own_error() {
        let pem = sealed();
        // Enough guesses that one gets past the padding check.
        for guess in 0..600 {
            let refused = open(&pem, &format!("guess {guess}"));
            assert!(matches!(refused, Err(KeyringError::WrongPassphrase)), "{guess}: {refused:?}");
        }
        let none = open_pem(&pem, key().key(), None, Unencrypted::Refuse);
        assert!(matches!(none, Err(KeyringError::PassphraseNeeded)));
        let short = seal_pem(&key(), &words("short"), QUICK);
        assert!(matches!(short, Err(KeyringError::Passphrase(_))));
    }

    #[test]
    fn another_vkey_is_a_mismatch() {
        let other = SigningKey::from_seed("yamada.example.jp".parse().expect("name"), &[1; 32]);
        let passphrase = words("correct horse");
        let refused = open_pem(&sealed(), other.key(), Some(&passphrase), Unencrypted::Refuse);
        assert!(matches!(refused, Err(KeyringError::Mismatch(_))));
    }

    #[test]
    fn unencrypted_keys_open_only_when_asked_for() {
        let mut der = ED25519_PREFIX.to_vec();
        der.extend_from_slice(&[0x42; 32]);
        let document = SecretDocument::try_from(der.as_slice()).expect("der");
        let pem = document.to_pem(PLAIN, LineEnding::LF).expect("pem");
        let read = |flag| open_pem(&pem, key().key(), None, flag);
        assert!(matches!(read(Unencrypted::Refuse), Err(KeyringError::Unencrypted)));
        assert_eq!(read(Unencrypted::Allow).expect("opens").seed(), key().seed());
        let labelled = document.to_pem("RSA PRIVATE KEY", LineEnding::LF).expect("pem");
        let refused = open_pem(&labelled, key().key(), None, Unencrypted::Allow);
        assert!(matches!(refused, Err(KeyringError::Label(_))));
    }

    #[test]
    fn hostile_derivation_costs_are_refused_before_they_are_paid() {
        let scrypt = |cost_parameter, block_size, parallelization| {
            let salt = [0u8; 8].as_slice().try_into().expect("salt");
            let key_length = None;
            Kdf::from(ScryptParams {
                salt,
                cost_parameter,
                block_size,
                parallelization,
                key_length,
            })
        };
        assert!(check_cost(&scrypt(1 << 14, 8, 5)).is_ok());
        assert!(check_cost(&scrypt(1 << 17, 8, 1)).is_ok());
        let hostile = [
            (0, 8, 1),
            (1, 8, 1),
            (3, 8, 1),
            (1 << 30, 8, 1),
            (1 << 63, 65535, 65535),
            (1 << 14, 0, 1),
            (1 << 14, 8, 0),
            (1 << 14, 8, 60000),
        ];
        for (n, r, p) in hostile {
            let refused = check_cost(&scrypt(n, r, p));
            assert!(matches!(refused, Err(KeyringError::Cost)), "{n} {r} {p}");
        }
        let pbkdf2 = |count| Kdf::from(Pbkdf2Params::hmac_sha256(count, &[0; 8]).expect("params"));
        assert!(check_cost(&pbkdf2(600_000)).is_ok());
        assert!(matches!(check_cost(&pbkdf2(0)), Err(KeyringError::Cost)));
        assert!(matches!(check_cost(&pbkdf2(10_000_001)), Err(KeyringError::Cost)));
    }

    #[test]
    fn damaged_files_never_panic() {
        let pem = sealed();
        for at in 0..pem.len() {
            for with in [b'A', b'/', b'\n', b'-'] {
                let mut altered = pem.clone().into_bytes();
                altered[at] = with;
                let altered = String::from_utf8(altered).expect("ASCII");
                if let Ok(opened) = open(&altered, "correct horse") {
                    assert_eq!(opened.seed(), key().seed());
                }
            }
        }
        for text in ["", "no pem", "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"] {
            assert!(open(text, "correct horse").is_err());
        }
    }
}
