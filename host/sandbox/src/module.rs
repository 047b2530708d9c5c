//! A component that is installed and can be called.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use fondaco_model::run::{Amounts, Resource, RunUse};
use wasmtime::{Store, Trap};

use crate::{
    Call, CallError, FailedRun, Grants, Hook, HostError, Manifest, Prepared, Ran, RunHost,
    RunOutcome,
    admission::Place,
    deliver::{Answer, Failure, Returned},
    lanes::Driven,
    limits,
    run::Run,
    state::too_much,
};

/// A component that is installed and can be called. A clone is the same one.
#[derive(Clone)]
pub struct Module(Arc<Inner>);

struct Inner {
    prepared: Prepared,
    grants: Arc<Grants>,
    limit: Amounts,
    /// Whether its last run was slow or broke, so that the next one begins where slow runs are.
    begins_slow: AtomicBool,
}

impl fmt::Debug for Module {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.prepared.fmt(formatter)
    }
}

impl Module {
    pub(crate) fn new(prepared: Prepared, grants: Grants, limit: Amounts) -> Self {
        let (grants, begins_slow) = (Arc::new(grants), AtomicBool::new(false));
        Self(Arc::new(Inner { prepared, grants, limit, begins_slow }))
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.0.prepared.manifest()
    }

    /// `sha256:` and the hexadecimal digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        self.0.prepared.digest()
    }

    /// The hooks it exports.
    #[must_use]
    pub fn hears(&self) -> &BTreeSet<Hook> {
        self.0.prepared.hears()
    }

    /// The interfaces of the contract it imports, such as `change-stock`.
    #[must_use]
    pub fn imports(&self) -> &BTreeSet<String> {
        self.0.prepared.imports()
    }

    /// What it may do.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.0.grants
    }

    /// How much of each resource one of its runs may use.
    #[must_use]
    pub fn limits(&self) -> &Amounts {
        &self.0.limit
    }

    /// Calls the hook that hears the input, in a new instance that ends with the call.
    ///
    /// If there is no place for it, it waits for its client's turn. It must be awaited on a Tokio
    /// runtime that has its timer enabled, and not on one that answers HTTP: the guest computes on
    /// the calling thread until it turns out to be slow. Dropping the future ends the guest.
    ///
    /// # Errors
    /// If the guest ends before it returns, the host cannot answer a read, or there is no place.
    pub async fn call(&self, call: Call, host: Arc<dyn RunHost>) -> Result<Ran, Box<FailedRun>> {
        let hook = call.input.hook();
        if !self.hears().contains(&hook) {
            return Err(self.failed(CallError::NoSuchHook { hook }));
        }
        let sandbox = &self.0.prepared.0.sandbox;
        let place = sandbox.admission().admit(&call.client).await;
        let place = place.map_err(|error| self.failed(error))?;
        let run = Box::pin(self.clone().run(call, host, place));
        let begins_slow = self.0.begins_slow.load(Ordering::Relaxed);
        let driven = sandbox.slow_lane().drive(run, begins_slow).await;
        let Driven { ended, slow } = driven.ok_or_else(|| {
            let message = "the run was ended with its host".to_owned();
            self.failed(CallError::Host(HostError(message)))
        })?;
        let broke = ended.as_ref().is_err_and(|failed| is_of_the_guest(&failed.error));
        self.0.begins_slow.store(broke || slow, Ordering::Relaxed);
        ended
    }

    /// A run that came to nothing before it began.
    fn failed(&self, error: CallError) -> Box<FailedRun> {
        let used = RunUse { used: Amounts::default(), limit: self.0.limit };
        Box::new(FailedRun { error, http: Vec::new(), log: Vec::new(), used })
    }

    async fn run(
        self,
        call: Call,
        host: Arc<dyn RunHost>,
        _place: Place,
    ) -> Result<Ran, Box<FailedRun>> {
        let begun = Instant::now();
        let limit = self.limit_of(&call);
        let grants = Arc::clone(&self.0.grants);
        let prepared = self.0.prepared.clone();
        let mut store = self.store(Run::new(prepared, &call, host, grants, limit));
        let wall = Duration::from_micros(limit[Resource::WallTime]);
        let error = match tokio::time::timeout(wall, self.guest(&mut store, &call, &limit)).await {
            Ok(Ok(returned)) => return self.finish(returned, store, &limit, begun),
            Ok(Err(error)) => explain(error, store.data(), &limit),
            Err(_) => CallError::OutOfTime { limit_ms: wall_ms(&limit) },
        };
        Err(self.fail(error, store, &limit, begun))
    }

    /// What somebody waits for gets as much fuel as was asked about.
    fn limit_of(&self, call: &Call) -> Amounts {
        let mut limit = self.0.limit;
        if let Some(lines) = call.input.lines_asked() {
            let lines = (lines as u64).saturating_mul(limits::QUOTE_FUEL_PER_LINE);
            let fuel = limits::QUOTE_FUEL.saturating_add(lines);
            limit[Resource::Fuel] = limit[Resource::Fuel].min(fuel);
        }
        limit
    }

    fn store(&self, run: Run) -> Store<Run> {
        let mut store = Store::new(self.0.prepared.0.sandbox.engine(), run);
        store.limiter(|run| &mut run.meter);
        store.set_hostcall_fuel(limits::TRANSFER_BYTES_MAX);
        store
    }

    async fn guest(
        &self,
        store: &mut Store<Run>,
        call: &Call,
        limit: &Amounts,
    ) -> wasmtime::Result<Returned> {
        store.set_fuel(limit[Resource::Fuel])?;
        // After each slice the guest gives way to other tasks; while it waits, its time can run out.
        store.fuel_async_yield_interval(Some(limits::SLICE_FUEL))?;
        let prepared = &self.0.prepared.0;
        let hook = call.input.hook();
        let deliver = prepared.hooks.get(&hook).ok_or(CallError::NoSuchHook { hook })?;
        let instance = prepared.component.instantiate_async(&mut *store).await?;
        deliver.deliver(store, &instance, call).await
    }

    fn used(&self, store: &Store<Run>, limit: &Amounts, begun: Instant) -> RunUse {
        let wall_us = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        let fuel = limit[Resource::Fuel].saturating_sub(store.get_fuel().unwrap_or_default());
        store.data().used(fuel, wall_us, self.0.prepared.0.inspection.core_instances)
    }

    fn fail(
        &self,
        error: CallError,
        mut store: Store<Run>,
        limit: &Amounts,
        begun: Instant,
    ) -> Box<FailedRun> {
        store.data_mut().take_printed();
        let used = self.used(&store, limit, begun);
        let run = store.into_data();
        Box::new(FailedRun { error, http: run.http, log: run.log, used })
    }

    fn finish(
        &self,
        returned: Returned,
        mut store: Store<Run>,
        limit: &Amounts,
        begun: Instant,
    ) -> Result<Ran, Box<FailedRun>> {
        let result = match outcome(returned) {
            Ok(result) => result,
            Err(error) => return Err(self.fail(error, store, limit, begun)),
        };
        if let Err(error) = store.data_mut().charge(Resource::OutputBytes, output_bytes(&result)) {
            return Err(self.fail(error, store, limit, begun));
        }
        store.data_mut().take_printed();
        let used = self.used(&store, limit, begun);
        let run = store.into_data();
        let failed = matches!(result, RunOutcome::Temporary(_) | RunOutcome::Permanent(_));
        let (reads, writes, about) = run.state.into_parts();
        let (proposals, signals, writes, about) =
            if failed { Default::default() } else { (run.proposals, run.signals, writes, about) };
        let (http, log) = (run.http, run.log);
        Ok(Ran { result, proposals, signals, reads, writes, about, http, log, used })
    }
}

