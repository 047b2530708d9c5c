//! How an order comes to be, is called off, is paid and sent.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::amounts::cents;
use super::ids::{gid, moment};
use super::order::{
    Fulfillment, FulfillmentOrder, Hold, Line, Order, Refund, RefundLine, ToSend, Transaction,
};
use super::state::{Sequence, State};
use crate::ledger::LedgerEvent;
use crate::woocommerce::{BuyError, PlacedOrder, Purchase};

/// Payment methods of the shop's own, with what orders call them: somebody collects the money by hand.
const MANUAL: [(&str, &str); 2] = [("", "Bank Deposit"), ("cod", "Cash on Delivery (COD)")];
/// Percent that a coupon takes off.
const COUPON_PERCENT: i64 = 10;
/// How far orders of a history lie apart.
const APART: SignedDuration = SignedDuration::from_mins(7);

/// What is said of goods that no order has.
const NO_GOODS: &str = "Fulfillment order does not exist.";

impl Order {
    fn goods(&mut self, goods: u64) -> Result<&mut FulfillmentOrder, &'static str> {
        self.to_send.iter_mut().find(|known| known.id == goods).ok_or(NO_GOODS)
    }
}

impl State {
    /// A customer checks out.
    pub(crate) fn check_out(&mut self, purchase: &Purchase) -> Result<PlacedOrder, BuyError> {
        if purchase.lines.is_empty() {
            return Err(BuyError::Empty);
        }
        let method = purchase.payment_method.as_str();
        let manual = MANUAL.iter().find(|(id, _)| *id == method).map(|(_, title)| *title);
        if manual.is_none() && !self.gateways.iter().any(|gateway| gateway.id == method) {
            return Err(BuyError::UnknownPayment(method.to_owned()));
        }
        for (sku, quantity) in &purchase.lines {
            self.can_be_had(sku, *quantity)?;
        }
        let lines = purchase.lines.iter();
        let lines: Vec<Line> = lines
            .filter_map(|(sku, quantity)| self.line(sku, *quantity, !purchase.coupons.is_empty()))
            .collect();
        let mut order = self.order_of(lines, manual.unwrap_or(method), self.now());
        order.codes.clone_from(&purchase.coupons);
        order.company.clone_from(&purchase.company);
        if !purchase.country.is_empty() {
            order.country.clone_from(&purchase.country);
        }
        let (total, id) = (order.total(), order.id);
        order.transactions.push(Transaction {
            id: self.number(Sequence::Transaction),
            kind: "SALE",
            status: if manual.is_some() { "PENDING" } else { "SUCCESS" },
            gateway: order.gateway.clone(),
            manual: manual.is_some(),
            at: order.created_at,
            amount: total,
            parent: None,
        });
        let (status, total) = (order.financial_status().to_owned(), total.to_string());
        self.ledger.add(LedgerEvent::OrderMade { order: id, status, total });
        self.take_goods(&order);
        let subject = format!("Order {} confirmed", order.name());
        self.ledger.add(LedgerEvent::Mailed { to: "mario@example.test".to_owned(), subject });
        let placed = order.lines.iter();
        let placed = placed.map(|line| (line.sku.clone(), line.title.clone(), line.quantity));
        let placed = PlacedOrder { id, number: (1000 + id).to_string(), lines: placed.collect() };
        let payload = order.payload();
        self.orders.insert(id, order);
        self.tell("orders/create", id, &payload);
        Ok(placed)
    }

    /// Takes what was ordered from where it lies.
    fn take_goods(&mut self, order: &Order) {
        for goods in &order.to_send {
            for line in goods
                .lines
                .iter()
                .filter_map(|item| order.lines.iter().find(|line| line.id == item.line))
            {
                if self.variants.get(&line.variant).is_some_and(|variant| variant.tracked) {
                    let (sku, quantity) = (line.sku.clone(), line.quantity);
                    self.ledger.add(LedgerEvent::Sold { order: order.id, sku, quantity });
                    self.move_level(line.variant, goods.place, -line.quantity, line.quantity);
                }
            }
        }
    }

