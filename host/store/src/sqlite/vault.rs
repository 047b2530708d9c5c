//! Sealing: what only the holder of the host's key can read.
//!
//! The key lies in a file beside the database, so that a copy of the database alone tells nobody
//! who anybody is. From it follow, for each client, a key for deliveries, one for people's keys and
//! one for looking up e-mail addresses. Each person has a random key of their own, kept sealed; once
//! that is destroyed, nothing that was sealed with it can be read again, wherever a copy of it lies.
//!
//! What is sealed is bound to what it is about: put into another row, it cannot be opened.

use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use fondaco_model::{ClientId, PersonKey, ShopId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use rand::{TryRng as _, rngs::SysRng};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

use super::fault::{Fault, corrupt};
use crate::StoreError;

/// The length of every key, in bytes.
pub const KEY_BYTES: usize = 32;
/// What the hash takes in at a time, in bytes; a shorter key of a MAC is filled up with zeros.
const BLOCK_BYTES: usize = 64;
/// The length of a nonce, in bytes: so long that random ones never meet.
const NONCE_BYTES: usize = 24;
/// What a sealed body of a delivery begins with. No shop sends such a body, so one that begins
/// otherwise was stored before they were sealed.
const SEALED_BODY: &[u8] = b"\0fondaco sealed 1\0";

/// A key.
pub type Key = SecretBox<[u8; KEY_BYTES]>;

/// Seals and opens, with the host's key.
pub struct Vault(Key);

impl Vault {
    /// One with this key.
    pub const fn new(key: Key) -> Self {
        Self(key)
    }

    /// What tells this key from any other, and says nothing of it.
    pub fn mark(&self) -> Vec<u8> {
        mac(&self.0, &[b"mark"]).to_vec()
    }

    /// What an e-mail address is looked up by.
    pub fn email_tag(&self, client: &ClientId, email: &str) -> Vec<u8> {
        let key = self.key(b"email", client);
        mac(&key, &[email.trim().to_lowercase().as_bytes()]).to_vec()
    }

    /// Seals the body of a delivery.
    pub fn seal_body(
        &self,
        client: &ClientId,
        shop: &ShopId,
        topic: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Fault> {
        let key = self.key(b"delivery", client);
        seal(&key, SEALED_BODY, &[shop.as_str().as_bytes(), topic.as_bytes()], body)
    }

    /// Opens the body of a delivery.
    pub fn open_body(
        &self,
        client: &ClientId,
        shop: &ShopId,
        topic: &str,
        body: Vec<u8>,
    ) -> Result<Vec<u8>, Fault> {
        let Some(sealed) = body.strip_prefix(SEALED_BODY) else {
            return Ok(body);
        };
        let key = self.key(b"delivery", client);
        open(&key, &[shop.as_str().as_bytes(), topic.as_bytes()], sealed)
            .ok_or_else(|| unreadable(format!("a delivery of {shop}")))
    }

    /// Makes a person's key; returns it with how it is kept.
    pub fn new_person(
        &self,
        client: &ClientId,
        person: &PersonKey,
    ) -> Result<(PersonVault, Vec<u8>), Fault> {
        let key = random_key()?;
        let of = [person.shop.as_str().as_bytes(), person.id.as_bytes()];
        let kept = seal(&self.key(b"person", client), &[], &of, key.expose_secret())?;
        Ok((PersonVault::new(client, person, key), kept))
    }

    /// A person's key, from how it is kept.
    pub fn person(
        &self,
        client: &ClientId,
        person: &PersonKey,
        kept: &[u8],
    ) -> Result<PersonVault, Fault> {
        let of = [person.shop.as_str().as_bytes(), person.id.as_bytes()];
        let key = open(&self.key(b"person", client), &of, kept)
            .and_then(|key| <[u8; KEY_BYTES]>::try_from(key).ok())
            .ok_or_else(|| unreadable(format!("the key of {person}")))?;
        Ok(PersonVault::new(client, person, SecretBox::new(Box::new(key))))
    }

    fn key(&self, purpose: &[u8], client: &ClientId) -> Key {
        SecretBox::new(Box::new(mac(&self.0, &[purpose, client.as_str().as_bytes()])))
    }
}

/// Seals and opens what is about one person.
pub struct PersonVault {
    key: Key,
    client: ClientId,
    person: PersonKey,
}

impl PersonVault {
    fn new(client: &ClientId, person: &PersonKey, key: Key) -> Self {
        Self { key, client: client.clone(), person: person.clone() }
    }

    /// Seals a value; `what` says which of the person's it is.
    pub fn seal(&self, what: &str, value: &str) -> Result<Vec<u8>, Fault> {
        seal(&self.key, &[], &self.about(what), value.as_bytes())
    }

    /// Opens a value.
    pub fn open(&self, what: &str, sealed: &[u8]) -> Result<String, Fault> {
        open(&self.key, &self.about(what), sealed)
            .and_then(|value| String::from_utf8(value).ok())
            .ok_or_else(|| unreadable(format!("what is held of {}", self.person)))
    }

    fn about<'a>(&'a self, what: &'a str) -> [&'a [u8]; 4] {
        let PersonKey { shop, id } = &self.person;
        [self.client.as_str(), shop.as_str(), id.as_str(), what].map(str::as_bytes)
    }
}

/// A key that nobody else has.
pub fn random_key() -> Result<Key, StoreError> {
    let mut key = Box::new([0; KEY_BYTES]);
    SysRng.try_fill_bytes(&mut *key).map_err(no_randomness)?;
    Ok(SecretBox::new(key))
}

/// What begins with `begin` and holds the value, which only opens with the same `of`.
fn seal(key: &Key, begin: &[u8], of: &[&[u8]], value: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut nonce = [0; NONCE_BYTES];
    SysRng.try_fill_bytes(&mut nonce).map_err(no_randomness)?;
    let of = joined(of);
    let payload = Payload { msg: value, aad: &of };
    let sealed = cipher(key).encrypt(&XNonce::from(nonce), payload).map_err(|error| {
        StoreError::Database { doing: "seal a value", source: error.to_string().into() }
    })?;
    Ok([begin, &nonce, &sealed].concat())
}

fn open(key: &Key, of: &[&[u8]], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE_BYTES>()?;
    let of = joined(of);
    cipher(key).decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &of }).ok()
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose_secret().into())
}

fn mac(key: &Key, parts: &[&[u8]]) -> [u8; KEY_BYTES] {
    let mut block = [0; BLOCK_BYTES];
    block.iter_mut().zip(key.expose_secret()).for_each(|(to, from)| *to = *from);
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(&joined(parts));
    mac.finalize().into_bytes().into()
}

/// Parts in one, each with its length, so that none runs into the next.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend((part.len() as u64).to_le_bytes());
        joined.extend_from_slice(part);
    }
    joined
}

fn unreadable(what: String) -> Fault {
    corrupt(what, "it was sealed for something else, or with another key")
}

fn no_randomness(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Database { doing: "get random bytes from the system", source: Box::new(error) }
}

#[cfg(test)]
mod tests;
