//! Connections that read beside the writer.
//!
//! In WAL mode a reader sees the last commit and stops nobody. There are a few of them, so that a
//! slow reading does not hold up the others, and no more, so that a burst waits here and not in
//! threads.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{connection::open_reader, fault::Fault};
use crate::{StoreError, limits};

/// The pool.
pub struct Readers {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Readers {
    /// Opens one connection, to see that it can be done; the others are opened when needed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let idle = Mutex::new(vec![open_reader(path)?]);
        let permits = Arc::new(Semaphore::new(limits::READERS_MAX));
        Ok(Self { shared: Arc::new(Shared { path: path.to_owned(), idle, permits }) })
    }

    /// Reads in one transaction, so that all of it sees the same commit.
    pub async fn read<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    {
        let permits = Arc::clone(&self.shared.permits);
        let permit = permits.acquire_owned().await.map_err(|_| StoreError::Closed)?;
        let shared = Arc::clone(&self.shared);
        let reading = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let connection = shared.take()?;
            let result = in_transaction(&connection, work).map_err(|fault| fault.during(doing));
            shared.give_back(connection);
            result
        });
        reading.await.map_err(|_| StoreError::Closed)?
    }

    /// Lets no new reading begin, and closes the connections; the busy ones as they end.
    pub fn close(&self) {
        self.shared.permits.close();
        self.shared.idle().clear();
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Result<Connection, StoreError> {
        let idle = self.idle().pop();
        idle.map_or_else(|| open_reader(&self.path), Ok)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.idle();
        if !self.permits.is_closed() {
            idle.push(connection);
        }
    }
}

fn in_transaction<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let transaction = connection.unchecked_transaction()?;
    let result = work(&transaction);
    transaction.finish()?;
    result
}
