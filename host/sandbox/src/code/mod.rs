//! Compiled code: where it comes from, and where it is kept.
//!
//! [`component`] is the way in. It looks into the [`CodeCache`], and has the component compiled if
//! nothing good is there. Compiling is the one thing here that takes seconds and a lot of memory,
//! and the one that runs a large program over bytes from elsewhere, so it is done by a child
//! process that has given everything up first: it can read its input, write its output and compute,
//! within limits. What it cannot do is shown in `tests/all/code.rs`.
//!
//! What this holds against: a component that makes the compiler run forever, use all memory or
//! crash, and a compiler bug that is used to reach files, the network or other processes *while it
//! compiles*. It does not hold against a bug that makes the compiler emit wrong code: what the
//! child hands back is machine code and is trusted as such. It runs under the same limits as any
//! guest, but nothing looks at its instructions.
//!
//! Code from the cache is run too, and there is no way to tell good code from bad by looking at it.
//! So each entry carries a MAC whose key only this user can read, over the engine, the component
//! and the code. An entry is read once; the bytes that were verified are the bytes that are loaded.
//! Mapping the file would be faster and would let it change after it was verified.
//!
//! Never here: whether a component may be loaded at all, or what it may do.
//!
//! Start reading at [`component`].

mod cache;
mod child;
mod entry;
mod jail;
mod slots;

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

pub use cache::{CodeCache, CodeCacheError};
pub use child::CompilerProcess;
pub use entry::compile_child;
pub use jail::{Unprotected, give_everything_up};
use wasmtime::{Engine, component::Component};

use crate::limits;

/// Where components are compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compiler {
    /// In this process: for tests and tools that compile what their user wrote. Nothing bounds the
    /// compiler's time and memory.
    InProcess,
    /// In a process of its own that can do nothing else.
    Child(CompilerProcess),
}

/// How far the loading of a component's code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompileProgress {
    /// It has to be compiled, and that begins. Not said of code from the cache.
    Begun {
        /// The component's size.
        bytes: usize,
    },
    /// It is still being compiled; said every second.
    Still {
        /// Since it was asked for.
        elapsed: Duration,
    },
    /// The code is loaded.
    Done {
        /// Since it was asked for.
        elapsed: Duration,
        /// The code's size.
        code_bytes: usize,
        /// Where it came from.
        source: CodeSource,
    },
}

/// Where code came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeSource {
    /// It was compiled.
    Compiled,
    /// It was compiled earlier.
    Cache,
}

/// Why a component has no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CompileError {
    /// The compiler refuses it.
    #[error("the compiler refuses it: {message}")]
    Refused {
        /// What is wrong with it.
        message: String,
    },
    /// It takes too long.
    #[error("compiling took longer than {limit_ms} ms and was ended")]
    OutOfTime {
        /// What it may take.
        limit_ms: u64,
    },
    /// It keeps the processor too long.
    #[error("compiling took more than {limit_seconds} s of processor time")]
    OutOfProcessorTime {
        /// What it may take.
        limit_seconds: u64,
    },
    /// It takes too much memory.
    #[error("compiling took more than {limit} bytes of memory")]
    OutOfMemory {
        /// What it may take.
        limit: u64,
    },
    /// Its code is too large.
    #[error("its code is larger than {limit} bytes")]
    CodeTooLarge {
        /// The largest there may be.
        limit: usize,
    },
    /// The process that compiles could not be kept from doing anything else, so it did not compile.
    #[error("the compiler cannot be confined on this machine: {message}")]
    Unprotected {
        /// Which protection is missing.
        message: String,
    },
    /// The process that compiles broke.
    #[error("the compiler broke on it: {message}")]
    Crashed {
        /// How it ended, and what it said.
        message: String,
    },
    /// The process that compiles could not be started or spoken to.
    #[error("the compiler cannot be run: {message}")]
    NotRun {
        /// What the system said.
        message: String,
    },
    /// The engine does not take the code: it was made by another version or with other settings.
    #[error("the compiled code does not fit this host: {message}")]
    CodeUnfit {
        /// What the engine said.
        message: String,
    },
}

