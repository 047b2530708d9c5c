//! People: what is held of them beside the mirror, and how they are forgotten.

use crate::{Lease, StoreError};
use async_trait::async_trait;
use fondaco_model::{ClientId, Timestamp};
use std::fmt;

use fondaco_model::{InstallId, Person, PersonKey, PersonSource, ShopId};
use secrecy::SecretString;

/// How somebody is looked up on a shop.
#[derive(Debug, Clone)]
pub enum Whom {
    /// By their id: them, and the guests who gave the same e-mail address.
    Id(String),
    /// By an e-mail address: everybody who gave it.
    Email(SecretString),
    /// Anybody that is held, [`PEOPLE_AT_ONCE_MAX`](crate::limits::PEOPLE_AT_ONCE_MAX) of them at most.
    Anybody,
}

/// All that is held of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPerson {
    /// Who.
    pub key: PersonKey,
    /// What identifies them, by where it was seen.
    pub seen: Vec<(PersonSource, Person)>,
    /// What modules noted about them.
    pub state: Vec<HeldState>,
}

impl HeldPerson {
    /// The ids of the orders they were seen in.
    pub fn orders(&self) -> impl Iterator<Item = &str> {
        self.seen.iter().filter_map(|(source, _)| match source {
            PersonSource::Order(id) => Some(id.as_str()),
            PersonSource::Account => None,
        })
    }
}

/// A value of a module's state that is about a person.
#[derive(Clone, PartialEq, Eq)]
pub struct HeldState {
    /// Whose state.
    pub install: InstallId,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Does not show the value.
impl fmt::Debug for HeldState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { install, key, value: _ } = self;
        write!(formatter, "HeldState({install}, {key})")
    }
}

/// Somebody to forget.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// The shop.
    pub shop: ShopId,
    /// Who.
    pub whom: Whom,
    /// Who wants it, for the audit log.
    pub principal: String,
}

/// What was forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// Their ids on the shop, in order; none, if nobody was found.
    pub people: Vec<String>,
    /// How many accounts and orders said who they are.
    pub values: u64,
    /// How many values of modules' state were about them.
    pub state_values: u64,
    /// The dead deliveries that named them, which are gone.
    pub dead_deliveries: Vec<u64>,
    /// Their orders, which stay without them.
    pub orders: Vec<String>,
    /// Whether what the database's log still had of their keys is gone as well. If not, somebody
    /// was reading for long; the log is overwritten as the host goes on.
    pub log_cleared: bool,
}

/// Who customers are. See [`Store`](crate::Store) for the rules that hold.
#[async_trait]
pub trait PeopleStore: Send + Sync + 'static {
    /// Who somebody is, as of now and not of any commit: whoever was forgotten is forgotten for runs
    /// that began before, too. As one source tells, or as the newest does.
    async fn person(
        &self,
        client: &ClientId,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, StoreError>;

    /// All that is held of somebody; nobody, if nothing is.
    async fn held(
        &self,
        client: &ClientId,
        shop: &ShopId,
        whom: &Whom,
    ) -> Result<Vec<HeldPerson>, StoreError>;

    /// Forgets somebody: who they are cannot be read again by anybody, values of state about them
    /// are gone, and what is observed later of orders placed before tells nothing of them. Orders
    /// and their figures stay. Each of them has an entry in the audit log that says their id and
    /// nothing else.
    async fn erase(
        &self,
        lease: &Lease,
        at: Timestamp,
        erasure: Erasure,
    ) -> Result<Erased, StoreError>;
}
