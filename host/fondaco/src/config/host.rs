//! `fondaco.toml`: what is the host's.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use fondaco_engine::room::RoomBounds;
use fondaco_model::ClientId;
use fondaco_store::Retention;
use fondaco_web::principal::{Principal, Role};
use secrecy::{ExposeSecret, SecretString};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::{
    Places,
    egress::{Egress, read_egress},
    limits::{PRINCIPALS_MAX, SOCKET_PATH_BYTES_MAX, TOKEN_BYTES_MIN},
    mistake::Wrong,
    reader::{Node, Place, Section, nearest},
    retention::read_retention,
    secret::Secrets,
    store::{StoreSection, folder, read_store},
    values::{is_loopback, listen_address, site},
};

/// Where the host is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where shops reach it, with a slash at its end, so that paths can be joined to it; absent:
    /// it creates no webhooks in them.
    pub public_url: Option<Url>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What is logged, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How lines are written.
    pub format: LogFormat,
    /// Which are: a level, or directives as `tracing` reads them (`info,fondaco_engine=debug`).
    pub filter: String,
}

/// The words for what a principal is.
fn roles() -> [(&'static str, Role); 4] {
    [Role::AgencyAdmin, Role::AgencyOperator, Role::MerchantOwner, Role::Accountant]
        .map(|role| (role.as_str(), role))
}

/// What stands in the host's file, as far as it could be read.
#[derive(Debug)]
pub(super) struct HostFile {
    pub(super) server: Option<Server>,
    pub(super) admin_socket: Option<PathBuf>,
    pub(super) store_folder: Option<PathBuf>,
    pub(super) room: Option<RoomBounds>,
    pub(super) retention: Option<Retention>,
    pub(super) log: Option<Log>,
    pub(super) egress: Option<Egress>,
    pub(super) principals: Vec<(SecretString, Principal)>,
}

/// The folders the rest of the configuration is in.
pub(super) struct Folders<'a> {
    pub(super) clients: PathBuf,
    pub(super) plugins: PathBuf,
    /// Where the file names the clients' folder, or would.
    pub(super) clients_place: Place<'a>,
}

/// Reads where the rest is; the sections are left for [`read_host`].
pub(super) fn read_folders<'a>(root: &mut Section<'a>, base: &Path) -> Folders<'a> {
    let clients_place = root.place.clone();
    let mut named = |section: &'static str| {
        root.may(section)?.table(|section| {
            let node = section.may("folder")?;
            Some((folder(&node)?, node.place))
        })?
    };
    let (clients, plugins) = (named("clients"), named("plugins"));
    let (clients, clients_place) =
        clients.unwrap_or_else(|| (PathBuf::from("clients"), clients_place));
    let plugins = plugins.map_or_else(|| PathBuf::from("plugins"), |(plugins, _)| plugins);
    Folders { clients: base.join(clients), plugins: base.join(plugins), clients_place }
}

/// Reads everything else. `clients` are the names of the clients' files.
pub(super) fn read_host(
    root: &mut Section<'_>,
    secrets: Secrets<'_>,
    clients: &BTreeSet<ClientId>,
) -> HostFile {
    let fix = "add [server] with listen = \"127.0.0.1:8787\"";
    let server = root.must("server", fix).and_then(|node| node.table(read_server)?);
    let (StoreSection { folder: store_folder, room }, admin_socket) =
        read_places(root, secrets.base);
    let retention = match root.may("retention") {
        Some(node) => node.table(read_retention).flatten(),
        None => Some(Retention::default()),
    };
    let log = match root.may("log") {
        Some(node) => node.table(read_log).flatten(),
        None => Some(Log { format: LogFormat::Text, filter: "info".to_owned() }),
    };
    let egress = match root.may("egress") {
        Some(node) => node.table(read_egress).flatten(),
        None => Some(Egress::default()),
    };
    let principals = root.may("principals").map(|node| read_principals(&node, secrets, clients));
    let principals = principals.unwrap_or_default();
    HostFile { server, admin_socket, store_folder, room, retention, log, egress, principals }
}

