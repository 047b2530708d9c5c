//! What is proposed, and what is refused at once.

use fondaco_model::{
    ActionId, ActionKind, ClientId, InstallId, Location,
    action::{Localised, ProposalOrigin, Severity},
};

use crate::fixture::{Host, does, probe, shop, told};

fn id(name: &str) -> ActionId {
    let (client, install) = (ClientId::new("rossi").unwrap(), InstallId::new("probe").unwrap());
    ActionId::of(ProposalOrigin {
        client: &client,
        install: &install,
        event: 7,
        cursor: None,
        name,
    })
}

#[tokio::test]
async fn proposals_are_kept_in_order_with_ids_that_can_be_told_beforehand() {
    let steps = r#"[
        ["change", {"key": "mug", "after": ["abc"], "expires-at": 99}],
        ["alert", {"key": "low"}],
        ["change", {"shop": "torino", "available": "0.50", "decided-on": "-1"}]
    ]"#;
    let ran = does(&probe(), Host::new(), steps).await.unwrap();
    let ids: Vec<_> = ran.proposals.iter().map(|proposal| proposal.id.clone()).collect();
    assert_eq!(ids, [id("mug"), id("low"), id("\u{0}2")]);
    assert_eq!(told(&ran)[0], format!("Ok(\"{}\")", ids[0]));

    let mug = &ran.proposals[0];
    assert_eq!(
        mug.kind,
        ActionKind::ChangeStock {
            shop: shop("milano"),
            variant: "1".to_owned(),
            location: Location::WHOLE_SHOP,
            available: 12.into(),
            decided_on: 14.into(),
        }
    );
    assert_eq!(mug.terms.key.as_deref(), Some("mug"));
    assert_eq!(mug.terms.after, [ActionId::from_stored("abc")]);
    assert_eq!(mug.terms.expires_at.map(|moment| moment.0), Some(99));
    assert_eq!(mug.terms.explanation.it, "Venduto.");

    let low = Localised { en: "Low.".to_owned(), it: "Poco.".to_owned() };
    let (severity, title, text) = (Severity::Warning, low.clone(), low);
    assert_eq!(ran.proposals[1].kind, ActionKind::Alert { severity, title, text });
}

#[tokio::test]
async fn what_contradicts_the_contract_is_refused_and_the_run_goes_on() {
    let module = probe();
    let check = async |step: &str, reason: &str| {
        let steps = format!("[{step}, [\"alert\", {{}}]]");
        let ran = does(&module, Host::new(), &steps).await.unwrap();
        let told = told(&ran);
        let refusal = told[told.len() - 2];
        assert!(
            refusal.starts_with("Err(Refusal::Invalid(") && refusal.contains(reason),
            "{refusal}"
        );
        assert!(told[told.len() - 1].starts_with("Ok("));
    };
    for malformed in ["1,5", "", "+1", "1e3", "01", "NaN", "1.0000001"] {
        check(&format!(r#"["change", {{"available": "{malformed}"}}]"#), "available: `").await;
        check(&format!(r#"["change", {{"decided-on": "{malformed}"}}]"#), "decided-on: `").await;
    }
    check(r#"["change", {"shop": "napoli"}]"#, "there is no shop `napoli`").await;
    check(r#"["change", {"shop": "NOT A NAME"}]"#, "there is no shop `NOT A NAME`").await;
    check(r#"["change", {"variant": "77"}]"#, "shop `milano` has no variant `77`").await;
    check(r#"["change", {"variant": "2"}]"#, "does not count the stock of `2`").await;
    check(r#"["change", {"location": "attic"}]"#, "keeps no stock of `1` at attic").await;
    check(r#"["change", {"en": "  "}]"#, "explanation.en is empty").await;
    check(r#"["change", {"it": ""}]"#, "explanation.it is empty").await;
    check(r#"["alert", {"title-it": ""}]"#, "title.it is empty").await;
    check(r#"["alert", {"text-en": ""}]"#, "text.en is empty").await;
    check(r#"["change", {"key": ""}]"#, "is no key").await;
    check(r#"["change", {"key": "a\u0000b"}]"#, "is no key").await;
    let long = "x".repeat(4_097);
    check(&format!(r#"["change", {{"en": "{long}"}}]"#), "explanation.en is 4097 bytes long").await;
    let many = vec!["\"a\""; 65].join(",");
    check(&format!(r#"["change", {{"after": [{many}]}}]"#), "`after` names 65 actions").await;
    check(r#"["change", {"key": "a"}], ["alert", {"key": "a"}]"#, "a proposal with the key `a`")
        .await;
}
