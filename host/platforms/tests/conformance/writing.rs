//! Each action: done once, repeated safely, ambiguous and then looked for, stale, refused, and what a
//! platform cannot do.

use fondaco_model::action::Verb;
use fondaco_platforms::{Capability, Executed, Looked, PlatformError};

use crate::shop::{Fault, SimulatedShop, now, request};

/// The verbs that a platform does, each with a shop to do it on.
async fn every_action<S: SimulatedShop>() -> Vec<(Verb, S)> {
    let mut shops = Vec::new();
    for verb in Verb::ALL {
        let shop = S::open().await;
        if matches!((shop.adapter().capabilities().of)(verb), Capability::Does { .. }) {
            shops.push((verb, shop));
        }
    }
    assert!(shops.len() > 10, "a platform that does nothing is not worth an adapter");
    shops
}

pub async fn what_is_done_is_done_once<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        assert_eq!(shop.effects(verb), 0, "{verb:?}");
        let done = shop.adapter().execute(now(), &action, &ask).await.unwrap();
        assert!(matches!(done, Executed::Done { .. }), "{verb:?}: {done:?}");
        assert_eq!(shop.effects(verb), 1, "{verb:?}");
        // Once more, as by a host that was restored from a backup and did not look.
        let again = shop.adapter().execute(now(), &action, &ask).await.unwrap();
        let is_harmless = matches!(again, Executed::Done { .. } | Executed::Stale { .. });
        assert!(is_harmless, "{verb:?}: {again:?}");
        assert_eq!(shop.effects(verb), 1, "{verb:?}");
        let looked = shop.adapter().look(now(), &action, &ask).await.unwrap();
        assert!(matches!(looked, Looked::Done { .. }), "{verb:?}: {looked:?}");
    }
}

pub async fn what_was_cut_before_its_effect_is_found_not_done_and_sent_again<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        shop.disturb(Some(Fault::CutBefore));
        let error = shop.adapter().execute(now(), &action, &ask).await.unwrap_err();
        let may_be_sent_again =
            matches!(error, PlatformError::Ambiguous { .. } | PlatformError::Unavailable { .. });
        assert!(may_be_sent_again, "{verb:?}: {error:?}");
        shop.disturb(None);
        assert_eq!(shop.effects(verb), 0, "{verb:?}");
        let looked = shop.adapter().look(now(), &action, &ask).await.unwrap();
        if verb == Verb::SendRefund && matches!(looked, Looked::Neither { .. }) {
            // Where the payment service works before the platform keeps anything, nobody can tell
            // whether it sent the money; a person has to.
            continue;
        }
        assert_eq!(looked, Looked::NotDone, "{verb:?}");
        let done = shop.adapter().execute(now(), &action, &ask).await.unwrap();
        assert!(matches!(done, Executed::Done { .. }), "{verb:?}: {done:?}");
        assert_eq!(shop.effects(verb), 1, "{verb:?}");
    }
}

pub async fn what_was_cut_after_its_effect_or_long_before_it_is_found_done<S: SimulatedShop>() {
    for fault in [Fault::CutAfter, Fault::LateEffect] {
        for (verb, shop) in every_action::<S>().await {
            let action = shop.action(verb);
            let ask = request(&*shop.adapter(), &action).await.unwrap();
            shop.disturb(Some(fault));
            let error = shop.adapter().execute(now(), &action, &ask).await.unwrap_err();
            let ambiguous = matches!(error, PlatformError::Ambiguous { .. });
            assert!(ambiguous, "{verb:?} {fault:?}: {error:?}");
            shop.disturb(None);
            shop.quiet().await;
            assert_eq!(shop.effects(verb), 1, "{verb:?} {fault:?}");
            let looked = shop.adapter().look(now(), &action, &ask).await.unwrap();
            assert!(matches!(looked, Looked::Done { .. }), "{verb:?} {fault:?}: {looked:?}");
            let again = shop.adapter().execute(now(), &action, &ask).await.unwrap();
            let is_harmless = matches!(again, Executed::Done { .. } | Executed::Stale { .. });
            assert!(is_harmless, "{verb:?} {fault:?}: {again:?}");
            assert_eq!(shop.effects(verb), 1, "{verb:?} {fault:?}");
        }
    }
}

pub async fn what_was_decided_on_something_else_is_not_written<S: SimulatedShop>() {
    let mut tried = 0;
    for (verb, shop) in every_action::<S>().await {
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        if ask.only_if.is_none() {
            continue;
        }
        if !shop.meddle(verb).await {
            continue;
        }
        tried += 1;
        let before = shop.effects(verb);
        let stale = shop.adapter().execute(now(), &action, &ask).await.unwrap();
        let Executed::Stale { found, .. } = stale else { panic!("{verb:?}: {stale:?}") };
        assert_ne!(Some(found), ask.only_if, "{verb:?}");
        assert_eq!(shop.effects(verb), before, "{verb:?}");
        assert_eq!(shop.money_sent(), 0, "{verb:?}");
    }
    assert!(tried > 5, "hardly anything is decided on something");
}

pub async fn what_the_shop_cannot_do_is_refused_without_an_effect<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let Some(action) = shop.impossible(verb) else {
            continue;
        };
        let adapter = shop.adapter();
        let error = match request(&*adapter, &action).await {
            Err(error) => error,
            Ok(ask) => adapter.execute(now(), &action, &ask).await.unwrap_err(),
        };
        let refused =
            matches!(error, PlatformError::Refused { .. } | PlatformError::Unsupported { .. });
        assert!(refused, "{verb:?}: {error:?}");
        assert!(error.to_string().len() > 20, "{verb:?} is refused without a reason: {error}");
        assert_eq!((shop.effects(verb), shop.money_sent()), (0, 0), "{verb:?}");
    }
}

pub async fn what_the_platform_cannot_do_is_said_with_its_reason<S: SimulatedShop>() {
    let shop = S::open().await;
    let adapter = shop.adapter();
    let mut tried = 0;
    for verb in Verb::ALL {
        if let Capability::Cannot { reason } = (adapter.capabilities().of)(verb) {
            let error = request(&*adapter, &shop.action(verb)).await.unwrap_err();
            assert_eq!(error, PlatformError::Unsupported { reason: reason.to_owned() }, "{verb:?}");
            tried += 1;
        }
    }
    assert!(tried > 0, "a platform that can do everything needs no such case");
}

pub async fn money_is_sent_only_where_the_action_says_so<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        shop.adapter().execute(now(), &action, &ask).await.unwrap();
        assert_eq!(shop.money_sent() > 0, verb == Verb::SendRefund, "{verb:?}");
    }
}

pub async fn what_mails_the_customer_is_said<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let action = shop.action(verb);
        let adapter = shop.adapter();
        let ask = request(&*adapter, &action).await.unwrap();
        let before = shop.mails();
        adapter.execute(now(), &action, &ask).await.unwrap();
        if shop.mails() > before {
            assert!(adapter.capabilities().mails_customer(verb), "{verb:?} mails and says nothing");
        }
    }
}

pub async fn a_request_that_was_kept_is_read_back_and_keeps_no_secret<S: SimulatedShop>() {
    for (verb, shop) in every_action::<S>().await {
        let ask = request(&*shop.adapter(), &shop.action(verb)).await.unwrap();
        let kept = serde_json::to_string(&ask).unwrap();
        assert_eq!(serde_json::from_str::<fondaco_platforms::Request>(&kept).unwrap(), ask);
        for secret in S::SECRETS {
            assert!(!kept.contains(secret), "{verb:?}: {kept}");
        }
    }
}
