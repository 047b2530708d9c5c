//! JSON as PHP's `json_encode` writes it.
//!
//! `ö` goes out as `\u00f6` and `/` as `\/`, in answers and webhooks alike. A receiver that checks a
//! signature over the text it wrote itself instead of the bytes it got fails here as it would
//! against a real shop.

use std::fmt::Write as _;

use serde_json::{Number, Value};

/// The text of a value.
pub(crate) fn encode(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    text
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Null => text.push_str("null"),
        Value::Bool(flag) => text.push_str(if *flag { "true" } else { "false" }),
        Value::Number(number) => write_number(text, number),
        Value::String(string) => write_string(text, string),
        Value::Array(entries) => {
            text.push('[');
            for (index, entry) in entries.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_value(text, entry);
            }
            text.push(']');
        }
        Value::Object(entries) => {
            text.push('{');
            for (index, (key, entry)) in entries.iter().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(text, key);
                text.push(':');
                write_value(text, entry);
            }
            text.push('}');
        }
    }
}

/// PHP drops the fraction of a whole float: a price of 25.0 is `25`.
fn write_number(text: &mut String, number: &Number) {
    let written = number.to_string();
    text.push_str(written.strip_suffix(".0").unwrap_or(&written));
}

fn write_string(text: &mut String, string: &str) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '/' => text.push_str("\\/"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            ' '..='\u{7f}' => text.push(character),
            _ => {
                let mut units = [0_u16; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a string cannot fail.
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_as_php_does() {
        let value = json!({ "a/b": "Caffè 漢 🙂 \"x\"\n\u{1}", "n": [25.0, 8.1885245, 3, null] });
        assert_eq!(
            encode(&value),
            r#"{"a\/b":"Caff\u00e8 \u6f22 \ud83d\ude42 \"x\"\n\u0001","n":[25,8.1885245,3,null]}"#
        );
    }
}
