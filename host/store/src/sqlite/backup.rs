//! Backups: taken while the host works, and restored into quarantine.
//!
//! A backup is one file, as of one commit. It is written under another name beside where it is to
//! be, and gets its own only when it is whole and on disk. It is made by `VACUUM INTO` and not by
//! copying pages, which begins again whenever something was written meanwhile and so might never
//! end; and it leaves out the free pages.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use fondaco_model::{ClientId, Timestamp};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::{
    connection,
    fault::{Fault, capped, corrupt, sql_error, stored},
    key_file, migrations,
};
use crate::{BackedUp, Backup, StoreError, limits};

/// Rights of a backup: its owner's alone.
const FILE_MODE: u32 = 0o600;

/// A database is more than its file: SQLite would take a log that was left of another one for its
/// own.
const PARTS: [&str; 4] = ["", "-journal", "-wal", "-shm"];

/// What is removed when it goes out of use, unless it was given its own name.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Begins one, without what a process that died has left of the same name.
    fn begin(path: PathBuf) -> Self {
        let unfinished = Self(path);
        unfinished.clear();
        unfinished
    }

    fn clear(&self) {
        for part in PARTS {
            // Most of them are not there.
            let _ = fs::remove_file(beside(&self.0, part));
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Takes a backup of a database that may be in use.
pub fn take(database: &Path, file: &Path, at: Timestamp) -> Result<Backup, StoreError> {
    let unusable = |error: io::Error| StoreError::Unusable {
        path: file.to_owned(),
        reason: format!("no backup can be written there: {error}"),
    };
    if file.exists() {
        return Err(unusable(io::Error::other("there is a file of this name already")));
    }
    let unfinished = Unfinished::begin(beside(file, ".unfinished"));
    let mut made = OpenOptions::new();
    made.write(true).create_new(true).mode(FILE_MODE).open(&unfinished.0).map_err(unusable)?;
    let from = connection::open_reader(database)?;
    let into = unfinished.0.to_string_lossy();
    from.execute("VACUUM INTO ?1", [&into]).map_err(|error| sql_error(error, "take a backup"))?;
    let clients = stamp(&unfinished.0, at).map_err(|fault| fault.during("take a backup"))?;
    let bytes = settle(&unfinished.0, file).map_err(unusable)?;
    Ok(Backup { file: file.to_owned(), bytes, taken_at: at, clients })
}

/// Writes into a backup when it was taken, and tells what it holds.
fn stamp(backup: &Path, at: Timestamp) -> Result<Vec<BackedUp>, Fault> {
    let connection = Connection::open(backup)?;
    connection.execute("INSERT INTO backup_stamp (only, taken_at) VALUES (1, ?1)", [stored(at)])?;
    held(&connection)
}

fn held(connection: &Connection) -> Result<Vec<BackedUp>, Fault> {
    let mut statement = connection.prepare(
        "SELECT client, last_event,
             (SELECT count(*) FROM deliveries WHERE client = this.client),
             (SELECT count(*) FROM actions WHERE client = this.client AND state <> 'ended')
         FROM clients AS this ORDER BY client",
    )?;
    let rows = statement.query_and_then([], |row| {
        let client = ClientId::new(row.get::<_, String>(0)?)
            .map_err(|error| corrupt("a client's name".to_owned(), error))?;
        let (last_event, deliveries, actions) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(BackedUp { client, last_event, deliveries, actions })
    })?;
    rows.collect()
}

/// Puts a file on disk, and gives it its name, which nothing else may have. Returns its size.
fn settle(unfinished: &Path, file: &Path) -> io::Result<u64> {
    let written = File::open(unfinished)?;
    written.sync_all()?;
    renameat_with(CWD, unfinished, CWD, file, RenameFlags::NOREPLACE)?;
    sync_folder(file)?;
    Ok(written.metadata()?.len())
}

fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

fn beside(file: &Path, part: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(part);
    PathBuf::from(name)
}

/// A database that was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was taken.
    pub taken_at: Timestamp,
    /// What it holds of each client. All are in quarantine.
    pub clients: Vec<BackedUp>,
    /// Where the database is now that was there before.
    pub set_aside: Option<PathBuf>,
}

/// Makes a backup the database of a host that does not run. Every client is in quarantine then, and
/// its numbers go on after a gap ([`limits::RESTORED_NUMBERS_GAP`]). A database that is there is
/// kept beside it if it is to be replaced. `principal` is who wants it, for the audit log.
///
/// # Errors
/// If the file is no whole backup of a host of this version or an older one, its key is not where
/// the database's key belongs ([`SqliteStore::key_file`](super::SqliteStore::key_file)), or there is
/// a database that is in use or not to be replaced. Nothing is changed then.
pub fn restore(
    backup: &Path,
    database: &Path,
    replace: bool,
    principal: &str,
    at: Timestamp,
) -> Result<Restored, StoreError> {
    let unusable =
        |path: &Path, reason: String| StoreError::Unusable { path: path.to_owned(), reason };
    let there = PARTS.iter().any(|part| beside(database, part).exists());
    if there && !replace {
        let reason = "there is one already; restore with --replace to keep it aside".to_owned();
        return Err(unusable(database, reason));
    }
    if database.exists() && is_in_use(database) {
        let reason = "a host works with it; stop that first".to_owned();
        return Err(unusable(database, reason));
    }
    let copy = Unfinished::begin(beside(database, ".restoring"));
    let copied = || -> io::Result<SystemTime> {
        let mut from = File::open(backup)?;
        let mut to = OpenOptions::new();
        let mut to = to.write(true).create_new(true).mode(FILE_MODE).open(&copy.0)?;
        io::copy(&mut from, &mut to)?;
        to.sync_all()?;
        from.metadata()?.modified()
    };
    let modified =
        copied().map_err(|error| unusable(backup, format!("it cannot be restored: {error}")))?;
    let by = By { principal, at };
    let (taken_at, clients) = quarantine(&copy.0, backup, database, modified, by)?;
    let moved = || -> io::Result<Option<PathBuf>> {
        let set_aside = if there { Some(set_aside(database, at)?) } else { None };
        settle(&copy.0, database)?;
        Ok(set_aside)
    };
    let set_aside =
        moved().map_err(|error| unusable(database, format!("it cannot be put there: {error}")))?;
    Ok(Restored { taken_at, clients, set_aside })
}

/// Who restores, and when.
#[derive(Clone, Copy)]
struct By<'a> {
    principal: &'a str,
    at: Timestamp,
}

