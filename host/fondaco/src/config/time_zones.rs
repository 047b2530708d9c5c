//! The time zones whose clocks schedules follow: the client's, and a shop's own where it has one.
//!
//! None is taken for granted: a report at six that comes at seven is wrong every day and looks like
//! no mistake. So where a schedule follows the clock, somebody has to say which.

use std::collections::BTreeMap;

use fondaco_model::{
    ShopId,
    schedule::{Beat, Schedule},
};
use fondaco_sandbox::Grants;
use jiff::tz::TimeZone;

use super::{
    client::ShopConfig,
    mistake::Wrong,
    reader::{Node, Place},
};

/// What a client's file says of time zones.
pub(super) struct TimeZones<'c> {
    client: Option<TimeZone>,
    shops: &'c BTreeMap<ShopId, ShopConfig>,
}

impl<'c> TimeZones<'c> {
    pub(super) const fn new(
        client: Option<TimeZone>,
        shops: &'c BTreeMap<ShopId, ShopConfig>,
    ) -> Self {
        Self { client, shops }
    }

    /// The zone of an install: that of its shops, or the client's if they have several. Where no
    /// schedule follows the clock, any will do.
    pub(super) fn of(
        &self,
        install: &Place<'_>,
        schedules: &BTreeMap<String, Schedule>,
        grants: &Grants,
    ) -> Option<TimeZone> {
        let own = self.shops.values().filter(|shop| grants.sees(&shop.id));
        let own = own.map(|shop| shop.time_zone.as_ref().or(self.client.as_ref()));
        let mut different: Vec<Option<&TimeZone>> = Vec::new();
        for zone in own {
            if !different.contains(&zone) {
                different.push(zone);
            }
        }
        let zone = match *different {
            [Some(zone)] => Some(zone),
            _ => self.client.as_ref(),
        };
        let by_the_clock =
            schedules.iter().find(|(_, schedule)| matches!(schedule.beat, Beat::Cron(_)));
        match (zone, by_the_clock) {
            (Some(zone), _) => Some(zone.clone()),
            (None, None) => Some(TimeZone::UTC),
            (None, Some((name, _))) => {
                install.missing(
                    format!("its schedule `{name}` follows the clock, and no time zone is known"),
                    "add time-zone = \"Europe/Rome\", or the IANA name of another, to the client's \
                     file",
                );
                None
            }
        }
    }
}

/// Reads a time zone; absent within if none is written.
pub(super) fn read_time_zone(node: Option<&Node<'_>>) -> Option<Option<TimeZone>> {
    let Some(node) = node else {
        return Some(None);
    };
    let zone = node.parse(|text| {
        TimeZone::get(text).map_err(|_| {
            let message = format!("`{text}` is no time zone");
            Wrong::new(message, "write an IANA name, such as \"Europe/Rome\"")
        })
    });
    zone.map(Some)
}
