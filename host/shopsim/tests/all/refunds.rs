//! Refunds in every shape that was captured: the request as it was sent, against the answer as it
//! came, on the order as it was.

use std::time::Duration;

use fondaco_shopsim::{Gateway, LedgerEvent, WooShop};
use serde_json::{Value, json};

use crate::likeness::{assert_like, assert_says};
use crate::scene::{self, Answer, Receiver, call, get, product, put, sample, subscribe};

/// The shop of the captures, with what its orders have.
async fn shop() -> WooShop {
    let names = [("TAZZA", "Tazza"), ("CAFFE", "Caffè"), ("LIBRO", "Libro")];
    let products = names.map(|(sku, name)| product(sku, name, "9.99", Some(100)));
    let shop = WooShop::start(scene::config("EUR", products.to_vec())).await.unwrap();
    shop.set_gateway(Gateway::new("eurpay", "Carta (test)"));
    shop
}

/// Sends the captured request.
async fn send(shop: &WooShop, name: &str) -> Answer {
    let captured = sample(&format!("woocommerce-eur/{name}"));
    let method = captured["request"]["method"].as_str().unwrap();
    let path = captured["request"]["path"].as_str().unwrap();
    let body = captured["request"]["body"].as_object().map(|body| json!(body));
    call(shop, method, path, body).await
}

/// Sends the captured request and holds the answer against the captured one.
async fn same(shop: &WooShop, name: &str) -> Answer {
    let answer = send(shop, name).await;
    let name = format!("woocommerce-eur/{name}");
    assert_like(&answer, &name);
    assert_says(&answer.body, &sample(&name)["body"], &name);
    answer
}

/// A captured order, before anything was refunded.
fn unrefunded(name: &str) -> Value {
    let mut order = sample(&format!("woocommerce-eur/{name}"))["body"].clone();
    order["refunds"] = json!([]);
    for line in order["line_items"].as_array_mut().unwrap() {
        let quantity = line["quantity"].to_string();
        let meta = line["meta_data"].as_array_mut().unwrap();
        meta.retain(|entry| entry["key"] != "_restock_refunded_items");
        for entry in meta.iter_mut().filter(|entry| entry["key"] == "_reduced_stock") {
            entry["value"] = json!(quantity);
        }
    }
    order
}

/// The captured order under another id, with its lines under these.
fn renamed(name: &str, id: u64, lines: &[u64]) -> Value {
    let mut order = unrefunded(name);
    order["id"] = json!(id);
    let mut ids = lines.iter();
    for list in ["line_items", "shipping_lines", "fee_lines"] {
        for line in order[list].as_array_mut().unwrap() {
            line["id"] = json!(ids.next().unwrap());
        }
    }
    order
}

fn meta_of(order: &Value, sku: &str, key: &str) -> Option<String> {
    let lines = order["line_items"].as_array().unwrap();
    let line = lines.iter().find(|line| line["sku"] == sku).unwrap();
    let mut meta = line["meta_data"].as_array().unwrap().iter();
    Some(meta.find(|entry| entry["key"] == key)?["value"].as_str().unwrap().to_owned())
}

/// All that was refunded, as the ledger has it: amount, and whether money moved.
fn refunded(shop: &WooShop) -> Vec<(String, bool)> {
    let of = |event| match event {
        LedgerEvent::Refunded { amount, money_moved, .. } => Some((amount, money_moved)),
        _ => None,
    };
    shop.ledger().into_iter().filter_map(|entry| of(entry.event)).collect()
}

