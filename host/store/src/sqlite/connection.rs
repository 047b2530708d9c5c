//! Opening the database file: its rights, and how each connection is set up.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};

use super::fault::sql_error;
use crate::{StoreError, limits};

/// Rights of a folder that is made: its owner's alone.
const FOLDER_MODE: u32 = 0o700;
/// Rights of a database that is made: its owner's alone. SQLite gives the log beside it the same.
const FILE_MODE: u32 = 0o600;

/// Makes the file and its folder if they are not there, readable by their owner alone.
pub fn prepare_file(path: &Path) -> Result<(), StoreError> {
    let made = || -> io::Result<()> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(&folder)?;
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(FILE_MODE).open(path) {
            // Without this, a power cut could leave the data and take away its name.
            Ok(file) => {
                file.sync_all()?;
                File::open(&folder)?.sync_all()
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    };
    made().map_err(|error| StoreError::Unusable {
        path: path.to_owned(),
        reason: format!("it cannot be created: {error}"),
    })
}

/// Opens the one connection that writes.
pub fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<(Connection, String)> {
        let connection = Connection::open_with_flags(path, flags)?;
        set_up(&connection)?;
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0))?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        // Bodies of deliveries name people: what is deleted is zeroed.
        connection.pragma_update(None, "secure_delete", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", limits::WAL_CHECKPOINT_PAGES)?;
        connection.pragma_update(None, "journal_size_limit", limits::WAL_KEPT_BYTES_MAX)?;
        Ok((connection, mode))
    };
    let (connection, mode) = open().map_err(|error| unusable(path, error))?;
    if mode.eq_ignore_ascii_case("wal") {
        return Ok(connection);
    }
    Err(StoreError::Unusable {
        path: path.to_owned(),
        reason: "its file system has no shared memory, which a write-ahead log needs; put it on a \
                 local disk"
            .to_owned(),
    })
}

/// Opens a connection that can only read.
pub fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        set_up(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| sql_error(error, "open a connection to read"))
}

fn set_up(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_millis(limits::BUSY_TIMEOUT_MS))?;
    connection.set_prepared_statement_cache_capacity(limits::STATEMENTS_CACHED_MAX);
    // Negative: KiB instead of pages.
    connection.pragma_update(None, "cache_size", -limits::PAGE_CACHE_KIB)
}

fn unusable(path: &Path, error: rusqlite::Error) -> StoreError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => StoreError::Unusable {
            path: path.to_owned(),
            reason: "it is no SQLite database; name another file".to_owned(),
        },
        _ => sql_error(error, "open the database"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_waits_for_the_disk_and_a_reader_cannot_write() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fondaco.db");
        prepare_file(&path).unwrap();
        let writer = open_writer(&path).unwrap();
        let number = |name| writer.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let full = 2;
        assert_eq!(number("synchronous").unwrap(), full);
        assert_eq!(number("foreign_keys").unwrap(), 1);
        assert_eq!(number("secure_delete").unwrap(), 1);
        let mode: String =
            writer.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
        writer.execute_batch("CREATE TABLE t (a INTEGER) STRICT").unwrap();
        let reader = open_reader(&path).unwrap();
        reader.execute("INSERT INTO t VALUES (1)", []).unwrap_err();
    }
}
