//! Reading and writing the fields of a stored product or order.
//!
//! Both are kept as the JSON object the API shows, so that a captured one is taken over without
//! loss; these functions are the only places that know how a field is spelled in it.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

use super::market::{Market, from_gmt, gmt};

/// A stored JSON object.
pub(crate) type Fields = Map<String, Value>;

/// The members of an object literal.
pub(crate) fn object(value: Value) -> Fields {
    match value {
        Value::Object(fields) => fields,
        _ => Fields::new(),
    }
}

/// A text, empty where there is none.
pub(crate) fn text<'f>(fields: &'f Fields, key: &str) -> &'f str {
    fields.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number.
pub(crate) fn integer(fields: &Fields, key: &str) -> Option<i64> {
    fields.get(key).and_then(Value::as_i64)
}

/// An id, zero where there is none.
pub(crate) fn id(fields: &Fields, key: &str) -> u64 {
    fields.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// An amount written as text, zero where it is none.
pub(crate) fn money(fields: &Fields, key: &str) -> Decimal {
    text(fields, key).parse().unwrap_or(Decimal::ZERO)
}

/// The objects of a list.
pub(crate) fn objects<'f>(fields: &'f Fields, key: &str) -> impl Iterator<Item = &'f Fields> {
    fields.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object)
}

/// The objects of a list, to change.
pub(crate) fn objects_mut<'f>(
    fields: &'f mut Fields,
    key: &str,
) -> impl Iterator<Item = &'f mut Fields> {
    fields
        .get_mut(key)
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

/// Sets a field.
pub(crate) fn set(fields: &mut Fields, key: &str, value: impl Into<Value>) {
    fields.insert(key.to_owned(), value.into());
}

/// Sets `date_<what>` in both its spellings, to the second.
pub(crate) fn set_date(fields: &mut Fields, what: &str, at: Option<Timestamp>, market: &Market) {
    set(fields, &format!("date_{what}"), at.map_or(Value::Null, |at| json!(market.local(at))));
    set(fields, &format!("date_{what}_gmt"), at.map_or(Value::Null, |at| json!(gmt(at))));
}

/// The moment of `date_<what>`.
pub(crate) fn date(fields: &Fields, what: &str) -> Option<Timestamp> {
    from_gmt(text(fields, &format!("date_{what}_gmt")))
}

/// The value of a line's metadata, as a number.
pub(crate) fn meta_integer(line: &Fields, key: &str) -> Option<i64> {
    let entry = objects(line, "meta_data").find(|entry| text(entry, "key") == key)?;
    match entry.get("value")? {
        Value::String(digits) => digits.parse().ok(),
        other => other.as_i64(),
    }
}

/// Sets the value of a line's metadata. What has the key already keeps its id; else the row is one.
pub(crate) fn set_line_meta(line: &mut Fields, row: u64, key: &str, value: i64) {
    let value = value.to_string();
    let known = objects_mut(line, "meta_data").find(|entry| text(entry, "key") == key);
    if let Some(known) = known {
        set(known, "value", value.clone());
        set(known, "display_value", value);
    } else if let Some(all) = line.get_mut("meta_data").and_then(Value::as_array_mut) {
        all.push(line_meta(row, key, key, &value));
    }
}

/// Stores metadata as it was sent: with the `id` of what is there already that is changed, else what
/// has the key; what is neither is added under a new row. A null takes it away.
pub(crate) fn store_meta(fields: &mut Fields, sent: &Fields, mut take_row: impl FnMut() -> u64) {
    for entry in objects(sent, "meta_data") {
        let (wanted, key) = (id(entry, "id"), text(entry, "key"));
        let value = entry.get("value").cloned().unwrap_or_default();
        let all = fields.entry("meta_data").or_insert_with(|| json!([]));
        let Some(all) = all.as_array_mut() else {
            continue;
        };
        let at = all
            .iter()
            .position(|known| if wanted > 0 { known["id"] == wanted } else { known["key"] == key });
        match at {
            Some(at) if value.is_null() => {
                all.remove(at);
            }
            Some(at) => {
                if !key.is_empty() {
                    all[at]["key"] = json!(key);
                }
                all[at]["value"] = value;
            }
            None if value.is_null() => {}
            None => all.push(json!({ "id": take_row(), "key": key, "value": value })),
        }
    }
}

/// Metadata of a line as the API shows it.
pub(crate) fn line_meta(row: u64, key: &str, label: &str, value: &str) -> Value {
    json!({ "id": row, "key": key, "value": value, "display_key": label, "display_value": value })
}

/// Names go out with the ampersand escaped, as observed; other characters are left.
pub(crate) fn escaped(name: &str) -> String {
    name.replace('&', "&amp;")
}
