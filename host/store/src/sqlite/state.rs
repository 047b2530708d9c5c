//! The state of installs: each value kept with the commit that wrote it. One that is about a person
//! is sealed with their key, and gone when they are forgotten.

use fondaco_model::{
    PersonKey, ShopId,
    run::{StateAbout, StateRange, StateReads, StateValue, StateWrites},
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    client::ClientWrite,
    fault::{Fault, capped, corrupt},
    modes::StateOf,
    people,
    vault::Vault,
};
use crate::RunView;

/// One value as of a commit. A key that was deleted is as if it had never been.
pub fn get(
    connection: &Connection,
    vault: &Vault,
    view: &RunView,
    install: &StateOf,
    key: &str,
) -> Result<StateValue, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT commit_number, value, about_shop, about_person, sealed FROM state_rows
             WHERE client = ?1 AND install = ?2 AND key = ?3 AND commit_number <= ?4
             ORDER BY commit_number DESC LIMIT 1",
        )?
        .query_row(
            params![view.client.as_str(), install.as_str(), key, capped(view.commit)],
            |row| Ok((row.get(0)?, row.get::<_, Option<String>>(1)?, Sealed::of(row)?)),
        )
        .optional()?;
    let (commit, value) = match row {
        None => return Ok(StateValue { value: None, commit: 0 }),
        Some((commit, value, None)) => (commit, value),
        Some((commit, _, Some(sealed))) => (commit, sealed.open(connection, vault, view, key)?),
    };
    Ok(StateValue { commit: if value.is_some() { commit } else { 0 }, value })
}

/// A value about a person.
struct Sealed {
    shop: String,
    person: String,
    value: Vec<u8>,
}

impl Sealed {
    fn of(row: &Row<'_>) -> rusqlite::Result<Option<Self>> {
        let parts: (Option<String>, Option<String>, Option<Vec<u8>>) =
            (row.get(2)?, row.get(3)?, row.get(4)?);
        Ok(match parts {
            (Some(shop), Some(person), Some(value)) => Some(Self { shop, person, value }),
            _ => None,
        })
    }

    /// The value; nothing, if the person was forgotten.
    fn open(
        self,
        connection: &Connection,
        vault: &Vault,
        view: &RunView,
        key: &str,
    ) -> Result<Option<String>, Fault> {
        let shop = ShopId::new(self.shop)
            .map_err(|error| corrupt(format!("the shop of state `{key}`"), error))?;
        let person = PersonKey::new(shop, self.person);
        let vault = people::vault_of(connection, vault, &view.client, &person)?;
        vault.map(|vault| vault.open(&people::state_of(key), &self.value)).transpose()
    }
}

/// Which keys to list.
#[derive(Debug, Clone, Copy)]
pub struct Listing<'a> {
    /// What the keys begin with.
    pub prefix: &'a str,
    /// What they come after.
    pub after: Option<&'a str>,
    /// The last one that may be listed.
    pub until: Option<&'a str>,
    /// How many at most.
    pub limit: Option<u32>,
}

/// Entries as of a commit, in the order of their keys' bytes.
///
/// It goes from key to key by the index, two look-ups for each, so that how often a key was
/// written does not matter.
pub fn list(
    connection: &Connection,
    vault: &Vault,
    view: &RunView,
    install: &StateOf,
    listing: Listing<'_>,
) -> Result<Vec<(String, StateValue)>, Fault> {
    let most = listing.limit.map_or(usize::MAX, |limit| limit as usize);
    let mut entries = Vec::new();
    let mut next = first_key(connection, view, install, listing)?;
    while let Some(key) = next.filter(|key| {
        key.starts_with(listing.prefix) && listing.until.is_none_or(|until| key.as_str() <= until)
    }) {
        if entries.len() == most {
            break;
        }
        let value = get(connection, vault, view, install, &key)?;
        next = key_after(connection, view, install, &key)?;
        if value.value.is_some() {
            entries.push((key, value));
        }
    }
    Ok(entries)
}

