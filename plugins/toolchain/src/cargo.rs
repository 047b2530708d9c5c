//! The cargo that children run, and the flags modules are compiled with.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

/// What separates flags in `CARGO_ENCODED_RUSTFLAGS`.
const FLAG_SEPARATOR: &str = "\x1f";

/// Where Debian's packages put the sources of the standard library.
const STANDARD_LIBRARY: &str = "/usr/lib/rustlib/src/rust";

/// `cargo`, the same that runs this process if one does, in the environment the person started it
/// in.
///
/// `cargo run` adds variables that describe the running package. Build scripts that look at them
/// would be run again each time the same build is asked for from another package.
pub fn cargo() -> Command {
    let program = env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    for (name, _) in env::vars_os() {
        if describes_a_package(&name) {
            command.env_remove(name);
        }
    }
    command
}

fn describes_a_package(variable: &OsStr) -> bool {
    let Some(name) = variable.to_str() else {
        return false;
    };
    name.starts_with("CARGO_PKG_")
        || name.starts_with("CARGO_MANIFEST_")
        || name.starts_with("CARGO_BIN_")
        || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE", "OUT_DIR"].contains(&name)
}

/// Flags for modules, encoded for `CARGO_ENCODED_RUSTFLAGS`. They take the place of flags that are
/// meant for this machine (`-C target-cpu=native`), and keep the builder's own folders, and with
/// them their name, out of the panic messages of what is published.
pub(crate) fn module_flags() -> OsString {
    let mut flags = OsString::new();
    let folders = [(cargo_home(), "/cargo"), (Some(STANDARD_LIBRARY.into()), "/rust")];
    for (folder, name) in folders {
        let Some(folder) = folder else { continue };
        if !flags.is_empty() {
            flags.push(FLAG_SEPARATOR);
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push("=");
        flags.push(name);
    }
    flags
}

fn cargo_home() -> Option<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    home.or_else(|| Some(env::home_dir()?.join(".cargo")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_describes_a_package_is_taken_away() {
        for name in ["CARGO_PKG_NAME", "CARGO_MANIFEST_DIR", "OUT_DIR", "CARGO_BIN_NAME"] {
            assert!(describes_a_package(OsStr::new(name)), "{name}");
        }
        for name in ["CARGO", "CARGO_HOME", "CARGO_TARGET_DIR", "CARGO_TERM_COLOR", "PATH"] {
            assert!(!describes_a_package(OsStr::new(name)), "{name}");
        }
    }

    #[test]
    fn modules_do_not_name_the_builders_folders() {
        let flags = module_flags().into_string().unwrap();
        let flags: Vec<&str> = flags.split(FLAG_SEPARATOR).collect();
        assert_eq!(flags.len(), 2);
        assert!(flags[0].ends_with("=/cargo"), "{}", flags[0]);
        assert_eq!(flags[1], "--remap-path-prefix=/usr/lib/rustlib/src/rust=/rust");
    }
}
