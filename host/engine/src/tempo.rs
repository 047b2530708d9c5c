//! How often something is asked that may have nothing to tell.

use std::time::Duration;

use crate::{limits, setup::ShopSetup};

/// Times between askings: short after something was found, longer each time nothing was.
#[derive(Debug)]
pub struct Tempo {
    next: Duration,
    shortest: Duration,
    longest: Duration,
}

impl Tempo {
    /// Of a shop's polls. One that sends webhooks is polled for what they lost, always as often. One
    /// that sends nothing is asked more often while something happens.
    pub fn of_polls(shop: &ShopSetup) -> Self {
        let longest = shop.poll_every;
        let shortest = match shop.platform.capabilities().only_polled {
            true => longest / limits::POLLED_FASTER_MAX,
            false => longest,
        };
        Self { next: longest, shortest, longest }
    }

    /// Of comparing a shop's stock and prices, which reads its whole list.
    pub fn of_levels(shop: &ShopSetup) -> Self {
        let shortest = shop.poll_every;
        Self { next: shortest, shortest, longest: shortest * limits::LEVELS_SLOWER_MAX }
    }

    /// How long to wait, after something was found or nothing.
    pub fn next(&mut self, found: bool) -> Duration {
        self.next = match found {
            true => self.shortest,
            false => (self.next * 2).min(self.longest),
        };
        self.next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moves_is_asked_again_soon_and_what_does_not_ever_later() {
        let seconds = Duration::from_secs;
        let mut tempo = Tempo { next: seconds(60), shortest: seconds(7), longest: seconds(60) };
        assert_eq!(tempo.next(false), seconds(60));
        assert_eq!(tempo.next(true), seconds(7));
        assert_eq!(tempo.next(true), seconds(7));
        let waits = [(); 4].map(|()| tempo.next(false).as_secs());
        assert_eq!(waits, [14, 28, 56, 60]);
    }
}
