//! A folder with a good configuration, to be broken.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::config::{self, CheckReport, NoAdminSocket};

pub(super) const HOST: &str = r#"[server]
listen = "127.0.0.1:8787"

[store]
folder = "data"

[[principals]]
name = "anna"
role = "agency-operator"
clients = ["rossi"]
token = { env = "TOKEN_ANNA" }
"#;

pub(super) const CLIENT: &str = r#"name = "Bottega Rossi"
language = "it"

[shops.milano]
name = "Milano"
platform = "woocommerce"
url = "https://milano.example"
environment = "production"
key = { env = "KEY" }
secret = { env = "SECRET" }
webhook-secret = { env = "WEBHOOK_SECRET" }
[shops.torino]
name = "Torino"
platform = "woocommerce"
url = "https://torino.example"
environment = "staging"
key = { env = "KEY" }
secret = { env = "SECRET" }
webhook-secret = { env = "WEBHOOK_SECRET" }

[installs.stock-sync]
plugin = "stock-sync"
mode = "live"
version = "0.1.0"
grants = ["catalogue", "stock", "orders", "change-stock", "alert"]

[installs.stock-sync.settings]
source = "milano"
"#;

/// What the environment holds; every value is a secret.
pub(super) const ENVIRONMENT: [(&str, &str); 7] = [
    ("TOKEN_ANNA", "the-very-secret-token-of-anna"),
    ("TOKEN_BRUNO", "the-very-secret-token-of-bruno"),
    ("KEY", "ck_very-secret"),
    ("SHORT", "ck_abc"),
    ("SECRET", "cs_very-secret"),
    ("WEBHOOK_SECRET", "wh_very-secret"),
    ("EMPTY", ""),
];

pub(super) fn environment(name: &str) -> Option<String> {
    let known = ENVIRONMENT.into_iter().find(|(known, _)| *known == name);
    known.map(|(_, value)| value.to_owned())
}

/// The files of a configuration, in a folder of their own.
pub(super) struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    pub(super) fn good() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut files = Self { folder };
        files.write("fondaco.toml", HOST);
        files.write("clients/rossi.toml", CLIENT);
        files.write_bytes("plugins/stock-sync.wasm", &super::modules::stock_sync());
        files
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&mut self, name: &str, text: &str) {
        self.write_bytes(name, text.as_bytes());
    }

    pub(super) fn write_bytes(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    /// Replaces the first occurrence.
    pub(super) fn replace(&mut self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        assert!(text.contains(old), "`{old}` is not in {name}");
        self.write(name, &text.replacen(old, new, 1));
    }

    pub(super) fn append(&mut self, name: &str, more: &str) {
        let text = fs::read_to_string(self.path(name)).unwrap();
        self.write(name, &format!("{text}{more}"));
    }

    pub(super) fn remove(&mut self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    pub(super) fn report(&self) -> CheckReport {
        config::report(&self.path("fondaco.toml"), &environment)
    }

    pub(super) fn admin_socket(&self) -> Result<PathBuf, NoAdminSocket> {
        config::admin_socket(&self.path("fondaco.toml"))
    }

    /// What `fondaco check` would print if it were started in the folder.
    pub(super) fn printed(&self) -> String {
        self.without_folder(&self.report().to_string())
    }

    /// The mistakes' lines.
    pub(super) fn mistakes(&self) -> Vec<String> {
        let report = self.report();
        assert_eq!(report.config.is_some(), report.mistakes.is_empty());
        report.mistakes.iter().map(|mistake| self.without_folder(&mistake.to_string())).collect()
    }

    /// The warnings' lines; there are no mistakes.
    pub(super) fn warnings(&self) -> Vec<String> {
        assert_eq!(self.mistakes(), [""; 0]);
        let warnings = self.report().config.unwrap().warnings;
        warnings.iter().map(|warning| self.without_folder(&warning.to_string())).collect()
    }

    fn without_folder(&self, text: &str) -> String {
        text.replace(&format!("{}/", self.folder.path().display()), "")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The one mistake that breaking a good file leads to.
pub(super) fn only_mistake(name: &str, old: &str, new: &str) -> String {
    let mut files = Files::good();
    files.replace(name, old, new);
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1, "`{old}` as `{new}`: {lines:#?}");
    lines.into_iter().next().unwrap()
}
