//! Modules from their files into a host: compiled once, and started only with what is granted.

use std::{
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use fondaco::host::RunningHost;
use fondaco_sandbox::{
    code::{Compiler, CompilerProcess},
    limits,
};
use serde_json::Value;

use crate::{
    scene,
    workshop::{Workshop, output, with_manifest},
};

const NOOP: &str = "[installs.noop]\nplugin = \"noop\"\nmode = \"live\"\n";

/// What `hostile` asks for, granted to an install named `noop`.
const EVERYTHING: &str = "grants = [\"alert\", \"change-stock\", \"http-get\"]\n\
                          http-hosts = [\"api.example.com\"]\n";

/// The entries of the code cache.
fn entries(workshop: &Workshop) -> Vec<PathBuf> {
    let folder = workshop.stage.folder().join("data/code");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|kind| kind == "code")).collect()
}

/// Changes one byte of compiled code.
fn damage(entry: &Path) {
    let mut bytes = std::fs::read(entry).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(entry, bytes).unwrap();
}

/// What the log says of the modules' code: message and module.
fn told_of_code(log: &str) -> Vec<(String, String)> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let told = lines.map(|line| (text(&line, "message"), text(&line, "module")));
    let of_code = |message: &str| message.contains("compiled") || message.contains("cache");
    told.filter(|(message, _)| of_code(message) && !message.contains("still")).collect()
}

