//! A simulated Shopify shop.

use async_trait::async_trait;
use fondaco_model::{
    ActionKind, Decimal, EntityKey, Location, ShopId,
    action::{
        DiscountWrite, OrderStep, OrderWrite, PriceWrite, ProductField, ProductWrite, Reduction,
        RefundMethod, RefundWrite, Restock, Verb,
    },
    catalogue::PriceScope,
    commerce::{OrderState, ParcelLine, RefundLine},
};
use fondaco_platforms::{
    Platform,
    shopify::{Access, Config, Shopify, VERSION},
    timeouts::Timeouts,
};
use fondaco_shopsim::{
    App, Gateway, LedgerEntry, LedgerEvent, Product, Purchase, SeenRequest, ShopifyShop,
    ShopifyShopConfig, Writer,
};

use super::{cents, euro, faults};
use crate::shop::{Fault, SimulatedShop, now};

const SECRETS: [&str; 2] = ["the app's secret", "shpat_a_token"];

/// What the sold one costs, in euro, tax included. Its tax does not come to whole cents.
const PRICE: i64 = 20;
/// What sending costs.
const SHIPPING: i64 = 6;
const GATEWAY: &str = "card";
const OLD_CODE: &str = "VECCHIO";

/// A simulated Shopify shop, and an adapter for it.
pub struct Shop {
    shopify: ShopifyShop,
    /// The variant that is sold, and that nobody counts.
    variants: [String; 2],
    /// Orders: paid by card; to be paid on delivery; held by the host; done with; held by somebody of
    /// the shop; paid by transfer.
    orders: [String; 6],
    /// The first lines of the order that was paid by card, and of that which was paid by transfer.
    lines: [RefundLine; 2],
    /// How long the ledger and the list of requests were before the case began.
    before: (usize, usize),
}

impl Shop {
    /// Does something that is not the action of the case.
    async fn act(&self, action: &ActionKind) {
        super::act(&adapter(&self.shopify), action).await;
    }

    /// What was sent to it since, and is no mere reading.
    pub fn sent(&self) -> Vec<SeenRequest> {
        self.shopify.requests().into_iter().skip(self.before.1).collect()
    }

    fn told(&self) -> Vec<LedgerEvent> {
        let entries = self.shopify.ledger().into_iter().skip(self.before.0);
        entries.map(|LedgerEntry { event, .. }| event).collect()
    }

    fn stock(&self, which: usize) -> ActionKind {
        ActionKind::ChangeStock {
            shop: shop_id(),
            variant: self.variants[which].clone(),
            location: Location::new("1".to_owned()),
            available: 3.into(),
            // Six were sold of ten.
            decided_on: 4.into(),
        }
    }

    fn price(&self, scope: PriceScope, amount: i64, compare_at: Option<i64>) -> PriceWrite {
        let everyone = scope == PriceScope::Everyone;
        PriceWrite {
            shop: shop_id(),
            variant: self.variants[0].clone(),
            scope,
            from_quantity: Decimal::ONE,
            amount: euro(amount),
            compare_at: compare_at.map(Decimal::from),
            sale_from: None,
            sale_until: None,
            decided_on: everyone.then(|| PRICE.into()),
        }
    }

