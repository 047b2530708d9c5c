//! What the shop says of itself.

use fondaco_model::Decimal;
use jiff::tz::TimeZone;

use super::{
    answers::{Failed, refused},
    client::Client,
    payloads::{Found, Schema, Stock, StoreConfig},
    search::Search,
};
use crate::{PlatformError, ShopFacts};

/// What is set for the whole shop, and what everything else is read by.
#[derive(Debug, Clone)]
pub struct Settings {
    /// ISO 4217 code of the currency its amounts are in.
    pub currency: String,
    /// The clock of its days.
    pub zone: TimeZone,
    /// The same, as the shop writes it.
    pub zone_name: String,
    /// The unit of its weights; absent: not known.
    pub weight_unit: Option<WeightUnit>,
    /// The stock that is sold from.
    pub stock: u64,
    /// The addresses the shop has for itself.
    pub addresses: Vec<String>,
}

/// Asks for them.
pub async fn settings(client: &Client, website: &str) -> Result<Settings, PlatformError> {
    let configs = client.get::<Vec<StoreConfig>>("/V1/store/storeConfigs", Vec::new()).await?;
    let config = configs.first().ok_or_else(|| refused("the shop says it has no store view"))?;
    if let Some(other) =
        configs.iter().find(|other| other.base_currency_code != config.base_currency_code)
    {
        return Err(refused(format!(
            "the shop's websites have prices in {} and in {}: connect a shop for each, with its \
             `website`",
            config.base_currency_code, other.base_currency_code
        )));
    }
    let zone = TimeZone::get(&config.timezone)
        .map_err(|_| refused(format!("the shop's time zone `{}` is none", config.timezone)))?;
    let addresses = configs.iter().flat_map(|config| [&config.base_url, &config.secure_base_url]);
    Ok(Settings {
        currency: config.base_currency_code.to_ascii_uppercase(),
        zone,
        zone_name: config.timezone.clone(),
        weight_unit: config.weight_unit.as_deref().and_then(WeightUnit::named),
        stock: stock(client, website).await?,
        addresses: addresses.flatten().cloned().collect(),
    })
}

/// Which stock a website sells from.
async fn stock(client: &Client, website: &str) -> Result<u64, PlatformError> {
    let found = client.search::<Stock>("/V1/inventory/stocks", &Search::default()).await;
    let Found { items: stocks, .. } = found.map_err(|failed| match failed {
        Failed::Gone => refused("the shop has no stocks: Magento's inventory modules are off"),
        Failed::Otherwise(error) => error,
    })?;
    let sells = |stock: &&Stock| {
        let mut channels = stock.extension_attributes.sales_channels.iter();
        channels.any(|channel| channel.kind == "website" && channel.code == website)
    };
    stocks.iter().find(sells).map(|stock| stock.stock_id).ok_or_else(|| {
        refused(format!(
            "no stock of the shop is sold on the website `{website}`: set `website` to its code \
             (Stores → All Stores)"
        ))
    })
}

/// What a shop's weights are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeightUnit {
    /// Kilograms.
    Kilogram,
    /// Pounds.
    Pound,
}

impl WeightUnit {
    fn named(name: &str) -> Option<Self> {
        match name {
            "kgs" => Some(Self::Kilogram),
            "lbs" => Some(Self::Pound),
            _ => None,
        }
    }

    /// Hundred-thousandths of a gram in it. A pound is 453.59237 g by definition (international yard
    /// and pound agreement, 1959).
    const fn hundred_thousandths(self) -> i128 {
        match self {
            Self::Kilogram => 100_000_000,
            Self::Pound => 45_359_237,
        }
    }

    /// So many of it in grams, to the millionth; absent: it is larger than any weight is.
    pub fn grams(self, weight: Decimal) -> Option<Decimal> {
        let millionths = weight.units(6)?.checked_mul(self.hundred_thousandths())? / 100_000;
        Decimal::from_units(millionths, 6)
    }
}

/// What it is. The version is that of its own description of the API, such as `2.4`.
pub async fn read(client: &Client, website: &str) -> Result<ShopFacts, PlatformError> {
    let settings = settings(client, website).await?;
    let services = vec![("services", "storeStoreConfigManagerV1".to_owned())];
    let schema = client.get::<Schema>("/schema", services).await?;
    let version = format!("{} {}", schema.info.title, schema.info.version);
    Ok(ShopFacts { version: version.trim().to_owned(), currency: settings.currency })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_told_in_grams() {
        let grams = |unit: WeightUnit, weight: &str| unit.grams(weight.parse().unwrap()).unwrap();
        assert_eq!(grams(WeightUnit::Kilogram, "0.25"), 250.into());
        assert_eq!(grams(WeightUnit::Pound, "0.5"), "226.796185".parse().unwrap());
        assert_eq!(WeightUnit::named("stones"), None);
    }
}
