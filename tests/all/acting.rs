//! A module acts on a shop: prices, orders, notes, money and codes, through the whole host.

use fondaco_model::{ActionEnd, Decimal, InstallId};
use fondaco_shopsim::{Gateway, LedgerEvent, Purchase, WooShop};
use fondaco_store::{ActionFilter, RunView};
use fondaco_web::views::ActionView;

use crate::{
    scene::{self, until},
    workshop::Workshop,
};

/// A blue mug costs this much, tax included.
pub const PRICE: &str = "12.90";

/// The deputy, with these steps for each order, on Milano alone.
pub fn deputy(steps: &str) -> String {
    format!(
        "[installs.deputy]\nplugin = \"deputy\"\nmode = \"live\"\nshops = [\"milano\"]\n\
         grants = [\"catalogue\", \"change-catalogue\", \"change-discounts\", \"change-orders\", \
         \"change-prices\", \"change-returns\"]\n\
         [installs.deputy.settings]\nsteps = {steps}\n"
    )
}

/// A customer buys a mug and pays by card.
pub fn buy(shop: &WooShop) -> u64 {
    shop.set_gateway(Gateway::new("card", "Card"));
    let purchase = Purchase {
        lines: vec![("MUG-BLU".to_owned(), 1)],
        payment_method: "card".to_owned(),
        ..Purchase::default()
    };
    shop.check_out(&purchase).unwrap().id
}

/// Lets somebody buy, waits until each step has an outcome, and hands over how each ended.
async fn acted(workshop: &Workshop, keys: &[&str]) -> Acted {
    let stage = &workshop.stage;
    let [milano, _] = stage.shops() else { panic!("two shops") };
    let host = scene::host(stage).await;
    let order = buy(milano);
    let install = InstallId::new("deputy").unwrap();
    let heard = async |key: &str| {
        let view = RunView { client: scene::client(), commit: u64::MAX };
        let value = host.store.state_get(&view, &install, key).await.unwrap().value;
        value.unwrap_or_default()
    };
    for key in keys {
        until(&format!("the outcome of {key} is heard"), async || !heard(key).await.is_empty())
            .await;
    }
    milano.quiet().await;
    scene::until_quiet(&host).await;
    let mut ends = Vec::new();
    for key in keys {
        ends.push(heard(key).await);
    }
    let filter = ActionFilter { limit: u32::MAX, ..ActionFilter::default() };
    let actions = host.store.actions(&scene::client(), filter).await.unwrap();
    let setup = host.engine.clients().find(|client| client.id == scene::client()).unwrap();
    let views = actions.iter().cloned().map(|action| ActionView::of(action, setup)).collect();
    let told = milano.ledger().into_iter().map(|entry| entry.event).collect();
    let changes = heard("heard").await;
    let shown = actions.into_iter().map(|action| (action.end, action.shown.after)).collect();
    host.stop().await;
    Acted { order, ends, views, told, changes, shown }
}

/// What became of a module's acting.
struct Acted {
    order: u64,
    /// How each step ended, as the module heard it.
    ends: Vec<String>,
    views: Vec<ActionView>,
    told: Vec<LedgerEvent>,
    /// What the module heard of the order besides that it was placed.
    changes: String,
    shown: Vec<(Option<ActionEnd>, Option<fondaco_model::action::Value>)>,
}

impl Acted {
    fn count(&self, is_one: impl Fn(&LedgerEvent) -> bool) -> usize {
        self.told.iter().filter(|event| is_one(event)).count()
    }
}

#[tokio::test]
async fn a_module_sets_a_price_holds_notes_and_refunds_and_hears_of_each() {
    let workshop = Workshop::set(&["deputy"]).await;
    workshop.install(&deputy(
        &format!(
            r#"[["price", "11.50"], ["hold", "Address to be checked"], ["note", "Fragile"],
            ["refund", "original", "{PRICE}"], ["code", "GRAZIE", "10"], ["title", "Tazza blu!"]]"#
        )
        .replace('\n', " "),
    ));
    let acted = acted(&workshop, &["price", "hold", "note", "refund", "code", "title"]).await;
    for end in &acted.ends {
        assert!(end.starts_with("End::Done"), "{:?}", acted.ends);
    }
    let order = acted.order;
    assert_eq!(
        acted.count(|event| matches!(event, LedgerEvent::PriceWritten { sku, regular_price, .. }
            if sku == "MUG-BLU" && regular_price == "11.50")),
        1
    );
    assert_eq!(
        acted.count(|event| matches!(event, LedgerEvent::StatusChanged { order: of, after, .. }
            if *of == order && after == "on-hold")),
        1
    );
    assert_eq!(
        acted.count(|event| matches!(event, LedgerEvent::NoteAdded { order: of, to_customer: false, text, .. }
            if *of == order && text.starts_with("Fragile"))),
        1
    );
    assert_eq!(
        acted.count(|event| matches!(event, LedgerEvent::Refunded { order: of, money_moved: true, amount, .. }
            if *of == order && PRICE.parse::<Decimal>() == amount.parse())),
        1
    );
    assert_eq!(acted.count(|event| matches!(event, LedgerEvent::CouponWritten { .. })), 1);
    assert_eq!(acted.changes, "", "the module heard what its own actions changed");
    let refund = acted.views.iter().find(|view| view.kind == "change-returns").unwrap();
    assert!(refund.mails_customer && refund.what.contains("the money is sent"), "{refund:?}");
    let price = acted.views.iter().find(|view| view.kind == "change-prices").unwrap();
    assert!(!price.mails_customer && price.what.ends_with("12.9 → 11.5 EUR"), "{price:?}");
    assert_eq!(price.shown_before.as_deref(), Some("12.9"));
    assert!(acted.shown.iter().all(|(end, after)| end.is_some() && after.is_some()));
    workshop.stage.strike().await;
}

