//! Hands an input to the hook that hears it.

use std::collections::BTreeSet;

use fondaco_model::{ActionEnd, OrderChange};
use wasmtime::{
    Engine, Store,
    component::{ComponentType, Instance, InstancePre, Lift, Lower, types::ComponentItem},
};

use crate::{
    Call, CallError, Hook, Input,
    contract::{
        full_name,
        hooks::{on_order, on_outcome, on_schedule, on_stock},
        interfaces::types::{Envelope, Failure},
    },
    convert::{decimal::DecimalText, order::OrderParts, variant},
    run::Run,
};

/// What a hook returns.
pub type Returned = Result<Option<String>, Failure>;

/// Where the functions of a component's hooks are; absent for a hook it does not export.
#[derive(Clone, Default)]
pub struct Hooks {
    order: Option<on_order::GuestIndices>,
    stock: Option<on_stock::GuestIndices>,
    schedule: Option<on_schedule::GuestIndices>,
    outcome: Option<on_outcome::GuestIndices>,
}

impl Hooks {
    /// Looks up the hooks of a component, and checks their types.
    pub fn of(hears: &BTreeSet<Hook>, component: &InstancePre<Run>) -> wasmtime::Result<Self> {
        let mut hooks = Self::default();
        for hook in hears {
            match hook {
                Hook::Order => {
                    check_type::<(Envelope<'_>, on_order::OrderEvent<'_>)>(*hook, component)?;
                    hooks.order = Some(on_order::GuestIndices::new(component)?);
                }
                Hook::Stock => {
                    check_type::<(Envelope<'_>, on_stock::StockEvent<'_>)>(*hook, component)?;
                    hooks.stock = Some(on_stock::GuestIndices::new(component)?);
                }
                Hook::Schedule => {
                    check_type::<(Envelope<'_>, on_schedule::Tick<'_>)>(*hook, component)?;
                    hooks.schedule = Some(on_schedule::GuestIndices::new(component)?);
                }
                Hook::Outcome => {
                    check_type::<(Envelope<'_>, on_outcome::Outcome<'_>)>(*hook, component)?;
                    hooks.outcome = Some(on_outcome::GuestIndices::new(component)?);
                }
            }
        }
        Ok(hooks)
    }

    /// Calls the hook that hears the input.
    pub async fn deliver(
        &self,
        store: &mut Store<Run>,
        instance: &Instance,
        call: &Call,
    ) -> wasmtime::Result<Returned> {
        let event = call.event.to_string();
        let envelope = Envelope {
            event: &event,
            shop: call.shop.as_ref().map(|shop| shop.as_str()),
            observed_at: call.observed_at.0,
            caused_by: call.caused_by.as_ref().map(|action| action.as_str()),
            cursor: call.cursor.as_deref(),
        };
        let absent = || CallError::NoSuchHook { hook: call.input.hook() };
        match &call.input {
            Input::Order { key, order, changes } => {
                let hook = self.order.as_ref().ok_or_else(absent)?;
                let parts = OrderParts::of(key, order)?;
                let deductions = parts.deductions();
                let lines = parts.lines(&deductions);
                let order = parts.record(&lines);
                let event = on_order::OrderEvent { order, changes: order_changes(changes) };
                hook.load(&mut *store, instance)?.call_handle(store, envelope, event).await
            }
            Input::Stock { key, variant, location, before } => {
                let hook = self.stock.as_ref().ok_or_else(absent)?;
                let available = variant::available(variant, location);
                let level = variant::level(key, variant, location, available.as_ref());
                let incomplete = || CallError::Incomplete { key: key.clone(), aspect: "stock" };
                let level = level.ok_or_else(incomplete)?;
                let before = before.map(DecimalText::of);
                let before = before.as_ref().map(DecimalText::as_str);
                let event = on_stock::StockEvent { level, before };
                hook.load(&mut *store, instance)?.call_handle(store, envelope, event).await
            }
            Input::Tick { schedule, due_at } => {
                let hook = self.schedule.as_ref().ok_or_else(absent)?;
                let tick = on_schedule::Tick { schedule, due_at: due_at.0 };
                hook.load(&mut *store, instance)?.call_handle(store, envelope, tick).await
            }
            Input::Outcome { action, kind, key, end } => {
                let hook = self.outcome.as_ref().ok_or_else(absent)?;
                let (ids, found) = ends(end);
                let end = outcome_end(end, &ids, found.as_ref());
                let (action, key) = (action.as_str(), key.as_deref());
                let outcome = on_outcome::Outcome { action, kind, key, end };
                hook.load(&mut *store, instance)?.call_handle(store, envelope, outcome).await
            }
        }
    }
}

