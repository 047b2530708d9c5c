//! Room: how much disk is left, and what is done when there is little.
//!
//! Below a first bound somebody is told. Below a second one nothing new is begun: intake asks shops
//! to come again, shops are not polled, no module runs and no action is sent, while what is under
//! way ends. So the store's disk is never full in the middle of a commit because of the host; and
//! once there is room again, everything goes on by itself.

use std::{io, sync::Arc, time::Duration};

use fondaco_store::NewAlert;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    client::{Client, Ended},
    limits,
    metrics::Metrics,
    notices, now,
};

/// Tells how many bytes are free on the store's disk.
pub type FreeSpace = Arc<dyn Fn() -> io::Result<u64> + Send + Sync>;

/// Below how many free bytes what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoomBounds {
    /// Somebody is told.
    pub alert_below: u64,
    /// Nothing new is begun.
    pub refuse_below: u64,
}

impl Default for RoomBounds {
    fn default() -> Self {
        Self {
            alert_below: limits::ROOM_ALERT_BELOW_BYTES,
            refuse_below: limits::ROOM_REFUSE_BELOW_BYTES,
        }
    }
}

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RoomLevel {
    /// Enough.
    #[default]
    Enough,
    /// Somebody should make some.
    Low,
    /// So little that nothing new is begun.
    Short,
}

impl RoomLevel {
    /// The word for it in metrics and on pages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enough => "enough",
            Self::Low => "low",
            Self::Short => "short",
        }
    }
}

/// How much room was found when it was last looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// Bytes that are free.
    pub free_bytes: u64,
    /// What that means.
    pub level: RoomLevel,
}

impl Client {
    /// Tells the client's people when the disk is nearly full, and when it no longer is.
    pub async fn tell_of_room(self: Arc<Self>) -> Result<(), Ended> {
        let mut room = self.room.clone();
        let mut told = None;
        loop {
            let found = *room.borrow_and_update();
            if told != Some(found.level) {
                self.tell_level(found).await?;
                told = Some(found.level);
            }
            tokio::select! {
                changed = room.changed() => if changed.is_err() { return Ok(()) },
                () = self.cancel.cancelled() => return Err(Ended::Stopped),
            }
        }
    }

    async fn tell_level(&self, room: Room) -> Result<(), Ended> {
        let (lease, at) = (&self.lease, now());
        if room.level == RoomLevel::Enough {
            self.store.resolve_alert(lease, at, NewAlert::ROOM_KEY, None).await?;
        } else {
            let alert = notices::room(room.free_bytes, room.level == RoomLevel::Short);
            self.store.raise_alert(lease, at, alert).await?;
        }
        Ok(())
    }
}

/// Looks how much room there is. What cannot be told is taken for enough: a commit that finds none
/// fails whole.
pub fn look(free_space: &FreeSpace, bounds: RoomBounds) -> Room {
    let free_bytes = free_space().unwrap_or_else(|error| {
        tracing::warn!(%error, "the free space of the store's disk cannot be told");
        u64::MAX
    });
    let level = if free_bytes < bounds.refuse_below {
        RoomLevel::Short
    } else if free_bytes < bounds.alert_below {
        RoomLevel::Low
    } else {
        RoomLevel::Enough
    };
    Room { free_bytes, level }
}

/// Looks again and again, for as long as the host works, and tells when it has changed.
pub async fn watch_room(
    free_space: FreeSpace,
    bounds: RoomBounds,
    every: Duration,
    room: watch::Sender<Room>,
    metrics: Arc<Metrics>,
    cancel: CancellationToken,
) {
    let mut told = RoomLevel::Enough;
    loop {
        let found = look(&free_space, bounds);
        metrics.store_room(found.free_bytes);
        if found.level != told {
            log_room(found);
            told = found.level;
        }
        room.send_replace(found);
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            () = cancel.cancelled() => return,
        }
    }
}

/// Says in the log that the disk is nearly full, or no longer is.
fn log_room(room: Room) {
    let free_mib = room.free_bytes / (1024 * 1024);
    match room.level {
        RoomLevel::Enough => tracing::info!(free_mib, "the store's disk has room again"),
        RoomLevel::Low => {
            tracing::warn!(free_mib, "the store's disk is nearly full; make room on it");
        }
        RoomLevel::Short => tracing::error!(
            free_mib,
            "the store's disk is so full that nothing new is begun; make room on it, and all goes on",
        ),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    const BOUNDS: RoomBounds = RoomBounds { alert_below: 100, refuse_below: 10 };

    #[test]
    fn room_is_judged_by_both_bounds() {
        let level = |free: u64| look(&(Arc::new(move || Ok(free)) as FreeSpace), BOUNDS).level;
        for (free, expected) in [
            (100, RoomLevel::Enough),
            (99, RoomLevel::Low),
            (10, RoomLevel::Low),
            (9, RoomLevel::Short),
            (0, RoomLevel::Short),
        ] {
            assert_eq!(level(free), expected, "{free}");
        }
        let untold: FreeSpace = Arc::new(|| Err(io::Error::other("untold")));
        assert_eq!(look(&untold, BOUNDS).level, RoomLevel::Enough);
    }

    #[tokio::test]
    async fn room_is_looked_at_again_and_again() {
        let free = Arc::new(AtomicU64::new(1000));
        let seen = Arc::clone(&free);
        let (room, mut found) = watch::channel(Room::default());
        let cancel = CancellationToken::new();
        let (metrics, every) = (Arc::new(Metrics::default()), Duration::from_millis(1));
        let free_space: FreeSpace = Arc::new(move || Ok(seen.load(Ordering::SeqCst)));
        let watching =
            tokio::spawn(watch_room(free_space, BOUNDS, every, room, metrics, cancel.clone()));
        for (bytes, level) in
            [(5, RoomLevel::Short), (50, RoomLevel::Low), (500, RoomLevel::Enough)]
        {
            free.store(bytes, Ordering::SeqCst);
            found.wait_for(|room| room.free_bytes == bytes && room.level == level).await.unwrap();
        }
        cancel.cancel();
        watching.await.unwrap();
    }
}