/// Checks a copy of a backup, brings its layout up to date, and puts all its clients into
/// quarantine.
fn quarantine(
    copy: &Path,
    backup: &Path,
    database: &Path,
    modified: SystemTime,
    by: By<'_>,
) -> Result<(Timestamp, Vec<BackedUp>), StoreError> {
    let failed = |fault: Fault| fault.during("restore a backup");
    let wrong = |reason: String| StoreError::Unusable { path: backup.to_owned(), reason };
    check(copy).map_err(wrong)?;
    let mut connection = connection::open_writer(copy)?;
    migrations::migrate(&mut connection, backup)?;
    // Without its key it could not be opened, and nobody it holds could be told.
    key_file::open(database, &connection)?;
    let stamped = connection
        .query_row("SELECT taken_at FROM backup_stamp", [], |row| row.get::<_, u64>(0))
        .optional()
        .map_err(|error| failed(error.into()))?;
    // A copy of the file of a host that had been stopped is as good as a backup.
    let modified = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let modified = u64::try_from(modified.as_millis()).unwrap_or_default();
    let taken_at = Timestamp(stamped.unwrap_or(modified));
    let clients = held(&connection).map_err(failed)?;
    mark(&mut connection, taken_at, by.principal, by.at).map_err(|error| failed(error.into()))?;
    connection.close().map_err(|(_, error)| failed(error.into()))?;
    Ok((taken_at, clients))
}

fn mark(
    connection: &mut Connection,
    taken_at: Timestamp,
    principal: &str,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let gap = capped(limits::RESTORED_NUMBERS_GAP);
    let transaction = connection.transaction()?;
    transaction.execute(
        "INSERT INTO quarantines (client, since, backup_taken_at)
         SELECT client, ?1, ?2 FROM clients WHERE true
         ON CONFLICT (client) DO UPDATE
         SET since = excluded.since, backup_taken_at = excluded.backup_taken_at,
             released_event = NULL",
        params![stored(at), stored(taken_at)],
    )?;
    transaction.execute(
        "INSERT INTO audit_log (client, number, at, principal, what, subject, detail)
         SELECT client, 1 + coalesce((SELECT max(number) FROM audit_log AS log
                                      WHERE log.client = clients.client), 0),
             ?1, ?2, 'restore', 'the client', 'from a backup; it is in quarantine' FROM clients",
        params![stored(at), principal],
    )?;
    // Who had heard everything has nothing to catch up with in the gap.
    transaction.execute(
        "UPDATE installs SET last_event = last_event + ?1
         WHERE last_event = (
             SELECT last_event FROM clients WHERE clients.client = installs.client)",
        [gap],
    )?;
    transaction.execute(
        "UPDATE clients SET epoch = epoch + 1, last_delivery = last_delivery + ?1,
             last_commit = last_commit + ?1, last_event = last_event + ?1,
             last_action = last_action + ?1",
        [gap],
    )?;
    transaction.execute("DELETE FROM backup_stamp", [])?;
    transaction.commit()
}

/// Says what is wrong with a file that is to be restored.
fn check(copy: &Path) -> Result<(), String> {
    let read = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => "it is no SQLite database".to_owned(),
        _ => format!("it cannot be read: {error}"),
    };
    let connection = Connection::open(copy).map_err(read)?;
    let (number, ours) = migrations::version(&connection).map_err(read)?;
    if !ours || number == 0 {
        return Err("it is no backup of a host's database".to_owned());
    }
    let found: String =
        connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(read)?;
    if found == "ok" { Ok(()) } else { Err(format!("it is damaged: {found}")) }
}

/// Whether another process has the database open. One that cannot be read is not.
fn is_in_use(database: &Path) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let lock = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(database, flags)?;
        connection.busy_timeout(Duration::ZERO)?;
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        connection.execute_batch("BEGIN IMMEDIATE; ROLLBACK")
    };
    matches!(
        lock().err().and_then(|error| error.sqlite_error_code()),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// Gives a database and what belongs to it another name.
fn set_aside(database: &Path, at: Timestamp) -> io::Result<PathBuf> {
    let aside = beside(database, &format!(".before-{}", at.0));
    for part in PARTS {
        let from = beside(database, part);
        if from.exists() {
            let to = beside(&aside, part);
            renameat_with(CWD, &from, CWD, &to, RenameFlags::NOREPLACE)?;
        }
    }
    // It has the key of the one that takes its place, or the key is not there at all.
    let key = key_file::path_of(database);
    if key.exists() {
        fs::hard_link(key, key_file::path_of(&aside))?;
    }
    Ok(aside)
}
