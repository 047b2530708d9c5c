//! The file with the host's key, beside the database and named after it.
//!
//! It is made with the database, readable by its owner alone. A database remembers by a mark which
//! key it was written with: with another one, or none, it is not opened, since nobody it holds could
//! be told any more and everything new would be sealed with the wrong key. Whoever keeps a backup of
//! the database keeps this file too, in another place.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OptionalExtension as _};
use secrecy::{ExposeSecret as _, SecretBox};

use super::{
    fault::sql_error,
    vault::{KEY_BYTES, Key, Vault, random_key},
};
use crate::StoreError;

/// What the file's name has after the database's.
const SUFFIX: &str = ".key";
/// Rights of the file: its owner's alone.
const FILE_MODE: u32 = 0o600;

/// Where the key of a database is.
pub fn path_of(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(SUFFIX);
    PathBuf::from(name)
}

/// The vault of a database, with its key; one that was never used gets a new one.
pub fn open(database: &Path, connection: &Connection) -> Result<Vault, StoreError> {
    let path = path_of(database);
    let unusable = |reason: String| StoreError::Unusable { path: database.to_owned(), reason };
    let cannot = |error: io::Error| {
        let file = path.display();
        unusable(format!("its key, the file `{file}`, cannot be used: {error}"))
    };
    let doing = "look which key the database is sealed with";
    let mark: Option<Vec<u8>> = connection
        .query_row("SELECT mark FROM host_key WHERE only = 1", [], |row| row.get(0))
        .optional()
        .map_err(|error| sql_error(error, doing))?;
    let mut key = read(&path).map_err(cannot)?;
    if key.is_none() && mark.is_none() {
        make(&path, &random_key()?).map_err(cannot)?;
        key = read(&path).map_err(cannot)?;
    }
    let Some(vault) = key.map(Vault::new) else {
        let file = path.display();
        return Err(unusable(format!(
            "its key is not there; put the file `{file}` back from where it is kept"
        )));
    };
    match mark {
        Some(mark) if mark == vault.mark() => {}
        Some(_) => {
            let file = path.display();
            return Err(unusable(format!(
                "`{file}` is the key of another database; put this one's back from where it is kept"
            )));
        }
        None => {
            connection
                .execute(
                    "INSERT INTO host_key (only, mark) VALUES (1, ?1) ON CONFLICT DO NOTHING",
                    [vault.mark()],
                )
                .map_err(|error| sql_error(error, doing))?;
        }
    }
    Ok(vault)
}

fn read(path: &Path) -> io::Result<Option<Key>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    if file.metadata()?.mode() & 0o077 != 0 {
        return Err(io::Error::other("others can read it; set its rights to 0600"));
    }
    let mut key = Box::new([0; KEY_BYTES]);
    let mut file = file.take(KEY_BYTES as u64 + 1);
    file.read_exact(&mut *key)?;
    if file.read(&mut [0])? != 0 {
        return Err(io::Error::other("it is longer than a key"));
    }
    Ok(Some(SecretBox::new(key)))
}

/// Puts the key there whole, unless there is one.
fn make(path: &Path, key: &Key) -> io::Result<()> {
    let mut new = path.as_os_str().to_owned();
    new.push(format!(".new-{}", std::process::id()));
    let new = PathBuf::from(new);
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(FILE_MODE).open(&new)?;
    file.write_all(key.expose_secret())?;
    file.sync_all()?;
    // Of several who make the first key, one wins.
    let linked = fs::hard_link(&new, path);
    fs::remove_file(&new)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