    fn product(&self, field: ProductField, value: &str) -> ActionKind {
        ActionKind::ChangeProduct(ProductWrite {
            shop: shop_id(),
            product: "1".to_owned(),
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

    fn tag(&self, tag: &str, adds: bool) -> ActionKind {
        let tag = tag.to_owned();
        let step = if adds { OrderStep::Tag { tag } } else { OrderStep::Untag { tag } };
        self.order(0, step, OrderState::Processing)
    }

    fn parcel(&self, which: usize, quantity: i64) -> ActionKind {
        let line = ParcelLine { line: self.lines[0].line.clone(), quantity: quantity.into() };
        let step = OrderStep::Parcel {
            carrier: "GLS".to_owned(),
            tracking: Some("GLS-1".to_owned()),
            lines: vec![line],
        };
        self.order(which, step, OrderState::Processing)
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

    /// All of the line of an order.
    fn line_refund(&self, method: RefundMethod) -> ActionKind {
        let (which, line) = match method {
            // What is recorded was collected by hand.
            RefundMethod::Recorded => (5, &self.lines[1]),
            _ => (0, &self.lines[0]),
        };
        let ActionKind::Refund(write) = self.refund(which, method, PRICE) else { unreachable!() };
        ActionKind::Refund(RefundWrite { lines: vec![line.clone()], ..write })
    }

    fn note(&self) -> ActionKind {
        let text = "Fragile & heavy".to_owned();
        self.order(0, OrderStep::Note { text }, OrderState::Processing)
    }

    fn discount(&self, code: &str, percent: i64) -> ActionKind {
        ActionKind::Discount(DiscountWrite {
            shop: shop_id(),
            code: code.to_owned(),
            reduction: Reduction::Percent { percent: percent.into() },
            minimum: Some(euro(30)),
            uses: Some(5),
            customer: None,
            starts_at: None,
            ends_at: None,
        })
    }
}

fn shop_id() -> ShopId {
    ShopId::new("genova").unwrap()
}

fn adapter(shop: &ShopifyShop) -> Shopify {
    let [client_secret, token] = SECRETS;
    Shopify::new(Config {
        shop: shop_id(),
        url: shop.url().parse().unwrap(),
        version: VERSION.to_owned(),
        access: Access::Token { token: token.into(), client_secret: client_secret.into() },
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap()
}

async fn first_line(shop: &ShopifyShop, order: &str) -> RefundLine {
    let key = EntityKey::order(shop_id(), order.to_owned());
    let read = adapter(shop).fetch(now(), &key).await.unwrap().remove(0);
    let line = read.entity.as_order().unwrap().lines.value().unwrap()[0].clone();
    RefundLine { line: line.id, quantity: line.quantity, net: line.net, tax: line.tax }
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
        let [client_secret, token] = SECRETS.map(str::to_owned);
        let shopify = ShopifyShop::start(ShopifyShopConfig {
            name: "Genova".to_owned(),
            app: App { client_secret, token, ..App::default() },
            products: vec![product("A", Some(10)), product("FREE", None)],
            price_lists: vec!["Wholesale".to_owned(), "DE".to_owned()],
            // The cases do not wait for it.
            restore_per_second: 100_000.0,
            seed: 7,
            ..ShopifyShopConfig::default()
        })
        .await
        .unwrap();
        shopify.set_gateway(Gateway::new(GATEWAY, "Card"));
        let _ = shopify.open_account("mario@example.test", "Mario", "Rossi");
        let methods = [GATEWAY, "cod", GATEWAY, GATEWAY, GATEWAY, ""];
        let orders = methods.map(|payment_method| {
            let lines = vec![("A".to_owned(), 1)];
            let payment_method = payment_method.to_owned();
            let bought = Purchase { lines, payment_method, ..Purchase::default() };
            shopify.check_out(&bought).unwrap().id
        });
        assert!(shopify.ship(orders[3]) && shopify.hold(orders[4]) && shopify.mark_paid(orders[5]));
        let orders = orders.map(|order| order.to_string());
        let lines =
            [first_line(&shopify, &orders[0]).await, first_line(&shopify, &orders[5]).await];
        let variants = ["1".to_owned(), "2".to_owned()];
        let mut shop = Self { shopify, variants, orders, lines, before: (0, 0) };
        shop.act(&shop.hold(2, OrderState::Processing)).await;
        shop.act(&shop.discount(OLD_CODE, 5)).await;
        shop.act(&shop.tag("da togliere", true)).await;
        shop.before = (shop.shopify.ledger().len(), shop.shopify.requests().len());
        shop
    }

    fn adapter(&self) -> Box<dyn Platform> {
        Box::new(adapter(&self.shopify))
    }

    fn action(&self, verb: Verb) -> ActionKind {
        let priced = |scope: PriceScope, compare_at| {
            ActionKind::ChangePrice(self.price(scope, 15, compare_at))
        };
        match verb {
            Verb::SetStock => self.stock(0),
            Verb::SetPrice => priced(PriceScope::Everyone, Some(20)),
            Verb::SetGroupPrice => priced(PriceScope::Group("Wholesale".to_owned()), None),
            Verb::SetMarketPrice => priced(PriceScope::Market("DE".to_owned()), None),
            Verb::SetTitle => self.product(ProductField::Title, "Tazza & piattino"),
            Verb::SetDescription => self.product(ProductField::Description, "<p>Una tazza.</p>"),
            Verb::SetSummary => self.product(ProductField::Summary, "<p>Tazza.</p>"),
            Verb::SetSeoTitle => self.product(ProductField::SeoTitle, "Tazza"),
            Verb::SetSeoDescription => self.product(ProductField::SeoDescription, "Una tazza."),
            Verb::SetTags => self.product(ProductField::Tags, "tazza, blu"),
            Verb::Publish => self.product(ProductField::Published, "false"),
            Verb::Hold => self.hold(0, OrderState::Processing),
            Verb::Release => self.order(2, OrderStep::Release, OrderState::OnHold),
            Verb::Cancel => self.cancel(1, OrderState::Processing),
            Verb::Tag => self.tag("vip", true),
            Verb::Untag => self.tag("da togliere", false),
            Verb::Note => self.note(),
            Verb::SendParcel => self.parcel(0, 1),
            Verb::SendRefund => self.line_refund(RefundMethod::Original),
            Verb::CreditRefund => self.line_refund(RefundMethod::StoreCredit),
            Verb::RecordRefund => self.line_refund(RefundMethod::Recorded),
            Verb::SetDiscount => self.discount("NUOVO", 10),
            Verb::EndDiscount => {
                ActionKind::EndDiscount { shop: shop_id(), code: OLD_CODE.to_owned() }
            }
        }
    }

    fn impossible(&self, verb: Verb) -> Option<ActionKind> {
        let nobody = || "Nobody".to_owned();
        Some(match verb {
            Verb::SetStock => self.stock(1),
            Verb::SetPrice => {
                ActionKind::ChangePrice(self.price(PriceScope::Everyone, 20, Some(15)))
            }
            Verb::SetGroupPrice => {
                ActionKind::ChangePrice(self.price(PriceScope::Group(nobody()), 15, None))
            }
            Verb::SetMarketPrice => {
                ActionKind::ChangePrice(self.price(PriceScope::Market(nobody()), 15, None))
            }
            Verb::SetTitle => self.product(ProductField::Title, " "),
            Verb::Publish => self.product(ProductField::Published, "perhaps"),
            Verb::Hold => self.hold(3, OrderState::Completed),
            // Somebody of the shop held it.
            Verb::Release => self.order(4, OrderStep::Release, OrderState::OnHold),
            Verb::Cancel => self.cancel(3, OrderState::Completed),
            Verb::Note => {
                let ActionKind::ChangeOrder(write) = self.note() else { unreachable!() };
                ActionKind::ChangeOrder(OrderWrite { order: "999999".to_owned(), ..write })
            }
            Verb::SendParcel => self.parcel(0, 2),
            // Nobody collected the money of who pays on delivery.
            Verb::SendRefund => self.refund(1, RefundMethod::Original, 1),
            Verb::RecordRefund => self.refund(5, RefundMethod::Recorded, PRICE + SHIPPING + 1),
            Verb::CreditRefund => self.refund(0, RefundMethod::StoreCredit, PRICE + SHIPPING + 1),
            Verb::EndDiscount => {
                ActionKind::EndDiscount { shop: shop_id(), code: "NESSUNO".to_owned() }
            }
            _ => return None,
        })
    }

    async fn meddle(&self, verb: Verb) -> bool {
        let priced = |scope, decided_on| {
            let write = self.price(scope, 19, None);
            ActionKind::ChangePrice(PriceWrite { decided_on, ..write })
        };
        match verb {
            Verb::SetStock => return self.shopify.set_quantity("A", 7),
            Verb::SetPrice => self.act(&priced(PriceScope::Everyone, Some(PRICE.into()))).await,
            Verb::SetGroupPrice => {
                self.act(&priced(PriceScope::Group("Wholesale".to_owned()), None)).await;
            }
            Verb::SetMarketPrice => {
                self.act(&priced(PriceScope::Market("DE".to_owned()), None)).await;
            }
            Verb::SetTitle => self.act(&self.product(ProductField::Title, "Ciotola")).await,
            Verb::SetDescription => {
                self.act(&self.product(ProductField::Description, "Ciotola")).await;
            }
            Verb::SetSeoTitle => self.act(&self.product(ProductField::SeoTitle, "Ciotola")).await,
            Verb::SetSeoDescription => {
                self.act(&self.product(ProductField::SeoDescription, "Ciotola")).await;
            }
            Verb::SetTags => self.act(&self.product(ProductField::Tags, "ciotola")).await,
            Verb::Hold => return self.shopify.ship(self.orders[0].parse().unwrap()),
            Verb::Cancel => return self.shopify.ship(self.orders[1].parse().unwrap()),
            Verb::SendRefund | Verb::CreditRefund => {
                self.act(&self.refund(0, RefundMethod::StoreCredit, 1)).await;
            }
            Verb::RecordRefund => self.act(&self.refund(5, RefundMethod::Recorded, 1)).await,
            // Whoever else hides or releases it has done what was asked for; a code is what it is to be
            // whatever it was.
            _ => return false,
        }
        true
    }

    fn disturb(&self, fault: Option<Fault>) {
        self.shopify.set_faults(faults(fault));
    }

    fn effects(&self, verb: Verb) -> usize {
        let is_content = matches!(
            verb,
            Verb::SetTitle
                | Verb::SetDescription
                | Verb::SetSummary
                | Verb::SetSeoTitle
                | Verb::SetSeoDescription
                | Verb::SetTags
                | Verb::Publish
        );
        if is_content {
            let wrote = |request: &&SeenRequest| request.body.to_string().contains("productUpdate");
            return self.sent().iter().filter(wrote).count();
        }
        let is_one = |event: &LedgerEvent| match (verb, event) {
            (Verb::SetStock, LedgerEvent::StockWritten { by: Writer::Api, .. })
            | (
                Verb::SetPrice | Verb::SetGroupPrice | Verb::SetMarketPrice,
                LedgerEvent::PriceWritten { .. },
            )
            | (Verb::SendParcel, LedgerEvent::Shipped { .. })
            | (Verb::Note, LedgerEvent::NoteAdded { .. })
            | (Verb::Tag | Verb::Untag, LedgerEvent::OrderMetadataWritten { .. })
            | (Verb::SetDiscount, LedgerEvent::CouponWritten { .. })
            | (Verb::EndDiscount, LedgerEvent::CouponDeleted { .. })
            | (
                Verb::SendRefund | Verb::CreditRefund | Verb::RecordRefund,
                LedgerEvent::Refunded { .. },
            ) => true,
            (Verb::Hold, LedgerEvent::StatusChanged { after, .. }) => after == "ON_HOLD",
            (Verb::Release, LedgerEvent::StatusChanged { before, .. }) => before == "ON_HOLD",
            (Verb::Cancel, LedgerEvent::StatusChanged { after, .. }) => after == "CANCELLED",
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
        let told = self.told();
        told.iter().filter(|event| matches!(event, LedgerEvent::Mailed { .. })).count()
    }

    fn size(&self) -> (usize, usize) {
        let entries = self.shopify.ledger();
        let placed =
            entries.iter().filter(|entry| matches!(entry.event, LedgerEvent::OrderMade { .. }));
        (self.shopify.for_sale().len(), placed.count())
    }

    fn sell(&self) {
        self.shopify.buy(&[("FREE", 1)]).unwrap();
    }

    async fn quiet(&self) {
        self.shopify.quiet().await;
    }
}
