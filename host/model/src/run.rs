//! What a run of a module read, wrote and used: the part of it that is committed.

use std::{
    collections::BTreeMap,
    fmt,
    ops::{Index, IndexMut},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::PersonKey;

/// A change of one key of a module's state.
pub type StateWrites = BTreeMap<String, Option<String>>;

/// The keys a run wrote whose value is about a person, and who that is.
pub type StateAbout = BTreeMap<String, PersonKey>;

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

/// Something of which a run may use only so much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Fuel consumed; one unit is about one Wasm instruction.
    Fuel,
    /// Time from the first to the last instruction, waiting for the host included, in microseconds.
    WallTime,
    /// Linear memory, over all memories of the module, in bytes.
    Memory,
    /// Elements of its tables together.
    TableElements,
    /// Core instances the component is made of.
    Instances,
    /// Calls of imported functions.
    HostCalls,
    /// Bytes the module passed to imported functions.
    HostCallBytes,
    /// Bytes that came out of it: proposals, and what the hook returned.
    OutputBytes,
    /// Bytes of log.
    LogBytes,
    /// Bytes of state written.
    StateBytes,
    /// Proposals.
    Proposals,
    /// HTTP requests.
    HttpRequests,
}

impl Resource {
    /// All there are.
    pub const ALL: [Self; 12] = [
        Self::Fuel,
        Self::WallTime,
        Self::Memory,
        Self::TableElements,
        Self::Instances,
        Self::HostCalls,
        Self::HostCallBytes,
        Self::OutputBytes,
        Self::LogBytes,
        Self::StateBytes,
        Self::Proposals,
        Self::HttpRequests,
    ];

    /// Its name in `plugin.toml`, a client's file and what is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fuel => "fuel",
            Self::WallTime => "wall-ms",
            Self::Memory => "memory-bytes",
            Self::TableElements => "table-elements",
            Self::Instances => "instances",
            Self::HostCalls => "host-calls",
            Self::HostCallBytes => "host-call-bytes",
            Self::OutputBytes => "output-bytes",
            Self::LogBytes => "log-bytes",
            Self::StateBytes => "state-bytes",
            Self::Proposals => "proposals",
            Self::HttpRequests => "http-requests",
        }
    }

    /// The resource of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.as_str() == name)
    }

    /// How many of the units that are counted one unit of the name is: time is counted in
    /// microseconds and written in milliseconds.
    #[must_use]
    pub const fn scale(self) -> u64 {
        match self {
            Self::WallTime => 1_000,
            _ => 1,
        }
    }
}

/// So much of each resource.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Amounts([u64; Resource::ALL.len()]);

impl Amounts {
    /// As many of each as this function says.
    pub fn of(amount: impl Fn(Resource) -> u64) -> Self {
        Self(Resource::ALL.map(amount))
    }

    /// Each with its amount.
    pub fn iter(&self) -> impl Iterator<Item = (Resource, u64)> {
        Resource::ALL.into_iter().zip(self.0)
    }

    /// The lower of both for each resource that is in `limits`.
    #[must_use]
    pub fn lowered(mut self, limits: &BTreeMap<Resource, u64>) -> Self {
        for (resource, limit) in limits {
            self[*resource] = self[*resource].min(*limit);
        }
        self
    }
}

impl Index<Resource> for Amounts {
    type Output = u64;

    #[expect(clippy::indexing_slicing, reason = "there is a place for each")]
    fn index(&self, resource: Resource) -> &u64 {
        &self.0[resource as usize]
    }
}

impl IndexMut<Resource> for Amounts {
    #[expect(clippy::indexing_slicing, reason = "there is a place for each")]
    fn index_mut(&mut self, resource: Resource) -> &mut u64 {
        &mut self.0[resource as usize]
    }
}

impl fmt::Debug for Amounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_map()
            .entries(self.iter().map(|(key, value)| (key.as_str(), value)))
            .finish()
    }
}

/// As a map from name to amount, in the units that are counted. What is not in it is 0, so that
/// records from before a resource was counted can still be read.
impl Serialize for Amounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(resource, amount)| (resource.as_str(), amount)))
    }
}

impl<'de> Deserialize<'de> for Amounts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let amounts = BTreeMap::<String, u64>::deserialize(deserializer)?;
        Ok(Self::of(|resource| amounts.get(resource.as_str()).copied().unwrap_or_default()))
    }
}

/// What a run used, against its limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunUse {
    /// How much of each it used.
    #[serde(default)]
    pub used: Amounts,
    /// How much of each it might have used.
    #[serde(default)]
    pub limit: Amounts,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_lowered_and_never_raised() {
        let host = Amounts::of(|resource| if resource == Resource::Fuel { 100 } else { 10 });
        let asked = BTreeMap::from([(Resource::Fuel, 50), (Resource::Proposals, 11)]);
        let lowered = host.lowered(&asked);
        assert_eq!((lowered[Resource::Fuel], lowered[Resource::Proposals]), (50, 10));
        assert_eq!(lowered[Resource::LogBytes], 10);
    }

    #[test]
    fn every_resource_has_its_own_name_and_place() {
        for resource in Resource::ALL {
            assert_eq!(Resource::from_name(resource.as_str()), Some(resource));
            let mut amounts = Amounts::default();
            amounts[resource] = 7;
            let there: Vec<_> = amounts.iter().filter(|(_, amount)| *amount == 7).collect();
            assert_eq!(there, [(resource, 7)]);
            let text = serde_json::to_string(&amounts).unwrap();
            assert_eq!(serde_json::from_str::<Amounts>(&text).unwrap(), amounts);
        }
        assert_eq!(serde_json::from_str::<Amounts>("{}").unwrap(), Amounts::default());
    }
}
