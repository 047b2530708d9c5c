//! A customer at the till.
//!
//! The till looks at the stock before it sells (the REST API would not), then the order goes from
//! draft to processing in one step. What is told follows the order that was observed: the draft
//! first, as an update; then the update to processing; only then that the order was created.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand::RngExt;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::fields::{Fields, escaped, line_meta, money, object, objects, set, set_date, text};
use super::order::{Order, goods_amounts, shipping_amounts};
use super::state::State;
use super::{BuyError, PlacedOrder};

/// What is bought.
struct Wanted {
    item: u64,
    quantity: i64,
}

/// Who buys, as the order will show it: first and last name, street.
const BUYERS: [(&str, &str, &str); 6] = [
    ("Giulia", "Bianchi", "Via Verdi 3"),
    ("Mario", "Rossi", "Via Garibaldi 12"),
    ("Anna", "O'Neil", "Corso Italia 7"),
    ("Luca", "Ferrari", "Piazza Dante 1"),
    ("Sara", "Conti", "Via Mazzini 21"),
    ("Nicolò", "D'Amico", "Viale Trento 5"),
];

impl State {
    /// Sells, or says why not; nothing is changed then.
    pub(crate) fn buy(&mut self, lines: &[(String, i64)]) -> Result<PlacedOrder, BuyError> {
        let wanted = self.check(lines)?;
        let order_id = self.draft(&wanted);
        self.tell_frozen("order.updated", order_id);
        self.fill_in_buyer(order_id);
        self.change_status(order_id, "processing");
        self.tell("order.created", order_id);
        let sold = wanted.iter().filter_map(|line| {
            let item = self.items.get(&line.item)?;
            Some((item.sku().to_owned(), item.name().replace("&amp;", "&"), line.quantity))
        });
        Ok(PlacedOrder { id: order_id, number: order_id.to_string(), lines: sold.collect() })
    }

    fn check(&self, lines: &[(String, i64)]) -> Result<Vec<Wanted>, BuyError> {
        if lines.is_empty() {
            return Err(BuyError::Empty);
        }
        let mut wanted: Vec<Wanted> = Vec::new();
        for (sku, quantity) in lines {
            let item = self.by_sku(sku).ok_or_else(|| BuyError::UnknownSku(sku.clone()))?;
            if *quantity < 1 {
                return Err(BuyError::Quantity { sku: sku.clone(), quantity: *quantity });
            }
            let sellable = self
                .items
                .get(&item)
                .is_some_and(|item| !item.is_variable() && !text(&item.fields, "price").is_empty());
            if !sellable {
                return Err(BuyError::NotForSale(sku.clone()));
            }
            // The same product twice in a cart is one line.
            match wanted.iter_mut().find(|line| line.item == item) {
                Some(line) => line.quantity = line.quantity.saturating_add(*quantity),
                None => wanted.push(Wanted { item, quantity: *quantity }),
            }
        }
        for line in &wanted {
            let Some(owner) = self.stock_owner(line.item) else {
                continue;
            };
            let Some(stock) = self.items.get(&owner) else {
                continue;
            };
            let available = stock.quantity().unwrap_or(0);
            let together = wanted
                .iter()
                .filter(|other| self.stock_owner(other.item) == Some(owner))
                .fold(0_i64, |sum, other| sum.saturating_add(other.quantity));
            if together > available && stock.backorders() == "no" {
                let sku = self.items.get(&line.item).map(|item| item.ledger_name());
                return Err(BuyError::OutOfStock {
                    sku: sku.unwrap_or_default(),
                    wanted: together,
                    available,
                });
            }
        }
        Ok(wanted)
    }

    /// The order as the cart page makes it: lines and amounts, nobody's name.
    fn draft(&mut self, wanted: &[Wanted]) -> u64 {
        let order_id = self.take_post_id();
        let tax_row = self.take_row_id();
        let lines: Vec<Value> = wanted.iter().map(|line| self.goods_line(line)).collect();
        let shipping: Vec<Value> = self.shipping_line(wanted).into_iter().collect();
        let market = &self.market;
        let tax_lines = json!([{
            "id": tax_row, "rate_code": market.rate_code, "rate_id": market.rate_id,
            "label": market.rate_label, "compound": false, "tax_total": "0.00",
            "shipping_tax_total": "0.00", "rate_percent": 0, "meta_data": [],
        }]);
        let (currency, symbol) = (market.currency.clone(), market.symbol);
        let (include_tax, country, state) =
            (market.prices_include_tax, market.country, market.state);
        let key = format!("wc_order_{}", self.digits(13));
        let payment_url =
            format!("{}/checkout/order-pay/{order_id}/?pay_for_order=true&key={key}", self.home);
        let mut fields = blank_order();
        for (name, value) in [
            ("id", json!(order_id)),
            ("number", json!(order_id.to_string())),
            ("currency", json!(currency)),
            ("currency_symbol", json!(symbol)),
            ("prices_include_tax", json!(include_tax)),
            ("order_key", json!(key)),
            ("cart_hash", json!(self.digits(32))),
            ("meta_data", self.checkout_meta()),
            ("line_items", json!(lines)),
            ("tax_lines", tax_lines),
            ("shipping_lines", json!(shipping)),
            ("payment_url", json!(payment_url)),
            ("billing", address(&["", "", "", "", ""], (country, state), Some(("", "")))),
            ("shipping", address(&["", "", "", "", ""], (country, state), None)),
        ] {
            set(&mut fields, name, value);
        }
        let now = Timestamp::now();
        set_date(&mut fields, "created", Some(now), &self.market);
        set_date(&mut fields, "modified", Some(now), &self.market);
        let mut order = Order { fields, stock_reduced: false, refunded_at: BTreeMap::new() };
        order.sum_up(&self.market);
        order.set_status("checkout-draft");
        self.orders.insert(order_id, order);
        order_id
    }

