//! The client's row: its lease, and the numbers that are counted in it.

use std::sync::Arc;

use fondaco_model::{ClientId, Event, EventBody, Timestamp, TraceId, event::Cause};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    fault::{Fault, encode},
    vault::Vault,
    writer::Verdict,
};
use crate::{Backlog, Lease, RunView, StoreError};

/// A transaction of one client, by the holder of its lease.
pub struct ClientWrite<'c> {
    /// The connection, inside the transaction.
    pub connection: &'c Connection,
    /// The client.
    pub client: ClientId,
    /// Seals what is about people.
    pub vault: Arc<Vault>,
    last_commit: u64,
    last_event: u64,
    last_action: u64,
    /// Whether this transaction has taken a commit's number.
    numbered: bool,
    /// What this transaction belongs to, once it is known.
    trace: Option<TraceId>,
}

impl<'c> ClientWrite<'c> {
    /// Does the work if the lease still holds, and counts on what it has counted.
    pub fn run<T>(
        connection: &'c Connection,
        lease: Lease,
        vault: Arc<Vault>,
        work: impl FnOnce(&mut Self) -> Result<Verdict<T>, Fault>,
    ) -> Result<Verdict<T>, Fault> {
        let numbers = connection
            .prepare_cached(
                "SELECT last_commit, last_event, last_action FROM clients
                 WHERE client = ?1 AND epoch = ?2",
            )?
            .query_row(params![lease.client.as_str(), lease.epoch], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .optional()?;
        let Some((last_commit, last_event, last_action)) = numbers else {
            return Err(StoreError::LeaseLost { client: lease.client }.into());
        };
        let client = lease.client;
        let mut write = Self {
            connection,
            client,
            vault,
            last_commit,
            last_event,
            last_action,
            numbered: false,
            trace: None,
        };
        let verdict = work(&mut write)?;
        let counted = (write.last_commit, write.last_event, write.last_action);
        if counted != (last_commit, last_event, last_action) {
            write.save()?;
        }
        Ok(verdict)
    }

    fn save(&self) -> Result<(), Fault> {
        let changed = self
            .connection
            .prepare_cached(
                "UPDATE clients SET last_commit = ?2, last_event = ?3, last_action = ?4
                 WHERE client = ?1",
            )?
            .execute(params![
                self.client.as_str(),
                self.last_commit,
                self.last_event,
                self.last_action
            ])?;
        debug_assert_eq!(changed, 1);
        Ok(())
    }

    /// The number of this commit, taken when it is first needed.
    pub const fn commit_number(&mut self) -> u64 {
        if !self.numbered {
            self.last_commit += 1;
            self.numbered = true;
        }
        self.last_commit
    }

    /// The client's last commit, this one included once it has its number.
    pub const fn last_commit(&self) -> u64 {
        self.last_commit
    }

    /// The number of the client's last event.
    pub const fn last_event(&self) -> u64 {
        self.last_event
    }

    /// The number for the next action.
    pub const fn next_action(&mut self) -> u64 {
        self.last_action += 1;
        self.last_action
    }

    /// Says what this transaction belongs to.
    pub const fn belongs_to(&mut self, trace: Option<TraceId>) {
        self.trace = trace;
    }

    /// What this transaction belongs to. If nobody said it, a trace begins with it.
    pub fn trace(&mut self) -> TraceId {
        *self.trace.get_or_insert_with(|| TraceId::of_random(rand::random()))
    }

    /// Raises an event of what this transaction belongs to.
    pub fn raise(
        &mut self,
        at: Timestamp,
        caused_by: Option<Cause>,
        body: EventBody,
    ) -> Result<Event, Fault> {
        let trace = self.trace();
        self.raise_in(trace, at, caused_by, body)
    }

    /// Raises an event that belongs to something else.
    pub fn raise_in(
        &mut self,
        trace: TraceId,
        at: Timestamp,
        caused_by: Option<Cause>,
        body: EventBody,
    ) -> Result<Event, Fault> {
        let commit = self.commit_number();
        self.last_event += 1;
        let number = self.last_event;
        let event = Event { number, commit, observed_at: at, trace, caused_by, body };
        self.connection
            .prepare_cached(
                "INSERT INTO events (client, number, commit_number, event, trace)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                self.client.as_str(),
                number,
                commit,
                encode(&event)?,
                trace.bytes()
            ])?;
        Ok(event)
    }

    /// Tells that something that was to be changed is not there.
    pub fn missing(&self, what: String) -> Fault {
        StoreError::Missing { client: self.client.clone(), what }.into()
    }
}

/// Takes the lease.
pub fn lease(
    connection: &Connection,
    client: ClientId,
    owner: &str,
) -> Result<Verdict<Lease>, Fault> {
    let epoch = connection
        .prepare_cached(
            "INSERT INTO clients (client, epoch, owner) VALUES (?1, 1, ?2)
             ON CONFLICT (client) DO UPDATE SET epoch = epoch + 1, owner = excluded.owner
             RETURNING epoch",
        )?
        .query_row(params![client.as_str(), owner], |row| row.get(0))?;
    Ok(Verdict::Keep(Lease { client, epoch }))
}

/// The client's last commit.
pub fn view(connection: &Connection, client: ClientId) -> Result<RunView, Fault> {
    let commit = connection
        .prepare_cached("SELECT last_commit FROM clients WHERE client = ?1")?
        .query_row([client.as_str()], |row| row.get(0))
        .optional()?;
    Ok(RunView { client, commit: commit.unwrap_or(0) })
}

/// How much waits.
pub fn backlog(connection: &Connection, client: &ClientId) -> Result<Backlog, Fault> {
    let backlog = connection
        .prepare_cached(
            "SELECT
                 (SELECT count(*) FROM deliveries WHERE client = ?1),
                 (SELECT count(*) FROM dead_deliveries WHERE client = ?1),
                 (SELECT count(*) FROM actions WHERE client = ?1 AND state = 'waiting')
                     + (SELECT count(*) FROM actions WHERE client = ?1 AND state = 'sending'),
                 (SELECT count(*) FROM actions
                  WHERE client = ?1 AND ending ->> '$.end' = 'unknown'),
                 (SELECT last_event FROM clients WHERE client = ?1)",
        )?
        .query_row([client.as_str()], |row| {
            Ok(Backlog {
                deliveries: row.get(0)?,
                dead_deliveries: row.get(1)?,
                actions: row.get(2)?,
                actions_unknown: row.get(3)?,
                last_event: row.get::<_, Option<u64>>(4)?.unwrap_or(0),
            })
        })?;
    Ok(backlog)
}

/// Writes something that means nothing.
pub fn probe(connection: &Connection) -> Result<Verdict<()>, Fault> {
    connection
        .prepare_cached("UPDATE write_probe SET count = count + 1 WHERE only = 1")?
        .execute([])?;
    Ok(Verdict::Keep(()))
}
