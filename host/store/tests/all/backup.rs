//! Backups of the SQLite store: taken while it works, restored into quarantine.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use fondaco_model::{ActionId, Timestamp, action::ProposalOrigin};
use fondaco_store::{
    AuditStore as _, KeepingStore as _, Quarantine, RunCommit, RunResult, Store, StoreError,
    limits,
    sqlite::{SqliteStore, restore},
};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::{samples::*, sqlite::empty};

const TAKEN_AT: Timestamp = NOW.plus_ms(5);
const RESTORED_AT: Timestamp = NOW.plus_ms(9);

/// A store that something is under way in, and a backup of it.
async fn backed_up() -> (TempDir, SqliteStore, fondaco_store::Backup) {
    let (folder, store) = empty();
    let (lease, install) = begin(&store).await;
    store.accept(&lease, delivery("waiting")).await.unwrap();
    let proposals = vec![change_stock("a", "1", 1, 2), change_stock("b", "2", 1, 2)];
    propose(&store, &lease, &install, proposals).await;
    store.begin(&lease, NOW, &action_id("a"), "the request").await.unwrap();
    let backup = store.backup(&folder.path().join("backup"), TAKEN_AT).await.unwrap();
    (folder, store, backup)
}

fn unusable(error: &StoreError, word: &str) {
    let words = error.to_string();
    assert!(matches!(error, StoreError::Unusable { .. }) && words.contains(word), "{words}");
}

#[tokio::test]
async fn a_backup_is_whole_and_of_one_commit_while_everything_goes_on() {
    let (folder, store) = empty();
    let (lease, _) = begin(&store).await;
    let file = folder.path().join("backup");
    let writes = async {
        for body in 0..300 {
            store.accept(&lease, delivery(&body.to_string())).await.unwrap();
        }
    };
    let taken = async {
        while store.backlog(&lease.client).await.unwrap().deliveries < 20 {
            tokio::task::yield_now().await;
        }
        let before = store.backlog(&lease.client).await.unwrap().deliveries;
        let backup = store.backup(&file, TAKEN_AT).await.unwrap();
        (before, backup, store.backlog(&lease.client).await.unwrap().deliveries)
    };
    let ((), (before, backup, after)) = tokio::join!(writes, taken);
    let [held] = backup.clients.as_slice() else { panic!("one client") };
    assert!((before..=after).contains(&held.deliveries), "{before} {held:?} {after}");
    assert_eq!(fs::metadata(&file).unwrap().len(), backup.bytes);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().contains("unfinished")));
    let copy = Connection::open(&file).unwrap();
    let ok: String = copy.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(ok, "ok");
    // Deliveries are numbered without gaps, so that many are the first ones and no others.
    let (count, last): (u64, u64) = copy
        .query_row("SELECT count(*), max(number) FROM deliveries", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((count, last), (held.deliveries, held.deliveries));
}

#[tokio::test]
async fn a_backup_overwrites_nothing() {
    let (folder, store, backup) = backed_up().await;
    let bytes = fs::read(&backup.file).unwrap();
    let error = store.backup(&backup.file, NOW).await.unwrap_err();
    unusable(&error, "already");
    assert_eq!(fs::read(&backup.file).unwrap(), bytes);
    let error = store.backup(&folder.path().join("no/folder"), NOW).await.unwrap_err();
    unusable(&error, "no backup can be written there");
}

/// Puts the key of one database where another's belongs.
fn bring_key(from: &Path, to: &Path) {
    fs::copy(SqliteStore::key_file(from), SqliteStore::key_file(to)).unwrap();
}

#[tokio::test]
async fn a_restored_store_is_in_quarantine_until_it_is_released() {
    let (folder, _store, backup) = backed_up().await;
    let database = folder.path().join("new/fondaco.db");
    fs::create_dir(folder.path().join("new")).unwrap();
    let error = restore(&backup.file, &database, false, "anna", RESTORED_AT).unwrap_err();
    unusable(&error, "its key is not there");
    assert!(!database.exists(), "nothing is changed");
    bring_key(&folder.path().join("fondaco.db"), &database);
    let restored = restore(&backup.file, &database, false, "anna", RESTORED_AT).unwrap();
    assert_eq!((restored.taken_at, restored.set_aside), (TAKEN_AT, None));
    assert_eq!(restored.clients, backup.clients);
    assert_eq!(restored.clients[0].actions, 2);

    let store = SqliteStore::open(&database).unwrap();
    let rossi = client("rossi");
    let (since, backup_taken_at) = (RESTORED_AT, TAKEN_AT);
    let quarantine = Quarantine { since, backup_taken_at, released_event: None };
    assert_eq!(store.quarantine(&rossi).await.unwrap(), Some(quarantine));
    let lease = store.lease(&rossi, "restored").await.unwrap();
    assert!(store.release(&lease, NOW, act("release")).await.unwrap());
    let released_event = Some(store.backlog(&rossi).await.unwrap().last_event);
    let released = Quarantine { released_event, ..quarantine };
    assert_eq!(store.quarantine(&rossi).await.unwrap(), Some(released));
    let log = store.audit_log(&rossi, None, 9).await.unwrap();
    assert_eq!(log[0].act, act("release"));
    assert_eq!((log[1].act.what.as_str(), log[1].act.principal.as_str()), ("restore", "anna"));
    assert!(!store.release(&lease, NOW, act("release")).await.unwrap());
}

