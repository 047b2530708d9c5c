//! The process that compiles, seen from inside.

use std::{
    io::{self, Read as _, Write as _},
    process::ExitCode,
};

use wasmtime::Engine;

use super::jail::give_everything_up;
use crate::{engine::compile_config, limits};

/// How the process ends when it has no code to hand over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The component is at fault.
    Refused = 64,
    /// It could not be confined, and did nothing.
    Unprotected = 65,
    /// The system refused it memory.
    OutOfMemory = 66,
}

impl Ending {
    /// What an exit code says; nothing if it is none of these.
    pub(super) fn of_code(code: i32) -> Option<Self> {
        let all = [Self::Refused, Self::Unprotected, Self::OutOfMemory];
        all.into_iter().find(|ending| *ending as i32 == code)
    }
}

/// What the process that compiles does, from its first line to its last: give everything up, read
/// a component from its standard input, and write its code to its standard output.
///
/// Call it first thing in `main`, on the only thread there is. `parent` is the process that started
/// it, and `memory_bytes` the address space it may use. If it fails, one line on its standard error
/// says why.
#[must_use]
pub fn compile_child(parent: u32, memory_bytes: u64) -> ExitCode {
    let ending = match give_everything_up(parent, memory_bytes) {
        Ok(()) => compile(),
        Err(unprotected) => Err((Ending::Unprotected, unprotected.to_string())),
    };
    match ending {
        Ok(()) => ExitCode::SUCCESS,
        Err((ending, message)) => {
            let _ = writeln!(io::stderr(), "{}", message.replace('\n', ": "));
            ExitCode::from(ending as u8)
        }
    }
}

fn compile() -> Result<(), (Ending, String)> {
    let mut component = Vec::new();
    let most = limits::COMPONENT_BYTES_MAX as u64 + 1;
    io::stdin().lock().take(most).read_to_end(&mut component).map_err(failed)?;
    let engine = Engine::new(&compile_config()).map_err(refused)?;
    let code = engine.precompile_component(&component).map_err(refused)?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&code).and_then(|()| stdout.flush()).map_err(failed)
}

fn failed(error: io::Error) -> (Ending, String) {
    let memory = error.kind() == io::ErrorKind::OutOfMemory;
    (if memory { Ending::OutOfMemory } else { Ending::Refused }, error.to_string())
}

fn refused(error: wasmtime::Error) -> (Ending, String) {
    let memory = error.chain().any(|cause| {
        let system = cause.downcast_ref::<io::Error>();
        cause.is::<wasmtime::OutOfMemory>()
            || cause.downcast_ref::<rustix::io::Errno>() == Some(&rustix::io::Errno::NOMEM)
            || system.is_some_and(|error| error.kind() == io::ErrorKind::OutOfMemory)
    });
    (if memory { Ending::OutOfMemory } else { Ending::Refused }, format!("{error:#}"))
}
