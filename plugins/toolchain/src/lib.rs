//! Finds, and where asked readies, what compiles a module written in Rust to
//! `wasm32-unknown-unknown`.
//!
//! Two compilers can do it. The first is the one that builds everything else, once rustup has
//! added the target to it. The second is Debian's `rustc-web` with its sources, for machines that
//! reach Debian's packages and not rustup's: it has no standard library for the target, so cargo
//! builds that too. Both lead to the same [`Toolchain`], and each keeps a build folder of its own,
//! because one compiler cannot use what the other made.
//!
//! This crate never compiles anything itself, and [`find`] changes nothing on the machine; only
//! [`ready`] installs. Start reading at [`ready`].

mod bounded;
mod cargo;
mod limits;
mod machine;
#[cfg(test)]
mod tests;

use std::env;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use cargo::cargo;

use machine::Machine;

/// What modules are compiled for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The environment variable that forces one way: `target` or `debian-web`. Not set: whichever is
/// there.
pub const WAY_VARIABLE: &str = "FONDACO_WASM_TOOLCHAIN";

/// Debian's packages of the second way: the compiler, and the sources of its standard library.
const DEBIAN_PACKAGES: [&str; 2] = ["rustc-web", "rust-web-src"];

/// A way to get modules compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Target,
    DebianWeb,
}

impl Way {
    const ALL: [Self; 2] = [Self::Target, Self::DebianWeb];

    fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::DebianWeb => "debian-web",
        }
    }
}

/// What compiles a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The compiler that builds everything else; the target is installed for it.
    Target,
    /// Debian's `rustc-web`, with which cargo builds the standard library as well.
    DebianWeb {
        /// Debian's compiler.
        rustc: PathBuf,
        /// What links for the target: Debian's compiler brings no linker for it.
        linker: PathBuf,
    },
}

impl Toolchain {
    /// The way's name, as [`WAY_VARIABLE`] takes it.
    pub fn name(&self) -> &'static str {
        self.way().name()
    }

    /// Where a build leaves what it makes, under the workspace's target folder.
    pub fn build_folder(&self, target_folder: &Path) -> PathBuf {
        target_folder.join("plugin-build").join(self.name())
    }

    /// `cargo build` for [`TARGET`], leaving what it makes in [`Self::build_folder`]. The caller
    /// adds the package and the profile.
    pub fn cargo_build(&self, target_folder: &Path) -> Command {
        let mut command = cargo();
        command.arg("build").args(["--target", TARGET]);
        command.arg("--target-dir").arg(self.build_folder(target_folder));
        command.env("CARGO_ENCODED_RUSTFLAGS", cargo::module_flags());
        if let Self::DebianWeb { rustc, linker } = self {
            command.args(["-Z", "build-std=std,panic_abort"]);
            // Building the standard library takes features that a stable compiler keeps locked.
            command.env("RUSTC_BOOTSTRAP", "1");
            command.env("RUSTC", rustc);
            command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
        }
        command
    }

    fn way(&self) -> Way {
        match self {
            Self::Target => Way::Target,
            Self::DebianWeb { .. } => Way::DebianWeb,
        }
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Target => write!(formatter, "rustc with the target {TARGET}"),
            Self::DebianWeb { rustc, .. } => {
                let rustc = rustc.display();
                write!(formatter, "Debian's rustc-web ({rustc}), standard library from source")
            }
        }
    }
}

/// Why there is no toolchain, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// [`WAY_VARIABLE`] names no way.
    #[error("{WAY_VARIABLE} is `{0}`; set it to `target` or `debian-web`, or leave it unset")]
    UnknownWay(String),
    /// No way works on this machine.
    #[error("{}", describe(.0))]
    Nothing(Vec<Obstacle>),
}

/// Why one way does not work on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The way's name, as [`WAY_VARIABLE`] takes it.
    pub way: &'static str,
    /// What stands in its way.
    pub reason: String,
}

fn describe(obstacles: &[Obstacle]) -> String {
    use fmt::Write as _;

    let mut text = format!("nothing here compiles Rust to {TARGET}; install one of these:");
    let packages = DEBIAN_PACKAGES.join(" ");
    for obstacle in obstacles {
        let remedy = if obstacle.way == Way::Target.name() {
            format!("rustup target add {TARGET}")
        } else {
            format!("apt-get install --no-install-recommends {packages}  (as root, Debian 12)")
        };
        let _ = write!(text, "\n  {remedy}\n    now: {}", obstacle.reason);
    }
    text
}

/// Finds what compiles modules on this machine. Installs nothing, and takes less than a second.
///
/// # Errors
/// [`Missing`], with what to install.
pub fn find() -> Result<Toolchain, Missing> {
    find_on(&Machine::this(), &ways(env::var_os(WAY_VARIABLE))?)
}

/// Finds what compiles modules on this machine and, where there is nothing, installs it: the
/// target with rustup, or else Debian's packages when this runs as root. `progress` gets a line
/// before each step that takes long; every step has a time limit.
///
/// # Errors
/// [`Missing`], with what to install by hand and why it could not be done here.
pub fn ready(progress: &mut dyn FnMut(&str)) -> Result<Toolchain, Missing> {
    ready_on(&Machine::this(), &ways(env::var_os(WAY_VARIABLE))?, progress)
}

fn ways(wanted: Option<OsString>) -> Result<Vec<Way>, Missing> {
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else {
        return Ok(Way::ALL.to_vec());
    };
    match Way::ALL.into_iter().find(|way| wanted == way.name()) {
        Some(way) => Ok(vec![way]),
        None => Err(Missing::UnknownWay(wanted.to_string_lossy().into_owned())),
    }
}

fn find_on(machine: &Machine, ways: &[Way]) -> Result<Toolchain, Missing> {
    let mut obstacles = Vec::new();
    for way in ways {
        match machine.find(*way) {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => obstacles.push(Obstacle { way: way.name(), reason }),
        }
    }
    Err(Missing::Nothing(obstacles))
}

fn ready_on(
    machine: &Machine,
    ways: &[Way],
    progress: &mut dyn FnMut(&str),
) -> Result<Toolchain, Missing> {
    // What is there already comes first in both ways: a machine that cannot reach rustup's
    // downloads would otherwise wait for them at every start.
    if let Ok(toolchain) = find_on(machine, ways) {
        return Ok(toolchain);
    }
    let mut obstacles = Vec::new();
    for way in ways {
        match machine.install(*way, progress).and_then(|()| machine.find(*way)) {
            Ok(toolchain) => return Ok(toolchain),
            Err(reason) => {
                progress(&reason);
                obstacles.push(Obstacle { way: way.name(), reason });
            }
        }
    }
    Err(Missing::Nothing(obstacles))
}
