//! A simulated WooCommerce shop.

use async_trait::async_trait;
use fondaco_model::{
    ActionKind, Decimal, EntityKey, Location, ShopId,
    action::{
        DiscountWrite, OrderStep, OrderWrite, PriceWrite, ProductField, ProductWrite, Reduction,
        RefundMethod, RefundWrite, Restock, Verb,
    },
    catalogue::PriceScope,
    commerce::{OrderState, RefundLine},
};
use fondaco_platforms::{
    Platform,
    timeouts::Timeouts,
    woocommerce::{Config, WooCommerce},
};
use fondaco_shopsim::{
    Faults, Gateway, LedgerEntry, LedgerEvent, Product, Purchase, WooShop, WooShopConfig, Writer,
};

use super::{cents, euro, faults};
use crate::shop::{Fault, SimulatedShop, now};

const SECRETS: [&str; 3] = ["cs_sim_secret", "ck_sim_key", "shared & secret"];

/// What the sold one costs, in euro, tax included. Its tax does not come to whole cents.
const PRICE: i64 = 20;
const GATEWAY: &str = "card";
const OLD_CODE: &str = "VECCHIO";

/// A simulated WooCommerce shop, and an adapter for it.
pub struct Shop {
    woo: WooShop,
    /// The sold one's id, and the id of one that is not counted.
    sold: [String; 2],
    /// Orders: paid by card; paid on delivery; held by the host; done with; waiting for a transfer.
    orders: [String; 5],
    /// The first line of the order that was paid by card.
    line: RefundLine,
    /// How long the ledger and the list of requests were before the case began.
    before: (usize, usize),
}

impl Shop {
    /// Does something that is not the action of the case.
    async fn act(&self, action: &ActionKind) {
        super::act(&adapter(&self.woo), action).await;
    }

    fn told(&self) -> Vec<LedgerEvent> {
        let entries = self.woo.ledger().into_iter().skip(self.before.0);
        entries.map(|LedgerEntry { event, .. }| event).collect()
    }

    fn stock(&self, which: usize) -> ActionKind {
        ActionKind::ChangeStock {
            shop: shop_id(),
            variant: self.sold[which].clone(),
            location: Location::WHOLE_SHOP,
            available: 3.into(),
            // Five were sold of ten.
            decided_on: 5.into(),
        }
    }

    fn price(&self, scope: PriceScope, amount: i64, compare_at: Option<i64>) -> ActionKind {
        ActionKind::ChangePrice(PriceWrite {
            shop: shop_id(),
            variant: self.sold[0].clone(),
            scope,
            from_quantity: Decimal::ONE,
            amount: euro(amount),
            compare_at: compare_at.map(Decimal::from),
            sale_from: None,
            sale_until: None,
            decided_on: Some(PRICE.into()),
        })
    }

    fn product(&self, field: ProductField, value: &str) -> ActionKind {
        ActionKind::ChangeProduct(ProductWrite {
            shop: shop_id(),
            product: self.sold[0].clone(),
            field,
            value: value.to_owned(),
            decided_on: match field {
                ProductField::Title => "Tazza A",
                ProductField::Published => "true",
                _ => "",
            }
            .to_owned(),
        })
    }

    fn order(&self, which: usize, step: OrderStep, decided_on: OrderState) -> ActionKind {
        let order = self.orders[which].clone();
        ActionKind::ChangeOrder(OrderWrite { shop: shop_id(), order, step, decided_on })
    }

    fn hold(&self, which: usize, decided_on: OrderState) -> ActionKind {
        self.order(which, OrderStep::Hold { reason: "To be looked at".to_owned() }, decided_on)
    }

    fn cancel(&self, which: usize, decided_on: OrderState) -> ActionKind {
        self.order(which, OrderStep::Cancel { reason: "Called off".to_owned() }, decided_on)
    }

