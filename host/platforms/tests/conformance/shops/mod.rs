//! A simulated shop of each platform.

pub mod magento;
pub mod shopify;
pub mod woocommerce;

use fondaco_model::{ActionId, ActionKind, Decimal, commerce::Money};
use fondaco_platforms::{Executed, Platform};
use fondaco_shopsim::Faults;

use crate::shop::{EFFECT_DELAY, Fault, now};

/// Does something that is not the action of the case.
async fn act(adapter: &dyn Platform, action: &ActionKind) {
    let other = ActionId::from_stored("00000000000000000000000000000001");
    let entity = match action.entity() {
        Some(key) => Some(adapter.fetch(now(), &key).await.unwrap().remove(0).entity),
        None => None,
    };
    let ask = adapter.request(&other, action, entity.as_ref()).unwrap();
    let done = adapter.execute(now(), action, &ask).await.unwrap();
    assert!(matches!(done, Executed::Done { .. }), "{action:?}: {done:?}");
}

/// What has this go wrong with every request, or nothing.
fn faults(fault: Option<Fault>) -> Faults {
    let none = Faults { effect_delay: EFFECT_DELAY, ..Faults::default() };
    match fault {
        None => none,
        Some(Fault::CutBefore) => Faults { cut_before: 1.0, ..none },
        Some(Fault::CutAfter) => Faults { cut_after: 1.0, ..none },
        Some(Fault::LateEffect) => Faults { late_effect: 1.0, ..none },
    }
}

fn euro(amount: i64) -> Money {
    Money { amount: amount.into(), currency: "EUR".to_owned() }
}

/// An amount of the ledger's in cents.
fn cents(amount: &str) -> i64 {
    let units = amount.parse::<Decimal>().unwrap().units(2);
    units.map_or(0, |cents| i64::try_from(cents).unwrap())
}
