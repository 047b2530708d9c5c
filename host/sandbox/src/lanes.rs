//! Where guests compute.
//!
//! A run begins on the thread of whoever calls it, since nearly all are over within a fraction of a
//! millisecond and a move would cost them as much again. It gives way after each slice of fuel, and
//! one that has computed for some milliseconds then moves to threads of its own, which the operating
//! system lets run when nothing else wants to: a run that never ends takes nothing from those that
//! do. There begins, too, the next run of a module whose last one was slow or broke: one that breaks
//! at once, started again and again, would otherwise be in everybody's way without ever being slow.
//! A run that ends well brings it back.

use std::{
    future::{Future, poll_fn},
    io,
    num::NonZero,
    pin::Pin,
    task::{Context, Poll},
    thread,
    time::{Duration, Instant},
};

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::limits;

/// The threads for slow runs.
#[derive(Debug)]
pub struct SlowLane {
    runtime: Option<Runtime>,
    slow_after: Duration,
}

impl SlowLane {
    /// Starts the threads: one for each two processors, because what slow runs do to the memory they
    /// share with everybody is not bounded by a priority.
    ///
    /// A run is slow once it has computed for `slow_after`.
    pub fn new(slow_after: Duration) -> io::Result<Self> {
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
        Ok(Self { runtime: Some(runtime), slow_after })
    }

    /// Drives a run to its end, from its beginning here if it `begins_slow`. Nothing comes back if
    /// the run ended with the threads.
    ///
    /// Dropping the future ends the run.
    pub async fn drive<T: Send + 'static>(
        &self,
        run: Pin<Box<dyn Future<Output = T> + Send>>,
        begins_slow: bool,
    ) -> Option<Driven<T>> {
        let slow_after = self.slow_after;
        let mut run = Timed { run, computed: Duration::ZERO, slow_after };
        if !begins_slow {
            let begun = poll_fn(|context| match run.poll(context) {
                Poll::Ready(driven) => Poll::Ready(Some(driven)),
                Poll::Pending if run.is_slow() => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            });
            if let Some(driven) = begun.await {
                return Some(driven);
            }
        }
        let runtime = self.runtime.as_ref()?;
        let driven = runtime.spawn(poll_fn(move |context| run.poll(context)));
        AbortOnDropHandle::new(driven).await.ok()
    }
}

/// A run that has ended.
pub struct Driven<T> {
    /// What came of it.
    pub ended: T,
    /// Whether it computed for so long that it is a slow one.
    pub slow: bool,
}

/// A run, and for how long it has held a thread.
struct Timed<T> {
    run: Pin<Box<dyn Future<Output = T> + Send>>,
    computed: Duration,
    slow_after: Duration,
}

impl<T> Timed<T> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Driven<T>> {
        let began = Instant::now();
        let polled = self.run.as_mut().poll(context);
        self.computed += began.elapsed();
        polled.map(|ended| Driven { ended, slow: self.is_slow() })
    }

    fn is_slow(&self) -> bool {
        self.computed >= self.slow_after
    }
}

impl Drop for SlowLane {
    fn drop(&mut self) {
        // A runtime must not wait for its threads where others are driven.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
