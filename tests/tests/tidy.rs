//! What holds for every file and every crate of the project, and no compiler checks.
//!
//! The rules are functions from a file to what is wrong with it; the first test applies them to
//! the project, the others to made-up files that break them.

#![expect(clippy::unwrap_used, reason = "what is not as it must be ends a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// A file longer than this has more than one subject.
const SOURCE_LINES_MAX: usize = 700;

/// Module names that say nothing.
const EMPTY_NAMES: [&str; 4] = ["util", "utils", "helpers", "misc"];

/// Which crates of the project a crate may depend on. What only its tests use is its own affair.
const ARROWS: [(&str, &[&str]); 11] = [
    ("fondaco-model", &[]),
    ("fondaco-egress", &["fondaco-model"]),
    ("fondaco-sandbox", &["fondaco-model"]),
    ("fondaco-platforms", &["fondaco-model"]),
    ("fondaco-store", &["fondaco-model"]),
    (
        "fondaco-engine",
        &[
            "fondaco-egress",
            "fondaco-model",
            "fondaco-platforms",
            "fondaco-sandbox",
            "fondaco-store",
        ],
    ),
    ("fondaco-web", &["fondaco-engine", "fondaco-model", "fondaco-store"]),
    ("fondaco-shopsim", &[]),
    ("fondaco-plugin-sdk", &[]),
    ("fondaco-plugin-toolchain", &[]),
    ("xtask", &["fondaco-plugin-toolchain"]),
];

/// The crates that stand above all rooms and may use each of them.
const ABOVE_ALL: [&str; 2] = ["fondaco", "fondaco-tests"];

#[test]
fn the_project_is_tidy() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut mistakes = Vec::new();
    let mut sources = 0;
    for path in files(root) {
        let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let Ok(text) = fs::read_to_string(&path) else {
            continue;
        };
        mistakes.extend(in_any_file(&name, &text));
        if name.ends_with(".rs") {
            mistakes.extend(in_source(&name, &text));
            sources += 1;
        }
    }
    assert!(sources > 20, "the walk found {sources} sources");
    let workspace = table(&fs::read_to_string(root.join("Cargo.toml")).unwrap());
    let shared = shared_crates(&workspace);
    assert!(shared.contains_key("fondaco-model"), "{shared:?}");
    for member in members(&workspace) {
        let file = format!("{member}/Cargo.toml");
        let text = fs::read_to_string(root.join(&file)).unwrap();
        mistakes.extend(in_member(&file, &table(&text), &shared));
        mistakes.extend(in_crate_roots(&root.join(&member), &member, &table(&text)));
    }
    assert!(mistakes.is_empty(), "{} mistakes:\n{}", mistakes.len(), mistakes.join("\n"));
}

/// All files of the project. What is built or generated, and captured samples, are not its own.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = entry.file_name().into_string().unwrap();
        let foreign = [".git", "target", "samples", "node_modules", "demo-data"];
        if path.is_dir() && !foreign.contains(&name.as_str()) {
            found.extend(files(&path));
        } else if path.is_file() && name != "Cargo.lock" {
            found.push(path);
        }
    }
    found
}

fn in_any_file(name: &str, text: &str) -> Vec<String> {
    // Put together here, so that this file does not contain it.
    let folder_of_one_machine = ["/wo", "rk/"].concat();
    lines_with(text, &folder_of_one_machine)
        .map(|line| format!("{name}:{line}: names a folder of one machine"))
        .collect()
}

fn in_source(name: &str, text: &str) -> Vec<String> {
    let mut mistakes = Vec::new();
    let length = text.lines().count();
    if length > SOURCE_LINES_MAX {
        mistakes.push(format!("{name}: {length} lines, more than {SOURCE_LINES_MAX}; divide it"));
    }
    let path = Path::new(name);
    let mut parts = path.with_extension("");
    let names_nothing = loop {
        match parts.file_name().and_then(|part| part.to_str()) {
            Some(part) if EMPTY_NAMES.contains(&part) => break true,
            Some(_) => parts.pop(),
            None => break false,
        };
    };
    let declares = EMPTY_NAMES.iter().any(|part| {
        let declared = [format!("mod {part};"), format!("mod {part} {{")];
        text.lines().any(|line| declared.iter().any(|declared| line.trim().ends_with(declared)))
    });
    if names_nothing || declares {
        mistakes.push(format!("{name}: a module's name says what it is about"));
    }
    mistakes
}

