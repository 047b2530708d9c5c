//! Schedules: the ticks that modules asked for in their manifests.
//!
//! A tick is an event like any other, so it is in order with what the module hears. It is not raised
//! while the last one of its schedule still waits to be handled. What becomes of those that were
//! missed, for that or because the host was stopped, is for each schedule to say
//! ([`Missed`]); when one is due says [`Schedule`].

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::{
    InstallId, Timestamp,
    schedule::{Beat, Missed, Schedule},
};
use jiff::tz::TimeZone;

use crate::{
    client::{Client, Ended},
    limits, now,
    setup::Mode,
};

/// A schedule of an install that works.
#[derive(Clone, Copy)]
struct Of<'a> {
    install: &'a InstallId,
    name: &'a str,
    schedule: &'a Schedule,
    zone: &'a TimeZone,
}

/// Where a schedule stands.
#[derive(Clone, Copy)]
struct Stands {
    /// What the next tick is counted from: the last one, or those that were passed over.
    last: Timestamp,
    /// When the next one is due; absent: never again.
    next: Option<Timestamp>,
}

impl Stands {
    fn after(of: Of<'_>, last: Timestamp) -> Self {
        Self { last, next: of.schedule.next(of.zone, last) }
    }
}

impl Client {
    /// Raises the first tick of each schedule that never ticked and has a beat. One that follows the
    /// clock counts from now.
    pub async fn first_ticks(&self) -> Result<(), Ended> {
        for of in self.schedules() {
            let last = self.store.last_tick(&self.setup.id, of.install, of.name).await?;
            match of.schedule.beat {
                _ if last.is_some() => {}
                Beat::Every(_) => self.raise_tick(of, now()).await?,
                Beat::Cron(_) => {
                    self.store.begin_schedule(&self.lease, of.install, of.name, now()).await?;
                }
            }
        }
        Ok(())
    }

    /// Raises ticks as they become due.
    pub async fn tick_schedules(self: Arc<Self>) -> Result<(), Ended> {
        let began = now();
        let mut all = BTreeMap::new();
        for of in self.schedules() {
            let last = self.store.last_tick(&self.setup.id, of.install, of.name).await?;
            let last = last.map_or(began, |last| last.due_at);
            let last = match of.schedule.missed {
                Missed::None => passed_over(of, last, began),
                Missed::One | Missed::All => last,
            };
            all.insert((of.install, of.name), Stands::after(of, last));
        }
        loop {
            for of in self.schedules() {
                if let Some(stands) = all.get_mut(&(of.install, of.name)) {
                    self.tick_if_due(of, stands).await?;
                }
            }
            self.sleep(limits::SCHEDULE_LOOK_EVERY).await?;
        }
    }

    async fn tick_if_due(&self, of: Of<'_>, stands: &mut Stands) -> Result<(), Ended> {
        let now = now();
        if stands.next.is_none_or(|next| next > now) {
            return Ok(());
        }
        let Some(due_at) = of.schedule.due(of.zone, stands.last, now) else {
            return Ok(());
        };
        let last = self.store.last_tick(&self.setup.id, of.install, of.name).await?;
        if last.is_some_and(|last| last.waits) {
            if of.schedule.missed == Missed::None {
                *stands = Stands::after(of, due_at);
            }
            return Ok(());
        }
        self.raise_tick(of, due_at).await?;
        *stands = Stands::after(of, due_at);
        Ok(())
    }

    fn schedules(&self) -> impl Iterator<Item = Of<'_>> {
        // A tick for an install that stands still waits with its other events.
        let on = self.setup.installs.iter().filter(|(_, setup)| setup.mode != Mode::Off);
        on.flat_map(|(install, setup)| {
            let zone = &setup.time_zone;
            let schedules = setup.schedules.iter();
            schedules.map(move |(name, schedule)| Of { install, name, schedule, zone })
        })
    }

    async fn raise_tick(&self, of: Of<'_>, due_at: Timestamp) -> Result<(), Ended> {
        if self.store.tick(&self.lease, now(), of.install, of.name, due_at).await? {
            self.wake_installs();
        }
        Ok(())
    }
}

/// What is counted from where ticks that were due before a moment do not come: the last of them.
fn passed_over(of: Of<'_>, last: Timestamp, moment: Timestamp) -> Timestamp {
    of.schedule.due(of.zone, last, moment).unwrap_or(last)
}
