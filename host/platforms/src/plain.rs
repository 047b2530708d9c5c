//! Numbers and texts as shops send them: a number may be written as a text, and the other way round.

use std::fmt;

use fondaco_model::Decimal;
use serde::{
    Deserialize, Deserializer,
    de::{self, Visitor},
};

use crate::Unreadable;

/// A text or a number, kept as text. Numbers keep the digits they were written with as far as JSON
/// readers do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain(pub String);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PlainVisitor;

        impl Visitor<'_> for PlainVisitor {
            type Value = Plain;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text or a number")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Plain, E> {
                Ok(Plain(text.to_owned()))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Plain, E> {
                Ok(Plain(number.to_string()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Plain, E> {
                Ok(Plain(number.to_string()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Plain, E> {
                Ok(Plain(number.to_string()))
            }
        }

        deserializer.deserialize_any(PlainVisitor)
    }
}

/// A number of a shop's.
pub fn decimal(text: &str, what: &str, field: &str) -> Result<Decimal, Unreadable> {
    Decimal::from_platform(text)
        .map_err(|error| Unreadable(format!("{what} has no number in `{field}`: {error}")))
}

/// A number of a shop's that may not be there.
pub fn number_of(
    text: Option<&Plain>,
    what: &str,
    field: &str,
) -> Result<Option<Decimal>, Unreadable> {
    text_of(text).map(|text| decimal(&text, what, field)).transpose()
}

/// A number of a shop's; where it is not there, zero.
pub fn number_or_zero(
    text: Option<&Plain>,
    what: &str,
    field: &str,
) -> Result<Decimal, Unreadable> {
    number_of(text, what, field).map(Option::unwrap_or_default)
}

/// A text that says something.
pub fn text_of(text: Option<&Plain>) -> Option<String> {
    text.map(|Plain(text)| text.trim()).filter(|text| !text.is_empty()).map(str::to_owned)
}
