//! The choice between the ways, on made-up machines with made-up programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::machine::Machine;
use crate::{Missing, TARGET, Toolchain, WAY_VARIABLE, Way, find_on, ready_on, ways};

/// A machine in a folder: programs in `bin`, the compiler's own folder in `system`.
struct Fake {
    folder: TempDir,
    machine: Machine,
}

impl Fake {
    /// A machine with nothing.
    fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        let machine = Machine {
            path: folder.path().join("bin").into_os_string(),
            rustc: PathBuf::from("rustc"),
            debian_rustc: folder.path().join("usr/bin/rustc"),
            is_root: false,
            rustup_wait_max: Duration::from_secs(20),
        };
        Self { folder, machine }
    }

    /// A machine with a compiler that has its linker and not the target.
    fn with_rustc() -> Self {
        let fake = Self::bare();
        fake.program("bin/rustc", &rustc("1.95.0", &fake.at("system")));
        fake.file("system/lib/rustlib/made-up-host/bin/rust-lld");
        fake
    }

    fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn file(&self, path: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    /// A program is written by a child process: while this one holds a file open for writing, a
    /// child that another test just started holds it too, and the kernel refuses to run it.
    fn program(&self, path: &str, script: &str) {
        self.file(path);
        let write =
            r#"printf '#!/bin/sh\n%s\n' "$1" > "$0.new" && mv "$0.new" "$0" && chmod +x "$0""#;
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", write]).arg(self.at(path)).arg(script);
        assert!(shell.status().unwrap().success());
    }

    fn with_target(self) -> Self {
        self.file(&format!("system/lib/rustlib/{TARGET}/lib/libcore-1234.rlib"));
        self
    }

    fn with_debian_web(self, version: &str) -> Self {
        self.program("usr/bin/rustc", &rustc(version, &self.at("usr")));
        self.file("usr/lib/rustlib/src/rust/library/std/Cargo.toml");
        self
    }

    fn find(&self, ways: &[Way]) -> Result<Toolchain, String> {
        find_on(&self.machine, ways).map_err(|missing| missing.to_string())
    }

    /// Readies the machine; returns the steps it told of as well.
    fn ready(&self) -> (Result<Toolchain, String>, Vec<String>) {
        let mut steps = Vec::new();
        let result = ready_on(&self.machine, &Way::ALL, &mut |step| steps.push(step.to_owned()));
        (result.map_err(|missing| missing.to_string()), steps)
    }

    fn debian_web(&self) -> Toolchain {
        Toolchain::DebianWeb {
            rustc: self.at("usr/bin/rustc"),
            linker: self.at("system/lib/rustlib/made-up-host/bin/rust-lld"),
        }
    }
}

fn rustc(version: &str, system: &Path) -> String {
    let system = system.display();
    format!(
        r#"case "$*" in
            "--version") echo "rustc {version} (made up)" ;;
            "--print sysroot") echo "{system}" ;;
            "--print host-tuple") echo "made-up-host" ;;
            "--print target-libdir --target {TARGET}") echo "{system}/lib/rustlib/{TARGET}/lib" ;;
            *) echo "unexpected: $*" >&2; exit 1 ;;
        esac"#
    )
}

#[test]
fn the_installed_target_comes_first() {
    let fake = Fake::with_rustc().with_target().with_debian_web("1.96.0");
    assert_eq!(fake.find(&Way::ALL), Ok(Toolchain::Target));
    assert_eq!(fake.find(&[Way::DebianWeb]), Ok(fake.debian_web()));
}

#[test]
fn without_the_target_debians_compiler_is_taken() {
    let fake = Fake::with_rustc().with_debian_web("1.96.0");
    assert_eq!(fake.find(&Way::ALL), Ok(fake.debian_web()));
    let (ready, steps) = fake.ready();
    assert_eq!(ready, Ok(fake.debian_web()));
    assert!(steps.is_empty(), "nothing had to be installed: {steps:?}");
}

