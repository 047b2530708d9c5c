//! What reaches a hook, and what comes back.

use std::{collections::BTreeSet, sync::Arc};

use fondaco_model::{
    ActionEnd, ActionId, Aspect, EntityKey, Location, Order, Timestamp, Version,
    commerce::StockPolicy, run::Resource,
};
use fondaco_sandbox::{CallError, Grants, Hook, Input, Module, RunOutcome};

use crate::fixture::{
    Host, call, does, guest, order_input, probe, sandbox, shop, small, told, variant,
};

/// What the probe heard, in Rust's own words.
async fn heard(module: &Module, input: Input) -> String {
    let ran = module.call(call(input, r#"{"steps": [["event"]]}"#), Arc::new(Host::new())).await;
    told(&ran.unwrap()).concat()
}

#[tokio::test]
async fn an_order_arrives_whole() {
    let heard = heard(&probe(), order_input(2)).await;
    for part in [
        r#"event: "7", shop: Some("milano"), observed-at: 6000, caused-by: None, cursor: None"#,
        r#"shop: "milano", id: "1042", number: "1042", state: OrderState::Processing, test: false"#,
        r#"channel: "web", placed-at: 4000, updated-at: 5000, paid-at: Some(4500)"#,
        r#"total: Money { amount: "796", currency: "EUR" }, presentment-total: None, total-tax: "143.6", refunded: "0""#,
        r#"payment-method: Some("stripe"), shipping-country: Some("IT")"#,
        r#"OrderLine { id: "1001", kind: LineKind::Goods, variant: Some("101")"#,
        r#"product: Some("11"), sku: Some("MUG-BLU-001"), title: "Tazza blu, misura 1""#,
        r#"quantity: "2", net: "32.62", tax: "7.18""#,
        r#"deductions: [Deduction { location: None, quantity: "2" }]"#,
        // Placed is the first bit, deductions the fifth.
        "OrderChanges { bits: 17 }",
    ] {
        assert!(heard.contains(part), "{part}\nis not in\n{heard}");
    }
}

#[tokio::test]
async fn deductions_stay_with_their_lines() {
    let Input::Order { key, mut order, changes } = order_input(3) else { unreachable!() };
    let Aspect::Known { value: lines, .. } = &mut order.lines else { unreachable!() };
    lines[0].deductions.clear();
    lines[1].deductions = [("a", 3), ("b", 4)]
        .map(|(place, quantity)| (Location::new(place), quantity.into()))
        .into();
    let heard = heard(&probe(), Input::Order { key, order, changes }).await;
    let lines: Vec<_> = heard.split("deductions: ").skip(1).collect();
    assert!(lines[0].starts_with("[]"), "{heard}");
    let both = [
        r#"[Deduction { location: Some("a"), quantity: "3" }, "#,
        r#"Deduction { location: Some("b"), quantity: "4" }]"#,
    ]
    .concat();
    assert!(lines[1].starts_with(&both), "{heard}");
    assert!(lines[2].starts_with(r#"[Deduction { location: None, quantity: "2" }]"#), "{heard}");
}

#[tokio::test]
async fn stock_ticks_and_outcomes_arrive() {
    let module = probe();
    let heard_by_probe = [Hook::Order, Hook::Stock, Hook::Schedule, Hook::Outcome];
    assert_eq!(module.hears(), &BTreeSet::from(heard_by_probe));
    let stock = Input::Stock {
        key: EntityKey::variant(shop("milano"), "1"),
        variant: variant(StockPolicy::Backorder, "MUG-BLU", "-2.50"),
        location: Location::WHOLE_SHOP,
        before: Some("3".parse().unwrap()),
    };
    let stock = heard(&module, stock).await;
    let level = [
        r#"shop: "milano", variant: "1", sku: Some("MUG-BLU"), location: None, "#,
        r#"policy: StockPolicy::Backorder, available: Some("-2.5")"#,
    ]
    .concat();
    assert!(stock.contains(&level) && stock.contains(r#"before: Some("3")"#), "{stock}");

    let tick = Input::Tick { schedule: "tick".to_owned(), due_at: Timestamp(9_000) };
    let tick = heard(&module, tick).await;
    assert!(tick.contains(r#"Tick { schedule: "tick", due-at: 9000 }"#), "{tick}");

    let ends = [
        (ActionEnd::Done { ids: vec!["55".to_owned()] }, r#"End::Done(["55"])"#),
        (ActionEnd::Refused { reason: "no".to_owned() }, r#"End::Refused("no")"#),
        (
            ActionEnd::Stale {
                found: fondaco_model::action::Value::Number("13.0".parse().unwrap()),
            },
            r#"End::Stale("13")"#,
        ),
        (ActionEnd::Superseded, "End::Superseded"),
        (ActionEnd::Failed { reason: "gone".to_owned() }, r#"End::Failed("gone")"#),
        (ActionEnd::Unknown { detail: "cut".to_owned() }, r#"End::Unknown("cut")"#),
        (ActionEnd::Expired, "End::Expired"),
    ];
    for (end, words) in ends {
        let outcome = Input::Outcome {
            action: ActionId::from_stored("abc"),
            kind: "change-stock".to_owned(),
            key: Some("mug".to_owned()),
            end,
        };
        let heard = heard(&module, outcome).await;
        let about = r#"action: "abc", kind: "change-stock", key: Some("mug")"#;
        assert!(heard.contains(about) && heard.contains(words), "{words}\nis not in\n{heard}");
    }
}

#[tokio::test]
async fn what_a_hook_returns() {
    let module = probe();
    let check = async |step: &str, outcome: RunOutcome| {
        let steps = format!(r#"[["set", "k", "v"], ["change", {{}}], {step}]"#);
        let ran = does(&module, Host::new(), &steps).await.unwrap();
        let kept = matches!(outcome, RunOutcome::Done | RunOutcome::Again(_));
        assert_eq!(ran.result, outcome);
        // A failure keeps nothing but its log.
        assert_eq!((ran.writes.len(), ran.proposals.len()), (kept.into(), kept.into()), "{step}");
        assert_eq!(ran.log.len(), 1);
    };
    check(r#"["now-nothing"]"#, RunOutcome::Permanent("there is no step `now-nothing`".into()))
        .await;
    check(r#"["again", "page 2"]"#, RunOutcome::Again("page 2".into())).await;
    check(r#"["temporary", "later"]"#, RunOutcome::Temporary("later".into())).await;
    check(r#"["permanent", "never"]"#, RunOutcome::Permanent("never".into())).await;
    check(r#"["delete", "k"]"#, RunOutcome::Done).await;
}

#[tokio::test]
async fn the_cursor_comes_back() {
    let mut again = call(order_input(1), r#"{"steps": [["event"]]}"#);
    again.cursor = Some("page 2".to_owned());
    again.caused_by = Some(ActionId::from_stored("abc"));
    let ran = probe().call(again, Arc::new(Host::new())).await.unwrap();
    let part = r#"caused-by: Some("abc"), cursor: Some("page 2")"#;
    assert!(told(&ran).concat().contains(part), "{:?}", ran.log);
}

#[tokio::test]
async fn the_clock_stands_still_and_the_same_run_is_the_same() {
    let module = probe();
    let steps = r#"[
        ["now"], ["repeat", 100000, ["nothing"]], ["now"], ["change", {}], ["sku", "MUG-BLU"]
    ]"#;
    let one = does(&module, Host::new(), steps).await.unwrap();
    let other = does(&module, Host::new(), steps).await.unwrap();
    assert_eq!(told(&one)[0], "1700000000000");
    assert_eq!(told(&one)[1], "1700000000000");
    assert_eq!(one.proposals, other.proposals);
    assert_eq!(one.log, other.log);
    assert_eq!(one.used.used[Resource::Fuel], other.used.used[Resource::Fuel]);
    assert_eq!(one.used.used[Resource::HostCalls], 9);
    assert!(one.used.used[Resource::Memory] > 0 && one.used.used[Resource::Fuel] > 0);
}

#[tokio::test]
async fn nothing_of_one_run_is_left_for_the_next() {
    let module = probe();
    let wrote = does(&module, Host::new(), r#"[["set", "k", "v"], ["get", "k"]]"#).await.unwrap();
    assert_eq!(told(&wrote), [r#"Some("v")"#]);
    let next = does(&module, Host::new(), r#"[["get", "k"]]"#).await.unwrap();
    assert_eq!(told(&next), ["None"]);
}

#[tokio::test]
async fn a_hook_that_is_not_exported_is_not_called() {
    let noop = sandbox(small()).load(&guest("noop"), &Grants::default()).unwrap();
    assert_eq!(noop.hears(), &BTreeSet::from([Hook::Order]));
    let tick = Input::Tick { schedule: "tick".to_owned(), due_at: Timestamp(9_000) };
    let error = noop.call(call(tick, "{}"), Arc::new(Host::new())).await.unwrap_err();
    assert_eq!(error.error, CallError::NoSuchHook { hook: Hook::Schedule });
    let ran = noop.call(call(order_input(20), "{}"), Arc::new(Host::new())).await.unwrap();
    assert_eq!(ran.result, RunOutcome::Done);
}

#[tokio::test]
async fn what_is_not_known_is_not_told() {
    let module = probe();
    let key = EntityKey::order(shop("milano"), "1042");
    let gone = Order { head: Aspect::deleted(Version::pushed(Timestamp(1))), ..Order::default() };
    let input = Input::Order { key: key.clone(), order: gone, changes: BTreeSet::new() };
    let error = module.call(call(input, "{}"), Arc::new(Host::new())).await.unwrap_err();
    assert_eq!(error.error, CallError::Incomplete { key, aspect: "head" });
    assert_eq!(
        error.to_string(),
        "order 1042 on milano cannot be told to a module: its head is not known"
    );
}
