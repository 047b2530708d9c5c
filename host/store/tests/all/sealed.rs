//! What lies on the disk: nothing that says who anybody is, and nothing of whoever was forgotten.

use std::{fs, path::Path};

use fondaco_model::PersonKey;
use fondaco_store::{
    Erasure, Observed, PeopleStore as _, RunCommit, Store, StoreError, Whom, sqlite::SqliteStore,
};
use rusqlite::Connection;

use crate::{samples::*, sqlite::empty};

/// Every byte of the files that lie in a folder, but for the key's.
fn on_disk(folder: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "key") {
            bytes.extend(fs::read(path).unwrap());
        }
    }
    bytes
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|part| part == text)
}

const TEXTS: [&str; 5] =
    ["mario@example.test", "Mario Rossi", "+39 051 1", "Via Garibaldi 12", "likes blue"];

/// Takes in a delivery, sees somebody, notes something about them, and buries another delivery.
async fn fill(store: &dyn Store) -> fondaco_store::Lease {
    let (lease, install) = begin(store).await;
    let body = TEXTS.join("\",\"");
    let taken_in = store.accept(&lease, delivery(&body)).await.unwrap();
    let dead = store.accept(&lease, delivery(&body)).await.unwrap();
    store.accept(&lease, delivery(&body)).await.unwrap();
    let people = vec![seen("12", "1", TEXTS[0], NOW)];
    let delivery = Some(taken_in);
    observe(store, &lease, Observed { people, delivery, ..Observed::default() }).await;
    store.bury(&lease, dead, "it breaks off").await.unwrap();
    let event = raise(store, &lease, "1").await;
    let writes = [("k".to_owned(), Some(TEXTS[4].to_owned()))].into();
    let about = [("k".to_owned(), PersonKey::new(shop("milano"), "12"))].into();
    commit(store, &lease, RunCommit { writes, about, ..run(&install, event) }).await;
    lease
}

#[tokio::test]
async fn nothing_on_the_disk_says_who_anybody_is() {
    let (folder, store) = empty();
    fill(&store).await;
    let open = on_disk(folder.path());
    store.close().await;
    let closed = on_disk(folder.path());
    // The looking itself works: this is there to be found.
    assert!(holds(&open, b"it breaks off") && holds(&closed, b"order.updated"));
    for text in TEXTS {
        assert!(!holds(&open, text.as_bytes()), "{text} is in the open files");
        assert!(!holds(&closed, text.as_bytes()), "{text} is in the closed file");
    }
}

#[tokio::test]
async fn nothing_on_the_disk_is_left_of_a_key_that_was_destroyed() {
    let (folder, store) = empty();
    let lease = fill(&store).await;
    // Enough people that their rows are on many pages.
    for nth in 100..400 {
        let people = vec![seen(&nth.to_string(), &nth.to_string(), "m@example.test", NOW)];
        observe(&store, &lease, Observed { people, ..Observed::default() }).await;
    }
    let raw = Connection::open(folder.path().join("fondaco.db")).unwrap();
    let key = |person: &str| -> Vec<u8> {
        let sql = "SELECT data_key FROM people JOIN person_keys ON number = key_number
                   WHERE person = ?1";
        raw.query_row(sql, [person], |row| row.get(0)).unwrap()
    };
    let keys = [key("12"), key("200")];
    drop(raw);
    for key in &keys {
        assert!(holds(&on_disk(folder.path()), key));
    }
    for whom in ["12", "200"] {
        let (shop, principal) = (shop("milano"), "anna".to_owned());
        let erasure = Erasure { shop, whom: Whom::Id(whom.to_owned()), principal };
        let erased = store.erase(&lease, NOW.plus_ms(1), erasure).await.unwrap();
        assert!(erased.log_cleared);
    }
    for key in &keys {
        assert!(!holds(&on_disk(folder.path()), key), "the key is still there");
    }
}

#[tokio::test]
async fn a_database_opens_with_its_own_key_alone() {
    let (folder, store) = empty();
    let lease = fill(&store).await;
    drop(store);
    let path = folder.path().join("fondaco.db");
    let key = SqliteStore::key_file(&path);
    assert_eq!(key, folder.path().join("fondaco.db.key"));
    let own = fs::read(&key).unwrap();
    let refused = |word: &str| {
        let Err(error) = SqliteStore::open(&path) else { panic!("{word}: it was opened") };
        assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
        let words = error.to_string();
        assert!(words.contains(word) && words.contains("fondaco.db.key"), "{words}");
    };
    fs::remove_file(&key).unwrap();
    refused("put the file");
    assert!(!key.exists(), "no other one was made");
    let write = |bytes: &[u8], mode: u32| {
        use std::os::unix::fs::PermissionsExt as _;
        fs::write(&key, bytes).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
    };
    write(&[7; 32], 0o600);
    refused("the key of another database");
    write(&own[..31], 0o600);
    refused("cannot be used");
    write(&own, 0o644);
    refused("others can read it");
    write(&own, 0o600);
    let store = SqliteStore::open(&path).unwrap();
    let person = PersonKey::new(shop("milano"), "12");
    assert!(store.person(&lease.client, &person, None).await.unwrap().is_some());
}

#[tokio::test]
async fn a_row_put_in_anothers_place_is_not_opened() {
    let (folder, store) = empty();
    let lease = fill(&store).await;
    let people = vec![seen("13", "2", "lucia@example.test", NOW)];
    observe(&store, &lease, Observed { people, ..Observed::default() }).await;
    let raw = Connection::open(folder.path().join("fondaco.db")).unwrap();
    let of = |person: u8| format!("(SELECT key_number FROM people WHERE person = '{person}')");
    let (theirs, own) = (of(12), of(13));
    let key = format!("(SELECT data_key FROM person_keys WHERE number = {theirs})");
    let sql = format!("UPDATE person_keys SET data_key = {key} WHERE number = {own}");
    assert_eq!(raw.execute(&sql, []).unwrap(), 1);
    let key = PersonKey::new(shop("milano"), "13");
    let error = store.person(&lease.client, &key, None).await.unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
}