/// Reads where the store's folder and the admin socket are, and nothing else.
pub(super) fn read_places_alone(root: &mut Section<'_>, base: &Path) -> Option<Places> {
    let (store, admin_socket) = read_places(root, base);
    if store.folder.is_none() && root.may("store").is_none() {
        root.place.missing("`store.folder` is missing", STORE_FIX);
    }
    Some(Places { store_folder: store.folder?, admin_socket: admin_socket? })
}

/// What is said of the store, and where the admin socket is: in its folder, unless the file says
/// otherwise.
fn read_places(root: &mut Section<'_>, base: &Path) -> (StoreSection, Option<PathBuf>) {
    let store = root.must("store", STORE_FIX);
    let store = store.and_then(|node| node.table(|section| read_store(section, base)));
    let store = store.unwrap_or(StoreSection { folder: None, room: None });
    let admin = root.may("admin");
    let admin_socket = read_admin(admin, store.folder.as_deref(), &root.place);
    (store, admin_socket)
}

const STORE_FIX: &str = "add [store] with folder = \"data\"";

fn read_server(section: &mut Section<'_>) -> Option<Server> {
    let listen = section.must("listen", "add listen = \"127.0.0.1:8787\"");
    let listen = listen.and_then(|node| node.parse(listen_address));
    let public_url = match section.may("public-url") {
        None => Some(None),
        Some(node) => node.parse(site).map(|mut url| {
            if url.scheme() == "http" && !is_loopback(&url) {
                let message = "shops will send their orders unencrypted";
                node.place.warning(message, "put TLS in front of the host and write https");
            }
            if !url.path().ends_with('/') {
                url.set_path(&format!("{}/", url.path()));
            }
            Some(url)
        }),
    };
    Some(Server { listen: listen?, public_url: public_url? })
}

fn read_admin(
    admin: Option<Node<'_>>,
    store_folder: Option<&Path>,
    root: &Place<'_>,
) -> Option<PathBuf> {
    let default_place = Place { path: "admin.socket".to_owned(), ..root.clone() };
    let node = match admin {
        Some(node) => node.table(|section| section.may("socket"))?,
        None => None,
    };
    let socket = match &node {
        Some(node) => node.text()?,
        None => "admin.sock",
    };
    let place = node.as_ref().map_or(&default_place, |node| &node.place);
    if socket.is_empty() || socket.ends_with('/') || socket.contains('\0') {
        place.mistake("not the name of a socket", "name a file, such as \"admin.sock\"");
        return None;
    }
    let socket = store_folder?.join(socket);
    let length = socket.as_os_str().len();
    if length > SOCKET_PATH_BYTES_MAX {
        let message = format!(
            "`{}` has {length} bytes, and the path of a socket at most {SOCKET_PATH_BYTES_MAX}",
            socket.display()
        );
        let fix = "name a shorter one: [admin] socket = \"/run/fondaco/admin.sock\"";
        place.missing(message, fix);
        return None;
    }
    Some(socket)
}

fn read_log(section: &mut Section<'_>) -> Option<Log> {
    let format = section.may("format").map_or(Some(LogFormat::Text), |node| {
        node.word(&[("text", LogFormat::Text), ("json", LogFormat::Json)])
    });
    let filter = section.may("filter").map_or_else(
        || Some("info".to_owned()),
        |node| {
            node.parse(|text| match EnvFilter::builder().parse(text) {
                Ok(_) => Ok(text.to_owned()),
                Err(error) => {
                    let fix = "write a level (`error`, `warn`, `info`, `debug`, `trace`), or \
                               directives such as \"info,fondaco_engine=debug\"";
                    Err(Wrong::new(format!("`{text}` is not a filter: {error}"), fix))
                }
            })
        },
    );
    Some(Log { format: format?, filter: filter? })
}

