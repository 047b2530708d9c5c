//! Products and variations, as they are kept and as the two endpoints show them.

mod blank;

use jiff::Timestamp;
use serde_json::{Value, json};

use blank::{blank_product, slug, slug_of_option, variation_defaults};

use super::fields::{Fields, date, escaped, id, integer, set, set_date, text};
use super::market::Market;

/// A product or a variation.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    /// What `/products/{id}` shows, without `_links`. `manage_stock` is the item's own setting;
    /// `parent` is worked out when it is shown.
    pub fields: Fields,
}

/// What a new item is made of.
pub(crate) struct NewItem<'p> {
    pub id: u64,
    pub parent: Option<&'p Item>,
    pub sku: &'p str,
    pub title: &'p str,
    pub price: &'p str,
    pub sale_price: &'p str,
    pub tax_class: &'p str,
    pub stock: Option<i64>,
    pub backorders: &'p str,
    pub variable: bool,
}

/// The keys of a variation at its own endpoint, besides those worked out.
const VARIATION_KEYS: [&str; 41] = [
    "id",
    "type",
    "date_created",
    "date_created_gmt",
    "date_modified",
    "date_modified_gmt",
    "description",
    "permalink",
    "sku",
    "global_unique_id",
    "price",
    "regular_price",
    "sale_price",
    "date_on_sale_from",
    "date_on_sale_from_gmt",
    "date_on_sale_to",
    "date_on_sale_to_gmt",
    "on_sale",
    "status",
    "purchasable",
    "virtual",
    "downloadable",
    "downloads",
    "download_limit",
    "download_expiry",
    "tax_status",
    "tax_class",
    "manage_stock",
    "stock_quantity",
    "stock_status",
    "backorders",
    "backorders_allowed",
    "backordered",
    "low_stock_amount",
    "weight",
    "dimensions",
    "shipping_class",
    "shipping_class_id",
    "attributes",
    "menu_order",
    "meta_data",
];

impl Item {
    pub(crate) fn new(new: &NewItem<'_>, now: Timestamp, market: &Market, home: &str) -> Self {
        let kind = match (new.parent, new.variable) {
            (Some(_), _) => "variation",
            (None, true) => "variable",
            (None, false) => "simple",
        };
        let name = match new.parent {
            Some(parent) => format!("{} - {}", parent.name(), escaped(new.title)),
            None => escaped(new.title),
        };
        let slug = slug(&name);
        let permalink = match new.parent {
            Some(parent) => format!(
                "{}?attribute_variant={}",
                text(&parent.fields, "permalink"),
                slug_of_option(new.title)
            ),
            None => format!("{home}/product/{slug}/"),
        };
        let mut fields = blank_product();
        for (key, value) in [
            ("id", json!(new.id)),
            ("name", json!(name)),
            ("slug", json!(slug)),
            ("permalink", json!(permalink)),
            ("type", json!(kind)),
            ("sku", json!(new.sku)),
            ("manage_stock", json!(new.stock.is_some())),
            ("stock_quantity", json!(new.stock)),
            ("backorders", json!(if new.stock.is_some() { new.backorders } else { "no" })),
            ("parent_id", json!(new.parent.map_or(0, Item::id))),
            ("has_options", json!(new.variable)),
            ("tax_class", json!(new.tax_class)),
        ] {
            set(&mut fields, key, value);
        }
        if !new.variable {
            set(&mut fields, "regular_price", new.price);
            set(&mut fields, "sale_price", new.sale_price);
        }
        if new.parent.is_some() {
            for (key, value) in variation_defaults(new.title) {
                set(&mut fields, &key, value);
            }
            if new.tax_class.is_empty() {
                set(&mut fields, "tax_class", "parent");
            }
        }
        set_date(&mut fields, "created", Some(now), market);
        set_date(&mut fields, "modified", Some(now), market);
        let mut item = Self { fields };
        item.refresh(now, market);
        item
    }

