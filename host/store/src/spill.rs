//! Where deliveries go while the database cannot take them in: a file beside it.
//!
//! A shop may tell a thing once and never again (WooCommerce does not repeat a webhook), so a
//! delivery is not refused because the writer is busy, the file is locked by another process, or
//! its disk is full. It is appended here, with a checksum, and answered once it is on disk; it is
//! put into the inbox, in the order of arrival, as soon as that can be done, and at every start.
//!
//! Each is in the inbox at least once. It may be there twice: the database may still do what was
//! waited for too long, and a host that dies may have moved some and not said so. That is harmless,
//! because only a difference to the mirror is ever an event.
//!
//! A record is: the length of its head and of its body (four bytes each, big-endian), sixteen bytes
//! of a SHA-256 over both lengths, head and body, the head as JSON, the body. What follows the last
//! good record was being written when the host died, was answered to nobody, and is cut off.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::{
        fd::AsFd as _,
        unix::fs::{FileExt as _, OpenOptionsExt as _},
    },
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fondaco_model::{ClientId, ShopId, Timestamp, TraceId};
use rustix::fs::{FallocateFlags, fallocate};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    Lease, NewDelivery, Store, StoreError, limits,
    sqlite::{SqliteStore, vault::Vault},
};

/// Bytes before a record's head.
const FRAME_BYTES: usize = 4 + 4 + CHECKSUM_BYTES;
const CHECKSUM_BYTES: usize = 16;

/// Rights of the file: its owner's alone.
const FILE_MODE: u32 = 0o600;

/// Where a delivery is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// In the inbox, under this number.
    Inbox(u64),
    /// In the spill file.
    Spilled,
}

/// A delivery in the spill file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spilled {
    /// The client it is for.
    pub client: ClientId,
    /// What came.
    pub delivery: NewDelivery,
    /// Where its record ends.
    end: u64,
}

/// The spill file.
#[derive(Clone)]
pub struct Spill {
    path: PathBuf,
    records: Arc<Mutex<Records>>,
    after: Duration,
    vault: Option<Arc<Vault>>,
}

struct Records {
    file: File,
    /// Up to where all have been put into the inbox.
    taken: u64,
    /// Where the last record ends.
    end: u64,
}

#[derive(Serialize, Deserialize)]
struct Head {
    client: ClientId,
    shop: ShopId,
    topic: String,
    received_at: Timestamp,
    trace: TraceId,
}

