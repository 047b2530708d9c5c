//! The store of a single machine: one SQLite file, written by one thread, read beside it.
//!
//! [`writer`] is why it is fast: whatever has piled up is committed together, with one fsync. A
//! transaction of a client goes through [`client`], which checks the lease and counts commits and
//! events; then one file for each thing that is durable: `inbox`, `mirror`, `progress`, `events`,
//! `runs`, `ahead` and `state`, `modes` and `stops`, `proposals`, `outbox` and `settle`, `alerts`.
//! `store` only hands each method of the
//! trait to the writer or to a reader.
//!
//! The file is in WAL mode with `synchronous=FULL`: a commit is on disk before it is answered. It
//! has to lie on a local disk.
//!
//! Start reading at `migrations/`, which says what is kept, then [`writer`].

use std::{path::Path, sync::Arc};

use crate::StoreError;

mod ahead;
mod alerts;
mod audit;
mod client;
mod connection;
mod events;
mod fault;
mod history;
mod inbox;
mod lifecycle;
mod migrations;
mod mirror;
mod modes;
mod outbox;
mod progress;
mod proposals;
mod readers;
mod redo;
mod runs;
mod settle;
mod state;
mod stops;
mod store;
mod telling;
mod writer;

/// A [`Store`](crate::Store) in a SQLite file.
///
/// Dropping it waits until what was handed in is on disk, as [`SqliteStore::close`] does.
pub struct SqliteStore {
    writer: Arc<writer::Writer>,
    readers: readers::Readers,
}

impl SqliteStore {
    /// Opens the file, makes it if there is none (readable by its owner alone, as is its folder),
    /// and brings its layout up to date. Blocks while it does.
    ///
    /// # Errors
    /// If the file cannot be made or read, belongs to another program, or is a newer host's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        connection::prepare_file(path)?;
        let mut connection = connection::open_writer(path)?;
        migrations::migrate(&mut connection, path)?;
        let readers = readers::Readers::open(path)?;
        let writer = Arc::new(writer::Writer::start(connection)?);
        Ok(Self { writer, readers })
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