#[test]
fn a_linker_on_the_path_will_do() {
    let fake = Fake::bare().with_debian_web("1.96.0");
    let refused = fake.find(&[Way::DebianWeb]).unwrap_err();
    assert!(refused.contains("no linker"), "{refused}");
    fake.program("bin/wasm-ld", "exit 0");
    let found = fake.find(&[Way::DebianWeb]).unwrap();
    let rustc = fake.at("usr/bin/rustc");
    assert_eq!(found, Toolchain::DebianWeb { rustc, linker: fake.at("bin/wasm-ld") });
}

#[test]
fn debians_compiler_must_be_recent_and_have_its_sources() {
    let fake = Fake::with_rustc().with_debian_web("1.63.0");
    let refused = fake.find(&[Way::DebianWeb]).unwrap_err();
    assert!(refused.contains("is rustc 1.63.0 (made up), not 1.95 or later"), "{refused}");

    let fake = Fake::with_rustc().with_debian_web("1.96.0");
    fs::remove_dir_all(fake.at("usr/lib/rustlib/src")).unwrap();
    let refused = fake.find(&[Way::DebianWeb]).unwrap_err();
    assert!(refused.contains("sources of the standard library are not in"), "{refused}");
}

#[test]
fn rustup_adds_the_target() {
    let fake = Fake::with_rustc();
    let folder = fake.at(&format!("system/lib/rustlib/{TARGET}/lib"));
    fs::create_dir_all(&folder).unwrap();
    let made = folder.join("libcore-1234.rlib");
    fake.program(
        "bin/rustup",
        &format!(r#"[ "$*" = "target add {TARGET}" ] && : > "{}""#, made.display()),
    );
    assert!(fake.find(&[Way::Target]).is_err());
    let (ready, steps) = fake.ready();
    assert_eq!(ready, Ok(Toolchain::Target));
    assert_eq!(steps, [format!("rustup target add {TARGET}")]);
}

#[test]
fn a_rustup_that_says_yes_and_adds_nothing_is_not_believed() {
    let fake = Fake::with_rustc();
    fake.program("bin/rustup", "exit 0");
    let (ready, _) = fake.ready();
    let refused = ready.unwrap_err();
    assert!(refused.contains("the target wasm32-unknown-unknown is not installed"), "{refused}");
}

#[test]
fn a_rustup_that_hangs_is_ended() {
    let mut fake = Fake::with_rustc();
    fake.machine.rustup_wait_max = Duration::from_millis(300);
    let pid = fake.at("pid");
    // The shell becomes `sleep`, so killing the child leaves nothing behind.
    let script = format!("echo $$ > '{}'; exec /bin/sleep 600", pid.display());
    fake.program("bin/rustup", &script);
    let begun = Instant::now();
    let (ready, steps) = fake.ready();
    assert!(begun.elapsed() < Duration::from_secs(60), "it waited for the child");
    let refused = ready.unwrap_err();
    assert!(refused.contains("took longer than 0 s and was ended"), "{refused}");
    assert!(steps.iter().any(|step| step.contains("was ended")), "{steps:?}");
    let process = PathBuf::from("/proc").join(fs::read_to_string(pid).unwrap().trim());
    assert!(!process.exists(), "{} still runs", process.display());
}

#[test]
fn root_gets_debians_packages() {
    let mut fake = Fake::with_rustc();
    fake.machine.is_root = true;
    fake.program("bin/rustup", "echo 'no network' >&2; exit 1");
    let asked = fake.at("asked");
    let prepared = Fake::bare().with_debian_web("1.96.0");
    // What is unpacked is moved in place by the last step, as a package's files would be.
    fs::write(fake.at("rustc"), rustc("1.96.0", &fake.at("usr"))).unwrap();
    fake.program(
        "bin/apt-get",
        &format!(
            r#"echo "$*" >> '{}'
            case "$*" in
                *--no-download*) /bin/mv '{}' '{}' ;;
            esac"#,
            asked.display(),
            prepared.at("usr").display(),
            fake.at("usr").display(),
        ),
    );
    // The made-up compiler answers with the folder it was made for; give it the final one.
    prepared.program("usr/bin/rustc", &rustc("1.96.0", &fake.at("usr")));
    let (ready, steps) = fake.ready();
    assert_eq!(ready, Ok(fake.debian_web()));
    let asked = fs::read_to_string(asked).unwrap();
    let asked: Vec<&str> = asked.lines().collect();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert_eq!(asked[0], "update");
    for line in &asked[1..] {
        assert!(line.ends_with(" rustc-web rust-web-src"), "{line}");
        assert!(line.contains("--no-remove"), "{line}");
    }
    assert!(steps.iter().any(|step| step.contains("no network")), "{steps:?}");
}

