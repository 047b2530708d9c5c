//! Writing stock.

use std::sync::{Arc, Mutex};

use fondaco_model::{
    Aspect, Decimal, Location, Variant, Version, action,
    commerce::{StockLevel, StockPolicy, VariantContent},
};

use super::*;

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn value(text: &str) -> action::Value {
    action::Value::Number(decimal(text))
}

fn variant(product: &str, policy: StockPolicy) -> Entity {
    let version = Version::pushed(at(1));
    let content = VariantContent {
        product: product.to_owned(),
        sku: None,
        title: "Mug".to_owned(),
        price: None,
        compare_at: None,
        cost: None,
        barcode: None,
        weight: None,
        published: true,
    };
    let counted = policy != StockPolicy::Untracked;
    let level = StockLevel { policy, available: counted.then(|| decimal("10")), on_hand: None };
    Entity::Variant(Variant {
        content: Aspect::known(version, content),
        stock: [(Location::WHOLE_SHOP, Aspect::known(version, level))].into(),
    })
}

fn change(id: &str, available: &str) -> ActionKind {
    ActionKind::ChangeStock {
        shop: shop(),
        variant: id.to_owned(),
        location: Location::WHOLE_SHOP,
        available: decimal(available),
        decided_on: decimal("10"),
    }
}

fn request(available: &str) -> Request {
    let shop = shop_at("http://127.0.0.1:1");
    shop.request(&id(), &change("11", available), Some(&variant("11", StockPolicy::Tracked)))
        .unwrap()
}

/// What a request leaves on the product.
fn mark(request: &Request) -> Value {
    request.body["meta_data"][0].clone()
}

#[test]
fn a_request_is_made_for_each_kind_of_variant() {
    let simple = request("7.0");
    assert_eq!((simple.method.as_str(), simple.path.as_str()), ("PUT", "/products/11"));
    assert_eq!(simple.body["stock_quantity"], 7);
    assert_eq!(mark(&simple)["value"], id().as_str());
    assert_eq!((simple.only_if, simple.result), (Some(value("10")), value("7")));
    let adapter = shop_at("http://127.0.0.1:1");
    let entity = variant("12", StockPolicy::Backorder);
    let variation = adapter.request(&id(), &change("13", "-2"), Some(&entity)).unwrap();
    assert_eq!(variation.path, "/products/12/variations/13");
    assert_eq!(variation.body["stock_quantity"], -2);
}

#[test]
fn what_the_shop_cannot_do_is_refused() {
    let adapter = shop_at("http://127.0.0.1:1");
    let tracked = variant("11", StockPolicy::Tracked);
    let check = |action: &ActionKind, entity: &Entity, reason: &str| {
        assert_eq!(adapter.request(&id(), action, Some(entity)).unwrap_err().to_string(), reason);
    };
    check(
        &change("11", "7.5"),
        &tracked,
        "WooCommerce counts whole pieces, and 7.5 is not a whole number",
    );
    check(
        &change("11", "7"),
        &variant("11", StockPolicy::Untracked),
        "the shop does not count the stock of variant 11; switch on stock management for it",
    );
    check(
        &change("11", "7"),
        &Entity::Variant(Variant::default()),
        "variant 11 is not known on `milano`, or gone",
    );
    check(
        &change("../orders", "7"),
        &tracked,
        "ids of a WooCommerce shop are numbers, and this one is not",
    );
    let with = |change: ActionKind, place: &str, whose: &str| {
        let ActionKind::ChangeStock { variant, available, decided_on, .. } = change else {
            panic!("a change of stock");
        };
        let shop = ShopId::new(whose).unwrap();
        let location = Location::new(place);
        ActionKind::ChangeStock { shop, variant, location, available, decided_on }
    };
    check(
        &with(change("11", "7"), "7", "milano"),
        &tracked,
        "WooCommerce keeps one quantity for the whole shop, not one per place",
    );
    check(
        &with(change("11", "7"), "", "torino"),
        &tracked,
        "this is the shop `milano`, and the action is for `torino`",
    );
}

