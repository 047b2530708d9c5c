//! The client's file, changed as a person would: everything else in it stays as it is written.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use fondaco_model::{ClientId, ShopId};
use toml_edit::{DocumentMut, InlineTable, Item, Table, Value, value};
use url::Url;

use crate::config::{self, Mistake, PlatformName};

/// What is written of a shop.
#[derive(Debug)]
pub struct ShopSection<'a> {
    /// What people call it.
    pub name: &'a str,
    /// Where it is.
    pub url: &'a Url,
    /// Whether it may be spoken to in plain HTTP.
    pub allow_http: bool,
    /// `production` or `staging`.
    pub environment: &'a str,
    /// What it runs on.
    pub platform: PlatformName,
    /// Where its secrets are: of each key, the file.
    pub secrets: Vec<(&'a str, &'a str)>,
}

/// A client's file.
#[derive(Debug)]
pub struct ClientFile {
    path: PathBuf,
    /// The folder that references are seen from.
    base: PathBuf,
    host_file: PathBuf,
    before: String,
    document: DocumentMut,
}

impl ClientFile {
    /// Reads the file of a client, where the host's file says that clients are.
    ///
    /// # Errors
    /// If one of the two cannot be read.
    pub fn open(host_file: &Path, client: &ClientId) -> anyhow::Result<Self> {
        let base = host_file.parent().unwrap_or(Path::new("")).to_owned();
        let host = parse(host_file, &read(host_file)?)?;
        let folder = host.get("clients").and_then(|clients| clients.get("folder"));
        let folder = folder.and_then(Item::as_str).unwrap_or("clients");
        let path = base.join(folder).join(format!("{client}.toml"));
        let before = read(&path).with_context(|| {
            format!(
                "write the client's file first: {} with name = \"…\", language = \"it\" or \"en\", \
                 and time-zone = \"Europe/Rome\"",
                path.display()
            )
        })?;
        let document = parse(&path, &before)?;
        Ok(Self { path, base, host_file: host_file.to_owned(), before, document })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder that references are seen from.
    pub fn base(&self) -> &Path {
        &self.base
    }

    fn shop(&self, shop: &ShopId) -> Option<&Item> {
        self.document.get("shops")?.get(shop.as_str())
    }

    /// Whether the client has a shop of this name.
    pub fn has(&self, shop: &ShopId) -> bool {
        self.shop(shop).is_some()
    }

    /// Where a shop is, and whether it may be spoken to in plain HTTP.
    ///
    /// # Errors
    /// If there is no such shop, or its address is none.
    pub fn address(&self, shop: &ShopId) -> anyhow::Result<(Url, bool)> {
        let section = self.shop(shop).with_context(|| {
            format!("{} has no shop `{shop}`; connect it first", self.path.display())
        })?;
        let url = section.get("url").and_then(Item::as_str).unwrap_or_default();
        let url = Url::parse(url).with_context(|| {
            format!("shops.{shop}.url in {} is not an address", self.path.display())
        })?;
        let allow_http = section.get("allow-http").and_then(Item::as_bool).unwrap_or(false);
        Ok((url, allow_http))
    }

    /// What a shop runs on.
    ///
    /// # Errors
    /// If there is no such shop, or it runs on nothing that is known.
    pub fn platform(&self, shop: &ShopId) -> anyhow::Result<PlatformName> {
        let word = self.shop(shop).and_then(|section| section.get("platform")?.as_str());
        let known = PlatformName::ALL.into_iter().find(|known| Some(known.as_str()) == word);
        known.with_context(|| {
            format!("shops.{shop}.platform in {} is none that is served", self.path.display())
        })
    }

    /// Whether a shop has this key.
    pub fn has_key(&self, shop: &ShopId, key: &str) -> bool {
        self.shop(shop).is_some_and(|section| section.get(key).is_some())
    }

    /// The file that a reference of a shop names; nothing if it names none.
    pub fn referenced(&self, shop: &ShopId, key: &str) -> Option<String> {
        Some(self.shop(shop)?.get(key)?.get("file")?.as_str()?.to_owned())
    }

    /// Adds a shop.
    ///
    /// # Errors
    /// If `shops` is no table.
    pub fn add(&mut self, shop: &ShopId, section: &ShopSection<'_>) -> anyhow::Result<()> {
        let shops = self.document.entry("shops").or_insert_with(|| {
            let mut shops = Table::new();
            shops.set_implicit(true);
            Item::Table(shops)
        });
        let shops = shops
            .as_table_mut()
            .with_context(|| format!("`shops` is no table in {}", self.path.display()))?;
        let mut table = Table::new();
        table.insert("name", value(section.name));
        table.insert("platform", value(section.platform.as_str()));
        table.insert("url", value(section.url.as_str().trim_end_matches('/')));
        if section.allow_http {
            table.insert("allow-http", value(true));
        }
        table.insert("environment", value(section.environment));
        for (key, file) in &section.secrets {
            table.insert(key, reference(file));
        }
        shops.insert(shop.as_str(), Item::Table(table));
        Ok(())
    }

    /// Lets a key of a shop name another file.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn refer(&mut self, shop: &ShopId, key: &str, file: &str) -> anyhow::Result<()> {
        self.section(shop)?.insert(key, reference(file));
        Ok(())
    }

