//! A stage whose client installs what a test wants, and hosts on it whose log is kept.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use fondaco::demo::stage::{Stage, StageOptions};
use fondaco_sandbox::manifest::MANIFEST_SECTION;
use fondaco_web::views::StatusView;
use reqwest::Client;
use tokio::process::{Child, Command};

use crate::scene::{self, until};

/// A stage with plugins of its own and a client that has no module yet.
pub struct Workshop {
    pub stage: Stage,
    /// The client's file without its installs.
    shops: String,
}

impl Workshop {
    /// The demo's shops, with these plugins of the tests beside the demo's.
    pub async fn set(plugins: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let of_all = scene::plugins();
        for name in plugins.iter().chain(&["stock-sync"]) {
            let file = format!("{name}.wasm");
            std::fs::copy(of_all.join(&file), folder.path().join(&file)).unwrap();
        }
        let options = StageOptions::kitchen(folder.path().to_owned(), 7);
        let stage = Stage::set(options).await.unwrap();
        // From here on the plugins are beside the other files, and are gone with them.
        let own = stage.folder().join("plugins");
        std::fs::create_dir(&own).unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
            std::fs::copy(entry.path(), own.join(entry.file_name())).unwrap();
        }
        let host = std::fs::read_to_string(stage.config_file()).unwrap();
        let (host, _) = host.split_once("[plugins]").unwrap();
        std::fs::write(stage.config_file(), host).unwrap();
        let client = std::fs::read_to_string(client_file(&stage)).unwrap();
        let (shops, _) = client.split_once("[installs.").unwrap();
        std::fs::write(client_file(&stage), shops).unwrap();
        Self { shops: shops.to_owned(), stage }
    }

    /// Adds to the host's own file.
    pub fn add_to_host(&self, text: &str) {
        let host = std::fs::read_to_string(self.stage.config_file()).unwrap();
        std::fs::write(self.stage.config_file(), format!("{host}\n{text}\n")).unwrap();
    }

    /// Writes the client's installs, in place of those there were.
    pub fn install(&self, installs: &str) {
        std::fs::write(self.client_file(), format!("{}{installs}\n", self.shops)).unwrap();
    }

    /// The client's file.
    pub fn client_file(&self) -> PathBuf {
        client_file(&self.stage)
    }

    /// The line of the client's file that has these words, counted from one.
    pub fn client_line(&self, words: &str) -> usize {
        let text = std::fs::read_to_string(self.client_file()).unwrap();
        let line = text.lines().position(|line| line.contains(words));
        line.unwrap_or_else(|| panic!("{words} is not in\n{text}")) + 1
    }

    /// A plugin's file.
    pub fn plugin(&self, name: &str) -> PathBuf {
        self.stage.folder().join("plugins").join(format!("{name}.wasm"))
    }

    /// Runs the command with these words and the host's file; tells how it ended and what it said.
    pub async fn command(&self, words: &[&str]) -> (ExitStatus, String) {
        let mut command = scene::fondaco();
        command.args(words).arg("--config").arg(self.stage.config_file());
        output(&mut command).await
    }

    /// Starts a host in a process of its own.
    pub fn serve(&self) -> Served<'_> {
        let log_file = self.stage.folder().join("log");
        let mut command = scene::fondaco();
        command.arg("serve").arg("--config").arg(self.stage.config_file());
        command.stdout(Stdio::null()).stderr(File::create(&log_file).unwrap());
        Served { stage: &self.stage, child: command.spawn().unwrap(), log_file }
    }
}

fn client_file(stage: &Stage) -> PathBuf {
    stage.folder().join(format!("clients/{}.toml", scene::client()))
}

/// How a command ended, and what it said.
pub async fn output(command: &mut Command) -> (ExitStatus, String) {
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status, String::from_utf8(text).unwrap())
}

/// A host in a process of its own.
pub struct Served<'a> {
    stage: &'a Stage,
    child: Child,
    log_file: PathBuf,
}

impl Served<'_> {
    /// Waits until its client's modules are live.
    pub async fn ready(&mut self) {
        until("the modules are live", async || {
            if let Some(ended) = self.child.try_wait().unwrap() {
                panic!("the host ended, {ended}:\n{}", self.log());
            }
            let status = self.ask("/api/v1/status").await.ok();
            let status = status.and_then(|body| serde_json::from_str::<StatusView>(&body).ok());
            status.is_some_and(|status| status.clients.iter().all(|it| it.state == "live"))
        })
        .await;
    }

    /// What the admin API answers.
    pub async fn get(&self, path: &str) -> String {
        self.ask(path).await.unwrap()
    }

    /// Lets it be lost.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn ask(&self, path: &str) -> reqwest::Result<String> {
        let socket = self.stage.folder().join("data/admin.sock");
        let http = Client::builder().unix_socket(socket).build()?;
        let answer = http.get(format!("http://fondaco{path}")).send().await?;
        answer.error_for_status()?.text().await
    }

    /// Asks it to stop, and hands over what it logged.
    pub async fn stop(mut self) -> String {
        let process = self.child.id().unwrap().to_string();
        let asked = std::process::Command::new("kill").args(["-TERM", &process]).status().unwrap();
        assert!(asked.success());
        let (ended, log) = self.end().await;
        assert!(ended.success(), "{ended}:\n{log}");
        log
    }

    /// Waits until it ends by itself, and hands over what it logged.
    pub async fn end(&mut self) -> (ExitStatus, String) {
        let ended = tokio::time::timeout(scene::PATIENCE, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("it does not end:\n{}", self.log())).unwrap();
        (ended, self.log())
    }

    fn log(&self) -> String {
        std::fs::read_to_string(&self.log_file).unwrap()
    }
}

/// Writes a component with another manifest.
pub fn with_manifest(from: &Path, to: &Path, change: impl Fn(&str) -> String) {
    const HEADER_BYTES: usize = 8;
    let component = std::fs::read(from).unwrap();
    let (header, mut rest) = component.split_at(HEADER_BYTES);
    let mut changed = header.to_vec();
    let mut found = false;
    while let Some((&kind, after)) = rest.split_first() {
        let (length, after) = number(after);
        let (content, after) = after.split_at(length);
        let named = (kind == 0).then(|| number(content));
        let named = named.map(|(length, named)| named.split_at(length));
        match named {
            Some((name, manifest)) if name == MANIFEST_SECTION.as_bytes() => {
                let manifest = change(std::str::from_utf8(manifest).unwrap());
                let name = [in_bytes(name.len()), name.to_vec()].concat();
                let content = [name, manifest.into_bytes()].concat();
                changed.extend([vec![kind], in_bytes(content.len()), content].concat());
                found = true;
            }
            _ => changed.extend([vec![kind], in_bytes(length), content.to_vec()].concat()),
        }
        rest = after;
    }
    assert!(found, "{} has no manifest", from.display());
    std::fs::write(to, changed).unwrap();
}

/// A number as components write it (LEB128), and what follows it.
fn number(bytes: &[u8]) -> (usize, &[u8]) {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, &bytes[index + 1..]);
        }
    }
    panic!("a number does not end");
}

fn in_bytes(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
