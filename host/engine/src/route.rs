//! Routing: which events an install hears.

use fondaco_model::{Event, InstallId};

use crate::setup::{InstallSetup, Mode};

/// Whether an install hears an event: it works, listens to this kind, is meant, and did not cause
/// it itself.
pub fn hears(install: &InstallId, setup: &InstallSetup, event: &Event) -> bool {
    let meant = match event.body.addressee() {
        Some(addressee) => addressee == install,
        None => event.caused_by.as_ref().is_none_or(|cause| cause.install != *install),
    };
    let listens = event
        .body
        .hook()
        .is_some_and(|hook| setup.module.hears().iter().any(|heard| heard.as_str() == hook));
    setup.mode == Mode::Live && meant && listens
}