    /// Lets one key of a shop name what another one named, if that named anything.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn copy(&mut self, shop: &ShopId, from: &str, to: &str) -> anyhow::Result<()> {
        let section = self.section(shop)?;
        if let Some(mut known) = section.get(from).cloned() {
            if let Some(value) = known.as_value_mut() {
                // What stood beside it is not about this one.
                value.decor_mut().clear();
            }
            section.insert(to, known);
        }
        Ok(())
    }

    /// Removes a key of a shop.
    ///
    /// # Errors
    /// If there is no such shop.
    pub fn remove(&mut self, shop: &ShopId, key: &str) -> anyhow::Result<()> {
        self.section(shop)?.remove(key);
        Ok(())
    }

    fn section(&mut self, shop: &ShopId) -> anyhow::Result<&mut dyn toml_edit::TableLike> {
        let path = self.path.display().to_string();
        let section = self.document.get_mut("shops").and_then(|shops| shops.get_mut(shop.as_str()));
        let section = section.and_then(Item::as_table_like_mut);
        section.with_context(|| format!("{path} has no shop `{shop}`; connect it first"))
    }

    /// Writes the file, whole or not at all. If the configuration has mistakes then that it had not
    /// before, the file stays as it was.
    ///
    /// # Errors
    /// If it cannot be written, or would be a mistake.
    pub fn save(&mut self) -> anyhow::Result<()> {
        let known = self.mistakes();
        let text = self.document.to_string();
        write_whole(&self.path, &text)?;
        let new: Vec<Mistake> = self
            .mistakes()
            .into_iter()
            .filter(|mistake| !known.iter().any(|known| is_same(known, mistake)))
            .collect();
        if new.is_empty() {
            self.before = text;
            return Ok(());
        }
        write_whole(&self.path, &self.before)?;
        anyhow::bail!(
            "{} is left as it was, since it would be a mistake:\n{}",
            self.path.display(),
            config::list(&new)
        )
    }

    /// Writes back an older text of it.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn restore(&self, text: &str) -> anyhow::Result<()> {
        write_whole(&self.path, text)
    }

    /// How it is written now, without what was changed and not saved.
    pub fn text(&self) -> String {
        self.before.clone()
    }

    fn mistakes(&self) -> Vec<Mistake> {
        config::report(&self.host_file, &config::process_environment).mistakes
    }
}

/// Whether two mistakes are the same, wherever their line is now.
fn is_same(one: &Mistake, other: &Mistake) -> bool {
    (&one.file, &one.path, &one.message) == (&other.file, &other.path, &other.message)
}

