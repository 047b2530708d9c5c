//! The crate a module is written in: what cargo knows about it, and compiling it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, Result, bail, ensure};
use fondaco_plugin_toolchain::{Toolchain, cargo};
use serde::Deserialize;

/// The profile that modules are compiled with, where their workspace defines it.
const PROFILE: &str = "plugin";

/// The profile for workspaces that do not.
const PROFILE_WITHOUT: &str = "release";

/// A crate that compiles to a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    /// Its name, which is the module's id as well.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
    /// Its `Cargo.toml`.
    pub(super) manifest: PathBuf,
    /// The folder of the workspace it belongs to.
    workspace: PathBuf,
    /// Where its workspace puts what is built.
    target_folder: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<MetadataPackage>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct MetadataPackage {
    name: String,
    version: String,
    manifest_path: PathBuf,
    targets: Vec<MetadataTarget>,
}

#[derive(Deserialize)]
struct MetadataTarget {
    crate_types: Vec<String>,
}

/// One message of a build, as far as it matters here.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

impl Package {
    /// Asks cargo about the crate in `folder`.
    ///
    /// # Errors
    /// When there is no crate, or it is not one that can become a module.
    pub(super) fn read(folder: &Path) -> Result<Self> {
        let manifest = folder.join("Cargo.toml");
        let manifest = manifest
            .canonicalize()
            .with_context(|| format!("{}: a module is a crate, and has one", manifest.display()))?;
        let mut command = cargo();
        command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]);
        command.arg(&manifest).stdin(Stdio::null());
        let output = command.output().context("cargo does not start")?;
        if !output.status.success() {
            let why = String::from_utf8_lossy(&output.stderr);
            bail!("{}: cargo cannot read it: {}", manifest.display(), why.trim());
        }
        let metadata: Metadata = serde_json::from_slice(&output.stdout)
            .context("what cargo tells of the workspace cannot be read")?;
        let mut packages = metadata.packages.into_iter();
        let Some(package) = packages.find(|package| package.manifest_path == manifest) else {
            bail!("{}: it has no [package]", manifest.display());
        };
        let mut kinds = package.targets.iter().flat_map(|target| &target.crate_types);
        ensure!(
            kinds.any(|kind| kind == "cdylib"),
            "{}: it makes no library that can become a module; add `[lib]` with \
             `crate-type = [\"cdylib\", \"rlib\"]`",
            manifest.display()
        );
        Ok(Self {
            name: package.name,
            version: package.version,
            manifest,
            workspace: metadata.workspace_root,
            target_folder: metadata.target_directory,
        })
    }

    /// Compiles it and returns where the core module is. Cargo tells on standard error how far it
    /// is.
    ///
    /// # Errors
    /// When cargo cannot compile it; it has said why.
    pub(super) fn compile(&self, toolchain: &Toolchain) -> Result<PathBuf> {
        let mut command = toolchain.cargo_build(&self.target_folder);
        command.current_dir(&self.workspace).stdin(Stdio::null()).stdout(Stdio::piped());
        command.arg("--lib").arg("--manifest-path").arg(&self.manifest);
        command.args(["--profile", self.profile()?]);
        command.arg("--message-format=json-render-diagnostics");
        let child = command.spawn().context("cargo does not start")?;
        let output = child.wait_with_output().context("cargo cannot be waited for")?;
        ensure!(output.status.success(), "{} cannot be compiled; cargo says why above", self.name);
        let messages = String::from_utf8_lossy(&output.stdout);
        messages
            .lines()
            .find_map(|message| self.module_in(message))
            .with_context(|| format!("cargo compiled {} and made no module of it", self.name))
    }

    /// The path of the core module, if this message of cargo's is about it.
    fn module_in(&self, message: &str) -> Option<PathBuf> {
        let message: Message = serde_json::from_str(message).ok()?;
        let is_about_it =
            message.reason == "compiler-artifact" && message.manifest_path == self.manifest;
        let mut files = message.filenames.into_iter();
        is_about_it
            .then(|| files.find(|file| file.extension().is_some_and(|kind| kind == "wasm")))
            .flatten()
    }

    fn profile(&self) -> Result<&'static str> {
        let path = self.workspace.join("Cargo.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let workspace: toml::Table = text.parse().with_context(|| path.display().to_string())?;
        let profiles = workspace.get("profile");
        let has_it = profiles.is_some_and(|profiles| profiles.get(PROFILE).is_some());
        Ok(if has_it { PROFILE } else { PROFILE_WITHOUT })
    }
}
