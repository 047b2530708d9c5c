//! What a write does to an order: a new one, and changes of one that is there.
//!
//! Nobody looks at the stock here: more can be ordered than there is. Nobody looks whether a product
//! exists either: of one that does not, there is a line of nothing.

use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::ledger::LedgerEvent;
use crate::woocommerce::cart::{Cart, CartLine, MadeBy};
use crate::woocommerce::checkout::{address, blank_order};
use crate::woocommerce::fields::{
    Fields, escaped, id, money, objects, set, set_date, store_meta, text,
};
use crate::woocommerce::order::{Order, STATUSES};
use crate::woocommerce::rest::answer::Answer;
use crate::woocommerce::rest::orders::invalid_id;
use crate::woocommerce::rest::request::Request;
use crate::woocommerce::rest::validate::{Invalid, boolean, whole};
use crate::woocommerce::settings::Place;
use crate::woocommerce::state::State;
use crate::woocommerce::totals::{Taxed, unit_price};

/// Fields that are stored as they come.
const PLAIN: [&str; 4] =
    ["customer_note", "transaction_id", "payment_method", "payment_method_title"];
/// Fields that are read in ways of their own.
const READ: [&str; 7] =
    ["status", "customer_id", "billing", "shipping", "line_items", "meta_data", "set_paid"];
/// Fields that only a new order can have here.
const OF_NEW: [&str; 3] = ["shipping_lines", "fee_lines", "coupon_lines"];
/// Fields that the shop passes over in silence.
const PASSED_OVER: [&str; 5] =
    ["id", "date_created", "date_created_gmt", "date_paid", "date_paid_gmt"];
/// What a line that is sent may have.
const OF_LINE: [&str; 5] = ["id", "product_id", "variation_id", "quantity", "meta_data"];
/// Metadata that the shop keeps for itself, as whether the stock is out.
const STOCK_REDUCED: &str = "_order_stock_reduced";

/// The body's fields, each of the type the shop wants.
pub(super) fn checked(request: &Request, new: bool) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    invalid.one_of(&fields, "status", &STATUSES);
    for name in PLAIN {
        invalid.of_type(&fields, name, "string");
    }
    invalid.of_type(&fields, "customer_id", "integer");
    invalid.of_type(&fields, "set_paid", "boolean");
    invalid.finish()?;
    let simulated = |name: &&str| {
        PLAIN.contains(name)
            || READ.contains(name)
            || PASSED_OVER.contains(name)
            || (new && OF_NEW.contains(name))
    };
    if let Some(name) = fields.keys().map(String::as_str).find(|name| !simulated(name)) {
        return Err(Answer::not_simulated(&format!("writing an order's {name}")));
    }
    let of_lines = objects(&fields, "line_items").flat_map(Fields::keys);
    let other = of_lines.map(String::as_str).find(|name| !OF_LINE.contains(name));
    if let Some(name) = other {
        return Err(Answer::not_simulated(&format!("writing the {name} of an order's line")));
    }
    Ok(fields)
}

/// Makes an order and returns its id.
pub(super) fn create(state: &mut State, fields: &Fields) -> Result<u64, Answer> {
    let cart = cart(state, fields)?;
    let order_id = state.take_post_id();
    let mut order = Order::new(blank(state, order_id));
    store_plain(&mut order.fields, fields);
    let priced = state.price_cart(&cart, MadeBy::Api);
    let lines = state.goods_lines(&cart, &priced);
    set(&mut order.fields, "line_items", lines);
    keep_line_meta(state, &mut order.fields, fields);
    let shipping = shipping_lines(state, &cart, fields);
    set(&mut order.fields, "shipping_lines", shipping);
    let fees = fee_lines(state, &order.fields, &cart.to, fields);
    set(&mut order.fields, "fee_lines", fees);
    let coupons = state.coupon_lines(&cart, &priced, MadeBy::Api);
    set(&mut order.fields, "coupon_lines", coupons);
    state.sum_up(&mut order);
    refresh(&mut order.fields);
    order.set_status("pending");
    state.ledger.add(order.made());
    state.orders.insert(order_id, order);
    write_meta(state, order_id, fields, true);
    state.tell("order.created", order_id);
    let paid = fields.get("set_paid").and_then(boolean).unwrap_or(false);
    let status = match text(fields, "status") {
        "" | "pending" if paid => "processing",
        "" => "pending",
        status => status,
    };
    state.change_status(order_id, status);
    Ok(order_id)
}

/// Changes an order. Its status changes last.
pub(super) fn update(state: &mut State, order_id: u64, fields: &Fields) -> Result<(), Answer> {
    let order = state.orders.get_mut(&order_id).ok_or_else(|| invalid_id(400))?;
    store_plain(&mut order.fields, fields);
    let status = match text(fields, "status") {
        "" => order.status().to_owned(),
        status => status.to_owned(),
    };
    for line in objects(fields, "line_items") {
        write_line(state, order_id, line)?;
    }
    if fields.contains_key("line_items")
        && let Some(mut order) = state.orders.remove(&order_id)
    {
        state.sum_up(&mut order);
        refresh(&mut order.fields);
        state.orders.insert(order_id, order);
    }
    write_meta(state, order_id, fields, false);
    state.change_status(order_id, &status);
    Ok(())
}

