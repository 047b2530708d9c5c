//! What is SQLite's own: the file, what survives, and what cannot be read.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use fondaco_model::run::StateWrites;
use fondaco_store::{
    LastTick, Observed, RunCommit, RunView, ShopProgress, Store, StoreError, limits,
    sqlite::SqliteStore,
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::samples::*;

/// An empty store, and the folder it lies in for as long as it is needed.
pub fn empty() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("fondaco.db")).unwrap();
    (folder, store)
}

/// Puts something of every kind into a store.
async fn fill(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    store.accept(&lease, delivery("waiting")).await.unwrap();
    let dead = store.accept(&lease, delivery("dead")).await.unwrap();
    store.bury(&lease, dead, "not JSON").await.unwrap();
    let rows = vec![row(variant_key("1"), 0, variant(Some("MUG"), 3), vec![stock_change(4)])];
    let progress = ShopProgress { orders_known_until: Some(NOW), ..ShopProgress::default() };
    let progress = Some((shop("milano"), progress));
    observe(store, &lease, Observed { rows, progress, ..Observed::default() }).await;
    let writes = StateWrites::from([("k".to_owned(), Some("v".to_owned()))]);
    let proposals = vec![change_stock("a", "1", 1, 2), change_stock("b", "2", 1, 2)];
    commit(store, &lease, RunCommit { writes, proposals, ..run(&install, 1) }).await;
    store.begin(&lease, NOW, &action_id("a"), "the request").await.unwrap();
    let masked = vec![(target("1"), variant_key("1"))];
    observe(store, &lease, Observed { masked, ..Observed::default() }).await;
    store.tick(&lease, NOW, &install, "daily", NOW).await.unwrap();
}

/// Finds what [`fill`] has put in, and goes on from there.
async fn find(store: &dyn Store) {
    let rossi = client("rossi");
    let install = install("stock-sync");
    let view = store.view(&rossi).await.unwrap();
    assert_eq!(view.commit, 3);
    let deliveries = store.deliveries(&rossi, 0, 9).await.unwrap();
    assert_eq!(deliveries[0].delivery, delivery("waiting"));
    assert_eq!(store.dead_deliveries(&rossi, 9).await.unwrap()[0].reason, "not JSON");
    assert_eq!(store.variants_by_sku(&view, "MUG").await.unwrap().len(), 1);
    let known = store.orders_known_until(&rossi, &shop("milano"), view.commit).await.unwrap();
    assert_eq!(known, Some(NOW));
    let value = store.state_get(&view, &install, "k").await.unwrap();
    assert_eq!(value.value.as_deref(), Some("v"));
    assert_eq!(store.runs(&rossi, Some(&install), 9).await.unwrap()[0].event, 1);
    assert_eq!(store.install_progress(&rossi, &install).await.unwrap().unwrap().event, 1);
    let last = store.last_tick(&rossi, &install, "daily").await.unwrap();
    assert_eq!(last, Some(LastTick { due_at: NOW, waits: true }));
    assert_eq!(store.sending(&rossi).await.unwrap()[0].request, "the request");
    assert_eq!(ready(store, NOW).await, ["b"]);

    let lease = store.lease(&rossi, "after").await.unwrap();
    assert_eq!(lease.epoch, 2);
    assert_eq!(store.accept(&lease, delivery("next")).await.unwrap(), 3);
    let masked = store.postpone(&lease, NOW, &action_id("a"), NOW, "restart").await.unwrap();
    assert_eq!(masked, [variant_key("1")]);
    assert_eq!(raise(store, &lease, "1").await, 3);
}

#[tokio::test]
async fn everything_is_there_after_it_was_opened_again() {
    let (folder, store) = empty();
    fill(&store).await;
    drop(store);
    find(&SqliteStore::open(&folder.path().join("fondaco.db")).unwrap()).await;
}

#[tokio::test]
async fn everything_is_in_a_copy_of_the_files_of_an_open_store() {
    // As after a power cut: what was not written yet is not in the copy.
    let (folder, store) = empty();
    fill(&store).await;
    let copy = tempfile::tempdir().unwrap();
    for file in ["fondaco.db", "fondaco.db-wal", "fondaco.db.key"] {
        fs::copy(folder.path().join(file), copy.path().join(file)).unwrap();
    }
    find(&SqliteStore::open(&copy.path().join("fondaco.db")).unwrap()).await;
    drop(store);
}

