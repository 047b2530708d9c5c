//! Schedules: when a module is called without anything having happened.
//!
//! A beat is either a time between two ticks, counted from the first one, or a cron text, which
//! follows the clock on the wall of a time zone. Where the clocks change, a text with a fixed hour
//! ticks once each day all the same: a time that is skipped in spring comes at the first instant
//! after the gap, one that comes twice in autumn counts the first time. A text that repeats within
//! a day follows the clock instead: nothing comes in the gap, and the hour that comes twice has its
//! ticks twice.

use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use jiff::tz::TimeZone;

use crate::Timestamp;

mod wall;

use wall::Wall;

/// Ticks that are made up for, at most, of a schedule that wants each of those it missed; the
/// newest of them.
pub const MISSED_TICKS_MAX: u32 = 100;

/// Longest cron text, in bytes.
pub const CRON_BYTES_MAX: usize = 128;

/// Fields of a cron text: minute, hour, day of the month, month, day of the week.
const CRON_FIELDS: usize = 5;

/// A cron text of five fields: minute, hour, day of the month, month, day of the week. A clone is
/// the same one, however many installs have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    text: Arc<str>,
    fields: Arc<croner::Cron>,
}

/// Why a text is no cron text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// It has another number of fields.
    #[error(
        "`{text}` has {fields} fields, and a cron text has five: minute, hour, day of the month, \
         month and day of the week"
    )]
    Fields {
        /// The text.
        text: String,
        /// How many it has.
        fields: usize,
    },
    /// It is longer than any needs to be.
    #[error("a cron text that is longer than {CRON_BYTES_MAX} bytes")]
    TooLong,
    /// A field says what it cannot.
    #[error("`{text}` is no cron text: {reason}")]
    Malformed {
        /// The text.
        text: String,
        /// Why.
        reason: String,
    },
    /// It names a day that no year has.
    #[error("`{text}` never comes: no year has that day")]
    Never {
        /// The text.
        text: String,
    },
}

impl FromStr for Cron {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let fields = text.split_whitespace().count();
        if text.len() > CRON_BYTES_MAX {
            return Err(CronError::TooLong);
        }
        if fields != CRON_FIELDS {
            return Err(CronError::Fields { text: text.to_owned(), fields });
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let fields = croner::Cron::from_str(&text).map_err(|error| CronError::Malformed {
            text: text.clone(),
            reason: error.to_string(),
        })?;
        let cron = Self { text: text.into(), fields: Arc::new(fields) };
        match cron.after(&TimeZone::UTC, Timestamp(0)) {
            Some(_) => Ok(cron),
            None => Err(CronError::Never { text: cron.to_string() }),
        }
    }
}

impl fmt::Display for Cron {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Cron {
    /// The first moment after this one at which it is due.
    #[must_use]
    pub fn after(&self, zone: &TimeZone, moment: Timestamp) -> Option<Timestamp> {
        let from = Wall::at(moment, zone)?;
        self.fields.find_next_occurrence(&from, false).ok()?.moment()
    }

    /// The last moment up to and with this one at which it was due.
    #[must_use]
    pub fn until(&self, zone: &TimeZone, moment: Timestamp) -> Option<Timestamp> {
        let from = Wall::at(moment, zone)?;
        self.fields.find_previous_occurrence(&from, true).ok()?.moment()
    }
}

/// When a schedule ticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beat {
    /// So long after the tick before.
    Every(Duration),
    /// When the clock on the wall says so.
    Cron(Cron),
}

/// What becomes of ticks that were due while the host was stopped, or while the tick before was
/// still waiting to be handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Missed {
    /// They come as one, due when the last of them was.
    #[default]
    One,
    /// Each of them comes, one after the other; of more than [`MISSED_TICKS_MAX`] the newest.
    All,
    /// None of them comes.
    None,
}

impl Missed {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::One, Self::All, Self::None];

    /// The word for it in `plugin.toml` and what is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Missed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A schedule, apart from its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// When it ticks.
    pub beat: Beat,
    /// What becomes of the ticks it missed.
    pub missed: Missed,
}

impl Schedule {
    /// When the tick after this one is due; absent: never again.
    #[must_use]
    pub fn next(&self, zone: &TimeZone, last: Timestamp) -> Option<Timestamp> {
        match &self.beat {
            Beat::Every(every) => Some(last.plus_ms(milliseconds(*every))),
            Beat::Cron(cron) => cron.after(zone, last),
        }
    }

    /// The tick that is to be raised now, of those that are due since the last one. Whether some of
    /// them are passed over as missed is for the caller to say: it knows since when it looks.
    #[must_use]
    pub fn due(&self, zone: &TimeZone, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        if now <= last {
            return None;
        }
        let newest = self.newest(zone, last, now)?;
        match self.missed {
            Missed::One | Missed::None => Some(newest),
            Missed::All => Some(self.oldest(zone, last, newest)),
        }
    }

    fn newest(&self, zone: &TimeZone, last: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let newest = match &self.beat {
            Beat::Every(every) => {
                let every = milliseconds(*every);
                last.plus_ms((now.0.saturating_sub(last.0) / every).saturating_mul(every))
            }
            Beat::Cron(cron) => cron.until(zone, now)?,
        };
        (newest > last).then_some(newest)
    }

    /// The oldest tick after the last one that is still made up for.
    fn oldest(&self, zone: &TimeZone, last: Timestamp, newest: Timestamp) -> Timestamp {
        match &self.beat {
            Beat::Every(every) => {
                let every = milliseconds(*every);
                let missed = newest.0.saturating_sub(last.0) / every;
                let passed_over = missed.saturating_sub(u64::from(MISSED_TICKS_MAX));
                last.plus_ms((passed_over + 1).saturating_mul(every))
            }
            Beat::Cron(cron) => {
                let mut oldest = newest;
                for _ in 1..MISSED_TICKS_MAX {
                    match cron.until(zone, oldest.minus_ms(1)) {
                        Some(older) if older > last && older < oldest => oldest = older,
                        _ => break,
                    }
                }
                oldest
            }
        }
    }
}

fn milliseconds(every: Duration) -> u64 {
    u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests;
