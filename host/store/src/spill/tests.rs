use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::sqlite::SqliteStore;

fn client() -> ClientId {
    ClientId::new("rossi").unwrap()
}

fn delivery(body: &str) -> NewDelivery {
    NewDelivery {
        shop: ShopId::new("milano").unwrap(),
        topic: "order.updated".to_owned(),
        received_at: Timestamp(7),
        trace: TraceId::of_random([7; 16]),
        body: body.into(),
    }
}

/// What is in a spill file, taken out of it.
async fn drain(spill: &Spill) -> Vec<String> {
    let mut bodies = Vec::new();
    while let Some(spilled) = spill.first().await.unwrap() {
        spill.taken_in(&spilled).await.unwrap();
        bodies.push(String::from_utf8(spilled.delivery.body).unwrap());
    }
    bodies
}

#[tokio::test]
async fn what_is_spilled_is_found_in_order_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill");
    let spill = Spill::open(&path).unwrap();
    for body in ["a", "", "c"] {
        spill.put(client(), delivery(body)).await.unwrap();
    }
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    drop(spill);
    let spill = Spill::open(&path).unwrap();
    let first = spill.first().await.unwrap().unwrap();
    assert_eq!((first.client.clone(), first.delivery.clone()), (client(), delivery("a")));
    // A host that dies after the first begins with it again: at least once.
    spill.taken_in(&first).await.unwrap();
    assert_eq!(spill.first().await.unwrap().unwrap().delivery, delivery(""));
    drop(spill);
    let spill = Spill::open(&path).unwrap();
    assert_eq!(drain(&spill).await, ["a", "", "c"]);
    assert_eq!((spill.waiting_bytes(), std::fs::metadata(&path).unwrap().len()), (0, 0));
    // And it can be used again.
    spill.put(client(), delivery("d")).await.unwrap();
    assert_eq!(drain(&spill).await, ["d"]);
}

#[tokio::test]
async fn a_record_that_was_not_finished_is_cut_off_wherever_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spill");
    let spill = Spill::open(&path).unwrap();
    spill.put(client(), delivery("whole")).await.unwrap();
    let whole = spill.waiting_bytes();
    spill.put(client(), delivery("torn")).await.unwrap();
    drop(spill);
    let bytes = std::fs::read(&path).unwrap();
    for length in (usize::try_from(whole).unwrap()..bytes.len()).rev() {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let spill = Spill::open(&path).unwrap();
        assert_eq!(spill.waiting_bytes(), whole, "cut to {length}");
        assert_eq!(std::fs::metadata(&path).unwrap().len(), whole);
        spill.put(client(), delivery("next")).await.unwrap();
        assert_eq!(drain(&spill).await, ["whole", "next"]);
    }
    // Nor is one that is long enough and holds something else.
    let mut spoilt = bytes.clone();
    *spoilt.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &spoilt).unwrap();
    assert_eq!(drain(&Spill::open(&path).unwrap()).await, ["whole"]);
}

#[tokio::test]
async fn the_file_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let spill = Spill::open(&folder.path().join("spill")).unwrap();
    let large = "x".repeat(limits::SPILL_RECORD_BYTES_MAX as usize + 1);
    let error = spill.put(client(), delivery(&large)).await.unwrap_err();
    assert!(format!("{error:?}").contains("too large"), "{error:?}");
    spill.records.lock().unwrap().end = limits::SPILL_BYTES_MAX - 10;
    let error = spill.put(client(), delivery("a")).await.unwrap_err();
    assert!(format!("{error:?}").contains("full"), "{error:?}");
}

#[tokio::test]
async fn a_locked_database_spills_and_another_hosts_lease_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("fondaco.db");
    let store = SqliteStore::open(&database).unwrap();
    let lease = store.lease(&client(), "test").await.unwrap();
    let spill = Spill::open(&folder.path().join("spill")).unwrap();
    let spill = spill.after(Duration::from_millis(20));
    let taken = spill.accept(&store, &lease, delivery("a")).await.unwrap();
    assert_eq!(taken, Taken::Inbox(1));

    let other = rusqlite::Connection::open(&database).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let taken = spill.accept(&store, &lease, delivery("b")).await.unwrap();
    assert_eq!(taken, Taken::Spilled);
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(drain(&spill).await, ["b"]);

    let stale = Lease { epoch: lease.epoch + 1, ..lease };
    let spill = spill.after(Duration::from_secs(60));
    let error = spill.accept(&store, &stale, delivery("c")).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    assert_eq!(spill.waiting_bytes(), 0);
}

#[tokio::test]
async fn what_is_sealed_tells_nobody_and_is_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("fondaco.db")).unwrap();
    let path = folder.path().join("spill");
    let spill = Spill::open(&path).unwrap().sealed_by(&store);
    spill.put(client(), delivery("anna@rossi.example")).await.unwrap();
    let file = std::fs::read(&path).unwrap();
    assert!(!file.windows(4).any(|bytes| bytes == b"anna"));
    drop(spill);
    let spill = Spill::open(&path).unwrap().sealed_by(&store);
    assert_eq!(drain(&spill).await, ["anna@rossi.example"]);
}
