//! Forgetting somebody: their key goes, and with it all that was sealed with it.
//!
//! The key is overwritten where it lies. What the database's log still has of it has to go as well, so
//! afterwards that is moved into the file and cut off.

use std::{collections::BTreeSet, path::Path};

use fondaco_model::{ClientId, PersonKey, ShopId, Timestamp, care::CustomerChange};
use rusqlite::{Connection, params};
use secrecy::ExposeSecret as _;

use super::{
    audit,
    client::ClientWrite,
    connection,
    fault::{Fault, sql_error, stored},
    inbox, people,
    vault::Vault,
    writer::Verdict,
};
use crate::{Act, Erased, Erasure, HeldPerson, StoreError, Whom, limits::PEOPLE_AT_ONCE_MAX};

/// What the audit log calls it.
const ERASE: &str = "erase-person";

/// Who is meant, and the addresses they are looked up by.
struct Found {
    people: BTreeSet<String>,
    emails: Vec<Vec<u8>>,
}

fn find(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    shop: &ShopId,
    whom: &Whom,
) -> Result<Found, Fault> {
    match whom {
        Whom::Email(email) => {
            let tag = vault.email_tag(client, email.expose_secret());
            let people = people::with_email(connection, client, shop, &tag)?;
            Ok(Found { people: people.into_iter().collect(), emails: vec![tag] })
        }
        Whom::Anybody => {
            let people = people::some(connection, client, shop, PEOPLE_AT_ONCE_MAX)?;
            let mut emails = BTreeSet::new();
            for id in &people {
                let key = PersonKey::new(shop.clone(), id);
                emails.extend(people::email_tags(connection, client, &key)?);
            }
            Ok(Found { people: people.into_iter().collect(), emails: emails.into_iter().collect() })
        }
        Whom::Id(id) => {
            let key = PersonKey::new(shop.clone(), id);
            let mut people = BTreeSet::from([id.clone()]);
            let emails = people::email_tags(connection, client, &key)?;
            for tag in &emails {
                let others = people::with_email(connection, client, shop, tag)?;
                people.extend(others.into_iter().filter(|id| PersonKey::is_guest(id)));
            }
            Ok(Found { people, emails })
        }
    }
}

/// All that is held of whom is meant.
pub fn held(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    shop: &ShopId,
    whom: &Whom,
) -> Result<Vec<HeldPerson>, Fault> {
    let found = find(connection, vault, client, shop, whom)?;
    held_of(connection, vault, client, shop, &found)
}

fn held_of(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    shop: &ShopId,
    found: &Found,
) -> Result<Vec<HeldPerson>, Fault> {
    let mut held = Vec::new();
    for id in &found.people {
        held.extend(people::held(connection, vault, client, PersonKey::new(shop.clone(), id))?);
    }
    Ok(held)
}

/// Forgets them.
pub fn erase(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    erasure: &Erasure,
) -> Result<Verdict<Erased>, Fault> {
    let Erasure { shop, whom, principal } = erasure;
    let found = find(write.connection, &write.vault, &write.client, shop, whom)?;
    let held = held_of(write.connection, &write.vault, &write.client, shop, &found)?;
    if held.is_empty() {
        return Ok(Verdict::Keep(Erased::default()));
    }
    let mut erased =
        Erased { dead_deliveries: discard_dead(write, shop, &held)?, ..Erased::default() };
    for tag in &found.emails {
        write
            .connection
            .prepare_cached(
                "INSERT OR REPLACE INTO erased_emails (client, shop, email_tag, erased_at)
                 VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute(params![write.client.as_str(), shop.as_str(), tag, stored(at)])?;
    }
    for person in held {
        let (values, state_values) = erase_one(write, at, &person.key)?;
        let act = Act {
            principal: principal.clone(),
            what: ERASE.to_owned(),
            subject: person.key.to_string(),
            detail: format!(
                "what {values} places told of them and {state_values} values of modules' state"
            ),
        };
        audit::record(write, at, &act)?;
        if !PersonKey::is_guest(&person.key.id) {
            let gone = people::customer_changed(person.key.clone(), CustomerChange::Deleted);
            write.raise(at, None, gone)?;
        }
        erased.values += values;
        erased.state_values += state_values;
        erased.orders.extend(person.orders().map(str::to_owned));
        erased.people.push(person.key.id);
    }
    Ok(Verdict::Keep(erased))
}

/// Forgets one; says in how many places they were seen, and how many values were about them.
fn erase_one(write: &ClientWrite<'_>, at: Timestamp, key: &PersonKey) -> Result<(u64, u64), Fault> {
    let of_person = params![write.client.as_str(), key.shop.as_str(), key.id];
    let values = write
        .connection
        .prepare_cached(
            "DELETE FROM personal_values WHERE client = ?1 AND shop = ?2 AND person = ?3",
        )?
        .execute(of_person)?;
    let state_values = write
        .connection
        .prepare_cached(
            "UPDATE state_rows SET sealed = NULL
             WHERE client = ?1 AND about_shop = ?2 AND about_person = ?3 AND sealed IS NOT NULL",
        )?
        .execute(of_person)?;
    write
        .connection
        .prepare_cached(
            "UPDATE person_keys SET data_key = zeroblob(length(data_key)) WHERE number = (
                 SELECT key_number FROM people WHERE client = ?1 AND shop = ?2 AND person = ?3
             )",
        )?
        .execute(of_person)?;
    write
        .connection
        .prepare_cached("DELETE FROM people WHERE client = ?1 AND shop = ?2 AND person = ?3")?
        .execute(of_person)?;
    write
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO erased_people (client, shop, person, erased_at)
             VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![write.client.as_str(), key.shop.as_str(), key.id, stored(at)])?;
    Ok((values as u64, state_values as u64))
}

/// Discards the dead deliveries of a shop that name somebody.
fn discard_dead(
    write: &ClientWrite<'_>,
    shop: &ShopId,
    held: &[HeldPerson],
) -> Result<Vec<u64>, Fault> {
    let names: Vec<Vec<u8>> = held.iter().flat_map(names).collect();
    let mut gone = Vec::new();
    for (number, body) in inbox::dead_bodies(write.connection, &write.vault, &write.client, shop)? {
        let body = body.to_ascii_lowercase();
        let named = |name: &Vec<u8>| body.windows(name.len()).any(|part| part == name);
        if names.iter().any(named) {
            inbox::delete_dead(write, number)?;
            gone.push(number);
        }
    }
    Ok(gone)
}

/// What a shop's deliveries name somebody by, in lower case: their addresses, and the account.
fn names(person: &HeldPerson) -> Vec<Vec<u8>> {
    let emails = person.seen.iter().filter_map(|(_, person)| person.email.as_deref());
    let mut names: Vec<Vec<u8>> =
        emails.map(|email| email.trim().to_ascii_lowercase().into_bytes()).collect();
    // What is no address could stand in anybody's delivery.
    names.retain(|name| name.contains(&b'@'));
    if !PersonKey::is_guest(&person.key.id) {
        for end in [",", "}"] {
            names.push(format!("\"customer_id\":{}{end}", person.key.id).into_bytes());
        }
    }
    names
}

/// Moves the database's log into its file and cuts it off; says whether it could be.
pub fn clear_log(path: &Path) -> Result<bool, StoreError> {
    let connection = connection::open_writer(path)?;
    let busy: bool = connection
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
        .map_err(|error| sql_error(error, "clear the database's log"))?;
    Ok(!busy)
}
