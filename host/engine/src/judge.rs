//! Judging: whether a proposal may be done, in the commit and again just before it is.
//!
//! That the module may propose this kind of action at all was decided when it was loaded: what was
//! not granted is not there to be called. Here it is about this one proposal, by what the client's
//! file says now.

use fondaco_model::{ActionKind, InstallId, ShopId};

use crate::{
    align::is_align,
    setup::{ClientSetup, Mode},
};

/// Why an action may not be carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// Its module is off.
    #[error("its module is off")]
    Off,
    /// Its module was switched to shadow since.
    #[error("its module runs in shadow now")]
    Shadow,
    /// There is no such install.
    #[error("its module is no longer installed")]
    NotInstalled,
    /// The module may not propose this kind of action any more.
    #[error("`{0}` is no longer granted to its module")]
    NotGranted(&'static str),
    /// Another install writes this kind for the client.
    #[error("`{winner}` is the one that writes by `{interface}` for this client")]
    AnotherWrites {
        /// The one.
        winner: InstallId,
        /// The kind.
        interface: &'static str,
    },
    /// There is no such shop.
    #[error("there is no shop `{0}` in the client's file")]
    NoShop(ShopId),
    /// A customer would get a message because of what happens on a copy of a shop.
    #[error("shop `{0}` is a staging shop, and nobody is mailed because of it")]
    MailsFromStaging(ShopId),
    /// Money would move because of what happens on a copy of a shop.
    #[error("shop `{0}` is a staging shop, and no money moves because of it")]
    MovesMoneyOfStaging(ShopId),
}

/// Says why an action may not be carried out; nothing if it may. One whose install stands still is
/// not asked about: it waits.
pub fn objection(client: &ClientSetup, id: &InstallId, kind: &ActionKind) -> Option<Objection> {
    match client.installs.get(id).map(|install| install.mode) {
        Some(Mode::Off) => Some(Objection::Off),
        Some(Mode::Shadow) => Some(Objection::Shadow),
        Some(Mode::Live | Mode::Paused) | None => objection_to_proposal(client, id, kind),
    }
}

/// Says why what a run proposed may not become an action; nothing if it may.
pub fn objection_to_proposal(
    client: &ClientSetup,
    id: &InstallId,
    kind: &ActionKind,
) -> Option<Objection> {
    if is_align(id) {
        return objection_about_shop(client, kind);
    }
    let Some(install) = client.installs.get(id) else {
        return Some(Objection::NotInstalled);
    };
    let interface = kind.interface();
    if !install.module.imports().contains(interface) {
        return Some(Objection::NotGranted(interface));
    }
    let winner = client.wins.get(interface).filter(|winner| *winner != id);
    // What only adds something is no matter of winning.
    if let Some(winner) = winner.filter(|_| kind.sets()) {
        return Some(Objection::AnotherWrites { winner: winner.clone(), interface });
    }
    objection_about_shop(client, kind)
}

fn objection_about_shop(client: &ClientSetup, kind: &ActionKind) -> Option<Objection> {
    let id = kind.shop()?;
    let Some(shop) = client.shops.get(id) else {
        return Some(Objection::NoShop(id.clone()));
    };
    // What happens on a copy of a shop reaches nobody: its customers and their money are real.
    match shop.production {
        true => None,
        false if kind.moves_money() => Some(Objection::MovesMoneyOfStaging(id.clone())),
        false if client.mails_customer(kind) => Some(Objection::MailsFromStaging(id.clone())),
        false => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Arc, time::Duration};

    use fondaco_model::{
        ClientId, Decimal, Location,
        action::{OrderStep, OrderWrite, RefundMethod, RefundWrite, Restock},
        commerce::{Money, OrderState},
    };
    use fondaco_platforms::{
        timeouts::Timeouts,
        woocommerce::{Config, WooCommerce},
    };

    use super::*;
    use crate::setup::ShopSetup;

    fn shop(name: &str) -> ShopId {
        ShopId::new(name).unwrap()
    }

    fn setup(name: &str, production: bool) -> (ShopId, ShopSetup) {
        let platform = WooCommerce::new(Config {
            shop: shop(name),
            url: "https://shop.test".parse().unwrap(),
            consumer_key: "ck".into(),
            consumer_secret: "cs".into(),
            webhook_secret: "secret".into(),
            timeouts: Timeouts::default(),
            allow_http: false,
        });
        let setup = ShopSetup {
            name: name.to_owned(),
            platform_name: "woocommerce",
            production,
            platform: Arc::new(platform.unwrap()),
            credentials: Arc::new(|| Err("none".to_owned())),
            poll_every: Duration::from_secs(1),
            give_up_after: Duration::from_secs(1),
            reconcile_every: Duration::from_secs(1),
            silent_after: Duration::from_secs(1),
            hook_address: None,
            time_zone: None,
        };
        (shop(name), setup)
    }

    /// What the judge says of an action on a production shop, and of the same on a staging shop.
    fn judged(kind: impl Fn(ShopId) -> ActionKind) -> [Option<Objection>; 2] {
        let client = ClientSetup {
            id: ClientId::new("rossi").unwrap(),
            name: "Rossi".to_owned(),
            shops: BTreeMap::from([setup("milano", true), setup("prova", false)]),
            installs: BTreeMap::new(),
            wins: BTreeMap::new(),
        };
        ["milano", "prova"].map(|name| objection_about_shop(&client, &kind(shop(name))))
    }

    fn refund(shop: ShopId, method: RefundMethod) -> ActionKind {
        let amount = Money { amount: Decimal::from(5), currency: "EUR".to_owned() };
        ActionKind::Refund(RefundWrite {
            shop,
            order: "17".to_owned(),
            amount,
            method,
            lines: Vec::new(),
            shipping: Decimal::ZERO,
            restock: Restock::None,
            decided_on: Decimal::ZERO,
        })
    }

    #[test]
    fn of_a_staging_shop_nobody_is_mailed_and_no_money_moves() {
        let prova = || shop("prova");
        for method in [RefundMethod::Original, RefundMethod::StoreCredit] {
            let judged = judged(|shop| refund(shop, method));
            assert_eq!(judged, [None, Some(Objection::MovesMoneyOfStaging(prova()))], "{method:?}");
        }
        // WooCommerce mails the customer about each refund, be it recorded only.
        let recorded = judged(|shop| refund(shop, RefundMethod::Recorded));
        assert_eq!(recorded, [None, Some(Objection::MailsFromStaging(prova()))]);
        let words = Objection::MailsFromStaging(prova()).to_string();
        assert!(words.contains("`prova` is a staging shop"), "{words}");
    }

    #[test]
    fn what_reaches_nobody_is_done_on_a_staging_shop() {
        let stock = judged(|shop| ActionKind::ChangeStock {
            shop,
            variant: "7".to_owned(),
            location: Location::WHOLE_SHOP,
            available: Decimal::from(2),
            decided_on: Decimal::from(3),
        });
        assert_eq!(stock, [None, None]);
        let note = judged(|shop| {
            let step = OrderStep::Note { text: "seen".to_owned() };
            let decided_on = OrderState::Processing;
            ActionKind::ChangeOrder(OrderWrite { shop, order: "17".to_owned(), step, decided_on })
        });
        assert_eq!(note, [None, None]);
    }
}