fn outcome(returned: Returned) -> Result<RunOutcome, CallError> {
    Ok(match returned {
        Ok(Answer::Done) => RunOutcome::Done,
        Ok(Answer::Again(cursor)) if cursor.len() > limits::CURSOR_BYTES_MAX => {
            return Err(too_much("cursor", limits::CURSOR_BYTES_MAX, cursor.len(), "bytes"));
        }
        Ok(Answer::Again(cursor)) => RunOutcome::Again(cursor),
        Ok(Answer::Quoted(quoted)) => RunOutcome::Quoted(quoted),
        Ok(Answer::Assessed(assessment)) => RunOutcome::Assessed(assessment),
        Err(Failure::Temporary(reason)) => RunOutcome::Temporary(shortened(reason)),
        Err(Failure::Permanent(reason)) => RunOutcome::Permanent(shortened(reason)),
    })
}

/// Whether a run came to nothing by the guest's doing, and not the host's or of who called it.
const fn is_of_the_guest(error: &CallError) -> bool {
    match error {
        CallError::OutOfFuel { .. }
        | CallError::OutOfTime { .. }
        | CallError::OutOfMemory { .. }
        | CallError::Trap { .. }
        | CallError::TooMuch { .. }
        | CallError::TooMuchOf { .. } => true,
        CallError::Busy { .. }
        | CallError::Host(_)
        | CallError::NoSuchHook { .. }
        | CallError::Incomplete { .. } => false,
    }
}

/// What its hook returned, in bytes; the answers to those who wait have a size that follows from
/// what they asked.
fn output_bytes(result: &RunOutcome) -> u64 {
    match result {
        RunOutcome::Again(text) | RunOutcome::Temporary(text) | RunOutcome::Permanent(text) => {
            text.len() as u64
        }
        RunOutcome::Done | RunOutcome::Quoted(_) | RunOutcome::Assessed(_) => 0,
    }
}

/// Why a guest ended.
fn explain(error: wasmtime::Error, run: &Run, limit: &Amounts) -> CallError {
    let error = match error.downcast::<CallError>() {
        Ok(own) => return own,
        Err(error) => error,
    };
    let trap = error.downcast_ref::<Trap>();
    if trap == Some(&Trap::OutOfFuel) {
        return CallError::OutOfFuel { limit: limit[Resource::Fuel] };
    }
    // A guest that is refused memory gives up in its own way, mostly with a plain trap.
    if let Some(asked) = run.meter.memory_refused() {
        return CallError::OutOfMemory { limit: limit[Resource::Memory], asked: asked as u64 };
    }
    if let Some(used) = run.meter.table_elements_refused() {
        let (resource, used) = (Resource::TableElements, used as u64);
        return CallError::TooMuchOf { resource, limit: limit[resource], used };
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

fn wall_ms(limit: &Amounts) -> u64 {
    limit[Resource::WallTime] / Resource::WallTime.scale()
}

fn shortened(mut reason: String) -> String {
    reason.truncate(reason.floor_char_boundary(limits::FAILURE_BYTES_MAX));
    reason
}
