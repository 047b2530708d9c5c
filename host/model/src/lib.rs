//! The commerce model: entities with aspects, snapshots of them, the changes between snapshots,
//! and the actions that modules propose.
//!
//! Everything here is a pure function or a plain value: no input, no output, no clock, no async.
//! Time comes in as a value. Nothing here knows a platform, a plugin or a database.
//!
//! Start reading at [`aspect`], which says how two observations of the same thing are joined, then
//! [`diff`], which turns joined observations into changes. [`action`] is the other direction: what
//! a module wants done. What the contract with modules has and shops do not tell yet is in
//! [`catalogue`], [`care`], [`hear`] and [`ask`]. [`schedule`] says when a schedule is due.

pub mod action;
pub mod ask;
pub mod aspect;
pub mod care;
pub mod catalogue;
pub mod commerce;
pub mod decimal;
pub mod diff;
pub mod event;
pub mod hear;
pub mod http;
pub mod names;
pub mod person;
pub mod run;
pub mod schedule;
pub mod touched;
pub mod trace;

pub use action::{Action, ActionEnd, ActionId, ActionKind, ActionState, Proposal, Terms};
pub use aspect::{Aspect, Version};
pub use commerce::{Entity, EntityKey, EntityKind, Location, Order, Snapshot, Variant};
pub use decimal::Decimal;
pub use diff::{Change, Observation, OrderChange, VariantChange, observe};
pub use event::{Event, EventBody};
pub use names::{ClientId, InstallId, NameError, ShopId, Timestamp};
pub use person::{Person, PersonKey, PersonSeen, PersonSource};
pub use touched::StateTouched;
pub use trace::TraceId;
