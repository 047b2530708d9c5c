//! The contract as Rust types, and the names of its interfaces.
//!
//! What is passed to a hook borrows (`OrderLineParam<'_>` holds `&str`), so that an order of twenty
//! lines reaches a guest without being copied first; what a guest passes is owned.
//!
//! One world with every hook is bound, although no module exports them all: each hook's functions
//! are looked up on their own, and all of them share one set of types.

use std::fmt;

use semver::Version;

pub(crate) use bindings::{exports::fondaco::plugin as hooks, fondaco::plugin as interfaces};

/// The package of the contract.
pub const PACKAGE: &str = "fondaco:plugin";
/// The version of the contract that this host serves.
pub const VERSION: &str = "0.1.0";

/// What a module can hear: an interface that it exports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    /// Orders.
    Order,
    /// Stock.
    Stock,
    /// The ticks of its schedules.
    Schedule,
    /// The ends of its own actions.
    Outcome,
}

impl Hook {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Order, Self::Stock, Self::Schedule, Self::Outcome];

    /// The name of its interface.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Order => "on-order",
            Self::Stock => "on-stock",
            Self::Schedule => "on-schedule",
            Self::Outcome => "on-outcome",
        }
    }

    /// The hook of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hook| hook.as_str() == name)
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

    /// Whether this host serves that version: within a minor version only functions and interfaces
    /// are added, so an older patch is served and a newer one may need what is not here.
    pub fn is_served(&self) -> bool {
        let parse = |version: &str| Version::parse(version).ok();
        let (Some(asked), Some(served)) = (self.version.and_then(parse), parse(VERSION)) else {
            return false;
        };
        let same_minor = (asked.major, asked.minor) == (served.major, served.minor);
        same_minor && asked.pre.is_empty() && asked.patch <= served.patch
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
                include fondaco:plugin/stock-hook@0.1.0;
                include fondaco:plugin/schedule-hook@0.1.0;
                include fondaco:plugin/outcome-hook@0.1.0;
            }
        ",
        world: "fondaco:sandbox/module",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: {
            "fondaco:plugin/log": trappable,
            "fondaco:plugin/clock": trappable,
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
        for other in ["", "@", "@0.2.0", "@0.1.1", "@1.1.0", "@0.1.0-rc.1", "@latest"] {
            assert!(!served(other), "{other}");
        }
    }
}