fn in_crate_roots(folder: &Path, member: &str, manifest: &Table) -> Vec<String> {
    let mut mistakes = Vec::new();
    let mut roots = vec![folder.join("src/lib.rs"), folder.join("src/main.rs")];
    for programs in ["tests", "benches", "examples", "src/bin"] {
        let Ok(entries) = fs::read_dir(folder.join(programs)) else {
            continue;
        };
        let paths = entries.map(|entry| entry.unwrap().path());
        roots.extend(paths.filter(|path| path.extension().is_some_and(|kind| kind == "rs")));
    }
    for kind in ["test", "bench", "example", "bin"] {
        let targets = manifest.get(kind).and_then(Value::as_array).into_iter().flatten();
        let paths = targets.filter_map(|target| target.get("path")?.as_str());
        roots.extend(paths.map(|path| folder.join(path)));
    }
    roots.retain(|root| root.is_file());
    roots.sort();
    roots.dedup();
    if roots.is_empty() {
        mistakes.push(format!("{member}: neither src/lib.rs nor src/main.rs"));
    }
    for root in roots {
        let text = fs::read_to_string(&root).unwrap();
        let name = root.strip_prefix(folder).unwrap().display();
        mistakes.extend(opens_with_words(&format!("{member}/{name}"), &text));
    }
    mistakes
}

fn opens_with_words(name: &str, text: &str) -> Option<String> {
    let opens = text.lines().next().is_some_and(|line| line.starts_with("//! "));
    (!opens).then(|| format!("{name}:1: a crate opens with `//!` and what it is for"))
}

/// The dependencies that the workspace shares, and the package behind each.
fn shared_crates(workspace: &Table) -> BTreeMap<String, String> {
    let shared = workspace["workspace"]["dependencies"].as_table().unwrap();
    let package = |name: &String, entry: &Value| {
        let renamed = entry.get("package").and_then(Value::as_str);
        renamed.unwrap_or(name).to_owned()
    };
    shared.iter().map(|(name, entry)| (name.clone(), package(name, entry))).collect()
}

fn in_member(file: &str, member: &Table, shared: &BTreeMap<String, String>) -> Vec<String> {
    let mut mistakes = Vec::new();
    let package = member["package"]["name"].as_str().unwrap();
    for key in ["version", "edition", "rust-version", "license", "publish"] {
        if !is_shared(member["package"].get(key)) {
            mistakes.push(format!("{file}: package.{key} is not the workspace's"));
        }
    }
    if !is_shared(member.get("lints")) {
        mistakes.push(format!("{file}: lints are not the workspace's"));
    }
    let allowed = arrows(file, package);
    if allowed.is_none() {
        mistakes.push(format!("{file}: what {package} may depend on is not said (ARROWS)"));
    }
    for (section, dependencies) in dependency_sections(member) {
        for (name, entry) in dependencies {
            if !is_shared(Some(entry)) {
                mistakes.push(format!("{file}: {section}.{name} is not the workspace's"));
            }
            let target = shared.get(name).unwrap_or(name);
            let own = target.starts_with("fondaco") || target == "xtask";
            let forbidden =
                allowed.as_ref().is_some_and(|allowed| !allowed.contains(&target.as_str()));
            if own && forbidden && !section.ends_with("dev-dependencies") {
                mistakes.push(format!("{file}: {package} may not depend on {target}"));
            }
        }
    }
    mistakes
}

/// What a package may depend on; `None` if that is not said.
fn arrows(file: &str, package: &str) -> Option<Vec<&'static str>> {
    if ABOVE_ALL.contains(&package) {
        return Some(
            ARROWS.iter().map(|(name, _)| *name).filter(|name| *name != "xtask").collect(),
        );
    }
    let said = ARROWS.iter().find(|(name, _)| *name == package);
    let is_module = file.starts_with("plugins/") || file.starts_with("tests/guests/");
    match said {
        Some((_, allowed)) => Some(allowed.to_vec()),
        None => is_module.then(|| vec!["fondaco-plugin-sdk"]),
    }
}

fn dependency_sections(member: &Table) -> Vec<(String, &Table)> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let mut sections = Vec::new();
    let mut add = |prefix: &str, within: &'_ Table| {
        for kind in kinds {
            if within.contains_key(kind) {
                sections.push((prefix.to_owned(), kind));
            }
        }
    };
    add("", member);
    let targets = member.get("target").and_then(Value::as_table);
    for (target, within) in targets.into_iter().flatten() {
        add(target, within.as_table().unwrap());
    }
    sections
        .into_iter()
        .map(|(target, kind)| {
            let table =
                if target.is_empty() { &member[kind] } else { &member["target"][&target][kind] };
            (format!("{target}{kind}"), table.as_table().unwrap())
        })
        .collect()
}

fn is_shared(entry: Option<&Value>) -> bool {
    entry.and_then(|entry| entry.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn members(workspace: &Table) -> Vec<String> {
    let members = workspace["workspace"]["members"].as_array().unwrap();
    members.iter().map(|member| member.as_str().unwrap().to_owned()).collect()
}

fn lines_with<'text>(text: &'text str, words: &str) -> impl Iterator<Item = usize> + 'text {
    let words = words.to_owned();
    let lines = text.lines().enumerate();
    lines.filter(move |(_, line)| line.contains(&words)).map(|(index, _)| index + 1)
}

