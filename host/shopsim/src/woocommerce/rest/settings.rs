//! What the shop says of itself: general settings and the currency.

use serde_json::{Value, json};

use super::answer::Answer;
use super::request::API;
use crate::woocommerce::market::Market;
use crate::woocommerce::state::State;

/// A setting: id, label, description, type, default, tip, choices.
struct Setting {
    id: &'static str,
    label: &'static str,
    description: &'static str,
    kind: &'static str,
    default: &'static str,
    tip: Tip,
    choices: &'static [(&'static str, &'static str)],
}

enum Tip {
    AsDescription,
    Absent,
    Other(&'static str),
}

const fn setting(
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    default: &'static str,
) -> Setting {
    Setting { id, label, description: "", kind, default, tip: Tip::AsDescription, choices: &[] }
}

const EVERYWHERE: [(&str, &str); 3] = [
    ("all", "Sell to all countries"),
    ("all_except", "Sell to all countries, except for&hellip;"),
    ("specific", "Sell to specific countries"),
];
/// The real list has every country of the world; nobody reads more of it than the value.
const COUNTRIES: [(&str, &str); 2] = [("IT", "Italy"), ("US", "United States (US)")];
const STATES: [(&str, &str); 2] =
    [("IT:RM", "Italy - Roma"), ("US:NY", "United States (US) - New York")];
const CURRENCIES: [(&str, &str); 3] = [
    ("EUR", "Euro (&euro;) — EUR"),
    ("GBP", "Pound sterling (&pound;) — GBP"),
    ("USD", "United States (US) dollar (&#36;) — USD"),
];
const POSITIONS: [(&str, &str); 4] = [
    ("left", "Left"),
    ("right", "Right"),
    ("left_space", "Left with space"),
    ("right_space", "Right with space"),
];

const GENERAL: [Setting; 20] = [
    Setting {
        description: "The street address for your business location.",
        ..setting("woocommerce_store_address", "Address line 1", "text", "")
    },
    Setting {
        description: "An additional, optional address line for your business location.",
        ..setting("woocommerce_store_address_2", "Address line 2", "text", "")
    },
    setting("woocommerce_store_city", "City", "text", ""),
    Setting {
        choices: &STATES,
        ..setting("woocommerce_default_country", "Country / State", "select", "US:CA")
    },
    setting("woocommerce_store_postcode", "Postcode / ZIP", "text", ""),
    Setting {
        choices: &EVERYWHERE,
        ..setting("woocommerce_allowed_countries", "Selling location(s)", "select", "all")
    },
    Setting {
        tip: Tip::Absent,
        choices: &COUNTRIES,
        ..setting("woocommerce_all_except_countries", "Except for", "multiselect", "")
    },
    Setting {
        tip: Tip::Absent,
        choices: &COUNTRIES,
        ..setting("woocommerce_specific_allowed_countries", "Countries", "multiselect", "")
    },
    Setting {
        choices: &EVERYWHERE,
        ..setting("woocommerce_ship_to_countries", "Shipping location(s)", "select", "")
    },
    Setting {
        tip: Tip::Absent,
        choices: &COUNTRIES,
        ..setting("woocommerce_specific_ship_to_countries", "Ship to", "multiselect", "")
    },
    Setting {
        tip: Tip::Other("This option determines a customers default location."),
        choices: &[("", "No location by default"), ("base", "Shop country/region")],
        ..setting("woocommerce_default_customer_address", "Default location", "select", "base")
    },
    setting("woocommerce_address_autocomplete_enabled", "", "checkbox", "no"),
    setting("woocommerce_calc_taxes", "Enable taxes", "checkbox", "no"),
    setting("woocommerce_enable_coupons", "Enable coupons", "checkbox", "yes"),
    setting("woocommerce_calc_discounts_sequentially", "", "checkbox", "no"),
    Setting {
        description: "This controls what currency prices are listed at in the catalog.",
        choices: &CURRENCIES,
        ..setting("woocommerce_currency", "Currency", "select", "USD")
    },
    Setting {
        choices: &POSITIONS,
        ..setting("woocommerce_currency_pos", "Currency position", "select", "left")
    },
    setting("woocommerce_price_thousand_sep", "Thousand separator", "text", ","),
    setting("woocommerce_price_decimal_sep", "Decimal separator", "text", "."),
    setting("woocommerce_price_num_decimals", "Number of decimals", "number", "2"),
];

/// `/settings/general`.
pub(super) fn general(state: &State) -> Answer {
    let collection = format!("{}{API}/settings/general", state.home);
    let settings: Vec<Value> = GENERAL
        .iter()
        .map(|setting| {
            let own = format!("{collection}/{}", setting.id);
            let hints = json!({ "allow": ["GET", "POST", "PUT", "PATCH"] });
            let mut shown = json!({
                "id": setting.id,
                "label": setting.label,
                "description": setting.description,
                "type": setting.kind,
                "default": setting.default,
                "value": value(setting.id, &state.market),
                "_links": {
                    "self": [{ "href": own, "targetHints": hints }],
                    "collection": [{ "href": collection }],
                },
            });
            match setting.tip {
                Tip::AsDescription => shown["tip"] = json!(setting.description),
                Tip::Other(tip) => shown["tip"] = json!(tip),
                Tip::Absent => {}
            }
            if !setting.choices.is_empty() {
                for (key, label) in setting.choices {
                    shown["options"][*key] = json!(label);
                }
            }
            shown
        })
        .collect();
    Answer::ok(json!(settings))
}

fn value(id: &str, market: &Market) -> String {
    let text = match id {
        "woocommerce_store_address" => market.address,
        "woocommerce_store_city" => market.city,
        "woocommerce_store_postcode" => market.postcode,
        "woocommerce_default_country" => {
            return format!("{}:{}", market.country, market.state);
        }
        "woocommerce_allowed_countries" => "all",
        "woocommerce_default_customer_address" => "base",
        "woocommerce_calc_taxes" | "woocommerce_enable_coupons" => "yes",
        "woocommerce_address_autocomplete_enabled" | "woocommerce_calc_discounts_sequentially" => {
            "no"
        }
        "woocommerce_currency" => &market.currency,
        "woocommerce_currency_pos" if market.symbol_after => "right_space",
        "woocommerce_currency_pos" => "left",
        "woocommerce_price_thousand_sep" => return market.thousand_separator.to_string(),
        "woocommerce_price_decimal_sep" => return market.decimal_separator.to_string(),
        "woocommerce_price_num_decimals" => "2",
        _ => "",
    };
    text.to_owned()
}

/// Where WordPress says what it is, to everybody.
pub(super) const INDEX: &str = "/wp-json/";

/// What WordPress says of itself, without the list of its routes.
pub(super) fn index(state: &State) -> Answer {
    let (zone, offset) = match state.market.country {
        "IT" => ("Europe/Rome", 1),
        _ => ("America/New_York", -5),
    };
    Answer::ok(json!({
        "name": "Simulated shop",
        "description": "",
        "url": state.home,
        "home": state.home,
        "gmt_offset": offset,
        "timezone_string": zone,
        "namespaces": ["oembed/1.0", "wc/v3", "wp/v2"],
    }))
}

/// `/settings/products/woocommerce_manage_stock`.
pub(super) fn manage_stock(state: &State) -> Answer {
    let collection = format!("{}{API}/settings/products", state.home);
    Answer::ok(json!({
        "id": "woocommerce_manage_stock",
        "label": "Manage stock",
        "description": "Enable stock management",
        "type": "checkbox",
        "default": "yes",
        "tip": "Enable stock management",
        "value": "yes",
        "group_id": "products",
        "_links": {
            "self": [{ "href": format!("{collection}/woocommerce_manage_stock") }],
            "collection": [{ "href": collection }],
        },
    }))
}

/// `/data/currencies/current`.
pub(super) fn currency(state: &State) -> Answer {
    let collection = format!("{}{API}/data/currencies", state.home);
    let market = &state.market;
    let own = format!("{collection}/{}", market.currency);
    Answer::ok(json!({
        "code": market.currency,
        "name": match market.currency.as_str() {
            "EUR" => "Euro",
            "USD" => "United States (US) dollar",
            other => other,
        },
        "symbol": market.symbol_html,
        "_links": {
            "self": [{ "href": own, "targetHints": { "allow": ["GET"] } }],
            "collection": [{ "href": collection }],
        },
    }))
}
