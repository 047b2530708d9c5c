//! The `fondaco` command.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    fondaco::cli::Cli::parse().run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}
