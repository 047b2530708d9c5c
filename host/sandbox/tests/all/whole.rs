//! One call through every interface: a module that exports every hook and imports every interface.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fondaco_model::{
    ActionEnd, ActionId, Decimal, EntityKey, InstallId, Location, ShopId, Timestamp,
    ask::{QuoteLine, QuoteRequest, ReturnRequest},
    care::{
        Cart, CartChange, CartEvent, CartLine, CustomerChange, CustomerReturn, Message,
        MessageAuthor, ReturnChange, ReturnLine, ReturnState,
    },
    catalogue::{Price, PriceScope, Product, ProductChange},
    commerce::{Money, StockPolicy},
    hear::{BackfillPage, FeedRows, Lifecycle, Restoration},
    run::Resource,
};
use fondaco_sandbox::{Grants, Hook, Input, Module, Ran, RunOutcome, limits};
use wit_parser::{FunctionKind, WorldItem};

use crate::fixture::{
    Host, call, contract, guest, order, order_input, sandbox, shop, small, told, variant,
};

fn whole() -> Module {
    sandbox(small()).load(&guest("whole"), &Grants::all()).unwrap()
}

async fn hear(module: &Module, input: Input) -> Ran {
    module.call(call(input, "{}"), Arc::new(Host::new())).await.unwrap()
}

/// The functions of every interface that a module may import, with whether they are served.
fn functions() -> BTreeMap<String, bool> {
    let (resolve, package) = contract();
    let world = resolve.select_world(&[package], Some("imports")).unwrap();
    let mut functions = BTreeMap::new();
    for item in resolve.worlds[world].imports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = &resolve.interfaces[*id];
        for function in interface.functions.values() {
            assert!(matches!(function.kind, FunctionKind::Freestanding));
            let name = format!("{}.{}", interface.name.as_ref().unwrap(), function.name);
            let served = !format!("{:?}", function.stability).contains("Unstable");
            functions.insert(name, served);
        }
    }
    functions
}

#[tokio::test]
async fn every_function_of_the_contract_answers() {
    let tick = Input::Tick { schedule: "tick".to_owned(), due_at: Timestamp(1) };
    let ran = hear(&whole(), tick).await;
    assert_eq!(ran.result, RunOutcome::Done);
    let called: BTreeMap<&str, &str> =
        told(&ran).into_iter().filter_map(|line| line.split_once(' ')).collect();
    for (function, served) in functions() {
        let answer = called.get(function.as_str()).unwrap_or_else(|| panic!("{function}"));
        let not_served =
            format!("Err(Refusal::NotServedYet(\"this host does not serve `{function}` yet\"))");
        assert_eq!(**answer == not_served, !served, "{function}: {answer}");
    }
    assert!(called["change-stock.propose"].starts_with("Ok("), "{called:?}");
    assert!(called["http-get.get"].contains("status: 200"), "{called:?}");
    assert_eq!(ran.proposals.len(), 6, "what is not served leaves nothing behind");
    assert_eq!(ran.signals.len(), 1);
    assert_eq!(ran.http.len(), 1);
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn money(text: &str) -> Money {
    Money { amount: number(text), currency: "EUR".to_owned() }
}

fn return_line() -> ReturnLine {
    ReturnLine {
        line: "1000".to_owned(),
        quantity: number("1"),
        reason: Some("wrong-size".to_owned()),
        received: None,
        sellable: Some(true),
    }
}

fn of_the_shop() -> Vec<(Input, &'static [&'static str])> {
    let milano = shop("milano");
    let product = Product {
        shop: milano.clone(),
        id: "31".to_owned(),
        title: "Tazza".to_owned(),
        handle: "tazza".to_owned(),
        published: true,
        vendor: None,
        categories: vec!["Casa > Cucina".to_owned()],
        tags: vec!["blu".to_owned()],
        images: 3,
        images_described: 2,
        variants: vec!["1".to_owned(), "2".to_owned()],
    };
    let price = Price {
        shop: milano.clone(),
        variant: "1".to_owned(),
        scope: PriceScope::Group("b2b".to_owned()),
        from_quantity: number("10"),
        amount: money("19.90"),
        compare_at: Some(number("24.90")),
        sale_from: Some(Timestamp(77)),
        sale_until: None,
    };
    let changed = Input::Stock {
        key: EntityKey::variant(milano, "1"),
        variant: variant(StockPolicy::Tracked, "MUG-BLU", "14"),
        location: Location::WHOLE_SHOP,
        before: Some(number("15")),
    };
    let created = BTreeSet::from([ProductChange::Created]);
    vec![
        (order_input(2), &["MUG-BLU-001", "796"]),
        (changed, &["MUG-BLU", "available: Some(\"14\")", "before: Some(\"15\")"]),
        (
            Input::Product { product, changes: created },
            &["Casa > Cucina", "images-described: 2", "ProductChanges { bits: 1 }"],
        ),
        (
            Input::Price { price, before: Some(number("20")) },
            &["Group(\"b2b\")", "24.9", "sale-from: Some(77)", "before: Some(\"20\")"],
        ),
    ]
}

