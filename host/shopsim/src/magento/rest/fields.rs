//! Leaving out what was not asked for: `items[sku,items[qty]],total_count`.

use serde_json::{Map, Value};

/// What is left of a value with these fields.
pub(crate) fn only(value: &Value, fields: &str) -> Value {
    filtered(value, &parse(fields))
}

#[derive(Debug, PartialEq, Eq)]
struct Field<'a> {
    name: &'a str,
    within: Vec<Field<'a>>,
}

fn parse(text: &str) -> Vec<Field<'_>> {
    let mut fields = Vec::new();
    for part in split(text) {
        match part.split_once('[') {
            Some((name, rest)) => {
                let within = parse(rest.strip_suffix(']').unwrap_or(rest));
                fields.push(Field { name, within });
            }
            None => fields.push(Field { name: part, within: Vec::new() }),
        }
    }
    fields
}

/// The parts between commas that are in no bracket.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut begins) = (Vec::new(), 0_usize, 0);
    for (index, character) in text.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(text.get(begins..index).unwrap_or_default());
                begins = index + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(begins..).unwrap_or_default());
    parts
}

fn filtered(value: &Value, fields: &[Field<'_>]) -> Value {
    match value {
        _ if fields.is_empty() => value.clone(),
        Value::Array(list) => list.iter().map(|entry| filtered(entry, fields)).collect(),
        Value::Object(object) => {
            let kept = fields.iter().filter_map(|field| {
                let value = object.get(field.name)?;
                Some((field.name.to_owned(), filtered(value, &field.within)))
            });
            Value::Object(kept.collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_was_asked_for_is_left() {
        let value = json!({
            "items": [{ "sku": "A", "id": 1, "items": [{ "qty": 2, "name": "x" }] }],
            "total_count": 1, "search_criteria": {},
        });
        assert_eq!(
            only(&value, "items[sku,items[qty]],total_count"),
            json!({ "items": [{ "sku": "A", "items": [{ "qty": 2 }] }], "total_count": 1 })
        );
    }
}