    fn goods_line(&mut self, line: &Wanted) -> Value {
        let row = self.take_row_id();
        let Some(item) = self.items.get(&line.item).cloned() else {
            return Value::Null;
        };
        let parent = item.parent();
        let mut fields = goods_amounts(&self.market, money(&item.fields, "price"), line.quantity);
        let mut meta = Vec::new();
        if parent.is_some() {
            for attribute in objects(&item.fields, "attributes") {
                let (key, label) = (text(attribute, "slug"), text(attribute, "name"));
                let meta_row = self.take_row_id();
                meta.push(line_meta(meta_row, key, label, text(attribute, "option")));
            }
        }
        let owner = self.stock_owner(line.item).and_then(|owner| self.items.get(&owner));
        let missing = owner
            .filter(|owner| owner.backorders() == "notify")
            .and_then(|owner| owner.quantity())
            .map_or(0, |available| line.quantity - available.max(0));
        if missing > 0 {
            let meta_row = self.take_row_id();
            meta.push(line_meta(meta_row, "Backordered", "Backordered", &missing.to_string()));
        }
        let parent_name =
            parent.and_then(|parent| self.items.get(&parent)).map(|parent| parent.name());
        for (key, value) in [
            ("id", json!(row)),
            ("name", json!(item.name())),
            ("product_id", json!(parent.unwrap_or(line.item))),
            ("variation_id", json!(if parent.is_some() { line.item } else { 0 })),
            ("quantity", json!(line.quantity)),
            ("tax_class", json!(text(&item.fields, "tax_class"))),
            ("meta_data", json!(meta)),
            ("sku", json!(item.sku())),
            ("global_unique_id", json!(text(&item.fields, "global_unique_id"))),
            // Without a picture the shop's id is text for a product and a number for a variation.
            (
                "image",
                json!({ "id": if parent.is_some() { json!(0) } else { json!("") }, "src": "" }),
            ),
            ("parent_name", json!(parent_name)),
        ] {
            set(&mut fields, key, value);
        }
        Value::Object(fields)
    }

    fn shipping_line(&mut self, wanted: &[Wanted]) -> Option<Value> {
        let net = self.market.shipping?;
        let mut fields = shipping_amounts(&self.market, net);
        let packed: Vec<String> = wanted
            .iter()
            .filter_map(|line| {
                Some(format!("{} &times; {}", self.items.get(&line.item)?.name(), line.quantity))
            })
            .collect();
        let (row, meta_row) = (self.take_row_id(), self.take_row_id());
        for (key, value) in [
            ("id", json!(row)),
            ("method_title", json!("Corriere")),
            ("method_id", json!("flat_rate")),
            ("instance_id", json!("1")),
            ("tax_status", json!("taxable")),
            ("meta_data", json!([line_meta(meta_row, "Items", "Items", &packed.join(", "))])),
        ] {
            set(&mut fields, key, value);
        }
        Some(Value::Object(fields))
    }

    fn checkout_meta(&mut self) -> Value {
        let mut meta = Vec::new();
        for key in ["_coupons_hash", "_fees_hash", "_shipping_hash", "_taxes_hash"] {
            let (row, value) = (self.take_row_id(), self.digits(32));
            meta.push(json!({ "id": row, "key": key, "value": value }));
        }
        let row = self.take_row_id();
        meta.push(json!({ "id": row, "key": "is_vat_exempt", "value": "no" }));
        json!(meta)
    }

    fn fill_in_buyer(&mut self, order_id: u64) {
        let (first, last, street) = BUYERS[self.random.random_range(0..BUYERS.len())];
        let market = &self.market;
        let lines = [first, last, street, market.city, market.postcode];
        let place = (market.country, market.state);
        let mailbox = first.to_lowercase().replace('ò', "o");
        let billing =
            address(&lines, place, Some((&format!("{mailbox}@example.test"), market.phone)));
        let mut shipping = address(&lines, place, None);
        shipping["phone"] = json!(market.phone);
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        set(&mut order.fields, "billing", billing);
        set(&mut order.fields, "shipping", shipping);
        set(&mut order.fields, "payment_method_title", "Cash on delivery");
    }
}

/// First and last name, street, city and postcode; country and state; e-mail and phone.
fn address(lines: &[&str; 5], place: (&str, &str), contact: Option<(&str, &str)>) -> Value {
    let [first, last, street, city, postcode] = lines;
    let mut address = json!({
        "first_name": escaped(first),
        "last_name": escaped(last),
        "company": "",
        "address_1": escaped(street),
        "address_2": "",
        "city": city,
        "state": place.1,
        "postcode": postcode,
        "country": place.0,
        "phone": contact.map_or("", |contact| contact.1),
    });
    if let Some((email, _)) = contact {
        address["email"] = json!(email);
    }
    address
}

fn blank_order() -> Fields {
    object(json!({
        "parent_id": 0,
        "version": super::WOOCOMMERCE_VERSION,
        "customer_id": 0,
        "payment_method": "cod",
        "payment_method_title": "",
        "transaction_id": "",
        "customer_ip_address": "127.0.0.1",
        "customer_user_agent": "Mozilla/5.0",
        "created_via": "store-api",
        "customer_note": "",
        "date_completed": null,
        "date_completed_gmt": null,
        "date_paid": null,
        "date_paid_gmt": null,
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        "needs_processing": true,
        "total": money_zero(),
    }))
}

fn money_zero() -> String {
    super::order::amount_text(Decimal::ZERO, 2)
}
