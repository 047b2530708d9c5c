//! The `fondaco` command.

use std::{
    panic::{self, PanicHookInfo},
    process::ExitCode,
};

use clap::Parser as _;

/// What a shell tells of a command that was ended because nobody reads what it prints: 128 and the
/// number of the signal for it.
const NOBODY_READS: i32 = 128 + 13;

fn main() -> ExitCode {
    end_quietly_when_nobody_reads();
    fondaco::cli::Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// `fondaco … | head` is no mistake. A host must not be ended by the signal for it, which a shop that
/// hangs up raises as well, so it stays ignored as Rust has it; what prints then panics, and that is
/// where the command ends.
fn end_quietly_when_nobody_reads() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if nobody_reads(info) {
            std::process::exit(NOBODY_READS);
        }
        others(info);
    }));
}

fn nobody_reads(info: &PanicHookInfo<'_>) -> bool {
    let said = info.payload_as_str().unwrap_or_default();
    said.starts_with("failed printing to stdout") && said.contains("Broken pipe")
}
