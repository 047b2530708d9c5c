//! The parts of WASI that a component may import: what the runtimes of other languages need to
//! start.

use semver::Version;

/// The packages. There is nothing behind them but the run's clock and randomness.
pub(super) const PACKAGES: [&str; 6] =
    ["wasi:cli", "wasi:clocks", "wasi:filesystem", "wasi:io", "wasi:random", "wasi:sockets"];

/// Whether an import is of WASI; then whether it may be imported.
pub(super) fn is_linked(import: &str) -> Option<bool> {
    if !import.starts_with("wasi:") {
        return None;
    }
    let parts = import.split_once('/').zip(import.split_once('@'));
    Some(parts.is_some_and(|((package, _), (_, version))| {
        let is_version =
            |version: Version| (version.major, version.minor) == (0, 2) && version.pre.is_empty();
        PACKAGES.contains(&package) && Version::parse(version).is_ok_and(is_version)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_packages_in_this_version() {
        for (import, expected) in [
            ("wasi:io/streams@0.2.0", Some(true)),
            ("wasi:cli/environment@0.2.12", Some(true)),
            ("wasi:sockets/tcp@0.2.3", Some(true)),
            ("wasi:io/streams@0.3.0", Some(false)),
            ("wasi:io/streams@0.2.0-rc-2023-12-05", Some(false)),
            ("wasi:io/streams", Some(false)),
            ("wasi:io@0.2.0", Some(false)),
            ("wasi:http/outgoing-handler@0.2.0", Some(false)),
            ("wasi:keyvalue/store@0.2.0", Some(false)),
            ("wasi:", Some(false)),
            ("fondaco:plugin/log@0.1.0", None),
            ("wasi", None),
        ] {
            assert_eq!(is_linked(import), expected, "{import}");
        }
    }
}
