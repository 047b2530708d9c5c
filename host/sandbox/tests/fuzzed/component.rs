//! Components, from arbitrary bytes to what is known of them. Nothing is compiled.

use std::collections::BTreeSet;

use fondaco_sandbox::{ALWAYS_THERE, Grants, LoadError, inspect, limits};

/// Inspects the bytes. Tells whether they are a component that can be used.
pub fn holds(bytes: &[u8]) -> bool {
    let inspection = match inspect(bytes) {
        Ok(inspection) => inspection,
        Err(error) => {
            refused(&error, bytes);
            return false;
        }
    };
    assert_eq!(inspect(bytes).map(|again| again.digest), Ok(inspection.digest.clone()));
    assert_eq!(inspection.bytes, bytes.len());
    assert!(!inspection.hooks.is_empty(), "it hears nothing");
    for import in &inspection.imports {
        let grantable = Grants::is_grantable(import);
        assert!(grantable || ALWAYS_THERE.contains(&import.as_str()), "{import}");
        let has_reason = inspection.manifest.reasons.contains_key(import);
        assert!(has_reason || !grantable, "{import} has no reason");
    }
    // Whatever is granted, it may do no more than it asks for.
    let asked = inspection.asked();
    let imports: BTreeSet<&str> = inspection.needed_grants().collect();
    let effective = inspection.effective(&Grants::all());
    assert!(effective.iter().all(|name| imports.contains(name)), "{effective:?} of {asked:?}");
    let nothing = inspection.effective(&Grants::default());
    assert!(!asked.iter().any(|asked| nothing.allows(asked)), "{nothing:?} of {asked:?}");
    true
}

/// A refusal says something, says the same each time, and does not pour out what it was fed.
fn refused(error: &LoadError, bytes: &[u8]) {
    assert_eq!(inspect(bytes).err().as_ref(), Some(error));
    let told = error.to_string();
    assert!(!told.trim().is_empty(), "{error:?}");
    match error {
        LoadError::Refused(mismatches) => {
            assert!(!mismatches.is_empty(), "refused for nothing");
            // Each name is told at most once for itself, and with it what this host has.
            assert!(mismatches.len() <= 3 * limits::COMPONENT_NAMES_MAX, "{}", mismatches.len());
        }
        LoadError::Manifest(mistakes) => assert!(!mistakes.0.is_empty(), "refused for nothing"),
        _ => {}
    }
}