/// An order as the API begins it.
fn blank(state: &mut State, order_id: u64) -> Fields {
    let key = format!("wc_order_{}", state.digits(13));
    let payment_url =
        format!("{}/checkout/order-pay/{order_id}/?pay_for_order=true&key={key}", state.home);
    let mut fields = blank_order();
    for (name, value) in [
        ("id", json!(order_id)),
        ("number", json!(order_id.to_string())),
        ("created_via", json!("rest-api")),
        ("currency", json!(state.market.currency)),
        ("currency_symbol", json!(state.market.symbol)),
        ("prices_include_tax", json!(state.settings.prices_include_tax)),
        ("order_key", json!(key)),
        ("cart_hash", json!("")),
        ("customer_ip_address", json!("")),
        ("customer_user_agent", json!("")),
        ("payment_method", json!("")),
        ("meta_data", json!([])),
        ("payment_url", json!(payment_url)),
        ("billing", address(&[""; 5], ("", ""), Some(("", "")))),
        ("shipping", address(&[""; 5], ("", ""), None)),
    ] {
        set(&mut fields, name, value);
    }
    let now = state.now();
    set_date(&mut fields, "created", Some(now), &state.market);
    set_date(&mut fields, "modified", Some(now), &state.market);
    fields
}

fn store_plain(order: &mut Fields, sent: &Fields) {
    for name in PLAIN {
        if let Some(value) = sent.get(name) {
            set(order, name, value.clone());
        }
    }
    if let Some(customer) = sent.get("customer_id").and_then(whole) {
        set(order, "customer_id", customer);
    }
    for name in ["billing", "shipping"] {
        let (Some(known), Some(sent)) = (
            order.get_mut(name).and_then(Value::as_object_mut),
            sent.get(name).and_then(Value::as_object),
        ) else {
            continue;
        };
        for (key, value) in sent {
            if let (true, Some(value)) = (known.contains_key(key), value.as_str()) {
                set(known, key, value);
            }
        }
    }
}

/// What depends on the lines: without a product nothing has to be made ready.
fn refresh(order: &mut Fields) {
    let goods = objects(order, "line_items").any(|line| id(line, "product_id") > 0);
    set(order, "needs_processing", goods);
}

fn cart(state: &State, fields: &Fields) -> Result<Cart, Answer> {
    let lines = objects(fields, "line_items").map(cart_line).collect();
    let mut coupons = Vec::new();
    for line in objects(fields, "coupon_lines") {
        let coupon = state.coupon_by_code(text(line, "code"));
        let coupon = coupon.filter(|coupon| coupon.restriction().is_none());
        let refused = || Answer::not_simulated("a coupon that does not exist or is restricted");
        coupons.push(coupon.ok_or_else(refused)?.id());
    }
    Ok(Cart { lines, coupons, to: destination(state, fields) })
}

fn cart_line(line: &Fields) -> CartLine {
    let item = match id(line, "variation_id") {
        0 => id(line, "product_id"),
        variation => variation,
    };
    CartLine { item, quantity: line.get("quantity").and_then(whole).unwrap_or(1) }
}

/// Where an order goes: to its shipping address, else to its billing address, else to the shop.
fn destination(state: &State, fields: &Fields) -> Place {
    let named = ["shipping", "billing"].into_iter().find_map(|name| {
        let address = fields.get(name)?.as_object()?;
        let country = text(address, "country");
        (!country.is_empty()).then(|| Place {
            country: country.to_owned(),
            state: text(address, "state").to_owned(),
        })
    });
    named.unwrap_or_else(|| state.market.place())
}

fn shipping_lines(state: &mut State, cart: &Cart, fields: &Fields) -> Vec<Value> {
    let classes: Vec<String> = cart.lines.iter().map(|line| state.tax_class(line.item)).collect();
    let sent = objects(fields, "shipping_lines");
    sent.map(|sent| {
        let rates = state.settings.shipping_rates(&classes, &cart.to);
        let mut line = state.settings.other_amounts(&Taxed::on_top(money(sent, "total"), &rates));
        for (key, value) in [
            ("id", json!(state.take_row_id())),
            ("method_title", json!(text(sent, "method_title"))),
            ("method_id", json!(text(sent, "method_id"))),
            ("instance_id", json!("")),
            ("tax_status", json!("taxable")),
            ("meta_data", json!([])),
        ] {
            set(&mut line, key, value);
        }
        Value::Object(line)
    })
    .collect()
}

