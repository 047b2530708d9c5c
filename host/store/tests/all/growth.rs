//! What retention gives back: the file stops growing.

use std::path::Path;

use fondaco_store::{KeepingStore as _, Kept, Lease, RunCommit, Store, limits};

use crate::{conformance::keeping::forget_before, samples::*, sqlite::empty};

const VARIANTS: u64 = 50;
const ROUNDS: u64 = 20;

/// Changes the stock of every variant so many times, each heard by one install.
async fn trade(store: &dyn Store, lease: &Lease, from_round: u64) {
    let install = install("stock-sync");
    for round in from_round..from_round + ROUNDS {
        let change = |number: u64| {
            let available = i64::try_from(round).unwrap();
            let entity = variant(Some(&format!("SKU-{number}")), available);
            row(variant_key(&number.to_string()), round, entity, vec![stock_change(0)])
        };
        let observed = rows((0..VARIANTS).map(change).collect());
        for event in observe(store, lease, observed).await {
            commit(store, lease, RunCommit { ..run(&install, event.number) }).await;
        }
    }
}

fn size(folder: &Path) -> u64 {
    // With the log moved into the file, the file is all there is.
    let raw = rusqlite::Connection::open(folder.join("fondaco.db")).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    std::fs::metadata(folder.join("fondaco.db")).unwrap().len()
}

#[tokio::test]
async fn what_is_forgotten_makes_room_for_what_is_written_next() {
    let (folder, store) = empty();
    let (lease, _) = begin(&store).await;
    trade(&store, &lease, 0).await;
    let once = size(folder.path());
    store.mark_commit(&lease, NOW).await.unwrap();
    let later = NOW.plus_ms(limits::VIEW_HELD_MS_MAX);
    let rows = forget_before(&store, &lease, later, NOW, &Kept::ALL).await;
    assert_eq!(rows, VARIANTS * (ROUNDS - 1) + 2 * VARIANTS * ROUNDS, "rows, events, runs");
    trade(&store, &lease, ROUNDS).await;
    let twice = size(folder.path());
    println!("{rows} rows forgotten; the file had {once} bytes, and after as much again {twice}");
    assert!(twice < once + once / 10, "{once} {twice}");

    // A backup leaves the free pages out.
    store.mark_commit(&lease, later).await.unwrap();
    let latest = later.plus_ms(limits::VIEW_HELD_MS_MAX);
    forget_before(&store, &lease, latest, later, &Kept::ALL).await;
    let backup = store.backup(&folder.path().join("backup"), NOW).await.unwrap();
    println!("the backup of what is left has {} bytes", backup.bytes);
    assert!(backup.bytes < once / 2, "{once} {}", backup.bytes);
}