#[tokio::test]
async fn numbers_go_on_after_a_gap_so_that_no_two_actions_have_one_id() {
    let (folder, first, backup) = backed_up().await;
    let install = install("stock-sync");
    let id = |event| {
        let (client, cursor, name) = (&client("rossi"), None, "k");
        ActionId::of(ProposalOrigin { client, install: &install, event, cursor, name })
    };
    // The host goes on after the backup, and is lost.
    let lease = first.lease(&client("rossi"), "first").await.unwrap();
    let lost = raise(&first, &lease, "lost").await;
    let lost_delivery = first.accept(&lease, delivery("lost")).await.unwrap();
    let database = folder.path().join("fondaco.db");
    first.close().await;
    let restored = restore(&backup.file, &database, true, "anna", RESTORED_AT).unwrap();

    let store = SqliteStore::open(&database).unwrap();
    let lease = store.lease(&client("rossi"), "second").await.unwrap();
    let stands = store.install_progress(&lease.client, &install).await.unwrap().unwrap();
    let event = raise(&store, &lease, "other").await;
    assert_eq!(event, restored.clients[0].last_event + limits::RESTORED_NUMBERS_GAP + 1);
    assert_ne!(id(event), id(lost));
    assert!(store.accept(&lease, delivery("next")).await.unwrap() > lost_delivery + 1_000_000);
    // Who had heard everything has nothing to catch up with, and goes on in pages as ever.
    assert_eq!(stands.event, event - 1);
    let again = RunResult::Again { cursor: "page 2".to_owned() };
    commit(&store, &lease, RunCommit { result: again, ..run(&install, event) }).await;
    let cursor = Some("page 2".to_owned());
    commit(&store, &lease, RunCommit { cursor, ..run(&install, event) }).await;

    // What was there is kept.
    let aside = SqliteStore::open(&restored.set_aside.unwrap()).unwrap();
    assert!(aside.event(&lease.client, lost).await.unwrap().is_some());
}

#[tokio::test]
async fn only_a_whole_backup_is_restored_and_only_where_it_may_be() {
    let (folder, store, backup) = backed_up().await;
    let database = folder.path().join("fondaco.db");
    let refused = |file: &Path, database: &Path, replace| {
        restore(file, database, replace, "anna", RESTORED_AT).unwrap_err()
    };
    unusable(&refused(&backup.file, &database, false), "--replace");
    unusable(&refused(&backup.file, &database, true), "a host works with it");
    store.close().await;

    let elsewhere = folder.path().join("elsewhere.db");
    let bad = |name: &str, bytes: &[u8]| {
        let file = folder.path().join(name);
        fs::write(&file, bytes).unwrap();
        file
    };
    let bytes = fs::read(&backup.file).unwrap();
    let mut spoilt = bytes.clone();
    // Past the first page, which holds the names of the tables.
    spoilt[4096..].iter_mut().step_by(7).for_each(|byte| *byte = !*byte);
    let text = bad("text", b"no database, just some text that is long enough to be looked at");
    let cases = [
        (folder.path().join("absent"), "cannot be restored"),
        (text, "no SQLite database"),
        (bad("empty", b""), "no backup of a host"),
        (bad("cut", &bytes[..bytes.len() / 2]), ""),
        (bad("spoilt", &spoilt), ""),
    ];
    for (file, word) in cases {
        unusable(&refused(&file, &elsewhere, false), word);
        assert!(!elsewhere.exists(), "{word}");
    }
    let newer = bad("newer", &bytes);
    Connection::open(&newer).unwrap().pragma_update(None, "user_version", 999).unwrap();
    unusable(&refused(&newer, &elsewhere, false), "newer host");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("restoring"))
        .collect();
    assert!(names.is_empty(), "{names:?}");
    bring_key(&folder.path().join("fondaco.db"), &elsewhere);
    restore(&backup.file, &elsewhere, false, "anna", RESTORED_AT).unwrap();
}

#[tokio::test]
async fn the_log_of_a_lost_database_does_not_get_into_the_restored_one() {
    let (folder, store, backup) = backed_up().await;
    let lease = store.lease(&client("rossi"), "test").await.unwrap();
    let lost = raise(&store, &lease, "lost").await;
    // The file is gone, and its log is left.
    let elsewhere = folder.path().join("elsewhere.db");
    fs::copy(folder.path().join("fondaco.db-wal"), folder.path().join("elsewhere.db-wal")).unwrap();
    let error = restore(&backup.file, &elsewhere, false, "anna", RESTORED_AT).unwrap_err();
    unusable(&error, "--replace");
    bring_key(&folder.path().join("fondaco.db"), &elsewhere);
    let restored = restore(&backup.file, &elsewhere, true, "anna", RESTORED_AT).unwrap();
    assert!(restored.set_aside.is_some());
    let store = SqliteStore::open(&elsewhere).unwrap();
    assert_eq!(store.event(&lease.client, lost).await.unwrap(), None);
}