fn reference(file: &str) -> Item {
    let mut reference = InlineTable::new();
    reference.insert("file", Value::from(file));
    value(reference)
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn parse(path: &Path, text: &str) -> anyhow::Result<DocumentMut> {
    // What is wrong is shown with its line, which may hold anything: `fondaco check` says it better.
    text.parse().map_err(|_| anyhow::anyhow!("{} is not TOML; see `fondaco check`", path.display()))
}

/// Puts a file in the place of another in one step, with the rights of that one.
fn write_whole(path: &Path, text: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut new = tempfile::Builder::new().prefix(".").tempfile_in(folder)?;
        new.write_all(text.as_bytes())?;
        if let Ok(facts) = fs::metadata(path) {
            new.as_file().set_permissions(facts.permissions())?;
        }
        new.as_file().sync_all()?;
        new.persist(path)?;
        fs::File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "[server]\nlisten = \"127.0.0.1:0\"\n\n[store]\nfolder = \"data\"\n";
    const CLIENT: &str = "# Who they are.\nname = \"Rossi\" # since 1970\nlanguage = \"it\"\n";

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for made in ["clients", "plugins", "secrets"] {
            fs::create_dir(folder.path().join(made)).unwrap();
        }
        for name in ["key", "secret", "webhooks", "webhooks-2"] {
            fs::write(folder.path().join("secrets").join(name), "sixteen bytes or more").unwrap();
        }
        let host = folder.path().join("fondaco.toml");
        fs::write(&host, HOST).unwrap();
        fs::write(folder.path().join("clients/rossi.toml"), CLIENT).unwrap();
        (folder, host)
    }

    fn milano() -> ShopId {
        ShopId::new("milano").unwrap()
    }

    fn open(host: &Path) -> ClientFile {
        ClientFile::open(host, &ClientId::new("rossi").unwrap()).unwrap()
    }

    fn section(url: &Url) -> ShopSection<'_> {
        ShopSection {
            name: "Milano",
            url,
            allow_http: false,
            environment: "production",
            platform: PlatformName::Woocommerce,
            secrets: vec![
                ("key", "secrets/key"),
                ("secret", "secrets/secret"),
                ("webhook-secret", "secrets/webhooks"),
            ],
        }
    }

    #[test]
    fn a_shop_is_added_and_all_else_stays_as_it_is_written() {
        let (_folder, host) = folder();
        let url = Url::parse("https://milano.test").unwrap();
        let mut file = open(&host);
        assert!(!file.has(&milano()));
        file.add(&milano(), &section(&url)).unwrap();
        file.save().unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.starts_with(CLIENT), "{text}");
        assert!(text.contains("[shops.milano]\nname = \"Milano\""), "{text}");
        assert!(text.contains("key = { file = \"secrets/key\" }"), "{text}");
        let file = open(&host);
        assert_eq!(file.address(&milano()).unwrap(), (url, false));
        assert_eq!(file.referenced(&milano(), "secret").as_deref(), Some("secrets/secret"));
        let report = config::report(&host, &|_| None);
        assert!(report.is_good(), "{report}");
    }

    #[test]
    fn what_would_be_a_mistake_is_not_left_in_the_file() {
        let (_folder, host) = folder();
        let mut file = open(&host);
        let url = Url::parse("http://milano.test").unwrap();
        file.add(&milano(), &section(&url)).unwrap();
        let error = file.save().unwrap_err().to_string();
        assert!(error.contains("is left as it was") && error.contains("unencrypted"), "{error}");
        assert_eq!(fs::read_to_string(file.path()).unwrap(), CLIENT);
    }

    #[test]
    fn a_secret_is_changed_and_the_one_before_it_kept_for_a_while() {
        let (_folder, host) = folder();
        let url = Url::parse("https://milano.test").unwrap();
        let mut file = open(&host);
        file.add(&milano(), &section(&url)).unwrap();
        file.save().unwrap();
        file.copy(&milano(), "webhook-secret", "previous-webhook-secret").unwrap();
        file.refer(&milano(), "webhook-secret", "secrets/webhooks-2").unwrap();
        file.save().unwrap();
        assert!(file.has_key(&milano(), "previous-webhook-secret"));
        let named = |key: &str| open(&host).referenced(&milano(), key);
        assert_eq!(named("webhook-secret").as_deref(), Some("secrets/webhooks-2"));
        assert_eq!(named("previous-webhook-secret").as_deref(), Some("secrets/webhooks"));
        file.remove(&milano(), "previous-webhook-secret").unwrap();
        file.save().unwrap();
        assert_eq!(named("previous-webhook-secret"), None);
        assert!(config::report(&host, &|_| None).is_good());
    }

    #[test]
    fn what_is_not_there_is_said() {
        let (folder, host) = folder();
        let nobody = ClientFile::open(&host, &ClientId::new("nobody").unwrap()).unwrap_err();
        assert!(nobody.to_string().contains("clients/nobody.toml"), "{nobody}");
        let error = open(&host).address(&milano()).unwrap_err().to_string();
        assert!(error.contains("has no shop `milano`"), "{error}");
        fs::write(folder.path().join("clients/rossi.toml"), "name = secret").unwrap();
        let broken = ClientFile::open(&host, &ClientId::new("rossi").unwrap()).unwrap_err();
        assert!(!broken.to_string().contains("secret"), "{broken}");
    }
}
