//! One entry of a code cache: `TAG`, the MAC, the code.

use std::{
    io::{self, Read as _},
    time::SystemTime,
};

use hmac::Mac as _;

use super::{
    EngineHash,
    folder::Folder,
    key::{MAC_BYTES, Mac},
};
use crate::limits;

/// What an entry begins with: its format, and the format's version.
pub(super) const TAG: &[u8] = b"fondaco code 1\n\0";
const HEADER_BYTES: usize = TAG.len() + MAC_BYTES;
/// What an entry's name ends with.
const SUFFIX: &str = ".code";

/// Code that was verified.
pub(in crate::code) struct Code(Vec<u8>);

/// Why an entry is not loaded, said so that it goes on after "code in the cache".
#[derive(Debug)]
pub(super) struct Unfit(pub(super) String);

impl Code {
    pub(in crate::code) fn bytes(&self) -> &[u8] {
        self.0.get(HEADER_BYTES..).unwrap_or_default()
    }
}

/// An entry's name. It only finds the entry, so letters that have no place in a name are left out.
pub(super) fn name(digest: &str, engine: &EngineHash) -> String {
    let digest = digest.trim_start_matches("sha256:");
    let digest: String = digest.chars().filter(char::is_ascii_alphanumeric).take(64).collect();
    format!("{digest}{}", engine_suffix(engine))
}

fn engine_suffix(engine: &EngineHash) -> String {
    let engine: String = engine.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("-{engine}{SUFFIX}")
}

/// Reads an entry once, and hands over the bytes that were verified.
pub(super) fn read(folder: &Folder, name: &str, binding: &Mac) -> Result<Option<Code>, Unfit> {
    let failed = |error: io::Error| Unfit(format!("cannot be read ({error})"));
    let Some(file) = folder.read(name).map_err(failed)? else {
        return Ok(None);
    };
    let unfit = |why: &str| Unfit(why.to_owned());
    let most = HEADER_BYTES + limits::CODE_BYTES_MAX;
    let length = usize::try_from(file.metadata().map_err(failed)?.len()).ok();
    let length = length.filter(|length| *length <= most).ok_or_else(|| unfit("is too large"))?;
    let mut bytes = Vec::with_capacity(length);
    (&file).take(length as u64).read_to_end(&mut bytes).map_err(failed)?;
    let untagged = bytes.strip_prefix(TAG).ok_or_else(|| unfit("has another format"))?;
    let (mac, code) = untagged.split_at_checked(MAC_BYTES).ok_or_else(|| unfit("is cut off"))?;
    // In constant time, so that a MAC cannot be found byte by byte.
    let verified = binding.clone().chain_update(code).verify_slice(mac);
    verified.map_err(|_| unfit("was changed or is not this host's"))?;
    // So that what is used stays. If it cannot be noted, it goes earlier than it should.
    let _ = file.set_modified(SystemTime::now());
    Ok(Some(Code(bytes)))
}

/// Puts an entry there whole.
pub(super) fn write(folder: &Folder, name: &str, binding: &Mac, code: &[u8]) -> io::Result<()> {
    let mac = binding.clone().chain_update(code).finalize().into_bytes();
    folder.replace(name, &[TAG, &mac, code])
}

/// Removes entries of other engines, and then those used longest ago, until the rest is within the
/// bound.
pub(super) fn clear_out(folder: &Folder, engine: &EngineHash, bytes_max: u64) -> io::Result<()> {
    let mut entries = folder.list()?;
    entries.retain(|file| file.name.ends_with(SUFFIX));
    let ours = engine_suffix(engine);
    let (mut ours, others): (Vec<_>, Vec<_>) =
        entries.into_iter().partition(|entry| entry.name.ends_with(&ours));
    for entry in others {
        folder.remove(&entry.name);
    }
    ours.sort_by_key(|entry| entry.used_at);
    let mut bytes: u64 = ours.iter().map(|entry| entry.bytes).sum();
    for entry in ours {
        if bytes <= bytes_max {
            break;
        }
        folder.remove(&entry.name);
        bytes -= entry.bytes;
    }
    Ok(())
}
