//! How long what is kept for a time only is kept.

use std::time::Duration;

use fondaco_store::Retention;

use super::{
    limits::{RETENTION_DAYS_MAX, RETENTION_DAYS_MIN},
    mistake::Wrong,
    reader::Section,
};

/// Reads `[retention]`. What is not written there is as it is by default.
pub(super) fn read_retention(section: &mut Section<'_>) -> Option<Retention> {
    let default = Retention::default();
    let mut read = |key, default| match section.may(key) {
        Some(node) => node.parse(days),
        None => Some(default),
    };
    let (replay, events) = (read("replay", default.replay), read("events", default.events));
    let (runs, actions) = (read("runs", default.runs), read("actions", default.actions));
    let dead_deliveries = read("dead-deliveries", default.dead_deliveries);
    let audit = read("audit", default.audit);
    let absent_installs = read("absent-installs", default.absent_installs);
    Some(Retention {
        replay: replay?,
        events: events?,
        runs: runs?,
        actions: actions?,
        dead_deliveries: dead_deliveries?,
        audit: audit?,
        absent_installs: absent_installs?,
    })
}

/// A whole number of days, such as `90d`.
fn days(text: &str) -> Result<Duration, Wrong> {
    let fix = format!("write {RETENTION_DAYS_MIN}d to {RETENTION_DAYS_MAX}d");
    let number = text.strip_suffix('d').filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    let days = number.and_then(|digits| digits.parse::<u32>().ok());
    match days {
        Some(days) if (RETENTION_DAYS_MIN..=RETENTION_DAYS_MAX).contains(&days) => {
            Ok(Duration::from_secs(24 * 60 * 60) * days)
        }
        Some(_) => Err(Wrong::new(format!("`{text}` is too short or too long"), fix)),
        None => Err(Wrong::new(format!("`{text}` is no number of days"), fix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_bounds() {
        assert_eq!(days("90d").unwrap(), Duration::from_secs(90 * 86_400));
        for bad in ["", "d", "90", "0d", "-1d", "+1d", "1.5d", "90 d", "36501d", "99999999999d"] {
            assert!(days(bad).is_err(), "{bad}");
        }
    }
}
