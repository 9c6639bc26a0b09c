//! The two files of a key.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::agent_message::public_line;
use super::pkcs8::{self, Cost, Unencrypted};
use super::{KeyringError, Passphrase};
use crate::model::VerifierKey;
use crate::model::key::{ED25519, KeyName};
use crate::wire::signature::{Signer as _, SigningKey, on_wiped_stack};

/// Largest key or vkey file in bytes.
const FILE_MAX: usize = 65_536;

/// Who has the private key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptBy {
    /// The PEM file.
    File,
    /// An ssh-agent; the `.pub` file says so.
    Agent,
}

/// Where a key's files are: `NAME.pem`, or `NAME.pub` for a key in an ssh-agent, and
/// `NAME.vkey` in one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFiles {
    pem: PathBuf,
    public: PathBuf,
    vkey: PathBuf,
}

impl KeyFiles {
    /// The files of the key called `name` in `folder`.
    pub fn of(folder: &Path, name: &KeyName) -> Self {
        let stem = file_stem(name);
        KeyFiles {
            pem: folder.join(format!("{stem}.pem")),
            public: folder.join(format!("{stem}.pub")),
            vkey: folder.join(format!("{stem}.vkey")),
        }
    }

    /// The files of the key of which one is at `path`: the others have the same path but for
    /// its extension.
    pub fn at(path: &Path) -> Self {
        let with = |extension| path.with_extension(extension);
        KeyFiles { pem: with("pem"), public: with("pub"), vkey: with("vkey") }
    }

    /// Path of the private key.
    pub fn pem(&self) -> &Path {
        &self.pem
    }

    /// Path of the verifier key.
    pub fn vkey(&self) -> &Path {
        &self.vkey
    }

    /// Path of the public key in OpenSSH's form, which stands for a key in an agent.
    pub fn public(&self) -> &Path {
        &self.public
    }

    /// Who has the private key; none where nothing here says so. A private key that is here
    /// counts, whatever else is.
    pub fn kept_by(&self) -> Option<KeptBy> {
        if self.pem.exists() {
            Some(KeptBy::File)
        } else {
            self.public.exists().then_some(KeptBy::Agent)
        }
    }

    /// Notes that an ssh-agent holds the private key of `key`: both files are public. Only
    /// where none of the three exists.
    ///
    /// # Errors
    /// [`KeyringError::Exists`] or [`KeyringError::Io`].
    pub fn create_in_agent(&self, key: &VerifierKey) -> Result<(), KeyringError> {
        self.refuse_taken()?;
        write_new(&self.vkey, format!("{key}\n").as_bytes())?;
        let line = public_line(key.public(), key.name().as_str());
        write_new(&self.public, line.as_bytes()).inspect_err(|_| {
            let _ = fs::remove_file(&self.vkey);
        })
    }

    /// The verifier key, if the `.pub` file beside it is of the same key. Both are public, so
    /// a difference is a mistake and not an attack: what signs is verified anyway.
    ///
    /// # Errors
    /// As [`KeyFiles::read_vkey`]; [`KeyringError::NotFound`], [`KeyringError::Mismatch`].
    pub fn read_in_agent(&self) -> Result<VerifierKey, KeyringError> {
        let vkey = self.read_vkey()?;
        let line =
            read(&self.public)?.ok_or_else(|| KeyringError::NotFound(self.public.clone()))?;
        if *line == public_line(vkey.public(), vkey.name().as_str()) {
            Ok(vkey)
        } else {
            Err(KeyringError::Mismatch(vkey))
        }
    }

    fn refuse_taken(&self) -> Result<(), KeyringError> {
        for path in [&self.pem, &self.public, &self.vkey] {
            if fs::symlink_metadata(path).is_ok() {
                return Err(KeyringError::Exists(path.clone()));
            }
        }
        Ok(())
    }

