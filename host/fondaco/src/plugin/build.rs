//! Builds plugins: checks the folders, compiles, packs, and looks at the result before it is
//! written.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use fondaco_plugin_toolchain::Toolchain;
use fondaco_sandbox::Inspection;
use fondaco_sandbox::manifest::{MANIFEST_SECTION, SETTINGS_SCHEMA_SECTION};

use super::component;
use super::folder::{Folder, Mistake, same_ids};
use super::inspect::{names, size};

/// Builds a plugin from each folder. No plugin is compiled while one of the folders has mistakes,
/// and mistakes that only show afterwards keep the plugin they are in from being written.
///
/// # Errors
/// When nothing here compiles modules, or `out` cannot be written to.
pub(super) fn build(folders: &[PathBuf], out: &Path) -> Result<ExitCode> {
    let mut mistakes = Vec::new();
    let mut sound = Vec::new();
    for path in folders {
        match Folder::read(path) {
            Ok(folder) => sound.push(folder),
            Err(found) => mistakes.extend(found),
        }
    }
    mistakes.extend(same_ids(&sound));
    if mistakes.is_empty() {
        let toolchain = fondaco_plugin_toolchain::find()?;
        fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
        for folder in &sound {
            match compile(folder, &toolchain).and_then(|module| pack(folder, &module)) {
                Ok((plugin, inspection)) => {
                    let file = out.join(format!("{}.wasm", folder.manifest.id));
                    write(&file, &plugin)
                        .with_context(|| format!("cannot write {}", file.display()))?;
                    println!("{}", built(&inspection, &file));
                }
                Err(found) => mistakes.extend(found),
            }
        }
    }
    if mistakes.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    for mistake in &mistakes {
        eprintln!("{mistake}");
    }
    let count = mistakes.len();
    eprintln!("{count} {}", if count == 1 { "mistake" } else { "mistakes" });
    Ok(ExitCode::FAILURE)
}

/// Compiles the folder's crate to a core module.
fn compile(folder: &Folder, toolchain: &Toolchain) -> Result<Vec<u8>, Vec<Mistake>> {
    eprintln!("{}: compiling with {toolchain}", folder.manifest.id);
    let module = folder.package.compile(toolchain).and_then(|path| {
        fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
    });
    module.map_err(|error| vec![folder.mistake(format!("{error:#}"))])
}

/// Makes the core module a component, puts the manifest and the schema into it, and checks that
/// the sandbox takes it.
pub(super) fn pack(folder: &Folder, module: &[u8]) -> Result<(Vec<u8>, Inspection), Vec<Mistake>> {
    let mut plugin = component::from_module(module)
        .map_err(|error| vec![folder.mistake(format!("cannot be made a component: {error:#}"))])?;
    component::append_section(&mut plugin, MANIFEST_SECTION, folder.manifest_text.as_bytes());
    component::append_section(&mut plugin, SETTINGS_SCHEMA_SECTION, folder.schema_text.as_bytes());
    let inspection = fondaco_sandbox::inspect(&plugin).map_err(|error| folder.refused(&error))?;
    let reasons = inspection.manifest.reasons.keys();
    let idle = reasons.filter(|interface| !inspection.imports.contains(*interface));
    let idle: Vec<_> = idle.map(|interface| folder.idle_reason(interface)).collect();
    if idle.is_empty() { Ok((plugin, inspection)) } else { Err(idle) }
}

/// Writes beside the file first, so that who reads it meanwhile sees the old or the new one.
fn write(file: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = file.with_extension(format!("{}.new", std::process::id()));
    let written = fs::File::create(&beside).and_then(|mut new| {
        new.write_all(content)?;
        new.sync_all()?;
        fs::rename(&beside, file)
    });
    if written.is_err() {
        // It may not even have been made; the error that counts is the first.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// One line about a plugin that was built.
fn built(inspection: &Inspection, file: &Path) -> String {
    let hears = names(inspection.hooks.iter().map(|hook| hook.as_str()));
    let may = names(inspection.needed_grants());
    let (id, version) = (&inspection.manifest.id, &inspection.manifest.version);
    let (size, file) = (size(inspection.bytes), file.display());
    format!("{id} {version}: {size}; hears {hears}; may use {may}; {file}")
}
