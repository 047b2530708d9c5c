//! Where a shop sells: its currency's habits, its address and its time zone.
//!
//! Two shops were observed, one in Rome (euro, prices entered with 22 % tax inside, a courier) and
//! one in New York (dollar, 8.875 % on top, no shipping). A euro shop behaves as the first, every
//! other currency as the second.

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::DateTime};
use rust_decimal::{Decimal, RoundingStrategy};

use super::SimError;
use super::settings::Place;

/// The habits of a shop's place.
#[derive(Debug, Clone)]
pub(crate) struct Market {
    pub currency: String,
    pub symbol: &'static str,
    pub symbol_html: &'static str,
    pub symbol_after: bool,
    pub decimal_separator: char,
    pub thousand_separator: char,
    pub country: &'static str,
    pub state: &'static str,
    pub city: &'static str,
    pub postcode: &'static str,
    pub address: &'static str,
    pub phone: &'static str,
    zone: TimeZone,
}

impl Market {
    pub(crate) fn of_currency(currency: &str) -> Result<Self, SimError> {
        // The rules of the zones are written out: the simulator then needs no time zone database.
        let zone = |rules: &str| TimeZone::posix(rules).map_err(SimError::Zone);
        if currency == "EUR" {
            return Ok(Self {
                currency: currency.to_owned(),
                symbol: "€",
                symbol_html: "&euro;",
                symbol_after: true,
                decimal_separator: ',',
                thousand_separator: '.',
                country: "IT",
                state: "RM",
                city: "Roma",
                postcode: "00100",
                address: "Via Roma 1",
                phone: "+39 06 1234567",
                zone: zone("CET-1CEST,M3.5.0,M10.5.0/3")?,
            });
        }
        let (symbol, symbol_html) = match currency {
            "USD" => ("$", "&#36;"),
            "GBP" => ("£", "&pound;"),
            _ => ("¤", "&curren;"),
        };
        Ok(Self {
            currency: currency.to_owned(),
            symbol,
            symbol_html,
            symbol_after: false,
            decimal_separator: '.',
            thousand_separator: ',',
            country: "US",
            state: "NY",
            city: "New York",
            postcode: "10001",
            address: "1 Main St",
            phone: "+1 212 5550100",
            zone: zone("EST5EDT,M3.2.0,M11.1.0")?,
        })
    }

    /// Where the shop is.
    pub(crate) fn place(&self) -> Place {
        Place { country: self.country.to_owned(), state: self.state.to_owned() }
    }

    /// What the shop makes of a price it was sent as text: its own decimal separator and the dot
    /// both separate decimals, the last one counts, and all that is no digit is dropped.
    pub(crate) fn parse_price(&self, text: &str) -> String {
        let dotted = text.trim().replace(self.decimal_separator, ".");
        let last_dot = dotted.rfind('.').filter(|at| at + 1 < dotted.len());
        dotted
            .char_indices()
            .filter(|(at, character)| match character {
                '.' => Some(*at) == last_dot,
                '-' => true,
                other => other.is_ascii_digit(),
            })
            .map(|(_, character)| character)
            .collect()
    }

    /// The price as the shop's pages show it.
    pub(crate) fn price_html(&self, price: &str) -> String {
        let Ok(amount) = price.parse::<Decimal>() else {
            return String::new();
        };
        let cents = format!("{:.2}", cents(amount.abs()));
        let (whole, fraction) = cents.split_once('.').unwrap_or((&cents, "00"));
        let mut grouped = String::new();
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index) % 3 == 0 {
                grouped.push(self.thousand_separator);
            }
            grouped.push(digit);
        }
        let sign = if amount.is_sign_negative() { "-" } else { "" };
        let number = format!("{sign}{grouped}{}{fraction}", self.decimal_separator);
        let symbol =
            format!("<span class=\"woocommerce-Price-currencySymbol\">{}</span>", self.symbol_html);
        let inner = if self.symbol_after {
            format!("{number}&nbsp;{symbol}")
        } else {
            format!("{symbol}{number}")
        };
        format!("<span class=\"woocommerce-Price-amount amount\"><bdi>{inner}</bdi></span>")
    }

    /// A moment on the shop's clock, without an offset.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
    }

    /// A day on the shop's clock, as its mails write it.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%d/%m/%Y").to_string()
    }

    /// The moment of a time on the shop's clock. Of the hour that comes twice in autumn the second
    /// is meant, as observed.
    pub(crate) fn moment_of(&self, at: DateTime) -> Option<Timestamp> {
        self.zone.to_ambiguous_timestamp(at).later().ok()
    }
}

/// A moment in UTC, without its `Z`.
pub(crate) fn gmt(at: Timestamp) -> String {
    TimeZone::UTC.to_datetime(at).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// The moment of a `_gmt` text.
pub(crate) fn from_gmt(text: &str) -> Option<Timestamp> {
    let at: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_ambiguous_timestamp(at).compatible().ok()
}

/// Rounded to cents, a half away from zero.
pub(crate) fn cents(amount: Decimal) -> Decimal {
    amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_sent_as_text_is_read_by_the_shops_separators() {
        let dollar = Market::of_currency("USD").unwrap();
        let euro = Market::of_currency("EUR").unwrap();
        for (market, sent, stored) in [
            (&dollar, "12,50", "1250"),
            (&dollar, "12.50", "12.50"),
            (&dollar, "abc", ""),
            (&dollar, "-5", "-5"),
            (&dollar, "1.005", "1.005"),
            (&euro, "3,35", "3.35"),
            (&euro, "1.234,50", "1234.50"),
            (&euro, "19.90", "19.90"),
        ] {
            assert_eq!(market.parse_price(sent), stored, "{sent} in {}", market.currency);
        }
    }

    #[test]
    fn shows_prices_as_the_pages_do() {
        let euro = Market::of_currency("EUR").unwrap();
        assert!(euro.price_html("1250").contains("1.250,00&nbsp;"));
        let dollar = Market::of_currency("USD").unwrap();
        assert!(dollar.price_html("1250").contains("</span>1,250.00<"));
    }
}
