//! What differs between a client's shops, who is said to be right, and what became of it.

use std::collections::BTreeSet;

use fondaco_engine::align::{
    Aligned,
    compare::{Difference, Extent, Held, HeldStock, Listing, Row},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What differs between a client's production shops.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DifferencesView {
    /// Names this listing: who chooses by it says that they saw it.
    pub digest: String,
    /// The shops that were compared.
    pub shops: Vec<String>,
    /// How many SKUs there are over all of them.
    pub skus: u64,
    /// Those that differ.
    pub rows: Vec<DifferenceView>,
}

/// An SKU that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DifferenceView {
    /// The SKU as the first shop writes it.
    pub sku: String,
    /// How it differs: `quantity`, `spelling`, or `missing`, `double`, `untracked` or `unclear` and
    /// the shop, such as `missing torino`.
    pub differences: Vec<String>,
    /// Who has it.
    pub held: Vec<HeldView>,
}

/// A variant that one shop has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeldView {
    /// The shop.
    pub shop: String,
    /// Its id there.
    pub variant: String,
    /// The SKU as that shop writes it.
    pub sku: String,
    /// What can be sold; absent: it is not counted, or that cannot be told.
    pub available: Option<String>,
}

impl DifferencesView {
    /// A listing with its digest.
    #[must_use]
    pub fn of(listing: &Listing, digest: String) -> Self {
        Self {
            digest,
            shops: listing.shops.iter().map(ToString::to_string).collect(),
            skus: listing.skus as u64,
            rows: listing.rows.iter().map(DifferenceView::of).collect(),
        }
    }
}

impl DifferenceView {
    fn of(row: &Row) -> Self {
        Self {
            sku: row.written().to_owned(),
            differences: in_words(&row.differences),
            held: row.held.iter().map(HeldView::of).collect(),
        }
    }
}

impl HeldView {
    fn of(held: &Held) -> Self {
        let available = match &held.stock {
            HeldStock::Counted { available, .. } => Some(available.to_string()),
            HeldStock::Untracked | HeldStock::Unclear => None,
        };
        Self {
            shop: held.shop.to_string(),
            variant: held.variant.clone(),
            sku: held.sku.clone(),
            available,
        }
    }
}

fn in_words(differences: &BTreeSet<Difference>) -> Vec<String> {
    let words = |difference: &Difference| match difference {
        Difference::Quantity => "quantity".to_owned(),
        Difference::Spelling => "spelling".to_owned(),
        Difference::Missing { shop } => format!("missing {shop}"),
        Difference::Double { shop } => format!("double {shop}"),
        Difference::Untracked { shop } => format!("untracked {shop}"),
        Difference::Unclear { shop } => format!("unclear {shop}"),
    };
    differences.iter().map(words).collect()
}

/// Which shop is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlignAsked {
    /// The shop whose quantities are right.
    pub right: String,
    /// The digest of the listing that was seen.
    pub choice: String,
    /// Approves a choice that waits for it, instead of choosing.
    #[serde(default)]
    pub approve: bool,
}

/// What became of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AlignedView {
    /// Writes that were put into the outbox.
    pub actions: u64,
    /// SKUs that were left out, because they are not as they were seen any more.
    pub moved_on: Vec<String>,
    /// If nothing was done because it waits for approval: how much it would change.
    pub needs_approval: Option<ExtentView>,
}

/// How much would be changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExtentView {
    /// SKUs over all shops.
    pub skus: u64,
    /// SKUs that would be changed.
    pub changed: u64,
    /// SKUs that would be set to none.
    pub zeroed: u64,
}

impl From<Aligned> for AlignedView {
    fn from(aligned: Aligned) -> Self {
        match aligned {
            Aligned::Committed { actions, moved_on } => {
                Self { actions: actions as u64, moved_on, needs_approval: None }
            }
            Aligned::NeedsApproval(Extent { skus, changed, zeroed }) => {
                let [skus, changed, zeroed] = [skus, changed, zeroed].map(|count| count as u64);
                let needs_approval = Some(ExtentView { skus, changed, zeroed });
                Self { actions: 0, moved_on: Vec::new(), needs_approval }
            }
        }
    }
}
