//! The host's own alerts: open once under a key, until they are resolved.

use fondaco_model::action::Severity;
use fondaco_store::{Alert, NewAlert, Scope, Store};

use crate::samples::*;

pub async fn an_alert_is_open_once_under_its_key(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let rossi = &lease.client;
    let disk = || new_alert("disk", Scope::Client);
    let failing = new_alert("failing/stock-sync", Scope::Install(install));
    let later = NOW.plus_ms(5);
    assert!(store.raise_alert(&lease, NOW, disk()).await.unwrap());
    assert!(store.raise_alert(&lease, NOW, failing.clone()).await.unwrap());
    let worse = NewAlert { severity: Severity::Critical, ..disk() };
    assert!(!store.raise_alert(&lease, later, worse.clone()).await.unwrap());
    let open = |number, alert| Alert { number, at: NOW, resolved_at: None, alert };
    let first = open(1, worse);
    let second = open(2, failing);
    let listed = async |open_only, limit| store.alerts(rossi, open_only, limit).await.unwrap();
    assert_eq!(listed(true, 9).await, [second.clone(), first.clone()]);
    assert_eq!(listed(true, 1).await, std::slice::from_ref(&second));

    assert!(store.resolve_alert(&lease, later, "disk", None).await.unwrap());
    assert!(!store.resolve_alert(&lease, later, "disk", None).await.unwrap());
    assert_eq!(listed(true, 9).await, std::slice::from_ref(&second));
    let resolved = Alert { resolved_at: Some(later), ..first };
    assert_eq!(listed(false, 9).await, [second, resolved]);

    assert!(store.raise_alert(&lease, later, disk()).await.unwrap(), "it has come back");
    assert_eq!(listed(false, 9).await.len(), 3);
    store.lease(&client("bianchi"), "test").await.unwrap();
    assert!(store.alerts(&client("bianchi"), false, 9).await.unwrap().is_empty());
}

pub async fn who_resolves_an_alert_is_in_the_audit_log(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    for key in ["by anna", "by itself"] {
        store.raise_alert(&lease, NOW, new_alert(key, Scope::Shop(shop("milano")))).await.unwrap();
    }
    store.resolve_alert(&lease, NOW, "by itself", None).await.unwrap();
    assert!(store.resolve_alert(&lease, NOW, "by anna", Some("anna")).await.unwrap());
    assert!(!store.resolve_alert(&lease, NOW, "by anna", Some("anna")).await.unwrap());
    let log = store.audit_log(&lease.client, None, 9).await.unwrap();
    assert_eq!(log.len(), 1);
    let act = &log[0].act;
    assert_eq!((&*act.principal, &*act.what, &*act.subject), ("anna", "resolve-alert", "by anna"));
}
