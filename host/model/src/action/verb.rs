//! The words by which platforms say what they can do.

/// One thing that can be done on a shop. A platform does it, or says why it cannot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    /// Set what is available to sell.
    SetStock,
    /// Set the price for everybody.
    SetPrice,
    /// Set a price for a group of customers.
    SetGroupPrice,
    /// Set a price for a market.
    SetMarketPrice,
    /// Set a product's title.
    SetTitle,
    /// Set a product's description.
    SetDescription,
    /// Set a product's short description.
    SetSummary,
    /// Set a product's title for search engines.
    SetSeoTitle,
    /// Set a product's description for search engines.
    SetSeoDescription,
    /// Set a product's tags.
    SetTags,
    /// Show a product to customers, or hide it.
    Publish,
    /// Have nobody work on an order.
    Hold,
    /// Have an order worked on again.
    Release,
    /// Call an order off.
    Cancel,
    /// Give an order a tag.
    Tag,
    /// Take a tag from an order.
    Untag,
    /// Write a note for the shop's people.
    Note,
    /// Say that goods of an order are on their way.
    SendParcel,
    /// Send money back the way it came.
    SendRefund,
    /// Give money back as credit for the shop.
    CreditRefund,
    /// Record a refund that somebody sends.
    RecordRefund,
    /// Make a discount code, or change it.
    SetDiscount,
    /// End a discount code.
    EndDiscount,
}

impl Verb {
    /// All there are, in the order of the contract.
    pub const ALL: [Self; 23] = [
        Self::SetStock,
        Self::SetPrice,
        Self::SetGroupPrice,
        Self::SetMarketPrice,
        Self::SetTitle,
        Self::SetDescription,
        Self::SetSummary,
        Self::SetSeoTitle,
        Self::SetSeoDescription,
        Self::SetTags,
        Self::Publish,
        Self::Hold,
        Self::Release,
        Self::Cancel,
        Self::Tag,
        Self::Untag,
        Self::Note,
        Self::SendParcel,
        Self::SendRefund,
        Self::CreditRefund,
        Self::RecordRefund,
        Self::SetDiscount,
        Self::EndDiscount,
    ];

    /// The words for it in documents and messages: the interface of the contract and what of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetStock => "change-stock",
            Self::SetPrice => "change-prices: everyone",
            Self::SetGroupPrice => "change-prices: group",
            Self::SetMarketPrice => "change-prices: market",
            Self::SetTitle => "change-catalogue: title",
            Self::SetDescription => "change-catalogue: description",
            Self::SetSummary => "change-catalogue: summary",
            Self::SetSeoTitle => "change-catalogue: seo-title",
            Self::SetSeoDescription => "change-catalogue: seo-description",
            Self::SetTags => "change-catalogue: tags",
            Self::Publish => "change-catalogue: published",
            Self::Hold => "change-orders: hold",
            Self::Release => "change-orders: release",
            Self::Cancel => "change-orders: cancel",
            Self::Tag => "change-orders: tag",
            Self::Untag => "change-orders: untag",
            Self::Note => "change-orders: note",
            Self::SendParcel => "change-orders: parcel",
            Self::SendRefund => "change-returns: refund, original",
            Self::CreditRefund => "change-returns: refund, store-credit",
            Self::RecordRefund => "change-returns: refund, recorded",
            Self::SetDiscount => "change-discounts: propose",
            Self::EndDiscount => "change-discounts: end",
        }
    }
}
