//! Limits of an install: what a client's file takes away from what a run may use.

use std::collections::BTreeMap;

use fondaco_model::run::Resource;
use fondaco_sandbox::{Inspection, limits::run_limits};

use super::reader::{Node, one_of};

/// Reads the limits of an install, in the units that are counted.
pub(super) fn read_limits(
    node: Option<&Node<'_>>,
    inspection: Option<&Inspection>,
) -> Option<BTreeMap<Resource, u64>> {
    let Some(node) = node else {
        return Some(BTreeMap::new());
    };
    let host = run_limits();
    let mut limits = BTreeMap::new();
    let all_good = node.table(|section| {
        let mut all_good = true;
        for (name, place, node) in section.all() {
            let Some(resource) = Resource::from_name(name) else {
                let known = Resource::ALL.map(Resource::as_str);
                place.mistake("there is no such limit", one_of(name, known));
                all_good = false;
                continue;
            };
            let most = host[resource] / resource.scale();
            let limit = node.number().filter(|limit| in_bounds(*limit, most, &node));
            all_good &= limit.is_some();
            let Some(limit) = limit else {
                continue;
            };
            let counted = limit.saturating_mul(resource.scale());
            let own = inspection.and_then(|inspection| inspection.manifest.limits.get(&resource));
            if let Some(own) = own.filter(|own| **own < counted) {
                let own = own / resource.scale();
                let message = format!("the plugin itself goes no further than {own}");
                node.place.warning(message, "remove it, or write less");
            }
            limits.insert(resource, counted);
        }
        all_good
    })?;
    all_good.then_some(limits)
}

fn in_bounds(limit: u64, most: u64, node: &Node<'_>) -> bool {
    let wrong = if limit == 0 {
        Some("a run could use nothing of it".to_owned())
    } else if limit > most {
        Some(format!("{limit} is more than this host allows, and limits are only lowered here"))
    } else {
        None
    };
    if let Some(message) = wrong {
        node.place.mistake(message, format!("write a whole number from 1 to {most}"));
        return false;
    }
    true
}