    fn refund(&self, which: usize, method: RefundMethod, amount: i64) -> ActionKind {
        ActionKind::Refund(RefundWrite {
            shop: shop_id(),
            order: self.orders[which].clone(),
            amount: euro(amount),
            method,
            lines: Vec::new(),
            shipping: Decimal::ZERO,
            restock: Restock::Sellable,
            decided_on: Decimal::ZERO,
        })
    }

    /// All of the line that was paid by card.
    fn line_refund(&self, method: RefundMethod) -> ActionKind {
        let ActionKind::Refund(write) = self.refund(0, method, PRICE) else { unreachable!() };
        ActionKind::Refund(RefundWrite { lines: vec![self.line.clone()], ..write })
    }

    fn discount(&self, code: &str) -> ActionKind {
        ActionKind::Discount(DiscountWrite {
            shop: shop_id(),
            code: code.to_owned(),
            reduction: Reduction::Percent { percent: 10.into() },
            minimum: Some(euro(50)),
            uses: Some(1),
            customer: None,
            starts_at: None,
            ends_at: None,
        })
    }

    fn note(&self) -> ActionKind {
        self.order(
            0,
            OrderStep::Note { text: "Fragile & heavy".to_owned() },
            OrderState::Processing,
        )
    }
}

fn shop_id() -> ShopId {
    ShopId::new("milano").unwrap()
}