fn table(text: &str) -> Table {
    text.parse().unwrap()
}

#[test]
fn a_folder_of_one_machine_is_found() {
    let text = ["fine\nsee /wo", "rk/shared\n"].concat();
    assert_eq!(
        in_any_file("docs/tour.md", &text),
        ["docs/tour.md:2: names a folder of one machine"]
    );
    assert!(in_any_file("docs/tour.md", "at /work, no folder").is_empty());
}

#[test]
fn long_files_and_empty_names_are_found() {
    assert!(in_source("host/model/src/diff.rs", &"\n".repeat(SOURCE_LINES_MAX)).is_empty());
    assert_eq!(in_source("host/model/src/diff.rs", &"\n".repeat(SOURCE_LINES_MAX + 1)).len(), 1);
    for (name, text) in [
        ("host/model/src/utils.rs", ""),
        ("host/model/src/helpers/text.rs", ""),
        ("host/model/src/lib.rs", "mod utils;"),
        ("host/model/src/lib.rs", "    pub(crate) mod misc {"),
    ] {
        assert_eq!(in_source(name, text).len(), 1, "{name}: {text}");
    }
    assert!(in_source("host/model/src/utility.rs", "mod utility;").is_empty());
}

#[test]
fn a_crate_without_opening_words_is_found() {
    assert_eq!(opens_with_words("a/src/lib.rs", "//! What it is for.\n"), None);
    for text in ["", "use std::fs;\n//! Too late.", "// Not for readers of the documentation."] {
        assert!(opens_with_words("a/src/lib.rs", text).is_some(), "{text}");
    }
}

/// The mistakes in a member's `Cargo.toml`, whose dependencies are given, without those about
/// what is not given.
fn mistakes_in(file: &str, package: &str, dependencies: &str) -> Vec<String> {
    let text = format!(
        "lints.workspace = true\n\
         [package]\n\
         name = \"{package}\"\n\
         version.workspace = true\n\
         edition.workspace = true\n\
         rust-version.workspace = true\n\
         license.workspace = true\n\
         publish.workspace = true\n\
         {dependencies}"
    );
    let shared = [("model", "fondaco-model")].map(|(name, package)| (name.into(), package.into()));
    in_member(file, &table(&text), &shared.into())
}

#[test]
fn what_is_not_the_workspaces_is_found() {
    let fine = "[dependencies]\nserde.workspace = true\ntokio = { workspace = true }";
    assert!(mistakes_in("host/store/Cargo.toml", "fondaco-store", fine).is_empty());
    for section in ["dependencies", "dev-dependencies", "target.'cfg(unix)'.dependencies"] {
        for entry in ["serde = \"1\"", "serde = { path = \"../serde\" }"] {
            let own = format!("[{section}]\n{entry}");
            let mistakes = mistakes_in("host/store/Cargo.toml", "fondaco-store", &own);
            assert_eq!(mistakes.len(), 1, "{own}: {mistakes:?}");
        }
    }
    let bare = in_member("a/Cargo.toml", &table("package.name = \"xtask\""), &BTreeMap::new());
    assert_eq!(bare.len(), 6, "{bare:?}");
}

#[test]
fn an_arrow_against_the_map_is_found() {
    let on = |package: &str, name: &str| {
        let folder = package.replace("fondaco-", "host/");
        let text = format!("[dependencies]\n{name}.workspace = true");
        mistakes_in(&format!("{folder}/Cargo.toml"), package, &text)
    };
    assert!(on("fondaco-engine", "fondaco-store").is_empty());
    assert!(on("fondaco", "fondaco-web").is_empty());
    assert!(on("fondaco-tests", "fondaco-sandbox").is_empty());
    assert!(on("fondaco-store", "model").is_empty());
    for (package, name) in [
        ("fondaco-model", "fondaco-store"),
        ("fondaco-model", "model"),
        ("fondaco-store", "fondaco-sandbox"),
        ("fondaco-web", "fondaco-sandbox"),
        ("fondaco-sandbox", "fondaco-egress"),
        ("fondaco-egress", "fondaco-store"),
        ("fondaco-shopsim", "fondaco-model"),
        ("fondaco-engine", "fondaco-web"),
        ("fondaco-web", "fondaco"),
    ] {
        assert_eq!(on(package, name).len(), 1, "{package} on {name}");
    }
    assert!(on("fondaco-new", "serde")[0].contains("not said"));
    let module = |name: &str| {
        let text = format!("[dependencies]\n{name}.workspace = true");
        mistakes_in("plugins/stock-sync/Cargo.toml", "stock-sync", &text)
    };
    assert!(module("fondaco-plugin-sdk").is_empty());
    assert_eq!(module("fondaco-model").len(), 1);
    let tests_only = "[dev-dependencies]\nfondaco-shopsim.workspace = true";
    let file = "host/platforms/Cargo.toml";
    assert!(mistakes_in(file, "fondaco-platforms", tests_only).is_empty());
}
