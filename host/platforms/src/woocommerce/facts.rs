//! What the shop says of itself.

use super::{
    answers::refused,
    client::Client,
    payloads::{Setting, SystemStatus},
};
use crate::{PlatformError, ShopFacts};

/// Asks for the currency and the version, and for nothing beside them: the whole system status
/// makes a shop try connections to the outside.
pub async fn read(client: &Client) -> Result<ShopFacts, PlatformError> {
    let currency = currency(client).await?;
    let fields = vec![("_fields", "environment.version".to_owned())];
    let status = client.get::<SystemStatus>("/system_status", fields).await?.content;
    Ok(ShopFacts { version: status.environment.version, currency })
}

/// ISO 4217 code of the currency the shop sells in.
pub async fn currency(client: &Client) -> Result<String, PlatformError> {
    let fields = vec![("_fields", "id,value".to_owned())];
    let settings = client.get::<Vec<Setting>>("/settings/general", fields).await?.content;
    let currency = settings
        .iter()
        .find(|setting| setting.id == "woocommerce_currency")
        .and_then(|setting| setting.value.as_str())
        .ok_or_else(|| refused("the shop's general settings have no `woocommerce_currency`"))?;
    Ok(currency.to_ascii_uppercase())
}
