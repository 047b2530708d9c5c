//! Schedules: the ticks that modules asked for in their manifests.
//!
//! A tick is an event like any other, so it is in order with what the module hears. Ticks that were
//! missed while the host was stopped come as one, and a tick is not raised while the last one of
//! its schedule still waits to be handled.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fondaco_model::{InstallId, Timestamp};

use crate::{
    client::{Client, Ended},
    limits, now,
    setup::Mode,
};

impl Client {
    /// Raises the first tick of each schedule that never ticked.
    pub async fn first_ticks(&self) -> Result<(), Ended> {
        for (install, schedule, _) in self.schedules() {
            let last = self.store.last_tick(&self.setup.id, install, schedule).await?;
            if last.is_none() {
                self.raise_tick(install, schedule, now()).await?;
            }
        }
        Ok(())
    }

    /// Raises ticks as they become due.
    pub async fn tick_schedules(self: Arc<Self>) -> Result<(), Ended> {
        let mut last_ticks = BTreeMap::new();
        for (install, schedule, _) in self.schedules() {
            let last = self.store.last_tick(&self.setup.id, install, schedule).await?;
            last_ticks.insert((install, schedule), last);
        }
        loop {
            for (install, schedule, every) in self.schedules() {
                let last = last_ticks.entry((install, schedule)).or_default();
                if let Some(due_at) = due(*last, every, now()) {
                    self.raise_tick(install, schedule, due_at).await?;
                    *last = Some(due_at);
                }
            }
            self.sleep(limits::SCHEDULE_LOOK_EVERY).await?;
        }
    }

    fn schedules(&self) -> impl Iterator<Item = (&InstallId, &str, Duration)> {
        // A tick for an install that stands still waits with its other events.
        let on = self.setup.installs.iter().filter(|(_, setup)| setup.mode != Mode::Off);
        on.flat_map(|(install, setup)| {
            setup.schedules.iter().map(move |(name, every)| (install, name.as_str(), *every))
        })
    }

    async fn raise_tick(
        &self,
        install: &InstallId,
        schedule: &str,
        due_at: Timestamp,
    ) -> Result<(), Ended> {
        if self.store.tick(&self.lease, now(), install, schedule, due_at).await? {
            self.wake_installs();
        }
        Ok(())
    }
}

/// When the newest tick was due that is due by now, if it is newer than the last one.
fn due(last: Option<Timestamp>, every: Duration, now: Timestamp) -> Option<Timestamp> {
    let every = u64::try_from(every.as_millis()).unwrap_or(u64::MAX).max(1);
    let Some(last) = last else { return Some(now) };
    let missed = now.0.checked_sub(last.0)? / every;
    (missed > 0).then(|| last.plus_ms(missed.saturating_mul(every)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_keep_their_beat_and_missed_ones_come_as_one() {
        let every = Duration::from_millis(100);
        let check = |last: Option<u64>, now: u64, expected: Option<u64>| {
            assert_eq!(
                due(last.map(Timestamp), every, Timestamp(now)),
                expected.map(Timestamp),
                "{last:?} {now}"
            );
        };
        check(None, 50, Some(50));
        check(Some(50), 149, None);
        check(Some(50), 150, Some(150));
        check(Some(50), 399, Some(350));
        check(Some(500), 400, None);
    }
}
