//! From a core module to the one file that is a whole plugin.

use std::borrow::Cow;

use anyhow::{Context as _, Result};
use wasm_encoder::{ComponentSection as _, CustomSection};
use wit_component::ComponentEncoder;

/// Makes a core module, compiled against the contract, into a component.
///
/// # Errors
/// When it imports something that the contract does not have, such as the functions of a system.
pub(super) fn from_module(module: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder.module(module).context("it does not say what of the contract it uses")?;
    encoder.validate(true).encode().context("it does not fit the contract")
}

/// Adds a custom section at the end of a component.
pub(super) fn append_section(component: &mut Vec<u8>, name: &str, content: &[u8]) {
    let section = CustomSection { name: Cow::Borrowed(name), data: Cow::Borrowed(content) };
    section.append_to_component(component);
}
