//! Where guests compute.
//!
//! A run begins on the thread of whoever calls it, since nearly all are over within a fraction of a
//! millisecond and a move would cost them as much again. One that is still computing after some
//! ticks moves to threads of its own, which the operating system lets run when nothing else wants
//! to: a run that never ends takes nothing from those that do.

use std::{
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
};

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::limits;

/// The threads for slow runs.
#[derive(Debug)]
pub struct SlowLane(Option<Runtime>);

impl SlowLane {
    /// Starts the threads: one for each processor.
    pub fn new() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .thread_name("slow-runs")
            .enable_time()
            .on_thread_start(|| {
                // Where that is not allowed, slow runs are merely not slower than others.
                if let Err(error) = rustix::process::nice(limits::SLOW_NICENESS) {
                    tracing::warn!(%error, "slow runs keep the priority of all others");
                }
            })
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Drives a run to its end. `ticks` counts how often it was interrupted.
    ///
    /// Dropping the future ends the run.
    pub async fn drive<T: Send + 'static>(
        &self,
        mut run: Pin<Box<dyn Future<Output = T> + Send>>,
        ticks: &AtomicU32,
    ) -> Option<T> {
        let ended = poll_fn(|context| match run.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if ticks.load(Ordering::Relaxed) >= limits::TICKS_BEFORE_SLOW => {
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        });
        match (ended.await, &self.0) {
            (Some(ended), _) => Some(ended),
            (None, Some(runtime)) => AbortOnDropHandle::new(runtime.spawn(run)).await.ok(),
            (None, None) => None,
        }
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where others are driven.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
