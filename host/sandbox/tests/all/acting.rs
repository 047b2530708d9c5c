//! What is proposed about shops besides stock, and what of it is refused at once.

use std::sync::Arc;

use fondaco_model::{
    ActionKind, Decimal,
    action::{OrderStep, OrderWrite, Reduction, RefundMethod, Restock},
    commerce::OrderState,
};
use fondaco_sandbox::{Grants, Module, Ran};

use crate::fixture::{Host, call, guest, order_input, patient, sandbox, shop};

fn deputy() -> Module {
    sandbox(patient()).load(&guest("deputy"), &Grants::all()).unwrap()
}

/// Has the deputy do these steps, written as JSON, for an order of two lines.
async fn acts(module: &Module, steps: &str) -> Ran {
    let settings = format!("{{\"steps\": {steps}}}");
    module.call(call(order_input(2), &settings), Arc::new(Host::new())).await.unwrap()
}

fn kinds(ran: &Ran) -> Vec<&ActionKind> {
    ran.proposals.iter().map(|proposal| &proposal.kind).collect()
}

#[tokio::test]
async fn what_is_done_to_an_order_is_decided_on_where_it_stands() {
    let steps = r#"[["hold", "Look at it"], ["note", "Fragile"], ["release"], ["tag", "vip"]]"#;
    let ran = acts(&deputy(), steps).await;
    let step = |step: OrderStep| {
        ActionKind::ChangeOrder(OrderWrite {
            shop: shop("milano"),
            order: "1042".to_owned(),
            step,
            decided_on: OrderState::Processing,
        })
    };
    let expected = [
        step(OrderStep::Hold { reason: "Look at it".to_owned() }),
        step(OrderStep::Note { text: "Fragile".to_owned() }),
        step(OrderStep::Release),
        step(OrderStep::Tag { tag: "vip".to_owned() }),
    ];
    assert_eq!(kinds(&ran), expected.iter().collect::<Vec<_>>());
    assert!(ran.writes.is_empty(), "{:?}", ran.writes);
}

#[tokio::test]
async fn a_refund_is_decided_on_what_was_refunded() {
    let ran = acts(&deputy(), r#"[["refund", "original", "39.80"]]"#).await;
    let [ActionKind::Refund(refund)] = kinds(&ran)[..] else { panic!("{:?}", ran.writes) };
    assert_eq!(refund.decided_on, Decimal::ZERO);
    assert_eq!((refund.method, refund.restock), (RefundMethod::Original, Restock::Sellable));
    assert_eq!(refund.amount.amount, "39.8".parse().unwrap());
    assert_eq!((refund.lines.len(), refund.lines[0].quantity), (1, 2.into()));
}

#[tokio::test]
async fn a_code_is_checked_and_kept() {
    let ran = acts(&deputy(), r#"[["code", "GRAZIE", "10"], ["end", "VECCHIO"]]"#).await;
    let [ActionKind::Discount(code), ActionKind::EndDiscount { code: old, .. }] = kinds(&ran)[..]
    else {
        panic!("{:?}", ran.writes);
    };
    assert_eq!((code.code.as_str(), old.as_str(), code.uses), ("GRAZIE", "VECCHIO", Some(1)));
    assert_eq!(code.reduction, Reduction::Percent { percent: 10.into() });
}

#[tokio::test]
async fn what_contradicts_the_contract_is_refused_and_the_run_goes_on() {
    let module = deputy();
    let check = async |step: &str, reason: &str| {
        let ran = acts(&module, &format!(r#"[{step}, ["note", "Still here"]]"#)).await;
        let refusals: Vec<_> = ran.writes.values().flatten().collect();
        let [refusal] = refusals[..] else { panic!("{step}: {refusals:?}") };
        assert!(refusal.contains(reason), "{step}: {refusal}");
        assert_eq!(ran.proposals.len(), 1, "{step}");
    };
    check(r#"["refund", "original", "0"]"#, "a refund gives something back").await;
    check(r#"["refund", "original", "-1"]"#, "cannot be below zero").await;
    check(r#"["refund", "original", "39,80"]"#, "is not a decimal number").await;
    check(r#"["refund", "original", "39.79"]"#, "which is more than the amount of 39.79").await;
    check(r#"["code", "DUE PAROLE", "10"]"#, "customers type it").await;
    check(r#"["code", "", "10"]"#, "code is empty").await;
    check(r#"["code", "GRAZIE", "101"]"#, "which is more than all").await;
    check(r#"["hold", " "]"#, "hold is empty").await;
    check(r#"["parcel", ""]"#, "parcel.carrier is empty").await;
    check(r#"["price", "12.50"]"#, "shop `milano` has no variant `100`").await;
    let long = "x".repeat(4_097);
    check(&format!(r#"["cancel", "{long}"]"#), "cancel is 4097 bytes long; 4096 is the most").await;
    let long = "x".repeat(64 * 1024 + 1);
    check(&format!(r#"["title", "{long}"]"#), "value is 65537 bytes long").await;
}