/// The code of a component, loaded: from the cache, or compiled and then kept there.
///
/// It blocks until the code is there. Of calls for the same digest with the same cache, one
/// compiles and the others wait for it.
///
/// `digest` is the component's, and what the cache knows it by; it must be that of `bytes`.
///
/// # Errors
/// If it cannot be compiled. A cache that cannot be read or written is no error: it is logged, and
/// the component is compiled.
pub fn component(
    engine: &Engine,
    bytes: &[u8],
    digest: &str,
    compiler: &Compiler,
    cache: Option<&CodeCache>,
    progress: &dyn Fn(CompileProgress),
) -> Result<Component, CompileError> {
    let begun = Instant::now();
    let done = |code_bytes, source| {
        progress(CompileProgress::Done { elapsed: begun.elapsed(), code_bytes, source });
    };
    let _alone = cache.map(|cache| cache.alone(digest));
    if let Some(cache) = cache
        && let Some(code) = cache.find(digest)
    {
        match deserialise(engine, code.bytes()) {
            Ok(component) => {
                done(code.bytes().len(), CodeSource::Cache);
                return Ok(component);
            }
            Err(error) => tracing::warn!(
                component = digest,
                "code in the cache does not fit and is compiled again: {error:#}"
            ),
        }
    }
    let code = compile(engine, bytes, compiler, begun, progress)?;
    let component = deserialise(engine, &code)
        .map_err(|error| CompileError::CodeUnfit { message: format!("{error:#}") })?;
    if let Some(cache) = cache {
        cache.keep(digest, &code);
    }
    done(code.len(), CodeSource::Compiled);
    Ok(component)
}

/// Compiles on a thread of its own and says every second that it is still at it.
fn compile(
    engine: &Engine,
    bytes: &[u8],
    compiler: &Compiler,
    begun: Instant,
    progress: &dyn Fn(CompileProgress),
) -> Result<Vec<u8>, CompileError> {
    let _slot = slots::take();
    progress(CompileProgress::Begun { bytes: bytes.len() });
    thread::scope(|scope| {
        let (ended, when_ended) = mpsc::channel();
        let work = move || {
            let code = match compiler {
                Compiler::InProcess => compile_here(engine, bytes),
                Compiler::Child(process) => process.compile(bytes),
            };
            let _ = ended.send(());
            code
        };
        // A child is ended by the system when the thread that started it ends, so the thread that
        // starts it is this one, which stays until the child has ended.
        let thread = thread::Builder::new().name("compile".to_owned());
        let working = thread.spawn_scoped(scope, work).map_err(not_run)?;
        while when_ended.recv_timeout(limits::COMPILE_TELL_EVERY) == Err(RecvTimeoutError::Timeout)
        {
            progress(CompileProgress::Still { elapsed: begun.elapsed() });
        }
        let broke = |_| CompileError::Crashed { message: "its thread panicked".to_owned() };
        working.join().map_err(broke).flatten()
    })
}

fn compile_here(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, CompileError> {
    engine
        .precompile_component(bytes)
        .map_err(|error| CompileError::Refused { message: format!("{error:#}") })
}

fn not_run(error: impl std::fmt::Display) -> CompileError {
    CompileError::NotRun { message: error.to_string() }
}

#[expect(unsafe_code, reason = "there is no safe way to load compiled code; see the comment")]
fn deserialise(engine: &Engine, code: &[u8]) -> wasmtime::Result<Component> {
    // SAFETY: the bytes must come from this engine's compiler, unchanged. They do: they are either
    // what the compiler returned just now, or what it returned earlier and was kept under a MAC
    // whose key only this user has. They are in memory of this process, so nobody changes them
    // between the check and here. That version and settings agree, the engine checks itself.
    unsafe { Component::deserialize(engine, code) }
}
