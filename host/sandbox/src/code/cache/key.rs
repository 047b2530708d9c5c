//! The key of a code cache's MACs.

use std::{
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use sha2::Sha256;

use super::folder::Folder;

pub(super) type Mac = Hmac<Sha256>;

/// The length of a MAC, in bytes.
pub(super) const MAC_BYTES: usize = 32;
/// The length of the key, in bytes.
const KEY_BYTES: usize = 32;
/// The key's file.
const KEY_FILE: &str = "key";

/// The key. It is shown nowhere.
pub(super) struct Key(Mac);

impl Key {
    /// The key of a folder. One is made if there is none, or none that only this user knows; what
    /// was kept under another key is not loaded then.
    pub(super) fn of(folder: &Folder) -> io::Result<Self> {
        match read(folder) {
            Ok(Some(key)) => return key_of(&key),
            // Of several who make the first key, one wins.
            Ok(None) => {
                let _ = folder.add(KEY_FILE, &[&random()?]);
            }
            Err(error) => {
                tracing::warn!(
                    folder = %folder.path().display(),
                    "the code cache's key is replaced: {error}"
                );
                folder.replace(KEY_FILE, &[&random()?])?;
            }
        }
        let key = read(folder)?;
        key_of(&key.ok_or_else(|| io::Error::other("the file `key` cannot be made in it"))?)
    }

    /// A MAC over parts, each with its length, so that none runs into the next.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

fn key_of(key: &[u8; KEY_BYTES]) -> io::Result<Key> {
    Mac::new_from_slice(key).map(Key).map_err(io::Error::other)
}

fn random() -> io::Result<[u8; KEY_BYTES]> {
    let mut key = [0; KEY_BYTES];
    SysRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

fn read(folder: &Folder) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let Some(file) = folder.read(KEY_FILE)? else {
        return Ok(None);
    };
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(io::Error::other("others could read it or write to it"));
    }
    let mut key = Vec::new();
    file.take(KEY_BYTES as u64 + 1).read_to_end(&mut key)?;
    let key = key.try_into().map_err(|_| io::Error::other("it has not the length of a key"))?;
    Ok(Some(key))
}