fn read_principals(
    node: &Node<'_>,
    secrets: Secrets<'_>,
    clients: &BTreeSet<ClientId>,
) -> Vec<(SecretString, Principal)> {
    let nodes = node.list().unwrap_or_default();
    if nodes.len() > PRINCIPALS_MAX {
        let message =
            format!("{} principals, and a host has at most {PRINCIPALS_MAX}", nodes.len());
        node.place.mistake(message, "remove some");
    }
    let mut names: BTreeMap<String, Place<'_>> = BTreeMap::new();
    let mut tokens: Vec<(SecretString, Place<'_>)> = Vec::new();
    let mut principals = Vec::new();
    for node in nodes {
        let principal = node.table(|section| {
            let name = section.must("name", "add name = \"anna\"").and_then(|node| {
                let name = node.parse(principal_name)?;
                if let Some(first) = names.get(&name) {
                    let message = format!("`{name}` is also the name at {}", first.in_words());
                    node.place.mistake(message, "give each principal a name of their own");
                    return None;
                }
                names.insert(name.clone(), node.place);
                Some(name)
            });
            let role = section.must("role", "add role = \"agency-operator\"");
            let role = role.and_then(|node| node.word(&roles()));
            let clients = read_scope(section, role, clients);
            let fix = "add token = { env = \"FONDACO_TOKEN_ANNA\" }";
            let token = section.must("token", fix).and_then(|node| {
                let token = read_token(&node, secrets)?;
                let same = |(other, _): &&(SecretString, Place<'_>)| {
                    other.expose_secret() == token.expose_secret()
                };
                if let Some((_, first)) = tokens.iter().find(same) {
                    let message = format!("the token is also the one at {}", first.in_words());
                    node.place.mistake(message, "give each principal a token of their own");
                    return None;
                }
                tokens.push((token.clone(), node.place));
                Some(token)
            });
            let principal = Principal { name: name?, role: role?, clients: clients? };
            Some((token?, principal))
        });
        principals.extend(principal.flatten());
    }
    principals
}

fn principal_name(text: &str) -> Result<String, Wrong> {
    // The rule for names is the same for everything that has one.
    let name = ClientId::new(text);
    name.map(String::from).map_err(|error| Wrong::new(error.to_string(), "rename it"))
}

fn read_scope(
    section: &mut Section<'_>,
    role: Option<Role>,
    clients: &BTreeSet<ClientId>,
) -> Option<BTreeSet<ClientId>> {
    let fix = "add clients = [\"…\"] with the names of their files";
    let node = match role {
        Some(Role::AgencyAdmin) | None => section.may("clients"),
        Some(_) => section.must("clients", fix),
    };
    if role == Some(Role::AgencyAdmin) {
        if let Some(node) = node {
            let message = "an agency-admin reaches every client";
            node.place.mistake(message, "remove it, or choose another role");
        }
        return Some(BTreeSet::new());
    }
    let node = node?;
    let nodes = node.list()?;
    if nodes.is_empty() {
        node.place.mistake("no client is named", "name at least one");
    }
    let named: BTreeSet<ClientId> =
        nodes.iter().filter_map(|node| known_client(node, clients)).collect();
    (!named.is_empty() && named.len() == nodes.len()).then_some(named)
}

fn known_client(node: &Node<'_>, clients: &BTreeSet<ClientId>) -> Option<ClientId> {
    node.parse(|text| {
        let known = ClientId::new(text).ok().filter(|client| clients.contains(client));
        known.ok_or_else(|| {
            let near = nearest(text, clients.iter().map(ClientId::as_str));
            let fix = near.map_or_else(
                || format!("write the file `{text}.toml` in the clients' folder"),
                |near| format!("did you mean `{near}`?"),
            );
            Wrong::new(format!("there is no client `{text}`"), fix)
        })
    })
}

fn read_token(node: &Node<'_>, secrets: Secrets<'_>) -> Option<SecretString> {
    let token = secrets.follow(node)?;
    if token.expose_secret().len() < TOKEN_BYTES_MIN {
        let message = format!("the token has fewer than {TOKEN_BYTES_MIN} bytes");
        node.place.mistake(message, "make one with: openssl rand -hex 32");
        return None;
    }
    Some(token)
}
