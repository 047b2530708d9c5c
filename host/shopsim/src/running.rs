//! What runs of a simulated shop, whatever its platform: its state behind one lock, its server, and a
//! worker beside it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::door::{self, Desk};
use crate::line::{Door, Line};
use crate::woocommerce::SimError;

/// What others wait for.
pub(crate) trait Work {
    /// How much is on its way, effects that are still to come included.
    fn outstanding(&self) -> usize;

    /// Whether something waits for the worker.
    fn has_work(&self) -> bool;
}

/// A state, and who works on it.
pub(crate) struct Running<S> {
    /// Rung when something waits for the worker.
    pub wake: Notify,
    state: Mutex<S>,
    outstanding: watch::Sender<usize>,
    latency_millis: AtomicU64,
    stop: CancellationToken,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

/// Listens at a port on 127.0.0.1, or at a free one.
pub(crate) async fn listen(port: Option<u16>) -> Result<(TcpListener, SocketAddr), SimError> {
    let port = port.unwrap_or(0);
    let failed = |source| SimError::Listen { port, source };
    let listener = TcpListener::bind(("127.0.0.1", port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

impl<S: Work> Running<S> {
    pub(crate) fn new(state: S) -> Self {
        Self {
            wake: Notify::new(),
            state: Mutex::new(state),
            outstanding: watch::Sender::new(0),
            latency_millis: AtomicU64::new(0),
            stop: CancellationToken::new(),
            tasks: Mutex::new(Vec::new()),
        }
    }

    /// Lets requests in, and the worker begin.
    pub(crate) fn open<D: Desk>(
        &self,
        listener: TcpListener,
        desk: Arc<D>,
        worker: impl Future<Output = ()> + Send + 'static,
    ) {
        let router = Router::new().fallback(door::answer::<D>).with_state(desk);
        let stopped = self.stop.clone();
        let server = tokio::spawn(async move {
            let service = router.into_make_service_with_connect_info::<Line>();
            let server = axum::serve(Door(listener), service)
                .with_graceful_shutdown(stopped.cancelled_owned());
            if let Err(error) = server.await {
                tracing::error!(%error, "simulated shop stopped serving");
            }
        });
        let stopped = self.stop.clone();
        let worker = tokio::spawn(async move {
            // What is still waiting then is never done, as when a real shop is switched off.
            let _ = stopped.run_until_cancelled_owned(worker).await;
        });
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).extend([server, worker]);
    }

    /// Does one step with the state, then lets the worker and those who wait know.
    pub(crate) fn with<R>(&self, step: impl FnOnce(&mut S) -> R) -> R {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = step(&mut state);
        let outstanding = state.outstanding();
        self.outstanding.send_if_modified(|before| {
            let changed = *before != outstanding;
            *before = outstanding;
            changed
        });
        let has_work = state.has_work();
        drop(state);
        if has_work {
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

    /// Waits until nothing is on its way and no effect is still to come.
    pub(crate) async fn quiet(&self) {
        // The sender lives as long as this, so waiting cannot fail.
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
