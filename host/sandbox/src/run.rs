//! What a run has besides its guest: what it may read, and what it did so far.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use fondaco_model::{
    ClientId, InstallId, Proposal, Timestamp,
    hear::{Lifecycle, Signal},
    http::HttpRecord,
    run::{Amounts, Resource, RunUse},
};
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use sha2::{Digest, Sha256};

use crate::{
    Call, CallError, Grants, Input, LogLine, Manifest, Prepared, RunHost, ShopInfo, limits,
    meter::StoreMeter, state::RunState, wasi::Wasi,
};

/// One run, as the imported functions see it. Each of them is in a file of `imports/`.
pub struct Run {
    pub client: ClientId,
    pub install: InstallId,
    pub event: u64,
    pub cursor: Option<String>,
    pub now: Timestamp,
    pub settings: Arc<str>,
    pub grants: Arc<Grants>,
    pub host: Arc<dyn RunHost>,
    /// Somebody waits for the answer: nothing can be proposed.
    pub synchronous: bool,
    /// History is heard: nothing can be proposed.
    pub backfill: bool,
    /// How many signals led to this run: none, unless it handles one.
    pub hops: u32,
    pub meter: StoreMeter,
    pub log: Vec<LogLine>,
    pub state: RunState,
    pub proposals: Vec<Proposal>,
    pub proposal_keys: BTreeSet<String>,
    pub signals: Vec<Signal>,
    pub http: Vec<HttpRecord>,
    /// What an earlier try got, and this one has not asked for yet.
    pub answers: VecDeque<HttpRecord>,
    pub wasi: Option<Box<Wasi>>,
    prepared: Prepared,
    random: Option<ChaCha8Rng>,
    shops: Option<Vec<ShopInfo>>,
    used: Amounts,
    limit: Amounts,
}

impl Run {
    pub fn new(
        prepared: Prepared,
        call: &Call,
        host: Arc<dyn RunHost>,
        grants: Arc<Grants>,
        limit: Amounts,
    ) -> Self {
        Self {
            client: call.client.clone(),
            install: call.install.clone(),
            event: call.event,
            cursor: call.cursor.clone(),
            now: call.now,
            settings: Arc::clone(&call.settings),
            grants,
            host,
            synchronous: call.input.hook().is_synchronous(),
            backfill: matches!(call.input, Input::Lifecycle(Lifecycle::Backfill(_))),
            hops: match call.input {
                Input::Signal { hops, .. } => hops,
                _ => 0,
            },
            meter: StoreMeter::new(&limit),
            log: Vec::new(),
            state: RunState::default(),
            proposals: Vec::new(),
            proposal_keys: BTreeSet::new(),
            signals: Vec::new(),
            http: Vec::new(),
            answers: call.answers.iter().cloned().collect(),
            wasi: None,
            prepared,
            random: None,
            shops: None,
            used: Amounts::default(),
            limit,
        }
    }

    /// What the module says of itself.
    pub fn manifest(&self) -> &Manifest {
        self.prepared.manifest()
    }

    /// Every imported function begins with this, and says how many bytes it was passed.
    pub fn count_host_call(&mut self, bytes: usize) -> Result<(), CallError> {
        self.charge(Resource::HostCalls, 1)?;
        self.charge(Resource::HostCallBytes, bytes as u64)
    }

    /// Counts what the run used; ends it where that is too much.
    pub fn charge(&mut self, resource: Resource, amount: u64) -> Result<(), CallError> {
        let (used, limit) = (self.used[resource].saturating_add(amount), self.limit[resource]);
        self.used[resource] = used;
        if used > limit {
            return Err(CallError::TooMuchOf { resource, limit, used });
        }
        Ok(())
    }

    pub fn write_log(&mut self, line: LogLine) -> Result<(), CallError> {
        let bytes = line.message.len() + limits::LOG_LINE_BYTES;
        self.charge(Resource::LogBytes, bytes as u64)?;
        self.log.push(line);
        Ok(())
    }

    /// The shops the install may see; asked for once in a run.
    pub async fn shops(&mut self) -> Result<&[ShopInfo], CallError> {
        if self.shops.is_none() {
            let mut shops = self.host.shops().await.map_err(CallError::Host)?;
            shops.retain(|shop| self.grants.sees(&shop.id));
            self.shops = Some(shops);
        }
        Ok(self.shops.as_deref().unwrap_or_default())
    }

    /// Puts what was printed into the log, as far as there is room.
    pub fn take_printed(&mut self) {
        let Some(wasi) = self.wasi.take() else {
            return;
        };
        for line in wasi.printed() {
            if self.write_log(line).is_err() {
                return;
            }
        }
    }

    /// What it used so far.
    pub fn used(&self, fuel: u64, wall_us: u64, instances: u32) -> RunUse {
        let mut used = self.used;
        used[Resource::Fuel] = fuel;
        used[Resource::WallTime] = wall_us;
        used[Resource::Memory] = self.meter.memory_used() as u64;
        used[Resource::TableElements] = self.meter.table_elements_used() as u64;
        used[Resource::Instances] = u64::from(instances);
        RunUse { used, limit: self.limit }
    }

    /// The same for a run that is done again, other for each event, each page and each install. Most
    /// runs never ask for it.
    pub fn random(&mut self) -> &mut ChaCha8Rng {
        let (client, install) = (self.client.as_str(), self.install.as_str());
        self.random.get_or_insert_with(|| {
            let mut hash = Sha256::new();
            for part in [client, install] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
            hash.update(self.event.to_le_bytes());
            hash.update(self.cursor.as_deref().unwrap_or_default());
            ChaCha8Rng::from_seed(hash.finalize().into())
        })
    }
}
