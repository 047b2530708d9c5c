//! Names of the things a host keeps apart, and moments in time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name of a client, a shop or an install, in bytes.
pub const NAME_BYTES_MAX: usize = 63;

/// Why a name was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{name}` is not a name: use 1 to {NAME_BYTES_MAX} lower-case letters, digits and hyphens, \
     beginning with a letter"
)]
pub struct NameError {
    name: String,
}

fn check_name(name: &str) -> Result<(), NameError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let good = name.len() <= NAME_BYTES_MAX
        && name.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && name.bytes().all(plain);
    if good { Ok(()) } else { Err(NameError { name: name.to_owned() }) }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks and takes a name.
            ///
            /// # Errors
            /// If it is empty, too long, or holds anything but lower-case letters, digits and
            /// hyphens.
            pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
                let name = name.into();
                check_name(&name)?;
                Ok(Self(name))
            }

            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $type {
            type Error = NameError;

            fn try_from(name: String) -> Result<Self, NameError> {
                Self::new(name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// A client of the agency: the partition that nothing crosses.
    ClientId
}
name! {
    /// A shop, by the name its client's file gives it; unique within the client.
    ShopId
}
name! {
    /// A module installed for a client; unique within the client.
    InstallId
}

/// A moment, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// The moment this many milliseconds later; the last one there is, if that is past the end.
    #[must_use]
    pub const fn plus_ms(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_add(milliseconds))
    }

    /// The moment this many milliseconds earlier, not before the beginning.
    #[must_use]
    pub const fn minus_ms(self, milliseconds: u64) -> Self {
        Self(self.0.saturating_sub(milliseconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        for good in ["milano", "shop-2", "a"] {
            assert_eq!(ShopId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", "Milano", "2nd", "-a", "a/b", "a b", &"a".repeat(64)] {
            assert!(ShopId::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_are_checked_when_read() {
        assert!(serde_json::from_str::<ClientId>("\"../x\"").is_err());
    }
}
