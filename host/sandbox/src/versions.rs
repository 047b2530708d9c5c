//! The versions of the contract that this host serves side by side.
//!
//! Within a minor version only functions and interfaces are added, so one entry serves all its
//! patches. A new minor version, which changes types, is a new entry with bindings of its own; both
//! convert to and from the model, and a host has modules of both.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use semver::Version;
use wasmtime::component::{Component, InstancePre, Linker};

use crate::{
    Hook,
    contract::{InterfaceName, VERSION},
    deliver::{Deliver, Hooks},
    imports,
    run::Run,
};

/// Looks up these of a component's hooks, and checks their types.
type FindHooks = fn(&BTreeSet<Hook>, &InstancePre<Run>) -> wasmtime::Result<Arc<dyn Deliver>>;

/// One version of the contract.
pub(crate) struct ContractVersion {
    /// Its number.
    pub version: &'static str,
    /// Puts these of its interfaces into a linker.
    pub link: fn(&mut Linker<Run>, &BTreeSet<String>) -> wasmtime::Result<()>,
    /// Finds hooks of this version.
    pub hooks: FindHooks,
}

/// The newest first.
pub(crate) const SERVED: &[ContractVersion] = &[
    #[cfg(test)]
    tests::NEXT,
    ContractVersion {
        version: VERSION,
        link: imports::link,
        hooks: |hears, component| Ok(Arc::new(Hooks::of(hears, component)?)),
    },
];

impl ContractVersion {
    /// Whether a module that was built for this version is served: an older patch is, a newer one
    /// may need what is not here.
    pub fn serves(&self, asked: &Version) -> bool {
        let Ok(served) = Version::parse(self.version) else {
            return false;
        };
        let same_minor = (asked.major, asked.minor) == (served.major, served.minor);
        same_minor && asked.pre.is_empty() && asked.patch <= served.patch
    }
}

/// What a component uses of each version, by what it imports and exports.
#[derive(Default)]
pub(crate) struct Uses {
    imports: BTreeMap<&'static str, BTreeSet<String>>,
    hooks: BTreeMap<&'static str, BTreeSet<Hook>>,
}

impl Uses {
    pub fn of(component: &Component) -> Self {
        let engine = component.engine();
        let outside = component.component_type();
        let mut uses = Self::default();
        for (name, _) in outside.imports(engine) {
            if let Some((name, served)) = served(name) {
                let imports = uses.imports.entry(served.version).or_default();
                imports.insert(name.interface.to_owned());
            }
        }
        let exported = outside.exports(engine).filter_map(|(name, _)| served(name));
        for (name, served) in exported {
            if let Some(hook) = Hook::from_name(name.interface) {
                uses.hooks.entry(served.version).or_default().insert(hook);
            }
        }
        uses
    }

    /// Puts what it imports into a linker, and nothing else.
    pub fn link(&self, linker: &mut Linker<Run>) -> wasmtime::Result<()> {
        for served in SERVED {
            if let Some(imports) = self.imports.get(served.version) {
                (served.link)(linker, imports)?;
            }
        }
        Ok(())
    }

    /// Looks up its hooks. One that it exports in two versions is called in the newer.
    pub fn hooks(
        &self,
        component: &InstancePre<Run>,
    ) -> wasmtime::Result<BTreeMap<Hook, Arc<dyn Deliver>>> {
        let mut all = BTreeMap::new();
        for served in SERVED {
            let Some(hooks) = self.hooks.get(served.version) else {
                continue;
            };
            let found = (served.hooks)(hooks, component)?;
            for hook in hooks {
                all.entry(*hook).or_insert_with(|| Arc::clone(&found));
            }
        }
        Ok(all)
    }
}

fn served(name: &str) -> Option<(InterfaceName<'_>, &'static ContractVersion)> {
    let name = InterfaceName::parse(name)?;
    let served = name.served()?;
    Some((name, served))
}

#[cfg(test)]
mod tests;
