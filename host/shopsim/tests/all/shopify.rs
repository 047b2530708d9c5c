//! The simulated Shopify shop: its rules, as the vendor documents them.

use std::time::Duration;

use fondaco_shopsim::{
    App, LedgerEvent, Product, ShopifyShop, ShopifyShopConfig, Writer, shopify::VERSIONS,
};
use serde_json::{Value, json};

const NEWEST: &str = VERSIONS[3];

async fn open(restore_per_second: f64) -> ShopifyShop {
    let product = |sku: &str| Product {
        sku: Some(sku.to_owned()),
        title: format!("Tazza {sku}"),
        price: "20.00".to_owned(),
        stock: Some(10),
        ..Product::default()
    };
    let products = vec![product("A"), product("B")];
    let config = ShopifyShopConfig { products, restore_per_second, ..Default::default() };
    ShopifyShop::start(config).await.unwrap()
}

async fn post(shop: &ShopifyShop, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let request = reqwest::Client::new().post(format!("{}{path}", shop.url()));
    let request = request.header("x-shopify-access-token", token).json(body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn ask_version(
    shop: &ShopifyShop,
    version: &str,
    query: &str,
    variables: Value,
) -> (u16, Value) {
    let path = format!("/admin/api/{version}/graphql.json");
    let body = json!({ "query": query, "variables": variables });
    post(shop, &path, &App::default().token, &body).await
}

async fn ask(shop: &ShopifyShop, query: &str, variables: Value) -> Value {
    ask_version(shop, NEWEST, query, variables).await.1
}

fn code(answer: &Value) -> &str {
    answer.pointer("/errors/0/extensions/code").and_then(Value::as_str).unwrap_or_default()
}

const SET: &str = "mutation S($input: InventorySetQuantitiesInput!, $key: String!) {
    inventorySetQuantities(input: $input) @idempotent(key: $key) {
        inventoryAdjustmentGroup { id } userErrors { code field message }
    }
}";

fn quantity(before: Option<i64>, after: i64, key: &str) -> Value {
    let item = "gid://shopify/InventoryItem/1";
    let place = "gid://shopify/Location/1";
    let one = json!({
        "inventoryItemId": item, "locationId": place, "quantity": after, "changeFromQuantity": before,
    });
    let input = json!({ "name": "available", "reason": "correction", "quantities": [one] });
    json!({ "input": input, "key": key })
}

fn refusal(answer: &Value) -> &str {
    let code = answer.pointer("/data/inventorySetQuantities/userErrors/0/code");
    code.and_then(Value::as_str).unwrap_or_default()
}

fn written(shop: &ShopifyShop) -> usize {
    let wrote =
        |event: &LedgerEvent| matches!(event, LedgerEvent::StockWritten { by: Writer::Api, .. });
    shop.ledger().iter().filter(|entry| wrote(&entry.event)).count()
}

#[tokio::test]
async fn a_quantity_is_set_where_it_is_what_it_was_and_once_for_a_key() {
    let shop = open(1000.0).await;
    assert_eq!(refusal(&ask(&shop, SET, quantity(Some(10), 7, "a")).await), "");
    // The same again is answered as it was, although the quantity is another now.
    assert_eq!(refusal(&ask(&shop, SET, quantity(Some(10), 7, "a")).await), "");
    assert_eq!((shop.quantity("A"), written(&shop)), (Some(7), 1));
    let other = ask(&shop, SET, quantity(Some(7), 6, "a")).await;
    assert_eq!(refusal(&other), "IDEMPOTENCY_KEY_PARAMETER_MISMATCH");
    let stale = ask(&shop, SET, quantity(Some(10), 5, "b")).await;
    assert_eq!(refusal(&stale), "CHANGE_FROM_QUANTITY_STALE");
    let again = ask(&shop, SET, quantity(Some(10), 5, "b")).await;
    assert_eq!(refusal(&again), "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED");
    // Nothing to compare with is compared with nothing.
    assert_eq!(refusal(&ask(&shop, SET, quantity(None, 5, "c")).await), "");
    assert_eq!((shop.quantity("A"), written(&shop)), (Some(5), 2));
}

#[tokio::test]
async fn a_key_and_what_is_compared_with_have_to_be_given() {
    let shop = open(1000.0).await;
    let bare = SET.replace("@idempotent(key: $key)", "");
    let answer = ask(&shop, &bare, quantity(Some(10), 7, "a")).await;
    assert_eq!(code(&answer), "BAD_REQUEST");
    // The oldest version does not ask for it.
    let oldest = ask_version(&shop, VERSIONS[0], &bare, quantity(Some(10), 9, "a")).await.1;
    assert_eq!(refusal(&oldest), "");
    let mut variables = quantity(None, 7, "b");
    variables["input"]["quantities"][0].as_object_mut().unwrap().remove("changeFromQuantity");
    assert_eq!(code(&ask(&shop, SET, variables).await), "INVALID_FIELD_ARGUMENTS");
    assert_eq!(shop.quantity("A"), Some(9));
}

#[tokio::test]
async fn a_budget_is_used_up_and_told() {
    let shop = open(1.0).await;
    let query = "{ productVariants(first: 2) { nodes { id product { id } } } }";
    // Twenty points are there; a query may come to five, and comes to that.
    let mut told = Vec::new();
    for _ in 0..8 {
        let answer = ask(&shop, query, Value::Null).await;
        if code(&answer) == "THROTTLED" {
            let status = &answer["extensions"]["cost"]["throttleStatus"];
            assert!(status["currentlyAvailable"].as_f64().unwrap() < 5.0, "{answer}");
            assert_eq!(status["restoreRate"], 1.0);
            return;
        }
        told.push(answer["extensions"]["cost"]["requestedQueryCost"].as_f64().unwrap());
    }
    panic!("never throttled: {told:?}");
}

#[tokio::test]
async fn no_query_may_come_to_more_than_a_thousand() {
    let shop = open(1000.0).await;
    let query = "{ productVariants(first: 250) { nodes { product { id } inventoryItem { id
        inventoryLevels(first: 5) { nodes { updatedAt } } } } } }";
    assert_eq!(code(&ask(&shop, query, Value::Null).await), "MAX_COST_EXCEEDED");
}

