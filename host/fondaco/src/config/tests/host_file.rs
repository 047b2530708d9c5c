//! `fondaco.toml`.

use std::time::Duration;

use fondaco_engine::room::RoomBounds;
use fondaco_store::Retention;

use super::fixture::{Files, only_mistake};
use crate::config::{LogFormat, limits::PRINCIPALS_MAX};

const FILE: &str = "fondaco.toml";

/// What is replaced in the good file, by what, and what is said of it.
const CASES: [(&str, &str, &str); 21] = [
    (
        "[server]\nlisten = \"127.0.0.1:8787\"\n",
        "",
        "fondaco.toml:1:1: server: missing — add [server] with listen = \"127.0.0.1:8787\"",
    ),
    (
        "listen = \"127.0.0.1:8787\"",
        "",
        "fondaco.toml:1:1: server.listen: missing — add listen = \"127.0.0.1:8787\"",
    ),
    (
        "listen = \"127.0.0.1:8787\"",
        "lissten = \"127.0.0.1:8787\"",
        "fondaco.toml:2:1: server.lissten: unknown key — did you mean `listen`?",
    ),
    (
        "\"127.0.0.1:8787\"",
        "8787",
        "fondaco.toml:2:10: server.listen: expected text, found a number — write it in double \
         quotes",
    ),
    (
        "\n[store]",
        "public-url = \"hooks.example\"\n[store]",
        "fondaco.toml:3:14: server.public-url: not an address of a site: relative URL without \
         a base — write one, such as \"https://shop.example\"",
    ),
    ("[store]", "[sorte]", "fondaco.toml:4:2: sorte: unknown key — did you mean `store`?"),
    (
        "folder = \"data\"",
        "folder = \"fondaco.toml\"",
        "fondaco.toml:5:10: store.folder: `fondaco.toml` is not a folder — name a folder, or \
         one that is to be made",
    ),
    (
        "folder = \"data\"",
        "folder = \"data\"\nrefuse-below = 1",
        "fondaco.toml:6:1: store.refuse-below: unknown key — did you mean `refuse-below-mib`?",
    ),
    (
        "folder = \"data\"",
        "folder = \"data\"\nalert-below-mib = 1048577",
        "fondaco.toml:6:19: store.alert-below-mib: 1048577 MiB is more than 1048576 — write how \
         many MiB of the disk are to stay free",
    ),
    (
        "folder = \"data\"",
        "folder = \"data\"\nrefuse-below-mib = 4096",
        "fondaco.toml:6:20: store.refuse-below-mib: work would be refused before anybody is told \
         that room is scarce — let `refuse-below-mib` be at most `alert-below-mib`, which is 2048 \
         by default",
    ),
    (
        "[store]",
        "[retention]\nreplays = \"90d\"\n[store]",
        "fondaco.toml:5:1: retention.replays: unknown key — did you mean `replay`?",
    ),
    (
        "[store]",
        "[retention]\nevents = \"0d\"\n[store]",
        "fondaco.toml:5:10: retention.events: `0d` is too short or too long — write 1d to 36500d",
    ),
    (
        "[store]",
        "[log]\nformat = \"xml\"\n[store]",
        "fondaco.toml:5:10: log.format: `xml` is not known here — write one of `text`, `json`",
    ),
    (
        "[store]",
        "[clients]\nfolder = \"\"\n[store]",
        "fondaco.toml:5:10: clients.folder: not a folder — name a folder, such as \"data\"",
    ),
    (
        "[[principals]]",
        "[principals]",
        "fondaco.toml:7:1: principals: expected a list, found a table — write \
         [[principals]], in double brackets",
    ),
    (
        "name = \"anna\"",
        "name = \"Anna\"",
        "fondaco.toml:8:8: principals[0].name: `Anna` is not a name: use 1 to 63 lower-case \
         letters, digits and hyphens, beginning with a letter — rename it",
    ),
    (
        "\"agency-operator\"",
        "\"agency-operater\"",
        "fondaco.toml:9:8: principals[0].role: `agency-operater` is not known here — did you \
         mean `agency-operator`?",
    ),
    (
        "clients = [\"rossi\"]\n",
        "",
        "fondaco.toml:7:1: principals[0].clients: missing — add clients = [\"…\"] with the \
         names of their files",
    ),
    (
        "[\"rossi\"]",
        "[]",
        "fondaco.toml:10:11: principals[0].clients: no client is named — name at least one",
    ),
    (
        "[\"rossi\"]",
        "[\"rosi\"]",
        "fondaco.toml:10:12: principals[0].clients[0]: there is no client `rosi` — did you \
         mean `rossi`?",
    ),
    (
        "\"agency-operator\"",
        "\"agency-admin\"",
        "fondaco.toml:10:11: principals[0].clients: an agency-admin reaches every client — \
         remove it, or choose another role",
    ),
];

#[test]
fn each_mistake_of_the_hosts_file_has_its_line_and_fix() {
    for (old, new, expected) in CASES {
        assert_eq!(only_mistake(FILE, old, new), expected);
    }
}

#[test]
fn a_filter_of_the_log_is_tried() {
    let line = only_mistake(FILE, "[store]", "[log]\nfilter = \"info,=,\"\n[store]");
    assert!(line.starts_with("fondaco.toml:5:10: log.filter: `info,=,` is not a filter"), "{line}");
    let mut files = Files::good();
    files.append(FILE, "[log]\nformat = \"json\"\nfilter = \"info,fondaco_engine=debug\"\n");
    let log = files.report().config.unwrap().log;
    assert_eq!((log.format, log.filter.as_str()), (LogFormat::Json, "info,fondaco_engine=debug"));
}