    /// A captured product or variation, in the spelling of either endpoint.
    pub(crate) fn captured(
        captured: Fields,
        parent_name: &str,
        now: Timestamp,
        market: &Market,
    ) -> Self {
        let own_endpoint_of_variation = !captured.contains_key("slug");
        let mut fields = blank_product();
        for (key, value) in captured {
            if key != "_links" && key != "image" {
                fields.insert(key, value);
            }
        }
        if own_endpoint_of_variation {
            let option = text(&fields, "name").to_owned();
            let name = format!("{parent_name} - {option}");
            set(&mut fields, "slug", slug(&name));
            set(&mut fields, "name", name);
            set(&mut fields, "total_sales", "0");
            set(&mut fields, "reviews_allowed", false);
            set(&mut fields, "categories", json!([]));
        }
        if fields.get("manage_stock").is_some_and(Value::is_string) {
            set(&mut fields, "manage_stock", false);
            set(&mut fields, "stock_quantity", Value::Null);
        }
        let mut item = Self { fields };
        item.refresh(now, market);
        item
    }

    pub(crate) fn id(&self) -> u64 {
        id(&self.fields, "id")
    }

    /// The product a variation belongs to.
    pub(crate) fn parent(&self) -> Option<u64> {
        (text(&self.fields, "type") == "variation").then(|| id(&self.fields, "parent_id"))
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.fields, "name")
    }

    pub(crate) fn sku(&self) -> &str {
        text(&self.fields, "sku")
    }

    /// Regular and sale price, as stored.
    pub(crate) fn prices(&self) -> (String, String) {
        let price = |name: &str| text(&self.fields, name).to_owned();
        (price("regular_price"), price("sale_price"))
    }

    /// How the ledger names it.
    pub(crate) fn ledger_name(&self) -> String {
        if self.sku().is_empty() { format!("#{}", self.id()) } else { self.sku().to_owned() }
    }

    /// Whether it has children instead of being sold itself.
    pub(crate) fn is_variable(&self) -> bool {
        text(&self.fields, "type") == "variable"
    }

    /// Whether a customer can put it into a cart.
    pub(crate) fn is_for_sale(&self) -> bool {
        let published = text(&self.fields, "status") == "publish";
        published && !self.is_variable() && !text(&self.fields, "price").is_empty()
    }

    /// Whether it counts its own stock.
    pub(crate) fn counts_stock(&self) -> bool {
        self.fields.get("manage_stock").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The quantity, where it counts its own stock.
    pub(crate) fn quantity(&self) -> Option<i64> {
        self.counts_stock().then(|| integer(&self.fields, "stock_quantity").unwrap_or(0))
    }

    /// `no`, `notify` or `yes`.
    pub(crate) fn backorders(&self) -> &str {
        text(&self.fields, "backorders")
    }

    /// When it was last changed.
    pub(crate) fn modified(&self) -> Option<Timestamp> {
        date(&self.fields, "modified")
    }

    /// Notes a change and works out what depends on the fields, except what hangs on relatives.
    pub(crate) fn touch(&mut self, now: Timestamp, market: &Market) {
        set_date(&mut self.fields, "modified", Some(now), market);
        self.refresh(now, market);
    }

    /// Whether its sale price counts now.
    pub(crate) fn sale_runs(&self, now: Timestamp) -> bool {
        !text(&self.fields, "sale_price").is_empty()
            && date(&self.fields, "on_sale_from").is_none_or(|from| from <= now)
            && date(&self.fields, "on_sale_to").is_none_or(|to| to >= now)
    }

    /// Whether its sale begins or ends by itself.
    pub(crate) fn has_sale_dates(&self) -> bool {
        ["on_sale_from", "on_sale_to"].iter().any(|what| date(&self.fields, what).is_some())
    }

    /// Whether it is shown as on sale.
    pub(crate) fn is_on_sale(&self) -> bool {
        self.fields.get("on_sale").and_then(Value::as_bool).unwrap_or(false)
    }

    fn refresh(&mut self, now: Timestamp, market: &Market) {
        let on_sale = self.sale_runs(now);
        let fields = &mut self.fields;
        if !fields.get("manage_stock").and_then(Value::as_bool).unwrap_or(false) {
            set(fields, "manage_stock", false);
            set(fields, "stock_quantity", Value::Null);
            set(fields, "backorders", "no");
        }
        let allowed = text(fields, "backorders") != "no";
        set(fields, "backorders_allowed", allowed);
        if let Some(quantity) = integer(fields, "stock_quantity") {
            let status = match (quantity > 0, allowed) {
                (true, _) => "instock",
                (false, true) => "onbackorder",
                (false, false) => "outofstock",
            };
            set(fields, "stock_status", status);
            set(fields, "backordered", allowed && quantity < 0);
        } else {
            set(fields, "backordered", false);
        }
        if text(fields, "type") != "variable" {
            let sale = text(fields, "sale_price").to_owned();
            let regular = text(fields, "regular_price").to_owned();
            let price = if on_sale { sale } else { regular };
            set(fields, "on_sale", on_sale);
            set(fields, "purchasable", !price.is_empty());
            set(fields, "price", price);
        }
        let html = market.price_html(text(fields, "price"));
        set(fields, "price_html", html);
    }

    /// What `/products/{id}` shows.
    pub(crate) fn product_json(&self, parent: Option<&Item>, home: &str) -> Value {
        let mut fields = self.shown(parent);
        let api = format!("{home}/wp-json/wc/v3/products");
        let mut links = json!({
            "self": [{ "href": format!("{api}/{}", self.id()), "targetHints": hints() }],
            "collection": [{ "href": api }],
        });
        if let Some(parent) = self.parent() {
            links["up"] = json!([{ "href": format!("{api}/{parent}") }]);
        }
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }

    /// What `/products/{parent}/variations/{id}` shows.
    pub(crate) fn variation_json(&self, parent: &Item, home: &str) -> Value {
        let mut shown = self.shown(Some(parent));
        let mut fields = Fields::new();
        for key in VARIATION_KEYS {
            fields.insert(key.to_owned(), shown.remove(key).unwrap_or(Value::Null));
        }
        let prefix = format!("{} - ", parent.name());
        let option = self.name().strip_prefix(&prefix).unwrap_or(self.name());
        let product = format!("{home}/wp-json/wc/v3/products/{}", parent.id());
        let collection = format!("{product}/variations");
        set(&mut fields, "name", option);
        set(&mut fields, "parent_id", parent.id());
        set(&mut fields, "image", Value::Null);
        let own = format!("{collection}/{}", self.id());
        let links = json!({
            "self": [{ "href": own, "targetHints": hints() }],
            "collection": [{ "href": collection }],
            "up": [{ "href": product }],
        });
        set(&mut fields, "_links", links);
        Value::Object(fields)
    }

    /// The fields, with the parent's stock where the item uses it.
    fn shown(&self, parent: Option<&Item>) -> Fields {
        let mut fields = self.fields.clone();
        if text(&fields, "tax_class") == "parent" {
            let class = parent.map(|parent| text(&parent.fields, "tax_class")).unwrap_or_default();
            set(&mut fields, "tax_class", class);
        }
        if let Some(parent) = parent.filter(|parent| !self.counts_stock() && parent.counts_stock())
        {
            set(&mut fields, "manage_stock", "parent");
            for key in [
                "stock_quantity",
                "stock_status",
                "backorders",
                "backorders_allowed",
                "backordered",
            ] {
                let value = parent.fields.get(key).cloned().unwrap_or(Value::Null);
                fields.insert(key.to_owned(), value);
            }
        }
        fields
    }
}

/// The methods an answer's link names.
pub(crate) fn hints() -> Value {
    json!({ "allow": ["GET", "POST", "PUT", "PATCH", "DELETE"] })
}
