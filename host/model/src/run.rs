//! What a run of a module read, wrote and used: the part of it that is committed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A change of one key of a module's state.
pub type StateWrites = BTreeMap<String, Option<String>>;

/// What a run read of its state, checked in the commit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateReads {
    /// Keys read one by one, with the commit of the value read; 0 for an absent key.
    pub keys: BTreeMap<String, u64>,
    /// Ranges listed.
    pub ranges: Vec<StateRange>,
}

/// A range of a module's state that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRange {
    /// What the keys begin with.
    pub prefix: String,
    /// What they come after.
    pub after: Option<String>,
    /// The last key the listing returned, if it was cut off there; absent: it went to the end.
    pub until: Option<String>,
    /// The keys with the commit of each value.
    pub seen: Vec<(String, u64)>,
}

/// One value of a module's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateValue {
    /// The value; absent if the key has none.
    pub value: Option<String>,
    /// The commit that wrote it; 0 if the key never had a value.
    pub commit: u64,
}

/// What a run used, against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunUse {
    /// Fuel consumed.
    pub fuel: u64,
    /// Time from the first to the last instruction, in microseconds.
    pub wall_us: u64,
    /// Linear memory at the end, in bytes.
    pub memory_bytes: u64,
    /// Calls of imported functions.
    pub host_calls: u64,
}
