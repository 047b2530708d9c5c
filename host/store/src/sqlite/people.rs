//! People: who somebody is, sealed with a key of their own, and how that is read.
//!
//! There is one row for each place a person was seen at: their account, and each order. The newest
//! observation of a place wins, as in the mirror; which it was is told by its version alone, so a
//! row need not be opened to be replaced.

use fondaco_model::{
    ClientId, EventBody, InstallId, Person, PersonKey, PersonSeen, PersonSource, ShopId, Timestamp,
    care::CustomerChange, person::AccountGone,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    client::ClientWrite,
    fault::{Fault, corrupt, decode, encode, stored},
    modes,
    vault::{PersonVault, Vault},
};
use crate::{HeldPerson, HeldState};

/// The source of what an account tells, in the store.
const ACCOUNT: &str = "account";
/// What the source of what an order tells begins with; the order's id follows.
pub const ORDER: &str = "order:";

/// What a value of a module's state is sealed as.
pub fn state_of(key: &str) -> String {
    format!("state:{key}")
}

/// Takes in what was seen of people, and returns what is different about customers with an account.
/// What is from before somebody was forgotten is passed over.
pub fn observe(write: &ClientWrite<'_>, people: &[PersonSeen]) -> Result<Vec<EventBody>, Fault> {
    let mut changed = Vec::new();
    for seen in people {
        let email = seen.person.email.as_deref();
        let tag = email.map(|email| write.vault.email_tag(&write.client, email));
        if is_forgotten(write, seen, tag.as_deref())? || !is_newer(write, seen)? {
            continue;
        }
        if let Some(change) = difference(write, seen)? {
            changed.push(customer_changed(seen.key.clone(), change));
        }
        save(write, seen, tag.as_deref())?;
    }
    Ok(changed)
}

/// What is different about a customer by what their account tells; an order's word of them is the
/// order's.
fn difference(write: &ClientWrite<'_>, seen: &PersonSeen) -> Result<Option<CustomerChange>, Fault> {
    if seen.source != PersonSource::Account {
        return Ok(None);
    }
    let source = Some(&seen.source);
    let known = person(write.connection, &write.vault, &write.client, &seen.key, source)?;
    Ok(match known {
        None => Some(CustomerChange::Created),
        Some(known) => (known != seen.person).then_some(CustomerChange::Other),
    })
}

pub fn customer_changed(customer: PersonKey, change: CustomerChange) -> EventBody {
    EventBody::Customer { customer, changes: [change].into() }
}

/// Takes in which accounts are gone, and returns what is different by that.
pub fn close(write: &ClientWrite<'_>, gone: &[AccountGone]) -> Result<Vec<EventBody>, Fault> {
    let mut changed = Vec::new();
    for AccountGone { key, version } in gone {
        let closed = write
            .connection
            .prepare_cached(
                "UPDATE personal_values SET gone = 1, platform_version = ?4, read_at = ?5,
                     email_tag = NULL, sealed = zeroblob(0)
                 WHERE client = ?1 AND shop = ?2 AND person = ?3 AND source = 'account'
                     AND gone = 0 AND (platform_version, read_at) < (?4, ?5)",
            )?
            .execute(params![
                write.client.as_str(),
                key.shop.as_str(),
                key.id,
                stored(version.platform),
                version.read.map_or(0, stored),
            ])?;
        if closed > 0 {
            changed.push(customer_changed(key.clone(), CustomerChange::Deleted));
        }
    }
    Ok(changed)
}

/// Whether somebody was forgotten since the account was made, or the order placed.
fn is_forgotten(
    write: &ClientWrite<'_>,
    seen: &PersonSeen,
    tag: Option<&[u8]>,
) -> Result<bool, Fault> {
    let PersonKey { shop, id } = &seen.key;
    let forgotten = write
        .connection
        .prepare_cached(
            "SELECT EXISTS (
                 SELECT 1 FROM erased_people
                 WHERE client = ?1 AND shop = ?2 AND person = ?3 AND erased_at >= ?5
             ) OR EXISTS (
                 SELECT 1 FROM erased_emails
                 WHERE client = ?1 AND shop = ?2 AND email_tag = ?4 AND erased_at >= ?5
             )",
        )?
        .query_row(
            params![write.client.as_str(), shop.as_str(), id, tag, stored(seen.person.since)],
            |row| row.get(0),
        )?;
    Ok(forgotten)
}

