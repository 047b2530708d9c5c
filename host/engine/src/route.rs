//! Routing: which events an install hears, how, and in what order.

use fondaco_model::{Change, EntityKey, Event, EventBody, InstallId, Location};
use fondaco_sandbox::manifest::Subscription;

use crate::setup::{InstallSetup, Mode};

/// What an event has to be in order with. Of two events that have nothing to be in order with,
/// either may be handled first, or both at the same time.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// With everything: whatever came before is done when it begins, and nothing that came after
    /// begins before it is done.
    Alone,
    /// With what is in the same lane.
    Lane(Lane),
}

/// Events that are handled in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Lane {
    /// What is about an entity: its changes, and what became of actions on it.
    Entity(EntityKey),
    /// One kind of change of an entity, of which only the last is delivered. Such an event gives up
    /// its place among the others: what waits longer cannot be the first to be heard.
    Last {
        /// The entity.
        key: EntityKey,
        /// The hook that hears it.
        hook: &'static str,
        /// The place, where it is about stock.
        location: Option<Location>,
    },
    /// What became of actions that are about no entity, by their interface and key.
    Outcomes {
        /// The interface.
        kind: String,
        /// The key.
        key: Option<String>,
    },
}

/// Whether an install hears an event: it works, listens to this kind, is meant, and did not cause
/// it itself.
pub fn hears(install: &InstallId, setup: &InstallSetup, event: &Event) -> bool {
    let meant = match event.body.addressee() {
        Some(addressee) => addressee == install,
        None => event.caused_by.as_ref().is_none_or(|cause| cause.install != *install),
    };
    let listens = event
        .body
        .hook()
        .is_some_and(|hook| setup.module.hears().iter().any(|heard| heard.as_str() == hook));
    setup.mode != Mode::Off && meant && listens
}

/// How the module wants to hear of an event.
pub fn subscription(setup: &InstallSetup, event: &Event) -> Subscription {
    let mut wishes = setup.module.manifest().subscriptions.iter();
    let wish = wishes.find(|(hook, _)| Some(hook.as_str()) == event.body.hook());
    wish.map(|(_, wish)| *wish).unwrap_or_default()
}

/// Where an event is in the order, `as_last` if only the last about the same thing is delivered.
///
/// A tick is alone, since modules take stock at it: what they were told before is all there then.
pub fn place(event: &Event, as_last: bool) -> Place {
    Place::Lane(match &event.body {
        EventBody::Tick { .. } => return Place::Alone,
        EventBody::Changed { key, change, .. } => match event.body.hook().filter(|_| as_last) {
            None => Lane::Entity(key.clone()),
            Some(hook) => {
                let location = match change {
                    Change::Stock { location, .. } => Some(location.clone()),
                    Change::Order(_) | Change::Variant(_) => None,
                };
                Lane::Last { key: key.clone(), hook, location }
            }
        },
        EventBody::Outcome { entity: Some(key), .. } => Lane::Entity(key.clone()),
        EventBody::Outcome { entity: None, kind, key, .. } => {
            Lane::Outcomes { kind: kind.clone(), key: key.clone() }
        }
    })
}

/// Whether of several events about the same thing the last can tell what there is to tell.
pub const fn can_be_joined(event: &Event) -> bool {
    matches!(&event.body, EventBody::Changed { .. })
}
