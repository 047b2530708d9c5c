//! The one writer: whatever has piled up is committed together.
//!
//! A commit costs one fsync, whether it holds one row or a hundred, so a thread of its own takes
//! all the jobs that wait, runs each inside the same transaction, commits once, and answers all. A
//! job that fails is rolled back to its savepoint and spoils none of its neighbours. An answer is
//! given only after the commit: whoever has it, has it on disk.
//!
//! A job that was handed in is done, also if nobody waits for its answer any more.

use std::{
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::fault::Fault;
use crate::{StoreError, failpoint::Failpoint, limits};

/// What becomes of what a job has written.
#[derive(Debug)]
pub enum Verdict<T> {
    /// It is committed with the group.
    Keep(T),
    /// It is rolled back, and this is the answer.
    Undo(T),
}

/// Whether a job can leave something behind when it does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guard {
    /// It runs in a savepoint of its own.
    Savepoint,
    /// It runs without one, which costs less: what it leaves when it fails does not matter.
    None,
}

/// Hands jobs to the writer's thread.
pub struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Job>>>>,
    thread: Mutex<Option<thread::JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread with the connection that writes.
    pub fn start(connection: Connection) -> Result<Self, StoreError> {
        let (queue, jobs) = mpsc::channel(limits::WRITER_QUEUE_JOBS_MAX);
        let thread = thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || write_groups(&connection, jobs))
            .map_err(|error| StoreError::Database {
                doing: "start the writer's thread",
                source: Box::new(error),
            })?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// Hands in a job and waits until it is on disk.
    pub async fn write<T, F>(
        &self,
        doing: &'static str,
        guard: Guard,
        work: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<Verdict<T>, Fault> + Send + 'static,
    {
        debug_assert!(Failpoint::knows(doing), "`{doing}` is missing in store/src/failpoint.rs");
        let queue = lock(&self.queue).clone().ok_or(StoreError::Closed)?;
        let (answer, answered) = oneshot::channel();
        let job = Task { doing, guard, work: Some(work), result: None, answer };
        queue.send(Box::new(job)).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }

    /// Takes no more jobs, and waits until those handed in are done and the file is closed.
    pub fn close(&self) {
        drop(lock(&self.queue).take());
        let thread = lock(&self.thread).take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the store's writer had panicked");
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A job as the thread sees it, whatever its answer is.
trait Job: Send {
    fn guard(&self) -> Guard;

    /// What is being done, in the words of an error.
    fn doing(&self) -> &'static str;

    /// Does the work; says whether to keep it.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Answers, once the group was committed, or was not, for this reason.
    fn answer(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>);
}

struct Task<T, F> {
    doing: &'static str,
    guard: Guard,
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<Verdict<T>, Fault> + Send,
{
    fn guard(&self) -> Guard {
        self.guard
    }

    fn doing(&self) -> &'static str {
        self.doing
    }

    fn run(&mut self, connection: &Connection) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        let (result, keep) = match work(connection) {
            Ok(Verdict::Keep(value)) => (Ok(value), true),
            Ok(Verdict::Undo(value)) => (Ok(value), false),
            Err(fault) => (Err(fault.during(self.doing)), false),
        };
        self.result = Some(result);
        keep
    }

    fn answer(self: Box<Self>, failure: Option<&Arc<rusqlite::Error>>) {
        let result = match (failure, self.result) {
            (None, Some(result)) => result,
            (None, None) => Err(StoreError::Closed),
            (Some(failure), _) => Err(StoreError::Database {
                doing: self.doing,
                source: Box::new(NotCommitted(Arc::clone(failure))),
            }),
        };
        // Nobody may be waiting any more; what was to be done is done all the same.
        drop(self.answer.send(result));
    }
}

/// Why a whole group was not committed; the same for each of its jobs.
#[derive(Debug, thiserror::Error)]
#[error("the commit did not happen")]
struct NotCommitted(#[source] Arc<rusqlite::Error>);

fn write_groups(connection: &Connection, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let mut group = Vec::with_capacity(limits::GROUP_JOBS_MAX);
    let mut last = Last { jobs: 0, took: Duration::ZERO };
    while jobs.blocking_recv_many(&mut group, limits::GROUP_JOBS_MAX) > 0 {
        gather(&mut jobs, &mut group, &last);
        wait_for_lock(connection, &jobs);
        let (jobs, began) = (group.len(), Instant::now());
        commit_group(connection, &mut group);
        last = Last { jobs, took: began.elapsed() };
    }
}

/// Begins the transaction, for as long as it takes if another process writes to the file. None of the
/// jobs has run then, so none has to fail; only when the store is to be closed they do.
fn wait_for_lock(connection: &Connection, jobs: &mpsc::Receiver<Box<dyn Job>>) {
    let busy = |error: &rusqlite::Error| {
        error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy)
    };
    while let Err(error) = execute(connection, "BEGIN IMMEDIATE") {
        if !busy(&error) || jobs.is_closed() {
            // It is tried once more with the jobs, which are told why it fails.
            return;
        }
        tracing::warn!("another process holds the database; what is to be written waits for it");
    }
}

/// The last group: how many jobs it had, and how long its commit took.
struct Last {
    jobs: usize,
    took: Duration,
}

/// Waits a moment for as many jobs as came the last time.
///
/// Those who were just answered come back at once with their next job, but not all at the same
/// instant. Without this, the first of them would get a commit for itself and all others would wait
/// for it: two commits where one is enough. Waiting is worth a part of what a commit costs; who is
/// alone does not wait at all.
fn gather(jobs: &mut mpsc::Receiver<Box<dyn Job>>, group: &mut Vec<Box<dyn Job>>, last: &Last) {
    let patience = (last.took / 2).min(Duration::from_micros(limits::GATHER_US_MAX));
    let began = Instant::now();
    while group.len() < last.jobs && began.elapsed() < patience {
        // Not a wait for the next job: to be woken for each of them costs more than it brings.
        thread::sleep(Duration::from_micros(limits::GATHER_STEP_US));
        while group.len() < limits::GROUP_JOBS_MAX
            && let Ok(job) = jobs.try_recv()
        {
            group.push(job);
        }
    }
}

fn commit_group(connection: &Connection, group: &mut Vec<Box<dyn Job>>) {
    let failure = run_group(connection, group).err().map(Arc::new);
    if let Some(error) = &failure {
        tracing::error!(error = %error, jobs = group.len(), "a commit did not happen");
        if !connection.is_autocommit()
            && let Err(error) = execute(connection, "ROLLBACK")
        {
            tracing::error!(%error, "a transaction could not be rolled back");
        }
    }
    for job in group.drain(..) {
        job.answer(failure.as_ref());
    }
}

fn run_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> rusqlite::Result<()> {
    if connection.is_autocommit() {
        execute(connection, "BEGIN IMMEDIATE")?;
    }
    for job in &mut *group {
        match job.guard() {
            Guard::None => {
                job.run(connection);
            }
            Guard::Savepoint => {
                execute(connection, "SAVEPOINT job")?;
                let keep = job.run(connection);
                if !keep && !connection.is_autocommit() {
                    execute(connection, "ROLLBACK TO job")?;
                }
                if !connection.is_autocommit() {
                    execute(connection, "RELEASE job")?;
                }
            }
        }
        // A full disk, for one, makes SQLite roll back everything and not just the statement.
        if connection.is_autocommit() {
            return Err(rusqlite::Error::SqliteFailure(
                rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK),
                Some("the database rolled back all that was to be committed".to_owned()),
            ));
        }
    }
    group.iter().for_each(|job| Failpoint::BeforeCommit(job.doing()).pass());
    execute(connection, "COMMIT")?;
    group.iter().for_each(|job| Failpoint::AfterCommit(job.doing()).pass());
    Ok(())
}

fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

#[cfg(test)]
mod tests;
