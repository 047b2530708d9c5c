//! The process that compiles, seen from the one that starts it.
//!
//! It is this program again, started with nothing: no environment, no files, the root as its
//! folder. The component goes in by its standard input, the code comes out by its standard output.
//! This side trusts it with nothing but the code: it bounds what it reads and how long it waits, and
//! has the process ended and reaped on every way out.

use std::{
    ffi::OsString,
    io::{self, Read, Write as _},
    os::unix::process::ExitStatusExt as _,
    path::PathBuf,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread::{self, Scope, ScopedJoinHandle},
    time::Duration,
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitId, WaitIdOptions, waitid},
};

use super::{CompileError, entry::Ending, not_run};
use crate::limits;

/// How to start the process that compiles, and what it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompilerProcess {
    /// The program; it must come to [`super::compile_child`] when it is started like this.
    pub program: PathBuf,
    /// Its arguments. After them come two more: the process id of the one that starts it, and the
    /// bytes of memory it may use.
    pub arguments: Vec<OsString>,
    /// How long it may take.
    pub wall: Duration,
    /// Address space it may use, in bytes.
    pub memory_bytes: u64,
    /// Largest code it may hand over, in bytes.
    pub code_bytes: usize,
}

/// How a process ended, and what it wrote.
struct Ended {
    in_time: bool,
    status: ExitStatus,
    output: Vec<u8>,
    message: String,
}

impl CompilerProcess {
    /// The program that is running, with these arguments and the usual limits.
    ///
    /// It is named by what the kernel has open, so it is the same program also after the file was
    /// replaced by a newer version.
    #[must_use]
    pub fn this_program(arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        Self {
            program: PathBuf::from("/proc/self/exe"),
            arguments: arguments.into_iter().map(Into::into).collect(),
            wall: Duration::from_millis(limits::COMPILE_WALL_MS),
            memory_bytes: limits::COMPILE_MEMORY_BYTES,
            code_bytes: limits::CODE_BYTES_MAX,
        }
    }

    /// Compiles a component. It blocks, and the calling thread must not end before it returns.
    pub(super) fn compile(&self, component: &[u8]) -> Result<Vec<u8>, CompileError> {
        let mut process = Command::new(&self.program)
            .args(&self.arguments)
            .arg(std::process::id().to_string())
            .arg(self.memory_bytes.to_string())
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_run(format!("{}: {error}", self.program.display())))?;
        let ended = self.attend(&mut process, component).map_err(not_run)?;
        self.outcome(ended)
    }

    /// Feeds a process and hears it out, until it has ended or its time has.
    fn attend(&self, process: &mut Child, input: &[u8]) -> io::Result<Ended> {
        let code_bytes = self.code_bytes as u64;
        let pid = Pid::from_child(process);
        let pipes = (process.stdin.take(), process.stdout.take(), process.stderr.take());
        thread::scope(|scope| {
            let (exited, when_exited) = mpsc::channel();
            let hearing = (|| {
                let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
                    return Err(io::Error::other("it was started without pipes"));
                };
                start(scope, move || feed(stdin, input))?;
                let output = start(scope, move || hear(stdout, code_bytes + 1))?;
                let message =
                    start(scope, move || hear(stderr, limits::COMPILE_MESSAGE_BYTES_MAX))?;
                start(scope, move || {
                    until_exit(pid);
                    let _ = exited.send(());
                })?;
                Ok((output, message))
            })();
            let in_time = hearing.is_ok() && when_exited.recv_timeout(self.wall).is_ok();
            if !in_time {
                process.kill()?;
                // Reaping frees the process id, and the thread that waits still goes by it.
                let _ = when_exited.recv();
            }
            let status = process.wait()?;
            let (output, message) = hearing?;
            Ok(Ended {
                in_time,
                status,
                output: heard(output)?,
                message: one_line(&heard(message)?),
            })
        })
    }

    fn outcome(&self, ended: Ended) -> Result<Vec<u8>, CompileError> {
        let Ended { in_time, status, output, message } = ended;
        if !in_time {
            let limit_ms = u64::try_from(self.wall.as_millis()).unwrap_or(u64::MAX);
            return Err(CompileError::OutOfTime { limit_ms });
        }
        if output.len() > self.code_bytes {
            return Err(CompileError::CodeTooLarge { limit: self.code_bytes });
        }
        if status.success() {
            return Ok(output);
        }
        // Rust says this, and aborts, when it is refused memory; there is no other way to know.
        let refused_memory = message.starts_with("memory allocation of");
        Err(match status.code().and_then(Ending::of_code) {
            Some(Ending::Refused) => CompileError::Refused { message },
            Some(Ending::Unprotected) => CompileError::Unprotected { message },
            Some(Ending::OutOfMemory) => CompileError::OutOfMemory { limit: self.memory_bytes },
            None if status.signal() == Some(Signal::XCPU.as_raw()) => {
                CompileError::OutOfProcessorTime { limit_seconds: limits::COMPILE_CPU_SECONDS }
            }
            None if refused_memory => CompileError::OutOfMemory { limit: self.memory_bytes },
            None => CompileError::Crashed { message: format!("{status}: {message}") },
        })
    }
}

fn start<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    work: impl FnOnce() -> T + Send + 'scope,
) -> io::Result<ScopedJoinHandle<'scope, T>> {
    thread::Builder::new().name("compile-pipe".to_owned()).spawn_scoped(scope, work)
}

/// A process that takes nothing more has ended or is about to; how, its status tells.
fn feed(mut stdin: ChildStdin, input: &[u8]) {
    let _ = stdin.write_all(input);
}

fn hear(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn heard(hearing: ScopedJoinHandle<'_, io::Result<Vec<u8>>>) -> io::Result<Vec<u8>> {
    hearing.join().unwrap_or_else(|_| Err(io::Error::other("the thread that reads it broke")))
}

/// Waits for a child to exit and leaves it to be reaped.
fn until_exit(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while waitid(WaitId::Pid(pid), options).is_err_and(|error| error == Errno::INTR) {}
}

/// What a process said, fit for a log: it may be anything.
fn one_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let words = said.split(|letter: char| letter.is_control() || letter == ' ');
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}
