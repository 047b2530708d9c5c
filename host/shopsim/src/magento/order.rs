//! Orders and their documents, and what the API shows of them.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts::{Row, TAX_PERCENT, shipping, tax_within};
use super::product::number;
use super::state::moment;

/// A line of an order. One of a product in several shapes has another one below it.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub id: u64,
    /// Of the one below it: its own line.
    pub shape: Option<(u64, u64, String)>,
    pub product: u64,
    pub sku: String,
    pub name: String,
    /// Whether the shop counts it.
    pub counted: bool,
    pub ordered: i64,
    pub cancelled: i64,
    pub invoiced: i64,
    pub shipped: i64,
    pub refunded: i64,
    /// Of what was refunded: what had not been sent.
    pub refunded_unsent: i64,
    pub row: Row,
    /// What was given back of it, tax included, discount off.
    pub given_back: Decimal,
    /// The tax in that.
    pub tax_given_back: Decimal,
    /// The discount in that.
    pub discount_given_back: Decimal,
}

impl Line {
    /// What can still be sent.
    pub(crate) const fn unsent(&self) -> i64 {
        self.ordered - self.cancelled - self.shipped - self.refunded_unsent
    }

    /// What was paid and can be given back.
    pub(crate) const fn refundable(&self) -> i64 {
        self.invoiced - self.refunded
    }
}

/// A comment.
#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub id: u64,
    pub text: String,
    pub at: Timestamp,
    pub notified: bool,
    pub status: String,
}

impl Comment {
    fn json(&self, parent: u64) -> Value {
        json!({
            "comment": self.text, "created_at": moment(self.at), "entity_id": self.id,
            "is_customer_notified": i64::from(self.notified), "is_visible_on_front": 0,
            "parent_id": parent,
        })
    }
}

/// An order.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub id: u64,
    pub state: String,
    pub status: String,
    /// State and status before it was held.
    pub held_from: Option<(String, String)>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub method: String,
    pub coupon: Option<String>,
    pub company: String,
    pub country: String,
    pub lines: Vec<Line>,
    pub comments: Vec<Comment>,
    pub paid: Decimal,
    pub refunded: Decimal,
    pub refunded_online: Decimal,
    /// Of shipping, tax included.
    pub shipping_refunded: Decimal,
}

impl Order {
    pub(crate) fn increment_id(&self) -> String {
        format!("{:09}", self.id)
    }

    pub(crate) fn total(&self) -> Decimal {
        self.lines.iter().map(|line| line.row.paid()).sum::<Decimal>() + shipping()
    }

    pub(crate) fn invoiced(&self) -> Decimal {
        if self.lines.iter().any(|line| line.invoiced > 0) { self.total() } else { Decimal::ZERO }
    }

    /// What can still be given back.
    pub(crate) fn refundable(&self) -> Decimal {
        self.paid - self.refunded
    }

    pub(crate) fn json(&self) -> Value {
        let total = self.total();
        let shipping_tax = tax_within(shipping());
        let tax: Decimal =
            self.lines.iter().map(|line| line.row.tax).sum::<Decimal>() + shipping_tax;
        let discount: Decimal = self.lines.iter().map(|line| line.row.discount).sum();
        let refunded_tax = tax_within(self.shipping_refunded);
        let items: Vec<Value> = self.lines.iter().flat_map(|line| self.items(line)).collect();
        let mut order = json!({
            "base_currency_code": "EUR", "order_currency_code": "EUR", "store_currency_code": "EUR",
            "global_currency_code": "EUR",
            "base_discount_amount": number(-discount), "discount_amount": number(-discount),
            "base_grand_total": number(total), "grand_total": number(total),
            "base_shipping_amount": number(shipping() - shipping_tax),
            "base_shipping_incl_tax": number(shipping()), "shipping_incl_tax": number(shipping()),
            "base_shipping_discount_amount": 0, "shipping_discount_amount": 0,
            "base_shipping_tax_amount": number(shipping_tax),
            "base_tax_amount": number(tax), "tax_amount": number(tax),
            "base_total_due": number(total - self.paid), "total_due": number(total - self.paid),
            "created_at": moment(self.created_at), "updated_at": moment(self.updated_at),
            "customer_email": "mario@example.test", "customer_firstname": "Mario",
            "customer_lastname": "Rossi", "customer_group_id": 0, "customer_is_guest": 1,
            "entity_id": self.id, "increment_id": self.increment_id(),
            "remote_ip": "127.0.0.1", "shipping_description": "Flat Rate - Fixed",
            "state": self.state, "status": self.status, "store_id": 1,
            "total_item_count": self.lines.len(),
            "items": items,
            "billing_address": self.address("billing"),
            "payment": { "method": self.method, "parent_id": self.id },
            "status_histories": self.comments.iter().map(|comment| {
                let mut json = comment.json(self.id);
                json["status"] = json!(comment.status);
                json
            }).collect::<Vec<_>>(),
            "extension_attributes": {
                "shipping_assignments": [{
                    "shipping": { "address": self.address("shipping"), "method": "flatrate_flatrate" },
                    "items": [],
                }],
            },
        });
        if self.paid > Decimal::ZERO {
            order["base_total_invoiced"] = number(self.invoiced());
            order["base_total_paid"] = number(self.paid);
            order["total_paid"] = number(self.paid);
            order["base_shipping_refunded"] = number(self.shipping_refunded - refunded_tax);
            order["base_shipping_tax_refunded"] = number(refunded_tax);
        }
        if self.refunded > Decimal::ZERO {
            order["base_total_refunded"] = number(self.refunded);
            order["total_refunded"] = number(self.refunded);
            order["base_total_online_refunded"] = number(self.refunded_online);
            order["base_total_offline_refunded"] = number(self.refunded - self.refunded_online);
        }
        if let Some(code) = &self.coupon {
            order["coupon_code"] = json!(code);
        }
        order
    }

