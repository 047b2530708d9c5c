//! Orders, as the API shows them.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::amounts::{cents, money_set, shipping, tax_within};
use super::ids::{gid, moment};

#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub id: u64,
    pub variant: u64,
    pub product: u64,
    pub sku: String,
    pub title: String,
    pub option: String,
    pub quantity: i64,
    /// Of one, tax included.
    pub price: Decimal,
    /// What is taken off all of it.
    pub discount: Decimal,
    /// Given back, or called off.
    pub refunded: i64,
    /// Sent.
    pub fulfilled: i64,
    /// Called off before it was sent.
    pub removed: i64,
}

impl Line {
    pub(crate) fn original(&self) -> Decimal {
        cents(self.price * Decimal::from(self.quantity))
    }

    pub(crate) fn paid(&self) -> Decimal {
        self.original() - self.discount
    }

    pub(crate) const fn unfulfilled(&self) -> i64 {
        self.quantity - self.fulfilled - self.removed
    }
}

/// Goods that are to be sent from a place.
#[derive(Debug, Clone)]
pub(crate) struct FulfillmentOrder {
    pub id: u64,
    pub place: u64,
    pub holds: Vec<Hold>,
    pub lines: Vec<ToSend>,
    pub cancelled: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct ToSend {
    pub id: u64,
    pub line: u64,
    pub remaining: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Hold {
    pub id: u64,
    pub handle: String,
    /// Whether the app holds it, and not somebody of the shop.
    pub by_app: bool,
}

impl FulfillmentOrder {
    pub(crate) fn status(&self) -> &'static str {
        if self.cancelled {
            "CANCELLED"
        } else if !self.holds.is_empty() {
            "ON_HOLD"
        } else if self.lines.iter().all(|line| line.remaining == 0) {
            "CLOSED"
        } else {
            "OPEN"
        }
    }

    fn json(&self) -> Value {
        let holds = self.holds.iter().map(|hold| {
            json!({ "id": gid("FulfillmentHold", hold.id), "heldByRequestingApp": hold.by_app })
        });
        let lines = self.lines.iter().map(|line| {
            json!({
                "id": gid("FulfillmentOrderLineItem", line.id),
                "remainingQuantity": line.remaining,
                "lineItem": { "id": gid("LineItem", line.line) },
            })
        });
        json!({
            "id": gid("FulfillmentOrder", self.id),
            "status": self.status(),
            "assignedLocation": { "location": { "legacyResourceId": self.place.to_string() } },
            "fulfillmentHolds": holds.collect::<Vec<_>>(),
            "lineItems": lines.collect::<Vec<_>>(),
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Fulfillment {
    pub id: u64,
    pub created_at: Timestamp,
    pub company: String,
    pub number: String,
    pub lines: Vec<(u64, i64)>,
}

impl Fulfillment {
    fn json(&self) -> Value {
        let lines = self.lines.iter().map(|(line, quantity)| {
            json!({ "quantity": quantity, "lineItem": { "id": gid("LineItem", *line) } })
        });
        json!({
            "legacyResourceId": self.id.to_string(),
            "status": "SUCCESS",
            "createdAt": moment(self.created_at),
            "deliveredAt": null,
            "trackingInfo": [{ "company": self.company, "number": self.number }],
            "fulfillmentLineItems": lines.collect::<Vec<_>>(),
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub id: u64,
    pub kind: &'static str,
    pub status: &'static str,
    pub gateway: String,
    /// Whether somebody collects or sends the money by hand.
    pub manual: bool,
    pub at: Timestamp,
    pub amount: Decimal,
    pub parent: Option<u64>,
}

impl Transaction {
    pub(crate) fn is_payment(&self) -> bool {
        self.kind == "SALE" && self.status == "SUCCESS"
    }

    pub(crate) fn is_refund(&self) -> bool {
        self.kind == "REFUND" && self.status == "SUCCESS"
    }

    fn json(&self) -> Value {
        let parent = self.parent.map(|parent| json!({ "id": gid("OrderTransaction", parent) }));
        json!({
            "id": gid("OrderTransaction", self.id),
            "kind": self.kind,
            "status": self.status,
            "gateway": self.gateway,
            "manualPaymentGateway": self.manual,
            "processedAt": moment(self.at),
            "amountSet": money_set(self.amount),
            "parentTransaction": parent,
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Refund {
    pub id: u64,
    pub at: Timestamp,
    pub note: String,
    pub amount: Decimal,
    pub lines: Vec<RefundLine>,
}

#[derive(Debug, Clone)]
pub(crate) struct RefundLine {
    pub line: u64,
    pub quantity: i64,
    /// Where it was put back.
    pub place: Option<u64>,
    pub subtotal: Decimal,
}

impl Refund {
    fn json(&self) -> Value {
        let lines = self.lines.iter().map(|line| {
            let place = line.place.map(|place| json!({ "legacyResourceId": place.to_string() }));
            json!({
                "quantity": line.quantity,
                "restocked": line.place.is_some(),
                "location": place,
                "lineItem": { "id": gid("LineItem", line.line) },
                "subtotalSet": money_set(line.subtotal),
                "totalTaxSet": money_set(tax_within(line.subtotal)),
            })
        });
        json!({
            "legacyResourceId": self.id.to_string(),
            "createdAt": moment(self.at),
            "note": self.note,
            "totalRefundedSet": money_set(self.amount),
            "refundLineItems": lines.collect::<Vec<_>>(),
        })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub id: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub cancelled_at: Option<Timestamp>,
    pub gateway: String,
    pub tags: Vec<String>,
    pub note: String,
    pub codes: Vec<String>,
    pub company: String,
    pub country: String,
    pub customer: Option<u64>,
    pub lines: Vec<Line>,
    pub transactions: Vec<Transaction>,
    pub refunds: Vec<Refund>,
    pub fulfillments: Vec<Fulfillment>,
    pub to_send: Vec<FulfillmentOrder>,
}

impl Order {
    pub(crate) fn name(&self) -> String {
        format!("#{}", 1000 + self.id)
    }

    pub(crate) fn total(&self) -> Decimal {
        self.lines.iter().map(Line::paid).sum::<Decimal>() + shipping()
    }

    pub(crate) fn paid(&self) -> Decimal {
        let payments = self.transactions.iter().filter(|known| known.is_payment());
        payments.map(|known| known.amount).sum()
    }

    pub(crate) fn refunded(&self) -> Decimal {
        let refunds = self.transactions.iter().filter(|known| known.is_refund());
        refunds.map(|known| known.amount).sum()
    }

    /// What is left of a payment.
    pub(crate) fn left_of(&self, payment: u64) -> Decimal {
        let paid = self.transactions.iter().find(|known| known.id == payment);
        let back = self.transactions.iter().filter(|known| known.is_refund());
        let back = back.filter(|known| known.parent == Some(payment)).map(|known| known.amount);
        paid.filter(|known| known.is_payment()).map_or(Decimal::ZERO, |known| known.amount)
            - back.sum::<Decimal>()
    }

    pub(crate) fn financial_status(&self) -> &'static str {
        let (paid, refunded) = (self.paid(), self.refunded());
        if paid.is_zero() {
            "PENDING"
        } else if refunded.is_zero() {
            "PAID"
        } else if refunded < paid {
            "PARTIALLY_REFUNDED"
        } else {
            "REFUNDED"
        }
    }

    pub(crate) fn fulfillment_status(&self) -> &'static str {
        let sent: i64 = self.lines.iter().map(|line| line.fulfilled).sum();
        let left: i64 = self.lines.iter().map(Line::unfulfilled).sum();
        if self.to_send.iter().any(|goods| goods.status() == "ON_HOLD") {
            "ON_HOLD"
        } else if sent == 0 {
            "UNFULFILLED"
        } else if left == 0 {
            "FULFILLED"
        } else {
            "PARTIALLY_FULFILLED"
        }
    }

    fn address(&self) -> Value {
        json!({
            "name": "Mario Rossi", "company": self.company, "address1": "Via Roma 1",
            "address2": null, "city": "Milano", "zip": "20100", "provinceCode": "MI",
            "countryCodeV2": self.country, "phone": "+39021234567",
        })
    }

    fn line_json(line: &Line) -> Value {
        let discounts: Vec<Value> = match line.discount.is_zero() {
            true => Vec::new(),
            false => vec![json!({ "allocatedAmountSet": money_set(line.discount) })],
        };
        json!({
            "id": gid("LineItem", line.id),
            "title": line.title,
            "variantTitle": line.option,
            "sku": line.sku,
            "quantity": line.quantity,
            "refundableQuantity": line.quantity - line.refunded,
            "unfulfilledQuantity": line.unfulfilled(),
            "isGiftCard": false,
            "variant": { "legacyResourceId": line.variant.to_string() },
            "product": { "legacyResourceId": line.product.to_string() },
            "originalTotalSet": money_set(line.original()),
            "discountAllocations": discounts,
            "taxLines": [{ "priceSet": money_set(tax_within(line.paid())) }],
        })
    }

    pub(crate) fn json(&self) -> Value {
        let tax = self.lines.iter().map(|line| tax_within(line.paid())).sum::<Decimal>();
        let to_send: Vec<Value> = self.to_send.iter().map(FulfillmentOrder::json).collect();
        let fulfillments: Vec<Value> = self.fulfillments.iter().map(Fulfillment::json).collect();
        let transactions: Vec<Value> = self.transactions.iter().map(Transaction::json).collect();
        let customer =
            self.customer.map(|customer| json!({ "legacyResourceId": customer.to_string() }));
        json!({
            "id": gid("Order", self.id),
            "legacyResourceId": self.id.to_string(),
            "name": self.name(),
            "test": false,
            "sourceName": "web",
            "processedAt": moment(self.created_at),
            "updatedAt": moment(self.updated_at),
            "cancelledAt": self.cancelled_at.map(moment),
            "displayFinancialStatus": self.financial_status(),
            "displayFulfillmentStatus": self.fulfillment_status(),
            "currencyCode": super::CURRENCY,
            "presentmentCurrencyCode": super::CURRENCY,
            "taxesIncluded": true,
            "tags": self.tags,
            "note": self.note,
            "paymentGatewayNames": [self.gateway],
            "discountCodes": self.codes,
            "email": "mario@example.test",
            "phone": null,
            "totalPriceSet": money_set(self.total()),
            "totalTaxSet": money_set(tax + tax_within(shipping())),
            "totalRefundedSet": money_set(self.refunded()),
            "customer": customer,
            "billingAddress": self.address(),
            "shippingAddress": self.address(),
            "customerJourneySummary": null,
            "lineItems": self.lines.iter().map(Self::line_json).collect::<Vec<_>>(),
            "shippingLines": [{
                "id": gid("ShippingLine", self.id),
                "title": "Corriere",
                "discountedPriceSet": money_set(shipping()),
                "taxLines": [{ "priceSet": money_set(tax_within(shipping())) }],
            }],
            "transactions": transactions,
            "refunds": self.refunds.iter().map(Refund::json).collect::<Vec<_>>(),
            "fulfillments": fulfillments,
            "fulfillmentOrders": to_send,
        })
    }

    /// What the shop's older API says of it, which is what deliveries have; of all of that what is
    /// simulated.
    pub(crate) fn payload(&self) -> Value {
        json!({
            "id": self.id, "admin_graphql_api_id": gid("Order", self.id), "name": self.name(),
            "created_at": moment(self.created_at), "updated_at": moment(self.updated_at),
            "financial_status": self.financial_status().to_lowercase(),
            "currency": super::CURRENCY, "total_price": self.total().to_string(),
            "tags": self.tags.join(", "), "note": self.note,
        })
    }
}
