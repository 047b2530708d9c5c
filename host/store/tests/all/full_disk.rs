//! A disk that fills up in the middle of commits, for real: a small file system in memory. Mounting
//! one takes the rights of root; without them the test says so and does nothing.

use std::{collections::BTreeSet, path::Path, process::Command, time::Duration};

use fondaco_store::{
    Lease, NewDelivery, Store, StoreError,
    space::free_bytes,
    spill::{Spill, Taken},
    sqlite::SqliteStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::samples::*;

/// The size of the file system, in MiB: the spill file's reserve, and some for the database.
const DISK_MIB: usize = 12;

/// A file that fills some of it, and is removed to make room again, in bytes.
const BALLAST_BYTES: usize = 3 * 1024 * 1024;

/// A small file system, for as long as it is needed.
struct Disk(TempDir);

impl Disk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_MIB}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        let mounted = mount.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("skipped: a file system cannot be mounted here; it takes the rights of root");
        }
        mounted.then(|| Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

fn numbered(number: usize) -> NewDelivery {
    NewDelivery { body: format!("{number:0>9000}").into_bytes(), ..delivery("") }
}

/// Accepts until neither the database nor the spill file has room, several at a time.
async fn fill(store: &SqliteStore, spill: &Spill, lease: &Lease) -> (usize, usize) {
    let (mut inbox, mut spilled) = (0, 0);
    loop {
        let next = inbox + spilled;
        match spill.accept(store, lease, numbered(next)).await {
            Ok(Taken::Inbox(_)) => inbox += 1,
            Ok(Taken::Spilled) => spilled += 1,
            Err(StoreError::Database { .. }) => return (inbox, spilled),
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test]
async fn a_full_disk_spoils_nothing_and_loses_nothing_that_was_accepted() {
    let Some(disk) = Disk::mount() else { return };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; BALLAST_BYTES]).unwrap();
    let database = disk.path().join("fondaco.db");
    let store = SqliteStore::open(&database).unwrap();
    let spill = Spill::open(&disk.path().join("spill")).unwrap().after(Duration::from_secs(60));
    let lease = store.lease(&client("rossi"), "test").await.unwrap();
    let (inbox, spilled) = fill(&store, &spill, &lease).await;
    assert!(inbox > 50 && spilled > 50, "{inbox} {spilled}");
    assert!(free_bytes(disk.path()).unwrap() < 64 * 1024);

    // What reads still reads, and nothing is damaged; nor after a start on the full disk.
    assert_eq!(store.backlog(&lease.client).await.unwrap().deliveries, inbox as u64);
    store.close().await;
    let check = Connection::open(&database).unwrap();
    let found: String = check.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(found, "ok");
    drop(check);

    // There is room again: all goes on, and what was spilled comes in.
    std::fs::remove_file(&ballast).unwrap();
    let store = SqliteStore::open(&database).unwrap();
    let spill = Spill::open(&disk.path().join("spill")).unwrap();
    let lease = store.lease(&client("rossi"), "test").await.unwrap();
    let next = inbox + spilled;
    let taken = spill.accept(&store, &lease, numbered(next)).await.unwrap();
    assert!(matches!(taken, Taken::Inbox(_)), "{taken:?}");
    let mut bodies = BTreeSet::new();
    let mut after = 0;
    loop {
        let lot = store.deliveries(&lease.client, after, 100).await.unwrap();
        let Some(last) = lot.last() else { break };
        after = last.number;
        bodies.extend(lot.into_iter().map(|delivery| delivery.delivery.body));
    }
    while let Some(found) = spill.first().await.unwrap() {
        spill.taken_in(&found).await.unwrap();
        bodies.insert(found.delivery.body);
    }
    let accepted: BTreeSet<_> = (0..=next).map(|number| numbered(number).body).collect();
    assert!(accepted.is_subset(&bodies), "{} of {} are there", bodies.len(), accepted.len());
}
