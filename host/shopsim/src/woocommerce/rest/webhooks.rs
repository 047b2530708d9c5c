//! `/webhooks`.

use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::list::Window;
use super::request::{API, Request};
use super::validate::Invalid;
use crate::woocommerce::delivery::ping;
use crate::woocommerce::fields::{Fields, text};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::webhook::{Webhook, hooks};

const STATUSES: [&str; 3] = ["active", "paused", "disabled"];
const ORDER_BY: [&str; 3] = ["date", "id", "title"];

/// The list, or a new one. A new one is tried at once; that nobody answers does not stop it.
pub(super) async fn collection(
    shop: &Arc<Shop>,
    request: &Request,
    owner: &str,
) -> Result<Answer, Answer> {
    if request.method != "POST" {
        return list(shop, request);
    }
    let fields = checked(request)?;
    let topic = text(&fields, "topic");
    if hooks(topic).is_none() {
        let message = "Webhook topic is required and must be valid.";
        return Err(refused("topic", message));
    }
    let url = text(&fields, "delivery_url");
    check_url(url)?;
    let (id, answer) = shop.with(|state| {
        let id = state.add_webhook(&fields, topic, url, owner);
        let body = state.webhooks.get(&id).map_or(Value::Null, |webhook| webhook.json(state));
        (id, Answer::created(body, format!("{}{API}/webhooks/{id}", state.home)))
    });
    ping(&shop.client, url, id).await;
    Ok(answer)
}

fn list(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let window = Window::of(request, &ORDER_BY)?;
    let status = request.query("status").filter(|status| *status != "all");
    shop.with(|state| {
        let mut chosen: Vec<&Webhook> = state
            .webhooks
            .values()
            .filter(|webhook| status.is_none_or(|status| webhook.status == status))
            .collect();
        // Of those made within one second the older comes first, whichever way the list goes.
        chosen.sort_by(|one, other| {
            let ascending = match window.order_by.as_str() {
                "id" => one.id.cmp(&other.id),
                "title" => one.name.cmp(&other.name),
                _ => one.created.as_second().cmp(&other.created.as_second()),
            };
            if window.ascending { ascending } else { ascending.reverse() }
        });
        Ok(window.page(&chosen, request, &state.home, |webhook| webhook.json(state)))
    })
}

/// One webhook.
pub(super) fn single(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    let fields = if request.updates() { Some(checked(request)?) } else { None };
    let missing = || {
        let status = if request.writes() { 400 } else { 404 };
        Answer::error(status, "woocommerce_rest_shop_webhook_invalid_id", "Invalid ID.")
    };
    if let Some(fields) = &fields {
        let topic = text(fields, "topic");
        if !topic.is_empty() && hooks(topic).is_none() {
            return Err(refused("topic", "Webhook topic must be valid."));
        }
        if fields.contains_key("delivery_url") {
            check_url(text(fields, "delivery_url"))?;
        }
    }
    shop.with(|state| {
        if let Some(fields) = &fields {
            state.change_webhook(id, fields);
        }
        let shown = state.webhooks.get(&id).map(|webhook| webhook.json(state));
        let shown = shown.ok_or_else(missing)?;
        if request.method == "DELETE" {
            if !request.flag("force") {
                let message = "Webhooks do not support trashing.";
                return Err(Answer::error(501, "woocommerce_rest_trash_not_supported", message));
            }
            state.webhooks.remove(&id);
        }
        Ok(Answer::ok(shown))
    })
}

fn checked(request: &Request) -> Result<Fields, Answer> {
    let fields = request.fields()?;
    let mut invalid = Invalid::default();
    for name in ["name", "topic", "delivery_url", "secret"] {
        invalid.of_type(&fields, name, "string");
    }
    invalid.one_of(&fields, "status", &STATUSES);
    invalid.finish()?;
    Ok(fields)
}

fn check_url(url: &str) -> Result<(), Answer> {
    let valid = url::Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme()));
    if valid {
        return Ok(());
    }
    let message = "Webhook delivery URL must be a valid URL starting with http:// or https://.";
    Err(refused("delivery_url", message))
}

fn refused(field: &str, message: &str) -> Answer {
    Answer::error(400, &format!("woocommerce_rest_shop_webhook_invalid_{field}"), message)
}
