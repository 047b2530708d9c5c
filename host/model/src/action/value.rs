//! What a shop shows of the thing that an action writes.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Decimal;

/// What a shop shows: what an action was decided on, what was found, what it was before and after.
///
/// Numbers compare by value and texts by their characters. A number is stored as the text of the
/// number alone, as it was when actions wrote nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub enum Value {
    /// There is nothing: no price, no such code.
    Nothing,
    /// A number: a quantity, a price, what was refunded so far.
    Number(Decimal),
    /// A text: a title, a word for where an order stands.
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Number(Decimal),
    Text { text: Option<String> },
}

impl From<Stored> for Value {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Number(number) => Self::Number(number),
            Stored::Text { text: Some(text) } => Self::Text(text),
            Stored::Text { text: None } => Self::Nothing,
        }
    }
}

impl From<Value> for Stored {
    fn from(value: Value) -> Self {
        match value {
            Value::Number(number) => Self::Number(number),
            Value::Text(text) => Self::Text { text: Some(text) },
            Value::Nothing => Self::Text { text: None },
        }
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Self {
        Self::Number(number)
    }
}

impl From<Option<Decimal>> for Value {
    fn from(number: Option<Decimal>) -> Self {
        number.map_or(Self::Nothing, Self::Number)
    }
}

impl Value {
    /// Longest piece of a text that is shown to people, in characters.
    const SHOWN_CHARACTERS_MAX: usize = 120;

    /// The value as a module hears it: a number as the contract writes it, a text whole, nothing as
    /// the empty text.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Nothing => String::new(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

/// For people; a long text is cut off.
impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => formatter.write_str("nothing"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Text(text) => {
                let mut characters = text.chars();
                let shown: String = characters.by_ref().take(Self::SHOWN_CHARACTERS_MAX).collect();
                let rest = if characters.next().is_some() { "…" } else { "" };
                write!(formatter, "{shown}{rest}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_stored_as_a_number_is_read() {
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(read("\"12.50\""), Value::Number("12.5".parse().unwrap()));
        assert_eq!(serde_json::to_string(&Value::Number(7.into())).unwrap(), "\"7\"");
        assert!(serde_json::from_str::<Value>("\"seven\"").is_err());
    }

    #[test]
    fn a_long_text_is_cut_for_people_only() {
        let long = Value::Text("è".repeat(200));
        assert_eq!(long.to_string().chars().count(), 121);
        assert_eq!(long.told().chars().count(), 200);
        assert_eq!(
            (Value::Nothing.told(), Value::Nothing.to_string()),
            ("".into(), "nothing".into())
        );
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(text in "\\PC{0,40}", number in any::<i32>()) {
            let texts = [Value::Text(text.clone()), Value::Text(number.to_string())];
            let others = [Value::Nothing, Value::Number(i64::from(number).into())];
            for value in texts.into_iter().chain(others) {
                let stored = serde_json::to_string(&value).unwrap();
                prop_assert_eq!(serde_json::from_str::<Value>(&stored).unwrap(), value);
            }
        }
    }
}
