//! Child processes with a time limit.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::limits::{LAST_LINES_MAX, LAST_WORDS_WAIT_MAX, LOOK_EVERY};

/// What becomes of a child that takes longer than its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtLimit {
    /// It is killed.
    Kill,
    /// It is left to end by itself: killing it would leave the machine half changed.
    Leave,
}

/// Runs a command to its end and returns what it wrote to standard output.
///
/// # Errors
/// A sentence that begins with `what`, when it cannot start, fails, or takes longer than `limit`.
pub(crate) fn run(
    what: &str,
    command: &mut Command,
    limit: Duration,
    at_limit: AtLimit,
) -> Result<String, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("{what} does not start: {error}"))?;
    let output = lines(child.stdout.take());
    let errors = lines(child.stderr.take());
    let deadline = Instant::now() + limit;
    let seconds = limit.as_secs();
    match wait(&mut child, deadline) {
        Err(error) => Err(format!("{what} cannot be waited for: {error}")),
        Ok(None) if at_limit == AtLimit::Leave => Err(format!(
            "{what} still runs after {seconds} s (process {}); let it end, then try again",
            child.id()
        )),
        Ok(None) => {
            // It may have ended by itself between the two; there is nothing to kill then.
            let _ = child.kill();
            let _ = child.wait();
            Err(format!("{what} took longer than {seconds} s and was ended"))
        }
        Ok(Some(status)) if status.success() => {
            Ok(received(&output).into_iter().collect::<Vec<_>>().join("\n"))
        }
        Ok(Some(status)) => Err(failed(what, status, &received(&errors))),
    }
}

fn wait(child: &mut Child, deadline: Instant) -> std::io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}

fn failed(what: &str, status: ExitStatus, errors: &VecDeque<String>) -> String {
    let first = errors.len().saturating_sub(LAST_LINES_MAX);
    let last: Vec<&str> = errors.iter().skip(first).map(|line| line.trim()).collect();
    if last.is_empty() {
        format!("{what} failed ({status})")
    } else {
        format!("{what} failed ({status}): {}", last.join("; "))
    }
}

/// Reads in a thread of its own, so that a child never stalls on a full pipe. The thread ends with
/// the pipe, which a grandchild may hold open for longer than the child lives.
fn lines(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
    }
    receiver
}

fn received(lines: &Receiver<String>) -> VecDeque<String> {
    let deadline = Instant::now() + LAST_WORDS_WAIT_MAX;
    let mut received = VecDeque::new();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if !line.trim().is_empty() => received.push_back(line),
            Ok(_) => {}
            Err(_) => return received,
        }
    }
}
