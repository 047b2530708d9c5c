//! The steps the tasks are made of.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use fondaco_plugin_toolchain as toolchain;

use crate::process::{self, Progress};
use crate::results::Results;
use crate::shopify;

/// Where the tests and the bench find the modules.
pub(crate) const MODULES_VARIABLE: &str = "FONDACO_PLUGINS";

/// Where the tests and the bench find the `fondaco` command.
const COMMAND_VARIABLE: &str = "FONDACO_BIN";

/// What the `fondaco` command is built for.
///
/// All of them select the whole workspace: cargo builds a dependency once for each set of features
/// that the selected packages ask of it, and with a smaller selection the engine that compiles
/// modules would be built again when tests follow a demo.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Build {
    /// Only the command.
    Demo,
    /// The command with all tests.
    Test,
    /// The command with the bench, optimised.
    Bench,
}

impl Build {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Demo => &["--workspace", "--bin", "fondaco"],
            Self::Test => &["--workspace", "--lib", "--bins", "--tests", "--examples"],
            Self::Bench => &["--release", "--workspace", "--bin", "fondaco", "--bench", "fondaco"],
        }
    }
}

/// The checkout that is worked on.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
}

impl Workspace {
    /// The checkout that xtask was started from.
    pub(crate) fn here() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .context("start it with `cargo xtask`, which tells it where the project is")?;
        let root = Path::new(&package).parent().context("the package xtask is in no folder")?;
        Ok(Self { root: root.to_owned() })
    }

    /// Where finished modules go.
    pub(crate) fn modules_folder(&self) -> PathBuf {
        self.root.join("target/plugins")
    }

    /// The folders of all modules, the tests' own included: those that have a manifest.
    pub(crate) fn modules(&self) -> Result<Vec<PathBuf>> {
        let mut modules = Vec::new();
        for parent in ["plugins", "tests/guests"] {
            let parent = self.root.join(parent);
            let entries = fs::read_dir(&parent)
                .with_context(|| format!("cannot read {}", parent.display()))?;
            for entry in entries {
                let folder = entry?.path();
                if folder.join("plugin.toml").is_file() {
                    modules.push(folder);
                }
            }
        }
        modules.sort();
        ensure!(!modules.is_empty(), "no folder under plugins or tests/guests has a plugin.toml");
        Ok(modules)
    }

    /// A command that runs in the checkout's folder.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        command
    }

    /// A command of cargo's that runs in the checkout's folder.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = toolchain::cargo();
        command.current_dir(&self.root);
        command
    }
}

/// Finds or installs what compiles modules.
pub(crate) fn ready_toolchain(progress: &mut Progress) -> Result<()> {
    let found = toolchain::ready(&mut |step| progress.step(step))?;
    progress.step(&format!("modules are compiled by {found}"));
    Ok(())
}

/// Builds the `fondaco` command and returns where it is.
pub(crate) fn build_fondaco(
    workspace: &Workspace,
    progress: &mut Progress,
    build: Build,
) -> Result<PathBuf> {
    build_program(workspace, progress, build.arguments(), "fondaco", "bin")
}

/// Builds what writes and checks the contract's document, and returns where it is. It is no part
/// of xtask, which would wait for the WIT parser for a minute before its first step.
pub(crate) fn build_contract(workspace: &Workspace, progress: &mut Progress) -> Result<PathBuf> {
    let arguments = ["--workspace", "--example", "contract"];
    build_program(workspace, progress, &arguments, "contract", "example")
}

fn build_program(
    workspace: &Workspace,
    progress: &mut Progress,
    arguments: &[&str],
    name: &str,
    kind: &str,
) -> Result<PathBuf> {
    progress.step(&format!("cargo build {}", arguments.join(" ")));
    let mut command = workspace.cargo();
    command.arg("build").args(arguments).arg("--message-format=json-render-diagnostics");
    command.stdout(Stdio::piped());
    let child = command.spawn().with_context(|| process::cannot_start(&command))?;
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "`{name}` cannot be built; cargo says why above");
    let messages = String::from_utf8_lossy(&output.stdout);
    match messages.lines().find_map(|message| executable(message, name, kind)) {
        Some(executable) => Ok(executable),
        None => bail!("cargo built `{name}` and does not say where it is"),
    }
}

