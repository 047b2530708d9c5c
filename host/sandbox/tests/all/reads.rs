//! What is read of the client's shops.

use fondaco_sandbox::{CallError, HostError};

use crate::fixture::{Host, does, probe, told};

#[tokio::test]
async fn the_mirror_is_read_as_the_contract_says() {
    let steps = r#"[
        ["shops"], ["variant", "milano", "1"], ["variant", "milano", "77"], ["sku", "MUG-BLU"],
        ["skus", null, 10], ["levels", "torino", "2"], ["levels", "torino", "77"],
        ["known-until", "milano"], ["known-until", "torino"],
        ["silent-since", "milano"], ["silent-since", "torino"]
    ]"#;
    let ran = does(&probe(), Host::new(), steps).await.unwrap();
    let told = told(&ran);
    let shops = [
        r#"[Shop { id: "milano", name: "MILANO", platform: "woocommerce", "#,
        r#"environment: Environment::Production }, "#,
        r#"Shop { id: "torino", name: "TORINO", platform: "woocommerce", "#,
        r#"environment: Environment::Staging }]"#,
    ];
    assert_eq!(told[0], shops.concat());
    let variant = [
        r#"Some(Variant { shop: "milano", id: "1", product: "1", sku: Some("MUG-BLU"), "#,
        r#"title: "Tazza blu", price: Some("19.9"), compare-at: None, cost: None, "#,
        r#"barcode: None, weight: None, published: true })"#,
    ];
    assert_eq!(told[1], variant.concat());
    assert_eq!(told[2], "None");
    assert_eq!(told[3].matches("Variant {").count(), 2);
    assert_eq!(told[4], r#"["GIFT", "MUG-BLU"]"#);
    let levels = [
        r#"[StockLevel { shop: "torino", variant: "2", sku: Some("GIFT"), location: None, "#,
        r#"policy: StockPolicy::Untracked, available: None, on-hand: None }]"#,
    ];
    assert_eq!(told[5], levels.concat());
    assert_eq!(told[6..], ["[]", "Some(7000)", "None", "None", "Some(6000)"]);
    assert!(ran.reads.keys.is_empty() && ran.reads.ranges.is_empty());
}

#[tokio::test]
async fn an_order_read_is_the_order_heard() {
    let steps = r#"[["event"], ["order", "milano", "1042"], ["order", "milano", "9"]]"#;
    let ran = does(&probe(), Host::new(), steps).await.unwrap();
    let told = told(&ran);
    let read = told[1].strip_prefix("Some(").and_then(|read| read.strip_suffix(')')).unwrap();
    assert!(told[0].contains(read), "{read}\nis not in\n{}", told[0]);
    assert_eq!(told[2], "None");
}

#[tokio::test]
async fn a_shop_that_is_not_the_clients_has_nothing() {
    let steps = r#"[
        ["variant", "napoli", "1"], ["levels", "napoli", "1"], ["order", "napoli", "1042"],
        ["known-until", "NOT A NAME"], ["silent-since", "napoli"]
    ]"#;
    let host = std::sync::Arc::new(Host::new());
    let ran = crate::fixture::does_with(&probe(), host.clone(), steps).await.unwrap();
    assert_eq!(told(&ran), ["None", "[]", "None", "None", "None"]);
    // Not even asked for; and the shops are asked for once.
    assert_eq!(*host.asked.lock().unwrap(), ["shops"]);
}

#[tokio::test]
async fn a_host_that_fails_ends_the_run() {
    let module = probe();
    for step in
        [r#"["get", "k"]"#, r#"["list", "k", null, 1]"#, r#"["sku", "A"]"#, r#"["change", {}]"#]
    {
        let host = Host { broken: true, ..Host::new() };
        let error = does(&module, host, &format!("[{step}]")).await.unwrap_err();
        assert_eq!(error, CallError::Host(HostError("the disk is gone".to_owned())), "{step}");
    }
}
