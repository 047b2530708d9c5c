//! What the module says, to merchants in English and Italian.

use super::{Quantity, restored::Odd, wanted::Change};

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
    /// A backup of the host was restored.
    BackupRestored,
    /// Nothing is heard of other shops.
    Silent {
        /// Which, by name.
        shops: String,
    },
    /// The shops of which nothing was heard are heard of again.
    HeardAgain,
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
            Self::BackupRestored => Words {
                en: format!("{sku} on {shop} after a backup was restored: {from} → {to}"),
                it: format!("{sku} su {shop} dopo il ripristino di un backup: {from} → {to}"),
            },
            Self::Silent { shops } => Words {
                en: format!(
                    "nothing is heard of {shops}, so more of {sku} is kept back on {shop}: {from} → \
                     {to}"
                ),
                it: format!(
                    "{shops} non dà notizie di sé, perciò si tiene più riserva di {sku} su {shop}: \
                     {from} → {to}"
                ),
            },
            Self::HeardAgain => Words {
                en: format!(
                    "all shops are heard of again, so {sku} on {shop} is offered as before: {from} → \
                     {to}"
                ),
                it: format!(
                    "tutti i negozi danno di nuovo notizie, {sku} su {shop} torna in vendita come \
                     prima: {from} → {to}"
                ),
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

/// What the shops show of a SKU after a restore is not what the orders leave.
#[must_use]
pub fn odd_after_restore(
    sku: &str,
    odd: &Odd,
    shared_now: Quantity,
    name: impl Fn(&str) -> String,
) -> Notice {
    let shown = |(shop, quantity): &(String, Quantity)| format!("{}: {quantity}", name(shop));
    let shown: Vec<String> = odd.shown.iter().map(shown).collect();
    let (shown, counted) = (shown.join(", "), odd.counted);
    Notice {
        title: Words {
            en: format!("count {sku}: after a restore its stock does not add up"),
            it: format!("conta {sku}: dopo un ripristino la giacenza non torna"),
        },
        text: Words {
            en: format!(
                "A backup was restored. By the orders there should be {counted} of {sku} in all, \
                 but the shops showed {shown}; somebody may have changed it by hand after the \
                 backup. {shared_now} are offered from now on. Count what is there, and correct \
                 the quantity on one of the shops if it is another."
            ),
            it: format!(
                "È stato ripristinato un backup. Secondo gli ordini di {sku} dovrebbero esserci \
                 {counted} pezzi in tutto, ma i negozi mostravano {shown}; forse qualcuno l'ha \
                 cambiata a mano dopo il backup. D'ora in poi ne vengono offerti {shared_now}. \
                 Conta la merce e, se non sono tanti, correggi la giacenza su uno dei negozi."
            ),
        },
    }
}
