//! What happens with customers: themselves, returns, carts, messages.

use std::collections::BTreeSet;

use fondaco_model::care::{
    CartChange, CartEvent, CustomerChange, CustomerReturn, Message, ReturnChange,
};
use wasmtime::component::InstancePre;

use super::{Door, Handled, Returned, check::check_type, handled, there};
use crate::{
    Hook,
    contract::{
        hooks::{on_cart, on_customer, on_message, on_return},
        interfaces::types::Envelope,
    },
    convert::care::{self, CartParts, ReturnLineParts},
    run::Run,
};

#[derive(Clone, Default)]
pub struct Hooks {
    customer: Option<on_customer::GuestIndices>,
    customer_return: Option<on_return::GuestIndices>,
    cart: Option<on_cart::GuestIndices>,
    message: Option<on_message::GuestIndices>,
}

impl Hooks {
    pub fn find(&mut self, hook: Hook, component: &InstancePre<Run>) -> wasmtime::Result<()> {
        match hook {
            Hook::Customer => {
                type Parameters<'a> = (Envelope<'a>, on_customer::CustomerEvent<'a>);
                check_type::<Parameters<'_>, Handled>(hook, component)?;
                self.customer = Some(on_customer::GuestIndices::new(component)?);
            }
            Hook::Return => {
                type Parameters<'a> = (Envelope<'a>, on_return::ReturnEvent<'a>);
                check_type::<Parameters<'_>, Handled>(hook, component)?;
                self.customer_return = Some(on_return::GuestIndices::new(component)?);
            }
            Hook::Cart => {
                check_type::<(Envelope<'_>, on_cart::CartEvent<'_>), Handled>(hook, component)?;
                self.cart = Some(on_cart::GuestIndices::new(component)?);
            }
            Hook::Message => {
                check_type::<(Envelope<'_>, on_message::Message<'_>), Handled>(hook, component)?;
                self.message = Some(on_message::GuestIndices::new(component)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub async fn customer(
        &self,
        door: Door<'_>,
        customer: &str,
        changes: &BTreeSet<CustomerChange>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.customer.as_ref(), Hook::Customer)?;
        let event = on_customer::CustomerEvent { customer, changes: customer_changes(changes) };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn customer_return(
        &self,
        door: Door<'_>,
        customer_return: &CustomerReturn,
        changes: &BTreeSet<ReturnChange>,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.customer_return.as_ref(), Hook::Return)?;
        let parts = ReturnLineParts::of(&customer_return.lines);
        let lines = parts.records();
        let event = on_return::ReturnEvent {
            return_: care::customer_return(customer_return, &lines),
            changes: return_changes(changes),
        };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn cart(&self, door: Door<'_>, event: &CartEvent) -> wasmtime::Result<Returned> {
        let hook = there(self.cart.as_ref(), Hook::Cart)?;
        let parts = CartParts::of(&event.cart);
        let lines = parts.lines();
        let change = match event.change {
            CartChange::Changed => on_cart::CartChange::Changed,
            CartChange::Abandoned => on_cart::CartChange::Abandoned,
            CartChange::Bought => on_cart::CartChange::Bought,
        };
        let event = on_cart::CartEvent { cart: parts.record(&lines), change };
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, event).await?))
    }

    pub async fn message(&self, door: Door<'_>, message: &Message) -> wasmtime::Result<Returned> {
        let hook = there(self.message.as_ref(), Hook::Message)?;
        let hook = hook.load(&mut *door.store, door.instance)?;
        Ok(handled(hook.call_handle(door.store, door.about, care::message(message)).await?))
    }
}

fn customer_changes(changes: &BTreeSet<CustomerChange>) -> on_customer::CustomerChanges {
    changes.iter().fold(on_customer::CustomerChanges::default(), |all, change| {
        all | match change {
            CustomerChange::Created => on_customer::CustomerChanges::CREATED,
            CustomerChange::Consents => on_customer::CustomerChanges::CONSENTS,
            CustomerChange::Deleted => on_customer::CustomerChanges::DELETED,
            CustomerChange::Other => on_customer::CustomerChanges::OTHER,
        }
    })
}

fn return_changes(changes: &BTreeSet<ReturnChange>) -> on_return::ReturnChanges {
    changes.iter().fold(on_return::ReturnChanges::default(), |all, change| {
        all | match change {
            ReturnChange::Requested => on_return::ReturnChanges::REQUESTED,
            ReturnChange::State => on_return::ReturnChanges::STATE,
            ReturnChange::Lines => on_return::ReturnChanges::LINES,
            ReturnChange::Other => on_return::ReturnChanges::OTHER,
        }
    })
}