fn first_key(
    connection: &Connection,
    view: &RunView,
    install: &StateOf,
    listing: Listing<'_>,
) -> Result<Option<String>, Fault> {
    // What comes after a key that is before all with the prefix: all with the prefix.
    if let Some(after) = listing.after.filter(|after| *after >= listing.prefix) {
        return key_after(connection, view, install, after);
    }
    let key = connection
        .prepare_cached(
            "SELECT key FROM state_rows WHERE client = ?1 AND install = ?2 AND key >= ?3
             ORDER BY key LIMIT 1",
        )?
        .query_row([view.client.as_str(), install.as_str(), listing.prefix], |row| row.get(0))
        .optional()?;
    Ok(key)
}

fn key_after(
    connection: &Connection,
    view: &RunView,
    install: &StateOf,
    after: &str,
) -> Result<Option<String>, Fault> {
    let key = connection
        .prepare_cached(
            "SELECT key FROM state_rows WHERE client = ?1 AND install = ?2 AND key > ?3
             ORDER BY key LIMIT 1",
        )?
        .query_row([view.client.as_str(), install.as_str(), after], |row| row.get(0))
        .optional()?;
    Ok(key)
}

/// What was read and is different now; nothing if all still holds.
pub fn conflict(
    write: &ClientWrite<'_>,
    install: &StateOf,
    reads: &StateReads,
) -> Result<Option<String>, Fault> {
    let now = RunView { client: write.client.clone(), commit: write.last_commit() };
    for (key, commit) in &reads.keys {
        if get(write.connection, &write.vault, &now, install, key)?.commit != *commit {
            return Ok(Some(key.clone()));
        }
    }
    for range in &reads.ranges {
        if let Some(key) = range_conflict(write, &now, install, range)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

fn range_conflict(
    write: &ClientWrite<'_>,
    now: &RunView,
    install: &StateOf,
    range: &StateRange,
) -> Result<Option<String>, Fault> {
    let listing = Listing {
        prefix: &range.prefix,
        after: range.after.as_deref(),
        until: range.until.as_deref(),
        limit: None,
    };
    let listed = list(write.connection, &write.vault, now, install, listing)?;
    let mut seen = range.seen.iter();
    for (key, value) in listed {
        match seen.next() {
            Some((seen_key, commit)) if *seen_key == key && *commit == value.commit => {}
            Some((seen_key, _)) => return Ok(Some(key.min(seen_key.clone()))),
            None => return Ok(Some(key)),
        }
    }
    Ok(seen.next().map(|(key, _)| key.clone()))
}

/// Writes what a run wrote.
pub fn save(
    write: &mut ClientWrite<'_>,
    install: &StateOf,
    writes: &StateWrites,
    about: &StateAbout,
) -> Result<(), Fault> {
    let commit = write.commit_number();
    let mut statement = write.connection.prepare_cached(
        "INSERT INTO state_rows (client, install, key, commit_number, value, about_shop,
             about_person, sealed)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    let client = &write.client;
    for (key, value) in writes {
        let (person, value, sealed) = match (about.get(key), value) {
            (Some(person), Some(value)) => (Some(person), None, seal(write, person, key, value)?),
            (_, value) => (None, value.as_deref(), None),
        };
        statement.execute(params![
            client.as_str(),
            install.as_str(),
            key,
            commit,
            value,
            person.map(|person| person.shop.as_str()),
            person.map(|person| person.id.as_str()),
            sealed,
        ])?;
    }
    Ok(())
}

/// A value about a person as it is kept; nothing of somebody who was forgotten meanwhile.
fn seal(
    write: &ClientWrite<'_>,
    person: &PersonKey,
    key: &str,
    value: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    let vault = people::vault_of(write.connection, &write.vault, &write.client, person)?;
    vault.map(|vault| vault.seal(&people::state_of(key), value)).transpose()
}
