//! What the merchant set.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Quantity;

/// The settings of an install; their schema is `settings.schema.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The shop whose quantities are right when a SKU is first shared.
    pub source: String,
    /// What each shop keeps back, by shop.
    #[serde(default)]
    buffers: BTreeMap<String, Quantity>,
    /// What each shop keeps back beside that for each other shop of which nothing is heard.
    #[serde(default = "one")]
    pub silent_buffer: Quantity,
    /// Below this, the people of logistics are told; absent: nobody is.
    #[serde(default)]
    pub low_stock: Option<Quantity>,
    /// SKUs that are left alone.
    #[serde(default)]
    pub skip_skus: Vec<String>,
}

const fn one() -> Quantity {
    Quantity::units(1)
}

impl Settings {
    /// Reads the settings' JSON.
    ///
    /// # Errors
    /// If it is not what the schema asks for; says what is wrong.
    pub fn parse(json: &str) -> Result<Self, String> {
        let settings: Self =
            serde_json::from_str(json).map_err(|error| format!("the settings: {error}"))?;
        let buffers = settings.buffers.iter().map(|(shop, buffer)| (shop.as_str(), *buffer));
        let low_stock = settings.low_stock.map(|quantity| ("low-stock", quantity));
        let silent_buffer = [("silent-buffer", settings.silent_buffer)];
        let negative = buffers
            .chain(low_stock)
            .chain(silent_buffer)
            .find(|(_, quantity)| *quantity < Quantity::ZERO);
        if let Some((name, quantity)) = negative {
            return Err(format!("the settings: `{name}` is {quantity}; it has to be 0 or more"));
        }
        Ok(settings)
    }

    /// What a shop keeps back.
    #[must_use]
    pub fn buffer(&self, shop: &str) -> Quantity {
        self.buffers.get(shop).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_schema_allows() {
        let settings = Settings::parse(
            r#"{"source": "milano", "buffers": {"torino": 2, "roma": "0.5"},
                "low-stock": 5, "skip-skus": ["GIFT"]}"#,
        )
        .unwrap();
        assert_eq!(settings.buffer("torino"), Quantity::units(2));
        assert_eq!(settings.buffer("roma").to_string(), "0.5");
        assert_eq!(settings.buffer("milano"), Quantity::ZERO);
        assert_eq!(settings.low_stock, Some(Quantity::units(5)));
        assert_eq!(settings.silent_buffer, Quantity::units(1));
        assert!(settings.skip_skus.contains(&"GIFT".to_owned()));
        assert_eq!(Settings::parse(r#"{"source":"milano"}"#).unwrap().low_stock, None);
    }

    #[test]
    fn refuses_the_rest_and_says_what() {
        for (json, word) in [
            (r#"{}"#, "source"),
            (r#"{"source":"a","bufers":{}}"#, "bufers"),
            (r#"{"source":"a","buffers":{"b":"-1"}}"#, "`b` is -1"),
            (r#"{"source":"a","buffers":{"b":"1,5"}}"#, "1,5"),
            (r#"{"source":"a","buffers":{"b":1.5}}"#, "decimal as text"),
            (r#"{"source":"a","silent-buffer":"-2"}"#, "`silent-buffer` is -2"),
            (r#"{"source":"a","low-stock":-1}"#, "`low-stock` is -1"),
        ] {
            let error = Settings::parse(json).unwrap_err();
            assert!(error.contains(word), "{json}: {error}");
        }
    }
}
