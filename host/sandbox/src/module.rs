//! A component that is compiled, granted and ready to be called.

use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_model::run::RunUse;
use wasmtime::{
    Store, Trap, UpdateDeadline,
    component::{Component, InstancePre, Linker},
};

use crate::{
    Call, CallError, Grants, Hook, HostError, LoadError, Manifest, Ran, RunHost, RunOutcome,
    Sandbox,
    component::inspect_granted,
    contract::interfaces::types::Failure,
    deliver::{Hooks, Returned},
    imports, limits,
    run::Run,
    state::too_much,
};

/// A component that can be called. A clone is the same one.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    sandbox: Sandbox,
    manifest: Manifest,
    digest: String,
    imports: BTreeSet<String>,
    hears: BTreeSet<Hook>,
    fuel: u64,
    wall_ms: u64,
    component: InstancePre<Run>,
    hooks: Hooks,
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Module")
            .field("id", &self.0.manifest.id)
            .field("version", &self.0.manifest.version)
            .field("digest", &self.0.digest)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Checks a component against what is granted, and compiles it.
    ///
    /// This takes the time of a compiler (some 20 ms for a small module in Rust, seconds for one
    /// in Python): do it when a module is installed, never on an event's way.
    ///
    /// # Errors
    /// If [`crate::inspect`] refuses it, if it imports what is not granted, or if it cannot be
    /// compiled. Everything that is missing is named.
    pub fn load(&self, component: &[u8], grants: &Grants) -> Result<Module, LoadError> {
        let inspection = inspect_granted(component, grants)?;
        let failed = |error: wasmtime::Error| LoadError::Compile { message: format!("{error:#}") };
        let engine = self.engine();
        let compiled = Component::new(engine, component).map_err(failed)?;
        let mut linker = Linker::new(engine);
        imports::link(&mut linker, grants).map_err(failed)?;
        let component = linker.instantiate_pre(&compiled).map_err(failed)?;
        let hooks = Hooks::of(&inspection.hooks, &component).map_err(failed)?;
        let (config, own) = (self.config(), inspection.manifest.limits);
        Ok(Module(Arc::new(Inner {
            sandbox: self.clone(),
            fuel: own.fuel.map_or(config.fuel, |fuel| fuel.min(config.fuel)),
            wall_ms: own.wall_ms.map_or(config.wall_ms, |wall_ms| wall_ms.min(config.wall_ms)),
            manifest: inspection.manifest,
            digest: inspection.digest,
            imports: inspection.imports,
            hears: inspection.hooks,
            component,
            hooks,
        })))
    }
}

impl Module {
    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// `sha256:` and the hexadecimal digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// The hooks it exports.
    #[must_use]
    pub fn hears(&self) -> &BTreeSet<Hook> {
        &self.0.hears
    }

    /// The interfaces of the contract it imports, such as `change-stock`.
    #[must_use]
    pub fn imports(&self) -> &BTreeSet<String> {
        &self.0.imports
    }

    /// Calls the hook that hears the input, in a new instance that ends with the call.
    ///
    /// If as many runs as the pool holds are on their way, it waits for one to end. It must be
    /// awaited on a Tokio runtime that has its timer enabled. Dropping the future ends the guest.
    ///
    /// # Errors
    /// If the guest ends before it returns, or the host cannot answer a read.
    pub async fn call(&self, call: Call, host: Arc<dyn RunHost>) -> Result<Ran, CallError> {
        let hook = call.input.hook();
        if !self.0.hears.contains(&hook) {
            return Err(CallError::NoSuchHook { hook });
        }
        let permit = self.0.sandbox.permits().acquire().await;
        let _permit = permit.map_err(|error| CallError::Host(HostError(error.to_string())))?;
        let begun = Instant::now();
        let mut store = self.store(&call, host)?;
        let wall = Duration::from_millis(self.0.wall_ms);
        let called = tokio::time::timeout(wall, self.guest(&mut store, &call)).await;
        let wall_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let fuel = self.0.fuel.saturating_sub(store.get_fuel().unwrap_or_default());
        match called {
            Ok(Ok(returned)) => ran(returned, store.into_data(), fuel, wall_us),
            Ok(Err(error)) => Err(self.explain(error, store.data())),
            Err(_) => Err(CallError::OutOfTime { limit_ms: self.0.wall_ms }),
        }
    }

    fn store(&self, call: &Call, host: Arc<dyn RunHost>) -> Result<Store<Run>, CallError> {
        let sandbox = &self.0.sandbox;
        let run = Run::new(call, host, sandbox.config().memory_bytes);
        let mut store = Store::new(sandbox.engine(), run);
        store.limiter(|run| &mut run.memory);
        store.set_hostcall_fuel(limits::TRANSFER_BYTES_MAX);
        let failed = |error: wasmtime::Error| CallError::Host(HostError(error.to_string()));
        store.set_fuel(self.0.fuel).map_err(failed)?;
        // At each tick the guest gives way to other tasks; while it waits, its time can run out.
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        store.set_epoch_deadline(1);
        Ok(store)
    }

    async fn guest(&self, store: &mut Store<Run>, call: &Call) -> wasmtime::Result<Returned> {
        let instance = self.0.component.instantiate_async(&mut *store).await?;
        self.0.hooks.deliver(store, &instance, call).await
    }

    /// Why a guest ended.
    fn explain(&self, error: wasmtime::Error, run: &Run) -> CallError {
        let error = match error.downcast::<CallError>() {
            Ok(own) => return own,
            Err(error) => error,
        };
        let trap = error.downcast_ref::<Trap>();
        if trap == Some(&Trap::OutOfFuel) {
            return CallError::OutOfFuel { limit: self.0.fuel };
        }
        // A guest that is refused memory gives up in its own way, mostly with a plain trap.
        if let Some(asked) = run.memory.refused() {
            let limit = self.0.sandbox.config().memory_bytes as u64;
            return CallError::OutOfMemory { limit, asked: asked as u64 };
        }
        let message = match trap {
            Some(trap) => trap.to_string(),
            None => error.root_cause().to_string(),
        };
        // The engine has no type for this one.
        if message.contains("fuel allocated for hostcalls has been exhausted") {
            let limit = limits::TRANSFER_BYTES_MAX;
            return too_much("one transfer to the host", limit, limit + 1, "bytes");
        }
        CallError::Trap { message }
    }
}

fn ran(returned: Returned, run: Run, fuel: u64, wall_us: u64) -> Result<Ran, CallError> {
    let result = match returned {
        Ok(None) => RunOutcome::Done,
        Ok(Some(cursor)) if cursor.len() > limits::CURSOR_BYTES_MAX => {
            return Err(too_much("cursor", limits::CURSOR_BYTES_MAX, cursor.len(), "bytes"));
        }
        Ok(Some(cursor)) => RunOutcome::Again(cursor),
        Err(Failure::Temporary(reason)) => RunOutcome::Temporary(shortened(reason)),
        Err(Failure::Permanent(reason)) => RunOutcome::Permanent(shortened(reason)),
    };
    let failed = matches!(result, RunOutcome::Temporary(_) | RunOutcome::Permanent(_));
    let used = RunUse {
        fuel,
        wall_us,
        memory_bytes: run.memory.used() as u64,
        host_calls: run.host_calls,
    };
    let (reads, writes) = run.state.into_parts();
    let (proposals, writes) = if failed { Default::default() } else { (run.proposals, writes) };
    Ok(Ran { result, proposals, reads, writes, log: run.log, used })
}

fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(limits::FAILURE_BYTES_MAX));
    reason
}