#[tokio::test]
async fn what_a_shop_cannot_do_or_should_not_is_an_outcome_too() {
    let workshop = Workshop::set(&["deputy"]).await;
    workshop.install(&deputy(
        &r#"[["tag", "vip"], ["parcel", "GLS"], ["refund", "store-credit", "12.90"],
             ["end", "MAI-VISTO"], ["price", "11.505"]]"#
            .replace('\n', " "),
    ));
    let acted = acted(&workshop, &["tag", "parcel", "refund", "end", "price"]).await;
    for (end, begins) in acted.ends.iter().zip([
        "End::Unsupported(\"WooCommerce orders have no tags",
        "End::Unsupported(\"WooCommerce itself keeps no parcels",
        "End::Unsupported(\"WooCommerce itself has no credit",
        "End::Failed(\"the shop has no code MAI-VISTO",
        "End::Failed(\"the price is 11.505",
    ]) {
        assert!(end.starts_with(begins), "{end}");
    }
    let writes = acted.count(|event| {
        matches!(
            event,
            LedgerEvent::Refunded { .. }
                | LedgerEvent::PriceWritten { .. }
                | LedgerEvent::CouponWritten { .. }
                | LedgerEvent::NoteAdded { .. }
        )
    });
    assert_eq!(writes, 0);
    workshop.stage.strike().await;
}

#[tokio::test]
async fn two_modules_that_set_the_same_of_a_shop_need_a_winner() {
    let workshop = Workshop::set(&["deputy"]).await;
    let other = deputy("[]").replace("[installs.deputy", "[installs.other");
    workshop.install(&format!("{}\n{other}", deputy("[]")));
    let (ended, words) = workshop.command(&["check"]).await;
    assert!(!ended.success(), "{words}");
    for write in ["change-catalogue", "change-orders", "change-prices", "change-returns"] {
        let fix = format!("would all `{write}` in the same shops");
        assert!(words.contains(&fix), "{words}");
    }
    let wins = "[wins]\nchange-catalogue = \"deputy\"\nchange-orders = \"deputy\"\n\
                change-prices = \"deputy\"\nchange-returns = \"other\"\n";
    workshop.install(&format!("{}\n{other}\n{wins}", deputy("[]")));
    let (ended, words) = workshop.command(&["check"]).await;
    assert!(ended.success(), "{words}");
    let elsewhere = other.replace("\"milano\"", "\"torino\"");
    workshop.install(&format!("{}\n{elsewhere}", deputy("[]")));
    let (ended, words) = workshop.command(&["check"]).await;
    assert!(ended.success(), "other shops are no matter of winning: {words}");
    workshop.stage.strike().await;
}

#[tokio::test]
async fn whoever_does_not_win_may_still_write_notes() {
    let workshop = Workshop::set(&["deputy"]).await;
    let steps = r#"[["hold", "Address to be checked"], ["note", "Fragile"]]"#;
    let other = deputy("[]").replace("[installs.deputy", "[installs.other");
    let wins = "[wins]\nchange-catalogue = \"other\"\nchange-orders = \"other\"\n\
                change-prices = \"other\"\nchange-returns = \"other\"\n";
    workshop.install(&format!("{}\n{other}\n{wins}", deputy(steps)));
    let acted = acted(&workshop, &["hold", "note"]).await;
    assert!(acted.ends[0].starts_with("End::Refused(\"`other` is the one"), "{:?}", acted.ends);
    assert!(acted.ends[1].starts_with("End::Done"), "{:?}", acted.ends);
    assert_eq!(acted.count(|event| matches!(event, LedgerEvent::NoteAdded { .. })), 1);
    workshop.stage.strike().await;
}
