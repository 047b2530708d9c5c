//! The project's own tasks: `cargo xtask demo|test|bench|fuzz|plugins|contract|platforms`.
//!
//! Each task readies what compiles modules, builds what it needs, and starts it. xtask depends on
//! none of the rooms, so that it is there after seconds and can tell what the long builds are for.
//! It never does the work itself: cargo and the `fondaco` command do.
//!
//! Start reading at [`Task`], then in `steps.rs`.

mod extism;
mod fuzz;
mod process;
mod results;
mod shopify;
mod steps;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use process::Progress;
use steps::{Build, Workspace};

/// Builds, shows, tests and measures Fondaco.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Starts a host, four simulated shops and a customer who buys, and tells what happens.
    Demo {
        /// Passed on to `fondaco demo`, such as `--for 20s`.
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Checks format and lints, and runs all tests.
    Test {
        /// Runs the tests that take minutes as well (those marked `#[ignore]`).
        #[arg(long)]
        long: bool,
    },
    /// Measures, optimised, and prints a table; writes `target/bench.json` and
    /// `target/bench-extism.json`.
    Bench {
        /// Only the row of this id.
        #[arg(long, value_name = "ID")]
        only: Option<String>,
    },
    /// Feeds made-up input to what reads bytes of strangers.
    Fuzz {
        /// Only this target.
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
        /// How long each target is fuzzed, in seconds.
        #[arg(long, value_name = "N", default_value_t = fuzz::SECONDS)]
        seconds: u64,
    },
    /// Builds all modules, the tests' own included, into `target/plugins`.
    Plugins,
    /// Writes `docs/contract.md` from the files in `wit`, and checks them against what is frozen.
    Contract {
        /// Freezes what is there now as the contract of its version, into `xtask/frozen`.
        #[arg(long)]
        freeze: bool,
    },
    /// Writes `docs/platforms.md` from the adapters' own tables of what they can do.
    Platforms,
}

fn main() -> ExitCode {
    let Arguments { task } = Arguments::parse();
    match run(task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let mut progress = Progress::begin();
    let workspace = Workspace::here()?;
    match task {
        Task::Demo { arguments } => demo(&workspace, &mut progress, &arguments),
        Task::Test { long } => test(&workspace, &mut progress, long),
        Task::Bench { only } => bench(&workspace, &mut progress, only.as_deref()),
        Task::Fuzz { target, seconds } => {
            let fine = fuzz::fuzz(&workspace, &mut progress, target.as_deref(), seconds)?;
            Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Task::Plugins => plugins(&workspace, &mut progress),
        Task::Contract { freeze } => contract(&workspace, &mut progress, freeze),
        Task::Platforms => platforms(&workspace, &mut progress),
    }
}

fn demo(workspace: &Workspace, progress: &mut Progress, arguments: &[String]) -> Result<ExitCode> {
    steps::ready_toolchain(progress)?;
    let fondaco = steps::build_fondaco(workspace, progress, Build::Demo)?;
    let modules = [workspace.root.join("plugins/stock-sync")];
    steps::build_modules(workspace, progress, &fondaco, &modules)?;
    progress.step("fondaco demo");
    let mut command = workspace.command(&fondaco);
    command.arg("demo").arg("--plugins").arg(workspace.modules_folder()).args(arguments);
    process::become_child(command)
}

fn plugins(workspace: &Workspace, progress: &mut Progress) -> Result<ExitCode> {
    steps::ready_toolchain(progress)?;
    let fondaco = steps::build_fondaco(workspace, progress, Build::Demo)?;
    let modules = workspace.modules()?;
    steps::build_modules(workspace, progress, &fondaco, &modules)?;
    Ok(ExitCode::SUCCESS)
}

fn test(workspace: &Workspace, progress: &mut Progress, long: bool) -> Result<ExitCode> {
    steps::ready_toolchain(progress)?;
    let fondaco = steps::build_fondaco(workspace, progress, Build::Test)?;
    steps::build_modules(workspace, progress, &fondaco, &workspace.modules()?)?;
    let schemas = shopify::ready(workspace, progress)?;
    let mut failed = Vec::new();
    for (name, passed) in [
        ("cargo fmt", steps::check_format(workspace, progress)?),
        ("cargo clippy", steps::check_lints(workspace, progress)?),
        ("cargo test", steps::run_tests(workspace, progress, &fondaco, &schemas, long)?),
    ] {
        if !passed {
            failed.push(name);
        }
    }
    if failed.is_empty() {
        progress.step("all is well");
        Ok(ExitCode::SUCCESS)
    } else {
        progress.step(&format!("failed: {}", failed.join(", ")));
        Ok(ExitCode::FAILURE)
    }
}

fn bench(workspace: &Workspace, progress: &mut Progress, only: Option<&str>) -> Result<ExitCode> {
    steps::ready_toolchain(progress)?;
    if only == Some(extism::ROW) {
        // Modules are the same, whoever builds them; nothing else is needed of the command.
        let fondaco = steps::build_fondaco(workspace, progress, Build::Demo)?;
        let worker = [workspace.root.join(extism::MODULE)];
        steps::build_modules(workspace, progress, &fondaco, &worker)?;
        return extism::bench(workspace, progress);
    }
    let fondaco = steps::build_fondaco(workspace, progress, Build::Bench)?;
    steps::build_modules(workspace, progress, &fondaco, &workspace.modules()?)?;
    progress.step("cargo bench");
    let bench = steps::bench_command(workspace, &fondaco, only);
    if only.is_some() {
        return process::become_child(bench);
    }
    if !process::succeeds(bench)? {
        return Ok(ExitCode::FAILURE);
    }
    extism::bench(workspace, progress)
}

/// The tables are code of the adapters, which xtask must not depend on. So the test that holds the
/// document against them writes it.
fn platforms(workspace: &Workspace, progress: &mut Progress) -> Result<ExitCode> {
    progress.step("cargo test --workspace --test conformance document");
    let mut command = workspace.cargo();
    command.args(["test", "--workspace", "--test", "conformance", "document"]);
    command.env("FONDACO_WRITE_DOCUMENTS", "1");
    process::become_child(command)
}

fn contract(workspace: &Workspace, progress: &mut Progress, freeze: bool) -> Result<ExitCode> {
    let contract = steps::build_contract(workspace, progress)?;
    let mut command = workspace.command(&contract);
    command.args(freeze.then_some("--freeze"));
    process::become_child(command)
}
