//! A simulated shop of any platform, as the cases need it.

use std::time::Duration;

use async_trait::async_trait;
use fondaco_model::{ActionId, ActionKind, Entity, Timestamp, action::Verb};
use fondaco_platforms::{Platform, PlatformError, Request};

/// How late an effect comes whose connection was cut.
pub const EFFECT_DELAY: Duration = Duration::from_millis(400);

/// What goes wrong with the next requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The connection is cut, and there is no effect.
    CutBefore,
    /// There is an effect, and then the connection is cut.
    CutAfter,
    /// The connection is cut, and the effect comes [`EFFECT_DELAY`] later at most.
    LateEffect,
}

/// A simulated shop with what the cases act on: something sold and counted, an order that is paid in
/// a way that can send money back, one that is not, and a discount code.
#[async_trait]
pub trait SimulatedShop: Send + Sync + Sized {
    /// What no kept request may have in it.
    const SECRETS: &'static [&'static str];

    /// Opens one with all that the cases act on.
    async fn open() -> Self;

    /// An adapter that has just been made, as after a crash.
    fn adapter(&self) -> Box<dyn Platform>;

    /// What a module would propose: something this shop can do to what it has.
    fn action(&self, verb: Verb) -> ActionKind;

    /// Something of the same kind that the platform does, and this shop cannot; absent: the shop can
    /// do it to anything.
    fn impossible(&self, verb: Verb) -> Option<ActionKind>;

    /// Somebody else changes what the action was decided on; false: whatever they do, it is as the
    /// action was decided on, or as it wants it.
    async fn meddle(&self, verb: Verb) -> bool;

    /// Has this go wrong with every request from now on, or nothing.
    fn disturb(&self, fault: Option<Fault>);

    /// How often something took effect that this verb is for.
    fn effects(&self, verb: Verb) -> usize;

    /// How much money was truly sent back, in cents.
    fn money_sent(&self) -> i64;

    /// How often a customer was written to.
    fn mails(&self) -> usize;

    /// How many of its things there are to read: sold ones and orders.
    fn size(&self) -> (usize, usize);

    /// Somebody buys something.
    fn sell(&self);

    /// Waits until no effect is still to come.
    async fn quiet(&self);
}

/// An action's id.
pub fn id() -> ActionId {
    ActionId::from_stored("39ca6e9be3e609a033636f7a2f9a5372")
}

pub fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(u64::try_from(elapsed.as_millis()).unwrap())
}

/// The request for an action, from what a mirror would have of the entity.
pub async fn request(
    adapter: &dyn Platform,
    action: &ActionKind,
) -> Result<Request, PlatformError> {
    let entity = mirrored(adapter, action).await;
    adapter.request(&id(), action, entity.as_ref())
}

async fn mirrored(adapter: &dyn Platform, action: &ActionKind) -> Option<Entity> {
    let key = action.entity()?;
    let read = adapter.fetch(now(), &key).await.unwrap();
    read.into_iter().find(|snapshot| snapshot.key == key).map(|snapshot| snapshot.entity)
}
