//! Wasm components: load, limit, grant, call.
//!
//! A module's component is checked against what its client granted ([`Sandbox::load`]), and then
//! called once for each event ([`Module::call`]). Every call has an instance of its own, made from
//! what was compiled and gone when it returns: nothing of one run is left for the next, and a guest
//! that breaks, breaks alone. Keeping instances would save some microseconds and take this away.
//!
//! What keeps a guest in its bounds:
//! - Its type. Only the interfaces that are granted are linked, so a component that imports another
//!   one does not even load, and there is nothing to ask for at run time.
//! - Fuel bounds what it computes, the same on every machine; ticks make it give way to others, and
//!   end it when its time is over, also while it waits for the host.
//! - Memory, tables, instances come from a pool with fixed places, and a run waits until one is
//!   free. Everything a guest can pile up in the host (log, state, proposals, calls, what it hands
//!   over at once) has a bound in [`limits`].
//! - The clock stands still and nothing is random, so a run that is done again does the same.
//!
//! A run changes nothing. What it proposes and writes is kept and handed back ([`Ran`]), to be
//! committed whole by somebody else, together with what it read.
//!
//! Never here: what a shop or a platform is, where state is kept, whether a proposal is carried
//! out.
//!
//! Start reading at [`Module::call`], then the imported functions in `imports/`.

mod admission;
mod call;
pub mod code;
mod component;
mod contract;
mod convert;
mod deliver;
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
pub use engine::{Sandbox, SandboxConfig, SandboxError};
pub use grants::{ALWAYS_THERE, Grants, UnknownGrant};
pub use manifest::{Manifest, ManifestErrors, SettingsMistake};
pub use module::Module;
pub use prepared::Prepared;