fn adapter(woo: &WooShop) -> WooCommerce {
    WooCommerce::new(Config {
        shop: shop_id(),
        url: woo.url().parse().unwrap(),
        consumer_key: SECRETS[1].into(),
        consumer_secret: SECRETS[0].into(),
        webhook_secret: SECRETS[2].into(),
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap()
}

#[async_trait]
impl SimulatedShop for Shop {
    const SECRETS: &'static [&'static str] = &SECRETS;

    async fn open() -> Self {
        let product = |sku: &str, stock: Option<i64>| Product {
            sku: Some(sku.to_owned()),
            title: format!("Tazza {sku}"),
            price: format!("{PRICE}.00"),
            stock,
            ..Product::default()
        };
        let woo = WooShop::start(WooShopConfig {
            name: "Milano".to_owned(),
            consumer_key: SECRETS[1].to_owned(),
            consumer_secret: SECRETS[0].to_owned(),
            currency: "EUR".to_owned(),
            products: vec![product("A", Some(10)), product("FREE", None)],
            seed: 7,
            clock_ahead: jiff::SignedDuration::ZERO,
            port: None,
            webhooks: false,
            faults: Faults::default(),
        })
        .await
        .unwrap();
        woo.set_gateway(Gateway::new(GATEWAY, "Card"));
        let orders = [GATEWAY, "cod", "cod", "cod", "bacs"].map(|payment_method| {
            let lines = vec![("A".to_owned(), 1)];
            let payment_method = payment_method.to_owned();
            let bought = Purchase { lines, payment_method, ..Purchase::default() };
            woo.check_out(&bought).unwrap().id.to_string()
        });
        let adapter = adapter(&woo);
        let mut sold = ["A", "FREE"].map(str::to_owned);
        let catalogue =
            adapter.page(now(), fondaco_platforms::Collection::Catalogue, None, None).await;
        for snapshot in catalogue.unwrap().snapshots {
            let content = snapshot.entity.as_variant().unwrap().content.value().unwrap().clone();
            for sku in &mut sold {
                if content.sku.as_deref() == Some(sku) {
                    sku.clone_from(&snapshot.key.id);
                }
            }
        }
        let key = EntityKey::order(shop_id(), orders[0].clone());
        let read = adapter.fetch(now(), &key).await.unwrap().remove(0);
        let line = read.entity.as_order().unwrap().lines.value().unwrap()[0].clone();
        let line =
            RefundLine { line: line.id, quantity: line.quantity, net: line.net, tax: line.tax };
        assert!(woo.set_order_status(orders[3].parse().unwrap(), "completed"));
        let mut shop = Self { woo, sold, orders, line, before: (0, 0) };
        shop.act(&shop.hold(2, OrderState::Processing)).await;
        shop.act(&shop.discount(OLD_CODE)).await;
        shop.before = (shop.woo.ledger().len(), shop.woo.requests().len());
        shop
    }

    fn adapter(&self) -> Box<dyn Platform> {
        Box::new(adapter(&self.woo))
    }

    fn action(&self, verb: Verb) -> ActionKind {
        match verb {
            Verb::SetStock => self.stock(0),
            Verb::SetPrice => self.price(PriceScope::Everyone, 15, Some(20)),
            Verb::SetGroupPrice => self.price(PriceScope::Group("b2b".to_owned()), 15, None),
            Verb::SetMarketPrice => self.price(PriceScope::Market("DE".to_owned()), 15, None),
            Verb::SetTitle => self.product(ProductField::Title, "Tazza & piattino"),
            Verb::SetDescription => self.product(ProductField::Description, "<p>Una tazza.</p>"),
            Verb::SetSummary => self.product(ProductField::Summary, "<p>Tazza.</p>"),
            Verb::SetSeoTitle => self.product(ProductField::SeoTitle, "Tazza"),
            Verb::SetSeoDescription => self.product(ProductField::SeoDescription, "Una tazza."),
            Verb::SetTags => self.product(ProductField::Tags, "tazza, blu"),
            Verb::Publish => self.product(ProductField::Published, "false"),
            Verb::Hold => self.hold(0, OrderState::Processing),
            Verb::Release => self.order(2, OrderStep::Release, OrderState::OnHold),
            Verb::Cancel => self.cancel(0, OrderState::Processing),
            Verb::Tag => {
                self.order(0, OrderStep::Tag { tag: "vip".to_owned() }, OrderState::Processing)
            }
            Verb::Untag => {
                self.order(0, OrderStep::Untag { tag: "vip".to_owned() }, OrderState::Processing)
            }
            Verb::Note => self.note(),
            Verb::SendParcel => {
                let carrier = "GLS".to_owned();
                let step = OrderStep::Parcel { carrier, tracking: None, lines: Vec::new() };
                self.order(0, step, OrderState::Processing)
            }
            Verb::SendRefund => self.line_refund(RefundMethod::Original),
            Verb::CreditRefund => self.line_refund(RefundMethod::StoreCredit),
            Verb::RecordRefund => self.line_refund(RefundMethod::Recorded),
            Verb::SetDiscount => self.discount("NUOVO"),
            Verb::EndDiscount => {
                ActionKind::EndDiscount { shop: shop_id(), code: OLD_CODE.to_lowercase() }
            }
        }
    }

    fn impossible(&self, verb: Verb) -> Option<ActionKind> {
        Some(match verb {
            Verb::SetStock => self.stock(1),
            Verb::SetPrice => self.price(PriceScope::Everyone, 20, Some(15)),
            Verb::SetTitle => self.product(ProductField::Title, " "),
            Verb::Publish => self.product(ProductField::Published, "perhaps"),
            Verb::Hold => self.hold(3, OrderState::Completed),
            // It waits for its payment, and was not held by the host.
            Verb::Release => self.order(4, OrderStep::Release, OrderState::OnHold),
            Verb::Cancel => self.cancel(3, OrderState::Completed),
            Verb::Note => {
                let ActionKind::ChangeOrder(write) = self.note() else { unreachable!() };
                ActionKind::ChangeOrder(OrderWrite { order: "999999".to_owned(), ..write })
            }
            // Who pays on delivery cannot be sent money.
            Verb::SendRefund => self.refund(1, RefundMethod::Original, 1),
            Verb::RecordRefund => self.refund(0, RefundMethod::Recorded, 1_000),
            Verb::SetDiscount => {
                let ActionKind::Discount(write) = self.discount("NUOVO") else { unreachable!() };
                ActionKind::Discount(DiscountWrite { customer: Some("7".to_owned()), ..write })
            }
            Verb::EndDiscount => {
                ActionKind::EndDiscount { shop: shop_id(), code: "MAI-VISTO".to_owned() }
            }
            _ => return None,
        })
    }

    async fn meddle(&self, verb: Verb) -> bool {
        let status = |which: usize, status| {
            self.woo.set_order_status(self.orders[which].parse().unwrap(), status)
        };
        match verb {
            Verb::SetStock => return self.woo.set_quantity("A", 4),
            Verb::SetPrice => self.act(&self.price(PriceScope::Everyone, 19, None)).await,
            Verb::SetTitle => self.act(&self.product(ProductField::Title, "Ciotola")).await,
            Verb::SetDescription => {
                self.act(&self.product(ProductField::Description, "Ciotola")).await;
            }
            Verb::SetSummary => self.act(&self.product(ProductField::Summary, "Ciotola")).await,
            Verb::Hold | Verb::Cancel => return status(0, "completed"),
            Verb::Release => return status(2, "processing"),
            Verb::SendRefund | Verb::RecordRefund => {
                self.act(&self.refund(0, RefundMethod::Recorded, 1)).await;
            }
            // Whoever else hides it has done what was asked for.
            _ => return false,
        }
        true
    }

    fn disturb(&self, fault: Option<Fault>) {
        self.woo.set_faults(faults(fault));
    }

    fn effects(&self, verb: Verb) -> usize {
        let field = match verb {
            Verb::SetTitle => Some("name"),
            Verb::SetDescription => Some("description"),
            Verb::SetSummary => Some("short_description"),
            Verb::Publish => Some("status"),
            _ => None,
        };
        if let Some(field) = field {
            let requests = self.woo.requests().into_iter().skip(self.before.1);
            return requests
                .filter(|request| request.path.contains("/products/") && request.status == 200)
                .filter(|request| request.body.get(field).is_some())
                .count();
        }
        let is_one = |event: &LedgerEvent| match (verb, event) {
            (Verb::SetStock, LedgerEvent::StockWritten { by: Writer::Api, .. })
            | (Verb::SetPrice, LedgerEvent::PriceWritten { .. })
            | (Verb::Note, LedgerEvent::NoteAdded { .. })
            | (Verb::SendRefund | Verb::RecordRefund, LedgerEvent::Refunded { .. })
            | (Verb::SetDiscount | Verb::EndDiscount, LedgerEvent::CouponWritten { .. }) => true,
            (Verb::Hold, LedgerEvent::StatusChanged { after, .. }) => after == "on-hold",
            (Verb::Release, LedgerEvent::StatusChanged { after, .. }) => after == "processing",
            (Verb::Cancel, LedgerEvent::StatusChanged { after, .. }) => after == "cancelled",
            _ => false,
        };
        self.told().iter().filter(|event| is_one(event)).count()
    }

    fn money_sent(&self) -> i64 {
        let sent = |event: &LedgerEvent| match event {
            LedgerEvent::Refunded { amount, money_moved: true, .. } => cents(amount),
            _ => 0,
        };
        self.told().iter().map(sent).sum()
    }

    fn mails(&self) -> usize {
        let to_customer = |event: &&LedgerEvent| matches!(event, LedgerEvent::Mailed { to, .. } if !to.starts_with("admin@"));
        self.told().iter().filter(to_customer).count()
    }

    fn size(&self) -> (usize, usize) {
        let placed = self
            .woo
            .ledger()
            .into_iter()
            .filter(|entry| matches!(entry.event, LedgerEvent::OrderMade { .. }));
        (self.sold.len(), placed.count())
    }

    fn sell(&self) {
        self.woo.buy(&[("FREE", 1)]).unwrap();
    }

    async fn quiet(&self) {
        self.woo.quiet().await;
    }
}