/// The fourteen refunds of one order, in their order.
#[tokio::test]
async fn each_part_of_an_order_is_refunded_as_captured() {
    let shop = shop().await;
    shop.put_order(unrefunded("refund_base_order"), true).unwrap();
    for name in [
        "refund_one_unit_with_tax",
        "refund_one_unit_no_restock",
        "refund_shipping_only",
        "refund_fee_only",
        "refund_amount_only",
        "refund_amount_mismatch_lines",
        "refund_line_over_line_total",
        "refund_qty_without_total",
        "refund_no_tax_given",
    ] {
        same(&shop, name).await;
    }
    let after = get(&shop, "/orders/59").await.body;
    let captured = &sample("woocommerce-eur/refund_base_order_after_partials")["body"];
    for sku in ["TAZZA", "CAFFE", "LIBRO"] {
        for key in ["_reduced_stock", "_restock_refunded_items"] {
            assert_eq!(meta_of(&after, sku, key), meta_of(captured, sku, key), "{sku} {key}");
        }
    }
    assert_eq!(after["status"], captured["status"]);
    assert_eq!(shop.quantity("TAZZA"), Some(98), "three sold, one of two put back");

    same(&shop, "refund_rest_plus_one_cent").await;
    for name in [
        "refund_rest_three_decimals",
        "refund_comma",
        "refund_zero",
        "refund_zero_amount_with_lines",
        "refund_the_rest_amount",
    ] {
        same(&shop, name).await;
    }
    let order = get(&shop, "/orders/59").await.body;
    let captured = &sample("woocommerce-eur/refund_base_order_fully_refunded")["body"];
    assert_eq!(order["status"], "processing", "half a cent is left");
    assert_eq!(captured["status"], "processing");
    let totals = |order: &Value| -> Vec<String> {
        let refunds = order["refunds"].as_array().unwrap().iter();
        let mut totals: Vec<_> =
            refunds.map(|refund| refund["total"].as_str().unwrap().to_owned()).collect();
        totals.sort();
        totals
    };
    assert_eq!(totals(&order), totals(captured));
    let listed = get(&shop, "/orders/59/refunds").await;
    let captured = sample("woocommerce-eur/refund_base_list");
    let amounts = |list: &Value| -> Vec<Value> {
        list.as_array().unwrap().iter().map(|refund| refund["amount"].clone()).collect()
    };
    assert_eq!(amounts(&listed.body), amounts(&captured["body"]));
    assert!(refunded(&shop).iter().all(|(_, money_moved)| !money_moved));
    let exact = get(&shop, &format!("/orders/59/refunds/{}?dp=3", listed.body[4]["id"])).await;
    let captured = &sample("woocommerce-eur/refund_three_decimals_dp3")["body"];
    assert_eq!(exact.body["amount"], captured["amount"], "kept as it was sent");
    shop.stop().await;
}

#[tokio::test]
async fn all_lines_close_an_order_only_if_they_add_up_to_it() {
    let shop = shop().await;
    shop.put_order(renamed("refund_base_order", 79, &[204, 205, 206, 207, 208]), true).unwrap();
    same(&shop, "refund_everything_by_lines").await;
    assert_eq!(get(&shop, "/orders/79").await.body["status"], "refunded");
    assert_eq!(shop.quantity("TAZZA"), Some(100));
    same(&shop, "refund_everything_again").await;

    let lines = [155, 156, 157, 158, 159];
    shop.put_order(renamed("order_dp2_subtotal_round", 57, &lines), false).unwrap();
    same(&shop, "refund_all_lines_sum_ne_total").await;
    assert_eq!(get(&shop, "/orders/57").await.body["status"], "processing", "a cent is left");
    let lines = [358, 359, 360, 361, 362];
    shop.put_order(renamed("order_dp2_subtotal_round", 161, &lines), false).unwrap();
    same(&shop, "refund_all_lines_with_explicit_order_total").await;
    assert_eq!(get(&shop, "/orders/161").await.body["status"], "refunded");

    let lines = [317, 318, 319];
    let free = "refund_full_amount_order_with_free_line_order";
    let mut order = renamed(free, 136, &lines);
    order["status"] = json!("processing");
    shop.put_order(order, false).unwrap();
    same(&shop, "refund_full_amount_order_with_free_line").await;
    let order = get(&shop, "/orders/136").await.body;
    assert_eq!(order["status"], sample(&format!("woocommerce-eur/{free}"))["body"]["status"]);
    shop.stop().await;
}

#[tokio::test]
async fn units_may_be_refunded_for_more_than_their_line() {
    let shop = shop().await;
    shop.put_order(unrefunded("refund_odd_split_order"), true).unwrap();
    for name in ["refund_odd_split_1", "refund_odd_split_2", "refund_odd_split_3"] {
        same(&shop, name).await;
    }
    let order = get(&shop, "/orders/81").await.body;
    assert_eq!(order["line_items"][0]["total"], "10.68", "three times 3.56 are more");
    shop.put_order(renamed("refund_odd_split_order", 85, &[231, 232, 233]), true).unwrap();
    same(&shop, "refund_line_4dp").await;
    shop.stop().await;
}

