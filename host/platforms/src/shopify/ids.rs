//! Ids and moments as the Admin API writes them.

use fondaco_model::Timestamp;

use super::refused;
use crate::{PlatformError, Unreadable, plain::Plain};

/// The API's id of something, by its number. Nothing else may become part of an id.
pub fn gid(kind: &str, id: &str) -> Result<String, PlatformError> {
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    if !digits {
        return Err(refused("ids of a Shopify shop are numbers, and this one is not"));
    }
    Ok(format!("gid://shopify/{kind}/{id}"))
}

/// The number in an id of the API's.
pub fn number(gid: &str) -> String {
    let number = gid.rsplit('/').next().unwrap_or(gid);
    number.split('?').next().unwrap_or(number).to_owned()
}

/// A number that comes as a number or a text.
pub fn plain(number: &Plain) -> String {
    number.0.trim().to_owned()
}

/// Reads a moment, such as `2026-11-23T04:46:18Z`.
pub fn moment(text: &str) -> Option<Timestamp> {
    let moment: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

/// A moment that has to be there.
pub fn dated(text: &str, what: &str, field: &str) -> Result<Timestamp, Unreadable> {
    moment(text).ok_or_else(|| Unreadable(format!("{what} has no moment in `{field}`: `{text}`")))
}

/// A filter for what was changed since a moment, whose second belongs to it.
pub fn changed_since(moment: Timestamp) -> String {
    format!("updated_at:>='{}'", written(moment))
}

/// Writes a moment, whole seconds only.
pub fn written(moment: Timestamp) -> String {
    let seconds = i64::try_from(moment.0 / 1_000).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    moment.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_of_a_kind() {
        assert_eq!(gid("Order", "17").unwrap(), "gid://shopify/Order/17");
        for bad in ["", "1/2", "x", "1 or 1"] {
            assert!(gid("Order", bad).is_err(), "{bad}");
        }
        assert_eq!(number("gid://shopify/InventoryLevel/5?inventory_item_id=6"), "5");
    }

    #[test]
    fn a_filter_has_whole_seconds() {
        let moment = moment("2026-11-23T04:46:18Z").unwrap();
        assert_eq!(changed_since(moment.plus_ms(999)), "updated_at:>='2026-11-23T04:46:18Z'");
    }
}
