//! What a machine has, and how it gets what it lacks.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::bounded::{self, AtLimit};
use crate::limits::{
    DOWNLOAD_WAIT_MAX, LISTS_WAIT_MAX, QUESTION_WAIT_MAX, RUSTUP_WAIT_MAX, UNPACK_WAIT_MAX,
};
use crate::{DEBIAN_PACKAGES, TARGET, Toolchain, Way};

/// The oldest compiler that builds the workspace.
const RUST_VERSION_MIN: &str = env!("CARGO_PKG_RUST_VERSION");

/// Where things are on one machine. Tests make machines of their own.
#[derive(Debug)]
pub(crate) struct Machine {
    /// Where programs are looked for, as in `PATH`.
    pub(crate) path: OsString,
    /// The compiler that builds everything else; a name is looked for on `path`.
    pub(crate) rustc: PathBuf,
    /// Debian's compiler.
    pub(crate) debian_rustc: PathBuf,
    /// May packages be installed?
    pub(crate) is_root: bool,
    /// How long rustup may take.
    pub(crate) rustup_wait_max: Duration,
}

impl Machine {
    /// The machine this runs on.
    pub(crate) fn this() -> Self {
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            rustc: env::var_os("RUSTC").map_or_else(|| PathBuf::from("rustc"), PathBuf::from),
            debian_rustc: PathBuf::from("/usr/bin/rustc"),
            is_root: is_root(),
            rustup_wait_max: RUSTUP_WAIT_MAX,
        }
    }

    /// Looks whether a way can be gone now.
    ///
    /// # Errors
    /// What is missing, in words.
    pub(crate) fn find(&self, way: Way) -> Result<Toolchain, String> {
        match way {
            Way::Target => self.find_target(),
            Way::DebianWeb => self.find_debian_web(),
        }
    }

    /// Installs what a way needs.
    ///
    /// # Errors
    /// Why it could not be installed, in words.
    pub(crate) fn install(&self, way: Way, progress: &mut dyn FnMut(&str)) -> Result<(), String> {
        match way {
            Way::Target => self.install_target(progress),
            Way::DebianWeb => self.install_debian_web(progress),
        }
    }

    fn find_target(&self) -> Result<Toolchain, String> {
        let rustc = self.rustc()?;
        let folder = self.ask(&rustc, &["--print", "target-libdir", "--target", TARGET])?;
        if has_core_library(Path::new(&folder)) {
            Ok(Toolchain::Target)
        } else {
            Err(format!("the target {TARGET} is not installed for {}", rustc.display()))
        }
    }

    fn find_debian_web(&self) -> Result<Toolchain, String> {
        let rustc = &self.debian_rustc;
        if !rustc.is_file() {
            return Err(format!("there is no {}", rustc.display()));
        }
        let version = self.ask(rustc, &["--version"])?;
        if !is_recent(&version) {
            return Err(format!(
                "{} is {version}, not {RUST_VERSION_MIN} or later",
                rustc.display()
            ));
        }
        let system = PathBuf::from(self.ask(rustc, &["--print", "sysroot"])?);
        let library = system.join("lib/rustlib/src/rust/library");
        if !library.join("std/Cargo.toml").is_file() {
            let library = library.display();
            return Err(format!("the sources of the standard library are not in {library}"));
        }
        let linker = self.linker()?;
        Ok(Toolchain::DebianWeb { rustc: rustc.clone(), linker })
    }

    /// The linker for the target: the one beside the running compiler, or any on the path.
    fn linker(&self) -> Result<PathBuf, String> {
        let beside = self.rustc().and_then(|rustc| {
            let system = self.ask(&rustc, &["--print", "sysroot"])?;
            let host = self.ask(&rustc, &["--print", "host-tuple"])?;
            let folder = Path::new(&system).join("lib/rustlib").join(host).join("bin");
            Ok(folder.join("rust-lld"))
        });
        match beside {
            Ok(linker) if linker.is_file() => Ok(linker),
            _ => ["rust-lld", "wasm-ld"]
                .iter()
                .find_map(|name| self.program(name))
                .ok_or_else(|| String::from("there is no linker for it (rust-lld or wasm-ld)")),
        }
    }

    fn install_target(&self, progress: &mut dyn FnMut(&str)) -> Result<(), String> {
        let rustc = self.rustc()?;
        let Some(rustup) = self.program("rustup") else {
            return Err(format!(
                "the target {TARGET} is not installed for {}, and there is no rustup to add it",
                rustc.display()
            ));
        };
        progress(&format!("rustup target add {TARGET}"));
        let mut command = self.command(&rustup);
        command.args(["target", "add", TARGET]);
        let what = format!("`rustup target add {TARGET}`");
        bounded::run(&what, &mut command, self.rustup_wait_max, AtLimit::Kill).map(drop)
    }

    fn install_debian_web(&self, progress: &mut dyn FnMut(&str)) -> Result<(), String> {
        let packages = DEBIAN_PACKAGES.join(" ");
        let Some(apt_get) = self.program("apt-get") else {
            return Err(format!("{packages} are not installed, and there is no apt-get"));
        };
        if !self.is_root {
            return Err(format!("{packages} are not installed, and only root may install them"));
        }
        progress("apt-get update");
        // Lists that cannot be fetched may still be there from before, so this decides nothing.
        let update = self.apt_get(&apt_get, &["update"], LISTS_WAIT_MAX, AtLimit::Kill);
        progress(&format!("apt-get install {packages}"));
        // Downloading can be ended at any time; unpacking, once begun, cannot.
        let download =
            self.apt_install(&apt_get, &["--download-only"], DOWNLOAD_WAIT_MAX, AtLimit::Kill);
        if let Err(reason) = download {
            return Err(match update {
                Ok(()) => reason,
                Err(update) => format!("{update}; {reason}"),
            });
        }
        self.apt_install(&apt_get, &["--no-download"], UNPACK_WAIT_MAX, AtLimit::Leave)
    }

    fn apt_install(
        &self,
        apt_get: &Path,
        options: &[&str],
        limit: Duration,
        at_limit: AtLimit,
    ) -> Result<(), String> {
        // `rustc-web` stands in conflict with Debian's own `rustc` and `rustup`; whoever has those
        // decides for themselves.
        let mut arguments = vec!["install", "--yes", "--no-remove", "--no-install-recommends"];
        arguments.extend(options);
        arguments.extend(DEBIAN_PACKAGES);
        self.apt_get(apt_get, &arguments, limit, at_limit)
    }

    fn apt_get(
        &self,
        apt_get: &Path,
        arguments: &[&str],
        limit: Duration,
        at_limit: AtLimit,
    ) -> Result<(), String> {
        let mut command = self.command(apt_get);
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        let what = format!("`apt-get {}`", arguments.join(" "));
        bounded::run(&what, &mut command, limit, at_limit).map(drop)
    }

    fn rustc(&self) -> Result<PathBuf, String> {
        let name = self.rustc.display();
        self.program(&self.rustc).ok_or_else(|| format!("there is no {name} on the path"))
    }

    fn program(&self, name: impl AsRef<Path>) -> Option<PathBuf> {
        // Joining an absolute path replaces what it is joined to.
        let mut places = env::split_paths(&self.path).map(|folder| folder.join(name.as_ref()));
        places.find(|place| place.is_file())
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("PATH", &self.path);
        // A trace of the program's own would push its reason out of the last lines that are kept.
        command.env("RUST_BACKTRACE", "0");
        command
    }

    fn ask(&self, program: &Path, arguments: &[&str]) -> Result<String, String> {
        let mut command = self.command(program);
        command.args(arguments);
        let what = format!("`{} {}`", program.display(), arguments.join(" "));
        let answer = bounded::run(&what, &mut command, QUESTION_WAIT_MAX, AtLimit::Kill)?;
        Ok(answer.trim().to_owned())
    }
}