/// A shop with one product, that takes what it is told.
async fn product_with(changes: Value) -> Replay {
    let mut product = answer("woocommerce/product_get");
    for (name, value) in changes.as_object().unwrap() {
        product[name] = value.clone();
    }
    Replay::new(move |got| {
        assert!(got.path.starts_with("/products/"), "{}", got.path);
        if got.method == "PUT" && product["manage_stock"] == true {
            product["stock_quantity"] = got.body["stock_quantity"].clone();
            product["date_modified_gmt"] = json!("2026-11-23T05:00:00");
        }
        Reply::json(&product)
    })
    .await
}

#[tokio::test]
async fn stock_is_written_where_it_is_as_decided() {
    let replay = product_with(json!({})).await;
    let request = request("7");
    let executed = replay.shop.execute(at(50), &change("11", "7"), &request).await.unwrap();
    let Executed::Done { snapshots, .. } = executed else { panic!("{executed:?}") };
    let written = snapshots[0].entity.as_variant().unwrap();
    let level = &written.stock[&Location::WHOLE_SHOP];
    assert_eq!(level.value().unwrap().available, Some(decimal("7")));
    let version = level.version().unwrap();
    assert_eq!(version.platform, at(1_795_410_000_000));
    assert!(version.read.unwrap() >= at(50));
    assert_eq!(replay.calls(), ["GET /products/11", "PUT /products/11"]);
    assert_eq!(replay.got()[1].body, request.body);
}

#[tokio::test]
async fn stock_that_is_another_is_left_alone() {
    let replay = product_with(json!({ "stock_quantity": 8 })).await;
    let executed = replay.shop.execute(at(50), &change("11", "7"), &request("7")).await.unwrap();
    let Executed::Stale { found, snapshots } = executed else { panic!("{executed:?}") };
    assert_eq!((found, snapshots.len()), (value("8"), 1));
    assert_eq!(replay.calls(), ["GET /products/11"]);
}

#[tokio::test]
async fn what_was_written_before_is_not_written_again_whatever_became_of_it() {
    let request = request("7");
    for shown in [10, 7, 6] {
        let replay =
            product_with(json!({ "stock_quantity": shown, "meta_data": [mark(&request)] })).await;
        let executed = replay.shop.execute(at(50), &change("11", "7"), &request).await.unwrap();
        assert!(matches!(executed, Executed::Done { .. }), "{shown}: {executed:?}");
        assert_eq!(replay.calls(), ["GET /products/11"]);
    }
}

#[tokio::test]
async fn what_is_so_already_is_not_written() {
    let replay = product_with(json!({})).await;
    let executed = replay.shop.execute(at(50), &change("11", "10"), &request("10")).await.unwrap();
    assert!(matches!(executed, Executed::Done { .. }));
    assert_eq!(replay.calls(), ["GET /products/11"]);
}

#[tokio::test]
async fn what_is_not_counted_is_refused() {
    let check = async |changes: Value, reason: &str| {
        let replay = product_with(changes).await;
        let error =
            replay.shop.execute(at(50), &change("11", "7"), &request("7")).await.unwrap_err();
        assert_eq!(error, PlatformError::Refused { reason: reason.to_owned() });
        assert_eq!(replay.calls(), ["GET /products/11"]);
        let error = replay.shop.look(at(50), &change("11", "7"), &request("7")).await.unwrap_err();
        assert_eq!(error, PlatformError::Refused { reason: reason.to_owned() });
    };
    check(
        json!({ "manage_stock": false, "stock_quantity": null }),
        "the shop does not count the stock of variant 11; switch on stock management for it",
    )
    .await;
    check(
        json!({ "manage_stock": "parent", "stock_quantity": 10 }),
        "variant 11 is counted together with the other variations of its product; to set it alone, \
         switch on stock management for the variation",
    )
    .await;
    check(json!({ "status": "trash" }), "variant 11 is in the shop's trash").await;
}

