//! Child processes, and telling where the time goes.

use std::io::{BufRead, BufReader, IsTerminal as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result};

/// Tells each step with the time since the start.
#[derive(Debug)]
pub(crate) struct Progress {
    begun: Instant,
}

impl Progress {
    /// Starts the clock.
    pub(crate) fn begin() -> Self {
        Self { begun: Instant::now() }
    }

    /// Tells one step. Goes to standard error, where cargo writes as well.
    pub(crate) fn step(&mut self, words: &str) {
        eprintln!("[{:6.1} s] {words}", self.begun.elapsed().as_secs_f64());
    }
}

/// Runs a command to its end and tells whether it succeeded. Ctrl-C reaches it by itself: the
/// terminal sends it to everybody in the foreground.
pub(crate) fn succeeds(mut command: Command) -> Result<bool> {
    let status = command.status().with_context(|| cannot_start(&command))?;
    Ok(status.success())
}

/// Runs a command to its end, shows what it writes, standard error included, in the order it is
/// written, and hands each line to `hear`. Tells whether the command succeeded.
pub(crate) fn succeeds_heard(mut command: Command, mut hear: impl FnMut(&str)) -> Result<bool> {
    let (reader, writer) = std::io::pipe().context("no pipe for what a child writes")?;
    command.stdout(writer.try_clone()?).stderr(writer).stdin(Stdio::null());
    if std::io::stdout().is_terminal() {
        command.env("CARGO_TERM_COLOR", "always");
    }
    let mut child = command.spawn().with_context(|| cannot_start(&command))?;
    // The command holds the pipe's other end, and the reading below ends when all ends are gone.
    drop(command);
    for line in BufReader::new(reader).split(b'\n') {
        let line = line?;
        let line = String::from_utf8_lossy(&line);
        println!("{line}");
        hear(&line);
    }
    Ok(child.wait()?.success())
}

/// Lets the command take this process's place, so that signals reach it and its exit code is ours.
pub(crate) fn become_child(mut command: Command) -> Result<ExitCode> {
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(error).with_context(|| cannot_start(&command))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(|| cannot_start(&command))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
    }
}

/// What to say of a command that does not start.
pub(crate) fn cannot_start(command: &Command) -> String {
    format!("`{}` does not start", command.get_program().to_string_lossy())
}
