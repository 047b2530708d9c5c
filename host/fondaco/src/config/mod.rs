//! The configuration: `fondaco.toml`, which is the host's, and `clients/<client>.toml`, which is
//! the agency's word on each client.
//!
//! Everything is read and held against everything else before any of it is used: types, names,
//! secrets, the modules' files with what they ask for, their settings. Every mistake is found in
//! one go, each with its file, line and fix, because an agency that hands over a client's file
//! should not learn of its mistakes one start at a time. That is why nothing here is deserialised
//! by serde, which stops at the first.
//!
//! Secrets are named by reference and never written here; none appears in a message, nor in any
//! `Debug` output. Relative paths are meant from the folder of the host's file, wherever they are
//! written; that of the admin socket from the store's folder.
//!
//! This never changes a file, starts nothing and speaks to no shop.
//!
//! Start reading at [`load`], then [`host`] and [`client`] for what can be written; `reader` is how
//! it is read.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use fondaco_engine::room::RoomBounds;
use fondaco_model::ClientId;
use fondaco_store::Retention;
use fondaco_web::principal::Principal;
use secrecy::SecretString;

pub mod client;
pub mod host;
pub mod install;
pub mod limits;
pub mod mistake;
pub mod report;
pub mod settings;

mod access;
mod egress;
mod grants;
mod install_secrets;
mod lowered;
mod reader;
mod retention;
mod rhythm;
mod secret;
mod source;
mod store;
mod time_zones;
mod values;
mod wins;

pub use access::ShopAccess;
pub use client::{
    Area, AreaOwner, ClientConfig, Environment, Language, Person, PlatformName, ShopConfig,
};
pub use egress::Egress;
pub use host::{Log, LogFormat, Server};
pub use install::{InstallConfig, Mode, ShadowState};
pub use install_secrets::InstallSecret;
pub use mistake::{Mistake, Warning, Wrong};
pub use report::CheckReport;
pub use rhythm::Rhythm;
pub use settings::{Origin, ResolvedSettings, resolve_settings};
pub use values::duration;

use client::{Surroundings, read_client};
use host::{Folders, HostFile, read_folders, read_host, read_places_alone};
use install::Components;
use limits::CLIENTS_MAX;
use mistake::Findings;
use reader::Place;
use secret::Secrets;
use source::{Document, Source, whole_file};

/// A configuration without a mistake.
#[derive(Debug)]
pub struct Config {
    /// The host's file that it was read from.
    pub file: PathBuf,
    /// Where the host is reached.
    pub server: Server,
    /// The Unix socket of the admin API.
    pub admin_socket: PathBuf,
    /// Where what is durable is kept; it may have to be made.
    pub store_folder: PathBuf,
    /// What is done when the disk of that folder is nearly full.
    pub room: RoomBounds,
    /// How long what is kept for a time only is kept.
    pub retention: Retention,
    /// What is logged, and how.
    pub log: Log,
    /// What modules may reach over HTTP that they could not reach otherwise.
    pub egress: Egress,
    /// Who may use the admin API besides whoever owns the socket, each with their token.
    pub principals: Vec<(SecretString, Principal)>,
    /// The clients, by name.
    pub clients: Vec<ClientConfig>,
    /// What somebody should look at.
    pub warnings: Vec<Warning>,
}

/// Reads a configuration; `path` is the host's file, `environment` answers what a variable of the
/// environment holds.
///
/// # Errors
/// If there is a mistake anywhere in it: all of them, in the order of files and lines.
pub fn load(
    path: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, Vec<Mistake>> {
    let CheckReport { mistakes, config, .. } = report(path, environment);
    config.ok_or(mistakes)
}

/// What a variable of the process's environment holds.
#[must_use]
pub fn process_environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads a configuration with the process's environment, to tell a person about it.
#[must_use]
pub fn check(path: &Path) -> CheckReport {
    report(path, &process_environment)
}

/// Where the admin socket is, whatever else may be wrong with the configuration: whoever asks a
/// running host has neither its secrets nor its modules at hand.
///
/// # Errors
/// If the host's file does not tell; what is wrong about that, and nothing else.
pub fn admin_socket(path: &Path) -> Result<PathBuf, NoAdminSocket> {
    places(path).map(|places| places.admin_socket)
}

/// Where the store's folder and the admin socket are, whatever else may be wrong with the
/// configuration.
///
/// # Errors
/// If the host's file does not tell; what is wrong about that, and nothing else.
pub fn places(path: &Path) -> Result<Places, NoAdminSocket> {
    let findings = Findings::default();
    let places = Source::read(path.to_owned(), &findings).and_then(|source| {
        let document = Document::parse(&source, &findings);
        let mut root = document.root(&findings);
        read_places_alone(&mut root, base_of(path))
    });
    places.ok_or_else(|| NoAdminSocket(list(&findings.into_sorted().0)))
}

/// Where the store's folder and the admin socket are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The folder of the store.
    pub store_folder: PathBuf,
    /// The Unix socket of the admin API.
    pub admin_socket: PathBuf,
}