    /// Seals `key` and writes both files, readable by their owner alone (0600),
    /// whole or not at all, and only where neither exists.
    ///
    /// # Errors
    /// [`KeyringError::Exists`], [`KeyringError::Passphrase`],
    /// [`KeyringError::Io`] or [`KeyringError::Random`].
    pub fn create(
        &self,
        key: &SigningKey,
        passphrase: &Passphrase,
        cost: Cost,
    ) -> Result<(), KeyringError> {
        self.refuse_taken()?;
        let pem = pkcs8::seal_pem(key, passphrase, cost)?;
        // The vkey goes first: if the power fails between the two, what is left
        // is public and says what was being made.
        write_new(&self.vkey, format!("{}\n", key.key()).as_bytes())?;
        write_new(&self.pem, pem.as_bytes()).inspect_err(|_| {
            // Best effort; the error that matters is the one returned.
            let _ = fs::remove_file(&self.vkey);
        })
    }

    /// The verifier key, for which no passphrase is needed.
    ///
    /// # Errors
    /// [`KeyringError::NoVkey`], [`KeyringError::Vkey`] or [`KeyringError::Io`].
    pub fn read_vkey(&self) -> Result<VerifierKey, KeyringError> {
        let text = read(&self.vkey)?.ok_or_else(|| KeyringError::NoVkey(self.vkey.clone()))?;
        let line = text.strip_suffix('\n').unwrap_or(&text);
        VerifierKey::parse(line)
            .map_err(|error| KeyringError::Vkey { path: self.vkey.clone(), error })
    }

    /// Opens the private key.
    ///
    /// # Errors
    /// [`KeyringError`]: most of all [`KeyringError::WrongPassphrase`].
    pub fn load(&self, passphrase: &Passphrase) -> Result<SigningKey, KeyringError> {
        let pem = read(&self.pem)?.ok_or_else(|| KeyringError::NotFound(self.pem.clone()))?;
        let vkey = self.read_vkey()?;
        on_wiped_stack(|| pkcs8::open_pem(&pem, &vkey, Some(passphrase), Unencrypted::Refuse))
    }

    /// Opens a PKCS#8 PEM file made elsewhere, such as by OpenSSL, as a plain
    /// Ed25519 key called `name`. What to do with it, such as
    /// [`KeyFiles::create`], is the caller's.
    ///
    /// # Errors
    /// [`KeyringError`]; [`KeyringError::Unencrypted`] unless `unencrypted` says
    /// otherwise.
    pub fn import(
        from: &Path,
        name: KeyName,
        passphrase: Option<&Passphrase>,
        unencrypted: Unencrypted,
    ) -> Result<SigningKey, KeyringError> {
        let pem = read(from)?.ok_or_else(|| KeyringError::NotFound(from.to_owned()))?;
        on_wiped_stack(|| {
            let seed = pkcs8::open_seed(&pem, passphrase, unencrypted)?;
            Ok(pkcs8::name_seed(&seed, name, ED25519))
        })
    }
}

/// The file name, without extension, of a key's files. Names may hold slashes
/// and whatever else is printable; all but letters, digits, `.`, `-` and `_` is
/// percent-encoded, and so is a leading dot, so that two names never share a file
/// and none is hidden or leaves its folder.
pub fn file_stem(name: &KeyName) -> String {
    let mut stem = String::new();
    for (at, byte) in name.as_str().bytes().enumerate() {
        let plain = byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if plain && !(at == 0 && byte == b'.') {
            stem.push(char::from(byte));
        } else {
            stem.push_str(&format!("%{byte:02X}"));
        }
    }
    stem
}

/// What is in a file, a pipe or a terminal that holds a secret, of a longer one its first
/// 65,537 bytes. It is read into one buffer that never grows: what grows is copied, and the
/// copies left behind nobody wipes.
///
/// # Errors
/// What the operating system says.
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut file = File::open(path)?;
    let mut bytes = Zeroizing::new(vec![0; FILE_MAX + 1]);
    let mut end = 0;
    while end < bytes.len() {
        match file.read(&mut bytes[end..]) {
            Ok(0) => break,
            Ok(read) => end += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(end);
    Ok(bytes)
}

/// The text of a small file, or `None` when there is none.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, KeyringError> {
    let bytes = match read_secret(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        read => read.map_err(|error| KeyringError::Io { path: path.to_owned(), error })?,
    };
    if bytes.len() > FILE_MAX {
        return Err(KeyringError::TooLarge(path.to_owned()));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| KeyringError::Damaged("it is not text".to_owned()))?;
    Ok(Some(Zeroizing::new(text.to_owned())))
}

