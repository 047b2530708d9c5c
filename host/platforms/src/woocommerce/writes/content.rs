//! Writing the texts of a product, and whether customers see it.

use fondaco_model::{
    ActionId, Snapshot,
    action::{ProductField, ProductWrite, Value},
};
use http::Method;
use serde_json::json;

use super::{
    super::{
        answers::refused,
        payloads::Product,
        products::{Sold, plain_text},
    },
    Sending, is_as_decided, is_marked, mark, number, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request};

const MARK_KEY: &str = "_fondaco_content_write";

/// Makes the request for a field.
pub fn request(id: &ActionId, write: &ProductWrite) -> Result<Request, PlatformError> {
    let value = match (write.field, write.value.as_str()) {
        (ProductField::Published, "true") => "publish",
        // It keeps its address and is seen by nobody but the shop's people.
        (ProductField::Published, "false") => "draft",
        (ProductField::Published, other) => {
            return Err(refused(format!(
                "a product is published `true` or `false`, not `{other}`"
            )));
        }
        (ProductField::Title, title) if title.trim().is_empty() => {
            return Err(refused("a product without a title cannot be found in a shop"));
        }
        (_, text) => text,
    };
    let mut body = json!({ "meta_data": [mark(MARK_KEY, id)] });
    body[key(write.field)?] = json!(value);
    Ok(Request {
        method: Method::PUT.to_string(),
        path: format!("/products/{}", number(&write.product)?),
        body,
        only_if: Some(Value::Text(write.decided_on.clone())),
        result: Value::Text(write.value.clone()),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(
    sending: &Sending<'_>,
    write: &ProductWrite,
) -> Result<Executed, PlatformError> {
    let what = named(write);
    let product = sending.product(&what).await?;
    let found = value(&product, write.field);
    if found == sending.request.result {
        let snapshots = snapshots(sending, &product, sending.now);
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    if !is_as_decided(sending.request, &found) {
        let snapshots = snapshots(sending, &product, sending.now);
        return Ok(Executed::Stale { found, snapshots });
    }
    let written_at = sending.time();
    let answer = sending.send::<Product>(Vec::new(), &sending.request.body).await;
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    let written = value(&answer, write.field);
    if written != sending.request.result {
        // A shop strips what its user may not write, such as scripts in a description.
        return Err(otherwise(&what, &sending.request.result, &written));
    }
    let snapshots = snapshots(sending, &answer, written_at);
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &ProductWrite) -> Result<Looked, PlatformError> {
    let product = sending.product(&named(write)).await?;
    let found = value(&product, write.field);
    let snapshots = snapshots(sending, &product, sending.now);
    let marked = is_marked(&product.meta_data, sending.request, MARK_KEY);
    Ok(if found == sending.request.result {
        Looked::Done { ids: Vec::new(), snapshots }
    } else if is_as_decided(sending.request, &found) && !marked {
        Looked::NotDone
    } else {
        // Written and changed since, or written and understood differently: a person has to see it.
        Looked::Neither { found, snapshots }
    })
}

fn named(write: &ProductWrite) -> String {
    format!("the {} of product {}", write.field.as_str(), write.product)
}

/// The shop's name of a field.
fn key(field: ProductField) -> Result<&'static str, PlatformError> {
    match field {
        ProductField::Title => Ok("name"),
        ProductField::Description => Ok("description"),
        ProductField::Summary => Ok("short_description"),
        ProductField::Published => Ok("status"),
        ProductField::SeoTitle | ProductField::SeoDescription | ProductField::Tags => {
            Err(refused(format!("WooCommerce itself has no field for `{}`", field.as_str())))
        }
    }
}

/// What a product shows in a field.
fn value(product: &Product, field: ProductField) -> Value {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Value::Text(match field {
        ProductField::Title => plain_text(&text(&product.name)),
        ProductField::Description => text(&product.description),
        ProductField::Summary => text(&product.short_description),
        ProductField::Published => (product.status.as_deref() == Some("publish")).to_string(),
        ProductField::SeoTitle | ProductField::SeoDescription | ProductField::Tags => String::new(),
    })
}

/// What the answer tells of a variant. One that is sold as its variations tells nothing of them.
fn snapshots(
    sending: &Sending<'_>,
    product: &Product,
    read_at: fondaco_model::Timestamp,
) -> Vec<Snapshot> {
    if product.sold() != Sold::Itself {
        return Vec::new();
    }
    sending.snapshot(product, read_at).into_iter().collect()
}