fn is_newer(write: &ClientWrite<'_>, seen: &PersonSeen) -> Result<bool, Fault> {
    let PersonKey { shop, id } = &seen.key;
    let known: Option<(i64, i64)> = write
        .connection
        .prepare_cached(
            "SELECT platform_version, read_at FROM personal_values
             WHERE client = ?1 AND shop = ?2 AND person = ?3 AND source = ?4",
        )?
        .query_row(
            params![write.client.as_str(), shop.as_str(), id, source_text(&seen.source)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .optional()?;
    Ok(known.is_none_or(|known| version(seen) > known))
}

/// The version as it is stored; what was read wins against what was pushed.
fn version(seen: &PersonSeen) -> (i64, i64) {
    (stored(seen.version.platform), seen.version.read.map_or(0, stored))
}

fn save(write: &ClientWrite<'_>, seen: &PersonSeen, tag: Option<&[u8]>) -> Result<(), Fault> {
    let client = &write.client;
    let PersonKey { shop, id } = &seen.key;
    let vault = match vault_of(write.connection, &write.vault, client, &seen.key)? {
        Some(vault) => vault,
        None => {
            let (vault, kept) = write.vault.new_person(client, &seen.key)?;
            write
                .connection
                .prepare_cached("INSERT INTO person_keys (data_key) VALUES (?1)")?
                .execute([kept])?;
            let number = write.connection.last_insert_rowid();
            write
                .connection
                .prepare_cached(
                    "INSERT INTO people (client, shop, person, key_number) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute(params![client.as_str(), shop.as_str(), id, number])?;
            vault
        }
    };
    let source = source_text(&seen.source);
    let sealed = vault.seal(&source, &encode(&seen.person)?)?;
    let (platform_version, read_at) = version(seen);
    write
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO personal_values (client, shop, person, source, since,
                 platform_version, read_at, email_tag, sealed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            client.as_str(),
            shop.as_str(),
            id,
            source,
            stored(seen.person.since),
            platform_version,
            read_at,
            tag,
            sealed,
        ])?;
    Ok(())
}

/// What opens what is about a person; nothing if nobody of this id is known, or they were
/// forgotten.
pub fn vault_of(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    person: &PersonKey,
) -> Result<Option<PersonVault>, Fault> {
    let kept: Option<Vec<u8>> = connection
        .prepare_cached(
            "SELECT data_key FROM people JOIN person_keys ON number = key_number
             WHERE client = ?1 AND shop = ?2 AND person = ?3",
        )?
        .query_row(params![client.as_str(), person.shop.as_str(), person.id], |row| row.get(0))
        .optional()?;
    kept.map(|kept| vault.person(client, person, &kept)).transpose()
}

/// Who somebody is: as one source tells, or as the newest does.
pub fn person(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    key: &PersonKey,
    source: Option<&PersonSource>,
) -> Result<Option<Person>, Fault> {
    let Some(vault) = vault_of(connection, vault, client, key)? else {
        return Ok(None);
    };
    let of_person = params![client.as_str(), key.shop.as_str(), key.id, source.map(source_text)];
    let found: Option<(String, Vec<u8>)> = connection
        .prepare_cached(
            "SELECT source, sealed FROM personal_values
             WHERE client = ?1 AND shop = ?2 AND person = ?3 AND (?4 IS NULL OR source = ?4)
                 AND gone = 0
             ORDER BY platform_version DESC, read_at DESC, source LIMIT 1",
        )?
        .query_row(of_person, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((found, sealed)) = found else {
        return Ok(None);
    };
    let mut person = opened(&vault, key, &found, &sealed)?;
    if source.is_none() {
        // The newest tells who they are, the oldest since when.
        person.since = connection
            .prepare_cached(
                "SELECT min(since) FROM personal_values
                 WHERE client = ?1 AND shop = ?2 AND person = ?3 AND gone = 0",
            )?
            .query_row(params![client.as_str(), key.shop.as_str(), key.id], |row| row.get(0))
            .map(Timestamp)?;
    }
    Ok(Some(person))
}

fn opened(
    vault: &PersonVault,
    key: &PersonKey,
    source: &str,
    sealed: &[u8],
) -> Result<Person, Fault> {
    decode(&vault.open(source, sealed)?, || format!("what {source} tells of {key}"))
}

/// All that is held of a person; nothing, if nobody of this id is known.
pub fn held(
    connection: &Connection,
    vault: &Vault,
    client: &ClientId,
    key: PersonKey,
) -> Result<Option<HeldPerson>, Fault> {
    let Some(vault) = vault_of(connection, vault, client, &key)? else {
        return Ok(None);
    };
    let of_person = params![client.as_str(), key.shop.as_str(), key.id];
    let seen = connection
        .prepare_cached(
            "SELECT source, sealed FROM personal_values
             WHERE client = ?1 AND shop = ?2 AND person = ?3 AND gone = 0
             ORDER BY since, source",
        )?
        .query_and_then(of_person, |row| {
            let (source, sealed): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
            let person = opened(&vault, &key, &source, &sealed)?;
            Ok((source_of(&source)?, person))
        })?
        .collect::<Result<Vec<_>, Fault>>()?;
    let state = connection
        .prepare_cached(
            "SELECT install, key, sealed FROM state_rows
             WHERE client = ?1 AND about_shop = ?2 AND about_person = ?3 AND sealed IS NOT NULL
             ORDER BY install, key, commit_number",
        )?
        .query_and_then(of_person, |row| {
            let (install, state_key): (String, String) = (row.get(0)?, row.get(1)?);
            let value = vault.open(&state_of(&state_key), &row.get::<_, Vec<u8>>(2)?)?;
            let install = InstallId::new(modes::install_of(&install))
                .map_err(|error| corrupt("an install's name".to_owned(), error))?;
            Ok(HeldState { install, key: state_key, value })
        })?
        .collect::<Result<Vec<_>, Fault>>()?;
    Ok(Some(HeldPerson { key, seen, state }))
}

/// The ids of those who gave an e-mail address.
pub fn with_email(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
    tag: &[u8],
) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT person FROM personal_values
         WHERE client = ?1 AND shop = ?2 AND email_tag = ?3 ORDER BY person",
    )?;
    let rows =
        statement.query_map(params![client.as_str(), shop.as_str(), tag], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// So many of those that are held, in the order of their ids.
pub fn some(
    connection: &Connection,
    client: &ClientId,
    shop: &ShopId,
    count: usize,
) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT person FROM personal_values
         WHERE client = ?1 AND shop = ?2 ORDER BY person LIMIT ?3",
    )?;
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let rows =
        statement.query_map(params![client.as_str(), shop.as_str(), count], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The addresses that somebody gave, as they are looked up.
pub fn email_tags(
    connection: &Connection,
    client: &ClientId,
    key: &PersonKey,
) -> Result<Vec<Vec<u8>>, Fault> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT email_tag FROM personal_values
         WHERE client = ?1 AND shop = ?2 AND person = ?3 AND email_tag IS NOT NULL",
    )?;
    let of_person = params![client.as_str(), key.shop.as_str(), key.id];
    let rows = statement.query_map(of_person, |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn source_text(source: &PersonSource) -> String {
    match source {
        PersonSource::Account => ACCOUNT.to_owned(),
        PersonSource::Order(id) => format!("{ORDER}{id}"),
    }
}

fn source_of(text: &str) -> Result<PersonSource, Fault> {
    match text.strip_prefix(ORDER) {
        Some(id) => Ok(PersonSource::Order(id.to_owned())),
        None if text == ACCOUNT => Ok(PersonSource::Account),
        None => Err(corrupt("where somebody was seen".to_owned(), format!("there is no {text}"))),
    }
}
