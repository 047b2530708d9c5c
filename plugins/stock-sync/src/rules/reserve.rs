//! What each shop keeps back: what the merchant set, and more while nothing is heard of another shop.
//!
//! A shop that is silent may go on selling, and nobody knows what. So the shops that share a SKU with
//! it show less, until it is heard of again: better some units too few for sale than one sold twice.

use std::collections::BTreeSet;

use super::{Quantity, Settings};

/// What is kept back now.
#[derive(Debug, Clone, Default)]
pub struct Reserve {
    settings: Settings,
    silent: BTreeSet<String>,
}

impl Reserve {
    /// By the settings, while nothing is heard of some shops.
    #[must_use]
    pub const fn new(settings: Settings, silent: BTreeSet<String>) -> Self {
        Self { settings, silent }
    }

    /// The shops that are silent.
    #[must_use]
    pub const fn silent(&self) -> &BTreeSet<String> {
        &self.silent
    }

    /// What a shop keeps back of something that it shares with these shops.
    #[must_use]
    pub fn of<'a>(&self, shop: &str, sharing: impl Iterator<Item = &'a String>) -> Quantity {
        let silent = sharing.filter(|other| *other != shop && self.silent.contains(*other));
        let more: Quantity = silent.map(|_| self.settings.silent_buffer).sum();
        self.settings.buffer(shop) + more
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_silent_shop_makes_the_others_keep_more_back() {
        let settings = |silent_buffer: u32| {
            let json = format!(
                r#"{{"source": "a", "buffers": {{"b": 3}}, "silent-buffer": {silent_buffer}}}"#
            );
            Settings::parse(&json).unwrap()
        };
        let sharing = ["a", "b", "c"].map(str::to_owned);
        for (silent_buffer, silent, kept) in [
            (2, &[][..], [0, 3, 0]),
            (2, &["a"], [0, 5, 2]),
            (2, &["a", "c"], [2, 7, 2]),
            (2, &["elsewhere"], [0, 3, 0]),
            (0, &["a"], [0, 3, 0]),
        ] {
            let silent_shops = silent.iter().map(|shop| (*shop).to_owned()).collect();
            let reserve = Reserve::new(settings(silent_buffer), silent_shops);
            let found = sharing.each_ref().map(|shop| reserve.of(shop, sharing.iter()));
            assert_eq!(found, kept.map(Quantity::units), "{silent_buffer} {silent:?}");
        }
    }
}
