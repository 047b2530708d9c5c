//! How modules are compiled: in a process that is this program again, started as
//! `fondaco compile-module`, which can do nothing but compile.
//!
//! It needs Linux 5.9 or newer. There is no setting to go without: what a module's author wrote
//! would then have the compiler, and its mistakes, at hand in the host itself.

use std::time::Duration;

use fondaco_sandbox::code::{CodeSource, CompileProgress, Compiler, CompilerProcess};

/// The hidden subcommand, as [`crate::cli`] names it.
const SUBCOMMAND: &str = "compile-module";

/// The folder of the code cache within the store's folder.
pub const CODE_FOLDER: &str = "code";

/// Compiles in a process of its own. Only for the `fondaco` command: it is the running program that
/// is started again.
#[must_use]
pub fn in_child() -> Compiler {
    Compiler::Child(CompilerProcess::this_program([SUBCOMMAND]))
}

/// Writes to the log how far a module is.
pub fn log(module: &str, progress: CompileProgress) {
    let milliseconds = |elapsed: Duration| u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    match progress {
        CompileProgress::Begun { bytes } => {
            tracing::info!(module, bytes, "the module is being compiled");
        }
        CompileProgress::Still { elapsed } => {
            let duration_ms = milliseconds(elapsed);
            tracing::info!(module, duration_ms, "the module is still being compiled");
        }
        CompileProgress::Done { elapsed, code_bytes, source } => {
            let duration_ms = milliseconds(elapsed);
            let what = match source {
                CodeSource::Compiled => "the module is compiled",
                CodeSource::Cache => "the module was compiled before; its code is loaded",
            };
            tracing::info!(module, duration_ms, code_bytes, "{what}");
        }
    }
}
