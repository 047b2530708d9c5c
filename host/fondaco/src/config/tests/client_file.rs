//! `clients/<client>.toml`, without its installs.

use fondaco_platforms::timeouts::Timeouts;

use super::fixture::{CLIENT, Files, only_mistake};
use crate::config::{AreaOwner, Environment, Language, limits::SHOPS_MAX};

const FILE: &str = "clients/rossi.toml";

/// What is replaced in the good file, by what, and what is said of it.
const CASES: [(&str, &str, &str); 18] = [
    (
        "name = \"Bottega Rossi\"",
        "",
        "1:1: name: missing — add name = \"…\", what people call the client",
    ),
    ("\"Bottega Rossi\"", "\" \"", "1:8: name: the name is empty — write what people call it"),
    ("\"it\"", "\"de\"", "2:12: language: `de` is not known here — write one of `it`, `en`"),
    (
        "[shops.milano]",
        "[shops.Milano]",
        "4:8: shops.Milano: `Milano` is not a name: use 1 to 63 lower-case letters, digits \
         and hyphens, beginning with a letter — rename it",
    ),
    (
        "platform = \"woocommerce\"",
        "platform = \"woocomerce\"",
        "6:12: shops.milano.platform: `woocomerce` is not known here — did you mean \
         `woocommerce`?",
    ),
    (
        "https://milano.example",
        "https://ck:cs@milano.example",
        "7:7: shops.milano.url: the address holds credentials — remove them; credentials have \
         keys of their own",
    ),
    (
        "https://milano.example",
        "http://milano.example",
        "7:7: shops.milano.url: credentials and orders would go unencrypted — write https, or \
         add allow-http = true",
    ),
    (
        "https://torino.example",
        "http://Milano.example:80/",
        "15:7: shops.torino.url: credentials and orders would go unencrypted — write https, \
         or add allow-http = true",
    ),
    (
        "https://torino.example",
        "https://MILANO.example:443/",
        "15:7: shops.torino.url: the same shop is already at `shops.milano.url` \
         (clients/rossi.toml:7) — name each shop once: remove one, or correct its url",
    ),
    (
        "[shops.torino]",
        "allow-http = \"yes\"\n[shops.torino]",
        "12:14: shops.milano.allow-http: expected true or false, found text — write `true` \
         or `false`, without quotes",
    ),
    (
        "[shops.torino]",
        "poll-every = \"60\"\n[shops.torino]",
        "12:14: shops.milano.poll-every: `60` is not a duration — write a whole number and \
         ms, s, m or h, such as \"30s\"",
    ),
    (
        "[shops.torino]",
        "poll-every = \"10ms\"\n[shops.torino]",
        "12:14: shops.milano.poll-every: `10ms` is shorter than 1s — write 1s to 24h",
    ),
    (
        "[shops.torino]",
        "poll_every = \"10s\"\n[shops.torino]",
        "12:1: shops.milano.poll_every: unknown key — did you mean `poll-every`?",
    ),
    (
        "environment = \"staging\"",
        "environment = \"stagin\"",
        "16:15: shops.torino.environment: `stagin` is not known here — did you mean \
         `staging`?",
    ),
    (
        "webhook-secret = { env = \"WEBHOOK_SECRET\" }\n",
        "",
        "4:1: shops.milano.webhook-secret: missing — add webhook-secret = { env = \"…\" } or \
         webhook-secret = { file = \"…\" }",
    ),
    (
        "[installs.stock-sync]",
        "[areas.logistics]\nowner = \"agancy\"\n[installs.stock-sync]",
        "22:9: areas.logistics.owner: `agancy` is not known here — did you mean `agency`?",
    ),
    (
        "[installs.stock-sync]",
        "[areas.it]\nowner = \"agency\"\npeople = [\"Anna\"]\n[installs.stock-sync]",
        "23:11: areas.it.people[0]: `Anna` is not a name with an address — write \"Anna Rossi \
         <anna@rossi.example>\"",
    ),
    (
        "[installs.stock-sync]\n",
        "[area.logistics]\nowner = \"agency\"\n[installs.stock-sync]\n",
        "21:2: area: unknown key — did you mean `areas`?",
    ),
];

#[test]
fn each_mistake_of_a_clients_file_has_its_line_and_fix() {
    for (old, new, expected) in CASES {
        assert_eq!(only_mistake(FILE, old, new), format!("{FILE}:{expected}"));
    }
}

#[test]
fn what_is_optional_is_read() {
    let mut files = Files::good();
    files.replace(FILE, "https://torino.example", "http://torino.example/shop");
    files.replace(
        FILE,
        "\n[installs.stock-sync]",
        "allow-http = true\npoll-every = \"5m\"\nlongest-request = \"2s\"\n\
         give-up-after = \"24h\"\n\
         reconcile-every = \"6h\"\nsilent-after = \"30m\"\n\
         timeouts = { connect = \"3s\", answer = \"2m\" }\n\
         [areas.logistics]\nowner = \"in-house\"\npeople = [\"Anna Rossi <anna@rossi.example>\"]\n\
         [installs.stock-sync]",
    );
    files.replace(FILE, "language = \"it\"", "language = \"en\"");
    let config = files.report().config.unwrap();
    let client = &config.clients[0];
    assert_eq!(client.language, Language::English);
    let area = &client.areas["logistics"];
    assert_eq!(area.owner, AreaOwner::InHouse);
    assert_eq!(area.people[0].address, "anna@rossi.example");
    let torino = client.shops.values().nth(1).unwrap();
    assert!(torino.allow_http);
    assert_eq!(torino.environment, Environment::Staging);
    assert_eq!(torino.rhythm.poll_every.as_secs(), 300);
    assert_eq!(torino.rhythm.reconcile_every.as_secs(), 6 * 3600);
    assert_eq!(torino.rhythm.silent_after.as_secs(), 1800);
    assert_eq!(torino.rhythm.give_up_after.as_secs(), 24 * 3600);
    let timeouts = torino.timeouts;
    assert_eq!((timeouts.connect.as_secs(), timeouts.answer.as_secs()), (3, 120));
    assert_eq!(timeouts.idle, Timeouts::default().idle);
    assert_eq!(timeouts.longest_request.as_secs(), 2);
}

#[test]
fn a_shop_belongs_to_one_client() {
    let mut files = Files::good();
    files.write("clients/bianchi.toml", CLIENT);
    files.replace("clients/bianchi.toml", "https://torino", "https://bergamo");
    assert_eq!(
        files.mistakes(),
        ["clients/rossi.toml:7:7: shops.milano.url: the same shop is already at \
          `shops.milano.url` (clients/bianchi.toml:7) — name each shop once: remove one, or \
          correct its url"]
    );
}

#[test]
fn plain_http_is_fine_on_this_machine() {
    let mut files = Files::good();
    files.replace(FILE, "https://milano.example", "http://127.0.0.1:8080");
    files.replace(FILE, "https://torino.example", "http://127.0.0.1:8081");
    assert_eq!(files.warnings(), [""; 0]);
}

#[test]
fn shops_have_a_bound() {
    let mut files = Files::good();
    let shops: String = (0..SHOPS_MAX).map(|number| format!("[shops.s{number}]\n")).collect();
    files.append(FILE, &shops);
    let bound = format!("shops: {} of them, and a client has at most {SHOPS_MAX}", SHOPS_MAX + 2);
    assert!(files.mistakes().iter().any(|line| line.contains(&bound)));
}
