//! Who runs next.
//!
//! The pool has a fixed number of places. A run takes one, or waits: the clients that wait take
//! turns, whatever number of runs each of them has waiting, and no client holds more than its share
//! of the pool, so that a client whose runs are slow delays itself and nobody else. How many wait,
//! and how long, is bounded; whoever is turned away comes again later.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use fondaco_model::ClientId;
use tokio::sync::oneshot;

use crate::{CallError, limits};

/// The places of the pool. A clone is the same.
#[derive(Debug, Clone)]
pub struct Admission(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client_runs: u32,
    wait: Duration,
    places: Mutex<Places>,
}

#[derive(Debug)]
struct Places {
    free: u32,
    clients: HashMap<ClientId, Client>,
    /// Clients with runs that wait, in the order of their turns.
    turns: VecDeque<ClientId>,
}

#[derive(Debug, Default)]
struct Client {
    running: u32,
    waiting: VecDeque<oneshot::Sender<Place>>,
}

/// A place in the pool, given back when it is dropped.
#[derive(Debug)]
pub struct Place {
    admission: Admission,
    client: ClientId,
}

impl Admission {
    /// So many places, of which one client holds at most `client_runs`.
    pub fn new(places: u32, client_runs: u32, wait: Duration) -> Self {
        let places = Places { free: places, clients: HashMap::new(), turns: VecDeque::new() };
        Self(Arc::new(Inner { client_runs, wait, places: Mutex::new(places) }))
    }

    /// Waits for a place.
    pub async fn admit(&self, client: &ClientId) -> Result<Place, CallError> {
        let receiver = {
            let mut places = self.places();
            let places = &mut *places;
            let entry = places.clients.entry(client.clone()).or_default();
            let mut waiting = entry.waiting.len();
            if places.free > 0 && entry.running < self.0.client_runs && waiting == 0 {
                places.free -= 1;
                entry.running += 1;
                return Ok(self.place(client));
            }
            if waiting >= limits::CLIENT_RUNS_WAITING_MAX {
                // Some of them may have been given up since.
                entry.waiting.retain(|sender| !sender.is_closed());
                waiting = entry.waiting.len();
            }
            if waiting >= limits::CLIENT_RUNS_WAITING_MAX {
                return Err(CallError::Busy { waited_ms: 0, waiting });
            }
            let (sender, receiver) = oneshot::channel();
            if waiting == 0 {
                places.turns.push_back(client.clone());
            }
            entry.waiting.push_back(sender);
            receiver
        };
        let begun = Instant::now();
        match tokio::time::timeout(self.0.wait, receiver).await {
            Ok(Ok(place)) => Ok(place),
            _ => {
                let waited_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                Err(CallError::Busy { waited_ms, waiting: self.waiting(client) })
            }
        }
    }

    /// Runs of a client that wait.
    fn waiting(&self, client: &ClientId) -> usize {
        let places = self.places();
        let waiting = places.clients.get(client).map(|client| &client.waiting);
        waiting.map_or(0, |waiting| waiting.iter().filter(|sender| !sender.is_closed()).count())
    }