/// Is the target's core library in its folder? rustc names the folder whether it exists or not.
fn has_core_library(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    names.into_iter().any(|name| {
        let name = name.to_string_lossy();
        name.starts_with("libcore-") && name.ends_with(".rlib")
    })
}

/// Can a compiler that calls itself `version` (`rustc 1.96.0 (…)`) build the workspace?
fn is_recent(version: &str) -> bool {
    let number = version.split_whitespace().nth(1).unwrap_or_default();
    let parts = |number: &str| -> Option<(u32, u32)> {
        let mut parts = number.split('.').map(|part| part.parse().ok());
        Some((parts.next()??, parts.next()??))
    };
    parts(number).is_some_and(|number| Some(number) >= parts(RUST_VERSION_MIN))
}

/// Does this process run as root? The owner of its own entry tells without a foreign function.
fn is_root() -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt as _;
        fs::metadata("/proc/self").is_ok_and(|entry| entry.uid() == 0)
    }
    #[cfg(not(target_os = "linux"))]
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        for version in ["rustc 1.95.0 (59807616e 2026-04-14)", "rustc 1.100.0", "rustc 2.0.0"] {
            assert!(is_recent(version), "{version}");
        }
        for version in ["rustc 1.63.0", "rustc 1.94.1", "rustc 0.99.0", "rustc", "", "rustc new"] {
            assert!(!is_recent(version), "{version}");
        }
    }
}
