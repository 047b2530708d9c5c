//! `/taxes` and `/taxes/classes`, to read.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answer::Answer;
use super::list::Window;
use super::not_simulated;
use super::request::{API, Request};
use crate::woocommerce::item::hints;
use crate::woocommerce::order::amount_text;
use crate::woocommerce::settings::TaxRate;
use crate::woocommerce::shop::Shop;

const ORDER_BY: [&str; 3] = ["order", "id", "priority"];

/// The rates.
pub(super) fn rates(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method != "GET" || request.query("class").is_some() {
        return Err(not_simulated(request));
    }
    let window = Window::ascending(request, &ORDER_BY)?;
    shop.with(|state| {
        let collection = format!("{}{API}/taxes", state.home);
        let show = |rate: &TaxRate| {
            json!({
                "id": rate.id,
                "country": rate.country,
                "state": rate.state,
                "postcode": "",
                "city": "",
                "rate": amount_text(rate.percent, 4),
                "name": rate.label,
                "priority": 1,
                "compound": false,
                "shipping": true,
                "order": 0,
                "class": if rate.class.is_empty() { "standard" } else { &rate.class },
                "postcodes": [],
                "cities": [],
                "_links": {
                    "self": [{
                        "href": format!("{collection}/{}", rate.id), "targetHints": hints(),
                    }],
                    "collection": [{ "href": collection }],
                },
            })
        };
        Ok(window.page(&state.settings.tax_rates, request, &state.home, show))
    })
}

/// The tax classes: those of the rates, and the one without tax that every shop has.
pub(super) fn classes(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    if request.method != "GET" {
        return Err(not_simulated(request));
    }
    shop.with(|state| {
        let collection = format!("{}{API}/taxes/classes", state.home);
        let mut slugs = vec!["standard"];
        for rate in &state.settings.tax_rates {
            if !rate.class.is_empty() && !slugs.contains(&rate.class.as_str()) {
                slugs.push(&rate.class);
            }
        }
        slugs.push("zero-rate");
        let shown: Vec<Value> = slugs
            .iter()
            .map(|slug| {
                let name = if *slug == "standard" { "standard-rate" } else { slug };
                let links = json!({ "collection": [{ "href": collection }] });
                json!({ "slug": slug, "name": named(name), "_links": links })
            })
            .collect();
        let total = shown.len().to_string();
        Ok(Answer::ok(json!(shown))
            .header("x-wp-total", total)
            .header("x-wp-totalpages", "1".into()))
    })
}

/// The name that a slug was made of, but for its accents.
fn named(slug: &str) -> String {
    let words = slug.replace('-', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
