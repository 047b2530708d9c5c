//! A running shop: its state, its server and its delivery worker.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::state::State;
use super::{SimError, USER_AGENT, WooShopConfig, delivery};
use crate::client;
use crate::door;
use crate::line::{Door, Line};

/// What the handles of a shop, its server and its worker share.
pub(crate) struct Shop {
    pub name: String,
    pub home: String,
    pub client: reqwest::Client,
    /// Rung when there may be a delivery.
    pub wake: Notify,
    state: Mutex<State>,
    outstanding: watch::Sender<usize>,
    latency_millis: AtomicU64,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Shop {
    pub(crate) async fn start(config: &WooShopConfig) -> Result<Arc<Self>, SimError> {
        Self::open(&config.name, config.port, |home| State::new(config, home)).await
    }

    /// Opens a copy of this shop at an address of its own.
    pub(crate) async fn copy(&self, name: &str) -> Result<Arc<Self>, SimError> {
        Self::open(name, None, |home| Ok(self.with(|state| state.copy(home)))).await
    }

    async fn open(
        name: &str,
        port: Option<u16>,
        state: impl FnOnce(String) -> Result<State, SimError>,
    ) -> Result<Arc<Self>, SimError> {
        let port = port.unwrap_or(0);
        let listener = TcpListener::bind(("127.0.0.1", port))
            .await
            .map_err(|source| SimError::Listen { port, source })?;
        let address = listener.local_addr().map_err(|source| SimError::Listen { port, source })?;
        let home = format!("http://{address}");
        let shop = Arc::new(Self {
            name: name.to_owned(),
            home: home.clone(),
            client: client::of_deliveries(USER_AGENT)?,
            wake: Notify::new(),
            state: Mutex::new(state(home)?),
            outstanding: watch::Sender::new(0),
            latency_millis: AtomicU64::new(0),
            stop: CancellationToken::new(),
            tasks: Mutex::new(Vec::new()),
        });
        let router = Router::new().fallback(door::answer::<Self>).with_state(Arc::clone(&shop));
        let stopped = shop.stop.clone();
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<Line>();
            let server = axum::serve(Door(listener), service)
                .with_graceful_shutdown(stopped.cancelled_owned());
            if let Err(error) = server.await {
                tracing::error!(%error, "simulated shop stopped serving");
            }
        });
        let stopped = shop.stop.clone();
        let deliveries = delivery::work(Arc::clone(&shop));
        let worker = tokio::spawn(async move {
            // What is still waiting then is never delivered, as when a real shop is switched off.
            let _ = stopped.run_until_cancelled_owned(deliveries).await;
        });
        shop.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend([server, worker]);
        Ok(shop)
    }

    /// Does one step with the state, then lets the worker and those who wait know.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut state);
        let outstanding = state.outstanding();
        self.outstanding.send_if_modified(|before| {
            let changed = *before != outstanding;
            *before = outstanding;
            changed
        });
        let waits = !state.pending.is_empty();
        drop(state);
        if waits {
            self.wake.notify_one();
        }
        result
    }

    pub(crate) fn latency(&self) -> Duration {
        Duration::from_millis(self.latency_millis.load(Ordering::Relaxed))
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        let millis = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
        self.latency_millis.store(millis, Ordering::Relaxed);
    }

    /// Waits until no delivery waits or is on its way, and no effect is still to come.
    pub(crate) async fn quiet(&self) {
        // The sender lives as long as this shop, so waiting cannot fail.
        let _ = self.outstanding.subscribe().wait_for(|outstanding| *outstanding == 0).await;
    }

    pub(crate) async fn stop(&self) {
        self.stop.cancel();
        let tasks: Vec<_> =
            self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
        for task in tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "a task of the simulated shop did not end well");
            }
        }
    }
}
