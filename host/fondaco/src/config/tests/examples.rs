//! The examples in `docs/` are good, and show every key there is.

use std::{fs, path::Path};

use super::fixture::Files;
use crate::config::{self, Config};

fn example(name: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::read_to_string(docs.join(name)).unwrap()
}

fn files() -> Files {
    let mut files = Files::good();
    files.write("fondaco.toml", &example("fondaco.example.toml"));
    files.write("clients/rossi.toml", &example("client.example.toml"));
    // The module itself, where it has been built.
    if let Some(plugins) = std::env::var_os("FONDACO_PLUGINS") {
        let module = fs::read(Path::new(&plugins).join("stock-sync.wasm")).unwrap();
        files.write_bytes("plugins/stock-sync.wasm", &module);
    }
    for secret in [
        "bruno",
        "milano-webhooks",
        "milano-webhooks-before",
        "torino-token",
        "torino-key",
        "torino-secret",
        "torino-token-secret",
        "genova-token",
        "genova-client-secret",
        "genova-client-secret-before",
    ] {
        let name = format!("secrets/{secret}");
        files.write(&name, "a secret of its own in a file");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(files.path(&name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    files
}

fn load(files: &Files) -> Result<Config, String> {
    let environment = |name: &str| Some(format!("a secret named {name}"));
    config::load(&files.path("fondaco.toml"), &environment)
        .map_err(|mistakes| config::list(&mistakes))
}

#[test]
fn the_examples_have_no_mistake() {
    let config = load(&files()).unwrap();
    assert_eq!(config.warnings, []);
    let client = &config.clients[0];
    assert_eq!((client.shops.len(), client.installs.len(), client.areas.len()), (3, 1, 1));
    assert_eq!(config.principals.len(), 2);
    assert_eq!(config.egress.allow.len(), 1);
}

/// Asks the reader itself which keys it knows: that is what it says of a key it does not know.
fn known_keys(name: &str, section: &str) -> Vec<String> {
    let mut files = files();
    if section.is_empty() {
        let text = fs::read_to_string(files.path(name)).unwrap();
        files.write(name, &format!("zzzzzzzzzz = 1\n{text}"));
    } else {
        files.replace(name, &format!("\n{section}\n"), &format!("\n{section}\nzzzzzzzzzz = 1\n"));
    }
    let mistakes = load(&files).unwrap_err();
    let known = mistakes.lines().find_map(|line| line.split_once("known here: ")).unwrap().1;
    known.split(", ").map(|key| key.trim_matches('`').to_owned()).collect()
}

#[test]
fn the_examples_show_every_key() {
    let mut tried = 0;
    let host =
        ["", "[server]", "[admin]", "[store]", "[log]", "[clients]", "[plugins]", "[egress]"];
    let host = host.into_iter().chain(["[retention]", "[[principals]]"]);
    let client = ["", "[areas.logistics]", "[shops.milano]", "[shops.torino]"];
    let client = client.into_iter().chain(["[shops.genova]", "[installs.stock-sync]", "[wins]"]);
    let files = host
        .map(|section| ("fondaco.toml", "fondaco.example.toml", section))
        .chain(client.map(|section| ("clients/rossi.toml", "client.example.toml", section)));
    for (file, example_file, section) in files {
        let text = format!("\n{}", example(example_file));
        let from = text.split_once(&format!("{section}\n")).unwrap().1;
        let own = from.split_once("\n[").map_or(from, |(own, _)| own);
        // What shops of all platforms have is shown with the first.
        let first = text.split_once("[shops.milano]\n").filter(|_| section.starts_with("[shops."));
        let first = first.and_then(|(_, from)| from.split_once("\n[")).map_or("", |(own, _)| own);
        for key in known_keys(file, section) {
            let as_value = [own, first].iter().any(|own| own.contains(&format!("{key} = ")));
            let inner = section.trim_matches(['[', ']']);
            let path = if inner.is_empty() { key.clone() } else { format!("{inner}.{key}") };
            let as_table = ["]", "."].iter().any(|end| text.contains(&format!("[{path}{end}")));
            assert!(as_value || as_table, "{example_file} lacks `{key}` in {section}");
            tried += 1;
        }
    }
    assert!(tried > 35, "{tried} keys tried");
}