    fn can_be_had(&self, sku: &str, quantity: i64) -> Result<(), BuyError> {
        let variant = self.by_sku(sku).ok_or_else(|| BuyError::UnknownSku(sku.to_owned()))?;
        if !self.is_for_sale(variant) {
            return Err(BuyError::NotForSale(sku.to_owned()));
        }
        if quantity < 1 {
            return Err(BuyError::Quantity { sku: sku.to_owned(), quantity });
        }
        match self.available(sku) {
            Some(available) if available < quantity && !variant.oversold => {
                Err(BuyError::OutOfStock { sku: sku.to_owned(), wanted: quantity, available })
            }
            _ => Ok(()),
        }
    }

    fn line(&mut self, sku: &str, quantity: i64, coupon: bool) -> Option<Line> {
        let id = self.number(Sequence::Line);
        let variant = self.by_sku(sku)?;
        let product = self.products.get(&variant.product)?;
        let gross = variant.price * Decimal::from(quantity);
        let percent = Decimal::from(if coupon { COUPON_PERCENT } else { 0 });
        Some(Line {
            id,
            variant: variant.id,
            product: product.id,
            sku: sku.to_owned(),
            title: product.title.clone(),
            option: variant.title.clone(),
            quantity,
            price: variant.price,
            discount: cents(gross * percent / Decimal::from(100)),
            refunded: 0,
            fulfilled: 0,
            removed: 0,
        })
    }

    /// An order of these lines, each sent from the first place that has enough of it.
    fn order_of(&mut self, lines: Vec<Line>, gateway: &str, at: jiff::Timestamp) -> Order {
        let id = self.number(Sequence::Order);
        let mut places: BTreeMap<u64, Vec<ToSend>> = BTreeMap::new();
        for line in &lines {
            let variant = self.variants.get(&line.variant);
            let has_it = |place: &&u64| {
                let level = variant.and_then(|variant| variant.levels.get(place));
                level.is_some_and(|level| level.available >= line.quantity)
            };
            let place = self.places.iter().find(has_it).or_else(|| self.places.first());
            let place = place.copied().unwrap_or_default();
            let item = self.number(Sequence::ToSend);
            let item = ToSend { id: item, line: line.id, remaining: line.quantity };
            places.entry(place).or_default().push(item);
        }
        let to_send = places.into_iter().map(|(place, lines)| FulfillmentOrder {
            id: self.number(Sequence::FulfillmentOrder),
            place,
            holds: Vec::new(),
            lines,
            cancelled: false,
        });
        let to_send = to_send.collect();
        Order {
            id,
            created_at: at,
            updated_at: at,
            cancelled_at: None,
            gateway: gateway.to_owned(),
            tags: Vec::new(),
            note: String::new(),
            codes: Vec::new(),
            company: String::new(),
            country: "IT".to_owned(),
            customer: self.accounts.keys().next().copied(),
            lines,
            transactions: Vec::new(),
            refunds: Vec::new(),
            fulfillments: Vec::new(),
            to_send,
        }
    }

    /// Lets an order's date move, and tells of it.
    pub(crate) fn order_changed(&mut self, order: u64, topic: &str) {
        let now = self.now();
        let Some(known) = self.orders.get_mut(&order) else { return };
        known.updated_at = now;
        let payload = known.payload();
        if topic != "orders/updated" {
            let of_order = serde_json::json!({
                "order_id": order, "admin_graphql_api_id": gid("Order", order),
                "updated_at": moment(now),
            });
            self.tell(topic, order, &of_order);
        }
        self.tell("orders/updated", order, &payload);
    }

    /// The money for an order has come, by hand. False: nothing is to come.
    pub(crate) fn mark_paid(&mut self, order: u64) -> bool {
        let Some(known) = self.orders.get_mut(&order) else { return false };
        let pending = known.transactions.iter_mut().find(|known| known.status == "PENDING");
        let Some(pending) = pending else { return false };
        pending.status = "SUCCESS";
        self.order_changed(order, "order_transactions/create");
        true
    }