impl Spill {
    /// Opens the file, makes it if there is none, and cuts off what is no whole record.
    ///
    /// # Errors
    /// If it cannot be opened or read.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let opened = || -> io::Result<Records> {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(false);
            let file = file.mode(FILE_MODE).open(path)?;
            let length = file.metadata()?.len();
            let mut end = 0;
            while let Some(record) = read_record(&file, end, length)? {
                end = record.end;
            }
            if end < length {
                tracing::warn!(
                    file = %path.display(), bytes = length - end,
                    "the last record of the spill file was not finished; it was answered to nobody",
                );
                file.set_len(end)?;
            }
            file.sync_all()?;
            Ok(Records { file, taken: 0, end })
        };
        let records = opened().map_err(|error| StoreError::Unusable {
            path: path.to_owned(),
            reason: format!("what is spilled there cannot be read: {error}"),
        })?;
        records.reserve(path);
        let after = Duration::from_millis(limits::SPILL_AFTER_MS);
        let records = Arc::new(Mutex::new(records));
        Ok(Self { path: path.to_owned(), records, after, vault: None })
    }

    /// Seals the bodies with the key of a database, as they are sealed there: they tell who
    /// customers are. Without it they lie in the file as they came.
    #[must_use]
    pub fn sealed_by(self, store: &SqliteStore) -> Self {
        Self { vault: Some(store.vault()), ..self }
    }

    /// Waits for the database only so long before a delivery is spilled.
    #[must_use]
    pub fn after(self, after: Duration) -> Self {
        Self { after, ..self }
    }

    /// Puts a delivery into the inbox, or here if that cannot be done in time. When this returns,
    /// it is on disk.
    ///
    /// # Errors
    /// If another host works for the client, or the delivery could be put on disk nowhere.
    pub async fn accept(
        &self,
        store: &dyn Store,
        lease: &Lease,
        delivery: NewDelivery,
    ) -> Result<Taken, StoreError> {
        let accepted = store.accept(lease, delivery.clone());
        let why = match tokio::time::timeout(self.after, accepted).await {
            Ok(Ok(number)) => return Ok(Taken::Inbox(number)),
            Ok(Err(error @ (StoreError::Database { .. } | StoreError::Corrupt { .. }))) => {
                error.to_string()
            }
            Ok(Err(error)) => return Err(error),
            Err(_) => format!("the database did not take it within {:?}", self.after),
        };
        self.put(lease.client.clone(), delivery).await?;
        tracing::warn!(client.id = %lease.client, why, "a delivery was spilled");
        Ok(Taken::Spilled)
    }

    /// Appends a delivery. When this returns, it is on disk.
    async fn put(&self, client: ClientId, mut delivery: NewDelivery) -> Result<(), StoreError> {
        if let Some(vault) = &self.vault {
            let NewDelivery { shop, topic, body, .. } = &delivery;
            let sealed = vault.seal_body(&client, shop, topic, body);
            delivery.body = sealed.map_err(|fault| fault.during("seal a delivery"))?;
        }
        self.with("spill a delivery", move |records| {
            let NewDelivery { shop, topic, received_at, trace, body } = delivery;
            let head = serde_json::to_vec(&Head { client, shop, topic, received_at, trace })?;
            records.append(&framed(&head, &body)?)
        })
        .await
    }

    /// The first delivery that was not put into the inbox yet.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn first(&self) -> Result<Option<Spilled>, StoreError> {
        let first = self.with("read what was spilled", |records| {
            read_record(&records.file, records.taken, records.end)
        });
        let mut first = first.await?;
        if let (Some(Spilled { client, delivery, .. }), Some(vault)) = (&mut first, &self.vault) {
            let body = std::mem::take(&mut delivery.body);
            let body = vault.open_body(client, &delivery.shop, &delivery.topic, body);
            delivery.body = body.map_err(|fault| fault.during("open a delivery"))?;
        }
        Ok(first)
    }

    /// Notes that a delivery is in the inbox. After the last one the file is empty again.
    ///
    /// # Errors
    /// If the file cannot be written; then it comes again.
    pub async fn taken_in(&self, spilled: &Spilled) -> Result<(), StoreError> {
        let (end, path) = (spilled.end, self.path.clone());
        self.with("clear what was spilled", move |records| {
            records.taken = records.taken.max(end);
            if records.taken < records.end {
                return Ok(());
            }
            records.file.set_len(0)?;
            records.file.sync_all()?;
            (records.taken, records.end) = (0, 0);
            records.reserve(&path);
            Ok(())
        })
        .await
    }

    /// Bytes that wait here to be put into the inbox.
    #[must_use]
    pub fn waiting_bytes(&self) -> u64 {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.end - records.taken
    }

    async fn with<T, F>(&self, doing: &'static str, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Records) -> io::Result<T> + Send + 'static,
    {
        let records = Arc::clone(&self.records);
        let worked = tokio::task::spawn_blocking(move || {
            work(&mut records.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let worked = worked.await.map_err(|_| StoreError::Closed)?;
        worked.map_err(|error| StoreError::Database { doing, source: Box::new(error) })
    }
}

impl Records {
    fn append(&mut self, record: &[u8]) -> io::Result<()> {
        let end = self.end + record.len() as u64;
        if end > limits::SPILL_BYTES_MAX {
            return Err(io::Error::other(format!(
                "the spill file is full: {} bytes wait for the database",
                self.end
            )));
        }
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(record))
            .and_then(|()| self.file.sync_data());
        if written.is_err() {
            // Half a record must not stand before the next.
            self.file.set_len(self.end)?;
        }
        written?;
        self.end = end;
        Ok(())
    }

    /// Sets disk aside, so that there is room here when there is none any more.
    fn reserve(&self, path: &Path) {
        let flags = FallocateFlags::KEEP_SIZE;
        let reserved = fallocate(self.file.as_fd(), flags, 0, limits::SPILL_RESERVED_BYTES);
        if let Err(error) = reserved {
            tracing::warn!(file = %path.display(), %error, "no disk is set aside for the spill file");
        }
    }
}

fn framed(head: &[u8], body: &[u8]) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other("a delivery is too large to be spilled");
    let length = |part: &[u8]| match u32::try_from(part.len()) {
        Ok(length) if length <= limits::SPILL_RECORD_BYTES_MAX => Ok(length.to_be_bytes()),
        Ok(_) | Err(_) => Err(too_large()),
    };
    let lengths = [length(head)?, length(body)?].concat();
    let checksum = checksum(&lengths, head, body);
    Ok([&lengths, checksum.as_slice(), head, body].concat())
}

fn checksum(lengths: &[u8], head: &[u8], body: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut digest = Sha256::new();
    for part in [lengths, head, body] {
        digest.update(part);
    }
    let mut checksum = [0; CHECKSUM_BYTES];
    for (to, from) in checksum.iter_mut().zip(digest.finalize()) {
        *to = from;
    }
    checksum
}

/// The record at a place; none if there is no whole one before `end`.
fn read_record(file: &File, at: u64, end: u64) -> io::Result<Option<Spilled>> {
    let mut frame = [0; FRAME_BYTES];
    if end.saturating_sub(at) < FRAME_BYTES as u64 {
        return Ok(None);
    }
    file.read_exact_at(&mut frame, at)?;
    let mut parts = io::Cursor::new(&frame);
    let mut length = || -> io::Result<u32> {
        let mut bytes = [0; 4];
        parts.read_exact(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    };
    let (head_length, body_length) = (length()?, length()?);
    let record_end = at + FRAME_BYTES as u64 + u64::from(head_length) + u64::from(body_length);
    if head_length.max(body_length) > limits::SPILL_RECORD_BYTES_MAX || record_end > end {
        return Ok(None);
    }
    let mut head = vec![0; head_length as usize];
    let mut body = vec![0; body_length as usize];
    file.read_exact_at(&mut head, at + FRAME_BYTES as u64)?;
    file.read_exact_at(&mut body, at + FRAME_BYTES as u64 + u64::from(head_length))?;
    let (lengths, written) = frame.split_at(8);
    if checksum(lengths, &head, &body) != written {
        return Ok(None);
    }
    let Ok(Head { client, shop, topic, received_at, trace }) = serde_json::from_slice(&head) else {
        return Ok(None);
    };
    let delivery = NewDelivery { shop, topic, received_at, trace, body };
    Ok(Some(Spilled { client, delivery, end: record_end }))
}

#[cfg(test)]
mod tests;
