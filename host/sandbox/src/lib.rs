//! Wasm components: load, limit, grant, call.
//!
//! A module's component is inspected, compiled and linked once ([`Sandbox::prepare`]), installed any
//! number of times within what each client granted ([`Prepared::install`]), and then called once for
//! each event ([`Module::call`]). Every call has an instance of its own, made from what was compiled
//! and gone when it returns: nothing of one run is left for the next, and a guest that breaks,
//! breaks alone. Keeping instances would save some microseconds and take this away.
//!
//! What keeps a guest in its bounds:
//! - Its type. Only what it imports is linked, and it is installed only where all of that is
//!   granted, so there is nothing to ask for at run time. Four things are granted finer: shops,
//!   hosts, fields of people, signals.
//! - Fuel bounds what it computes, the same on every machine. After each slice of it a guest gives
//!   way to others, and ends if its time is over, as it does while it waits for the host. Epochs
//!   would do the same at an even beat, but the code would then be checked twice at each turn of a
//!   loop, which costs a guest a third of its speed. One that is slow goes on where it takes
//!   processor time from nobody (`lanes.rs`).
//! - Memory, tables, instances come from a pool with fixed places, and a run waits for its client's
//!   turn (`admission.rs`). Everything a guest can pile up in the host (log, state, proposals,
//!   calls, what it hands over at once) has a bound in [`limits`], which a module and a client can
//!   lower; what a run used of each is told with it.
//! - The clock stands still and randomness follows from the event, also behind WASI, so a run that
//!   is done again does the same. HTTP answers it had are given to it again.
//! - The compiler runs in a process that can do nothing else ([`code`]), and what it made is kept
//!   where nobody else can change it.
//!
//! Several versions of the contract are served side by side (`versions.rs`); what goes to a guest
//! and comes from it is converted from and to the model (`deliver/`, `convert/`, `imports/`).
//!
//! A run changes nothing. What it proposes and writes is kept and handed back ([`Ran`]), to be
//! committed whole by somebody else, together with what it read.
//!
//! Never here: what a shop or a platform is, where state is kept, how HTTP requests are made,
//! whether a proposal is carried out.
//!
//! Start reading at [`Module::call`], then the imported functions in `imports/`.

mod admission;
mod call;
pub mod code;
mod component;
mod contract;
mod convert;
mod deliver;
mod empty;
mod engine;
mod grants;
mod imports;
mod lanes;
pub mod limits;
pub mod manifest;
mod meter;
mod module;
mod prepared;
mod run;
mod state;
mod versions;
mod wasi;

pub use call::{
    Call, CallError, FailedRun, HostError, Input, LogLevel, LogLine, Ran, RunHost, RunOutcome,
    ShopInfo,
};
pub use component::{Inspection, LoadError, Mismatch, inspect};
pub use contract::{Hook, PACKAGE, VERSION};
pub use empty::EmptyHost;
pub use engine::{Sandbox, SandboxConfig, SandboxError};
pub use grants::{ALWAYS_THERE, Grants, UnknownGrant};
pub use manifest::{Manifest, ManifestErrors, SettingsMistake};
pub use module::Module;
pub use prepared::Prepared;
