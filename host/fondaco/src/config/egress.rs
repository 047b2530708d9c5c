//! What modules may reach over HTTP although it is within the host's own network.

use std::{collections::BTreeMap, net::SocketAddr};

use super::{
    limits::EGRESS_ADDRESSES_MAX,
    mistake::Wrong,
    reader::{Place, Section},
};

/// Where modules' HTTP requests may go beyond the public internet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Egress {
    /// Private addresses that modules may reach nevertheless, such as an ERP in the office. A
    /// module needs the host's name granted all the same.
    pub allow: Vec<SocketAddr>,
}

/// Reads `[egress]`.
pub(super) fn read_egress(section: &mut Section<'_>) -> Option<Egress> {
    let Some(node) = section.may("allow") else {
        return Some(Egress::default());
    };
    let nodes = node.list()?;
    if nodes.len() > EGRESS_ADDRESSES_MAX {
        let message = format!("{} addresses, and {EGRESS_ADDRESSES_MAX} are the most", nodes.len());
        node.place.mistake(message, "remove some");
        return None;
    }
    let mut places: BTreeMap<SocketAddr, Place<'_>> = BTreeMap::new();
    let mut all_good = true;
    for node in nodes {
        let Some(address) = node.parse(address) else {
            all_good = false;
            continue;
        };
        if let Some(first) = places.get(&address) {
            let message = format!("`{address}` is already at {}", first.in_words());
            node.place.warning(message, "remove it");
        } else {
            places.insert(address, node.place);
        }
    }
    all_good.then(|| Egress { allow: places.into_keys().collect() })
}

/// One address with its port. A network would open more than its owner looked at.
fn address(text: &str) -> Result<SocketAddr, Wrong> {
    let example = "write one, such as \"10.0.0.5:8443\" or \"[fd00::5]:8443\"";
    let address: SocketAddr = text
        .parse()
        .map_err(|_| Wrong::new(format!("`{text}` is not an IP address with a port"), example))?;
    let ip = address.ip();
    if address.port() == 0 || ip.is_unspecified() || ip.is_multicast() {
        return Err(Wrong::new(format!("nothing can be reached at `{address}`"), example));
    }
    Ok(address)
}
