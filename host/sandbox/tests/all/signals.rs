//! What a module tells others: what is held against its manifest, and what is kept for the commit.

use std::sync::{Arc, LazyLock};

use fondaco_model::{
    EntityKey, InstallId, Timestamp,
    hear::{BackfillPage, Lifecycle, SIGNAL_HOPS_MAX},
};
use fondaco_sandbox::{Grants, Input, Module, Ran, RunOutcome, limits::SIGNAL_PAYLOAD_BYTES_MAX};
use serde_json::{Value, json};

use crate::fixture::{Host, call, guest, order, patient, sandbox, shop, told};

fn relay() -> Module {
    static RELAY: LazyLock<Module> =
        LazyLock::new(|| sandbox(patient()).load(&guest("relay"), &Grants::all()).unwrap());
    RELAY.clone()
}

/// Has the relay do these steps when it hears something.
async fn does(input: Input, steps: &Value) -> Ran {
    let settings = json!({ "tick": steps, "signal": steps, "lifecycle": steps }).to_string();
    relay().call(call(input, &settings), Arc::new(Host::new())).await.unwrap()
}

fn tick() -> Input {
    Input::Tick { schedule: "tick".to_owned(), due_at: Timestamp(9_000) }
}

fn ball(hops: u32) -> Input {
    Input::Signal {
        name: "ball".to_owned(),
        sender: InstallId::new("other").unwrap(),
        payload: json!({ "to": "you" }).to_string(),
        hops,
    }
}

#[tokio::test]
async fn what_the_manifest_has_is_kept_for_the_commit() {
    let steps =
        json!([["send", "ball", { "to": "you" }, "milano"], ["send", "ball", { "to": "you" }]]);
    let ran = does(tick(), &steps).await;
    let [first, second] = &*ran.signals else { panic!("two signals: {:?}", ran.log) };
    assert_eq!((first.name.as_str(), first.payload.as_str()), ("ball", r#"{"to":"you"}"#));
    assert_eq!((&first.shop, &second.shop), (&Some(shop("milano")), &None));
    assert_eq!((first.hops, second.hops), (1, 1));
    assert_ne!(first.id, second.id);
    assert_eq!(told(&ran)[1], format!("send Ok({:?})", first.id));
    // A run that is done again sends the same.
    assert_eq!(does(tick(), &steps).await.signals, ran.signals);
}

#[tokio::test]
async fn what_the_manifest_does_not_have_is_refused() {
    let long = format!("\"{}\"", "x".repeat(SIGNAL_PAYLOAD_BYTES_MAX));
    let cases = [
        (json!(["send", "bull", {}]), "plugin.toml lists no signal `bull` that the module sends"),
        (json!(["send", "ball", { "to": "you" }, "roma"]), "there is no shop `roma`"),
        (json!(["send", "ball", "{"]), "the payload is no JSON: "),
        (
            json!(["send", "ball", { "to": 5 }]),
            "the payload is no `ball`: at `/to`: 5 is not of type",
        ),
        (json!(["send", "ball", long]), "a payload of 65538 bytes; 65536 is the most"),
    ];
    for (step, words) in cases {
        let ran = does(tick(), &json!([step])).await;
        let answer = told(&ran)[1];
        assert!(answer.starts_with("send Err(Refusal::Invalid("), "{answer}");
        assert!(answer.contains(words), "{words} is not in {answer}");
        assert_eq!((ran.result, ran.signals.len()), (RunOutcome::Done, 0));
    }
}

#[tokio::test]
async fn a_run_that_fails_tells_nobody() {
    let ran = does(tick(), &json!([["send", "ball", { "to": "you" }], ["permanent", "no"]])).await;
    assert!(told(&ran)[1].starts_with("send Ok("), "{:?}", ran.log);
    assert!(ran.signals.is_empty());
}

#[tokio::test]
async fn a_chain_of_signals_has_an_end() {
    let steps = json!([["send", "ball", { "to": "you" }]]);
    let ran = does(ball(SIGNAL_HOPS_MAX - 1), &steps).await;
    assert_eq!(ran.signals[0].hops, SIGNAL_HOPS_MAX);
    let ran = does(ball(SIGNAL_HOPS_MAX), &steps).await;
    let words = "this signal answers one that is the last of 8 in a row; the chain ends here";
    assert!(told(&ran)[1].contains(words), "{:?}", ran.log);
    assert!(ran.signals.is_empty());
}

#[tokio::test]
async fn history_is_learnt_from_and_nothing_else() {
    let steps = json!([["count", "seen"], ["send", "ball", { "to": "you" }], ["alert"]]);
    let key = EntityKey::order(shop("milano"), "1042");
    let page = BackfillPage { shop: shop("milano"), orders: vec![(key, order(1))], last: true };
    let ran = does(Input::Lifecycle(Lifecycle::Backfill(page)), &steps).await;
    assert_eq!(told(&ran)[0], "lifecycle backfill milano 1042 last true");
    for answer in &told(&ran)[1..] {
        assert!(
            answer.contains("Err(Refusal::Invalid(\"history can only be learnt from"),
            "{answer}"
        );
    }
    assert_eq!((ran.proposals.len(), ran.signals.len()), (0, 0));
    assert_eq!(ran.writes["seen"].as_deref(), Some("1"));

    let ran = does(Input::Lifecycle(Lifecycle::Live), &steps).await;
    assert_eq!((ran.proposals.len(), ran.signals.len()), (1, 1), "{:?}", ran.log);
}