/// Why a host's file does not tell where its admin socket is: the mistakes, one a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAdminSocket(String);

/// Mistakes, one a line, and how many there are.
#[must_use]
pub fn list(mistakes: &[Mistake]) -> String {
    report::list(mistakes, &[])
}

/// Reads a configuration, to tell a person about it.
#[must_use]
pub fn report(path: &Path, environment: &dyn Fn(&str) -> Option<String>) -> CheckReport {
    let findings = Findings::default();
    let read = read(path, environment, &findings);
    let (mistakes, warnings) = findings.into_sorted();
    let read = read.filter(|_| mistakes.is_empty());
    let config = read.map(|config| Config { warnings: warnings.clone(), ..config });
    CheckReport { mistakes, warnings, config }
}

fn read(
    path: &Path,
    environment: &dyn Fn(&str) -> Option<String>,
    findings: &Findings,
) -> Option<Config> {
    let source = Source::read(path.to_owned(), findings)?;
    let document = Document::parse(&source, findings);
    let mut root = document.root(findings);
    let base = base_of(path);
    let secrets = Secrets { base, environment };
    let folders = read_folders(&mut root, base);
    let files = client_files(&folders, findings);
    let names: BTreeSet<ClientId> = files.iter().map(|(client, _)| client.clone()).collect();
    let HostFile { server, admin_socket, store_folder, room, retention, log, egress, principals } =
        read_host(&mut root, secrets, &names);
    root.leave();

    let count = files.len();
    let clients = read_clients(files, secrets, &Components::new(folders.plugins), findings);
    Some(Config {
        file: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        server: server?,
        admin_socket: admin_socket?,
        store_folder: store_folder?,
        room: room?,
        retention: retention?,
        log: log?,
        egress: egress?,
        principals,
        clients: clients.filter(|clients| clients.len() == count)?,
        warnings: Vec::new(),
    })
}

fn base_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The clients' files, in the order of their names.
fn client_files(folders: &Folders<'_>, findings: &Findings) -> Vec<(ClientId, PathBuf)> {
    let folder = folders.clients.display();
    let entries = match std::fs::read_dir(&folders.clients) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("the clients' folder `{folder}` cannot be read: {error}");
            let fix = "make it, and put a file for each client into it";
            Place { path: "clients.folder".to_owned(), ..folders.clients_place.clone() }
                .missing(message, fix);
            return Vec::new();
        }
    };
    let mut files = Vec::new();
    for file in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let is_toml = file.extension().is_some_and(|extension| extension == "toml");
        // Editors leave hidden files beside the one they edit.
        if !is_toml || stem.starts_with('.') {
            continue;
        }
        let wrong = if stem.ends_with(".merchant") {
            Wrong::new("a merchant's own changes are not served yet", "move the file elsewhere")
        } else {
            match ClientId::new(stem) {
                Ok(client) => {
                    files.push((client, file));
                    continue;
                }
                Err(error) => Wrong::new(error.to_string(), "rename the file"),
            }
        };
        findings.mistake(whole_file(file, wrong));
    }
    files.sort();
    if files.len() > CLIENTS_MAX {
        let message = format!("{} clients, and a host has at most {CLIENTS_MAX}", files.len());
        folders.clients_place.mistake(message, "use a second host");
        files.truncate(CLIENTS_MAX);
    }
    if files.is_empty() {
        let message = format!("there is no client in `{folder}`");
        folders.clients_place.warning(message, "add <client>.toml for each client");
    }
    files
}

fn read_clients(
    files: Vec<(ClientId, PathBuf)>,
    secrets: Secrets<'_>,
    components: &Components,
    findings: &Findings,
) -> Option<Vec<ClientConfig>> {
    let count = files.len();
    let sources: Vec<(ClientId, Source)> = files
        .into_iter()
        .filter_map(|(client, file)| Some((client, Source::read(file, findings)?)))
        .collect();
    let documents: Vec<(ClientId, Document<'_>)> = sources
        .iter()
        .map(|(client, source)| (client.clone(), Document::parse(source, findings)))
        .collect();
    // Places in all files are spoken of until all are read: two clients may name the same shop.
    let sites = RefCell::new(BTreeMap::new());
    let surroundings = Surroundings { secrets, components, sites: &sites };
    let clients: Vec<ClientConfig> = documents
        .iter()
        .filter_map(|(client, document)| {
            let mut root = document.root(findings);
            let read = read_client(client.clone(), &mut root, &surroundings);
            root.leave();
            read
        })
        .collect();
    (clients.len() == count).then_some(clients)
}

#[cfg(test)]
mod tests;
