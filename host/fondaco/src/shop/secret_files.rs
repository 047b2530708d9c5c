//! Files that hold one secret each, beside the configuration, readable for their owner alone.
//!
//! A secret that is changed gets a file of its own name, and the client's file is pointed to it: so
//! key and secret are changed together, by the one renaming of that file, and whoever is stopped in
//! between has the old ones still.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::limits::{SECRET_FILE_NAMES_MAX, WEBHOOK_SECRET_BYTES};

/// The folder of secrets, within that of the host's file.
const FOLDER: &str = "secrets";

/// A secret that was written into a file.
#[derive(Debug)]
pub struct SecretFile {
    /// Its name as a reference has it, from the folder of the host's file.
    pub reference: String,
    path: PathBuf,
}

impl SecretFile {
    /// Writes a secret into a new file, whose name begins so.
    ///
    /// # Errors
    /// If it cannot be written; then there is no such file.
    pub fn write(base: &Path, name: &str, secret: &SecretString) -> anyhow::Result<Self> {
        let folder = base.join(FOLDER);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        for number in 1..=SECRET_FILE_NAMES_MAX {
            let name = if number == 1 { name.to_owned() } else { format!("{name}-{number}") };
            let path = folder.join(&name);
            let mut options = fs::OpenOptions::new();
            match options.write(true).create_new(true).mode(0o600).open(&path) {
                Ok(file) => {
                    let written = Self { reference: format!("{FOLDER}/{name}"), path };
                    return match fill(file, secret) {
                        Ok(()) => Ok(written),
                        Err(error) => {
                            written.remove();
                            Err(error).context("the secret cannot be written")
                        }
                    };
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    let path = path.display();
                    return Err(error).with_context(|| format!("{path} cannot be made"));
                }
            }
        }
        anyhow::bail!("{} has too many files named {name}; remove the old ones", folder.display())
    }

    /// Removes it again: what it was written for was not done.
    pub fn remove(&self) {
        // That it is left behind does no harm; nothing points to it.
        let _ = fs::remove_file(&self.path);
    }
}

fn fill(mut file: fs::File, secret: &SecretString) -> std::io::Result<()> {
    file.write_all(secret.expose_secret().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Removes the file that a reference named, if it is one that this command wrote. Says whether it
/// did.
pub fn remove_old(base: &Path, reference: &str, name: &str) -> bool {
    let rest = reference.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/'));
    let rest = rest.and_then(|rest| rest.strip_prefix(name));
    let is_own = rest.is_some_and(|rest| {
        let number = rest.strip_prefix('-').unwrap_or_default();
        rest.is_empty() || (!number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
    });
    is_own && fs::remove_file(base.join(reference)).is_ok()
}

/// A secret that nobody can guess.
pub fn random_secret() -> SecretString {
    let bytes: [u8; WEBHOOK_SECRET_BYTES] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_its_owners_alone_and_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let write = |secret: &str| {
            SecretFile::write(folder.path(), "rossi-milano-key", &secret.into()).unwrap()
        };
        let (one, two) = (write("ck_1"), write("ck_2"));
        assert_eq!(one.reference, "secrets/rossi-milano-key");
        assert_eq!(two.reference, "secrets/rossi-milano-key-2");
        for (file, text) in [(&one, "ck_1\n"), (&two, "ck_2\n")] {
            let path = folder.path().join(&file.reference);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let mode = fs::metadata(folder.path().join(FOLDER)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(!format!("{one:?}").contains("ck_1"));
        two.remove();
        assert!(!folder.path().join("secrets/rossi-milano-key-2").exists());
    }

    #[test]
    fn only_what_this_command_wrote_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(FOLDER)).unwrap();
        for (reference, removed) in [
            ("secrets/rossi-milano-key", true),
            ("secrets/rossi-milano-key-12", true),
            ("secrets/rossi-milano-keys", false),
            ("secrets/rossi-milano-key-b", false),
            ("secrets/milano", false),
            ("rossi-milano-key", false),
        ] {
            fs::write(folder.path().join(reference), "x").unwrap();
            let was = remove_old(folder.path(), reference, "rossi-milano-key");
            assert_eq!(was, removed, "{reference}");
            assert_eq!(folder.path().join(reference).exists(), !removed, "{reference}");
        }
        assert!(!remove_old(folder.path(), "secrets/rossi-milano-key", "rossi-milano-key"));
    }

    #[test]
    fn secrets_differ() {
        let [one, other] = [random_secret(), random_secret()];
        assert_eq!(one.expose_secret().len(), 2 * WEBHOOK_SECRET_BYTES);
        assert_ne!(one.expose_secret(), other.expose_secret());
    }
}
