//! Amounts of orders against the captured ones, to the cent and, where they were kept, beyond.

use fondaco_shopsim::{Fee, Product, Purchase, Settings, WooShop};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_says};
use crate::scene::{self, call, get, product, sample};

/// What the captured shop sold, with its tax classes.
fn products() -> Vec<Product> {
    let with_class = |sku: &str, title: &str, price: &str, class: &str| Product {
        tax_class: class.to_owned(),
        ..product(sku, title, price, Some(100))
    };
    vec![
        with_class("TAZZA", "Tazza", "9.99", ""),
        with_class("CAFFE", "Caffè", "4.35", "reduced-rate"),
        with_class("LIBRO", "Libro", "12.90", "super-ridotta"),
        with_class("ODD1", "Odd 1", "0.91", ""),
        with_class("ODD2", "Odd 2", "2.13", ""),
        with_class("ODD3", "Odd 3", "3.35", ""),
        with_class("OMAGGIO", "Omaggio", "0", ""),
        Product {
            variations: vec![
                product("MAGLIA-S", "S", "24.90", Some(100)),
                product("MAGLIA-M", "M", "24.90", Some(100)),
            ],
            ..product("MAGLIA", "Maglietta", "", None)
        },
    ]
}

async fn shop() -> WooShop {
    let shop = WooShop::start(scene::config("EUR", products())).await.unwrap();
    for (code, kind, amount) in
        [("sconto10", "percent", "10"), ("meno5", "fixed_cart", "5"), ("tutto", "percent", "100")]
    {
        let body = json!({ "code": code, "discount_type": kind, "amount": amount });
        assert_eq!(call(&shop, "POST", "/coupons", Some(body)).await.status, 201);
    }
    shop
}

fn set(shop: &WooShop, change: impl FnOnce(&mut Settings)) {
    let mut settings = shop.settings();
    change(&mut settings);
    shop.set_settings(settings);
}

/// The purchase that a captured order came of, as its lines and coupons tell.
fn purchase(order: &Value) -> Purchase {
    let texts = |list: &str, key: &str| -> Vec<String> {
        let lines = order[list].as_array().unwrap().iter();
        lines.map(|line| line[key].as_str().unwrap().to_owned()).collect()
    };
    let quantities = order["line_items"].as_array().unwrap().iter();
    let quantities = quantities.map(|line| line["quantity"].as_i64().unwrap());
    Purchase {
        lines: texts("line_items", "sku").into_iter().zip(quantities).collect(),
        coupons: texts("coupon_lines", "code"),
        company: "Rossi & Figli S.r.l.".to_owned(),
        ..Purchase::default()
    }
}

/// The amounts and what they are of, without names, keys and what orders note of themselves.
fn amounts(order: &Value) -> Value {
    let mut kept = json!({});
    for name in [
        "discount_total",
        "discount_tax",
        "shipping_total",
        "shipping_tax",
        "cart_tax",
        "total",
        "total_tax",
        "line_items",
        "tax_lines",
        "shipping_lines",
        "fee_lines",
        "coupon_lines",
        "needs_payment",
        "needs_processing",
        "prices_include_tax",
    ] {
        kept[name] = order[name].clone();
    }
    for line in kept["line_items"].as_array_mut().unwrap() {
        for name in ["product_id", "variation_id", "meta_data"] {
            line[name] = json!(null);
        }
    }
    for line in kept["coupon_lines"].as_array_mut().unwrap() {
        // It has the coupon's id in it.
        line["meta_data"][0]["value"] = json!(null);
        line["meta_data"][0]["display_value"] = json!(null);
    }
    kept
}

#[tokio::test]
async fn checkouts_come_to_the_captured_cents() {
    let shop = shop().await;
    let fee = |cents| Fee {
        name: "Contrassegno".to_owned(),
        amount: Decimal::new(cents, 2),
        tax_class: String::new(),
    };
    for (name, round_at_subtotal, fees) in [
        ("checkout_mixed_line_round", false, vec![]),
        ("checkout_odd_line_round", false, vec![]),
        ("checkout_percent_line_round", false, vec![]),
        ("checkout_fixed_line_round", false, vec![]),
        ("checkout_full_fee_free_variation_line_round", false, vec![fee(287)]),
        ("checkout_mixed_subtotal_round", true, vec![]),
        ("checkout_odd_subtotal_round", true, vec![]),
        ("checkout_percent_subtotal_round", true, vec![]),
        ("checkout_fixed_subtotal_round", true, vec![]),
        ("checkout_full_fee_free_variation_subtotal_round", true, vec![fee(287)]),
        ("checkout_total_not_sum_of_lines", true, vec![fee(243)]),
        ("checkout_coupon_100", false, vec![]),
        ("checkout_company_additional_fields", false, vec![]),
        ("checkout_shipping_inherit_4", false, vec![]),
        ("checkout_shipping_inherit_mixed", false, vec![]),
        ("refund_base_order", false, vec![fee(287)]),
        ("refund_odd_split_order", false, vec![fee(287)]),
    ] {
        set(&shop, |settings| {
            settings.round_at_subtotal = round_at_subtotal;
            settings.fees = fees;
            // All but the two about it were captured with the standard class for sending.
            settings.shipping_tax_class = (!name.contains("inherit")).then(String::new);
        });
        let captured = &sample(&format!("woocommerce-eur/{name}"))["body"];
        let order = shop.check_out(&purchase(captured)).unwrap();
        let ours = get(&shop, &format!("/orders/{}", order.id)).await.body;
        assert_says(&amounts(&ours), &amounts(captured), name);
        if name == "checkout_total_not_sum_of_lines" {
            let exact = get(&shop, &format!("/orders/{}?dp=6", order.id)).await.body;
            let captured = &sample("woocommerce-eur/order_dp6_subtotal_round")["body"];
            assert_says(&amounts(&exact), &amounts(captured), "order_dp6_subtotal_round");
        }
    }
    shop.stop().await;
}