fn of_customers() -> Vec<(Input, &'static [&'static str])> {
    let milano = shop("milano");
    let customer_return = CustomerReturn {
        shop: milano.clone(),
        id: "r1".to_owned(),
        order: "1042".to_owned(),
        state: ReturnState::Approved,
        withdrawal: true,
        requested_at: Timestamp(5),
        delivered_at: None,
        lines: vec![return_line()],
    };
    let cart = Cart {
        shop: milano.clone(),
        id: "c1".to_owned(),
        customer: Some("17".to_owned()),
        updated_at: Timestamp(6),
        total: money("39.80"),
        lines: vec![CartLine { variant: "1".to_owned(), quantity: number("2.5") }],
    };
    let message = Message {
        shop: Some(milano),
        id: "m1".to_owned(),
        conversation: "k1".to_owned(),
        channel: "email".to_owned(),
        author: MessageAuthor::Staff,
        customer: None,
        order: Some("1042".to_owned()),
        at: Timestamp(7),
        subject: "Dov'è?".to_owned(),
        text: "In viaggio.".to_owned(),
        rating: Some(4),
    };
    let consents = BTreeSet::from([CustomerChange::Consents]);
    let state = BTreeSet::from([ReturnChange::State]);
    vec![
        (
            Input::Customer { customer: "17".to_owned(), changes: consents },
            &["customer: \"17\"", "CustomerChanges { bits: 2 }"],
        ),
        (
            Input::Return { customer_return, changes: state },
            &["Approved", "withdrawal: true", "wrong-size", "ReturnChanges { bits: 2 }"],
        ),
        (Input::Cart(CartEvent { cart, change: CartChange::Abandoned }), &["2.5", "Abandoned"]),
        (Input::Message(message), &["Dov'è?", "Staff", "rating: Some(4)"]),
    ]
}

fn of_the_install() -> Vec<(Input, &'static [&'static str])> {
    let rows = FeedRows {
        feed: "supplier".to_owned(),
        columns: vec!["sku".to_owned(), "price".to_owned()],
        rows: vec![vec!["MUG".to_owned(), "7.10".to_owned()]],
        first: 12,
        last: true,
    };
    let key = EntityKey::order(ShopId::new("milano").unwrap(), "1042");
    let page = BackfillPage { shop: shop("milano"), orders: vec![(key, order(1))], last: false };
    let outcome = Input::Outcome {
        action: ActionId::from_stored("a1".to_owned()),
        kind: "change-stock".to_owned(),
        key: Some("MUG".to_owned()),
        end: ActionEnd::Stale { found: fondaco_model::action::Value::Number(number("9")) },
    };
    let signal = Input::Signal {
        name: "trying".to_owned(),
        sender: InstallId::new("kpi").unwrap(),
        payload: "{\"a\":1}".to_owned(),
        hops: 1,
    };
    let restoration = Restoration { taken_at: Timestamp(1_000), restored_at: Timestamp(2_000) };
    let upgraded = Lifecycle::Upgraded { version: "0.9.0".to_owned(), state_schema: 3 };
    vec![
        (Input::Feed(rows), &["supplier", "7.10", "first: 12", "last: true"]),
        (outcome, &["change-stock", "Stale(\"9\")"]),
        (signal, &["trying", "kpi", "{\\\"a\\\":1}"]),
        (Input::Lifecycle(Lifecycle::Installed), &["Installed"]),
        (Input::Lifecycle(Lifecycle::Backfill(page)), &["Backfill", "MUG-BLU-000"]),
        (Input::Lifecycle(Lifecycle::SettingsChanged), &["SettingsChanged"]),
        (Input::Lifecycle(upgraded), &["Upgraded((\"0.9.0\", 3))"]),
        (
            Input::Lifecycle(Lifecycle::Restored(restoration)),
            &["Restored(Restoration { taken-at: 1000, restored-at: 2000 })"],
        ),
        (Input::Lifecycle(Lifecycle::Live), &["Live"]),
        (Input::Lifecycle(Lifecycle::Shadow), &["Shadow"]),
    ]
}

