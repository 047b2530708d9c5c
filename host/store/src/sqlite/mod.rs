//! The store of a single machine: one SQLite file, written by one thread, read beside it.
//!
//! [`writer`] is why it is fast: whatever has piled up is committed together, with one fsync. A
//! transaction of a client goes through [`client`], which checks the lease and counts commits and
//! events; then one file for each thing that is durable: `inbox`, `mirror`, `progress`, `events`,
//! `runs`, `ahead` and `state`, `modes` and `stops`, `proposals`, `outbox` and `settle`, `alerts`,
//! `people` and `erase`, `shops`. What is sealed is sealed by `vault`, whose key is in a file of its own
//! (`key_file`). `retention` forgets, `backup` and `quarantine` are for the day when the disk is
//! lost. `store` only hands each method of the trait to the writer or to a reader.
//!
//! The file is in WAL mode with `synchronous=FULL`: a commit is on disk before it is answered. It
//! has to lie on a local disk.
//!
//! Start reading at `migrations/`, which says what is kept, then [`writer`].

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::StoreError;

mod absences;
mod ahead;
mod alerts;
mod audit;
mod backup;
mod client;
mod connection;
mod erase;
mod events;
mod fault;
mod history;
mod inbox;
mod key_file;
mod lifecycle;
mod migrations;
mod mirror;
mod modes;
mod outbox;
mod people;
mod progress;
mod proposals;
mod quarantine;
mod readers;
mod redo;
mod retention;
mod runs;
mod settle;
mod shops;
mod state;
mod stops;
mod store;
mod telling;
pub(crate) mod vault;
mod writer;

pub use backup::{Restored, restore};

/// A [`Store`](crate::Store) in a SQLite file.
///
/// Dropping it waits until what was handed in is on disk, as [`SqliteStore::close`] does.
pub struct SqliteStore {
    writer: Arc<writer::Writer>,
    readers: readers::Readers,
    vault: Arc<vault::Vault>,
    path: PathBuf,
}

impl SqliteStore {
    /// Opens the file, makes it if there is none (readable by its owner alone, as is its folder),
    /// brings its layout up to date, and reads or makes its key, a file beside it
    /// ([`SqliteStore::key_file`]). Blocks while it does.
    ///
    /// # Errors
    /// If the file cannot be made or read, belongs to another program, or is a newer host's; or if
    /// its key is not there or is another one.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        connection::prepare_file(path)?;
        let mut connection = connection::open_writer(path)?;
        migrations::migrate(&mut connection, path)?;
        let vault = Arc::new(key_file::open(path, &connection)?);
        let readers = readers::Readers::open(path)?;
        let writer = Arc::new(writer::Writer::start(connection)?);
        Ok(Self { writer, readers, vault, path: path.to_owned() })
    }

    /// What seals with the database's key.
    pub(crate) fn vault(&self) -> Arc<vault::Vault> {
        Arc::clone(&self.vault)
    }

    /// Where the key is that a database's personal values are sealed with. A backup of the database
    /// is of no use without it, and tells nobody who anybody is.
    #[must_use]
    pub fn key_file(database: &Path) -> PathBuf {
        key_file::path_of(database)
    }

    /// Takes nothing more, finishes what was handed in, and closes the file. Whatever is called
    /// afterwards fails with [`StoreError::Closed`].
    pub async fn close(&self) {
        self.readers.close();
        let writer = Arc::clone(&self.writer);
        let closed = tokio::task::spawn_blocking(move || writer.close()).await;
        if let Err(error) = closed {
            tracing::error!(%error, "the store was not closed in order");
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
        self.writer.close();
    }
}
