//! A module that acts on a shop for each order that is placed, to try what becomes of it.
//!
//! The settings are `{"steps": [["note", "Fragile"], …]}`; see [`propose`] for what there is. Each is
//! proposed under its name as its key. How it ended is noted in the state under that name, and so is
//! what else is heard of the order, under `heard`.

use fondaco_plugin_sdk::{
    catalogue,
    change_catalogue::{self, ProductChange, ProductField},
    change_discounts::{self, Discount, Reduction},
    change_orders::{self, NewParcel, OrderChange},
    change_prices::{self, PriceChange},
    change_returns::{self, RefundMethod, RefundProposal, Restock, ReturnChange},
    commerce::{Order, OrderLine, Price, PriceScope, RefundLine},
    on_order::{self, OrderChanges, OrderEvent},
    on_outcome::{self, Outcome},
    settings, state,
    types::{Envelope, Failure, Localised, Money, Refusal, Terms},
};
use serde_json::Value;

/// Does what its settings say.
#[derive(Debug)]
pub struct Deputy;

impl on_order::Guest for Deputy {
    fn handle(_: Envelope, event: OrderEvent) -> Result<Option<String>, Failure> {
        if !event.changes.contains(OrderChanges::PLACED) {
            let before = state::get("heard").unwrap_or_default();
            state::set("heard", &format!("{before}{:?};", event.changes));
            return Ok(None);
        }
        let settings: Value = serde_json::from_str(&settings::get())
            .map_err(|error| Failure::Permanent(format!("settings: {error}")))?;
        for step in settings["steps"].as_array().into_iter().flatten() {
            let words = |index: usize| step[index].as_str().unwrap_or_default().to_owned();
            if let Err(refusal) = propose(&event.order, &words)? {
                state::set(&words(0), &format!("{refusal:?}"));
            }
        }
        Ok(None)
    }
}

impl on_outcome::Guest for Deputy {
    fn handle(_: Envelope, event: Outcome) -> Result<Option<String>, Failure> {
        state::set(&event.key.unwrap_or_default(), &format!("{:?}", event.end));
        Ok(None)
    }
}

// The names of exports are no names to a native linker.
#[cfg(target_arch = "wasm32")]
mod exports {
    use super::*;

    on_order::export!(Deputy);
    on_outcome::export!(Deputy);
}

/// Proposes one step for an order.
fn propose(
    order: &Order,
    words: &impl Fn(usize) -> String,
) -> Result<Result<String, Refusal>, Failure> {
    let terms = terms(&words(0));
    let on_order =
        |change: OrderChange| change_orders::propose(&order.shop, &order.id, &change, &terms);
    let line = order.lines.first();
    let line = line.ok_or_else(|| Failure::Permanent("an order without lines".to_owned()))?;
    Ok(match words(0).as_str() {
        "hold" => on_order(OrderChange::Hold(words(1))),
        "release" => on_order(OrderChange::Release),
        "cancel" => on_order(OrderChange::Cancel(words(1))),
        "tag" => on_order(OrderChange::Tag(words(1))),
        "note" => on_order(OrderChange::Note(words(1))),
        "parcel" => on_order(OrderChange::Parcel(NewParcel {
            carrier: words(1),
            tracking: None,
            lines: vec![(line.id.clone(), line.quantity.clone())],
        })),
        "price" => change_prices::propose(&price(order, line, words(1)), &terms),
        "title" => change_catalogue::propose(&title(order, line, words(1)), &terms),
        "refund" => {
            let change = ReturnChange::Refund(refund(order, line, &words(1), words(2)));
            change_returns::propose(&order.shop, &order.id, None, &change, &terms)
        }
        "code" => change_discounts::propose(&discount(order, words(1), words(2)), &terms),
        "end" => change_discounts::end(&order.shop, &words(1), &terms),
        other => return Err(Failure::Permanent(format!("there is no step `{other}`"))),
    })
}

fn terms(key: &str) -> Terms {
    let explanation = Localised { en: format!("To try {key}."), it: format!("Per provare {key}.") };
    Terms { key: Some(key.to_owned()), explanation, after: Vec::new(), expires_at: None }
}

/// A new price for what was bought first.
fn price(order: &Order, line: &OrderLine, amount: String) -> PriceChange {
    let variant = line.variant.clone().unwrap_or_default();
    let known = catalogue::variant_by_id(&order.shop, &variant);
    PriceChange {
        price: Price {
            shop: order.shop.clone(),
            variant,
            scope: PriceScope::Everyone,
            from_quantity: "1".to_owned(),
            amount: Money { amount, currency: order.total.currency.clone() },
            compare_at: None,
            sale_from: None,
            sale_until: None,
        },
        decided_on: known.and_then(|known| known.price),
    }
}

/// A new title for what was bought first.
fn title(order: &Order, line: &OrderLine, value: String) -> ProductChange {
    ProductChange {
        shop: order.shop.clone(),
        product: line.product.clone().unwrap_or_default(),
        field: ProductField::Title,
        value,
        decided_on: line.title.clone(),
    }
}

/// Money for all of what was bought first, as much as is said.
fn refund(order: &Order, line: &OrderLine, method: &str, amount: String) -> RefundProposal {
    RefundProposal {
        amount: Money { amount, currency: order.total.currency.clone() },
        method: match method {
            "original" => RefundMethod::Original,
            "store-credit" => RefundMethod::StoreCredit,
            _ => RefundMethod::Recorded,
        },
        lines: vec![RefundLine {
            line: line.id.clone(),
            quantity: line.quantity.clone(),
            net: line.net.clone(),
            tax: line.tax.clone(),
        }],
        shipping: "0".to_owned(),
        restock: Restock::Sellable,
    }
}

fn discount(order: &Order, code: String, percent: String) -> Discount {
    Discount {
        shop: order.shop.clone(),
        code,
        reduction: Reduction::Percent(percent),
        minimum: None,
        uses: Some(1),
        customer: None,
        starts_at: None,
        ends_at: None,
    }
}
