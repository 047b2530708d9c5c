//! Products and prices on their way to a hook.

use fondaco_model::{
    catalogue::{Price, PriceScope, Product},
    decimal::DecimalText,
};

use super::money;
use crate::contract::interfaces::commerce::{PriceParam, PriceScopeParam, ProductParam};

/// A product with its lists.
pub struct ProductParts<'a> {
    product: &'a Product,
    categories: Vec<&'a str>,
    tags: Vec<&'a str>,
    variants: Vec<&'a str>,
}

impl<'a> ProductParts<'a> {
    pub fn of(product: &'a Product) -> Self {
        let borrowed = |texts: &'a [String]| texts.iter().map(String::as_str).collect();
        Self {
            product,
            categories: borrowed(&product.categories),
            tags: borrowed(&product.tags),
            variants: borrowed(&product.variants),
        }
    }

    pub fn record(&self) -> ProductParam<'_> {
        let product = self.product;
        ProductParam {
            shop: product.shop.as_str(),
            id: &product.id,
            title: &product.title,
            handle: &product.handle,
            published: product.published,
            vendor: product.vendor.as_deref(),
            categories: &self.categories,
            tags: &self.tags,
            images: product.images,
            images_described: product.images_described,
            variants: &self.variants,
        }
    }
}

/// A price with its numbers as text.
pub struct PriceParts<'a> {
    price: &'a Price,
    from_quantity: DecimalText,
    amount: DecimalText,
    compare_at: Option<DecimalText>,
}

impl<'a> PriceParts<'a> {
    pub fn of(price: &'a Price) -> Self {
        Self {
            price,
            from_quantity: DecimalText::of(price.from_quantity),
            amount: DecimalText::of(price.amount.amount),
            compare_at: price.compare_at.map(DecimalText::of),
        }
    }

    pub fn record(&self) -> PriceParam<'_> {
        let price = self.price;
        PriceParam {
            shop: price.shop.as_str(),
            variant: &price.variant,
            scope: match &price.scope {
                PriceScope::Everyone => PriceScopeParam::Everyone,
                PriceScope::Group(name) => PriceScopeParam::Group(name),
                PriceScope::Market(name) => PriceScopeParam::Market(name),
            },
            from_quantity: self.from_quantity.as_str(),
            amount: money(&self.amount, &price.amount),
            compare_at: self.compare_at.as_ref().map(DecimalText::as_str),
            sale_from: price.sale_from.map(|moment| moment.0),
            sale_until: price.sale_until.map(|moment| moment.0),
        }
    }
}
