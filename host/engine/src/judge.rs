//! Judging: whether a proposal may be done, in the commit and again just before it is.
//!
//! That the module may propose this kind of action at all was decided when it was loaded: what was
//! not granted is not there to be called. Here it is about this one proposal, by what the client's
//! file says now.

use fondaco_model::{ActionKind, InstallId};

use crate::setup::{ClientSetup, Mode};

/// Says why an action may not be carried out; nothing if it may. One whose install stands still is
/// not asked about: it waits.
pub fn objection(client: &ClientSetup, id: &InstallId, kind: &ActionKind) -> Option<String> {
    match client.installs.get(id).map(|install| install.mode) {
        Some(Mode::Off) => Some("its module is off".to_owned()),
        Some(Mode::Shadow) => Some("its module runs in shadow now".to_owned()),
        Some(Mode::Live | Mode::Paused) | None => objection_to_proposal(client, id, kind),
    }
}

/// Says why what a run proposed may not become an action; nothing if it may.
pub fn objection_to_proposal(
    client: &ClientSetup,
    id: &InstallId,
    kind: &ActionKind,
) -> Option<String> {
    let Some(install) = client.installs.get(id) else {
        return Some("its module is no longer installed".to_owned());
    };
    let interface = kind.interface();
    if !install.module.imports().contains(interface) {
        return Some(format!("`{interface}` is no longer granted to its module"));
    }
    let winner = client.wins.get(interface).filter(|winner| *winner != id);
    // What only adds something is no matter of winning.
    if let Some(winner) = winner.filter(|_| kind.sets()) {
        return Some(format!("`{winner}` is the one that writes by `{interface}` for this client"));
    }
    match kind.shop() {
        Some(shop) if !client.shops.contains_key(shop) => {
            Some(format!("there is no shop `{shop}` in the client's file"))
        }
        _ => None,
    }
}