#[tokio::test]
async fn amounts_are_read_by_the_shops_separators() {
    let shop = shop().await;
    for (order, name) in
        [(153, "refund_amount_format_1d000"), (151, "refund_amount_format_1d000c50")]
    {
        let mut dear = renamed("refund_base_order", order, &[1, 2, 3, 4, 5]);
        dear["total"] = json!("2000.00");
        shop.put_order(dear, false).unwrap();
        same(&shop, name).await;
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_a_gateway_does_is_seen_while_it_works() {
    let shop = shop().await;
    let gateway = Gateway::new("eurpay", "Carta (test)");
    let lines = [290, 1, 2, 3, 4];
    shop.put_order(renamed("refund_base_order", 118, &lines), true).unwrap();
    shop.put_order(renamed("refund_base_order", 130, &[309, 5, 6, 7, 8]), true).unwrap();
    for (order, declines, pending, end) in [
        (118, None, "marker_refund_list_while_gateway_pending", "marker_refund_slow_gateway"),
        (
            130,
            Some("gateway says no".to_owned()),
            "marker_refund_list_pending_then_declined",
            "marker_refund_slow_gateway_fails",
        ),
    ] {
        let takes = Duration::from_millis(700);
        shop.set_gateway(Gateway { takes, declines: declines.clone(), ..gateway.clone() });
        let asked = tokio::spawn({
            let shop = shop.clone();
            async move { send(&shop, end).await }
        });
        let path = format!("/orders/{order}/refunds");
        let seen = loop {
            let listed = get(&shop, &path).await.body;
            if listed != json!([]) {
                break listed;
            }
            tokio::task::yield_now().await;
        };
        let captured = sample(&format!("woocommerce-eur/{pending}"));
        assert_says(&seen, &captured["body"], pending);
        assert_eq!(seen[0]["meta_data"], json!([]));
        let answer = asked.await.unwrap();
        let name = format!("woocommerce-eur/{end}");
        assert_like(&answer, &name);
        assert_says(&answer.body, &sample(&name)["body"], end);
        let left = get(&shop, &path).await.body.as_array().unwrap().len();
        assert_eq!(left, usize::from(declines.is_none()));
    }
    assert_eq!(refunded(&shop), [("9.99".to_owned(), true)]);
    assert!(shop.ledger().iter().any(|entry| matches!(
        &entry.event,
        LedgerEvent::RefundDeclined { order: 130, reason, .. } if reason == "gateway says no"
    )));
    shop.stop().await;
}

#[tokio::test]
async fn whether_money_moves_is_asked_for_and_told() {
    let shop = shop().await;
    shop.put_order(unrefunded("refund_gateway_order_after"), true).unwrap();
    let decline = Some("gateway says no".to_owned());
    shop.set_gateway(Gateway { declines: decline, ..Gateway::new("eurpay", "Carta (test)") });
    same(&shop, "refund_gateway_declines").await;
    shop.set_gateway(Gateway::new("eurpay", "Carta (test)"));
    for name in
        ["refund_gateway_true", "refund_gateway_default_flag_omitted", "refund_gateway_false"]
    {
        same(&shop, name).await;
    }
    let moved: Vec<bool> = refunded(&shop).into_iter().map(|(_, moved)| moved).collect();
    assert_eq!(moved, [true, true, false]);
    let order = get(&shop, "/orders/74").await.body;
    let captured = &sample("woocommerce-eur/refund_gateway_order_after")["body"];
    let texts = |order: &Value| {
        let refunds = order["refunds"].as_array().unwrap().iter();
        let mut texts: Vec<String> =
            refunds.map(|refund| format!("{} {}", refund["reason"], refund["total"])).collect();
        texts.sort();
        texts
    };
    assert_eq!(texts(&order), texts(captured));
    shop.stop().await;
}

/// Whoever asks twice at once gets two, and the money leaves twice.
#[tokio::test]
async fn two_at_once_are_two() {
    let shop = shop().await;
    shop.put_order(renamed("refund_base_order", 130, &[1, 2, 3, 4, 5]), true).unwrap();
    let takes = Duration::from_millis(50);
    shop.set_gateway(Gateway { takes, ..Gateway::new("eurpay", "Carta (test)") });
    let one = async || {
        let body = json!({ "amount": "61.07", "reason": "PAR", "api_refund": true });
        call(&shop, "POST", "/orders/130/refunds", Some(body)).await
    };
    let (first, second) = tokio::join!(one(), one());
    for (answer, name) in [(first, "refund_parallel_first"), (second, "refund_parallel_second")] {
        assert_like(&answer, &format!("woocommerce-eur/{name}"));
        assert_eq!(answer.body["refunded_payment"], true);
        assert_eq!(answer.body["meta_data"][0]["value"], "full");
    }
    assert_eq!(refunded(&shop).len(), 2);
    shop.stop().await;
}

/// The captured host had given up; the shop had not.
#[tokio::test]
async fn a_refund_goes_on_when_nobody_waits_for_it() {
    let shop = shop().await;
    shop.put_order(renamed("refund_base_order", 134, &[1, 2, 3, 4, 5]), true).unwrap();
    let takes = Duration::from_millis(300);
    shop.set_gateway(Gateway { takes, ..Gateway::new("eurpay", "Carta (test)") });
    let meta = json!([{ "key": "ext_ref", "value": "EXT-TIMEOUT" }]);
    let body = json!({ "amount": "3.00", "reason": "EXT-TIMEOUT", "meta_data": meta });
    let given_up = scene::client()
        .post(format!("{}/wp-json/wc/v3/orders/134/refunds", shop.url()))
        .header("x-forwarded-proto", "https")
        .basic_auth(scene::KEY, Some(scene::SECRET))
        .timeout(Duration::from_millis(100))
        .json(&body)
        .send()
        .await;
    assert!(given_up.unwrap_err().is_timeout());
    shop.quiet().await;
    let listed = get(&shop, "/orders/134/refunds").await;
    let name = "woocommerce-eur/marker_refund_after_client_timeout";
    assert_like(&listed, name);
    assert_says(&listed.body, &sample(name)["body"], name);
    shop.stop().await;
}

#[tokio::test]
async fn marks_of_a_refund_are_kept_and_not_searched() {
    let shop = shop().await;
    let order = sample("woocommerce-eur/marker_order_created")["body"].clone();
    shop.put_order(order, true).unwrap();
    same(&shop, "marker_refund_create").await;
    let listed = get(&shop, "/orders/116/refunds").await;
    assert_says(&listed.body, &sample("woocommerce-eur/marker_refund_list")["body"], "list");
    same(&shop, "marker_refunds_global_search").await;
    let answer = send(&shop, "marker_refund_put").await;
    let captured = sample("woocommerce-eur/marker_refund_put");
    assert_eq!(
        (json!(answer.status), &answer.body),
        (captured["status"].clone(), &captured["body"])
    );
    let order = get(&shop, "/orders/116").await.body;
    let captured = &sample("woocommerce-eur/marker_order_refunds_reason")["body"];
    assert_eq!(order["refunds"][0]["reason"], captured["refunds"][0]["reason"]);
    for key in ["_reduced_stock", "_restock_refunded_items"] {
        assert_eq!(meta_of(&order, "TAZZA", key), meta_of(captured, "TAZZA", key));
    }
    same(&shop, "marker_transaction_id").await;
    let found = get(&shop, "/orders?search=EXT-TX-9").await;
    assert_eq!(found.each("id"), [json!(116)]);
    assert_eq!(get(&shop, "/orders?search=EXT-RF-0001").await.body, json!([]));
    assert_eq!(get(&shop, "/orders?search=tazza").await.status, 501);
    shop.stop().await;
}

#[tokio::test]
async fn a_status_refunds_the_rest_and_moves_nothing() {
    let shop = shop().await;
    let mut order = unrefunded("refund_by_status_put");
    order["status"] = json!("processing");
    shop.put_order(order, true).unwrap();
    let answer = send(&shop, "refund_by_status_put").await;
    let captured = &sample("woocommerce-eur/refund_by_status_put")["body"];
    for field in ["status", "total"] {
        assert_eq!(answer.body[field], captured[field], "{field}");
    }
    assert_eq!(answer.body["refunds"][0]["total"], captured["refunds"][0]["total"]);
    assert_eq!(answer.body["refunds"][0]["reason"], captured["refunds"][0]["reason"]);
    same(&shop, "refund_by_status_put_list").await;
    assert_eq!(shop.quantity("TAZZA"), Some(99), "nothing is put back");
    assert_eq!(refunded(&shop), [("15.99".to_owned(), false)]);
    shop.stop().await;
}

#[tokio::test]
async fn a_deleted_refund_leaves_what_it_put_back() {
    let shop = shop().await;
    let mut order = unrefunded("order_after_refund_deleted");
    order["line_items"][0]["id"] = json!(353);
    shop.put_order(order, true).unwrap();
    assert_eq!(shop.quantity("TAZZA"), Some(97));
    let lines = json!([{
        "id": 353, "quantity": 1, "refund_total": "8.19",
        "refund_tax": [{ "id": 2, "refund_total": "1.80" }],
    }]);
    let body = json!({ "api_refund": false, "line_items": lines });
    let made = call(&shop, "POST", "/orders/159/refunds", Some(body)).await.body["id"].clone();
    let kept = get(&shop, "/orders/159").await.body;
    let captured = &sample("woocommerce-eur/order_after_line_refund_no_line_trace")["body"];
    assert_eq!(kept["line_items"][0]["total"], captured["line_items"][0]["total"]);
    assert_eq!(kept["line_items"][0]["quantity"], captured["line_items"][0]["quantity"]);

    let path = format!("/orders/159/refunds/{made}");
    assert_eq!(call(&shop, "DELETE", &path, None).await.status, 501, "not without force");
    let deleted = call(&shop, "DELETE", &format!("{path}?force=true"), None).await;
    let name = "woocommerce-eur/refund_delete";
    assert_like(&deleted, name);
    assert_says(&deleted.body, &sample(name)["body"], name);
    let order = get(&shop, "/orders/159").await.body;
    let captured = &sample("woocommerce-eur/order_after_refund_deleted")["body"];
    assert_eq!(order["refunds"], captured["refunds"]);
    for key in ["_reduced_stock", "_restock_refunded_items"] {
        assert_eq!(meta_of(&order, "TAZZA", key), meta_of(captured, "TAZZA", key));
    }
    assert_eq!(shop.quantity("TAZZA"), Some(98));
    shop.stop().await;
}

#[tokio::test]
async fn only_what_is_out_of_stock_is_put_back_but_as_much_as_is_said() {
    let shop = shop().await;
    let mut sold = renamed("marker_order_created", 169, &[389]);
    sold["line_items"][0]["quantity"] = json!(1);
    sold["line_items"][0]["meta_data"][0]["value"] = json!("1");
    shop.put_order(sold, true).unwrap();
    same(&shop, "refund_restock_more_than_sold").await;
    let order = get(&shop, "/orders/169").await.body;
    assert_eq!(meta_of(&order, "TAZZA", "_reduced_stock").as_deref(), Some("-4"));
    assert_eq!(shop.quantity("TAZZA"), Some(104));

    let mut pending = renamed("marker_order_created", 167, &[385]);
    pending["status"] = json!("pending");
    pending["line_items"][0]["meta_data"] = json!([]);
    shop.put_order(pending, true).unwrap();
    same(&shop, "refund_restock_on_order_never_reduced").await;
    assert_eq!(shop.quantity("TAZZA"), Some(104));
    shop.stop().await;
}

#[tokio::test]
async fn refunds_of_all_orders_are_listed_by_date() {
    let shop = shop().await;
    for (order, line) in [(200, 1), (201, 2)] {
        shop.put_order(renamed("marker_order_created", order, &[line]), false).unwrap();
        let body = json!({ "amount": "1.00", "api_refund": false });
        call(&shop, "POST", &format!("/orders/{order}/refunds"), Some(body)).await;
    }
    let listed = get(&shop, "/refunds?per_page=3").await;
    assert_like(&listed, "woocommerce-eur/refunds_global_recent");
    assert_eq!(listed.each("parent_id"), [json!(201), json!(200)]);
    let path = sample("woocommerce-eur/refunds_global_after")["request"]["path"].clone();
    let listed = get(&shop, path.as_str().unwrap()).await;
    assert_like(&listed, "woocommerce-eur/refunds_global_after");
    assert_eq!(listed.header("x-wp-total"), "2");
    let none = get(&shop, "/refunds?before=2020-01-01T00:00:00Z").await;
    assert_eq!(none.body, json!([]));
    shop.stop().await;
}

/// The captures of New York, on the order they were made on.
#[tokio::test]
async fn dollar_refunds_look_as_captured() {
    // With one product before them the others have the captured ids.
    let mut products = vec![product("BEFORE", "Before", "1.00", None)];
    products.extend(scene::products());
    let shop = WooShop::start(scene::config("USD", products)).await.unwrap();
    let mut order = sample("woocommerce/order_create")["body"].clone();
    order["refunds"] = json!([]);
    shop.put_order(order.clone(), true).unwrap();
    let order_at = |id: u64| {
        let mut order = order.clone();
        order["id"] = json!(id);
        order["line_items"][0]["id"] = json!(15);
        order["line_items"][0]["product_id"] = json!(10);
        order
    };
    shop.put_order(order_at(25), true).unwrap();
    shop.put_order(order_at(23), true).unwrap();
    for name in [
        "refund_partial_create",
        "err_refund_too_much",
        "refund_api_refund_true_cod",
        "refund_lines_without_amount",
        "refund_no_restock",
        "refunds_global_list",
    ] {
        let name = format!("woocommerce/{name}");
        let captured = sample(&name);
        let body = captured["request"]["body"].as_object().map(|body| json!(body));
        let method = captured["request"]["method"].as_str().unwrap();
        let answer = call(&shop, method, captured["request"]["path"].as_str().unwrap(), body).await;
        assert_like(&answer, &name);
        if method == "POST" {
            assert_says(&answer.body, &captured["body"], &name);
        }
    }
    let after = get(&shop, "/orders/18").await;
    assert_like(&after, "woocommerce/order_after_refund");
    let captured = &sample("woocommerce/order_after_refund")["body"];
    assert_eq!(after.body["refunds"][0]["total"], captured["refunds"][0]["total"]);
    for key in ["_reduced_stock", "_restock_refunded_items"] {
        assert_eq!(meta_of(&after.body, "MUG-1", key), meta_of(captured, "MUG-1", key));
    }
    assert_like(&get(&shop, "/orders/18/refunds").await, "woocommerce/refund_list");
    let body = json!({ "amount": "81.64", "api_refund": false });
    let full = call(&shop, "POST", "/orders/23/refunds", Some(body)).await;
    assert_like(&full, "woocommerce/refund_full_no_lines");
    assert_eq!(full.body["meta_data"][0]["value"], "full");
    shop.stop().await;
}

#[tokio::test]
async fn a_refund_is_told_as_a_change_of_its_order() {
    let shop = shop().await;
    let receiver = Receiver::start().await;
    let order = shop.buy(&[("TAZZA", 2)]).unwrap().id;
    shop.quiet().await;
    subscribe(&shop, "order.updated", &receiver.url).await;
    subscribe(&shop, "product.updated", &receiver.url).await;
    let line = get(&shop, &format!("/orders/{order}")).await.body["line_items"][0]["id"].clone();
    let lines = json!([{ "id": line, "quantity": 1, "refund_total": "8.19" }]);
    let body = json!({ "api_refund": false, "line_items": lines });
    call(&shop, "POST", &format!("/orders/{order}/refunds"), Some(body)).await;
    shop.quiet().await;
    let topics: Vec<String> = receiver.told().into_iter().map(|(topic, _)| topic).collect();
    assert_eq!(topics, ["product.updated", "order.updated"]);
    assert_eq!(receiver.deliveries()[1].json()["refunds"][0]["total"], "-8.19");
    put(&shop, &format!("/orders/{order}"), json!({ "status": "refunded" })).await;
    assert_eq!(shop.quantity("TAZZA"), Some(99), "the rest is not put back");
    shop.stop().await;
}
