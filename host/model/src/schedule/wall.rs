//! The clock on the wall of a time zone, as the reader of cron texts asks for it.

use std::cmp::Ordering;

use croner::{
    CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday, errors::CronError,
};
use jiff::{
    SignedDuration, ZonedDateTime,
    civil::DateTime,
    tz::{AmbiguousOffset, TimeZone},
};

use crate::Timestamp;

/// A moment with the clock that shows it.
#[derive(Clone)]
pub(super) struct Wall(ZonedDateTime);

impl Wall {
    /// The second of this moment by the clocks of this zone; nothing if it is beyond what a
    /// calendar tells. Cron texts know no part of a second.
    pub(super) fn at(moment: Timestamp, zone: &TimeZone) -> Option<Self> {
        let second = i64::try_from(moment.0 / 1_000).ok()?;
        let moment = jiff::Timestamp::from_second(second).ok()?;
        Some(Self(moment.to_zoned_datetime(zone.clone())))
    }

    /// The moment itself.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        u64::try_from(self.0.timestamp().as_millisecond()).ok().map(Timestamp)
    }
}

fn part(number: i8) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

fn small(number: u32) -> Result<i8, CronError> {
    i8::try_from(number).map_err(|_| CronError::InvalidTime)
}

fn civil(shown: CivilDateTime) -> Result<DateTime, CronError> {
    let year = i16::try_from(shown.year()).map_err(|_| CronError::InvalidDate)?;
    let (month, day) = (small(shown.month())?, small(shown.day())?);
    let (hour, minute, second) =
        (small(shown.hour())?, small(shown.minute())?, small(shown.second())?);
    DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)
}

impl CronDateTime for Wall {
    fn to_civil(&self) -> CivilDateTime {
        let shown = self.0.datetime();
        let (year, month, day) = (i32::from(shown.year()), part(shown.month()), part(shown.day()));
        let (hour, minute, second) =
            (part(shown.hour()), part(shown.minute()), part(shown.second()));
        // They are in range: a calendar shows no other.
        let date = CivilDate::from_parts_unchecked(year, month, day);
        CivilDateTime::new(date, CivilTime::from_parts_unchecked(hour, minute, second))
    }

    fn civil_weekday(&self) -> Weekday {
        Weekday::from_days_from_sunday(part(self.0.weekday().to_sunday_zero_offset()))
    }

    fn resolve_civil(&self, shown: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self.0.time_zone().to_ambiguous_zoned_datetime(civil(shown)?);
        let wall = |zoned: Result<ZonedDateTime, jiff::Error>| {
            zoned.map(Self).map_err(|_| CronError::InvalidTime)
        };
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(wall(ambiguous.unambiguous())?)
            }
            AmbiguousOffset::Fold { .. } => {
                let earlier = wall(ambiguous.clone().earlier())?;
                Resolution::Ambiguous(earlier, wall(ambiguous.later())?)
            }
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        self.0.checked_add(SignedDuration::from_secs(seconds)).ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}
