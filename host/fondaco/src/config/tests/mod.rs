//! Broken configurations, and what is said of them.

mod access;
mod anything;
mod client_file;
mod examples;
mod fixture;
mod granted;
mod host_file;
mod install;
mod modules;
mod secrets;

use fixture::Files;
use fondaco_platforms::timeouts::Timeouts;

#[test]
fn a_good_configuration_has_no_mistakes() {
    let files = Files::good();
    let report = files.report();
    assert_eq!(
        report.to_string(),
        "rossi: 2 shops (milano, torino), 1 install (stock-sync: stock-sync 0.1.0 live)\n\
         no mistakes: 1 client, 2 shops, 1 install"
    );
    let config = report.config.unwrap();
    assert_eq!(config.server.listen.to_string(), "127.0.0.1:8787");
    assert_eq!(config.store_folder, files.path("data"));
    assert_eq!(config.admin_socket, files.path("data/admin.sock"));
    assert_eq!(config.log.filter, "info");
    let (_, anna) = &config.principals[0];
    assert_eq!(anna.name, "anna");
    assert!(anna.clients.contains(&config.clients[0].id));
    let client = &config.clients[0];
    let milano = client.shops.values().next().unwrap();
    assert_eq!(milano.url.as_str(), "https://milano.example/");
    assert_eq!(milano.rhythm.poll_every, super::limits::POLL_EVERY);
    assert_eq!(milano.rhythm.reconcile_every, super::limits::RECONCILE_EVERY);
    assert_eq!(milano.rhythm.silent_after, super::limits::SILENT_AFTER);
    assert_eq!(milano.rhythm.give_up_after, super::limits::GIVE_UP_AFTER);
    assert_eq!(milano.timeouts, Timeouts::default());
}

#[test]
fn five_mistakes_in_a_configuration_print_five() {
    let mut files = Files::good();
    files.replace("fondaco.toml", "\"127.0.0.1:8787\"", "\"localhost\"");
    files.replace("fondaco.toml", "\"agency-operator\"", "\"operator\"");
    files.replace("clients/rossi.toml", "language = \"it\"\n", "");
    files.replace("clients/rossi.toml", "https://torino", "http://torino");
    files.replace("clients/rossi.toml", "mode = \"live\"", "mod = \"live\"");
    assert_eq!(
        files.printed(),
        "clients/rossi.toml:1:1: language: missing — add language = \"it\" or language = \"en\"\n\
         clients/rossi.toml:14:7: shops.torino.url: credentials and orders would go unencrypted \
         — write https, or add allow-http = true\n\
         clients/rossi.toml:22:1: installs.stock-sync.mod: unknown key — did you mean `mode`?\n\
         fondaco.toml:2:10: server.listen: `localhost` is not an IP address with a port — write \
         one, such as \"127.0.0.1:8787\"\n\
         fondaco.toml:9:8: principals[0].role: `operator` is not known here — write one of \
         `agency-admin`, `agency-operator`, `merchant-owner`, `accountant`\n\
         5 mistakes"
    );
}

#[test]
fn a_syntax_error_gives_its_line_and_hides_nothing_else() {
    let mut files = Files::good();
    files.replace("clients/rossi.toml", "name = \"Milano\"", "name = \"Milano");
    files.replace("clients/rossi.toml", "https://torino", "ftp://torino");
    files.replace("fondaco.toml", "[store]", "[store");
    let lines = files.mistakes();
    assert_eq!(lines.len(), 3, "{lines:#?}");
    assert!(lines[0].starts_with("clients/rossi.toml:5:"), "{}", lines[0]);
    assert!(lines[1].starts_with("clients/rossi.toml:15:7: shops.torino.url:"), "{}", lines[1]);
    assert!(lines[2].starts_with("fondaco.toml:4:"), "{}", lines[2]);
}

#[test]
fn a_key_or_a_table_written_twice_is_a_mistake() {
    let mut files = Files::good();
    files.replace("clients/rossi.toml", "[shops.torino]", "[shops.milano]");
    files.replace("fondaco.toml", "folder = \"data\"", "folder = \"data\"\nfolder = \"other\"");
    let lines = files.mistakes();
    assert_eq!(
        lines,
        [
            "clients/rossi.toml:12:8: duplicate key — write each key and each table once: remove \
             or rename this one",
            "fondaco.toml:6:1: duplicate key — write each key and each table once: remove or \
             rename this one",
        ]
    );
}

#[test]
fn columns_count_characters() {
    let mut files = Files::good();
    files.replace("fondaco.toml", "listen = \"127.0.0.1:8787\"", "\"perché\".\"è\" = 1");
    assert_eq!(
        files.mistakes(),
        [
            "fondaco.toml:1:1: server.listen: missing — add listen = \"127.0.0.1:8787\"",
            "fondaco.toml:2:1: server.\"perché\": unknown key — remove it; known here: `listen`, \
             `public-url`",
        ]
    );
}

#[test]
fn a_mistake_is_one_line_whatever_the_file_holds() {
    let mut files = Files::good();
    files.replace("fondaco.toml", "[store]", "\"a\\nb\\u001b[31m\" = 1\n[store]");
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains("server.\"a\\nb\\u{1b}[31m\": unknown key"), "{}", lines[0]);
    files.replace("fondaco.toml", "127.0.0.1:8787", "a\\nb\\u001b[31m");
    assert!(files.mistakes().iter().all(|line| !line.contains(char::is_control)));
}

#[test]
fn files_that_cannot_be_read_are_mistakes() {
    let mut files = Files::good();
    files.remove("fondaco.toml");
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with("fondaco.toml:1:1: `fondaco.toml` cannot be read: No such file"));

    let mut files = Files::good();
    files.write_bytes("clients/rossi.toml", b"name = \"\xff\"");
    assert_eq!(
        files.mistakes(),
        ["clients/rossi.toml:1:1: the file is not UTF-8 text — save it as UTF-8"]
    );
    files.write_bytes("clients/rossi.toml", &vec![b'#'; 1024 * 1024 + 1]);
    assert_eq!(
        files.mistakes(),
        ["clients/rossi.toml:1:1: `clients/rossi.toml` is larger than 1048576 bytes — name \
          another file, or make it smaller"]
    );
    files.write_bytes("clients/rossi.toml", &vec![b'\n'; 1024 * 1024]);
    assert_eq!(files.mistakes().len(), 2, "at the limit it is read, and lacks name and language");
}

#[test]
fn the_admin_socket_is_told_whatever_else_is_wrong() {
    let mut files = Files::good();
    files.replace("fondaco.toml", "\"127.0.0.1:8787\"", "5");
    files.remove("clients/rossi.toml");
    assert_eq!(files.admin_socket().unwrap(), files.path("data/admin.sock"));
    files.append("fondaco.toml", "[admin]\nsocket = \"/run/fondaco.sock\"\n");
    assert_eq!(files.admin_socket().unwrap(), std::path::Path::new("/run/fondaco.sock"));
    files.replace("fondaco.toml", "folder = \"data\"", "");
    let message = files.admin_socket().unwrap_err().to_string();
    assert!(message.contains("store.folder"), "{message}");
}
