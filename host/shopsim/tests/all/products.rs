//! Products and variations that are made and deleted, one by one and many at a time.

use fondaco_shopsim::LedgerEvent;
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_same, assert_says};
use crate::scene::{self, Receiver, call, get, product, put, sample, subscribe};

/// What a captured product says; the links to similar ones are drawn at random by the real shop.
fn said(product: &Value) -> Value {
    let mut product = product.clone();
    for name in ["related_ids", "average_rating", "permalink", "permalink_template", "slug"] {
        product[name] = json!(null);
    }
    // Of these letters the real shop keeps the signs here, and shows them encoded elsewhere.
    product["generated_slug"] = json!(null);
    product
}

#[tokio::test]
async fn products_are_made_as_captured() {
    let config = scene::config("USD", vec![product("BEFORE", "Before", "1.00", None)]);
    let shop = fondaco_shopsim::WooShop::start(config).await.unwrap();
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.created", &receiver.url).await;
    for (path, name) in [
        ("/products", "product_simple_create"),
        ("/products", "product_variable_create"),
        ("/products/12/variations", "variation_create_S"),
        ("/products/12/variations", "variation_create_M"),
    ] {
        let name = format!("woocommerce/{name}");
        let captured = sample(&name);
        let answer = call(&shop, "POST", path, Some(captured["request"]["body"].clone())).await;
        assert_like(&answer, &name);
        assert_says(&said(&answer.body), &said(&captured["body"]), &name);
        assert_eq!(answer.body["id"], captured["body"]["id"], "{name}");
    }
    assert_eq!(shop.quantity("TEE-S-Red"), Some(5));
    let tee = get(&shop, "/products/12").await;
    assert_like(&tee, "woocommerce/product_variable_get");
    assert_eq!(tee.body["variations"], json!([13, 14]));
    let variation = get(&shop, "/products/12/variations/13").await;
    assert_like(&variation, "woocommerce/variation_get");
    let captured = &sample("woocommerce/variation_get")["body"];
    for field in ["tax_class", "name", "attributes", "price", "stock_quantity"] {
        assert_says(&variation.body[field], &captured[field], field);
    }
    shop.quiet().await;
    let told: Vec<String> = receiver.told().into_iter().map(|(_, id)| id).collect();
    assert_eq!(told, ["11", "12", "13", "14"]);
    shop.stop().await;
}

#[tokio::test]
async fn what_another_has_is_refused_with_that_ones_id() {
    let config = scene::config("USD", vec![product("BEFORE", "Before", "1.00", None)]);
    let shop = fondaco_shopsim::WooShop::start(config).await.unwrap();
    let mug = sample("woocommerce/product_simple_create")["request"]["body"].clone();
    call(&shop, "POST", "/products", Some(mug)).await;
    for name in ["err_dup_sku", "err_dup_gtin", "err_validation_type", "price_number_in"] {
        let name = format!("woocommerce/{name}");
        let body = sample(&name)["request"]["body"].clone();
        assert_same(&call(&shop, "POST", "/products", Some(body)).await, &name);
    }
    let body = sample("woocommerce/price_weird")["request"]["body"].clone();
    let answer = call(&shop, "POST", "/products", Some(body)).await;
    assert_like(&answer, "woocommerce/price_weird");
    assert_eq!(answer.body["regular_price"], "1250");
    shop.stop().await;
}

