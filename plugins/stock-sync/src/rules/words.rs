//! What the module says, to merchants in English and Italian.

use super::{Quantity, wanted::Change};

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words {
    /// English.
    pub en: String,
    /// Italian.
    pub it: String,
}

/// Why a quantity should change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// An order took from stock, or gave back to it.
    Order {
        /// The order's number.
        number: String,
        /// Where it was placed.
        shop: String,
        /// How much it took.
        took: Quantity,
    },
    /// The SKU is shared from now on.
    Opened,
    /// A shop's stock was changed from outside.
    Corrected {
        /// Where.
        shop: String,
        /// By how much.
        by: Quantity,
    },
    /// A sale was not visible any more after a write.
    Restored,
    /// It was not in step, for any other reason.
    OutOfStep,
    /// Only to see what the shop shows.
    Look,
}

impl Why {
    /// Explains a change of a SKU on a shop.
    #[must_use]
    pub fn explain(&self, sku: &str, shop: &str, change: Change) -> Words {
        let Change { decided_on: from, available: to } = change;
        match self {
            Self::Order { number, shop: sold_on, took } => {
                let count = took.abs();
                let gave_back = *took < Quantity::ZERO;
                let (did, fece) =
                    if gave_back { ("gave back", "ha restituito") } else { ("took", "ha preso") };
                Words {
                    en: format!("order {number} on {sold_on} {did} {count} × {sku}: {from} → {to}"),
                    it: format!(
                        "l'ordine {number} su {sold_on} {fece} {count} × {sku}: {from} → {to}"
                    ),
                }
            }
            Self::Opened => Words {
                en: format!("{sku} is shared by all shops from now on; {shop}: {from} → {to}"),
                it: format!("{sku} è ora comune a tutti i negozi; {shop}: {from} → {to}"),
            },
            Self::Corrected { shop: changed, by } => {
                let sign = if *by > Quantity::ZERO { "+" } else { "" };
                Words {
                    en: format!(
                        "stock of {sku} was changed on {changed} ({sign}{by}); {shop}: {from} → {to}"
                    ),
                    it: format!(
                        "la giacenza di {sku} è stata cambiata su {changed} ({sign}{by}); {shop}: \
                         {from} → {to}"
                    ),
                }
            }
            Self::Restored => Words {
                en: format!("a sale of {sku} did not show any more on {shop}: {from} → {to}"),
                it: format!("una vendita di {sku} non risultava più su {shop}: {from} → {to}"),
            },
            Self::OutOfStep => Words {
                en: format!("{sku} on {shop} was out of step: {from} → {to}"),
                it: format!("disallineamento di {sku} su {shop}: {from} → {to}"),
            },
            Self::Look => Words {
                en: format!("checks that {shop} shows {to} of {sku}, and changes nothing"),
                it: format!("controlla che {shop} mostri {to} di {sku}, senza cambiare nulla"),
            },
        }
    }
}

/// What the people of logistics are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// One line.
    pub title: Words,
    /// What it means and what can be done.
    pub text: Words,
}

/// A SKU fell below the threshold.
#[must_use]
pub fn low_stock(sku: &str, left: Quantity, threshold: Quantity) -> Notice {
    Notice {
        title: Words {
            en: format!("{sku} is running low: {left} left"),
            it: format!("{sku} sta finendo: ne restano {left}"),
        },
        text: Words {
            en: format!(
                "All shops together have {left} of {sku}, below the threshold of {threshold}. \
                 Reorder it, or lower the threshold in the settings."
            ),
            it: format!(
                "Tutti i negozi insieme hanno {left} di {sku}, sotto la soglia di {threshold}. \
                 Riordinalo, oppure abbassa la soglia nelle impostazioni."
            ),
        },
    }
}

/// A shop has a SKU twice.
#[must_use]
pub fn found_twice(sku: &str, shop: &str) -> Notice {
    Notice {
        title: Words {
            en: format!("two products on {shop} have the SKU {sku}"),
            it: format!("due prodotti su {shop} hanno lo SKU {sku}"),
        },
        text: Words {
            en: format!(
                "Which of the two is meant cannot be told, so the stock of {sku} is left alone on \
                 every shop. Give one of them another SKU; sharing then begins by itself."
            ),
            it: format!(
                "Non si può sapere quale dei due è inteso, perciò la giacenza di {sku} non viene \
                 toccata in nessun negozio. Dai a uno dei due un altro SKU; la condivisione \
                 comincerà da sola."
            ),
        },
    }
}
