//! What a run has besides its guest: what it may read, and what it did so far.

use std::{collections::BTreeSet, sync::Arc};

use fondaco_model::{ClientId, InstallId, Proposal, Timestamp};

use crate::{
    CallError, LogLine, RunHost, ShopInfo, limits,
    meter::MemoryMeter,
    state::{RunState, too_much},
};

/// One run, as the imported functions see it. Each of them is in a file of `imports/`.
pub struct Run {
    pub client: ClientId,
    pub install: InstallId,
    pub event: u64,
    pub cursor: Option<String>,
    pub now: Timestamp,
    pub settings: Arc<str>,
    pub host: Arc<dyn RunHost>,
    pub memory: MemoryMeter,
    pub host_calls: u64,
    pub log: Vec<LogLine>,
    pub log_bytes: usize,
    pub state: RunState,
    pub proposals: Vec<Proposal>,
    pub proposal_keys: BTreeSet<String>,
    shops: Option<Vec<ShopInfo>>,
}

impl Run {
    pub fn new(call: &crate::Call, host: Arc<dyn RunHost>, memory_bytes: usize) -> Self {
        Self {
            client: call.client.clone(),
            install: call.install.clone(),
            event: call.event,
            cursor: call.cursor.clone(),
            now: call.now,
            settings: Arc::clone(&call.settings),
            host,
            memory: MemoryMeter::new(memory_bytes),
            host_calls: 0,
            log: Vec::new(),
            log_bytes: 0,
            state: RunState::default(),
            proposals: Vec::new(),
            proposal_keys: BTreeSet::new(),
            shops: None,
        }
    }

    /// Every imported function begins with this.
    pub fn count_host_call(&mut self) -> Result<(), CallError> {
        self.host_calls += 1;
        let (used, limit) = (self.host_calls, limits::HOST_CALLS_MAX);
        if used > limit {
            return Err(CallError::TooMuch {
                what: "imported functions",
                limit,
                used,
                unit: "calls",
            });
        }
        Ok(())
    }

    pub fn write_log(&mut self, line: LogLine) -> Result<(), CallError> {
        self.log_bytes += line.message.len() + limits::LOG_LINE_BYTES;
        let most = limits::LOG_BYTES_MAX;
        if self.log_bytes > most {
            return Err(too_much("log", most, self.log_bytes, "bytes"));
        }
        self.log.push(line);
        Ok(())
    }

    /// The client's shops; asked for once in a run.
    pub async fn shops(&mut self) -> Result<&[ShopInfo], CallError> {
        if self.shops.is_none() {
            self.shops = Some(self.host.shops().await.map_err(CallError::Host)?);
        }
        Ok(self.shops.as_deref().unwrap_or_default())
    }
}
