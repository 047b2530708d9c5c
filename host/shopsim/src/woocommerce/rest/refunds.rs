//! `/orders/{id}/refunds`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::list::Window;
use super::not_simulated;
use super::orders::{ORDER_BY, decimals, invalid_id};
use super::request::Request;
use crate::woocommerce::fields::{Fields, id, money, objects, set, set_date, text};
use crate::woocommerce::market::Market;
use crate::woocommerce::order::{Order, amount_text};
use crate::woocommerce::shop::Shop;

/// The refunds of an order. All that are made here are of an amount and of no line, and send no
/// money.
pub(super) fn list(shop: &Arc<Shop>, request: &Request, order: u64) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return Err(not_simulated(request));
    }
    let window = Window::of(request, &ORDER_BY)?;
    let decimals = decimals(request)?;
    shop.with(|state| {
        let order = state.orders.get(&order).ok_or_else(|| invalid_id(404))?;
        let mut refunds: Vec<&Fields> = objects(&order.fields, "refunds").collect();
        refunds.sort_by_key(|refund| id(refund, "id"));
        if !window.ascending {
            refunds.reverse();
        }
        let show = |refund: &&Fields| shown(order, refund, decimals, &state.home, &state.market);
        Ok(window.page(&refunds, request, &state.home, show))
    })
}

fn shown(order: &Order, refund: &Fields, decimals: u32, home: &str, market: &Market) -> Value {
    let refund_id = id(refund, "id");
    let made = order.refunded_at.get(&refund_id).copied().or_else(|| order.modified());
    let mut fields = Fields::new();
    set(&mut fields, "id", refund_id);
    set_date(&mut fields, "created", made, market);
    set(&mut fields, "amount", amount_text(-money(refund, "total"), decimals));
    set(&mut fields, "reason", text(refund, "reason"));
    set(&mut fields, "refunded_by", 1);
    set(&mut fields, "refunded_payment", false);
    for list in ["meta_data", "line_items", "shipping_lines", "tax_lines", "fee_lines"] {
        set(&mut fields, list, json!([]));
    }
    let up = format!("{home}/wp-json/wc/v3/orders/{}", order.id());
    let collection = format!("{up}/refunds");
    let own = format!("{collection}/{refund_id}");
    let links = json!({
        "self": [{ "href": own, "targetHints": { "allow": ["GET", "DELETE"] } }],
        "collection": [{ "href": collection }],
        "up": [{ "href": up }],
    });
    set(&mut fields, "_links", links);
    Value::Object(fields)
}
