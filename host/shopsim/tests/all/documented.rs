//! What was not observed and is done as the vendor documents it: coupons, accounts, and sales that
//! begin and end by themselves.

use fondaco_shopsim::{BuyError, LedgerEvent, Purchase};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::scene::{self, Receiver, call, get, put, subscribe};

fn with_coupon(code: &str) -> Purchase {
    Purchase {
        lines: vec![("MUG-1".to_owned(), 1)],
        coupons: vec![code.to_owned()],
        ..Purchase::default()
    }
}

#[tokio::test]
async fn a_coupon_is_made_once_found_by_its_code_and_used() {
    let shop = scene::new_york().await;
    let make = async |body: Value| call(&shop, "POST", "/coupons", Some(body)).await;
    let body = json!({ "code": "TEN", "discount_type": "percent", "amount": "10" });
    let made = make(body.clone()).await;
    assert_eq!(
        (made.status, &made.body["code"], &made.body["amount"]),
        (201, &json!("ten"), &json!("10.00"))
    );
    let location = format!("{}/wp-json/wc/v3/coupons/{}", shop.url(), made.body["id"]);
    assert_eq!(made.header("location"), location);
    let again = make(body).await;
    let taken = json!("woocommerce_rest_coupon_code_already_exists");
    assert_eq!((again.status, &again.body["code"]), (400, &taken));
    make(json!({ "code": "other", "discount_type": "fixed_product", "amount": "2" })).await;
    assert_eq!(get(&shop, "/coupons?code=Ten").await.each("id"), [made.body["id"].clone()]);
    assert_eq!(get(&shop, "/coupons").await.header("x-wp-total"), "2");
    assert_eq!(make(json!({ "code": "x", "discount_type": "half" })).await.status, 400);

    let order = shop.check_out(&with_coupon("ten")).unwrap();
    let order = get(&shop, &format!("/orders/{}", order.id)).await.body;
    // 19.99 less 1.99, which is what is left of a tenth without its fraction, and then one cent.
    assert_eq!(
        (&order["discount_total"], &order["line_items"][0]["total"]),
        (&json!("2.00"), &json!("17.99"))
    );
    let path = format!("/coupons/{}", made.body["id"]);
    let used = get(&shop, &path).await.body;
    assert_eq!(used["usage_count"], 1);
    assert_eq!(used["used_by"][0], order["billing"]["email"]);
    let changed =
        put(&shop, &path, json!({ "amount": "20", "date_expires": "2030-01-01T00:00:00" })).await;
    assert_eq!(changed.body["date_expires_gmt"], "2030-01-01T05:00:00", "New York's midnight");
    assert_eq!(call(&shop, "DELETE", &path, None).await.status, 501);
    assert_eq!(call(&shop, "DELETE", &format!("{path}?force=true"), None).await.status, 200);
    assert_eq!(get(&shop, &path).await.status, 404);
    let unknown = BuyError::UnknownCoupon("ten".to_owned());
    assert_eq!(shop.check_out(&with_coupon("ten")), Err(unknown));
    let coupons = shop.ledger().into_iter().filter_map(|entry| match entry.event {
        LedgerEvent::CouponWritten { code, amount, .. } => Some(format!("{code} {amount}")),
        LedgerEvent::CouponDeleted { code, .. } => Some(format!("{code} deleted")),
        _ => None,
    });
    let coupons: Vec<_> = coupons.collect();
    assert_eq!(coupons, ["ten 10.00", "other 2.00", "ten 20.00", "ten deleted"]);
    shop.stop().await;
}

#[tokio::test]
async fn a_coupon_is_for_its_products_and_what_is_not_simulated_is_said() {
    let shop = scene::new_york().await;
    let make = async |body: Value| call(&shop, "POST", "/coupons", Some(body)).await;
    make(json!({ "code": "tee", "discount_type": "fixed_product", "amount": "5", "product_ids": [11] })).await;
    let purchase = Purchase {
        lines: vec![("MUG-1".to_owned(), 1), ("TEE-S-Red".to_owned(), 2)],
        ..with_coupon("tee")
    };
    let order = shop.check_out(&purchase).unwrap();
    let order = get(&shop, &format!("/orders/{}", order.id)).await.body;
    let totals: Vec<&Value> =
        order["line_items"].as_array().unwrap().iter().map(|line| &line["total"]).collect();
    assert_eq!(totals, ["19.99", "40.00"]);
    make(json!({ "code": "alone", "amount": "5", "individual_use": true })).await;
    let refused = shop.check_out(&with_coupon("alone"));
    let restriction = "individual_use";
    assert_eq!(
        refused,
        Err(BuyError::CouponNotSimulated { code: "alone".to_owned(), restriction })
    );
    let other = Purchase { payment_method: "card".to_owned(), ..purchase };
    assert_eq!(shop.check_out(&other), Err(BuyError::UnknownPayment("card".to_owned())));
    shop.stop().await;
}

