//! The vendor's schemas of Shopify's API, which the queries and mutations of its adapter are held
//! against. They come in a package of the vendor's, and stay out of the checkout's history.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::process::{self, Progress};
use crate::steps::Workspace;

/// Where the test finds the schemas.
pub(crate) const VARIABLE: &str = "FONDACO_SHOPIFY_SCHEMAS";

/// The package, pinned.
const PACKAGE: &str = "@shopify/dev-mcp@1.16.0";

/// The package's file, as npm names it.
const ARCHIVE: &str = "shopify-dev-mcp-1.16.0.tgz";

/// How long npm waits for an answer, in milliseconds.
const FETCH_TIMEOUT_MS: u32 = 120_000;

/// Fetches the schemas, unless they are there, and tells where.
pub(crate) fn ready(workspace: &Workspace, progress: &mut Progress) -> Result<PathBuf> {
    let folder = workspace.root.join("target/shopify");
    let schemas = folder.join("package/dist/data");
    // Written last, so that a fetch that was cut off is begun again.
    let whole = folder.join(format!("{ARCHIVE}.unpacked"));
    if whole.is_file() {
        return Ok(schemas);
    }
    fs::create_dir_all(&folder)?;
    ready_npm(progress)?;
    progress.step(&format!("npm pack {PACKAGE}"));
    let mut pack = Command::new("npm");
    pack.current_dir(&folder).args(["pack", PACKAGE, "--silent", "--ignore-scripts"]);
    pack.arg(format!("--fetch-timeout={FETCH_TIMEOUT_MS}"));
    ensure!(process::succeeds(pack)?, "npm cannot fetch {PACKAGE}; it says why above");
    let mut unpack = Command::new("tar");
    unpack.current_dir(&folder).args(["xzf", ARCHIVE, "package/dist/data"]);
    ensure!(process::succeeds(unpack)?, "{ARCHIVE} cannot be unpacked; tar says why above");
    fs::remove_file(folder.join(ARCHIVE))?;
    fs::write(whole, "")?;
    Ok(schemas)
}

fn ready_npm(progress: &mut Progress) -> Result<()> {
    let there = |program: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
    };
    if there("npm") {
        return Ok(());
    }
    ensure!(there("apt-get"), "npm is needed to fetch Shopify's schemas; install it");
    progress.step("apt-get install npm");
    // Lists that cannot be fetched may still be there from before, so this decides nothing.
    process::succeeds(apt_get(&["update"]))?;
    let install = apt_get(&["install", "--yes", "--no-remove", "--no-install-recommends", "npm"]);
    ensure!(
        process::succeeds(install)?,
        "npm is needed to fetch Shopify's schemas, and cannot be installed; apt-get says why above \
         (it has to run as root)"
    );
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    command
}