/// The path of a program, if this message of cargo's is about it.
fn executable(message: &str, name: &str, kind: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let target = message.get("target")?;
    let is_meant = target.get("name")? == name
        && target.get("kind")? == &serde_json::json!([kind])
        && message.pointer("/profile/test")? == false;
    is_meant.then(|| message.get("executable")?.as_str().map(PathBuf::from)).flatten()
}

/// Builds modules into [`Workspace::modules_folder`].
pub(crate) fn build_modules(
    workspace: &Workspace,
    progress: &mut Progress,
    fondaco: &Path,
    modules: &[PathBuf],
) -> Result<()> {
    let names: Vec<_> = modules.iter().filter_map(|module| module.file_name()).collect();
    let names: Vec<_> = names.into_iter().map(|name| name.to_string_lossy()).collect();
    progress.step(&format!("fondaco plugin build: {}", names.join(", ")));
    let mut command = workspace.command(fondaco);
    command.args(["plugin", "build", "--out"]).arg(workspace.modules_folder()).args(modules);
    ensure!(process::succeeds(command)?, "a module cannot be built; it says why above");
    Ok(())
}

/// Is everything formatted as it should be?
pub(crate) fn check_format(workspace: &Workspace, progress: &mut Progress) -> Result<bool> {
    let arguments = ["fmt", "--all", "--check"];
    check_with(workspace, progress, "fmt", "rustfmt", &arguments)
}

/// Is everything free of warnings?
pub(crate) fn check_lints(workspace: &Workspace, progress: &mut Progress) -> Result<bool> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    check_with(workspace, progress, "clippy", "clippy", &arguments)
}

/// Runs one of cargo's tools that are installed apart. A machine without it passes, and is told.
fn check_with(
    workspace: &Workspace,
    progress: &mut Progress,
    tool: &str,
    component: &str,
    arguments: &[&str],
) -> Result<bool> {
    let mut question = workspace.cargo();
    question.args([tool, "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    if !process::succeeds(question)? {
        progress.step(&format!(
            "cargo {tool} is not installed and was not run (rustup component add {component})"
        ));
        return Ok(true);
    }
    progress.step(&format!("cargo {}", arguments.join(" ")));
    let mut command = workspace.cargo();
    command.args(arguments);
    process::succeeds(command)
}

/// Runs the tests; the long ones too, where asked. Ends with cargo's result lines.
pub(crate) fn run_tests(
    workspace: &Workspace,
    progress: &mut Progress,
    fondaco: &Path,
    shopify_schemas: &Path,
    long: bool,
) -> Result<bool> {
    let mut results = Results::default();
    let mut run = |results: &mut Results, rest: &[&str]| {
        let mut command = workspace.cargo();
        command.args(["test", "--workspace", "--no-fail-fast"]).args(rest);
        set_paths(&mut command, workspace, fondaco);
        command.env(shopify::VARIABLE, shopify_schemas);
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        progress.step(&format!("cargo {}", words.join(" ")));
        process::succeeds_heard(command, |line| results.hear(line))
    };
    let mut passed = run(&mut results, &[])?;
    if long {
        results.ignored_run_next();
        // Doc tests stay out: to them, ignored code is code that is not meant to run.
        passed &= run(&mut results, &["--lib", "--bins", "--tests", "--", "--ignored"])?;
    }
    println!("\n{}", results.summary());
    Ok(passed)
}

/// What measures.
pub(crate) fn bench_command(workspace: &Workspace, fondaco: &Path, only: Option<&str>) -> Command {
    let mut command = workspace.cargo();
    // The whole workspace, as it was built.
    command.args(["bench", "--workspace", "--bench", "fondaco", "--"]);
    if let Some(id) = only {
        command.args(["--only", id]);
    }
    set_paths(&mut command, workspace, fondaco);
    command
}

fn set_paths(command: &mut Command, workspace: &Workspace, fondaco: &Path) {
    command.env(MODULES_VARIABLE, workspace.modules_folder());
    command.env(COMMAND_VARIABLE, fondaco);
}
