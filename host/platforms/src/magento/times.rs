//! Magento's moments: `2026-11-23 04:47:05`, UTC, without saying so. Only the days of a special price
//! are by the shop's own clock.

use fondaco_model::Timestamp;
use jiff::{
    ToSpan as _,
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

const FORMAT: &str = "%Y-%m-%d %H:%M:%S";

/// Reads a moment.
pub fn parse(text: &str) -> Option<Timestamp> {
    let moment: DateTime = text.parse().ok()?;
    of(Offset::UTC.to_timestamp(moment).ok()?)
}

/// Writes a moment for a filter, whole seconds only.
pub fn format(moment: Timestamp) -> String {
    Offset::UTC.to_datetime(to(moment)).strftime(FORMAT).to_string()
}

/// The day that begins at this moment by the shop's clock; absent: none does.
pub fn day_beginning(moment: Timestamp, zone: &TimeZone) -> Option<Date> {
    let day = to(moment).to_zoned_datetime(zone.clone()).date();
    (begins(day, zone)? == moment).then_some(day)
}

/// When a day of the shop's begins.
pub fn begins(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    of(day.to_zoned_datetime(zone.clone()).ok()?.timestamp())
}

/// The day before and the day after.
pub fn before(day: Date) -> Option<Date> {
    day.checked_sub(1.day()).ok()
}

pub fn after(day: Date) -> Option<Date> {
    day.checked_add(1.day()).ok()
}

/// Reads the day of a special price, such as `2026-11-23 00:00:00`.
pub fn day(text: &str) -> Option<Date> {
    let day = text.split([' ', 'T']).next()?;
    day.parse().ok()
}

/// Writes the day of a special price.
pub fn day_text(day: Date) -> String {
    format!("{day} 00:00:00")
}

fn of(moment: jiff::Timestamp) -> Option<Timestamp> {
    u64::try_from(moment.as_millisecond()).ok().map(Timestamp)
}

fn to(moment: Timestamp) -> jiff::Timestamp {
    let milliseconds = i64::try_from(moment.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_utc() {
        let moment = parse("2026-11-23 04:46:18").unwrap();
        assert_eq!(moment, Timestamp(1_795_409_178_000));
        assert_eq!(format(moment.plus_ms(999)), "2026-11-23 04:46:18");
        for bad in ["", "yesterday", "0000-00-00 00:00:00"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(format(Timestamp(u64::MAX)).starts_with("9999-12-30 "));
    }

    #[test]
    fn days_begin_by_the_shops_clock_also_when_it_is_changed() {
        let rome = TimeZone::get("Europe/Rome").unwrap();
        let sunday = day("2026-10-25 00:00:00").unwrap();
        let begins_at = begins(sunday, &rome).unwrap();
        assert_eq!(format(begins_at), "2026-10-24 22:00:00");
        assert_eq!(day_beginning(begins_at, &rome), Some(sunday));
        assert_eq!(day_beginning(begins_at.plus_ms(1), &rome), None);
        // That night has an hour more.
        let monday = after(sunday).unwrap();
        assert_eq!(format(begins(monday, &rome).unwrap()), "2026-10-25 23:00:00");
        assert_eq!(before(monday), Some(sunday));
        assert_eq!(day_text(sunday), "2026-10-25 00:00:00");
    }
}
