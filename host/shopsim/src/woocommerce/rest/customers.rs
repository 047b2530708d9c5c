//! `/customers`, as the vendor documents it; it was not observed.

use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::list::Window;
use super::request::{API, Request};
use super::validate::Invalid;
use super::{not_simulated, refuse_filters};
use crate::woocommerce::customer::Account;
use crate::woocommerce::fields::{Fields, set, set_date, store_meta, text};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

const ORDER_BY: [&str; 3] = ["name", "id", "registered_date"];
const NOT_SIMULATED: [&str; 2] = ["search", "exclude"];
const NAMES: [&str; 3] = ["first_name", "last_name", "username"];

/// The list, or a new account.
pub(super) fn collection(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method == "POST" {
        return create(shop, request);
    }
    refuse_filters(request, &NOT_SIMULATED)?;
    let window = Window::ascending(request, &ORDER_BY)?;
    let (include, email) = (request.list("include"), request.query("email"));
    shop.with(|state| {
        let mut chosen: Vec<&Account> = state
            .customers
            .values()
            .filter(|customer| email.is_none_or(|email| customer.email() == email))
            .filter(|customer| {
                include.is_empty() || include.contains(&customer.id().to_string().as_str())
            })
            .collect();
        if window.order_by == "name" {
            chosen.sort_by_key(|customer| text(&customer.fields, "username").to_owned());
        }
        if !window.ascending {
            chosen.reverse();
        }
        Ok(window.page(&chosen, request, &state.home, |customer| customer.json(&state.home)))
    })
}

fn create(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let fields = checked(request)?;
    let email = text(&fields, "email");
    if email.is_empty() {
        return Err(Answer::not_simulated("an account without an e-mail address"));
    }
    shop.with(|state| {
        refuse_taken(state, None, email)?;
        let id = state.take_customer_id();
        let account = Account::new(id, email, state.now(), &state.market);
        state.customers.insert(id, account);
        write(state, id, &fields);
        let subject = format!("Your {} account has been created!", state.title);
        state.mail(email, &subject);
        state.tell("customer.created", id);
        let location = format!("{}{API}/customers/{id}", state.home);
        let shown = state.customers.get(&id).map(|customer| customer.json(&state.home));
        Ok(Answer::created(shown.unwrap_or_default(), location))
    })
}

/// One account.
pub(super) fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    let fields = if request.updates() { Some(checked(request)?) } else { None };
    if request.method == "DELETE" && !request.flag("force") {
        return Err(not_simulated(request));
    }
    let missing = || {
        let status = if request.updates() { 400 } else { 404 };
        Answer::error(status, "woocommerce_rest_invalid_id", "Invalid resource ID.")
    };
    shop.with(|state| {
        state.customers.get(&id).ok_or_else(missing)?;
        if let Some(fields) = &fields {
            refuse_taken(state, Some(id), text(fields, "email"))?;
            write(state, id, fields);
            state.tell("customer.updated", id);
        }
        let shown = state.customers.get(&id).ok_or_else(missing)?.json(&state.home);
        if request.method == "DELETE" {
            state.customers.remove(&id);
            state.tell("customer.deleted", id);
        }
        Ok(Answer::ok(shown))
    })
}

fn refuse_taken(state: &State, own: Option<u64>, email: &str) -> Result<(), Answer> {
    let taken = |customer: &Account| {
        Some(customer.id()) != own && customer.email().eq_ignore_ascii_case(email)
    };
    if !email.is_empty() && state.customers.values().any(taken) {
        let message = "An account is already registered with your email address.";
        return Err(Answer::error(400, "registration-error-email-exists", message));
    }
    Ok(())
}

fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    for name in ["email", "password"].into_iter().chain(NAMES) {
        invalid.of_type(&fields, name, "string");
    }
    invalid.finish()?;
    Ok(fields)
}

fn write(state: &mut State, id: u64, fields: &Fields) {
    let now = state.now();
    let Some(mut customer) = state.customers.remove(&id) else {
        return;
    };
    let known = &mut customer.fields;
    for name in NAMES {
        if let Some(value) = fields.get(name).and_then(Value::as_str) {
            set(known, name, value);
        }
    }
    if let Some(email) = fields.get("email") {
        set(known, "email", email.clone());
    }
    for name in ["billing", "shipping"] {
        let sent = fields.get(name).and_then(Value::as_object);
        if let (Some(known), Some(sent)) =
            (known.get_mut(name).and_then(Value::as_object_mut), sent)
        {
            for (key, value) in sent {
                if let (true, Some(value)) = (known.contains_key(key), value.as_str()) {
                    set(known, key, value);
                }
            }
        }
    }
    store_meta(known, fields, || state.take_row_id());
    set_date(known, "modified", Some(now), &state.market);
    state.customers.insert(id, customer);
}
