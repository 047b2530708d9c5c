//! `fondaco plugin build|inspect|diff`: from a folder with a crate to the one file that is a plugin,
//! and from such a file to what it says of itself.
//!
//! A plugin is a component with two custom sections, `plugin.toml` and the JSON Schema of its
//! settings, as their author wrote them. What such a file must be like is the sandbox's knowledge
//! ([`fondaco_sandbox::inspect`]), and nothing is written that it would refuse. These commands
//! never install anything and never speak to a running host.
//!
//! Start reading at [`build::build`].

mod build;
mod component;
mod diff;
mod folder;
mod inspect;
mod package;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

/// Work on plugins.
#[derive(Clone, Debug, Subcommand)]
pub enum PluginCommand {
    /// Compiles modules written in Rust and packs each with its manifest into one file.
    Build {
        /// The modules' folders, each with `plugin.toml`, `Cargo.toml` and, if it has settings,
        /// `settings.schema.json`.
        #[arg(required = true, value_name = "FOLDER")]
        folders: Vec<PathBuf>,
        /// Where the finished plugins go, each as `<id>.wasm`.
        #[arg(long, value_name = "FOLDER", default_value = "target/plugins")]
        out: PathBuf,
    },
    /// Shows what a plugin is, what it hears, what it may do and why, and its settings.
    Inspect {
        /// The plugin.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// Writes it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Says in words what a new version of a plugin newly hears, newly may do and newly reaches, what
    /// it no longer does, and what else has changed.
    ///
    /// Exits with 0 if the new version asks for nothing more than the old one, and with 1 if it
    /// does, or if one of the files is no plugin.
    Diff {
        /// The plugin as it is.
        #[arg(value_name = "OLD")]
        old: PathBuf,
        /// The plugin that would take its place.
        #[arg(value_name = "NEW")]
        new: PathBuf,
        /// Writes it as JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Does it. The exit code tells whether all went well; mistakes in a module have been listed on
/// standard error then, each with its file and line.
///
/// # Errors
/// When something around the modules is not as it must be: no compiler, a folder that cannot be
/// written to, a file that is no plugin.
pub fn run(command: PluginCommand) -> Result<ExitCode> {
    match command {
        PluginCommand::Build { folders, out } => build::build(&folders, &out),
        PluginCommand::Inspect { file, json } => inspect::inspect(&file, json),
        PluginCommand::Diff { old, new, json } => diff::diff(&old, &new, json),
    }
}