#[test]
fn what_is_kept_how_long_is_read_and_has_defaults() {
    let mut files = Files::good();
    let default = files.report().config.unwrap();
    assert_eq!((default.retention, default.room), (Retention::default(), RoomBounds::default()));
    let written = "runs = \"7d\"\ndead-deliveries = \"30d\"\nabsent-installs = \"3d\"";
    files.append(FILE, &format!("[retention]\n{written}\n"));
    files.replace(FILE, "folder = \"data\"", "folder = \"data\"\nrefuse-below-mib = 1");
    let read = files.report().config.unwrap();
    let day = Duration::from_secs(86_400);
    let (runs, dead_deliveries, absent_installs) = (day * 7, day * 30, day * 3);
    let written = Retention { runs, dead_deliveries, absent_installs, ..Retention::default() };
    assert_eq!(read.retention, written);
    assert_eq!(read.room.refuse_below, 1024 * 1024);
}

#[test]
fn a_public_url_can_be_joined_to() {
    let mut files = Files::good();
    files.replace(FILE, "\n[store]", "public-url = \"https://hooks.example/a\"\n[store]");
    let url = files.report().config.unwrap().server.public_url.unwrap();
    assert_eq!(url.join("hooks/b").unwrap().as_str(), "https://hooks.example/a/hooks/b");
    assert_eq!(files.warnings(), [""; 0]);
    files.replace(FILE, "https://hooks", "http://hooks");
    assert_eq!(
        files.warnings(),
        ["warning: fondaco.toml:3:14: server.public-url: shops will send their orders \
          unencrypted — put TLS in front of the host and write https"]
    );
}

#[test]
fn a_socket_has_room_for_its_path() {
    let long = "s".repeat(120);
    let line = only_mistake(FILE, "[store]", &format!("[admin]\nsocket = \"/{long}\"\n[store]"));
    assert!(line.starts_with("fondaco.toml:5:10: admin.socket: `/sss"), "{line}");
    assert!(line.contains("has 121 bytes, and the path of a socket at most 107"), "{line}");
}

#[test]
fn no_two_principals_are_alike() {
    let mut files = Files::good();
    let bruno = "[[principals]]\nname = \"anna\"\nrole = \"agency-admin\"\n\
                 token = { env = \"TOKEN_ANNA\" }\n";
    files.append(FILE, bruno);
    assert_eq!(
        files.mistakes(),
        [
            "fondaco.toml:13:8: principals[1].name: `anna` is also the name at \
             `principals[0].name` (fondaco.toml:8) — give each principal a name of their own",
            "fondaco.toml:15:9: principals[1].token: the token is also the one at \
             `principals[0].token` (fondaco.toml:11) — give each principal a token of their own",
        ]
    );
    files.replace(
        FILE,
        "name = \"anna\"\nrole = \"agency-admin\"",
        "name = \"bruno\"\nrole = \"agency-admin\"",
    );
    files.replace(
        FILE,
        "role = \"agency-admin\"\ntoken = { env = \"TOKEN_ANNA\" }",
        "role = \"agency-admin\"\ntoken = { env = \"TOKEN_BRUNO\" }",
    );
    assert_eq!(files.mistakes(), [""; 0]);
}

#[test]
fn principals_have_a_bound() {
    let mut files = Files::good();
    files.append(FILE, &"[[principals]]\n".repeat(PRINCIPALS_MAX));
    let lines = files.mistakes();
    let bound =
        format!("{} principals, and a host has at most {PRINCIPALS_MAX}", PRINCIPALS_MAX + 1);
    assert!(lines.iter().any(|line| line.contains(&bound)));
    assert_eq!(lines.len(), 1 + 3 * PRINCIPALS_MAX, "name, role and token of each");
}

#[test]
fn the_clients_folder_is_looked_through() {
    let mut files = Files::good();
    files.write("clients/.rossi.toml", "x");
    files.write("clients/README.md", "x");
    files.write("clients/rossi.toml~", "x");
    assert_eq!(files.mistakes(), [""; 0]);
    files.write("clients/Bianchi.toml", "");
    files.write("clients/rossi.merchant.toml", "");
    assert_eq!(
        files.mistakes(),
        [
            "clients/Bianchi.toml:1:1: `Bianchi` is not a name: use 1 to 63 lower-case letters, \
             digits and hyphens, beginning with a letter — rename the file",
            "clients/rossi.merchant.toml:1:1: a merchant's own changes are not served yet — move \
             the file elsewhere",
        ]
    );
}

#[test]
fn there_should_be_clients() {
    let mut files = Files::good();
    files.remove("clients/rossi.toml");
    files.replace(
        FILE,
        "role = \"agency-operator\"\nclients = [\"rossi\"]",
        "role = \"agency-admin\"",
    );
    assert_eq!(
        files.warnings(),
        [
            "warning: fondaco.toml:1:1: there is no client in `clients` — add <client>.toml for each \
          client"
        ]
    );
    files.append(FILE, "[clients]\nfolder = \"kunden\"\n");
    assert_eq!(
        files.mistakes(),
        [
            "fondaco.toml:12:10: clients.folder: the clients' folder `kunden` cannot be read: No such \
          file or directory (os error 2) — make it, and put a file for each client into it"
        ]
    );
}
