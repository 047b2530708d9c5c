//! A simulated Magento shop.

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
    magento::{Access, Config, Magento, WEBSITE},
    timeouts::Timeouts,
};
use fondaco_shopsim::{
    Gateway, Integration, LedgerEntry, LedgerEvent, MagentoShop, MagentoShopConfig, Product,
    Purchase, SeenRequest, Writer,
};

use super::{cents, euro, faults};
use crate::shop::{Fault, SimulatedShop, now};

const SECRETS: [&str; 4] = ["consumer & key", "consumer/secret", "a-token", "token+secret"];

/// What the sold one costs, in euro, tax included. Its tax does not come to whole cents.
const PRICE: i64 = 20;
/// What sending costs.
const SHIPPING: i64 = 6;
const GATEWAY: &str = "card";

/// A simulated Magento shop, and an adapter for it.
pub struct Shop {
    magento: MagentoShop,
    /// Orders: paid by card; paid on delivery; held by the host; done with; paid by transfer and held
    /// by somebody else; paid by transfer, and to be invoiced.
    orders: [String; 6],
    /// The first line of the order that was paid by card.
    line: RefundLine,
    /// How long the ledger and the list of requests were before the case began.
    before: (usize, usize),
}

impl Shop {
    /// Does something that is not the action of the case.
    async fn act(&self, action: &ActionKind) {
        super::act(&adapter(&self.magento), action).await;
    }

    /// What was sent to it since, and is no mere reading.
    pub fn sent(&self) -> Vec<SeenRequest> {
        self.magento.requests().into_iter().skip(self.before.1).collect()
    }

    fn told(&self) -> Vec<LedgerEvent> {
        let entries = self.magento.ledger().into_iter().skip(self.before.0);
        entries.map(|LedgerEntry { event, .. }| event).collect()
    }

    fn stock(&self, sku: &str) -> ActionKind {
        ActionKind::ChangeStock {
            shop: shop_id(),
            variant: sku.to_owned(),
            location: Location::WHOLE_SHOP,
            available: 3.into(),
            // Six were sold of ten.
            decided_on: 4.into(),
        }
    }

    fn price(&self, scope: PriceScope, amount: i64, compare_at: Option<i64>) -> PriceWrite {
        PriceWrite {
            shop: shop_id(),
            variant: "A".to_owned(),
            scope,
            from_quantity: Decimal::ONE,
            amount: euro(amount),
            compare_at: compare_at.map(Decimal::from),
            sale_from: None,
            sale_until: None,
            decided_on: Some(PRICE.into()),
        }
    }

    fn group_price(&self, amount: i64) -> ActionKind {
        let scope = PriceScope::Group("Wholesale".to_owned());
        let write = self.price(scope, amount, None);
        ActionKind::ChangePrice(PriceWrite { decided_on: None, ..write })
    }

