//! What a merchant sets: taxes, what sending costs, and fees.
//!
//! The tax of a price depends on what is sold (its tax class) and on where it goes. Entered prices
//! may have the tax of the shop's own place inside them; a place without a rate then pays what is
//! left without it.

use rust_decimal::Decimal;

use super::market::Market;

/// What a merchant sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The rates, in the order of their tax classes: the standard one first.
    pub tax_rates: Vec<TaxRate>,
    /// Whether entered prices have the tax of the shop's own place inside.
    pub prices_include_tax: bool,
    /// Whether taxes are rounded for the order as a whole instead of line by line.
    pub round_at_subtotal: bool,
    /// The tax class of sending; absent: that of what is sent, the standard one before others.
    pub shipping_tax_class: Option<String>,
    /// What sending costs without tax; absent: nothing.
    pub shipping: Option<Decimal>,
    /// What every checkout costs besides.
    pub fees: Vec<Fee>,
}

/// A tax rate of a place and a tax class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRate {
    /// Id in the API.
    pub id: u64,
    /// Country code.
    pub country: String,
    /// State code; empty: the whole country.
    pub state: String,
    /// Tax class; empty: the standard one.
    pub class: String,
    /// Per cent.
    pub percent: Decimal,
    /// How orders name it to people.
    pub label: String,
}

/// What a checkout costs besides goods and sending, such as for cash on delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fee {
    /// What it is called.
    pub name: String,
    /// Without tax.
    pub amount: Decimal,
    /// Tax class; empty: the standard one.
    pub tax_class: String,
}

/// Where something goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub country: String,
    pub state: String,
}

impl TaxRate {
    /// What orders call it.
    pub(crate) fn code(&self) -> String {
        let place = [&self.country, &self.state, &self.label];
        let named: Vec<&str> =
            place.into_iter().filter(|part| !part.is_empty()).map(String::as_str).collect();
        format!("{}-1", named.join("-").to_uppercase())
    }
}

impl Settings {
    /// As in the shop that was observed in such a place.
    pub(crate) fn of(market: &Market) -> Self {
        let rate = |id, state: &str, class: &str, percent, label: &str| TaxRate {
            id,
            country: market.country.to_owned(),
            state: state.to_owned(),
            class: class.to_owned(),
            percent,
            label: label.to_owned(),
        };
        let rome = market.currency == "EUR";
        let tax_rates = if rome {
            vec![
                rate(2, "", "", Decimal::new(22, 0), "IVA 22%"),
                rate(3, "", "reduced-rate", Decimal::new(10, 0), "IVA 10%"),
                rate(4, "", "super-ridotta", Decimal::new(4, 0), "IVA 4%"),
            ]
        } else {
            vec![rate(1, market.state, "", Decimal::new(8875, 3), "NY Tax")]
        };
        Self {
            tax_rates,
            prices_include_tax: rome,
            round_at_subtotal: false,
            shipping_tax_class: None,
            shipping: rome.then(|| Decimal::new(492, 2)),
            fees: Vec::new(),
        }
    }

    /// The rates of a class at a place.
    pub(crate) fn rates(&self, class: &str, place: &Place) -> Vec<&TaxRate> {
        let applies = |rate: &&TaxRate| {
            rate.class == class
                && rate.country == place.country
                && (rate.state.is_empty() || rate.state == place.state)
        };
        self.tax_rates.iter().filter(applies).collect()
    }

    /// The rates of sending what is of these classes.
    pub(crate) fn shipping_rates(&self, classes: &[String], place: &Place) -> Vec<&TaxRate> {
        let class = match &self.shipping_tax_class {
            Some(class) => class.as_str(),
            None => self
                .tax_rates
                .iter()
                .map(|rate| rate.class.as_str())
                .find(|class| classes.iter().any(|other| other == class))
                .unwrap_or_default(),
        };
        self.rates(class, place)
    }
}
