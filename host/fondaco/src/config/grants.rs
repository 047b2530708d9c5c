//! Grants: what a client lets a module do, held against what the module asks for.
//!
//! Everything asked for has to be granted, or the module could not be called at all. More than is
//! asked for is only warned of: it does nothing today.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_sandbox::{Grants, Inspection};

use super::reader::{Node, Place, nearest, one_of};

/// What a client wrote that an install may do.
#[derive(Default)]
struct Granted<'a> {
    words: BTreeMap<&'a str, Place<'a>>,
    /// Words nobody knows, read as what they were probably meant to be.
    meant: BTreeSet<&'static str>,
    any_unknown: bool,
}

impl<'a> Granted<'a> {
    fn read(node: &Node<'a>) -> Option<Self> {
        let mut granted = Self::default();
        for node in node.list()? {
            let Some(word) = node.text() else {
                granted.any_unknown = true;
                continue;
            };
            if !Grants::is_grantable(word) {
                granted.any_unknown = true;
                granted.meant.extend(nearest(word, Grants::ALL_GRANTABLE));
                let message = format!("`{word}` cannot be granted");
                node.place.mistake(message, one_of(word, Grants::ALL_GRANTABLE));
            } else if let Some(first) = granted.words.get(word) {
                let message = format!("`{word}` is already at {}", first.in_words());
                node.place.warning(message, "remove it");
            } else {
                granted.words.insert(word, node.place);
            }
        }
        Some(granted)
    }
}

/// Reads the grants of an install, and holds them against what its module asks for.
pub(super) fn read_grants(
    node: Option<&Node<'_>>,
    install: &Place<'_>,
    inspection: Option<&Inspection>,
) -> Option<Grants> {
    let granted = node.map_or_else(|| Some(Granted::default()), Granted::read)?;
    let asked: BTreeSet<&str> = inspection?.needed_grants().collect();
    let place = node.map_or(install, |node| &node.place);
    let mut all_granted = true;
    for missing in asked.iter().filter(|import| !granted.words.contains_key(**import)) {
        all_granted = false;
        if granted.meant.contains(missing) {
            continue;
        }
        let fix = if node.is_none() {
            let list: Vec<String> = asked.iter().map(|word| format!("\"{word}\"")).collect();
            format!("add grants = [{}], if the client agrees", list.join(", "))
        } else {
            format!("add \"{missing}\" to the list, if the client agrees")
        };
        place.missing(format!("the plugin asks for `{missing}`, which is not granted"), fix);
    }
    for (word, place) in granted.words.iter().filter(|(word, _)| !asked.contains(*word)) {
        let message = format!("the plugin does not ask for `{word}`");
        place.warning(message, "remove it: the plugin's next version could use it unseen");
    }
    let grants = Grants::new(granted.words.into_keys()).ok();
    grants.filter(|_| all_granted && !granted.any_unknown)
}