fn fee_lines(state: &mut State, order: &Fields, to: &Place, fields: &Fields) -> Vec<Value> {
    let sent = objects(fields, "fee_lines");
    sent.map(|sent| {
        let (total, class) = (money(sent, "total"), text(sent, "tax_class"));
        let taxed = if total < Decimal::ZERO {
            state.settings.rebate(total, order, to)
        } else {
            Taxed::on_top(total, &state.settings.rates(class, to))
        };
        let mut line = state.settings.other_amounts(&taxed);
        for (key, value) in [
            ("id", json!(state.take_row_id())),
            ("name", json!(escaped(text(sent, "name")))),
            ("tax_class", json!(class)),
            ("tax_status", json!("taxable")),
            ("amount", json!("")),
            ("meta_data", json!([])),
        ] {
            set(&mut line, key, value);
        }
        Value::Object(line)
    })
    .collect()
}

/// The metadata that was sent with a new order's lines.
fn keep_line_meta(state: &mut State, order: &mut Fields, fields: &Fields) {
    let sent: Vec<&Fields> = objects(fields, "line_items").collect();
    let lines = order.get_mut("line_items").and_then(Value::as_array_mut);
    for (line, sent) in lines.into_iter().flatten().zip(sent) {
        for meta in objects(sent, "meta_data") {
            let (key, value) = (text(meta, "key"), meta.get("value"));
            let shown = json!({
                "id": state.take_row_id(), "key": key, "value": value,
                "display_key": key, "display_value": value,
            });
            if let Some(all) = line.get_mut("meta_data").and_then(Value::as_array_mut) {
                all.push(shown);
            }
        }
    }
}

/// Writes an order's metadata; what it keeps for itself is not among it.
fn write_meta(state: &mut State, order_id: u64, fields: &Fields, new: bool) {
    let Some(mut order) = state.orders.remove(&order_id) else {
        return;
    };
    let mut sent = fields.clone();
    if let Some(all) = sent.get_mut("meta_data").and_then(Value::as_array_mut) {
        let kept = |entry: &Value| entry["key"] == STOCK_REDUCED;
        if let Some(flag) = all.iter().find(|entry| kept(entry)) {
            order.stock_reduced = flag["value"] == "yes";
        }
        all.retain(|entry| !kept(entry));
    }
    store_meta(&mut order.fields, &sent, || state.take_row_id());
    if new && let Some(all) = order.fields.get_mut("meta_data").and_then(Value::as_array_mut) {
        all.sort_by(|one, other| one["key"].as_str().cmp(&other["key"].as_str()));
    }
    for entry in objects(&sent, "meta_data").filter(|_| !new) {
        let key = text(entry, "key").to_owned();
        state.ledger.add(LedgerEvent::OrderMetadataWritten { order: order_id, key });
    }
    state.orders.insert(order_id, order);
}

/// Adds a line that was sent without an id, takes away one that was sent without a product or with
/// no unit, and changes how many units another has; what it costs stays as it is.
fn write_line(state: &mut State, order_id: u64, sent: &Fields) -> Result<(), Answer> {
    let row = id(sent, "id");
    if row == 0 {
        return add_line(state, order_id, sent);
    }
    let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(400))?;
    if !objects(&order.fields, "line_items").any(|line| id(line, "id") == row) {
        return Err(Answer::not_simulated("changing a line that the order does not have"));
    }
    let quantity = sent.get("quantity").and_then(whole);
    let gone = quantity == Some(0) || sent.get("product_id").is_some_and(Value::is_null);
    if gone {
        state.follow_quantity(order_id, row, 0);
        if let Some(order) = state.orders.get_mut(&order_id)
            && let Some(lines) = order.fields.get_mut("line_items").and_then(Value::as_array_mut)
        {
            lines.retain(|line| line["id"] != row);
        }
        return Ok(());
    }
    if ["product_id", "variation_id", "meta_data"].iter().any(|name| sent.contains_key(*name)) {
        return Err(Answer::not_simulated("changing more of an order's line than its quantity"));
    }
    if let Some(quantity) = quantity {
        state.change_line(order_id, row, |line| {
            let price = unit_price(money(line, "total"), quantity);
            set(line, "quantity", quantity);
            set(line, "price", price);
        });
        state.follow_quantity(order_id, row, quantity);
    }
    Ok(())
}

fn add_line(state: &mut State, order_id: u64, sent: &Fields) -> Result<(), Answer> {
    let order = state.orders.get(&order_id).ok_or_else(|| invalid_id(400))?;
    let to = destination(state, &order.fields);
    let cart = Cart { lines: vec![cart_line(sent)], coupons: Vec::new(), to };
    let priced = state.price_cart(&cart, MadeBy::Api);
    let lines = state.goods_lines(&cart, &priced);
    let Some(line) = lines.into_iter().next() else {
        return Ok(());
    };
    let (row, quantity) = (line["id"].as_u64().unwrap_or(0), line["quantity"].as_i64());
    if let Some(order) = state.orders.get_mut(&order_id)
        && let Some(lines) = order.fields.get_mut("line_items").and_then(Value::as_array_mut)
    {
        lines.push(line);
    }
    state.follow_quantity(order_id, row, quantity.unwrap_or(0));
    Ok(())
}
