//! Products and variations become variants.

use std::collections::BTreeMap;

use fondaco_model::{
    Aspect, Decimal, Entity, EntityKey, Location, ShopId, Snapshot, Variant, Version,
    commerce::{StockLevel, StockPolicy, VariantContent},
};

use super::{
    payloads::{ManageStock, Product},
    times,
};
use crate::{
    Unreadable,
    plain::{decimal, number_of, text_of},
    seen::Seen,
};

/// The version of something with these dates. What was never modified has only the first.
pub fn version_of(
    seen: &Seen<'_>,
    what: &str,
    modified: Option<&str>,
    created: Option<&str>,
) -> Result<Version, Unreadable> {
    let text = modified.or(created).unwrap_or_default();
    let platform = times::parse(text).ok_or_else(|| {
        Unreadable(format!("{what} has no date in `date_modified_gmt`: `{text}`"))
    })?;
    Ok(seen.version(platform))
}

/// How a product is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sold {
    /// As itself.
    Itself,
    /// As its variations.
    AsVariations,
    /// In its parts, or somewhere else.
    NotHere,
}

impl Product {
    /// How it is sold. Plugins add types; what is not known otherwise is sold as itself.
    pub fn sold(&self) -> Sold {
        match self.kind.as_deref().unwrap_or_default() {
            "variable" | "variable-subscription" => Sold::AsVariations,
            "grouped" | "external" => Sold::NotHere,
            _ => Sold::Itself,
        }
    }

    fn parent(&self) -> Option<u64> {
        self.parent_id.filter(|parent| *parent != 0)
    }
}

/// The snapshot of a product that is sold as itself, or of a variation.
///
/// `/products` and webhooks call a variation "T-Shirt - S, Red"; the list of a product's variations
/// calls it "S, Red". Both have the same version, so both must come to the same title: the list's
/// is put behind the product's name. An answer that has the short name and no product to go with
/// it tells the stock only.
pub fn snapshot(
    seen: &Seen<'_>,
    product: &Product,
    naming: Naming<'_>,
) -> Result<Snapshot, Unreadable> {
    let what = format!("product {}", product.id);
    let version = version_of(
        seen,
        &what,
        product.date_modified_gmt.as_deref(),
        product.date_created_gmt.as_deref(),
    )?;
    if product.status.as_deref() == Some("trash") {
        return Ok(tombstone(seen.shop, product.id, version));
    }
    let content = match title(product, naming) {
        Some(title) => Aspect::known(version, content(product, &what, title)?),
        None => Aspect::Unknown,
    };
    let stock = Aspect::known(version, stock_level(product)?);
    let stock = BTreeMap::from([(Location::WHOLE_SHOP, stock)]);
    Ok(Snapshot::new(
        EntityKey::variant(seen.shop.clone(), product.id.to_string()),
        Entity::Variant(Variant { content, stock }),
    ))
}

/// What the `name` of a payload is.
#[derive(Debug, Clone, Copy)]
pub enum Naming<'a> {
    /// The whole title.
    Whole,
    /// What makes the variation different from the others of this product.
    VariationOf(&'a str),
    /// The same, and the product's name is not at hand.
    VariationAlone,
}

/// A variant that is gone.
pub fn tombstone(shop: &ShopId, id: u64, version: Version) -> Snapshot {
    let stock = BTreeMap::from([(Location::WHOLE_SHOP, Aspect::deleted(version))]);
    Snapshot::new(
        EntityKey::variant(shop.clone(), id.to_string()),
        Entity::Variant(Variant { content: Aspect::deleted(version), stock }),
    )
}

fn content(product: &Product, what: &str, title: String) -> Result<VariantContent, Unreadable> {
    let price = number_of(product.price.as_ref(), what, "price")?;
    let regular = match product.on_sale {
        true => number_of(product.regular_price.as_ref(), what, "regular_price")?,
        false => None,
    };
    let cost = product.cost_of_goods_sold.as_ref().and_then(|cost| cost.total_value.as_ref());
    let cost = number_of(cost, what, "cost_of_goods_sold")?;
    Ok(VariantContent {
        product: product.parent().unwrap_or(product.id).to_string(),
        sku: text_of(product.sku.as_ref()),
        title,
        price,
        // A sale that is to begin or has ended by its dates counts as one until the shop's daily work
        // sets the price.
        compare_at: regular.filter(|regular| price.is_some_and(|price| price < *regular)),
        // A cost that nobody entered is a zero.
        cost: cost.filter(|cost| *cost != Decimal::ZERO),
        barcode: text_of(product.global_unique_id.as_ref()),
        // A payload has a number, and the shop's settings its unit.
        weight: None,
        published: product.status.as_deref() == Some("publish"),
    })
}

fn title(product: &Product, naming: Naming<'_>) -> Option<String> {
    let name = product.name.as_deref().unwrap_or_default();
    let options: Vec<String> = product
        .attributes
        .iter()
        .filter_map(|attribute| text_of(attribute.option.as_ref()))
        .map(|option| plain_text(&option))
        .collect();
    let options = if product.parent().is_some() { options.join(", ") } else { String::new() };
    let (base, complete) = match naming {
        Naming::VariationAlone => return None,
        Naming::VariationOf(parent) => (plain_text(parent), false),
        // WooCommerce leaves the options out of a title where there are many or long ones.
        Naming::Whole => {
            let name = plain_text(name);
            let complete = name.ends_with(&options);
            (name, complete)
        }
    };
    Some(if complete || options.is_empty() { base } else { format!("{base} - {options}") })
}

/// How much there is, and what happens when it runs out.
pub fn stock_level(product: &Product) -> Result<StockLevel, Unreadable> {
    if product.manage_stock == ManageStock::No {
        return Ok(StockLevel { policy: StockPolicy::Untracked, available: None, on_hand: None });
    }
    let policy = match product.backorders.as_deref() {
        Some("yes" | "notify") => StockPolicy::Backorder,
        _ => StockPolicy::Tracked,
    };
    let available = match text_of(product.stock_quantity.as_ref()) {
        Some(text) => decimal(&text, &format!("product {}", product.id), "stock_quantity")?,
        // Counted, and nothing was ever put in.
        None => Decimal::ZERO,
    };
    Ok(StockLevel { policy, available: Some(available), on_hand: None })
}

/// WooCommerce escapes names for HTML; a title is plain text.
pub fn plain_text(escaped: &str) -> String {
    html_escape::decode_html_entities(escaped).trim().to_owned()
}