fn asked() -> Vec<(Input, &'static [&'static str])> {
    let line =
        QuoteLine { variant: "1".to_owned(), quantity: number("3"), list_price: number("19.90") };
    let request = QuoteRequest {
        shop: shop("milano"),
        currency: "EUR".to_owned(),
        prices_include_tax: true,
        customer: None,
        groups: vec!["b2b".to_owned()],
        country: Some("IT".to_owned()),
        lines: vec![line],
    };
    let given_back = ReturnRequest {
        key: EntityKey::order(shop("milano"), "1042"),
        order: order(1),
        lines: vec![return_line()],
        withdrawal: false,
        delivered_at: Some(Timestamp(9)),
    };
    vec![
        (Input::Quote(request), &["b2b", "list-price: \"19.9"]),
        (Input::Assess(given_back), &["1042", "delivered-at: Some(9)"]),
    ]
}

#[tokio::test]
async fn every_hook_hears_the_whole_of_what_happened() {
    let module = whole();
    assert_eq!(module.hears().len(), Hook::ALL.len());
    let mut heard = BTreeSet::from([Hook::Schedule]);
    let inputs = [of_the_shop(), of_customers(), of_the_install(), asked()];
    for (input, parts) in inputs.into_iter().flatten() {
        let hook = input.hook();
        heard.insert(hook);
        let ran = hear(&module, input).await;
        let told = told(&ran).join("\n");
        assert!(told.starts_with(hook.as_str()), "{hook}: {told}");
        for part in parts {
            assert!(told.contains(part), "{hook}: {part} is not in {told}");
        }
        match (hook, &ran.result) {
            (Hook::Pricing, RunOutcome::Quoted(prices)) => {
                assert_eq!(prices[0].unit_price, number("19.90"));
            }
            (Hook::Returns, RunOutcome::Assessed(answer)) => {
                assert_eq!(answer.refund, money("19.90"));
                assert!(answer.lines[0].accepted);
            }
            (_, RunOutcome::Done) => {}
            (_, other) => panic!("{hook}: {other:?}"),
        }
    }
    assert_eq!(heard, BTreeSet::from(Hook::ALL));
}

#[tokio::test]
async fn what_somebody_waits_for_has_fuel_by_the_line_and_proposes_nothing() {
    let module = whole();
    for lines in [1, 50] {
        let line = QuoteLine {
            variant: "1".to_owned(),
            quantity: number("1"),
            list_price: number("19.90"),
        };
        let request = QuoteRequest {
            shop: shop("milano"),
            currency: "EUR".to_owned(),
            prices_include_tax: true,
            customer: None,
            groups: Vec::new(),
            country: None,
            lines: vec![line; lines],
        };
        let ran = hear(&module, Input::Quote(request)).await;
        let fuel = limits::QUOTE_FUEL + limits::QUOTE_FUEL_PER_LINE * lines as u64;
        assert_eq!(ran.used.limit[Resource::Fuel], fuel);
        assert!(ran.used.used[Resource::Fuel] < fuel);
        assert!(ran.proposals.is_empty());
    }
}
