//! `/coupons`, as the vendor documents it; it was not observed.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::list::{Period, Window};
use super::request::{API, Request};
use super::validate::{Invalid, whole};
use super::{not_simulated, refuse_filters};
use crate::ledger::LedgerEvent;
use crate::woocommerce::coupon::{Coupon, DISCOUNT_TYPES};
use crate::woocommerce::fields::{Fields, date, set, set_date, store_meta, text};
use crate::woocommerce::order::amount_text;
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

const ORDER_BY: [&str; 4] = ["date", "id", "title", "slug"];
const NOT_SIMULATED: [&str; 2] = ["search", "exclude"];
/// Fields that are stored as they come.
const PLAIN: [&str; 14] = [
    "description",
    "discount_type",
    "individual_use",
    "product_ids",
    "excluded_product_ids",
    "usage_limit",
    "usage_limit_per_user",
    "limit_usage_to_x_items",
    "free_shipping",
    "product_categories",
    "excluded_product_categories",
    "exclude_sale_items",
    "email_restrictions",
    "status",
];
const AMOUNTS: [&str; 3] = ["amount", "minimum_amount", "maximum_amount"];

/// The list, or a new coupon.
pub(super) fn collection(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return create(shop, request);
    }
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::of(request, &ORDER_BY)?;
    let (include, code) = (request.list("include"), request.query("code").map(str::to_lowercase));
    shop.with(|state| {
        let made = Period::of(request, "", &state.market)?;
        let changed = Period::of(request, "modified_", &state.market)?;
        let mut chosen: Vec<&Coupon> = state
            .coupons
            .values()
            .filter(|coupon| code.as_deref().is_none_or(|code| coupon.code() == code))
            .filter(|coupon| {
                include.is_empty() || include.contains(&coupon.id().to_string().as_str())
            })
            .filter(|coupon| made.contains(|| date(&coupon.fields, "created")))
            .filter(|coupon| changed.contains(|| date(&coupon.fields, "modified")))
            .collect();
        match window.order_by.as_str() {
            "title" | "slug" => chosen.sort_by_key(|coupon| coupon.code().to_owned()),
            _ => chosen.sort_by_key(|coupon| coupon.id()),
        }
        if !window.ascending {
            chosen.reverse();
        }
        Ok(window.page(&chosen, request, &state.home, |coupon| coupon.json(&state.home)))
    })
}

fn create(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let fields = checked(request)?;
    let code = text(&fields, "code");
    if code.is_empty() {
        return Err(Answer::not_simulated("a coupon without a code"));
    }
    shop.with(|state| {
        refuse_taken(state, None, code)?;
        let id = state.take_post_id();
        let coupon = Coupon::new(id, code, state.now(), &state.market);
        state.coupons.insert(id, coupon);
        write(state, id, &fields)?;
        state.tell("coupon.created", id);
        let location = format!("{}{API}/coupons/{id}", state.home);
        let shown = state.coupons.get(&id).map(|coupon| coupon.json(&state.home));
        Ok(Answer::created(shown.unwrap_or_default(), location))
    })
}

/// One coupon.
pub(super) fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    let fields = if request.updates() { Some(checked(request)?) } else { None };
    if request.method == "DELETE" && !request.flag("force") {
        return Err(not_simulated(request));
    }
    let missing = || {
        let status = if request.updates() { 400 } else { 404 };
        Answer::error(status, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID.")
    };
    shop.with(|state| {
        let known = state.coupons.get(&id).ok_or_else(missing)?.code().to_owned();
        if let Some(fields) = &fields {
            refuse_taken(state, Some(id), text(fields, "code"))?;
            write(state, id, fields)?;
            state.tell("coupon.updated", id);
        }
        let shown = state.coupons.get(&id).ok_or_else(missing)?.json(&state.home);
        if request.method == "DELETE" {
            state.coupons.remove(&id);
            state.ledger.add(LedgerEvent::CouponDeleted { coupon: id, code: known });
        }
        Ok(Answer::ok(shown))
    })
}

fn refuse_taken(state: &State, own: Option<u64>, code: &str) -> Result<(), Answer> {
    match state.coupon_by_code(code).filter(|coupon| Some(coupon.id()) != own) {
        Some(_) => {
            let code = "woocommerce_rest_coupon_code_already_exists";
            Err(Answer::error(400, code, "The coupon code already exists"))
        }
        None => Ok(()),
    }
}

fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    for name in ["code", "description"].into_iter().chain(AMOUNTS) {
        invalid.of_type(&fields, name, "string");
    }
    invalid.one_of(&fields, "discount_type", &DISCOUNT_TYPES);
    invalid.finish()?;
    Ok(fields)
}

fn write(state: &mut State, id: u64, fields: &Fields) -> Result<(), Answer> {
    let Some(mut coupon) = state.coupons.remove(&id) else {
        return Ok(());
    };
    let stored = store(state, &mut coupon.fields, fields);
    state.coupons.insert(id, coupon);
    stored?;
    state.updated_coupon(id);
    Ok(())
}

fn store(state: &mut State, coupon: &mut Fields, fields: &Fields) -> Result<(), Answer> {
    let code = text(fields, "code");
    if !code.is_empty() {
        set(coupon, "code", code.to_lowercase());
    }
    for name in PLAIN {
        if let Some(value) = fields.get(name) {
            set(coupon, name, value.clone());
        }
    }
    for name in ["usage_limit", "usage_limit_per_user", "limit_usage_to_x_items"] {
        // No use at all is shown as no limit, and means it.
        if coupon.get(name).and_then(whole) == Some(0) {
            set(coupon, name, Value::Null);
        }
    }
    for name in AMOUNTS {
        let Some(sent) = fields.get(name).and_then(Value::as_str) else {
            continue;
        };
        let amount = state.market.parse_price(sent).parse();
        let refused = |_| Answer::not_simulated("an amount of a coupon that is no number");
        set(coupon, name, amount_text(amount.map_err(refused)?, 2));
    }
    if let Some(expires) = fields.get("date_expires") {
        let text = expires.as_str().unwrap_or_default();
        // One that says its offset is that moment. This was not observed: it is what the vendor's
        // source does (`set_date_prop`).
        let at = text.parse::<jiff::Timestamp>().ok();
        let at = at.or_else(|| state.market.moment_of(text.parse().ok()?));
        if at.is_none() && !expires.is_null() && expires != "" {
            return Err(Answer::not_simulated("such a date of expiry"));
        }
        set_date(coupon, "expires", at, &state.market);
    }
    store_meta(coupon, fields, || state.take_row_id());
    if !coupon.contains_key("used_by") {
        set(coupon, "used_by", json!([]));
    }
    Ok(())
}
