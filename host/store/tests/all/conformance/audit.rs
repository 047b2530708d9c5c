//! The audit log.

use fondaco_store::Store;

use crate::samples::*;

pub async fn entries_come_newest_first_and_are_the_clients_alone(store: &dyn Store) {
    let rossi = store.lease(&client("rossi"), "one").await.unwrap();
    let bianchi = store.lease(&client("bianchi"), "one").await.unwrap();
    for what in ["stop", "go", "erase"] {
        store.audit(&rossi, NOW, act(what)).await.unwrap();
    }
    store.audit(&bianchi, NOW, act("backup")).await.unwrap();
    let log = store.audit_log(&rossi.client, None, 2).await.unwrap();
    let told: Vec<_> = log.iter().map(|entry| (entry.number, entry.act.what.as_str())).collect();
    assert_eq!(told, [(3, "erase"), (2, "go")]);
    let rest = store.audit_log(&rossi.client, Some(2), 20).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!((rest[0].number, rest[0].at, &rest[0].act), (1, NOW, &act("stop")));
    assert_eq!(store.audit_log(&bianchi.client, None, 20).await.unwrap().len(), 1);
    assert_eq!(store.audit_log(&client("verdi"), None, 20).await.unwrap(), []);
}