/// Puts a key file back as it was, where none of its name is.
///
/// # Errors
/// `Exists`, `Io`.
pub fn put_back(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    write_new(path, bytes)
}

/// Writes a new file: a temporary one (mode 0600) beside it, fsync, a rename
/// that fails where the name is taken, fsync of the folder.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyringError> {
    let failed = |error| KeyringError::Io { path: path.to_owned(), error };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut draft = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    draft.write_all(bytes).map_err(failed)?;
    draft.as_file().sync_all().map_err(failed)?;
    let kept = draft.persist_noclobber(path).map_err(|refused| match refused.error.kind() {
        ErrorKind::AlreadyExists => KeyringError::Exists(path.to_owned()),
        _ => failed(refused.error),
    })?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
    // On FAT the file's line in its folder is written by this sync only.
    kept.sync_all().map_err(failed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn name(text: &str) -> KeyName {
        text.parse().expect("name")
    }

    fn words() -> Passphrase {
        Passphrase::new("correct horse".into()).expect("passphrase")
    }

    fn made(folder: &Path) -> (KeyFiles, SigningKey) {
        let key = pkcs8::generate(name("custody.example.jp/shizuoka")).expect("key");
        let files = KeyFiles::of(folder, key.key().name());
        files.create(&key, &words(), Cost::INSECURE_QUICK).expect("created");
        (files, key)
    }

    #[test]
    fn a_created_key_loads_and_is_private() {
        let folder = tempfile::tempdir().expect("folder");
        let (files, key) = made(folder.path());
        assert!(files.pem().ends_with("custody.example.jp%2Fshizuoka.pem"));
        for path in [files.pem(), files.vkey()] {
            let mode = fs::metadata(path).expect("metadata").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
        assert_eq!(files.read_vkey().expect("vkey"), *key.key());
        assert_eq!(files.load(&words()).expect("loads").seed(), key.seed());
        assert_eq!(KeyFiles::at(files.pem()), files);
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 2, "no draft left");
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().expect("folder");
        let (files, key) = made(folder.path());
        let before = fs::read(files.pem()).expect("pem");
        let again = files.create(&key, &words(), Cost::INSECURE_QUICK);
        assert!(matches!(again, Err(KeyringError::Exists(_))));
        assert_eq!(fs::read(files.pem()).expect("pem"), before);
        assert!(matches!(write_new(files.pem(), b"x"), Err(KeyringError::Exists(_))));
        fs::remove_file(files.pem()).expect("removed");
        let beside = files.create(&key, &words(), Cost::INSECURE_QUICK);
        assert!(matches!(beside, Err(KeyringError::Exists(path)) if path == files.vkey()));
    }

    #[test]
    fn missing_mixed_up_and_oversized_files_are_told_apart() {
        let folder = tempfile::tempdir().expect("folder");
        let (files, _) = made(folder.path());
        let nowhere = KeyFiles::of(folder.path(), &name("nobody"));
        assert!(matches!(nowhere.load(&words()), Err(KeyringError::NotFound(_))));
        let other = pkcs8::generate(name("other")).expect("key");
        fs::write(files.vkey(), format!("{}\n", other.key())).expect("written");
        assert!(matches!(files.load(&words()), Err(KeyringError::Mismatch(_))));
        fs::write(files.vkey(), "junk\n").expect("written");
        assert!(matches!(files.load(&words()), Err(KeyringError::Vkey { .. })));
        fs::remove_file(files.vkey()).expect("removed");
        assert!(matches!(files.load(&words()), Err(KeyringError::NoVkey(_))));
        fs::write(files.pem(), vec![b'x'; 70_000]).expect("written");
        assert!(matches!(files.load(&words()), Err(KeyringError::TooLarge(_))));
    }

    #[test]
    fn names_never_share_a_file_or_leave_the_folder() {
        assert_eq!(file_stem(&name("a/b")), "a%2Fb");
        assert_eq!(file_stem(&name("a%2Fb")), "a%252Fb");
        assert_eq!(file_stem(&name("..")), "%2E.");
        assert_eq!(file_stem(&name("sato.printer.example.jp")), "sato.printer.example.jp");
    }
}
