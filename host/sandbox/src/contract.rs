//! The contract as Rust types, and the names of its interfaces.
//!
//! What is passed to a hook borrows (`OrderLineParam<'_>` holds `&str`), so that an order of twenty
//! lines reaches a guest without being copied first; what a guest passes is owned.
//!
//! One world with every hook is bound, although no module exports them all: each hook's functions
//! are looked up on their own, and all of them share one set of types.

use std::fmt;

use semver::Version;

use crate::versions::{ContractVersion, SERVED};

pub(crate) use bindings::{exports::fondaco::plugin as hooks, fondaco::plugin as interfaces};

/// The package of the contract.
pub const PACKAGE: &str = "fondaco:plugin";
/// The newest version of the contract that this host serves.
pub const VERSION: &str = "0.1.0";

/// What a module can hear: an interface that it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Orders.
    Order,
    /// Products.
    Product,
    /// Prices.
    Price,
    /// Stock.
    Stock,
    /// Customers.
    Customer,
    /// Returns.
    Return,
    /// Carts.
    Cart,
    /// Messages.
    Message,
    /// Rows of a feed.
    Feed,
    /// The ticks of its schedules.
    Schedule,
    /// Signals of other modules.
    Signal,
    /// The ends of its own actions.
    Outcome,
    /// What happens to the install.
    Lifecycle,
    /// Somebody asks what something costs.
    Pricing,
    /// Somebody asks whether they may give something back.
    Returns,
}

impl Hook {
    /// All there are.
    pub const ALL: [Self; 15] = [
        Self::Order,
        Self::Product,
        Self::Price,
        Self::Stock,
        Self::Customer,
        Self::Return,
        Self::Cart,
        Self::Message,
        Self::Feed,
        Self::Schedule,
        Self::Signal,
        Self::Outcome,
        Self::Lifecycle,
        Self::Pricing,
        Self::Returns,
    ];

    /// The name of its interface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "on-order",
            Self::Product => "on-product",
            Self::Price => "on-price",
            Self::Stock => "on-stock",
            Self::Customer => "on-customer",
            Self::Return => "on-return",
            Self::Cart => "on-cart",
            Self::Message => "on-message",
            Self::Feed => "on-feed",
            Self::Schedule => "on-schedule",
            Self::Signal => "on-signal",
            Self::Outcome => "on-outcome",
            Self::Lifecycle => "on-lifecycle",
            Self::Pricing => "pricing",
            Self::Returns => "returns",
        }
    }

    /// The hook of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == name)
    }

    /// The function of its interface that is called.
    #[must_use]
    pub const fn function(self) -> &'static str {
        match self {
            Self::Pricing => "quote",
            Self::Returns => "assess",
            _ => "handle",
        }
    }

    /// Whether somebody waits for its answer, so that nothing can be proposed meanwhile.
    #[must_use]
    pub const fn is_synchronous(self) -> bool {
        matches!(self, Self::Pricing | Self::Returns)
    }
}

impl fmt::Display for Hook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// An interface of the contract as components name it: `fondaco:plugin/on-order@0.1.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InterfaceName<'a> {
    /// `on-order`.
    pub interface: &'a str,
    version: Option<&'a str>,
}

impl<'a> InterfaceName<'a> {
    /// Takes a name apart; nothing if it is of another package.
    pub fn parse(name: &'a str) -> Option<Self> {
        let rest = name.strip_prefix(PACKAGE)?.strip_prefix('/')?;
        Some(match rest.split_once('@') {
            Some((interface, version)) => Self { interface, version: Some(version) },
            None => Self { interface: rest, version: None },
        })
    }

    /// The version of the contract by which this host serves it; absent if it serves none that fits.
    pub fn served(&self) -> Option<&'static ContractVersion> {
        let asked = Version::parse(self.version?).ok()?;
        SERVED.iter().find(|served| served.serves(&asked))
    }

    /// Whether this host serves that version.
    pub fn is_served(&self) -> bool {
        self.served().is_some()
    }
}

/// The full name of an interface of the contract.
pub(crate) fn full_name(interface: &str) -> String {
    format!("{PACKAGE}/{interface}@{VERSION}")
}

mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        inline: "
            package fondaco:sandbox;

            world module {
                include fondaco:plugin/order-hook@0.1.0;
                include fondaco:plugin/product-hook@0.1.0;
                include fondaco:plugin/price-hook@0.1.0;
                include fondaco:plugin/stock-hook@0.1.0;
                include fondaco:plugin/customer-hook@0.1.0;
                include fondaco:plugin/return-hook@0.1.0;
                include fondaco:plugin/cart-hook@0.1.0;
                include fondaco:plugin/message-hook@0.1.0;
                include fondaco:plugin/feed-hook@0.1.0;
                include fondaco:plugin/schedule-hook@0.1.0;
                include fondaco:plugin/signal-hook@0.1.0;
                include fondaco:plugin/outcome-hook@0.1.0;
                include fondaco:plugin/lifecycle-hook@0.1.0;
                include fondaco:plugin/pricing-hook@0.1.0;
                include fondaco:plugin/returns-hook@0.1.0;
            }
        ",
        world: "fondaco:sandbox/module",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: {
            "fondaco:plugin/log": trappable,
            "fondaco:plugin/clock": trappable,
            "fondaco:plugin/random": trappable,
            "fondaco:plugin/settings": trappable,
            "fondaco:plugin/state.set": trappable,
            "fondaco:plugin/state.delete": trappable,
            default: async | trappable,
        },
        exports: { default: async },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        let name = InterfaceName::parse("fondaco:plugin/change-stock@0.1.0").unwrap();
        assert_eq!(name.interface, "change-stock");
        assert!(name.is_served());
        for foreign in ["wasi:clocks/wall-clock@0.2.0", "fondaco:plugins/log@0.1.0", "init", ""] {
            assert_eq!(InterfaceName::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn only_this_minor_version_up_to_this_patch_is_served() {
        let served = |version: &str| {
            InterfaceName::parse(&format!("fondaco:plugin/log{version}")).unwrap().is_served()
        };
        assert!(served("@0.1.0"));
        for other in ["", "@", "@0.3.0", "@0.1.1", "@1.1.0", "@0.1.0-rc.1", "@latest"] {
            assert!(!served(other), "{other}");
        }
    }
}
