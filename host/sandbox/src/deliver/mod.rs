//! Hands an input to the hook that hears it.
//!
//! What comes and goes is in terms of the model, so that hooks of several versions of the contract
//! stand behind one trait, [`Deliver`]. [`Hooks`] are those of the version that `wit/` describes.

use std::{collections::BTreeSet, future::Future, pin::Pin};

use fondaco_model::ask::{Assessment, Quoted};
use wasmtime::{
    Store,
    component::{Instance, InstancePre},
};

use crate::{
    Call, CallError, Hook, Input,
    contract::interfaces::types::{self, Envelope},
    run::Run,
};

mod ask;
mod care;
mod check;
mod own;
mod shop;

/// What a hook returned.
pub(crate) type Returned = Result<Answer, Failure>;

/// What a hook that did its work returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is done.
    Done,
    /// It is to be called again for the same event, with this cursor.
    Again(String),
    /// The prices asked for, as many as were asked for.
    Quoted(Vec<Quoted>),
    /// Whether goods may be given back.
    Assessed(Assessment),
}

/// Why a hook could not do its work, in its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Trying again later may help.
    Temporary(String),
    /// Trying again is pointless.
    Permanent(String),
}

/// Calls the hooks of a component, in the version of the contract that they were made for.
pub(crate) trait Deliver: Send + Sync {
    /// Calls the hook that hears the call's input.
    ///
    /// # Errors
    /// If the guest trapped, there is no such hook, the input lacks what the contract says is there
    /// or the answer is not what the contract says. The last three are a [`CallError`].
    fn deliver<'a>(
        &'a self,
        store: &'a mut Store<Run>,
        instance: &'a Instance,
        call: &'a Call,
    ) -> Pin<Box<dyn Future<Output = wasmtime::Result<Returned>> + Send + 'a>>;
}

/// Where the functions of a component's hooks are; absent for a hook it does not export.
#[derive(Clone, Default)]
pub(crate) struct Hooks {
    shop: shop::Hooks,
    care: care::Hooks,
    own: own::Hooks,
    ask: ask::Hooks,
}

/// Where a call goes to, and what every hook gets.
struct Door<'a> {
    store: &'a mut Store<Run>,
    instance: &'a Instance,
    about: Envelope<'a>,
}

impl Hooks {
    /// Looks up these hooks of a component, and checks their types.
    ///
    /// # Errors
    /// If one of them is not there, or its function is not the contract's.
    pub fn of(hears: &BTreeSet<Hook>, component: &InstancePre<Run>) -> wasmtime::Result<Self> {
        let mut hooks = Self::default();
        for hook in hears {
            match hook {
                Hook::Order | Hook::Stock | Hook::Product | Hook::Price => {
                    hooks.shop.find(*hook, component)?;
                }
                Hook::Customer | Hook::Return | Hook::Cart | Hook::Message => {
                    hooks.care.find(*hook, component)?;
                }
                Hook::Feed | Hook::Schedule | Hook::Signal | Hook::Outcome | Hook::Lifecycle => {
                    hooks.own.find(*hook, component)?
                }
                Hook::Pricing | Hook::Returns => hooks.ask.find(*hook, component)?,
            }
        }
        Ok(hooks)
    }

    async fn call(
        &self,
        store: &mut Store<Run>,
        instance: &Instance,
        call: &Call,
    ) -> wasmtime::Result<Returned> {
        let event = call.event.to_string();
        let about = Envelope {
            event: &event,
            shop: call.shop.as_ref().map(|shop| shop.as_str()),
            observed_at: call.observed_at.0,
            caused_by: call.caused_by.as_ref().map(|action| action.as_str()),
            cursor: call.cursor.as_deref(),
        };
        let door = Door { store, instance, about };
        match &call.input {
            Input::Order { key, order, changes } => {
                self.shop.order(door, key, order, changes).await
            }
            Input::Stock { key, variant, location, before } => {
                self.shop.stock(door, key, variant, location, *before).await
            }
            Input::Product { product, changes } => self.shop.product(door, product, changes).await,
            Input::Price { price, before } => self.shop.price(door, price, *before).await,
            Input::Customer { customer, changes } => {
                self.care.customer(door, customer, changes).await
            }
            Input::Return { customer_return, changes } => {
                self.care.customer_return(door, customer_return, changes).await
            }
            Input::Cart(event) => self.care.cart(door, event).await,
            Input::Message(message) => self.care.message(door, message).await,
            Input::Tick { schedule, due_at } => self.own.tick(door, schedule, *due_at).await,
            Input::Outcome { action, kind, key, end } => {
                self.own.outcome(door, action, kind, key.as_deref(), end).await
            }
            Input::Feed(rows) => self.own.feed(door, rows).await,
            Input::Signal { name, sender, payload, .. } => {
                self.own.signal(door, name, sender, payload).await
            }
            Input::Lifecycle(happened) => self.own.lifecycle(door, happened).await,
            Input::Quote(request) => self.ask.quote(door, request).await,
            Input::Assess(request) => self.ask.assess(door, request).await,
        }
    }
}

impl Deliver for Hooks {
    fn deliver<'a>(
        &'a self,
        store: &'a mut Store<Run>,
        instance: &'a Instance,
        call: &'a Call,
    ) -> Pin<Box<dyn Future<Output = wasmtime::Result<Returned>> + Send + 'a>> {
        Box::pin(self.call(store, instance, call))
    }
}

/// What the contract's `handle` functions return.
type Handled = Result<Option<String>, types::Failure>;

fn handled(returned: Handled) -> Returned {
    returned.map(|cursor| cursor.map_or(Answer::Done, Answer::Again)).map_err(Failure::from)
}

impl From<types::Failure> for Failure {
    fn from(failure: types::Failure) -> Self {
        match failure {
            types::Failure::Temporary(reason) => Self::Temporary(reason),
            types::Failure::Permanent(reason) => Self::Permanent(reason),
        }
    }
}

/// The place of a hook, or that it is not there.
fn there<T>(indices: Option<&T>, hook: Hook) -> Result<&T, CallError> {
    indices.ok_or(CallError::NoSuchHook { hook })
}