/// The captured requests as they were sent, with the products' ids of this shop.
#[tokio::test]
async fn orders_of_the_api_come_to_the_captured_cents() {
    let shop = shop().await;
    let ids = [(26, 10), (27, 11), (28, 12), (29, 13), (30, 14), (31, 15), (32, 16), (33, 17)];
    let variations = [(34, 18), (35, 19)];
    let ours = |known: &[(u64, u64)], id: &Value| {
        known.iter().find(|(theirs, _)| id == theirs).map(|(_, ours)| json!(ours))
    };
    for (name, round_at_subtotal) in [
        ("rest_full_line_round", false),
        ("rest_full_subtotal_round", true),
        ("rest_negative_fee", false),
        ("rest_odd_line_round", false),
        ("rest_odd_subtotal_round", true),
        ("rest_order_country_without_rate", false),
    ] {
        set(&shop, |settings| settings.round_at_subtotal = round_at_subtotal);
        let captured = sample(&format!("woocommerce-eur/{name}"));
        let mut body = captured["request"]["body"].clone();
        for line in body["line_items"].as_array_mut().unwrap() {
            line["product_id"] = ours(&ids, &line["product_id"]).unwrap();
            if let Some(id) = ours(&variations, &line["variation_id"]) {
                line["variation_id"] = id;
            }
        }
        let answer = call(&shop, "POST", "/orders", Some(body)).await;
        assert_like(&answer, &format!("woocommerce-eur/{name}"));
        assert_says(&amounts(&answer.body), &amounts(&captured["body"]), name);
        for field in ["billing", "shipping", "meta_data", "created_via", "status"] {
            assert_says(&answer.body[field], &captured["body"][field], &format!("{name} {field}"));
        }
        assert_eq!(
            answer.body["date_paid"].is_null(),
            captured["body"]["date_paid"].is_null(),
            "{name}"
        );
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_a_checkout_asks_for_besides_is_metadata() {
    let shop = shop().await;
    let captured = &sample("woocommerce-eur/checkout_company_additional_fields")["body"];
    let asked = [
        ("_wc_billing/eur/piva", "IT01234567890"),
        ("_wc_other/eur/sdi", "ABCDEFG"),
        ("_wc_shipping/eur/piva", "IT01234567890"),
    ];
    let meta = asked.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec();
    let order = shop.check_out(&Purchase { meta, ..purchase(captured) }).unwrap();
    let ours = get(&shop, &format!("/orders/{}", order.id)).await.body;
    assert_eq!(ours["billing"]["company"], captured["billing"]["company"]);
    let of = |order: &Value, key: &str| {
        let all = order["meta_data"].as_array().unwrap().clone();
        all.into_iter().find(|entry| entry["key"] == key).unwrap()["value"].clone()
    };
    for (key, _) in asked {
        assert_eq!(of(&ours, key), of(captured, key));
    }
    shop.stop().await;
}

#[tokio::test]
async fn the_rates_are_listed_as_captured() {
    let shop = shop().await;
    for (path, name) in [("/taxes", "taxes"), ("/taxes/classes", "tax_classes")] {
        let answer = get(&shop, path).await;
        let name = format!("woocommerce-eur/{name}");
        assert_like(&answer, &name);
        assert_says(&answer.body, &sample(&name)["body"], &name);
    }
    shop.stop().await;
}

/// An order as a customer of the shop in New York made it through the API.
#[tokio::test]
async fn dollar_orders_have_the_tax_on_top() {
    let shop = scene::new_york().await;
    let captured = sample("woocommerce/order_create");
    let mut body = captured["request"]["body"].clone();
    body["line_items"] = json!([
        { "product_id": 10, "quantity": 2 },
        { "product_id": 11, "variation_id": 12, "quantity": 1 },
    ]);
    let answer = call(&shop, "POST", "/orders", Some(body)).await;
    assert_like(&answer, "woocommerce/order_create");
    let sold = |order: &Value| {
        let mut kept = amounts(order);
        for line in kept["line_items"].as_array_mut().unwrap() {
            line["global_unique_id"] = json!(null);
        }
        kept
    };
    assert_says(&sold(&answer.body), &sold(&captured["body"]), "order_create");
    assert_eq!((shop.quantity("MUG-1"), shop.quantity("TEE-S-Red")), (Some(8), Some(4)));
    let finer = get(&shop, &format!("/orders/{}?dp=4", answer.body["id"])).await.body;
    let amounts_of = |order: &Value| [order["total"].clone(), order["cart_tax"].clone()];
    assert_eq!(amounts_of(&finer), [json!("81.6400"), json!("5.7700")], "only padded");
    assert_eq!(finer["line_items"][0]["taxes"][0]["total"], "3.5482", "what was not rounded");

    let unknown = sample("woocommerce/err_order_bad_product");
    let body = unknown["request"]["body"].clone();
    let answer = call(&shop, "POST", "/orders", Some(body)).await;
    assert_like(&answer, "woocommerce/err_order_bad_product");
    assert_says(&amounts(&answer.body), &amounts(&unknown["body"]), "err_order_bad_product");
    assert_eq!(answer.body["status"], "pending");
    shop.stop().await;
}