    /// Calls an order off; what was not sent is put back, no money moves.
    ///
    /// # Errors
    /// It cannot be called off; in words.
    pub(crate) fn cancel(&mut self, order: u64, note: &str) -> Result<(), &'static str> {
        let now = self.now();
        let known = self.orders.get(&order).ok_or("Order does not exist")?.clone();
        if known.cancelled_at.is_some() {
            return Err("Order has already been cancelled");
        }
        if known.lines.iter().any(|line| line.fulfilled > 0) {
            return Err("Cannot cancel an order that has been fulfilled");
        }
        let before = known.fulfillment_status().to_owned();
        let mut lines = Vec::new();
        for goods in &known.to_send {
            for item in goods.lines.iter().filter(|item| item.remaining > 0) {
                let quantity = item.remaining;
                self.put_back(order, item.line, goods.place, quantity, true);
                let place = Some(goods.place);
                lines.push(RefundLine {
                    line: item.line,
                    quantity,
                    place,
                    subtotal: Decimal::ZERO,
                });
            }
        }
        let id = self.number(Sequence::Refund);
        let refund = Refund { id, at: now, note: note.to_owned(), amount: Decimal::ZERO, lines };
        let Some(known) = self.orders.get_mut(&order) else { return Ok(()) };
        known.cancelled_at = Some(now);
        known.refunds.push(refund);
        for goods in &mut known.to_send {
            goods.cancelled = true;
            goods.holds.clear();
            for item in &mut goods.lines {
                item.remaining = 0;
            }
        }
        for line in &mut known.lines {
            line.removed = line.quantity;
            line.refunded = line.quantity;
        }
        let after = "CANCELLED".to_owned();
        self.ledger.add(LedgerEvent::StatusChanged { order, before, after });
        self.order_changed(order, "orders/updated");
        Ok(())
    }

    /// Puts units of a line back where they can be sold.
    pub(crate) fn put_back(
        &mut self,
        order: u64,
        line: u64,
        place: u64,
        quantity: i64,
        unsent: bool,
    ) {
        let line = self
            .orders
            .get(&order)
            .and_then(|order| order.lines.iter().find(|known| known.id == line).cloned());
        let Some(line) = line else { return };
        if self.variants.get(&line.variant).is_some_and(|variant| variant.tracked) {
            let sku = line.sku;
            self.ledger.add(LedgerEvent::Restored { order, sku, quantity });
            self.move_level(line.variant, place, quantity, if unsent { -quantity } else { 0 });
        }
    }

    /// The order that goods are of.
    fn order_of_goods(&mut self, goods: u64) -> Result<&mut Order, &'static str> {
        let mut orders = self.orders.values_mut();
        let order = orders.find(|order| order.to_send.iter().any(|known| known.id == goods));
        order.ok_or(NO_GOODS)
    }

    /// Hands goods to a carrier: these of a fulfilment order's items, or all that is left.
    ///
    /// # Errors
    /// They cannot be sent; in words.
    pub(crate) fn fulfil(
        &mut self,
        goods: u64,
        items: Option<&BTreeMap<u64, i64>>,
        company: &str,
        number: &str,
    ) -> Result<u64, &'static str> {
        let (id, now) = (self.number(Sequence::Fulfillment), self.now());
        let order = self.order_of_goods(goods)?;
        let known = order.goods(goods)?;
        if known.status() != "OPEN" {
            return Err("Fulfillment order has an unfulfillable status");
        }
        let wanted = |item: &ToSend| match items {
            None => item.remaining,
            Some(items) => items.get(&item.id).copied().unwrap_or_default(),
        };
        if known.lines.iter().any(|item| wanted(item) > item.remaining) {
            return Err("Invalid fulfillment order line item quantity requested.");
        }
        let place = known.place;
        let mut sent = Vec::new();
        for item in &mut known.lines {
            let quantity = wanted(item);
            if quantity > 0 {
                item.remaining -= quantity;
                sent.push((item.line, quantity));
            }
        }
        if sent.is_empty() {
            return Err("Nothing is to be sent.");
        }
        let mut variants = Vec::new();
        for (line, quantity) in &sent {
            if let Some(line) = order.lines.iter_mut().find(|known| known.id == *line) {
                line.fulfilled += quantity;
                variants.push((line.variant, *quantity));
            }
        }
        let (company, number) = (company.to_owned(), number.to_owned());
        order.fulfillments.push(Fulfillment { id, created_at: now, company, number, lines: sent });
        let order = order.id;
        for (variant, quantity) in variants {
            self.move_level(variant, place, 0, -quantity);
        }
        self.ledger.add(LedgerEvent::Shipped { order, shipment: id });
        self.order_changed(order, "fulfillments/create");
        Ok(id)
    }

    /// Sends all that is left of an order. False: nothing is, or it may not be.
    pub(crate) fn ship_all(&mut self, order: u64) -> bool {
        let Some(known) = self.orders.get(&order) else { return false };
        let open = known.to_send.iter().filter(|goods| goods.status() == "OPEN");
        let open: Vec<u64> = open.map(|goods| goods.id).collect();
        !open.is_empty() && open.into_iter().all(|goods| self.fulfil(goods, None, "", "").is_ok())
    }

    /// Holds goods back.
    ///
    /// # Errors
    /// They cannot be held; in words.
    pub(crate) fn hold(
        &mut self,
        goods: u64,
        handle: &str,
        by_app: bool,
    ) -> Result<u64, &'static str> {
        let id = self.number(Sequence::Hold);
        let order = self.order_of_goods(goods)?;
        let before = order.fulfillment_status().to_owned();
        let known = order.goods(goods)?;
        if !matches!(known.status(), "OPEN" | "ON_HOLD") {
            return Err("The fulfillment order is not in a holdable state.");
        }
        if known.holds.iter().any(|hold| hold.by_app == by_app && hold.handle == handle) {
            return Err("The handle provided for the fulfillment hold is already in use.");
        }
        known.holds.push(Hold { id, handle: handle.to_owned(), by_app });
        let (order, after) = (order.id, "ON_HOLD".to_owned());
        self.ledger.add(LedgerEvent::StatusChanged { order, before, after });
        self.order_changed(order, "orders/updated");
        Ok(id)
    }

    /// Lets goods go that were held by these holds, or by any of the app's.
    ///
    /// # Errors
    /// They are not held; in words.
    pub(crate) fn release(&mut self, goods: u64, holds: &[u64]) -> Result<(), &'static str> {
        let order = self.order_of_goods(goods)?;
        let before = order.fulfillment_status().to_owned();
        let known = order.goods(goods)?;
        let held = known.holds.len();
        known.holds.retain(|hold| !holds.contains(&hold.id));
        if known.holds.len() == held {
            return Err("The fulfillment order is not on hold.");
        }
        let (id, after) = (order.id, order.fulfillment_status().to_owned());
        self.ledger.add(LedgerEvent::StatusChanged { order: id, before, after });
        self.order_changed(id, "orders/updated");
        Ok(())
    }

    /// Adds so many counted products.
    pub(crate) fn add_bulk_products(
        &mut self,
        count: u32,
    ) -> Result<(), crate::woocommerce::SimError> {
        for number in 1..=count {
            self.add_product(&crate::woocommerce::Product {
                sku: Some(format!("BULK-{number:05}")),
                title: format!("Bulk {number}"),
                price: "9.90".to_owned(),
                stock: Some(100),
                ..crate::woocommerce::Product::default()
            })?;
        }
        Ok(())
    }

    /// Adds so many sent orders of what is sold, the last of them made just now.
    pub(crate) fn add_bulk_orders(&mut self, count: u32) {
        let sold = self.variants.values().filter(|variant| self.is_for_sale(variant));
        let sold: Vec<String> = sold.map(|variant| variant.sku.clone()).collect();
        if sold.is_empty() {
            return;
        }
        let now = self.now();
        for number in 0..count as usize {
            let skus = [&sold[number % sold.len()], &sold[(number * 7 + 3) % sold.len()]];
            let mut lines: Vec<Line> =
                skus.into_iter().filter_map(|sku| self.line(sku, 1, false)).collect();
            for line in &mut lines {
                line.fulfilled = line.quantity;
            }
            let ago = i32::try_from(count as usize - 1 - number).unwrap_or(i32::MAX);
            let at = now.saturating_sub(APART.saturating_mul(ago)).unwrap_or(now);
            let mut order = self.order_of(lines, MANUAL[0].1, at);
            for item in order.to_send.iter_mut().flat_map(|goods| &mut goods.lines) {
                item.remaining = 0;
            }
            order.transactions.push(Transaction {
                id: self.number(Sequence::Transaction),
                kind: "SALE",
                status: "SUCCESS",
                gateway: order.gateway.clone(),
                manual: true,
                at,
                amount: order.total(),
                parent: None,
            });
            self.orders.insert(order.id, order);
        }
    }
}