    fn items(&self, line: &Line) -> Vec<Value> {
        let row = &line.row;
        let compensation = row.compensation;
        let given_net = line.given_back - line.tax_given_back;
        // `row_total` is net less the gross discount: nobody should go by it.
        let mut item = json!({
            "item_id": line.id, "order_id": self.id, "product_id": line.product,
            "product_type": if line.shape.is_some() { "configurable" } else { "simple" },
            "sku": line.sku, "name": line.name, "store_id": 1, "tax_percent": TAX_PERCENT,
            "qty_ordered": line.ordered, "qty_canceled": line.cancelled,
            "qty_invoiced": line.invoiced, "qty_shipped": line.shipped,
            "qty_refunded": line.refunded,
            "base_original_price": number(row.price),
            "base_price": number(row.price - tax_within(row.price)),
            "base_price_incl_tax": number(row.price), "price_incl_tax": number(row.price),
            "base_row_total": number(row.net() - row.discount),
            "base_row_total_incl_tax": number(row.paid()), "row_total_incl_tax": number(row.paid()),
            "base_tax_amount": number(row.tax), "tax_amount": number(row.tax),
            "base_discount_amount": number(row.discount), "discount_amount": number(row.discount),
            "base_discount_tax_compensation_amount": number(compensation),
            "base_amount_refunded": 0,
            "created_at": moment(self.created_at), "updated_at": moment(self.updated_at),
        });
        if line.refunded > 0 {
            // What stands there is before the discount, and the tax that goes with it apart.
            let discount = line.discount_given_back;
            let within =
                tax_within(given_net + line.tax_given_back + discount) - line.tax_given_back;
            item["base_amount_refunded"] = number(given_net + discount - within);
            item["base_tax_refunded"] = number(line.tax_given_back);
            item["base_discount_refunded"] = number(discount);
            item["base_discount_tax_compensation_refunded"] = number(within);
        }
        let mut items = vec![item];
        if let Some((id, product, name)) = &line.shape {
            items.push(json!({
                "item_id": id, "order_id": self.id, "parent_item_id": line.id,
                "product_id": product, "product_type": "simple", "sku": line.sku, "name": name,
                "store_id": 1, "tax_percent": 0,
                "qty_ordered": line.ordered, "qty_canceled": line.cancelled,
                "qty_invoiced": line.invoiced, "qty_shipped": line.shipped,
                "qty_refunded": line.refunded,
                "base_price": 0, "base_row_total": 0, "base_row_total_incl_tax": 0,
                "base_tax_amount": 0, "base_discount_amount": 0, "base_amount_refunded": 0,
                "created_at": moment(self.created_at), "updated_at": moment(self.updated_at),
            }));
        }
        items
    }

    fn address(&self, kind: &str) -> Value {
        let mut address = json!({
            "address_type": kind, "city": "Bologna", "country_id": self.country,
            "email": "mario@example.test", "firstname": "Mario", "lastname": "Rossi",
            "parent_id": self.id, "postcode": "40121", "region": "Bologna", "region_code": "BO",
            "street": ["Via Garibaldi 12"], "telephone": "+39 051 1234567",
        });
        if !self.company.is_empty() {
            address["company"] = json!(self.company);
        }
        address
    }
}

