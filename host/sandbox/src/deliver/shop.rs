//! What happens on a shop: orders, stock, products, prices.

use std::collections::BTreeSet;

use fondaco_model::{
    Decimal, EntityKey, Location, Order, OrderChange, Variant,
    catalogue::{Price, Product, ProductChange},
    decimal::DecimalText,
};
use wasmtime::component::InstancePre;

use super::{Door, Handled, Returned, check::check_type, handled, there};
use crate::{
    Hook,
    contract::{
        hooks::{on_order, on_price, on_product, on_stock},
        interfaces::types::Envelope,
    },
    convert::{
        catalogue::{PriceParts, ProductParts},
        order::OrderParts,
        variant::LevelParts,
    },
    run::Run,
};

#[derive(Clone, Default)]
pub struct Hooks {
    order: Option<on_order::GuestIndices>,
    stock: Option<on_stock::GuestIndices>,
    product: Option<on_product::GuestIndices>,
    price: Option<on_price::GuestIndices>,
}

impl Hooks {
    pub fn find(&mut self, hook: Hook, component: &InstancePre<Run>) -> wasmtime::Result<()> {
        match hook {
            Hook::Order => {
                check_type::<(Envelope<'_>, on_order::OrderEvent<'_>), Handled>(hook, component)?;
                self.order = Some(on_order::GuestIndices::new(component)?);
            }
            Hook::Stock => {
                check_type::<(Envelope<'_>, on_stock::StockEvent<'_>), Handled>(hook, component)?;
                self.stock = Some(on_stock::GuestIndices::new(component)?);
            }
            Hook::Product => {
                type Parameters<'a> = (Envelope<'a>, on_product::ProductEvent<'a>);
                check_type::<Parameters<'_>, Handled>(hook, component)?;
                self.product = Some(on_product::GuestIndices::new(component)?);
            }
            Hook::Price => {
                check_type::<(Envelope<'_>, on_price::PriceEvent<'_>), Handled>(hook, component)?;
                self.price = Some(on_price::GuestIndices::new(component)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub async fn order(
        &self,
        door: Door<'_>,
        key: &EntityKey,
        order: &Order,
        changes: &BTreeSet<OrderChange>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.order.as_ref(), Hook::Order)?;
        let parts = OrderParts::of(key, order)?;
        let inner = parts.inner();
        let lists = parts.lists(&inner);
        let event =
            on_order::OrderEvent { order: parts.record(&lists), changes: order_changes(changes) };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn stock(
        &self,
        door: Door<'_>,
        key: &EntityKey,
        variant: &Variant,
        location: &Location,
        before: Option<Decimal>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.stock.as_ref(), Hook::Stock)?;
        let parts = LevelParts::of(key, variant, location)?;
        let before = before.map(DecimalText::of);
        let before = before.as_ref().map(DecimalText::as_str);
        let event = on_stock::StockEvent { level: parts.record(), before };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn product(
        &self,
        door: Door<'_>,
        product: &Product,
        changes: &BTreeSet<ProductChange>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.product.as_ref(), Hook::Product)?;
        let parts = ProductParts::of(product);
        let changes = product_changes(changes);
        let event = on_product::ProductEvent { product: parts.record(), changes };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn price(
        &self,
        door: Door<'_>,
        price: &Price,
        before: Option<Decimal>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.price.as_ref(), Hook::Price)?;
        let parts = PriceParts::of(price);
        let before = before.map(DecimalText::of);
        let before = before.as_ref().map(DecimalText::as_str);
        let event = on_price::PriceEvent { price: parts.record(), before };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }
}

fn order_changes(changes: &BTreeSet<OrderChange>) -> on_order::OrderChanges {
    changes.iter().fold(on_order::OrderChanges::default(), |all, change| {
        all | match change {
            OrderChange::Placed => on_order::OrderChanges::PLACED,
            OrderChange::Paid => on_order::OrderChanges::PAID,
            OrderChange::State => on_order::OrderChanges::STATE,
            OrderChange::Lines => on_order::OrderChanges::LINES,
            OrderChange::Deductions => on_order::OrderChanges::DEDUCTIONS,
            OrderChange::Refunds => on_order::OrderChanges::REFUNDS,
            OrderChange::Deleted => on_order::OrderChanges::DELETED,
            OrderChange::Other => on_order::OrderChanges::OTHER,
        }
    })
}

fn product_changes(changes: &BTreeSet<ProductChange>) -> on_product::ProductChanges {
    changes.iter().fold(on_product::ProductChanges::default(), |all, change| {
        all | match change {
            ProductChange::Created => on_product::ProductChanges::CREATED,
            ProductChange::Content => on_product::ProductChanges::CONTENT,
            ProductChange::Variants => on_product::ProductChanges::VARIANTS,
            ProductChange::Published => on_product::ProductChanges::PUBLISHED,
            ProductChange::Deleted => on_product::ProductChanges::DELETED,
            ProductChange::Other => on_product::ProductChanges::OTHER,
        }
    })
}