    fn place(&self, client: &ClientId) -> Place {
        Place { admission: self.clone(), client: client.clone() }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        // Nothing in here can be left half done by a panic.
        self.0.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give_back(&self, client: &ClientId) {
        {
            let mut places = self.places();
            places.free += 1;
            if let Some(entry) = places.clients.get_mut(client) {
                entry.running -= 1;
                if entry.running == 0 && entry.waiting.is_empty() {
                    places.clients.remove(client);
                }
            }
        }
        // A receiver that is gone hands its place back, which comes here again; so not under lock.
        while let Some((sender, place)) = self.next() {
            if sender.send(place).is_ok() {
                return;
            }
        }
    }

    /// Takes a place for whoever's turn it is.
    fn next(&self) -> Option<(oneshot::Sender<Place>, Place)> {
        let mut places = self.places();
        let places = &mut *places;
        if places.free == 0 {
            return None;
        }
        for _ in 0..places.turns.len() {
            let client = places.turns.pop_front()?;
            let Some(entry) = places.clients.get_mut(&client) else {
                continue;
            };
            while entry.waiting.front().is_some_and(oneshot::Sender::is_closed) {
                entry.waiting.pop_front();
            }
            if entry.waiting.is_empty() {
                if entry.running == 0 {
                    places.clients.remove(&client);
                }
                continue;
            }
            if entry.running >= self.0.client_runs {
                places.turns.push_back(client);
                continue;
            }
            let sender = entry.waiting.pop_front()?;
            entry.running += 1;
            places.free -= 1;
            let place = self.place(&client);
            if !entry.waiting.is_empty() {
                places.turns.push_back(client);
            }
            return Some((sender, place));
        }
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.admission.give_back(&self.client);
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;

    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn client(name: &str) -> ClientId {
        ClientId::new(name).unwrap()
    }

    /// A wait that has begun.
    async fn waiting(
        admission: &Admission,
        name: &str,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Place, CallError>>>> {
        let (admission, client) = (admission.clone(), client(name));
        let mut wait = Box::pin(async move { admission.admit(&client).await });
        tokio::select! {
            biased;
            _ = &mut wait => panic!("there was a place"),
            () = std::future::ready(()) => {}
        }
        wait
    }

    #[tokio::test]
    async fn clients_take_turns_however_many_runs_each_has_waiting() {
        let admission = Admission::new(1, 1, LONG);
        let first = admission.admit(&client("a")).await.unwrap();
        let mut of_a = Vec::new();
        for _ in 0..5 {
            of_a.push(waiting(&admission, "a").await);
        }
        let of_b = waiting(&admission, "b").await;
        drop(first);
        let place = of_a.remove(0).await.unwrap();
        drop(place);
        // The second turn is the other client's, although four of the first one came before it.
        let place = of_b.await.unwrap();
        drop(place);
        for wait in of_a {
            drop(wait.await.unwrap());
        }
        assert_eq!(admission.places().free, 1);
        assert!(admission.places().clients.is_empty());
    }

    #[tokio::test]
    async fn no_client_holds_more_than_its_share() {
        let admission = Admission::new(4, 3, LONG);
        let mut held = Vec::new();
        for _ in 0..3 {
            held.push(admission.admit(&client("a")).await.unwrap());
        }
        let fourth = waiting(&admission, "a").await;
        // There is a place left for somebody else.
        let other = admission.admit(&client("b")).await.unwrap();
        drop(held.pop());
        let fourth = fourth.await.unwrap();
        drop((fourth, other, held));
        assert_eq!(admission.places().free, 4);
    }

    #[tokio::test]
    async fn a_wait_that_is_given_up_costs_nobody_a_place() {
        let admission = Admission::new(1, 1, LONG);
        let held = admission.admit(&client("a")).await.unwrap();
        let given_up = waiting(&admission, "b").await;
        let stays = waiting(&admission, "b").await;
        drop(given_up);
        drop(held);
        drop(stays.await.unwrap());
        // Given up after the place was handed over, and before it was taken.
        let held = admission.admit(&client("a")).await.unwrap();
        let given_up = waiting(&admission, "b").await;
        let stays = waiting(&admission, "c").await;
        drop(held);
        drop(given_up);
        drop(stays.await.unwrap());
        assert_eq!(admission.places().free, 1);
        assert!(admission.places().turns.is_empty());
    }

    #[tokio::test]
    async fn a_wait_ends_and_so_does_the_queue() {
        let admission = Admission::new(1, 1, Duration::from_millis(50));
        let held = admission.admit(&client("a")).await.unwrap();
        let error = admission.admit(&client("b")).await.unwrap_err();
        let CallError::Busy { waited_ms, waiting: 0 } = error else { panic!("{error}") };
        assert!(waited_ms >= 50, "{waited_ms}");
        let admission = Admission::new(1, 1, LONG);
        let other = admission.admit(&client("a")).await.unwrap();
        let mut waits = Vec::new();
        for _ in 0..limits::CLIENT_RUNS_WAITING_MAX {
            waits.push(waiting(&admission, "b").await);
        }
        let error = admission.admit(&client("b")).await.unwrap_err();
        let waiting = limits::CLIENT_RUNS_WAITING_MAX;
        assert_eq!(error, CallError::Busy { waited_ms: 0, waiting });
        drop((waits, held, other));
        drop(admission.admit(&client("b")).await.unwrap());
    }
}
