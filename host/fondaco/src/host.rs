//! A running host: everything put together from the configuration.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use fondaco_egress::{Egress, EgressConfig, EgressPolicy, Secret};
use fondaco_engine::{
    Engine,
    keep::Keeping,
    setup::{ClientSetup, CredentialsSource, InstallSetup, ShopSetup},
};
use fondaco_model::{ClientId, InstallId, ShopId};
use fondaco_sandbox::{Module, Prepared, Sandbox, SandboxConfig, code::Compiler};
use fondaco_store::{Store, space::free_bytes, spill::Spill, sqlite::SqliteStore};
use fondaco_web::{Host, principal::Principals};
use tokio::net::{TcpListener, UnixListener};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use url::Url;

use crate::{
    adapter, compile,
    config::{self, ClientConfig, Config, Environment, InstallConfig, InstallSecret, ShopConfig},
};

/// The database's file within the store's folder.
pub const DATABASE_FILE: &str = "fondaco.db";

/// The file within the store's folder where deliveries wait while the database cannot take them.
const SPILL_FILE: &str = "fondaco.spill";

/// A host at work.
pub struct RunningHost {
    /// When what happens.
    pub engine: Arc<Engine>,
    /// What is durable.
    pub store: Arc<dyn Store>,
    /// Where it listens for shops.
    pub address: SocketAddr,
    database: Arc<SqliteStore>,
    doors: TaskTracker,
    closing: CancellationToken,
    admin_socket: PathBuf,
}

impl RunningHost {
    /// Starts a host. `compiler` is where its modules are compiled; for the command that is
    /// [`compile::in_child`].
    ///
    /// # Errors
    /// If anything it needs cannot be had; nothing keeps running then.
    pub async fn start(config: Config, compiler: Compiler) -> anyhow::Result<Self> {
        let listen = config.server.listen;
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("{listen} cannot be listened on; is another host running?"))?;
        let address = listener.local_addr().context("the public address cannot be told")?;
        let database = Arc::new(open_store(&config.store_folder)?);
        let store: Arc<dyn Store> = Arc::clone(&database) as Arc<dyn Store>;
        let modules = load_modules(&config, compiler).await?;
        let principals = Principals::new(config.principals);
        let mut setups = Vec::new();
        for client in config.clients {
            let public_url = config.server.public_url.as_ref();
            setups.push(client_setup(client, &config.file, public_url, &modules)?);
        }
        let owner = format!("process {} listening on {address}", std::process::id());
        let admin = open_admin_socket(&config.admin_socket)?;
        let egress = EgressConfig { allow: config.egress.allow, ..EgressConfig::default() };
        let egress = Egress::new(egress).context("modules' HTTP requests cannot be made")?;
        let keeping = Keeping {
            retention: config.retention,
            spill: Spill::open(&config.store_folder.join(SPILL_FILE))?.sealed_by(&database),
            free_space: Arc::new(move || free_bytes(&config.store_folder)),
            room: config.room,
        };
        let engine = Engine::start(setups, Arc::clone(&store), egress, keeping, &owner).await?;
        let engine = Arc::new(engine);
        let host = Host {
            engine: Arc::clone(&engine),
            store: Arc::clone(&store),
            principals: Arc::new(principals),
        };
        let running = Self {
            engine,
            store,
            address,
            database,
            doors: TaskTracker::new(),
            closing: CancellationToken::new(),
            admin_socket: config.admin_socket,
        };
        running.open_doors(host, listener, admin);
        Ok(running)
    }

    fn open_doors(&self, host: Host, public: TcpListener, admin: UnixListener) {
        let closing = self.closing.clone().cancelled_owned();
        let router = fondaco_web::public::router(host.clone());
        self.doors.spawn(async move {
            let served = axum::serve(public, router).with_graceful_shutdown(closing).await;
            log_end("public", served);
        });
        let closing = self.closing.clone().cancelled_owned();
        let router = fondaco_web::admin::service(host);
        self.doors.spawn(async move {
            let served = axum::serve(admin, router).with_graceful_shutdown(closing).await;
            log_end("admin", served);
        });
        self.doors.close();
    }

    /// Takes nothing more in, ends all work at the next commit, and closes the store.
    pub async fn stop(self) {
        self.closing.cancel();
        // A peer that keeps its connection open does not keep the host from stopping.
        let doors = tokio::time::timeout(crate::limits::DOORS_CLOSE_WITHIN, self.doors.wait());
        if doors.await.is_err() {
            tracing::warn!("a peer would not end its connection; it is cut");
        }
        let ended = self.engine.stop().await;
        if !ended {
            tracing::warn!(
                "some requests had no answer yet; the next start looks for their effect"
            );
        }
        self.database.close().await;
        let _ = std::fs::remove_file(&self.admin_socket);
    }
}

fn log_end(door: &'static str, served: std::io::Result<()>) {
    if let Err(error) = served {
        tracing::error!(door, %error, "a door of the host has closed");
    }
}

fn open_store(folder: &Path) -> anyhow::Result<SqliteStore> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("the store's folder {} cannot be made", folder.display()))?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("the store's folder {} is not yours", folder.display()))?;
    let path = folder.join(DATABASE_FILE);
    SqliteStore::open(&path).with_context(|| format!("{} cannot be opened", path.display()))
}