#[tokio::test]
async fn an_account_is_made_once_and_told() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    for topic in ["customer.created", "customer.updated", "customer.deleted"] {
        subscribe(&shop, topic, &receiver.url).await;
    }
    let make = async |body: Value| call(&shop, "POST", "/customers", Some(body)).await;
    let body = json!({
        "email": "ann@example.test", "first_name": "Ann",
        "billing": { "first_name": "Ann", "country": "US", "unknown": "x" },
    });
    let made = make(body.clone()).await;
    assert_eq!((made.status, &made.body["role"]), (201, &json!("customer")));
    assert_eq!(made.body["billing"]["unknown"], Value::Null);
    let taken = make(body).await;
    assert_eq!(
        (taken.status, &taken.body["code"]),
        (400, &json!("registration-error-email-exists"))
    );
    make(json!({ "email": "bob@example.test" })).await;
    shop.quiet().await;
    let path = format!("/customers/{}", made.body["id"]);
    assert_eq!(
        put(&shop, &path, json!({ "last_name": "O'Neil" })).await.body["last_name"],
        "O'Neil"
    );
    let by_mail = get(&shop, "/customers?email=ann@example.test").await;
    assert_eq!(by_mail.each("id"), [made.body["id"].clone()]);
    assert_eq!(get(&shop, "/customers").await.each("username"), [json!("ann"), json!("bob")]);
    assert_eq!(call(&shop, "DELETE", &path, None).await.status, 501);
    assert_eq!(call(&shop, "DELETE", &format!("{path}?force=true"), None).await.status, 200);
    assert_eq!(get(&shop, &path).await.status, 404);
    shop.quiet().await;
    let topics: Vec<String> = receiver.told().into_iter().map(|(topic, _)| topic).collect();
    assert_eq!(topics[..2], ["customer.created", "customer.created"]);
    assert_eq!(topics.last().unwrap(), "customer.deleted");
    let last = receiver.deliveries().last().unwrap().json();
    assert_eq!(last, json!({ "id": made.body["id"] }));
    shop.stop().await;
}

#[tokio::test]
async fn a_coupon_ends_and_has_its_limits() {
    let shop = scene::new_york().await;
    for (body, reason) in [
        (json!({ "code": "once", "amount": "5", "usage_limit": 1 }), "as often as it may be"),
        (json!({ "code": "dear", "amount": "5", "minimum_amount": "50" }), "too little"),
        (json!({ "code": "cheap", "amount": "5", "maximum_amount": "10" }), "too much"),
        (json!({ "code": "over", "amount": "5", "date_expires": "2020-01-01" }), "expired"),
    ] {
        let made = call(&shop, "POST", "/coupons", Some(body.clone())).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let code = body["code"].as_str().unwrap();
        if code == "once" {
            shop.check_out(&with_coupon(code)).unwrap();
        }
        let refused = shop.check_out(&with_coupon(code)).unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused}");
        let free = json!({
            "usage_limit": 0, "minimum_amount": "0", "maximum_amount": "0", "date_expires": "",
        });
        let freed = put(&shop, &format!("/coupons/{}", made.body["id"]), free).await.body;
        assert_eq!((&freed["usage_limit"], &freed["date_expires"]), (&Value::Null, &Value::Null));
        shop.check_out(&with_coupon(code)).unwrap();
    }
    shop.stop().await;
}

#[tokio::test]
async fn a_sale_begins_and_ends_by_itself() {
    let shop = scene::new_york().await;
    let receiver = Receiver::start().await;
    let in_hours = |hours: i64| {
        let at = Timestamp::now() + SignedDuration::from_hours(hours);
        at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    };
    let body = json!({
        "sale_price": "15.00",
        "date_on_sale_from_gmt": in_hours(1),
        "date_on_sale_to_gmt": in_hours(3),
    });
    let written = put(&shop, "/products/10", body.clone()).await.body;
    assert_eq!(written["date_on_sale_from_gmt"], body["date_on_sale_from_gmt"]);
    assert_ne!(written["date_on_sale_from"], body["date_on_sale_from_gmt"], "New York's clock");
    shop.quiet().await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    for (hours, price, told) in [(0, "19.99", 0), (2, "15.00", 1), (4, "19.99", 2)] {
        shop.set_clock(SignedDuration::from_hours(hours));
        let shown = get(&shop, "/products/10").await.body;
        assert_eq!((&shown["price"], &shown["on_sale"]), (&json!(price), &json!(price == "15.00")));
        shop.quiet().await;
        assert_eq!(receiver.deliveries().len(), told, "after {hours} hours");
    }
    let none = json!({ "date_on_sale_from_gmt": "", "date_on_sale_to_gmt": "" });
    let written = put(&shop, "/products/10", none).await.body;
    assert_eq!((&written["date_on_sale_to"], &written["price"]), (&Value::Null, &json!("15.00")));
    shop.stop().await;
}
