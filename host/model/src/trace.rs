//! Traces: what one delivery led to, down to the last settled action, is under one id.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A trace's id. As text it is what W3C Trace Context calls a trace-id: 32 hexadecimal digits in
/// lower case, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceId([u8; TraceId::BYTES]);

/// Why a text is no trace's id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no trace's id: that is 32 hexadecimal digits in lower case, not all zero")]
pub struct TraceIdError(String);

impl TraceId {
    /// Bytes of an id.
    pub const BYTES: usize = 16;

    /// An id of random bytes.
    #[must_use]
    pub fn of_random(mut bytes: [u8; Self::BYTES]) -> Self {
        if bytes == [0; Self::BYTES] {
            // The one value that stands for none. Nobody will ever see this.
            bytes = [1; Self::BYTES];
        }
        Self(bytes)
    }

    /// The bytes, as they are stored.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }
}

impl FromStr for TraceId {
    type Err = TraceIdError;

    fn from_str(text: &str) -> Result<Self, TraceIdError> {
        let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let hexadecimal = text.len() == 2 * Self::BYTES && text.bytes().all(digit);
        match u128::from_str_radix(text, 16) {
            Ok(number) if hexadecimal && number != 0 => Ok(Self(number.to_be_bytes())),
            _ => Err(TraceIdError(text.chars().take(2 * Self::BYTES + 1).collect())),
        }
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl TryFrom<String> for TraceId {
    type Error = TraceIdError;

    fn try_from(text: String) -> Result<Self, TraceIdError> {
        text.parse()
    }
}

impl From<TraceId> for String {
    fn from(trace: TraceId) -> Self {
        trace.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_written_as_it_is_read() {
        for text in ["4bf92f3577b34da6a3ce929d0e0e4736", "0000000000000000000000000000000a"] {
            let trace: TraceId = text.parse().unwrap();
            assert_eq!(trace.to_string(), text);
            let json = serde_json::to_string(&trace).unwrap();
            assert_eq!(serde_json::from_str::<TraceId>(&json).unwrap(), trace);
            assert_eq!(TraceId::of_random(*trace.bytes()), trace);
        }
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in [
            "",
            "00000000000000000000000000000000",
            "4bf92f3577b34da6a3ce929d0e0e473",
            "4bf92f3577b34da6a3ce929d0e0e47360",
            "4BF92F3577B34DA6A3CE929D0E0E4736",
            "+bf92f3577b34da6a3ce929d0e0e4736",
            "4bf92f3577b34da6a3ce929d0e0e473ù",
        ] {
            assert!(text.parse::<TraceId>().is_err(), "{text}");
        }
        assert_ne!(TraceId::of_random([0; 16]).to_string(), "0".repeat(32));
    }
}
