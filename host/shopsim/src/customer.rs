//! Somebody who buys, and sometimes thinks better of it.
//!
//! Every draw comes from the seed: the same seed, shops and stock give the same sequence of carts
//! and cancellations. Only the pace is the clock's.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::{AnyShop, BuyError, PlacedOrder};

/// Most SKUs of a cart.
const LINES_MAX: usize = 3;
/// Most units of a SKU.
const UNITS_MAX: i64 = 3;

/// How a customer behaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CustomerOptions {
    /// Carts and cancellations per second, over all shops.
    pub orders_per_second: f64,
    /// How many of them cancel an earlier order instead, from 0 to 1.
    pub cancel_share: f64,
}

/// What a customer did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CustomerReport {
    /// Bought.
    Placed {
        /// Index of the shop among the customer's.
        shop: usize,
        /// The order.
        order: PlacedOrder,
    },
    /// Had an earlier order cancelled.
    Cancelled {
        /// Index of the shop among the customer's.
        shop: usize,
        /// The order.
        order: PlacedOrder,
    },
    /// Went away without: it could not be had, or there was nothing to buy.
    Left {
        /// Index of the shop among the customer's.
        shop: usize,
        /// Why.
        reason: BuyError,
    },
}

/// A buying customer of some shops.
pub struct Customer {
    shops: Vec<AnyShop>,
    options: CustomerOptions,
    reports: Option<mpsc::Sender<CustomerReport>>,
    mind: Mutex<Mind>,
}

struct Mind {
    random: StdRng,
    open: Vec<(usize, PlacedOrder)>,
}

impl Customer {
    /// A customer of these shops.
    #[must_use]
    pub fn new(
        shops: impl IntoIterator<Item = impl Into<AnyShop>>,
        seed: u64,
        options: CustomerOptions,
    ) -> Self {
        let shops = shops.into_iter().map(Into::into).collect();
        let mind = Mind { random: StdRng::seed_from_u64(seed), open: Vec::new() };
        Self { shops, options, reports: None, mind: Mutex::new(mind) }
    }

    /// Has every report sent there. A full channel makes the customer wait.
    #[must_use]
    pub fn report_to(mut self, reports: mpsc::Sender<CustomerReport>) -> Self {
        self.reports = Some(reports);
        self
    }

    /// Does one thing now; absent without any shop.
    pub fn step(&self) -> Option<CustomerReport> {
        let mut mind = self.mind.lock().unwrap_or_else(PoisonError::into_inner);
        let mind = &mut *mind;
        if self.shops.is_empty() {
            return None;
        }
        // Drawn in any case, so that an empty list of orders does not shift what follows.
        let cancels = mind.random.random_bool(self.options.cancel_share.clamp(0.0, 1.0));
        if cancels && !mind.open.is_empty() {
            let index = mind.random.random_range(0..mind.open.len());
            let (shop, order) = mind.open.swap_remove(index);
            self.shops[shop].cancel(order.id);
            return Some(CustomerReport::Cancelled { shop, order });
        }
        let shop = mind.random.random_range(0..self.shops.len());
        let mut shelf: Vec<String> = self.shops[shop].for_sale().into_keys().collect();
        let mut cart = Vec::new();
        for _ in 0..mind.random.random_range(1..=LINES_MAX) {
            if shelf.is_empty() {
                break;
            }
            let index = mind.random.random_range(0..shelf.len());
            let quantity = mind.random.random_range(1..=UNITS_MAX);
            cart.push((shelf.swap_remove(index), quantity));
        }
        Some(match self.shops[shop].buy(&cart) {
            Ok(order) => {
                mind.open.push((shop, order.clone()));
                CustomerReport::Placed { shop, order }
            }
            Err(reason) => CustomerReport::Left { shop, reason },
        })
    }

    /// Goes on at its pace until it is told to end.
    pub async fn run(&self, until: CancellationToken) {
        let rate = self.options.orders_per_second;
        let Ok(pace) = Duration::try_from_secs_f64(1.0 / rate) else {
            // No pace, no orders.
            until.cancelled().await;
            return;
        };
        let mut ticks = tokio::time::interval(pace.max(Duration::from_micros(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let next = async {
                ticks.tick().await;
                // A place for the report comes before the deed: nothing is done unreported.
                match &self.reports {
                    Some(reports) => reports.reserve().await.ok(),
                    None => None,
                }
            };
            let Some(place) = until.run_until_cancelled(next).await else {
                return;
            };
            if let (Some(report), Some(place)) = (self.step(), place) {
                place.send(report);
            }
        }
    }
}
