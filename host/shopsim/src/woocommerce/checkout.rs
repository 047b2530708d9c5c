//! A customer at the till.
//!
//! The till looks at the stock before it sells (the REST API would not), then the order goes from
//! draft to processing in one step. What is told follows the order that was observed: the draft
//! first, as an update; then the update to processing; only then that the order was created.

use rand::RngExt;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::cart::{Cart, CartLine, MadeBy, Priced};
use super::fields::{Fields, escaped, line_meta, money, object, set, set_date};
use super::gateway::Gateway;
use super::item::Item;
use super::order::Order;
use super::settings::Place;
use super::state::State;
use super::totals::Taxed;
use super::{BuyError, PlacedOrder, Purchase};

/// Who buys, as the order will show it: first and last name, street.
pub(crate) const BUYERS: [(&str, &str, &str); 6] = [
    ("Giulia", "Bianchi", "Via Verdi 3"),
    ("Mario", "Rossi", "Via Garibaldi 12"),
    ("Anna", "O'Neil", "Corso Italia 7"),
    ("Luca", "Ferrari", "Piazza Dante 1"),
    ("Sara", "Conti", "Via Mazzini 21"),
    ("Nicolò", "D'Amico", "Viale Trento 5"),
];

/// How a payment goes on once the order is there.
enum Payment {
    /// On delivery: the goods are made ready, and nothing is paid yet.
    OnDelivery,
    /// By bank transfer, which the order waits for.
    Transfer,
    /// At once.
    Paid(Gateway),
}

impl Payment {
    fn title(&self) -> &str {
        match self {
            Self::OnDelivery => "Cash on delivery",
            Self::Transfer => "Direct bank transfer",
            Self::Paid(gateway) => &gateway.title,
        }
    }
}

impl State {
    /// Sells, or says why not; nothing is changed then.
    pub(crate) fn check_out(&mut self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        self.follow_sales();
        let cart = self.check(purchase)?;
        let payment = self.payment(&purchase.payment_method)?;
        let order_id = self.draft(&cart, purchase);
        self.tell_frozen("order.updated", order_id);
        self.fill_in_buyer(order_id, purchase, &payment);
        self.count_coupons(&cart, order_id);
        self.pay(order_id, &cart, &payment);
        self.tell("order.created", order_id);
        let sold = cart.lines.iter().filter_map(|line| {
            let item = self.items.get(&line.item)?;
            Some((item.sku().to_owned(), item.name().replace("&amp;", "&"), line.quantity))
        });
        Ok(PlacedOrder { id: order_id, number: order_id.to_string(), lines: sold.collect() })
    }

    fn payment(&self, method: &str) -> Result<Payment, BuyError> {
        match method {
            "" | "cod" => Ok(Payment::OnDelivery),
            "bacs" => Ok(Payment::Transfer),
            other => match self.gateway(other) {
                Some(gateway) => Ok(Payment::Paid(gateway.clone())),
                None => Err(BuyError::UnknownPayment(other.to_owned())),
            },
        }
    }

    fn check(&self, purchase: &Purchase) -> Result<Cart, BuyError> {
        if purchase.lines.is_empty() {
            return Err(BuyError::Empty);
        }
        let mut cart = Cart { to: self.destination(&purchase.country), ..Cart::default() };
        for (sku, quantity) in &purchase.lines {
            let item = self.by_sku(sku).ok_or_else(|| BuyError::UnknownSku(sku.clone()))?;
            if *quantity < 1 {
                return Err(BuyError::Quantity { sku: sku.clone(), quantity: *quantity });
            }
            if !self.items.get(&item).is_some_and(Item::is_for_sale) {
                return Err(BuyError::NotForSale(sku.clone()));
            }
            // The same product twice in a cart is one line.
            match cart.lines.iter_mut().find(|line| line.item == item) {
                Some(line) => line.quantity = line.quantity.saturating_add(*quantity),
                None => cart.lines.push(CartLine { item, quantity: *quantity }),
            }
        }
        for code in &purchase.coupons {
            let coupon =
                self.coupon_by_code(code).ok_or_else(|| BuyError::UnknownCoupon(code.clone()))?;
            if let Some(restriction) = coupon.restriction() {
                return Err(BuyError::CouponNotSimulated { code: code.clone(), restriction });
            }
            cart.coupons.push(coupon.id());
        }
        self.check_coupons(&cart)?;
        self.check_stock(&cart)?;
        Ok(cart)
    }

    fn destination(&self, country: &str) -> Place {
        let home = self.market.place();
        if country.is_empty() || country == home.country {
            return home;
        }
        Place { country: country.to_owned(), state: String::new() }
    }

