//! Writing the texts of a product, and whether it is sold, for all store views that have none of their
//! own.

use fondaco_model::action::{ProductField, ProductWrite, Value};
use http::Method;
use serde_json::json;

use super::{
    super::{answers::refused, payloads::Product},
    Sending, is_as_decided, otherwise, product_path,
};
use crate::{Executed, Looked, PlatformError, Request};

/// Makes the request for a field.
pub fn request(write: &ProductWrite) -> Result<Request, PlatformError> {
    let mut product = json!({ "sku": write.product });
    match (write.field, write.value.as_str()) {
        (ProductField::Published, "true") => product["status"] = json!(1),
        (ProductField::Published, "false") => product["status"] = json!(2),
        (ProductField::Published, other) => {
            return Err(refused(format!(
                "a product is published `true` or `false`, not `{other}`"
            )));
        }
        (ProductField::Title, title) if title.trim().is_empty() => {
            return Err(refused("a product without a title cannot be found in a shop"));
        }
        (ProductField::Title, title) => product["name"] = json!(title),
        (field, text) => {
            let code = attribute(field)?;
            product["custom_attributes"] = json!([{ "attribute_code": code, "value": text }]);
        }
    }
    Ok(Request {
        method: Method::PUT.to_string(),
        path: product_path(&write.product),
        body: json!({ "product": product }),
        only_if: Some(Value::Text(write.decided_on.clone())),
        result: Value::Text(write.value.clone()),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(
    sending: &Sending<'_>,
    write: &ProductWrite,
) -> Result<Executed, PlatformError> {
    let product = sending.product(&write.product).await?;
    let found = value(&product, write.field)?;
    if found == sending.request.result {
        let snapshots = sending.product_snapshots(&product).await;
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    if !is_as_decided(sending.request, &found) {
        let snapshots = sending.product_snapshots(&product).await;
        return Ok(Executed::Stale { found, snapshots });
    }
    let what = format!("the {} of product {}", write.field.as_str(), write.product);
    let answer = sending.send::<Product>(&sending.request.body).await;
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    let written = value(&answer, write.field)?;
    if written != sending.request.result {
        return Err(otherwise(&what, &sending.request.result, &written));
    }
    let snapshots = sending.product_snapshots(&answer).await;
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &ProductWrite) -> Result<Looked, PlatformError> {
    let product = sending.product(&write.product).await?;
    let found = value(&product, write.field)?;
    let snapshots = sending.product_snapshots(&product).await;
    Ok(if found == sending.request.result {
        Looked::Done { ids: Vec::new(), snapshots }
    } else if is_as_decided(sending.request, &found) {
        Looked::NotDone
    } else {
        Looked::Neither { found, snapshots }
    })
}

/// What a product shows in a field.
fn value(product: &Product, field: ProductField) -> Result<Value, PlatformError> {
    Ok(Value::Text(match field {
        ProductField::Title => product.name.clone().unwrap_or_default(),
        ProductField::Published => (product.status == Some(1)).to_string(),
        field => product.attribute(attribute(field)?).unwrap_or_default().to_owned(),
    }))
}

/// The shop's name of a field.
fn attribute(field: ProductField) -> Result<&'static str, PlatformError> {
    match field {
        ProductField::Description => Ok("description"),
        ProductField::Summary => Ok("short_description"),
        ProductField::SeoTitle => Ok("meta_title"),
        ProductField::SeoDescription => Ok("meta_description"),
        ProductField::Title | ProductField::Published | ProductField::Tags => {
            Err(refused(format!("Magento has no attribute for `{}`", field.as_str())))
        }
    }
}
