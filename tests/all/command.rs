//! The command, as its users call it.

use crate::scene::{self, until};

async fn output(command: &mut tokio::process::Command) -> (bool, String) {
    let output = command.output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn five_mistakes_are_told_in_one_go() {
    let stage = scene::kitchen().await;
    let check = async || {
        let mut command = scene::fondaco();
        output(command.arg("check").arg("--config").arg(stage.config_file())).await
    };
    let (good, words) = check().await;
    assert!(good, "{words}");

    let host_file = std::fs::read_to_string(stage.config_file()).unwrap();
    std::fs::write(stage.config_file(), host_file.replace("listen", "listne")).unwrap();
    let client_file = stage.folder().join("clients/bottega.toml");
    let client = std::fs::read_to_string(&client_file).unwrap();
    let broken = client
        .replacen("\"woocommerce\"", "\"woocomerce\"", 1)
        .replace("\"change-stock\", ", "")
        .replace("low-stock = 5", "low-stock = \"five\"")
        .replace("reconcile = ", "reconsile = ");
    std::fs::write(&client_file, broken).unwrap();
    let (good, words) = check().await;
    assert!(!good);
    let mistakes = words.lines().filter(|line| line.contains(".toml:")).count();
    assert_eq!(mistakes, 5, "{words}");
    for told in ["listne", "woocomerce", "change-stock", "low-stock", "reconsile"] {
        assert!(words.contains(told), "{told} is not in\n{words}");
    }
    stage.strike().await;
}

#[tokio::test]
async fn a_command_that_nobody_reads_ends_quietly() {
    let stock_sync = scene::plugins().join("stock-sync.wasm");
    for words in [["plugin", "inspect"], ["demo", "--for=1s"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = scene::fondaco();
        command.args(words).stdout(writer).stderr(std::process::Stdio::piped());
        match words[0] {
            "plugin" => command.arg(&stock_sync),
            _ => command.arg("--plugins").arg(scene::plugins()),
        };
        // `output()` would read what is printed.
        let output = command.spawn().unwrap().wait_with_output().await.unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), said.as_str()), (Some(141), ""), "{words:?}");
    }
}

#[tokio::test]
async fn the_demo_ends_by_itself_with_all_shops_equal() {
    let mut command = scene::fondaco();
    command.args(["demo", "--for", "3s", "--orders-per-second", "5", "--plugins"]);
    let (good, words) = output(command.arg(scene::plugins())).await;
    assert!(good, "{words}");
    assert!(words.contains("; stock on "), "{words}");
    // The table comes last; a line of the story can begin with the SKU too.
    let line = words.lines().rfind(|line| line.starts_with("MUG-BLU")).unwrap();
    let numbers: Vec<_> = line.split_whitespace().skip(1).collect();
    // Two WooCommerce shops, one of each other platform, and the reference.
    assert!(numbers.len() > 3 && numbers.iter().all(|number| *number == numbers[0]), "{line}");
}

#[tokio::test]
async fn the_running_host_is_asked_over_its_socket() {
    let stage = scene::kitchen().await;
    let host = scene::host(&stage).await;
    until("the first runs are recorded", async || {
        !host.store.runs(&scene::client(), None, 10).await.unwrap().is_empty()
    })
    .await;
    let ask = async |words: &[&str]| {
        let mut command = scene::fondaco();
        // Whoever asks need not know the shops' secrets.
        command.args(words).arg("--config").arg(stage.config_file()).env_clear();
        output(&mut command).await
    };
    let (good, status) = ask(&["status"]).await;
    assert!(good && status.contains("Bottega Rossi (bottega): live"), "{status}");
    let (good, runs) = ask(&["runs", "--client", "bottega"]).await;
    assert!(good && runs.contains("stock-sync"), "{runs}");
    let (good, json) = ask(&["actions", "--client", "bottega", "--json"]).await;
    assert!(good && serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
    let (good, words) = ask(&["runs", "--client", "nobody"]).await;
    assert!(!good && words.contains("nobody"), "{words}");
    host.stop().await;
    let (good, words) = ask(&["status"]).await;
    assert!(!good && words.contains("fondaco serve"), "{words}");
    stage.strike().await;
}
