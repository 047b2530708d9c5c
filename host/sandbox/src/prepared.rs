//! A component that is compiled and linked, ready to be installed any number of times.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use fondaco_model::run::Resource;
use wasmtime::component::{InstancePre, Linker};

use crate::{
    Grants, Hook, Inspection, LoadError, Manifest, Mismatch, Module, Sandbox,
    code::{self, CompileProgress},
    component::{digest, inspect, missing_grants},
    deliver::Deliver,
    run::Run,
    versions::Uses,
    wasi,
};

/// A component that is compiled and linked to what it imports. A clone is the same one, and so is
/// what the same bytes give again: however many installs there are of it, it is in memory once.
#[derive(Clone)]
pub struct Prepared(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub sandbox: Sandbox,
    pub inspection: Inspection,
    pub component: InstancePre<Run>,
    pub hooks: BTreeMap<Hook, Arc<dyn Deliver>>,
}

/// What is prepared already, by digest.
#[derive(Debug, Default)]
pub(crate) struct Shelf(Mutex<HashMap<String, Weak<Inner>>>);

impl Shelf {
    fn entries(&self) -> MutexGuard<'_, HashMap<String, Weak<Inner>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, digest: &str) -> Option<Prepared> {
        self.entries().get(digest).and_then(Weak::upgrade).map(Prepared)
    }

    fn put(&self, prepared: &Prepared) {
        let mut entries = self.entries();
        entries.retain(|_, entry| entry.strong_count() > 0);
        let digest = prepared.0.inspection.digest.clone();
        entries.insert(digest, Arc::downgrade(&prepared.0));
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Prepared")
            .field("id", &self.inspection.manifest.id)
            .field("version", &self.inspection.manifest.version)
            .field("digest", &self.inspection.digest)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Sandbox {
    /// Readies a component: inspects it, has it compiled unless its code is there already, and
    /// links what it imports.
    ///
    /// Compiling takes some 20 ms for a small module in Rust and seconds for one in Python, and it
    /// blocks: do it when a module is installed, never on an event's way.
    ///
    /// # Errors
    /// If [`inspect`] refuses it, or it cannot be compiled.
    pub fn prepare(
        &self,
        component: &[u8],
        progress: &dyn Fn(CompileProgress),
    ) -> Result<Prepared, LoadError> {
        let digest = digest(component);
        if let Some(prepared) = self.shelf().find(&digest) {
            return Ok(prepared);
        }
        let inspection = inspect(component)?;
        let failed = |error: wasmtime::Error| LoadError::Compile { message: format!("{error:#}") };
        let (compiler, cache) = (&self.config().compiler, self.code_cache());
        let compiled =
            code::component(self.engine(), component, &digest, compiler, cache, progress)
                .map_err(|error| LoadError::Compile { message: error.to_string() })?;
        let uses = Uses::of(&compiled);
        let mut linker = Linker::new(self.engine());
        uses.link(&mut linker).map_err(failed)?;
        if inspection.wasi {
            wasi::link(&mut linker).map_err(failed)?;
        }
        let component = linker.instantiate_pre(&compiled).map_err(failed)?;
        let hooks = uses.hooks(&component).map_err(failed)?;
        let prepared =
            Prepared(Arc::new(Inner { sandbox: self.clone(), inspection, component, hooks }));
        self.shelf().put(&prepared);
        Ok(prepared)
    }

    /// Readies a component and installs it within these grants, without lower limits.
    ///
    /// # Errors
    /// Like [`Self::prepare`] and [`Prepared::install`].
    pub fn load(&self, component: &[u8], grants: &Grants) -> Result<Module, LoadError> {
        self.prepare(component, &|_| {})?.install(grants, &BTreeMap::new())
    }
}

impl Prepared {
    /// Installs it: holds what it asks for against what the client granted, and lowers its limits to
    /// those of its manifest and of the client's file.
    ///
    /// # Errors
    /// If it asks for what is not granted, or has more parts than it may. Everything that is missing
    /// is named.
    pub fn install(
        &self,
        grants: &Grants,
        limits: &BTreeMap<Resource, u64>,
    ) -> Result<Module, LoadError> {
        let inspection = &self.0.inspection;
        let mut mismatches = missing_grants(inspection, grants);
        let limit = self.0.sandbox.config().limits;
        let limit = limit.lowered(&inspection.manifest.limits).lowered(limits);
        let (instances, most) = (u64::from(inspection.core_instances), limit[Resource::Instances]);
        if instances > most {
            mismatches.push(Mismatch::TooManyInstances { instances, most });
        }
        if !mismatches.is_empty() {
            return Err(LoadError::Refused(mismatches));
        }
        Ok(Module::new(self.clone(), inspection.effective(grants), limit))
    }

    /// What it says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.inspection.manifest
    }

    /// `sha256:` and the hexadecimal digest of its bytes.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.0.inspection.digest
    }

    /// The hooks it exports.
    #[must_use]
    pub fn hears(&self) -> &BTreeSet<Hook> {
        &self.0.inspection.hooks
    }

    /// The interfaces of the contract it imports, such as `change-stock`.
    #[must_use]
    pub fn imports(&self) -> &BTreeSet<String> {
        &self.0.inspection.imports
    }
}
