//! The process that compiles.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use fondaco_sandbox::code::{CodeSource, CompileError, CompileProgress, Compiler, CompilerProcess};

use super::{child, component, component_with, load};

fn error_of(process: CompilerProcess, component: &[u8]) -> CompileError {
    let (loaded, told) = load(component, &Compiler::Child(process), None);
    assert_eq!(told.first(), Some(&CompileProgress::Begun { bytes: component.len() }));
    loaded.map(drop).unwrap_err()
}

/// What a child says that was told that this is its parent, with this redirection of a shell.
fn said(mode: &str, parent: u32, redirection: &str) -> String {
    // The shell becomes the child, so its parent is this process.
    let started = Command::new("/bin/sh")
        .args(["-c", &format!("exec \"$0\" {mode} {parent} 2000000000 {redirection}")])
        .arg(env!("CARGO_BIN_EXE_sandbox-child"))
        .output()
        .unwrap();
    String::from_utf8(started.stdout).unwrap() + &String::from_utf8(started.stderr).unwrap()
}

#[test]
fn what_a_child_compiles_is_loaded() {
    let (loaded, told) = load(&component(50), &Compiler::Child(child("compile")), None);
    loaded.unwrap();
    let done = told.last().unwrap();
    assert!(matches!(done, CompileProgress::Done { source: CodeSource::Compiled, .. }), "{told:?}");
}

#[test]
fn what_cannot_be_compiled_is_refused() {
    let mut cut_off = component(50);
    cut_off.truncate(cut_off.len() / 2);
    for garbage in [&b""[..], b"no Wasm", b"\0asm\x0d\0\x01\0\xff\xff\xff", &cut_off] {
        let error = error_of(child("compile"), garbage);
        let CompileError::Refused { message } = error else { panic!("{error:?}") };
        assert!(!message.is_empty() && !message.contains('\n'), "{message}");
    }
}

#[test]
fn a_child_can_only_compute() {
    assert_eq!(said("tries", std::process::id(), ""), "tried everything\n");
}

#[test]
fn a_child_has_no_files_of_its_parent() {
    let not_open = rustix::io::Errno::BADF.raw_os_error();
    let said = said("reads-inherited", std::process::id(), "9</etc/passwd");
    assert_eq!(said, format!("Some({not_open})\n"));
}

#[test]
fn a_child_does_nothing_for_somebody_else() {
    for parent in [0, 1, std::process::id() + 1, u32::MAX] {
        let said = said("hangs", parent, "");
        assert_eq!(said, format!("the process that started it, {parent}, is not there\n"));
    }
}

#[test]
fn a_child_ends_with_its_parent() {
    let own = std::process::id().to_string();
    let mut parent = Command::new(env!("CARGO_BIN_EXE_sandbox-child"))
        .args(["starts-another", &own, "2000000000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shared = parent.stdout.take().unwrap();
    let mut word = [0; 9];
    shared.read_exact(&mut word).unwrap();
    assert_eq!(&word, b"confined\n");
    parent.kill().unwrap();
    parent.wait().unwrap();
    // The child holds the other end too, so it closes only when the child has ended as well.
    let (closed, when_closed) = mpsc::channel();
    thread::spawn(move || {
        let _ = closed.send(shared.read(&mut [0]));
    });
    assert_eq!(when_closed.recv_timeout(Duration::from_secs(30)).unwrap().unwrap(), 0);
}

#[test]
fn a_child_that_takes_too_long_is_ended() {
    let wall = Duration::from_millis(1_500);
    let process = CompilerProcess { wall, ..child("hangs") };
    let (loaded, told) = load(&component(1), &Compiler::Child(process), None);
    assert_eq!(loaded.map(drop).unwrap_err(), CompileError::OutOfTime { limit_ms: 1_500 });
    let still = told.iter().filter(|told| matches!(told, CompileProgress::Still { .. }));
    assert!(still.count() >= 1, "{told:?}");
}

#[test]
fn a_child_that_is_out_of_memory_says_so() {
    const MIB: usize = 1024 * 1024;
    let large = component_with(1, 60 * MIB);
    // Not enough to begin with, not enough for what it is handed, and not enough to compile it.
    for mib in [16, 100, 200] {
        let memory_bytes = (mib * MIB) as u64;
        let error = error_of(CompilerProcess { memory_bytes, ..child("compile") }, &large);
        assert_eq!(error, CompileError::OutOfMemory { limit: memory_bytes });
    }
    // The same component is compiled if it may use more.
    let (loaded, _) = load(&large, &Compiler::Child(child("compile")), None);
    loaded.unwrap();
}

#[test]
fn a_child_that_breaks_is_not_taken_at_its_word() {
    let error = error_of(child("aborts"), &component(1));
    assert!(matches!(&error, CompileError::Crashed { .. }), "{error:?}");
    let error = error_of(child("lies"), &component(1));
    assert!(matches!(&error, CompileError::CodeUnfit { .. }), "{error:?}");
    let error = error_of(CompilerProcess { code_bytes: 10_000, ..child("floods") }, &component(1));
    assert_eq!(error, CompileError::CodeTooLarge { limit: 10_000 });
    let error = error_of(child("scolds"), &component(1));
    let CompileError::Refused { message } = error else { panic!("{error:?}") };
    assert!(message.starts_with("[31mbad words\u{fffd} [31mbad") && message.len() < 8_192);
    assert!(!message.contains(char::is_control), "{message}");
}

#[test]
fn a_compiler_that_is_not_there_is_named() {
    let program = "/nowhere/fondaco".into();
    let error = error_of(CompilerProcess { program, ..child("compile") }, &component(1));
    assert!(
        matches!(&error, CompileError::NotRun { message }
        if message.starts_with("/nowhere/fondaco: ")),
        "{error:?}"
    );
}
