//! Feeding made-up input to what reads bytes of strangers, with cargo-fuzz.
//!
//! `fuzz` is a workspace of its own with a target for each thing that reads. What a target checks
//! stands beside the ordinary tests of the crate it is about, which feed it the files in
//! `fuzz/corpus`. Those are few and meant; what a fuzzer finds on its way goes under `target`, and
//! only what breaks something goes from there to `fuzz/corpus`, by hand.

use std::path::PathBuf;
use std::process::Stdio;
use std::{env, fs};

use anyhow::{Context as _, Result, ensure};

use crate::process::{self, Progress};
use crate::steps::Workspace;

/// How long each target is fuzzed if nobody says otherwise, in seconds.
pub(crate) const SECONDS: u64 = 600;

/// How long one input may take, in seconds. More is an error like a crash.
const INPUT_SECONDS_MAX: u64 = 10;

/// Longest input that is made up, in bytes: several times the longest file of a corpus, and short
/// enough for thousands in a second.
const INPUT_BYTES_MAX: u64 = 8 * 1024;

/// Fuzzes one target, or all of them one after the other. Tells whether nothing broke.
pub(crate) fn fuzz(
    workspace: &Workspace,
    progress: &mut Progress,
    target: Option<&str>,
    seconds: u64,
) -> Result<bool> {
    let targets = targets(workspace)?;
    let chosen: Vec<&str> = match target {
        Some(target) => vec![target],
        None => targets.iter().map(String::as_str).collect(),
    };
    let is_known = |target: &&str| targets.iter().any(|known| known == target);
    ensure!(chosen.iter().all(is_known), "the targets are {}", targets.join(", "));
    ready(workspace)?;
    progress.step("cargo fuzz build (the first time takes many minutes)");
    let mut build = cargo_fuzz(workspace, "build");
    build.args((chosen.len() == 1).then(|| chosen[0]));
    ensure!(process::succeeds(build)?, "the targets cannot be built; cargo says why above");
    let mut broken = Vec::new();
    for target in chosen {
        progress.step(&format!("fuzzing {target} for {seconds} s"));
        if !run(workspace, target, seconds)? {
            broken.push(target);
        }
    }
    match broken.as_slice() {
        [] => progress.step("nothing broke"),
        broken => progress.step(&format!(
            "broke: {}; the inputs are in fuzz/artifacts, `cargo fuzz tmin` makes them small",
            broken.join(", ")
        )),
    }
    Ok(broken.is_empty())
}

/// All targets, by name.
fn targets(workspace: &Workspace) -> Result<Vec<String>> {
    let folder = workspace.root.join("fuzz/fuzz_targets");
    let mut targets = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    targets.sort();
    Ok(targets)
}

/// Fails with what to install if something is missing.
fn ready(workspace: &Workspace) -> Result<()> {
    let mut question = workspace.cargo();
    question.args(["fuzz", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    ensure!(
        process::succeeds(question)?,
        "cargo-fuzz is not installed; `cargo install --locked cargo-fuzz` installs it (it needs a \
         C++ compiler as well: `apt-get install g++`)"
    );
    Ok(())
}

fn run(workspace: &Workspace, target: &str, seconds: u64) -> Result<bool> {
    let found = build_folder(workspace).join("corpus").join(target);
    fs::create_dir_all(&found).with_context(|| found.display().to_string())?;
    let mut command = cargo_fuzz(workspace, "run");
    // What is found goes into the first folder.
    command.arg(target).arg(found).arg(workspace.root.join("fuzz/corpus").join(target));
    command.arg("--").arg(format!("-max_total_time={seconds}"));
    command.arg(format!("-timeout={INPUT_SECONDS_MAX}"));
    command.arg(format!("-max_len={INPUT_BYTES_MAX}"));
    command.arg("-print_final_stats=1");
    process::succeeds(command)
}

/// A command of cargo-fuzz, with the compiler that builds everything else: what the fuzzer needs
/// of it is locked on a stable one.
fn cargo_fuzz(workspace: &Workspace, what: &str) -> std::process::Command {
    let mut command = workspace.cargo();
    command.args(["fuzz", what, "--target-dir"]).arg(build_folder(workspace));
    if env::var_os("RUSTC_BOOTSTRAP").is_none() {
        command.env("RUSTC_BOOTSTRAP", "1");
    }
    command
}

fn build_folder(workspace: &Workspace) -> PathBuf {
    workspace.root.join("target/fuzz")
}
