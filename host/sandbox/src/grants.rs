//! What an install may import beyond what every module has.

use std::{collections::BTreeSet, fmt};

/// The interfaces that are there without a grant: nothing of a shop can be read or changed with
/// them.
pub const ALWAYS_THERE: [&str; 6] = ["types", "commerce", "log", "clock", "settings", "state"];

/// The interfaces that a client granted to an install, by name, such as `change-stock`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grants(BTreeSet<String>);

/// A name that is no interface to grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be granted; what can is {}", Names(&Grants::ALL_GRANTABLE))]
pub struct UnknownGrant {
    /// The name.
    pub name: String,
}

impl Grants {
    /// Everything that can be granted.
    pub const ALL_GRANTABLE: [&'static str; 5] =
        ["alert", "catalogue", "change-stock", "orders", "stock"];

    /// Takes the names a client's file lists.
    ///
    /// # Errors
    /// At the first name that is no interface to grant.
    pub fn new<I>(names: I) -> Result<Self, UnknownGrant>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let check = |name: I::Item| {
            let name = name.into();
            let known = Self::is_grantable(&name);
            if known { Ok(name) } else { Err(UnknownGrant { name }) }
        };
        names.into_iter().map(check).collect::<Result<_, _>>().map(Self)
    }

    /// Everything there is; for tests and for a module's author.
    #[must_use]
    pub fn all() -> Self {
        Self(Self::ALL_GRANTABLE.into_iter().map(str::to_owned).collect())
    }

    /// Whether a name is an interface that needs a grant.
    #[must_use]
    pub fn is_grantable(name: &str) -> bool {
        Self::ALL_GRANTABLE.contains(&name)
    }

    /// Whether this interface is granted.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Names in a message: `a`, `b` and `c`.
pub(crate) struct Names<'a>(pub &'a [&'a str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                index if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(formatter, "{before}`{name}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_exists_can_be_granted() {
        let grants = Grants::new(["stock", "change-stock"]).unwrap();
        assert!(grants.contains("stock") && !grants.contains("alert"));
        let error = Grants::new(["stock", "change-prices"]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`change-prices` cannot be granted; what can is `alert`, `catalogue`, `change-stock`, \
             `orders` and `stock`"
        );
        // What is always there is not granted, so that a client's file does not look as if it were.
        assert!(Grants::new(["state"]).is_err());
    }
}