/// An invoice of a whole order.
#[derive(Debug, Clone)]
pub(crate) struct Invoice {
    pub id: u64,
    pub order: u64,
    pub created_at: Timestamp,
    pub total: Decimal,
    /// The payment service's; absent: the merchant said that the money came.
    pub transaction: Option<String>,
}

impl Invoice {
    pub(crate) fn json(&self) -> Value {
        let mut invoice = json!({
            "entity_id": self.id, "increment_id": format!("{:09}", self.id),
            "order_id": self.order, "state": 2, "store_id": 1,
            "base_grand_total": number(self.total), "grand_total": number(self.total),
            "base_currency_code": "EUR", "order_currency_code": "EUR",
            "created_at": moment(self.created_at), "updated_at": moment(self.created_at),
            "items": [], "comments": [],
        });
        if let Some(transaction) = &self.transaction {
            invoice["transaction_id"] = json!(transaction);
        }
        invoice
    }
}

/// A shipment.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub id: u64,
    pub order: u64,
    pub created_at: Timestamp,
    /// Lines and how much of each.
    pub items: Vec<(u64, i64)>,
    /// Number, title and carrier of each track.
    pub tracks: Vec<(String, String, String)>,
    pub comments: Vec<Comment>,
    pub source: String,
}

impl Shipment {
    pub(crate) fn json(&self) -> Value {
        let track = |(number, title, carrier): &(String, String, String)| {
            json!({
                "order_id": self.order, "parent_id": self.id, "track_number": number,
                "title": title, "carrier_code": carrier,
                "created_at": moment(self.created_at), "updated_at": moment(self.created_at),
            })
        };
        let item =
            |(line, quantity): &(u64, i64)| json!({ "order_item_id": line, "qty": quantity });
        json!({
            "entity_id": self.id, "increment_id": format!("{:09}", self.id),
            "order_id": self.order, "store_id": 1, "packages": [],
            "total_qty": self.items.iter().map(|(_, quantity)| quantity).sum::<i64>(),
            "created_at": moment(self.created_at), "updated_at": moment(self.created_at),
            "items": self.items.iter().map(item).collect::<Vec<_>>(),
            "tracks": self.tracks.iter().map(track).collect::<Vec<_>>(),
            "comments": self.comments.iter().map(|known| known.json(self.id)).collect::<Vec<_>>(),
            "extension_attributes": { "source_code": self.source },
        })
    }
}

/// A credit memo.
#[derive(Debug, Clone)]
pub(crate) struct CreditMemo {
    pub id: u64,
    pub order: u64,
    pub invoice: Option<u64>,
    pub created_at: Timestamp,
    pub total: Decimal,
    pub adjustment: Decimal,
    /// Line, quantity, gross before the discount, discount, tax.
    pub items: Vec<MemoItem>,
    /// The payment service's; absent: it sent nothing.
    pub transaction: Option<String>,
    pub comments: Vec<Comment>,
}

/// A line of a credit memo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MemoItem {
    pub line: u64,
    pub quantity: i64,
    pub gross: Decimal,
    pub discount: Decimal,
    pub tax: Decimal,
}

impl CreditMemo {
    pub(crate) fn json(&self) -> Value {
        let item = |item: &MemoItem| {
            let within = tax_within(item.gross);
            json!({
                "order_item_id": item.line, "qty": item.quantity, "parent_id": self.id,
                "base_row_total": number(item.gross - within),
                "base_discount_tax_compensation_amount": number(within - item.tax),
                "base_row_total_incl_tax": number(item.gross),
                "base_discount_amount": number(item.discount),
                "base_tax_amount": number(item.tax),
            })
        };
        let mut memo = json!({
            "entity_id": self.id, "increment_id": format!("{:09}", self.id),
            "order_id": self.order, "state": 2, "store_id": 1,
            "base_grand_total": number(self.total), "grand_total": number(self.total),
            "base_adjustment": number(self.adjustment),
            "base_currency_code": "EUR", "order_currency_code": "EUR",
            "created_at": moment(self.created_at), "updated_at": moment(self.created_at),
            "items": self.items.iter().map(item).collect::<Vec<_>>(),
            "comments": self.comments.iter().map(|known| known.json(self.id)).collect::<Vec<_>>(),
        });
        if let Some(invoice) = self.invoice {
            memo["invoice_id"] = json!(invoice);
        }
        if let Some(transaction) = &self.transaction {
            memo["transaction_id"] = json!(transaction);
        }
        memo
    }
}
