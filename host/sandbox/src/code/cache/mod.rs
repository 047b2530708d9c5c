//! The code cache: a folder of compiled code that is not compiled again.
//!
//! An entry is named by its component's digest and its engine, and is shared by all who load that
//! component. The name only finds it. Whether it is loaded is decided by its MAC, over the engine,
//! the digest and the code, under a key that is in the folder too and that only this user can
//! read. So an entry that was damaged, cut off, brought from elsewhere, or put under another name
//! is worth nothing, and is compiled again and replaced. Who can read the key can already act as
//! this user; the folder belongs to nobody else, and is refused if others can write to it.
//!
//! It is a cache: removing anything in it, at any time, costs time and nothing else. Several hosts
//! of one user can share a folder, also hosts of different versions, though each that starts
//! removes what the others' engines made.

mod entry;
mod folder;
mod key;

use std::{
    collections::BTreeSet,
    fmt,
    hash::{Hash as _, Hasher},
    path::{Path, PathBuf},
    sync::{Condvar, Mutex, PoisonError},
};

pub(super) use entry::Code;
use entry::Unfit;
use folder::Folder;
use key::Key;
use sha2::{Digest as _, Sha256};
use wasmtime::Engine;

use crate::limits;

/// Compiled code in a folder.
pub struct CodeCache {
    folder: Folder,
    key: Key,
    engine: EngineHash,
    bytes_max: u64,
    /// The digests that somebody is loading.
    loading: Mutex<BTreeSet<String>>,
    loaded: Condvar,
}

/// What stands for an engine's version and settings: code of another one does not fit.
type EngineHash = [u8; 32];

/// Why a folder cannot be used as a code cache.
#[derive(Debug, thiserror::Error)]
pub enum CodeCacheError {
    /// It cannot be made, read or written.
    #[error("the folder of the code cache, {}, cannot be used", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is somebody else's.
    #[error(
        "the folder of the code cache, {}, belongs to user {owner}, and this is user {user}; \
         whoever owns it could have any code run: name another one",
        folder.display()
    )]
    NotOurs {
        /// The folder.
        folder: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who runs this.
        user: u32,
    },
    /// Others can put code into it.
    #[error(
        "others can write to the folder of the code cache, {} (mode {mode:03o}), and could have any \
         code run: empty it and `chmod 700` it",
        folder.display()
    )]
    OthersCanWrite {
        /// The folder.
        folder: PathBuf,
        /// Its mode.
        mode: u32,
    },
}

impl fmt::Debug for CodeCache {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CodeCache").field("folder", &self.folder.path()).finish()
    }
}

impl CodeCache {
    /// Opens a folder, which is made if it is not there, to keep code for this engine, and removes
    /// what was kept for others.
    ///
    /// # Errors
    /// If it cannot be used, or is not this user's alone to write.
    pub fn open(folder: &Path, engine: &Engine) -> Result<Self, CodeCacheError> {
        let folder = Folder::open(folder)?;
        let key = Key::of(&folder)
            .map_err(|source| CodeCacheError::Folder { folder: folder.path().into(), source })?;
        let cache = Self {
            folder,
            key,
            engine: engine_hash(engine),
            bytes_max: limits::CODE_CACHE_BYTES_MAX,
            loading: Mutex::default(),
            loaded: Condvar::new(),
        };
        cache.clear_out();
        Ok(cache)
    }

    /// With another bound on the bytes it keeps than [`limits::CODE_CACHE_BYTES_MAX`].
    #[must_use]
    pub fn with_bytes_max(mut self, bytes_max: u64) -> Self {
        self.bytes_max = bytes_max;
        self.clear_out();
        self
    }

    /// Waits until nobody else loads this digest, and keeps others from it until it is dropped.
    pub(super) fn alone(&self, digest: &str) -> Alone<'_> {
        let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = |loading: &mut BTreeSet<String>| loading.contains(digest);
        let mut loading =
            self.loaded.wait_while(loading, taken).unwrap_or_else(PoisonError::into_inner);
        loading.insert(digest.to_owned());
        Alone { cache: self, digest: digest.to_owned() }
    }

    /// The code of a component, if it is here and good.
    pub(super) fn find(&self, digest: &str) -> Option<Code> {
        match entry::read(&self.folder, &self.name(digest), &self.binding(digest)) {
            Ok(code) => code,
            Err(Unfit(reason)) => {
                tracing::warn!(
                    component = digest,
                    folder = %self.folder.path().display(),
                    "code in the cache {reason}; it is not loaded but compiled again"
                );
                None
            }
        }
    }

    /// Keeps the code of a component, in place of what there may be.
    pub(super) fn keep(&self, digest: &str, code: &[u8]) {
        if code.len() as u64 > self.bytes_max {
            return;
        }
        if let Err(error) =
            entry::write(&self.folder, &self.name(digest), &self.binding(digest), code)
        {
            tracing::warn!(
                component = digest,
                folder = %self.folder.path().display(),
                "code cannot be kept in the cache and will be compiled again next time: {error}"
            );
        }
        self.clear_out();
    }

    fn name(&self, digest: &str) -> String {
        entry::name(digest, &self.engine)
    }

    /// The MAC, begun with all that an entry belongs to.
    fn binding(&self, digest: &str) -> key::Mac {
        self.key.mac(&[entry::TAG, &self.engine, digest.as_bytes()])
    }

    /// Removes what cannot be used any more, and then what was not used for longest, until the rest
    /// is within the bound.
    fn clear_out(&self) {
        if let Err(error) = entry::clear_out(&self.folder, &self.engine, self.bytes_max) {
            let folder = self.folder.path().display();
            tracing::warn!(%folder, "the code cache cannot be cleared out: {error}");
        }
    }
}

/// Keeps others from loading what one is loading.
pub(super) struct Alone<'a> {
    cache: &'a CodeCache,
    digest: String,
}

impl Drop for Alone<'_> {
    fn drop(&mut self) {
        let loading = self.cache.loading.lock();
        loading.unwrap_or_else(PoisonError::into_inner).remove(&self.digest);
        self.cache.loaded.notify_all();
    }
}

fn engine_hash(engine: &Engine) -> EngineHash {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    hasher.0.finalize().into()
}

/// The standard library's hasher is neither stable nor wide enough to name a file by.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest.iter().take(8).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use wasmtime::Engine;

    use super::engine_hash;
    use crate::{Sandbox, SandboxConfig, engine::compile_config};

    /// The pool is no part of what code depends on: what is compiled without it loads with it.
    #[test]
    fn the_engine_that_compiles_makes_code_for_the_engine_that_runs() {
        let compiles = Engine::new(&compile_config()).unwrap();
        for concurrent_runs in [1, 4] {
            let config = SandboxConfig { concurrent_runs, ..SandboxConfig::default() };
            let runs = Sandbox::new(config).unwrap();
            assert_eq!(engine_hash(&compiles), engine_hash(runs.engine()));
        }
        let mut other = compile_config();
        other.consume_fuel(false);
        assert_ne!(engine_hash(&compiles), engine_hash(&Engine::new(&other).unwrap()));
    }
}
