//! The contract's document and its evolution: `cargo xtask contract`.
//!
//! `docs/contract.md` is written from the doc comments in `wit`, which cannot be left out: what
//! has none is an error. What a version promised is kept in `xtask/frozen`, and the contract is
//! held against it. It reads and compares WIT text; what the host makes of it is not looked at.
//!
//! Start reading at [`Project`], then `parse.rs` for what a contract is made of, `render.rs` for
//! the document, `evolution.rs` for the rule.

mod evolution;
mod frozen;
mod model;
mod parse;
mod render;
#[cfg(test)]
mod tests;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};
use clap::Parser;

use model::Contract;
use parse::Source;

/// Where the contract is written by hand.
const WIT_FOLDER: &str = "wit";

/// Where versions are kept as they were promised.
const FROZEN_FOLDER: &str = "xtask/frozen";

/// What is generated.
const DOCUMENT: &str = "docs/contract.md";

/// Writes the contract's document, and checks the contract against what is frozen.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask contract", bin_name = "cargo xtask contract")]
struct Arguments {
    /// Freezes what is there now as the contract of its version.
    #[arg(long)]
    freeze: bool,
}

fn main() -> ExitCode {
    let Arguments { freeze } = Arguments::parse();
    match run(freeze) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("contract: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(freeze: bool) -> Result<()> {
    let project = Project::here()?;
    let sources = parse::read_folder(&project.root, WIT_FOLDER)?;
    let contract = parse::parse(&sources)?;
    project.write(DOCUMENT, &document(&contract)?)?;
    if freeze {
        let name = frozen::file_name(FROZEN_FOLDER, contract.version);
        let before = fs::read_to_string(project.root.join(&name)).ok();
        ensure!(
            !before.is_some_and(|before| frozen::is_final(&before)),
            "{name} is final; a new minor version is frozen into a file of its own"
        );
        project.write(&name, &frozen::text(&sources, contract.version)?)?;
    }
    parse::check_stable(&sources)?;
    let breaks = project.breaks(&contract)?;
    ensure!(breaks.is_empty(), "what is frozen is broken:\n{}", breaks.join("\n"));
    Ok(())
}

/// The document of a contract that lacks nothing.
fn document(contract: &Contract) -> Result<String> {
    let mistakes = &contract.mistakes;
    ensure!(mistakes.is_empty(), "the contract is not complete:\n{}", mistakes.join("\n"));
    Ok(render::document(contract))
}

/// The checkout that is worked on.
#[derive(Debug)]
struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout that cargo was started from.
    fn here() -> Result<Self> {
        let package = env::var_os("CARGO_MANIFEST_DIR")
            .context("start it with `cargo xtask contract`, which tells where the project is")?;
        let root = Path::new(&package).parent().context("the package xtask is in no folder")?;
        Ok(Self { root: root.to_owned() })
    }

    fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.root.join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
        println!("wrote {name}");
        Ok(())
    }

    /// What the contract breaks of all that is frozen.
    fn breaks(&self, contract: &Contract) -> Result<Vec<String>> {
        let mut breaks = Vec::new();
        let frozen = parse::read_folder(&self.root, FROZEN_FOLDER)?;
        if frozen.is_empty() {
            bail!("nothing is frozen; `cargo xtask contract --freeze` does it");
        }
        for Source { name, text } in frozen {
            let source = Source { name: name.clone(), text };
            let frozen = parse::parse(&[source]).with_context(|| format!("cannot read {name}"))?;
            let found = evolution::breaks(&frozen, contract);
            breaks.extend(found.into_iter().map(|words| format!("{name}: {words}")));
        }
        Ok(breaks)
    }
}
