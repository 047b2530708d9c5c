//! Where guests compute.
//!
//! A run begins on the thread of whoever calls it, since nearly all are over within a fraction of a
//! millisecond and a move would cost them as much again. One that is still computing after some
//! ticks moves to threads of its own, which the operating system lets run when nothing else wants
//! to: a run that never ends takes nothing from those that do. There begins, too, the next run of a
//! module whose last one was slow or broke: one that breaks at once, started again and again, would
//! otherwise be in everybody's way without ever being slow. A run that ends well brings it back.

use std::{
    future::{Future, poll_fn},
    io,
    num::NonZero,
    pin::Pin,
    sync::atomic::{AtomicU32, Ordering},
    task::Poll,
    thread,
};

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::limits;

/// The threads for slow runs.
#[derive(Debug)]
pub struct SlowLane(Option<Runtime>);

impl SlowLane {
    /// Starts the threads: one for each two processors, because what slow runs do to the memory they
    /// share with everybody is not bounded by a priority.
    pub fn new() -> io::Result<Self> {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let runtime = Builder::new_multi_thread()
            .worker_threads((processors / 2).max(1))
            .thread_name("slow-runs")
            // What the host does for a run is done where the run is, its connections too.
            .enable_all()
            .on_thread_start(|| {
                // Where that is not allowed, slow runs are merely not slower than others.
                if let Err(error) = rustix::process::nice(limits::SLOW_NICENESS) {
                    tracing::warn!(%error, "slow runs keep the priority of all others");
                }
            })
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// Drives a run to its end, from its beginning here if it `begins_slow`. `ticks` counts how often
    /// it was interrupted.
    ///
    /// Dropping the future ends the run.
    pub async fn drive<T: Send + 'static>(
        &self,
        mut run: Pin<Box<dyn Future<Output = T> + Send>>,
        ticks: &AtomicU32,
        begins_slow: bool,
    ) -> Option<T> {
        let begun_here = poll_fn(|context| match run.as_mut().poll(context) {
            Poll::Ready(ended) => Poll::Ready(Some(ended)),
            Poll::Pending if is_slow(ticks) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        let ended = if begins_slow { None } else { begun_here.await };
        match (ended, &self.0) {
            (Some(ended), _) => Some(ended),
            (None, Some(runtime)) => AbortOnDropHandle::new(runtime.spawn(run)).await.ok(),
            (None, None) => None,
        }
    }
}

/// Whether a run was interrupted so often that it is a slow one.
pub fn is_slow(ticks: &AtomicU32) -> bool {
    ticks.load(Ordering::Relaxed) >= limits::TICKS_BEFORE_SLOW
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where others are driven.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
