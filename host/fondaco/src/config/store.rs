//! Where everything durable is kept, and how much room its disk must have.

use std::path::{Path, PathBuf};

use fondaco_engine::room::RoomBounds;

use super::{
    limits::ROOM_MIB_MAX,
    mistake::Wrong,
    reader::{Node, Section},
};

/// What stands in `[store]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StoreSection {
    pub(super) folder: Option<PathBuf>,
    pub(super) room: Option<RoomBounds>,
}

/// A folder as it is written in a file.
pub(super) fn folder(node: &Node<'_>) -> Option<PathBuf> {
    node.parse(|text| {
        if text.is_empty() || text.contains('\0') {
            return Err(Wrong::new("not a folder", "name a folder, such as \"data\""));
        }
        Ok(PathBuf::from(text))
    })
}

/// Reads `[store]`.
pub(super) fn read_store(section: &mut Section<'_>, base: &Path) -> StoreSection {
    let folder = section.must("folder", "add folder = \"data\"").and_then(|node| {
        let folder = base.join(folder(&node)?);
        if folder.exists() && !folder.is_dir() {
            let message = format!("`{}` is not a folder", folder.display());
            node.place.mistake(message, "name a folder, or one that is to be made");
            return None;
        }
        Some(folder)
    });
    StoreSection { folder, room: read_room(section) }
}

fn read_room(section: &mut Section<'_>) -> Option<RoomBounds> {
    let default = RoomBounds::default();
    let alert = section.may("alert-below-mib");
    let refuse = section.may("refuse-below-mib");
    let alert_below = alert.as_ref().map_or(Some(default.alert_below), mebibytes);
    let refuse_below = refuse.as_ref().map_or(Some(default.refuse_below), mebibytes);
    let (alert_below, refuse_below) = (alert_below?, refuse_below?);
    if let Some(node) = refuse.or(alert).filter(|_| refuse_below > alert_below) {
        let message = "work would be refused before anybody is told that room is scarce";
        let fix = "let `refuse-below-mib` be at most `alert-below-mib`, which is 2048 by default";
        node.place.mistake(message, fix);
        return None;
    }
    Some(RoomBounds { alert_below, refuse_below })
}

fn mebibytes(node: &Node<'_>) -> Option<u64> {
    let number = node.number()?;
    if number > ROOM_MIB_MAX {
        let message = format!("{number} MiB is more than {ROOM_MIB_MAX}");
        node.place.mistake(message, "write how many MiB of the disk are to stay free");
        return None;
    }
    Some(number * 1024 * 1024)
}