/// Opens the admin socket for its owner alone.
fn open_admin_socket(path: &Path) -> anyhow::Result<UnixListener> {
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => anyhow::bail!(
            "{} is in use: another host runs with this configuration; stop it first",
            path.display()
        ),
        // What is left of a host that was killed is in nobody's use.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path)
                .with_context(|| format!("{} cannot be removed", path.display()))?;
        }
        Err(_) => {}
    }
    let listener = UnixListener::bind(path)
        .with_context(|| format!("the admin socket {} cannot be opened", path.display()))?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .with_context(|| format!("{} cannot be kept to its owner", path.display()))?;
    Ok(listener)
}

/// The loaded modules, by client and install.
type Modules = BTreeMap<(ClientId, InstallId), Module>;

/// Loads what every install runs; what has the same digest is read, compiled and linked once.
async fn load_modules(config: &Config, compiler: Compiler) -> anyhow::Result<Modules> {
    let code_folder = Some(config.store_folder.join(compile::CODE_FOLDER));
    let sandbox =
        Sandbox::new(SandboxConfig { compiler, code_folder, ..SandboxConfig::default() })?;
    let mut prepared: BTreeMap<&str, Prepared> = BTreeMap::new();
    let mut modules = Modules::new();
    for client in &config.clients {
        for (id, install) in &client.installs {
            let failed = || format!("{id} of client {} cannot be loaded", client.id);
            let digest = install.inspection.digest.as_str();
            if !prepared.contains_key(digest) {
                prepared.insert(digest, prepare(&sandbox, install).await.with_context(failed)?);
            }
            if let Some(prepared) = prepared.get(digest) {
                let module = prepared.install(&install.grants, &install.limits);
                modules.insert((client.id.clone(), id.clone()), module.with_context(failed)?);
            }
        }
    }
    Ok(modules)
}

async fn prepare(sandbox: &Sandbox, install: &InstallConfig) -> anyhow::Result<Prepared> {
    let (sandbox, component) = (sandbox.clone(), Arc::clone(&install.component));
    let manifest = &install.inspection.manifest;
    let module = format!("{} {}", manifest.id, manifest.version);
    // Compiling takes up to seconds and would stand in the way of everything else.
    let preparing = tokio::task::spawn_blocking(move || {
        sandbox.prepare(&component, &|progress| compile::log(&module, progress))
    });
    Ok(preparing.await.context("compiling was stopped")??)
}

fn client_setup(
    client: ClientConfig,
    file: &Path,
    public_url: Option<&Url>,
    modules: &Modules,
) -> anyhow::Result<ClientSetup> {
    let mut shops = BTreeMap::new();
    for (id, shop) in client.shops {
        let address = public_url
            .and_then(|url| url.join(&format!("hooks/{}/{id}", client.id)).ok())
            .map(String::from);
        let own = shop.time_zone.as_ref().or(client.time_zone.as_ref());
        let time_zone = own.and_then(|zone| zone.iana_name()).map(str::to_owned);
        let credentials = credentials_source(file, &client.id, &id);
        let setup = shop_setup(shop, address, credentials)?;
        shops.insert(id, ShopSetup { time_zone, ..setup });
    }
    let mut installs = BTreeMap::new();
    for (id, install) in client.installs {
        if let Some(module) = modules.get(&(client.id.clone(), id.clone())) {
            installs.insert(id, install_setup(&install, module.clone())?);
        }
    }
    let ClientConfig { id, name, wins, .. } = client;
    Ok(ClientSetup { id, name, shops, installs, wins })
}

/// Reads the credentials of one shop from the files again, which must have no mistake.
fn credentials_source(file: &Path, client: &ClientId, shop: &ShopId) -> CredentialsSource {
    let (file, client, shop) = (file.to_owned(), client.clone(), shop.clone());
    Arc::new(move || {
        let config = config::load(&file, &config::process_environment)
            .map_err(|mistakes| config::list(&mistakes))?;
        let found = config.clients.iter().find(|known| known.id == client);
        let found = found.and_then(|client| client.shops.get(&shop));
        found
            .map(|shop| adapter::credentials(&shop.access))
            .ok_or_else(|| "the shop is in no file any more".to_owned())
    })
}

fn shop_setup(
    shop: ShopConfig,
    hook_address: Option<String>,
    source: CredentialsSource,
) -> anyhow::Result<ShopSetup> {
    let ShopConfig { allow_http, timeouts, .. } = shop;
    let at = adapter::Address { shop: shop.id.clone(), url: shop.url, allow_http, timeouts };
    let platform = adapter::open(at, shop.access)?;
    Ok(ShopSetup {
        name: shop.name,
        platform_name: shop.platform.as_str(),
        production: shop.environment == Environment::Production,
        platform,
        credentials: source,
        poll_every: shop.rhythm.poll_every,
        give_up_after: shop.rhythm.give_up_after,
        reconcile_every: shop.rhythm.reconcile_every,
        silent_after: shop.rhythm.silent_after,
        hook_address,
        time_zone: None,
    })
}

fn install_setup(install: &InstallConfig, module: Module) -> anyhow::Result<InstallSetup> {
    let mut secrets = BTreeMap::new();
    for (name, InstallSecret { value, host }) in &install.secrets {
        let secret = Secret::new(value.clone(), host.clone())
            .with_context(|| format!("the secret `{name}` of {} cannot be used", install.id))?;
        secrets.insert(name.clone(), secret);
    }
    let hosts = module.grants().http_hosts().iter().cloned().collect();
    Ok(InstallSetup {
        module,
        mode: install.mode,
        shadow_state: install.shadow_state,
        settings: install.settings.to_string().into(),
        schedules: install.schedules.clone(),
        time_zone: install.time_zone.clone(),
        egress: Arc::new(EgressPolicy::new(hosts, secrets)),
    })
}