#[tokio::test]
async fn what_is_not_allowed_or_not_there_is_said() {
    let shop = open(1000.0).await;
    let query = "{ orders(first: 1) { nodes { legacyResourceId } } }";
    shop.set_scopes(&["read_products"]);
    assert_eq!(code(&ask(&shop, query, Value::Null).await), "ACCESS_DENIED");
    assert_eq!(code(&ask(&shop, "{ nothingSuch { id } }", Value::Null).await), "undefinedField");
    assert_eq!(code(&ask(&shop, "{ orders(", Value::Null).await), "parseError");
    let path = format!("/admin/api/{NEWEST}/graphql.json");
    let stranger = post(&shop, &path, "shpat_of_nobody", &json!({ "query": query })).await;
    assert_eq!(stranger.0, 401);
}

#[tokio::test]
async fn an_app_asks_for_a_token_with_its_id_and_secret() {
    let shop = open(1000.0).await;
    let App { client_id, client_secret, .. } = App::default();
    let path = "/admin/oauth/access_token";
    let mut body = json!({
        "grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret,
    });
    let (status, granted) = post(&shop, path, "", &body).await;
    assert_eq!((status, granted["expires_in"].as_u64()), (200, Some(86_399)));
    let token = granted["access_token"].as_str().unwrap();
    let query = json!({ "query": "{ shop { currencyCode } }" });
    let api = format!("/admin/api/{NEWEST}/graphql.json");
    assert_eq!(post(&shop, &api, token, &query).await.1["data"]["shop"]["currencyCode"], "EUR");
    shop.revoke_tokens();
    assert_eq!(post(&shop, &api, token, &query).await.0, 401);
    body["client_secret"] = json!("another");
    assert_eq!(post(&shop, path, "", &body).await.0, 400);
}

/// Tried eight times again, then taken away: nobody listens at that address.
#[tokio::test]
async fn a_subscription_that_is_never_answered_is_taken_away() {
    let shop = open(1000.0).await;
    shop.set_retry_wait(Duration::from_millis(1));
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/hooks", nobody.local_addr().unwrap());
    drop(nobody);
    let create = "mutation W($webhook: WebhookSubscriptionInput!) {
        webhookSubscriptionCreate(topic: ORDERS_CREATE, webhookSubscription: $webhook) {
            webhookSubscription { id } userErrors { message }
        }
    }";
    ask(&shop, create, json!({ "webhook": { "uri": uri, "format": "JSON" } })).await;
    assert_eq!(shop.subscriptions(), ["ORDERS_CREATE"]);
    shop.buy(&[("A", 1)]).unwrap();
    let gone = async {
        while !shop.subscriptions().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), gone).await.unwrap();
    let told: Vec<_> = shop.ledger().into_iter().map(|entry| entry.event).collect();
    let lost = |event: &&LedgerEvent| matches!(event, LedgerEvent::WebhookLost { .. });
    assert_eq!(told.iter().filter(lost).count(), 1);
    assert!(told.iter().any(|event| matches!(event, LedgerEvent::WebhookDisabled { .. })));
}
