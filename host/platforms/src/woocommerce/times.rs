//! WooCommerce's moments: the fields that end in `_gmt` are UTC and do not say so.

use fondaco_model::Timestamp;
use jiff::{civil::DateTime, tz::Offset};

/// Reads a `_gmt` field, such as `2026-11-23T04:46:18`.
pub fn parse(text: &str) -> Option<Timestamp> {
    let moment: DateTime = text.strip_suffix('Z').unwrap_or(text).parse().ok()?;
    let moment = Offset::UTC.to_timestamp(moment).ok()?;
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

/// Writes a moment for a filter that is sent with `dates_are_gmt=true`, whole seconds only.
pub fn format(moment: Timestamp) -> String {
    let milliseconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
    let moment = jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX);
    Offset::UTC.to_datetime(moment).strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_without_a_zone_is_utc() {
        let moment = parse("2026-11-23T04:46:18").unwrap();
        assert_eq!(moment, Timestamp(1_795_409_178_000));
        assert_eq!(parse("2026-11-23T04:46:18Z"), Some(moment));
        assert_eq!(format(moment.plus_ms(999)), "2026-11-23T04:46:18");
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in ["", "yesterday", "0000-00-00T00:00:00", "1969-12-31T23:59:59"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn any_moment_can_be_written() {
        assert_eq!(format(Timestamp(0)), "1970-01-01T00:00:00");
        assert!(format(Timestamp(u64::MAX)).starts_with("9999-12-30T"));
    }
}