#[tokio::test]
async fn a_batch_ends_one_by_one_as_captured() {
    let shop = scene::new_york().await;
    for sku in ["X", "Y", "Z"] {
        let body = json!({ "name": sku, "sku": sku });
        call(&shop, "POST", "/products", Some(body)).await;
    }
    let name = "woocommerce/product_batch";
    let mut body = sample(name)["request"]["body"].clone();
    body["update"][0]["id"] = json!(10);
    let answer = call(&shop, "POST", "/products/batch", Some(body)).await;
    assert_like(&answer, name);
    let captured = &sample(name)["body"];
    let errors = |body: &Value, list: &str, at: usize| {
        let mut error = body[list][at].clone();
        error["error"]["data"]["resource_id"] = json!(null);
        error
    };
    for (list, at) in [("create", 3), ("update", 1), ("delete", 0)] {
        assert_says(&errors(&answer.body, list, at), &errors(captured, list, at), list);
        assert_eq!(answer.body[list][at]["id"], captured[list][at]["id"], "{list}");
    }
    assert_eq!(
        answer.body["create"][3]["error"]["data"]["resource_id"],
        answer.body["create"][0]["id"]
    );
    assert_eq!(shop.quantity("MUG-1"), Some(9));

    let name = "woocommerce/product_batch_over_100";
    let body = sample(name)["request"]["body"].clone();
    assert_same(&call(&shop, "POST", "/products/batch", Some(body)).await, name);
    let gone = answer.body["create"][1]["id"].clone();
    let body = json!({ "delete": [gone] });
    let answer = call(&shop, "POST", "/products/batch", Some(body)).await;
    assert_eq!(answer.body["delete"][0]["id"], gone);
    assert_eq!(get(&shop, &format!("/products/{gone}")).await.status, 404);
    shop.stop().await;
}

#[tokio::test]
async fn the_trash_of_products_is_told_and_the_end_is_not() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    subscribe(&shop, "product.deleted", &receiver.url).await;
    let make = async |name: &str| {
        let body = json!({ "name": name, "regular_price": "1", "sku": name });
        call(&shop, "POST", "/products", Some(body)).await.body["id"].clone()
    };
    let (trashed, forced) = (make("del").await, make("gone").await);
    let path = format!("/products/{trashed}");
    let answer = call(&shop, "DELETE", &path, None).await;
    assert_like(&answer, "woocommerce/product_trash");
    assert_eq!(answer.body["status"], "publish", "as it was");
    let there = get(&shop, &path).await;
    assert_like(&there, "woocommerce/product_get_trashed");
    let captured = &sample("woocommerce/product_get_trashed")["body"];
    for field in ["status", "slug", "price"] {
        assert_eq!(there.body[field], captured[field], "{field}");
    }
    let link = format!("{}/?post_type=product&p={trashed}", shop.url());
    assert_eq!(there.body["permalink"], link);
    let keys = |product: &Value| -> Vec<Value> {
        product["meta_data"].as_array().unwrap().iter().map(|entry| entry["key"].clone()).collect()
    };
    assert_eq!(keys(&there.body), keys(captured));
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), 1);
    assert_eq!(receiver.deliveries()[0].json(), json!({ "id": trashed }));
    let listed = get(&shop, "/products?_fields=id&per_page=100").await.each("id");
    assert!(!listed.contains(&trashed), "{listed:?}");

    let answer = call(&shop, "DELETE", &format!("{path}?force=true"), None).await;
    assert_like(&answer, "woocommerce/product_force_delete");
    assert_eq!(answer.body["status"], "trash");
    let path = format!("/products/{forced}?force=true");
    assert_eq!(call(&shop, "DELETE", &path, None).await.status, 200);
    shop.quiet().await;
    assert_eq!(receiver.deliveries().len(), 1, "nobody is told of either");
    assert_eq!(get(&shop, &format!("/products/{forced}")).await.status, 404);
    assert_eq!(call(&shop, "DELETE", "/products/11", None).await.status, 501, "has variations");
    shop.stop().await;
}

#[tokio::test]
async fn every_price_that_is_written_is_in_the_ledger() {
    let shop = scene::new_york().await;
    for body in [
        json!({ "regular_price": "20.00", "sale_price": "15.00" }),
        json!({ "regular_price": "20.00" }),
        json!({ "regular_price": "12.00" }),
    ] {
        put(&shop, "/products/10", body).await;
    }
    put(&shop, "/products/11/variations/12", json!({ "sale_price": "24,50" })).await;
    let written: Vec<_> = shop
        .ledger()
        .into_iter()
        .filter_map(|entry| match entry.event {
            LedgerEvent::PriceWritten { sku, regular_price, sale_price } => {
                Some([sku, regular_price, sale_price])
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        written,
        [["MUG-1", "20.00", "15.00"], ["MUG-1", "12.00", ""]].map(|entry| entry.map(str::to_owned)),
        "what changes nothing is not there, nor a sale above the regular price"
    );
    shop.stop().await;
}