#[test]
fn who_is_not_root_is_told_what_to_install() {
    let fake = Fake::with_rustc();
    fake.program("bin/apt-get", "exit 1");
    let (ready, _) = fake.ready();
    let refused = ready.unwrap_err();
    for part in [
        "rustup target add wasm32-unknown-unknown",
        "there is no rustup to add it",
        "apt-get install --no-install-recommends rustc-web rust-web-src",
        "only root may install them",
    ] {
        assert!(refused.contains(part), "`{part}` is not in:\n{refused}");
    }
}

#[test]
fn a_failure_shows_the_last_words() {
    let mut fake = Fake::with_rustc();
    fake.machine.is_root = true;
    fake.program("bin/apt-get", "echo 'E: Unable to locate package rustc-web' >&2; exit 100");
    let (ready, _) = fake.ready();
    let refused = ready.unwrap_err();
    assert!(refused.contains("E: Unable to locate package rustc-web"), "{refused}");
}

#[test]
fn a_machine_without_a_compiler_is_told_so() {
    let refused = Fake::bare().find(&[Way::Target]).unwrap_err();
    assert!(refused.contains("there is no rustc on the path"), "{refused}");
}

#[test]
fn the_variable_forces_one_way() {
    assert_eq!(ways(None).unwrap(), Way::ALL);
    assert_eq!(ways(Some("".into())).unwrap(), Way::ALL);
    assert_eq!(ways(Some("target".into())).unwrap(), [Way::Target]);
    assert_eq!(ways(Some("debian-web".into())).unwrap(), [Way::DebianWeb]);
    let refused = ways(Some("nightly".into())).unwrap_err();
    assert!(matches!(refused, Missing::UnknownWay(_)));
    assert!(refused.to_string().contains(WAY_VARIABLE), "{refused}");
}

#[test]
fn a_build_is_told_all_it_needs() {
    let fake = Fake::bare();
    let rustc = fake.at("usr/bin/rustc");
    let linker = fake.at("bin/rust-lld");
    let web = Toolchain::DebianWeb { rustc: rustc.clone(), linker: linker.clone() };
    let command = web.cargo_build(Path::new("target"));
    let arguments: Vec<_> = command.get_args().map(|part| part.to_str().unwrap()).collect();
    assert_eq!(
        arguments.join(" "),
        "build --target wasm32-unknown-unknown --target-dir target/plugin-build/debian-web \
         -Z build-std=std,panic_abort"
    );
    let value = |name: &str| {
        let mut variables = command.get_envs();
        variables.find(|(key, _)| *key == name).and_then(|(_, value)| value)
    };
    assert_eq!(value("RUSTC"), Some(rustc.as_os_str()));
    assert_eq!(value("RUSTC_BOOTSTRAP"), Some("1".as_ref()));
    assert_eq!(value("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"), Some(linker.as_os_str()));

    let plain = Toolchain::Target.cargo_build(Path::new("target"));
    assert!(plain.get_args().all(|part| part != "-Z"), "{plain:?}");
    assert!(plain.get_envs().all(|(key, _)| key != "RUSTC_BOOTSTRAP"), "{plain:?}");
    assert_ne!(
        web.build_folder(Path::new("target")),
        Toolchain::Target.build_folder(Path::new("target"))
    );
}
