//! What waits for an install that stands still is bounded.
//!
//! Its events stay in the store, and nothing of them is lost: retention never passes a cursor. From
//! [`BACKLOG_ALERT_EVENTS`](limits::BACKLOG_ALERT_EVENTS) on its people have an alert. But a module
//! that everybody has forgotten must not fill the disk of all clients, so there are never more than
//! [`BACKLOG_EVENTS_MAX`](limits::BACKLOG_EVENTS_MAX). When there would be, the older half passes
//! by, as all of them would if the install were off, with an alert that needs somebody now and that
//! only a person resolves. The newer half is kept: a module that has to take stock anew gets along
//! with any part, and one that counts is nearest to the truth with the newest. The install stays
//! paused: whoever paused it had a reason, and it is still theirs to let it go on.

use fondaco_model::InstallId;

use crate::{
    client::{Client, Ended},
    limits, notices, now,
};

/// What is to be done about so many waiting events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Excess {
    /// Nothing.
    None,
    /// People are to know.
    Many,
    /// The oldest ones pass by: so many.
    TooMany(u64),
}

const fn excess(waiting: u64) -> Excess {
    if waiting > limits::BACKLOG_EVENTS_MAX {
        Excess::TooMany(waiting - limits::BACKLOG_EVENTS_MAX / 2)
    } else if waiting >= limits::BACKLOG_ALERT_EVENTS {
        Excess::Many
    } else {
        Excess::None
    }
}

impl Client {
    /// Looks how much waits for an install that stands still. `alerted`: whether that much waits
    /// was told since it stands still.
    pub async fn watch_backlog(
        &self,
        install: &InstallId,
        alerted: &mut bool,
    ) -> Result<(), Ended> {
        let id = &self.setup.id;
        let progress = self.store.install_progress(id, install).await?.unwrap_or_default();
        let last = self.store.backlog(id).await?.last_event;
        let waiting = last.saturating_sub(progress.event);
        match excess(waiting) {
            Excess::Many if !*alerted => {
                *alerted = true;
                tracing::warn!(
                    client.id = %id, install.id = %install, waiting,
                    "much waits for an install that stands still",
                );
                let alert = notices::backlog(id, install, waiting);
                self.store.raise_alert(&self.lease, now(), alert).await?;
            }
            Excess::None | Excess::Many => {}
            Excess::TooMany(oldest) => {
                let (first, until) = (progress.event + 1, progress.event + oldest);
                tracing::error!(
                    client.id = %id, install.id = %install, first, until,
                    "too much waits for an install that stands still; its oldest events pass by",
                );
                // The alert first: what passes by is told of, also if the host dies in between.
                let alert = notices::passed_by(id, install, first..=until, now());
                self.store.raise_alert(&self.lease, now(), alert).await?;
                self.store.pass(&self.lease, install, until).await?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_what_may_wait_is_left_when_there_is_too_much() {
        let (alert, most) = (limits::BACKLOG_ALERT_EVENTS, limits::BACKLOG_EVENTS_MAX);
        assert_eq!(excess(alert - 1), Excess::None);
        assert_eq!(excess(alert), Excess::Many);
        assert_eq!(excess(most), Excess::Many);
        assert_eq!(excess(most + 1), Excess::TooMany(most / 2 + 1));
        assert_eq!(excess(3 * most), Excess::TooMany(3 * most - most / 2));
    }
}