    /// Whether each coupon may be used, with this cart and now.
    fn check_coupons(&self, cart: &Cart) -> Result<(), BuyError> {
        let price = |line: &CartLine| {
            let item = self.items.get(&line.item);
            let price = item.map(|item| money(&item.fields, "price")).unwrap_or_default();
            price * Decimal::from(line.quantity)
        };
        let goods: Decimal = cart.lines.iter().map(price).sum();
        let coupons = cart.coupons.iter().filter_map(|coupon| self.coupons.get(coupon));
        for coupon in coupons {
            if let Some(reason) = coupon.refusal(goods, self.now()) {
                return Err(BuyError::CouponRefused { code: coupon.code().to_owned(), reason });
            }
        }
        Ok(())
    }

    fn check_stock(&self, cart: &Cart) -> Result<(), BuyError> {
        for line in &cart.lines {
            let Some(owner) = self.stock_owner(line.item) else {
                continue;
            };
            let Some(stock) = self.items.get(&owner) else {
                continue;
            };
            let available = stock.quantity().unwrap_or(0);
            let together = cart
                .lines
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
        Ok(())
    }

    /// The order as the cart page makes it: lines and amounts, nobody's name.
    fn draft(&mut self, cart: &Cart, purchase: &Purchase) -> u64 {
        let order_id = self.take_post_id();
        let priced = self.price_cart(cart, MadeBy::Checkout);
        let key = format!("wc_order_{}", self.digits(13));
        let payment_url =
            format!("{}/checkout/order-pay/{order_id}/?pay_for_order=true&key={key}", self.home);
        let place = (cart.to.country.as_str(), cart.to.state.as_str());
        let mut fields = blank_order();
        for (name, value) in [
            ("id", json!(order_id)),
            ("number", json!(order_id.to_string())),
            ("currency", json!(self.market.currency)),
            ("currency_symbol", json!(self.market.symbol)),
            ("prices_include_tax", json!(self.settings.prices_include_tax)),
            ("order_key", json!(key)),
            ("cart_hash", json!(self.digits(32))),
            ("meta_data", self.checkout_meta(&purchase.meta)),
            ("payment_url", json!(payment_url)),
            ("billing", address(&["", "", "", "", ""], place, Some(("", "")))),
            ("shipping", address(&["", "", "", "", ""], place, None)),
        ] {
            set(&mut fields, name, value);
        }
        self.fill_in_lines(&mut fields, cart, &priced);
        let now = self.now();
        set_date(&mut fields, "created", Some(now), &self.market);
        set_date(&mut fields, "modified", Some(now), &self.market);
        let mut order = Order::new(fields);
        self.sum_up(&mut order);
        order.set_status("checkout-draft");
        self.ledger.add(order.made());
        self.orders.insert(order_id, order);
        order_id
    }

    /// Fills in the lines of an order of the checkout.
    pub(crate) fn fill_in_lines(&mut self, fields: &mut Fields, cart: &Cart, priced: &Priced) {
        let lines = self.goods_lines(cart, priced);
        let shipping: Vec<Value> = self.shipping_line(cart).into_iter().collect();
        let fees = self.fee_lines(&cart.to);
        let coupons = self.coupon_lines(cart, priced, MadeBy::Checkout);
        set(fields, "line_items", lines);
        set(fields, "tax_lines", json!([]));
        set(fields, "shipping_lines", shipping);
        set(fields, "fee_lines", fees);
        set(fields, "coupon_lines", coupons);
    }

    fn shipping_line(&mut self, cart: &Cart) -> Option<Value> {
        let net = self.settings.shipping?;
        let classes: Vec<String> =
            cart.lines.iter().map(|line| self.tax_class(line.item)).collect();
        let rates = self.settings.shipping_rates(&classes, &cart.to);
        let mut fields = self.settings.other_amounts(&Taxed::on_top(net, &rates));
        let packed: Vec<String> = cart
            .lines
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

    fn fee_lines(&mut self, to: &Place) -> Vec<Value> {
        let fees = self.settings.fees.clone();
        fees.into_iter()
            .map(|fee| {
                let rates = self.settings.rates(&fee.tax_class, to);
                let mut fields = self.settings.other_amounts(&Taxed::on_top(fee.amount, &rates));
                for (key, value) in [
                    ("id", json!(self.take_row_id())),
                    ("name", json!(fee.name)),
                    ("tax_class", json!(fee.tax_class)),
                    ("tax_status", json!("taxable")),
                    ("amount", json!(fee.amount.normalize().to_string())),
                    ("meta_data", json!([])),
                ] {
                    set(&mut fields, key, value);
                }
                Value::Object(fields)
            })
            .collect()
    }

    /// What the checkout notes of itself, and what it was asked to.
    fn checkout_meta(&mut self, asked: &[(String, String)]) -> Value {
        let mut meta = Vec::new();
        for key in ["_coupons_hash", "_fees_hash", "_shipping_hash", "_taxes_hash"] {
            let (row, value) = (self.take_row_id(), self.digits(32));
            meta.push(json!({ "id": row, "key": key, "value": value }));
        }
        for (key, value) in asked {
            let row = self.take_row_id();
            meta.push(json!({ "id": row, "key": key, "value": value }));
        }
        let row = self.take_row_id();
        meta.push(json!({ "id": row, "key": "is_vat_exempt", "value": "no" }));
        json!(meta)
    }

    fn fill_in_buyer(&mut self, order_id: u64, purchase: &Purchase, payment: &Payment) {
        let (first, last, street) = BUYERS[self.random.random_range(0..BUYERS.len())];
        let market = &self.market;
        let lines = [first, last, street, market.city, market.postcode];
        let to = self.destination(&purchase.country);
        let place = (to.country.as_str(), to.state.as_str());
        let mailbox = first.to_lowercase().replace('ò', "o");
        let mail = format!("{mailbox}@example.test");
        let mut billing = address(&lines, place, Some((&mail, market.phone)));
        let mut shipping = address(&lines, place, None);
        billing["company"] = json!(escaped(&purchase.company));
        shipping["company"] = json!(escaped(&purchase.company));
        shipping["phone"] = json!(market.phone);
        let Some(order) = self.orders.get_mut(&order_id) else {
            return;
        };
        let method = match payment {
            Payment::OnDelivery => "cod",
            Payment::Transfer => "bacs",
            Payment::Paid(gateway) => &gateway.id,
        };
        set(&mut order.fields, "billing", billing);
        set(&mut order.fields, "shipping", shipping);
        set(&mut order.fields, "payment_method", method);
        set(&mut order.fields, "payment_method_title", payment.title());
    }

    /// Counts the use of the cart's coupons.
    fn count_coupons(&mut self, cart: &Cart, order_id: u64) {
        let order = self.orders.get(&order_id);
        let buyer = order.map(|order| order.fields["billing"]["email"].clone());
        for coupon in &cart.coupons {
            let Some(coupon) = self.coupons.get_mut(coupon) else {
                continue;
            };
            let count = coupon.fields["usage_count"].as_u64().unwrap_or(0) + 1;
            set(&mut coupon.fields, "usage_count", count);
            if let Some(used_by) = coupon.fields.get_mut("used_by").and_then(Value::as_array_mut) {
                used_by.extend(buyer.clone());
            }
        }
    }

    fn pay(&mut self, order_id: u64, cart: &Cart, payment: &Payment) {
        match payment {
            Payment::OnDelivery => {
                self.change_status(order_id, "processing");
            }
            Payment::Transfer => {
                self.change_status(order_id, "on-hold");
            }
            Payment::Paid(gateway) => {
                let held = cart.lines.iter().filter_map(|line| {
                    let item = self.items.get(&line.item)?;
                    Some(format!(
                        "<br>- {} ({}) &times; {}",
                        item.name(),
                        item.sku(),
                        line.quantity
                    ))
                });
                let held: String = held.collect();
                self.note_by_shop(
                    order_id,
                    &format!("Stock hold of 60 minutes applied to: {held}"),
                );
                let transaction = format!("TX-{order_id}");
                let note = format!("Payment via {} ({transaction}).", gateway.title);
                self.note_by_shop(order_id, &note);
                if let Some(order) = self.orders.get_mut(&order_id) {
                    set(&mut order.fields, "transaction_id", transaction);
                }
                self.change_status(order_id, "processing");
            }
        }
    }

    /// Fills the totals of an order from its lines.
    pub(crate) fn sum_up(&mut self, order: &mut Order) {
        let settings = self.settings.clone();
        settings.sum_up(order, || self.take_row_id());
    }
}

/// First and last name, street, city and postcode; country and state; e-mail and phone.
pub(crate) fn address(
    lines: &[&str; 5],
    place: (&str, &str),
    contact: Option<(&str, &str)>,
) -> Value {
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

/// An order that nothing was filled in yet.
pub(crate) fn blank_order() -> Fields {
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
        "line_items": [],
        "tax_lines": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "needs_processing": true,
    }))
}