#[tokio::test]
async fn code_is_compiled_once_and_never_loaded_damaged() {
    let workshop = Workshop::set(&["noop"]).await;
    workshop.install(NOOP);
    workshop.add_to_host("[log]\nformat = \"json\"");
    let start = async || {
        let mut host = workshop.serve();
        host.ready().await;
        told_of_code(&host.stop().await)
    };
    let named = |message: &str| (message.to_owned(), "noop 0.1.0".to_owned());
    let begun = named("the module is being compiled");
    let compiled = named("the module is compiled");
    assert_eq!(start().await, [begun.clone(), compiled.clone()]);
    let folder = workshop.stage.folder().join("data/code");
    assert_eq!(std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
    let [entry] = &*entries(&workshop) else { panic!("one entry") };
    let good = std::fs::read(entry).unwrap();

    let loaded = named("the module was compiled before; its code is loaded");
    assert_eq!(start().await, std::slice::from_ref(&loaded));

    damage(entry);
    let told = start().await;
    let [(warning, _), rest @ ..] = &*told else { panic!("nothing is told") };
    assert!(warning.contains("it is not loaded but compiled again"), "{warning}");
    assert_eq!(rest, [begun, compiled]);
    assert_eq!(std::fs::read(entry).unwrap(), good, "what is kept is good again");
    assert_eq!(start().await, [loaded]);
    workshop.stage.strike().await;
}

#[tokio::test]
async fn without_a_compiler_only_good_code_from_the_cache_runs() {
    let workshop = Workshop::set(&["noop"]).await;
    workshop.install(NOOP);
    scene::host(&workshop.stage).await.stop().await;
    let nothing = CompilerProcess {
        program: workshop.stage.folder().join("no-compiler"),
        ..CompilerProcess::this_program(["compile-module"])
    };
    let start = async || {
        let config = workshop.stage.config().unwrap();
        RunningHost::start(config, Compiler::Child(nothing.clone())).await
    };
    start().await.unwrap().stop().await;
    for entry in entries(&workshop) {
        damage(&entry);
    }
    let Err(error) = start().await else { panic!("it started without code") };
    let words = format!("{error:#}");
    assert!(words.contains("noop of client bottega") && words.contains("no-compiler"), "{words}");
    workshop.stage.strike().await;
}

/// Checks that nothing starts, and hands over what is said.
async fn refused(workshop: &Workshop) -> String {
    let (checked, words) = workshop.command(&["check"]).await;
    assert_eq!(checked.code(), Some(1), "{words}");
    let mut host = workshop.serve();
    let (ended, log) = host.end().await;
    assert_eq!(ended.code(), Some(1), "{log}");
    assert_eq!(log.trim_end(), words.trim_end(), "`serve` and `check` say the same");
    words
}

/// Checks that a host starts.
async fn starts(workshop: &Workshop) {
    let (checked, words) = workshop.command(&["check"]).await;
    assert!(checked.success(), "{words}");
    let mut host = workshop.serve();
    host.ready().await;
    host.stop().await;
}

#[tokio::test]
async fn a_module_starts_only_with_everything_it_asks_for() {
    let workshop = Workshop::set(&["hostile"]).await;
    let install = "[installs.hostile]\nplugin = \"hostile\"\nmode = \"live\"\n";
    let with = |lines: &str| {
        workshop.install(&format!(
            "{install}{lines}\n[installs.hostile.settings]\nattack = \"nothing\""
        ));
    };
    with("");
    let words = refused(&workshop).await;
    let line = workshop.client_line("[installs.hostile]");
    let place = format!("clients/bottega.toml:{line}:");
    let told: Vec<&str> = words.lines().filter(|line| line.contains(&place)).collect();
    assert_eq!(told.len(), 4, "{words}");
    for asked in ["`alert`", "`change-stock`", "`http-get`", "the host `api.example.com`"] {
        let mistake = format!("asks for {asked}, which is not granted — add ");
        assert!(told.iter().any(|line| line.contains(&mistake)), "{asked}: {words}");
    }
    // What is to be added can be taken as it is told.
    let mut lines: Vec<&str> = told
        .iter()
        .map(|line| line.split_once("— add ").unwrap().1)
        .map(|fix| fix.split_once(", if the client agrees").unwrap().0)
        .collect();
    lines.dedup();
    assert_eq!(lines.len(), 2, "{lines:?}");
    with(&lines.join("\n"));
    starts(&workshop).await;

    // A list that is there already names the line of the list.
    with("grants = [\"alert\", \"change-stock\"]\nhttp-hosts = [\"api.example.com\"]");
    let words = refused(&workshop).await;
    let line = workshop.client_line("grants = ");
    let place = format!("clients/bottega.toml:{line}:");
    let told: Vec<&str> = words.lines().filter(|line| line.contains(&place)).collect();
    assert_eq!(told.len(), 1, "{words}");
    assert!(told[0].contains("add \"http-get\" to the list"), "{words}");
    workshop.stage.strike().await;
}

#[tokio::test]
async fn an_update_that_asks_for_more_waits_until_it_is_granted() {
    let workshop = Workshop::set(&["noop"]).await;
    workshop.install(NOOP);
    starts(&workshop).await;

    // A newer version of the same module that imports more.
    let newer = |manifest: &str| {
        let manifest = manifest.replace("id = \"hostile\"", "id = \"noop\"");
        manifest.replace("version = \"0.1.0\"", "version = \"0.2.0\"")
    };
    with_manifest(&scene::plugins().join("hostile.wasm"), &workshop.plugin("noop"), newer);
    let words = refused(&workshop).await;
    assert!(words.contains("asks for `change-stock`, which is not granted"), "{words}");
    let settings = "[installs.noop.settings]\nattack = \"nothing\"\n";
    workshop.install(&format!("{NOOP}{EVERYTHING}{settings}"));
    starts(&workshop).await;

    // Another one that imports the same and reaches another host.
    let elsewhere = |manifest: &str| {
        newer(manifest).replace("0.2.0", "0.2.1").replace("api.example.com", "api.example.org")
    };
    with_manifest(&scene::plugins().join("hostile.wasm"), &workshop.plugin("noop"), elsewhere);
    let words = refused(&workshop).await;
    let line = workshop.client_line("http-hosts = ");
    let mistake = "the plugin asks for the host `api.example.org`, which is not granted";
    assert!(words.contains(&format!("clients/bottega.toml:{line}:")), "{words}");
    assert!(words.contains(mistake) && words.contains("add \"api.example.org\""), "{words}");
    assert!(!words.contains("`alert`"), "what is granted is not asked for again: {words}");
    let granted = EVERYTHING.replace("api.example.com", "api.example.org");
    workshop.install(&format!("{NOOP}{granted}{settings}"));
    starts(&workshop).await;
    workshop.stage.strike().await;
}

/// Runs `fondaco plugin` on files of the tests; tells its exit code and what it said.
async fn plugin(words: &[&str]) -> (Option<i32>, String) {
    let mut command = scene::fondaco();
    command.arg("plugin").args(words).current_dir(scene::plugins());
    let (ended, words) = output(&mut command).await;
    (ended.code(), words)
}

#[tokio::test]
async fn a_difference_is_told_in_words_and_by_the_exit_code() {
    let (code, words) = plugin(&["diff", "noop.wasm", "hostile.wasm"]).await;
    assert_eq!(code, Some(1), "{words}");
    let (more, _) = words.split_once("\n\n").unwrap();
    for told in ["It asks for more:", "It now hears `on-schedule`.", "It may now use `alert`."] {
        assert!(more.contains(told), "{told} is not in\n{words}");
    }
    assert!(more.contains("“To lie to it.”") && more.contains("`api.example.com`"), "{words}");

    let (code, words) = plugin(&["diff", "probe.wasm", "noop.wasm"]).await;
    assert_eq!(code, Some(0), "{words}");
    assert!(words.contains("It no longer uses `http-get`."), "{words}");
    assert!(words.ends_with("It asks for nothing more.\n"), "{words}");

    let (code, json) = plugin(&["diff", "noop.wasm", "hostile.wasm", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["asks_for_more"]), (Some(1), &Value::Bool(true)));
    assert!(json["newly"].as_array().unwrap().len() > 3, "{json}");

    let (code, words) = plugin(&["diff", "noop.wasm", "nothing.wasm"]).await;
    assert_eq!(code, Some(1));
    assert!(words.contains("cannot read nothing.wasm"), "{words}");
}

#[tokio::test]
async fn a_plugin_tells_its_limits_and_what_is_not_served() {
    let (code, words) = plugin(&["inspect", "whole.wasm"]).await;
    assert_eq!(code, Some(0), "{words}");
    let fuel = format!("  fuel             {}\n", limits::RUN_FUEL);
    let memory = format!("  memory-bytes     {} (", limits::RUN_MEMORY_BYTES);
    for told in [
        "limits of a run\n",
        &fuel,
        &memory,
        "on-cart (not served yet)",
        "  metrics (not served yet)\n",
        "  orders\n",
        "  reach the host api.example.com\n",
        "  read people's tax-codes\n",
    ] {
        assert!(words.contains(told), "{told:?} is not in\n{words}");
    }
    let (code, json) = plugin(&["inspect", "whole.wasm", "--json"]).await;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["limits"]["fuel"]), (Some(0), &Value::from(limits::RUN_FUEL)));
    let hooks = json["hooks_not_served"].as_array().unwrap();
    assert!(hooks.contains(&Value::from("on-cart")) && !hooks.contains(&Value::from("on-order")));
    assert_eq!(json["http_hosts"][0], "api.example.com");
}
