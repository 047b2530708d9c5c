//! What the tests play on: the demo's stage, a host on it, and waiting for things to become true.

use std::{
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use fondaco::{
    config::Config,
    demo::stage::{ENVIRONMENT, Stage, StageOptions},
    host::RunningHost,
};
use fondaco_model::ClientId;
use fondaco_sandbox::code::{Compiler, CompilerProcess};
use tokio::process::{Child, Command};

/// How long a test waits for something to become true before it says that it never did.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a test looks.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The folder with the modules' components.
pub fn plugins() -> PathBuf {
    let folder = std::env::var_os("FONDACO_PLUGINS").map(PathBuf::from);
    let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/plugins"));
    let folder = folder.unwrap_or(default);
    assert!(
        folder.join("stock-sync.wasm").is_file(),
        "{} has no modules; run the tests with `cargo xtask test`",
        folder.display()
    );
    folder
}

/// The `fondaco` command's file.
fn binary() -> PathBuf {
    let binary = std::env::var_os("FONDACO_BIN").map(PathBuf::from);
    let default = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/debug/fondaco"));
    let binary = binary.unwrap_or(default);
    assert!(
        binary.is_file(),
        "{} is not there; run the tests with `cargo xtask test`",
        binary.display()
    );
    binary
}

/// The `fondaco` command.
pub fn fondaco() -> Command {
    let mut command = Command::new(binary());
    command.kill_on_drop(true).stdin(Stdio::null()).envs(ENVIRONMENT);
    command
}

/// The demo's shops.
pub async fn kitchen() -> Stage {
    Stage::set(StageOptions::kitchen(plugins(), 7)).await.unwrap()
}

/// The stage's client.
pub fn client() -> ClientId {
    ClientId::new(fondaco::demo::stage::CLIENT).unwrap()
}

/// A host on the stage, in this process.
pub async fn host(stage: &Stage) -> RunningHost {
    let host = start(stage.config().unwrap()).await;
    until("the modules are live", async || {
        host.engine.status(&client()).is_some_and(|status| status.live)
    })
    .await;
    host
}

/// A host in this process that is only about to import its shops.
pub async fn start(config: Config) -> RunningHost {
    let _ = rustls::crypto::ring::default_provider().install_default();
    // This process is not the command, so it names it.
    let process = CompilerProcess::this_program(["compile-module"]);
    let compiler = Compiler::Child(CompilerProcess { program: binary(), ..process });
    RunningHost::start(config, compiler).await.unwrap()
}

/// A host on the stage, in a process of its own.
pub fn serve(stage: &Stage) -> Child {
    let mut command = fondaco();
    command.arg("serve").arg("--config").arg(stage.config_file());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Waits until something is true.
pub async fn until(what: &str, mut is_true: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !is_true().await {
        assert!(began.elapsed() < PATIENCE, "it never came true that {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until nothing is on its way in a host of this process.
pub async fn until_quiet(host: &RunningHost) {
    until("nothing waits", async || {
        let backlog = host.store.backlog(&client()).await.unwrap();
        let mut behind = 0;
        for client in host.engine.clients() {
            for install in client.installs.keys() {
                let progress = host.store.install_progress(&client.id, install).await.unwrap();
                behind += progress.unwrap_or_default().behind(backlog.last_event);
            }
        }
        backlog.deliveries == 0 && backlog.actions == 0 && behind == 0
    })
    .await;
}

/// A captured file.
pub fn sample(name: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("samples/woocommerce").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Gives people tokens: name, role, client and token.
pub fn add_principals(stage: &Stage, people: &[(&str, &str, &str, &str)]) {
    let mut config = std::fs::read_to_string(stage.config_file()).unwrap();
    for (name, role, client, token) in people {
        let file = stage.folder().join(name);
        std::fs::write(&file, token).unwrap();
        let owner_alone = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, owner_alone).unwrap();
        config.push_str(&format!(
            "\n[[principals]]\nname = \"{name}\"\nrole = \"{role}\"\n\
             clients = [\"{client}\"]\ntoken = {{ file = \"{name}\" }}\n"
        ));
    }
    std::fs::write(stage.config_file(), config).unwrap();
}
