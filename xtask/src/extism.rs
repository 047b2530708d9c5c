//! The row that compares with Extism. It is a workspace of its own, `tests/extism`, because Extism
//! brings another engine: its build takes minutes, and nothing else should wait for it.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use fondaco_plugin_toolchain as toolchain;

use crate::process::{self, Progress};
use crate::steps::{MODULES_VARIABLE, Workspace};

/// The row's id.
pub(crate) const ROW: &str = "sandbox.extism-ratio";

/// The module that is compared, as a folder of the checkout.
pub(crate) const MODULE: &str = "tests/guests/order-worker";

/// Where the comparison finds its Extism plug-in.
const PLUGIN_VARIABLE: &str = "FONDACO_EXTISM_PLUGIN";

/// The plug-in's file, as cargo names it.
const PLUGIN_FILE: &str = "fondaco_extism_plugin.wasm";

/// Builds the Extism plug-in and what compares, and starts it. The module is built before.
pub(crate) fn bench(workspace: &Workspace, progress: &mut Progress) -> Result<ExitCode> {
    let folder = workspace.root.join("tests/extism");
    let target_folder = workspace.root.join("target/extism");
    let toolchain = toolchain::find()?;
    progress.step("cargo build of the Extism plug-in");
    let mut build = toolchain.cargo_build(&target_folder);
    build.current_dir(&folder).args(["--package", "fondaco-extism-plugin", "--profile", "plugin"]);
    ensure!(process::succeeds(build)?, "the plug-in cannot be built; cargo says why above");
    let built = toolchain.build_folder(&target_folder).join(toolchain::TARGET);
    let plugin = built.join("plugin").join(PLUGIN_FILE);

    progress.step("cargo run --release in tests/extism (the first time takes many minutes)");
    let mut run = toolchain::cargo();
    // Extism's engine asks for a newer compiler than the project's, and does without.
    run.current_dir(&folder).args(["run", "--release", "--ignore-rust-version"]);
    run.arg("--target-dir").arg(&target_folder);
    run.env(MODULES_VARIABLE, workspace.modules_folder()).env(PLUGIN_VARIABLE, plugin);
    process::become_child(run)
}