/// Whether a hook's function is the contract's. Looking it up only compares names, and a module
/// that passed on that would fail at its first event instead of when it is installed.
fn check_type<Parameters>(hook: Hook, component: &InstancePre<Run>) -> wasmtime::Result<()>
where
    Parameters: wasmtime::component::ComponentNamedList + Lower,
    (Returned,): wasmtime::component::ComponentNamedList + Lift,
    Returned: ComponentType,
{
    let engine: &Engine = component.engine();
    let outside = component.component().component_type();
    let interface = outside.exports(engine).find_map(|(name, item)| {
        let name = crate::contract::InterfaceName::parse(name)?;
        (name.interface == hook.as_str()).then_some(item.ty)
    });
    let function = match interface {
        Some(ComponentItem::ComponentInstance(interface)) => {
            interface.get_export(engine, "handle").map(|item| item.ty)
        }
        _ => None,
    };
    let Some(ComponentItem::ComponentFunc(function)) = function else {
        return Err(wasmtime::Error::msg(format!(
            "`{}` has no `handle`",
            full_name(hook.as_str())
        )));
    };
    function.typecheck::<Parameters, (Returned,)>(&component.instance_type()).map_err(|error| {
        error.context(format!("`{}` is not the contract's", full_name(hook.as_str())))
    })
}

fn order_changes(changes: &BTreeSet<OrderChange>) -> on_order::OrderChanges {
    changes.iter().fold(on_order::OrderChanges::default(), |all, change| {
        all | match change {
            OrderChange::Placed => on_order::OrderChanges::PLACED,
            OrderChange::Paid => on_order::OrderChanges::PAID,
            OrderChange::State => on_order::OrderChanges::STATE,
            OrderChange::Lines => on_order::OrderChanges::LINES,
            OrderChange::Deductions => on_order::OrderChanges::DEDUCTIONS,
            OrderChange::Refunds => on_order::OrderChanges::REFUNDS,
            OrderChange::Deleted => on_order::OrderChanges::DELETED,
            OrderChange::Other => on_order::OrderChanges::OTHER,
        }
    })
}

/// What the record of an end borrows from.
fn ends(end: &ActionEnd) -> (Vec<&str>, Option<DecimalText>) {
    match end {
        ActionEnd::Done { ids } => (ids.iter().map(String::as_str).collect(), None),
        ActionEnd::Stale { found } => (Vec::new(), Some(DecimalText::of(*found))),
        _ => (Vec::new(), None),
    }
}

fn outcome_end<'a>(
    end: &'a ActionEnd,
    ids: &'a [&'a str],
    found: Option<&'a DecimalText>,
) -> on_outcome::End<'a> {
    match end {
        ActionEnd::Done { .. } => on_outcome::End::Done(ids),
        ActionEnd::Refused { reason } => on_outcome::End::Refused(reason),
        ActionEnd::Stale { .. } => {
            on_outcome::End::Stale(found.map(DecimalText::as_str).unwrap_or_default())
        }
        ActionEnd::Superseded => on_outcome::End::Superseded,
        ActionEnd::Failed { reason } => on_outcome::End::Failed(reason),
        ActionEnd::Unknown { detail } => on_outcome::End::Unknown(detail),
        ActionEnd::Expired => on_outcome::End::Expired,
    }
}