#[tokio::test]
async fn a_write_that_is_dropped_is_noticed() {
    // Counted while it is read, and no longer when it is written: accepted with 200, and ignored.
    let replay = Replay::new(|got| match got.method.as_str() {
        "GET" => Reply::captured("woocommerce/product_get"),
        _ => Reply::captured("woocommerce/stock_put_unmanaged"),
    })
    .await;
    let error = replay.shop.execute(at(50), &change("11", "7"), &request("7")).await.unwrap_err();
    assert!(matches!(error, PlatformError::Refused { .. }), "{error:?}");

    // Taken, and another number answered.
    let replay = Replay::new(|_| Reply::captured("woocommerce/product_get")).await;
    let error = replay.shop.execute(at(50), &change("11", "7"), &request("7")).await.unwrap_err();
    let reason = "the shop took 7 for variant 11 and answered that it has 10";
    assert_eq!(error, PlatformError::Ambiguous { reason: reason.to_owned() });
}

#[tokio::test]
async fn what_is_gone_is_refused() {
    let replay = Replay::new(|_| Reply::captured("woocommerce/err_bad_product_id")).await;
    let error = replay.shop.execute(at(50), &change("11", "7"), &request("7")).await.unwrap_err();
    assert_eq!(error.to_string(), "the shop no longer has variant 11");
}

#[tokio::test]
async fn looking_tells_what_became_of_a_request() {
    let request = request("7");
    let looked = async |shown: i64, marks: Vec<Value>| {
        let replay = product_with(json!({ "stock_quantity": shown, "meta_data": marks })).await;
        let looked = replay.shop.look(at(50), &change("11", "7"), &request).await.unwrap();
        assert_eq!(replay.calls(), ["GET /products/11"]);
        looked
    };
    let own = mark(&request);
    let others = json!({ "key": own["key"], "value": "another action's" });
    // The mark says it, whatever orders have made of the quantity since.
    for shown in [7, 10, 6] {
        assert!(matches!(looked(shown, vec![own.clone()]).await, Looked::Done { .. }), "{shown}");
        assert_eq!(looked(shown, vec![others.clone()]).await, Looked::NotDone, "{shown}");
    }
    // Without any mark nobody knows, unless nothing has moved.
    assert_eq!(looked(10, Vec::new()).await, Looked::NotDone);
    for shown in [7, 6] {
        let neither = looked(shown, vec![json!({ "key": "other", "value": "1" })]).await;
        assert!(
            matches!(neither, Looked::Neither { found, .. } if found == value(&shown.to_string()))
        );
    }
}

#[tokio::test]
async fn a_variation_is_written_under_its_product() {
    let shown = Arc::new(Mutex::new(answer("woocommerce/variation_get")));
    let replay = Replay::new(move |got| {
        let mut shown = shown.lock().unwrap();
        if got.method == "PUT" {
            shown["stock_quantity"] = got.body["stock_quantity"].clone();
        }
        Reply::json(&shown)
    })
    .await;
    let adapter = shop_at("http://127.0.0.1:1");
    let entity = variant("12", StockPolicy::Tracked);
    let ask = adapter.request(&id(), &change("13", "3"), Some(&entity)).unwrap();
    let ask = Request { only_if: Some(value("5")), ..ask };
    let executed = replay.shop.execute(at(50), &change("13", "3"), &ask).await.unwrap();
    let Executed::Done { snapshots, .. } = executed else { panic!("{executed:?}") };
    let written = snapshots[0].entity.as_variant().unwrap();
    // The answer has only the short name, so it tells nothing of the content.
    assert_eq!(written.content, Aspect::Unknown);
    let path = "/products/12/variations/13";
    assert_eq!(replay.calls(), [format!("GET {path}"), format!("PUT {path}")]);
}