    fn product(&self, field: ProductField, value: &str) -> ActionKind {
        ActionKind::ChangeProduct(ProductWrite {
            shop: shop_id(),
            product: "A".to_owned(),
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

    fn parcel(&self, which: usize, quantity: i64) -> ActionKind {
        let line = ParcelLine { line: self.line.line.clone(), quantity: quantity.into() };
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

    /// All of the line that was paid by card.
    fn line_refund(&self, method: RefundMethod) -> ActionKind {
        let ActionKind::Refund(write) = self.refund(0, method, PRICE) else { unreachable!() };
        ActionKind::Refund(RefundWrite { lines: vec![self.line.clone()], ..write })
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
    ShopId::new("roma").unwrap()
}

fn adapter(shop: &MagentoShop) -> Magento {
    let [key, secret, token, token_secret] = SECRETS;
    Magento::new(Config {
        shop: shop_id(),
        url: shop.url().parse().unwrap(),
        access: Access::Signed {
            key: key.into(),
            secret: secret.into(),
            token: token.into(),
            token_secret: token_secret.into(),
        },
        website: WEBSITE.to_owned(),
        source: None,
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
        let [key, secret, token, token_secret] = SECRETS.map(str::to_owned);
        let magento = MagentoShop::start(MagentoShopConfig {
            name: "Roma".to_owned(),
            integration: Integration { key, secret, token, token_secret },
            products: vec![product("A", Some(10)), product("FREE", None)],
            seed: 7,
            ..MagentoShopConfig::default()
        })
        .await
        .unwrap();
        magento.set_gateway(Gateway::new(GATEWAY, "Card"));
        let cod = "cashondelivery";
        let methods = [GATEWAY, cod, cod, GATEWAY, "checkmo", "checkmo"];
        let orders = methods.map(|payment_method| {
            let lines = vec![("A".to_owned(), 1)];
            let payment_method = payment_method.to_owned();
            let bought = Purchase { lines, payment_method, ..Purchase::default() };
            magento.check_out(&bought).unwrap().id
        });
        assert!(magento.ship(orders[3]) && magento.hold(orders[4]));
        let orders = orders.map(|order| order.to_string());
        let key = EntityKey::order(shop_id(), orders[0].clone());
        let read = adapter(&magento).fetch(now(), &key).await.unwrap().remove(0);
        let line = read.entity.as_order().unwrap().lines.value().unwrap()[0].clone();
        let line =
            RefundLine { line: line.id, quantity: line.quantity, net: line.net, tax: line.tax };
        let mut shop = Self { magento, orders, line, before: (0, 0) };
        shop.act(&shop.hold(2, OrderState::Processing)).await;
        shop.before = (shop.magento.ledger().len(), shop.magento.requests().len());
        shop
    }

    fn adapter(&self) -> Box<dyn Platform> {
        Box::new(adapter(&self.magento))
    }

    fn action(&self, verb: Verb) -> ActionKind {
        let euro_price = |amount, compare_at| {
            ActionKind::ChangePrice(self.price(PriceScope::Everyone, amount, compare_at))
        };
        match verb {
            Verb::SetStock => self.stock("A"),
            Verb::SetPrice => euro_price(15, Some(20)),
            Verb::SetGroupPrice => self.group_price(15),
            Verb::SetMarketPrice => {
                ActionKind::ChangePrice(self.price(PriceScope::Market("DE".to_owned()), 15, None))
            }
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
            Verb::Tag => {
                self.order(0, OrderStep::Tag { tag: "vip".to_owned() }, OrderState::Processing)
            }
            Verb::Untag => {
                self.order(0, OrderStep::Untag { tag: "vip".to_owned() }, OrderState::Processing)
            }
            Verb::Note => self.note(),
            Verb::SendParcel => self.parcel(0, 1),
            Verb::SendRefund => self.line_refund(RefundMethod::Original),
            Verb::CreditRefund => self.line_refund(RefundMethod::StoreCredit),
            Verb::RecordRefund => self.line_refund(RefundMethod::Recorded),
            Verb::SetDiscount => ActionKind::Discount(DiscountWrite {
                shop: shop_id(),
                code: "NUOVO".to_owned(),
                reduction: Reduction::Percent { percent: 10.into() },
                minimum: None,
                uses: None,
                customer: None,
                starts_at: None,
                ends_at: None,
            }),
            Verb::EndDiscount => {
                ActionKind::EndDiscount { shop: shop_id(), code: "VECCHIO".to_owned() }
            }
        }
    }

    fn impossible(&self, verb: Verb) -> Option<ActionKind> {
        Some(match verb {
            Verb::SetStock => self.stock("FREE"),
            Verb::SetPrice => {
                ActionKind::ChangePrice(self.price(PriceScope::Everyone, 20, Some(15)))
            }
            Verb::SetGroupPrice => {
                let scope = PriceScope::Group("Nobody".to_owned());
                let write = self.price(scope, 15, None);
                ActionKind::ChangePrice(PriceWrite { decided_on: None, ..write })
            }
            Verb::SetTitle => self.product(ProductField::Title, " "),
            Verb::Publish => self.product(ProductField::Published, "perhaps"),
            Verb::Hold => self.hold(3, OrderState::Completed),
            // Somebody of the shop held it.
            Verb::Release => self.order(4, OrderStep::Release, OrderState::OnHold),
            // It is invoiced.
            Verb::Cancel => self.cancel(0, OrderState::Processing),
            Verb::Note => {
                let ActionKind::ChangeOrder(write) = self.note() else { unreachable!() };
                ActionKind::ChangeOrder(OrderWrite { order: "999999".to_owned(), ..write })
            }
            Verb::SendParcel => self.parcel(0, 2),
            // Nobody collected the money of who pays on delivery.
            Verb::SendRefund => self.refund(1, RefundMethod::Original, 1),
            Verb::RecordRefund => self.refund(0, RefundMethod::Recorded, PRICE + SHIPPING + 1),
            _ => return None,
        })
    }

    async fn meddle(&self, verb: Verb) -> bool {
        match verb {
            Verb::SetStock => return self.magento.set_quantity("A", 7),
            Verb::SetPrice => {
                let write = self.price(PriceScope::Everyone, 19, None);
                self.act(&ActionKind::ChangePrice(write)).await;
            }
            Verb::SetGroupPrice => self.act(&self.group_price(12)).await,
            Verb::SetTitle => self.act(&self.product(ProductField::Title, "Ciotola")).await,
            Verb::SetDescription => {
                self.act(&self.product(ProductField::Description, "Ciotola")).await;
            }
            Verb::SetSummary => self.act(&self.product(ProductField::Summary, "Ciotola")).await,
            Verb::SetSeoTitle => self.act(&self.product(ProductField::SeoTitle, "Ciotola")).await,
            Verb::SetSeoDescription => {
                self.act(&self.product(ProductField::SeoDescription, "Ciotola")).await;
            }
            Verb::Hold => return self.magento.ship(self.orders[0].parse().unwrap()),
            Verb::Cancel => {
                let order = self.orders[1].parse().unwrap();
                return self.magento.invoice(order) && self.magento.ship(order);
            }
            Verb::SendRefund | Verb::RecordRefund => {
                self.act(&self.refund(0, RefundMethod::Recorded, 1)).await;
            }
            // Whoever else hides or releases it has done what was asked for.
            _ => return false,
        }
        true
    }

    fn disturb(&self, fault: Option<Fault>) {
        self.magento.set_faults(faults(fault));
    }

    fn effects(&self, verb: Verb) -> usize {
        let field = match verb {
            Verb::SetTitle => Some("name"),
            Verb::SetDescription => Some("description"),
            Verb::SetSummary => Some("short_description"),
            Verb::SetSeoTitle => Some("meta_title"),
            Verb::SetSeoDescription => Some("meta_description"),
            Verb::Publish => Some("status"),
            _ => None,
        };
        if let Some(field) = field {
            return self
                .sent()
                .into_iter()
                .filter(|request| request.path.contains("/products/") && request.status == 200)
                .filter(|request| request.body.to_string().contains(&format!("\"{field}\"")))
                .count();
        }
        let is_one = |event: &LedgerEvent| match (verb, event) {
            (Verb::SetStock, LedgerEvent::StockWritten { by: Writer::Api, .. })
            | (Verb::SetPrice | Verb::SetGroupPrice, LedgerEvent::PriceWritten { .. })
            | (Verb::SendParcel, LedgerEvent::Shipped { .. })
            | (Verb::Note, LedgerEvent::NoteAdded { .. })
            | (Verb::SendRefund | Verb::RecordRefund, LedgerEvent::Refunded { .. }) => true,
            (Verb::Hold, LedgerEvent::StatusChanged { after, .. }) => after == "holded",
            (Verb::Release, LedgerEvent::StatusChanged { before, .. }) => before == "holded",
            (Verb::Cancel, LedgerEvent::StatusChanged { after, .. }) => after == "canceled",
            _ => false,
        };
        self.told().iter().filter(|event| is_one(event)).count()
    }

    fn money_sent(&self) -> i64 {
        let sent = |event: &LedgerEvent| match event {
            LedgerEvent::Refunded { amount, money_moved: true, .. }
            | LedgerEvent::MoneySentWithoutRefund { amount, .. } => cents(amount),
            _ => 0,
        };
        self.told().iter().map(sent).sum()
    }

    fn mails(&self) -> usize {
        let told = self.told();
        told.iter().filter(|event| matches!(event, LedgerEvent::Mailed { .. })).count()
    }

    fn size(&self) -> (usize, usize) {
        let entries = self.magento.ledger();
        let placed =
            entries.iter().filter(|entry| matches!(entry.event, LedgerEvent::OrderMade { .. }));
        (self.magento.for_sale().len(), placed.count())
    }

    fn sell(&self) {
        self.magento.buy(&[("FREE", 1)]).unwrap();
    }

    async fn quiet(&self) {
        self.magento.quiet().await;
    }
}
