//! Ids and moments as the Admin API has them.

use jiff::Timestamp;
use serde_json::Value;

/// The API's id of something.
pub(crate) fn gid(kind: &str, number: u64) -> String {
    format!("gid://shopify/{kind}/{number}")
}

/// The number in an id of this kind.
pub(crate) fn number(kind: &str, id: Option<&Value>) -> Option<u64> {
    let id = id?.as_str()?.strip_prefix("gid://shopify/")?;
    let (found, number) = id.split_once('/')?;
    if found == kind { number.parse().ok() } else { None }
}

/// A moment, in whole seconds.
pub(crate) fn moment(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
