//! What a shop says of itself.

use serde_json::json;

use super::Answer;
use crate::magento::state::State;

/// What it says to anybody.
pub(crate) fn currency(_: &State) -> Answer {
    Answer::ok(json!({
        "base_currency_code": "EUR", "base_currency_symbol": "€",
        "default_display_currency_code": "EUR", "available_currency_codes": ["EUR"],
        "exchange_rates": [{ "currency_to": "EUR", "rate": 1 }],
    }))
}

pub(crate) fn configs(state: &State) -> Answer {
    let url = format!("{}/", state.home);
    Answer::ok(json!([{
        "id": 1, "code": "default", "website_id": 1, "locale": "it_IT",
        "base_currency_code": "EUR", "default_display_currency_code": "EUR",
        "timezone": "Europe/Rome", "weight_unit": "kgs",
        "base_url": url, "base_link_url": url, "secure_base_url": url,
    }]))
}

/// The head of its own description of the API.
pub(crate) fn schema() -> Answer {
    Answer::ok(
        json!({ "swagger": "2.0", "info": { "version": "2.4", "title": "Magento Community" } }),
    )
}