#[tokio::test]
async fn a_closed_store_says_so_and_has_done_what_was_handed_in() {
    let (folder, store) = empty();
    let (lease, _) = begin(&store).await;
    let (accepted, ()) = tokio::join!(biased; store.accept(&lease, delivery("a")), store.close());
    assert_eq!(accepted.unwrap(), 1);
    store.close().await;
    let closed = [
        store.accept(&lease, delivery("b")).await.unwrap_err(),
        store.view(&lease.client).await.unwrap_err(),
    ];
    for error in closed {
        assert!(matches!(error, StoreError::Closed), "{error}");
    }
    let path = folder.path().join("fondaco.db");
    assert!(!folder.path().join("fondaco.db-wal").exists(), "the log was moved into the file");
    let store = SqliteStore::open(&path).unwrap();
    assert_eq!(store.deliveries(&lease.client, 0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_locked_cannot_be_written_to() {
    let (folder, store) = empty();
    let other = Connection::open(folder.path().join("fondaco.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = store.check_writable(Duration::from_millis(20)).await.unwrap_err();
    assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
    // A reader is not held up.
    assert_eq!(store.view(&client("rossi")).await.unwrap().commit, 0);
    other.execute_batch("ROLLBACK").unwrap();
    store.check_writable(Duration::from_secs(5)).await.unwrap();
}

#[tokio::test]
async fn what_is_written_waits_for_a_process_that_holds_the_file() {
    let (folder, store) = empty();
    let (lease, _) = begin(&store).await;
    let other = Connection::open(folder.path().join("fondaco.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut accepted = std::pin::pin!(store.accept(&lease, delivery("a")));
    // Longer than SQLite itself waits.
    let long = Duration::from_millis(limits::BUSY_TIMEOUT_MS + 1_000);
    assert!(
        tokio::time::timeout(long, &mut accepted).await.is_err(),
        "it neither went in nor failed"
    );
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(accepted.await.unwrap(), 1);
}

#[tokio::test]
async fn of_two_hosts_on_one_file_only_the_later_writes() {
    let (folder, first) = empty();
    let (stale, _) = begin(&first).await;
    let second = SqliteStore::open(&folder.path().join("fondaco.db")).unwrap();
    let fresh = second.lease(&stale.client, "second").await.unwrap();
    let error = first.accept(&stale, delivery("a")).await.unwrap_err();
    assert!(matches!(error, StoreError::LeaseLost { .. }), "{error}");
    second.accept(&fresh, delivery("b")).await.unwrap();
    assert_eq!(first.deliveries(&stale.client, 0, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_made_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/host/fondaco.db");
    let store = SqliteStore::open(&path).unwrap();
    begin(&store).await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    for made in ["data", "data/host"] {
        assert_eq!(mode(&folder.path().join(made)), 0o700, "{made}");
    }
    for made in ["fondaco.db", "fondaco.db-wal", "fondaco.db-shm", "fondaco.db.key"] {
        assert_eq!(mode(&path.with_file_name(made)), 0o600, "{made}");
    }
}

#[test]
fn what_is_no_database_of_ours_is_refused_with_words() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "no database, just some text that is long enough to be looked at").unwrap();
    let theirs = folder.path().join("theirs.db");
    Connection::open(&theirs).unwrap().execute_batch("CREATE TABLE t (a)").unwrap();
    let newer = folder.path().join("newer.db");
    drop(SqliteStore::open(&newer).unwrap());
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 999).unwrap();
    let in_a_file = text.join("fondaco.db");
    let cases = [
        (&text, "no SQLite database"),
        (&theirs, "another program"),
        (&newer, "a newer host"),
        (&in_a_file, "cannot be created"),
    ];
    for (path, word) in cases {
        let Err(error) = SqliteStore::open(path) else { panic!("{word}: it was opened") };
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
        let words = error.to_string();
        assert!(words.contains(word) && words.contains(path.to_str().unwrap()), "{words}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_back_is_told() {
    let (folder, store) = empty();
    fill(&store).await;
    let lease = store.lease(&client("rossi"), "test").await.unwrap();
    let rossi = &lease.client;
    let raw = Connection::open(folder.path().join("fondaco.db")).unwrap();
    let spoil = |sql: &str| assert!(raw.execute(sql, []).unwrap() > 0, "{sql}");
    let view = RunView { client: rossi.clone(), commit: u64::MAX };

    spoil("UPDATE mirror_rows SET entity = '{\"variant\":'");
    spoil("UPDATE events SET event = '[]' WHERE number = 1");
    spoil("UPDATE runs SET record = ''");
    spoil("UPDATE shop_progress SET progress = '{}x'");
    spoil("UPDATE deliveries SET shop = '../milano'");
    spoil("UPDATE dead_deliveries SET received_at = -1");
    spoil("UPDATE actions SET kind = '{\"kind\":\"rm\"}' WHERE action = 'a'");
    spoil("UPDATE actions SET terms = 'null' WHERE action = 'b'");
    spoil("UPDATE masked_entities SET kind = 'shoe'");
    let key = variant_key("1");
    let errors = [
        store.mirror(rossi, &key).await.err(),
        store.entity(&view, &key).await.err(),
        store.entity_at(rossi, &key, 1).await.err(),
        store.variants_by_sku(&view, "MUG").await.err(),
        store.events(rossi, 0, 9).await.err(),
        store.event(rossi, 1).await.err(),
        store.runs(rossi, None, 9).await.err(),
        store.shop_progress(rossi, &shop("milano")).await.err(),
        store.deliveries(rossi, 0, 9).await.err(),
        store.dead_deliveries(rossi, 9).await.err(),
        store.sending(rossi).await.err(),
        store.ready(rossi, NOW, 9).await.err(),
        store.action(rossi, &action_id("a")).await.err(),
        store.postpone(&lease, NOW, &action_id("a"), NOW, "busy").await.err(),
    ];
    for (nth, error) in errors.into_iter().enumerate() {
        assert!(matches!(&error, Some(StoreError::Corrupt { .. })), "read {nth}: {error:?}");
    }
    // The rest goes on.
    assert_eq!(store.event(rossi, 2).await.unwrap().unwrap().number, 2);
    store.accept(&lease, delivery("next")).await.unwrap();
}
