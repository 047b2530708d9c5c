//! Writing the texts of a product, and whether customers see it.

use fondaco_model::action::{ProductField, ProductWrite, Value};
use serde_json::{Value as Json, json};

use super::{
    super::{
        documents::{PRODUCT, PRODUCT_UPDATE},
        ids::gid,
        refused,
    },
    Sending, done, is_as_decided, kept, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a field.
pub fn request(write: &ProductWrite) -> Result<Request, PlatformError> {
    let mut input = json!({ "id": gid("Product", &write.product)? });
    let value = write.value.as_str();
    match write.field {
        ProductField::Published => {
            input["status"] = json!(match value {
                "true" => "ACTIVE",
                "false" => "DRAFT",
                other => {
                    return Err(refused(format!(
                        "a product is published `true` or `false`, not `{other}`"
                    )));
                }
            });
        }
        ProductField::Title if value.trim().is_empty() => {
            return Err(refused("a product without a title cannot be found in a shop"));
        }
        ProductField::Title => input["title"] = json!(value),
        ProductField::Description => input["descriptionHtml"] = json!(value),
        ProductField::SeoTitle => input["seo"] = json!({ "title": value }),
        ProductField::SeoDescription => input["seo"] = json!({ "description": value }),
        ProductField::Tags => input["tags"] = json!(tags(value)),
        ProductField::Summary => return Err(refused("Shopify products have no summary")),
    }
    let same = |text: &str| Value::Text(written_alike(write.field, text));
    let (only_if, result) = (Some(same(&write.decided_on)), same(value));
    Ok(kept(&PRODUCT_UPDATE, json!({ "product": input }), only_if, result))
}

/// Tags in an order of their own: the shop keeps none.
fn tags(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim).filter(|tag| !tag.is_empty());
    let mut tags: Vec<String> = tags.map(str::to_owned).collect();
    tags.sort_by_key(|tag| tag.to_lowercase());
    tags.dedup_by_key(|tag| tag.to_lowercase());
    tags
}

fn written_alike(field: ProductField, text: &str) -> String {
    if field == ProductField::Tags { tags(text).join(", ") } else { text.to_owned() }
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(
    sending: &Sending<'_>,
    write: &ProductWrite,
) -> Result<Executed, PlatformError> {
    let found = shown(sending, write).await?;
    if found == sending.request.result {
        return Ok(done(Vec::new()));
    }
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots: Vec::new() });
    }
    let answer =
        sending.send(&PRODUCT_UPDATE, sending.request.body.clone(), "productUpdate").await?;
    let product = answer.get("product").cloned().unwrap_or_default();
    let written = value(&product, write.field);
    if written != sending.request.result {
        let what = format!("the {} of product {}", write.field.as_str(), write.product);
        return Err(otherwise(&what, &sending.request.result, &written));
    }
    // What it tells of its variants is told by the delivery that follows.
    Ok(done(Vec::new()))
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &ProductWrite) -> Result<Looked, PlatformError> {
    let found = shown(sending, write).await?;
    Ok(if found == sending.request.result {
        Looked::Done { ids: Vec::new(), snapshots: Vec::new() }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots: Vec::new() }
    })
}

async fn shown(sending: &Sending<'_>, write: &ProductWrite) -> Result<Value, PlatformError> {
    let variables = json!({ "id": gid("Product", &write.product)? });
    let answer: Json = sending.shop.client.ask(&PRODUCT, variables).await?;
    match answer.get("product").filter(|product| !product.is_null()) {
        Some(product) => Ok(value(product, write.field)),
        None => Err(refused(format!("the shop no longer has product {}", write.product))),
    }
}

/// What a product shows in a field.
fn value(product: &Json, field: ProductField) -> Value {
    let text =
        |place: &str| product.pointer(place).and_then(Json::as_str).unwrap_or_default().to_owned();
    Value::Text(match field {
        ProductField::Title => text("/title"),
        ProductField::Description => text("/descriptionHtml"),
        ProductField::SeoTitle => text("/seo/title"),
        ProductField::SeoDescription => text("/seo/description"),
        ProductField::Published => (text("/status") == "ACTIVE").to_string(),
        ProductField::Tags => {
            let list = product.get("tags").and_then(Json::as_array).into_iter().flatten();
            let list: Vec<&str> = list.filter_map(Json::as_str).collect();
            tags(&list.join(",")).join(", ")
        }
        ProductField::Summary => String::new(),
    })
}
