//! Routing: which events an install hears, how, and in what order.

use fondaco_model::{
    Change, EntityKey, Event, EventBody, InstallId, Location, PersonKey, hear::Signal,
};
use fondaco_sandbox::manifest::{self, Direction, Subscription};

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
    /// What is about a customer.
    Customer(PersonKey),
    /// What became of actions that are about no entity, by their interface and key.
    Outcomes {
        /// The interface.
        kind: String,
        /// The key.
        key: Option<String>,
    },
    /// Signals of one sender, by their name.
    Signals {
        /// The install that sent them.
        sender: InstallId,
        /// Their name.
        name: String,
    },
}

/// Whether an install hears an event in its turn: it works, listens to this kind, is for the shop,
/// is meant, and did not cause it itself. What it hears of its own life comes ahead of all others,
/// and so is not among them.
pub fn hears(install: &InstallId, setup: &InstallSetup, event: &Event) -> bool {
    let meant = match &event.body {
        EventBody::Lifecycle { .. } => false,
        EventBody::Signal { sender, signal } => sender != install && heard(setup, signal).is_some(),
        body => match body.addressee() {
            Some(addressee) => addressee == install,
            None => event.caused_by.as_ref().is_none_or(|cause| cause.install != *install),
        },
    };
    let sees = event.body.shop().is_none_or(|shop| setup.module.grants().sees(shop));
    setup.mode != Mode::Off && meant && sees && listens(setup, &event.body)
}

/// Whether the module exports the hook that hears this kind of event.
fn listens(setup: &InstallSetup, body: &EventBody) -> bool {
    body.hook().is_some_and(|hook| setup.module.hears().iter().any(|heard| heard.as_str() == hook))
}

/// Why an event that an install hears passes it by all the same, if it does: a signal has to be what
/// its hearer's own schema says.
pub fn objection(setup: &InstallSetup, event: &Event) -> Option<String> {
    let EventBody::Signal { sender, signal } = &event.body else {
        return None;
    };
    let payload = serde_json::from_str(&signal.payload).map_err(|error| vec![error.to_string()]);
    let held = payload.and_then(|payload| match heard(setup, signal) {
        Some(schema) => schema.check(&payload),
        None => Ok(()),
    });
    let mistakes = held.err()?.join("; ");
    let name = &signal.name;
    Some(format!(
        "the signal `{name}` of `{sender}` was passed by, as its schema here says: {mistakes}"
    ))
}

/// The signal of an install's own manifest that this one is, if it hears it and its client granted
/// that.
fn heard<'a>(setup: &'a InstallSetup, signal: &Signal) -> Option<&'a manifest::Signal> {
    let same =
        |own: &&manifest::Signal| own.direction == Direction::Hears && own.name == signal.name;
    let granted = setup.module.grants().signals().contains(&signal.name);
    setup.module.manifest().signals.iter().find(same).filter(|_| granted)
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
        EventBody::Tick { .. } | EventBody::Lifecycle { .. } => return Place::Alone,
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
        EventBody::Customer { customer, .. } => Lane::Customer(customer.clone()),
        EventBody::Signal { sender, signal } => {
            Lane::Signals { sender: sender.clone(), name: signal.name.clone() }
        }
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
