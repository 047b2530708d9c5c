//! Installs, held against the modules' files.

use std::time::Duration;

use fondaco_model::schedule::{Beat, Missed};
use serde_json::json;

use super::{
    fixture::{Files, only_mistake},
    modules::{component, stock_feed, stock_sync, stock_sync_that_imports},
};
use crate::config::{Mode, Origin, ShadowState};

const FILE: &str = "clients/rossi.toml";
const ALL: [&str; 5] = ["alert", "catalogue", "change-stock", "orders", "stock"];

/// What is replaced in the good file, by what, and what is said of it.
const CASES: [(&str, &str, &str); 21] = [
    (
        "plugin = \"stock-sync\"\n",
        "",
        "21:1: installs.stock-sync.plugin: missing — add plugin = \"…\", the name of its file \
         in the plugins' folder",
    ),
    (
        "plugin = \"stock-sync\"",
        "plugin = \"../stock-sync\"",
        "22:10: installs.stock-sync.plugin: `../stock-sync` is not a name: use 1 to 63 \
         lower-case letters, digits and hyphens, beginning with a letter — write the file's \
         name, without .wasm",
    ),
    (
        "plugin = \"stock-sync\"",
        "plugin = \"stock-synk\"",
        "22:10: installs.stock-sync.plugin: `plugins/stock-synk.wasm` cannot be read: No such \
         file or directory (os error 2) — put it there, or correct the name",
    ),
    (
        "\"live\"",
        "\"lve\"",
        "23:8: installs.stock-sync.mode: `lve` is not known here — did you mean `live`?",
    ),
    (
        "\"live\"",
        "\"shadow\"\nshadow-state = \"kept\"",
        "24:16: installs.stock-sync.shadow-state: `kept` is not known here — write one of `discard`, `keep`",
    ),
    (
        "version = \"0.1.0\"",
        "version = \"0.2.0\"",
        "24:11: installs.stock-sync.version: `plugins/stock-sync.wasm` has the version 0.1.0 \
         — put 0.2.0 there, or pin version = \"0.1.0\"",
    ),
    (
        "version = \"0.1.0\"",
        "version = \"0.1\"",
        "24:11: installs.stock-sync.version: `0.1` is not a version: unexpected end of input \
         while parsing minor version number — write the whole version, such as \"0.1.0\"",
    ),
    (
        "version = \"0.1.0\"",
        "digest = \"sha256:12\"",
        "24:10: installs.stock-sync.digest: `sha256:12` is not a digest — write `sha256:` and \
         64 hexadecimal digits",
    ),
    (
        ", \"alert\"]",
        "]",
        "25:10: installs.stock-sync.grants: the plugin asks for `alert`, which is not granted \
         — add \"alert\" to the list, if the client agrees",
    ),
    (
        "\"alert\"]",
        "\"allert\"]",
        "25:59: installs.stock-sync.grants[4]: `allert` cannot be granted — did you mean \
         `alert`?",
    ),
    (
        "\"alert\"]",
        "\"alert\", \"change-stocks\"]",
        "25:68: installs.stock-sync.grants[5]: `change-stocks` cannot be granted — did you mean \
         `change-stock`?",
    ),
    (
        "grants = [\"catalogue\", \"stock\", \"orders\", \"change-stock\", \"alert\"]",
        "grants = \"all\"",
        "25:10: installs.stock-sync.grants: expected a list, found text — write it in square \
         brackets: [\"…\", \"…\"]",
    ),
    (
        "source = \"milano\"",
        "",
        "27:1: installs.stock-sync.settings: \"source\" is a required property — `fondaco \
         plugin inspect plugins/stock-sync.wasm` shows what the settings may be",
    ),
    (
        "source = \"milano\"",
        "sourze = \"milano\"",
        "28:1: installs.stock-sync.settings.sourze: the plugin has no such setting — did you \
         mean `source`?",
    ),
    (
        "source = \"milano\"",
        "source = \"milano\"\nlow-stock = \"five\"",
        "29:13: installs.stock-sync.settings.low-stock: \"five\" is not of type \"integer\" — \
         `fondaco plugin inspect plugins/stock-sync.wasm` shows what the settings may be",
    ),
    (
        "source = \"milano\"",
        "source = \"milano\"\nskip-skus = [\"A\", \"\"]",
        "29:19: installs.stock-sync.settings.skip-skus[1]: \"\" is shorter than 1 character — \
         `fondaco plugin inspect plugins/stock-sync.wasm` shows what the settings may be",
    ),
    (
        "source = \"milano\"",
        "source = \"milano\"\nlow-stock = nan",
        "29:13: installs.stock-sync.settings.low-stock: settings are passed on as JSON, which \
         has no such number — write a number within 64 bits, or text",
    ),
    (
        "source = \"milano\"",
        "source = \"milano\"\n[installs.stock-sync.schedules]\nreconcil = \"5s\"",
        "30:1: installs.stock-sync.schedules.reconcil: the plugin has no such schedule — did \
         you mean `reconcile`?",
    ),
    (
        "source = \"milano\"",
        "source = \"milano\"\n[installs.stock-sync.schedules]\nreconcile = \"5ms\"",
        "30:13: installs.stock-sync.schedules.reconcile: `5ms` is shorter than 1s — write 1s \
         to 744h",
    ),
    (
        "[installs.stock-sync]",
        "[wins]\nchange-stok = \"stock-sync\"\n[installs.stock-sync]",
        "22:1: wins.change-stok: unknown key — did you mean `change-stock`?",
    ),
    (
        "[installs.stock-sync]",
        "[wins]\nchange-stock = \"stock-sink\"\n[installs.stock-sync]",
        "22:16: wins.change-stock: there is no install `stock-sink` — did you mean \
         `stock-sync`?",
    ),
];

#[test]
fn each_mistake_of_an_install_has_its_line_and_fix() {
    for (old, new, expected) in CASES {
        assert_eq!(only_mistake(FILE, old, new), format!("{FILE}:{expected}"));
    }
}

#[test]
fn what_is_resolved_says_where_it_came_from() {
    let mut files = Files::good();
    files.append(
        FILE,
        "low-stock = 5\nbuffers.torino = 2\n\
         [installs.stock-sync.schedules]\nreconcile = \"5s\"\n",
    );
    let config = files.report().config.unwrap();
    let install = config.clients[0].installs.values().next().unwrap();
    assert_eq!(
        install.settings.value,
        json!({
            "source": "milano", "low-stock": 5, "buffers": { "torino": 2 }, "silent-buffer": 1,
            "skip-skus": []
        })
    );
    let origins: Vec<(&str, Origin)> =
        install.settings.origins.iter().map(|(key, origin)| (key.as_str(), *origin)).collect();
    assert_eq!(
        origins,
        [
            ("/buffers/torino", Origin::Agency),
            ("/low-stock", Origin::Agency),
            ("/silent-buffer", Origin::Default),
            ("/skip-skus", Origin::Default),
            ("/source", Origin::Agency),
        ]
    );
    assert_eq!(install.schedules["reconcile"].beat, Beat::Every(Duration::from_secs(5)));
    assert_eq!(install.mode, Mode::Live);
    assert_eq!(install.grants.iter().collect::<Vec<_>>(), ALL);
    assert_eq!(&*install.component, stock_sync());
}

#[test]
fn schedules_tick_as_the_manifest_says_where_nobody_says_otherwise() {
    let config = Files::good().report().config.unwrap();
    let install = config.clients[0].installs.values().next().unwrap();
    let reconcile = &install.schedules["reconcile"];
    assert_eq!(reconcile.beat, Beat::Every(Duration::from_secs(60)));
    assert_eq!(reconcile.missed, Missed::One);
}

/// The good file with a schedule that follows the clock, and what else is replaced in it.
fn by_the_clock(replacements: &[(&str, &str)]) -> Files {
    let mut files = Files::good();
    let schedule = "\n[installs.stock-sync.schedules]\nreconcile = \"0 6 * * *\"\n";
    files.append(FILE, schedule);
    for (old, new) in replacements {
        files.replace(FILE, old, new);
    }
    files
}

#[test]
fn a_schedule_that_follows_the_clock_needs_a_time_zone() {
    let none = "clients/rossi.toml:21:1: installs.stock-sync: its schedule `reconcile` follows the \
                clock, and no time zone is known — add time-zone = \"Europe/Rome\", or the IANA \
                name of another, to the client's file";
    assert_eq!(by_the_clock(&[]).mistakes(), [none]);
    let in_words = "\"it\"\ntime-zone = \"Europa/Roma\"";
    assert_eq!(
        by_the_clock(&[("\"it\"", in_words)]).mistakes(),
        [
            "clients/rossi.toml:3:13: time-zone: `Europa/Roma` is no time zone — write an IANA name, \
          such as \"Europe/Rome\""
        ]
    );
    let schedule = "reconcile = \"0 6 * *\"";
    assert_eq!(
        by_the_clock(&[("reconcile = \"0 6 * * *\"", schedule)]).mistakes(),
        ["clients/rossi.toml:31:13: installs.stock-sync.schedules.reconcile: `0 6 * *` has 4 \
          fields, and a cron text has five: minute, hour, day of the month, month and day of the \
          week — write it like \"0 6 * * *\", or a time between two ticks like \"5m\""]
    );
}

#[test]
fn the_time_zone_is_the_shops_where_all_have_one() {
    let zone = |replacements: &[(&str, &str)]| {
        let config = by_the_clock(replacements).report().config.unwrap();
        let install = config.clients[0].installs.values().next().unwrap();
        install.time_zone.iana_name().unwrap().to_owned()
    };
    let rome = ("\"it\"", "\"it\"\ntime-zone = \"Europe/Rome\"");
    let milano = ("[shops.torino]", "time-zone = \"Europe/London\"\n[shops.torino]");
    let torino = ("[installs.stock-sync]", "time-zone = \"Europe/London\"\n[installs.stock-sync]");
    let of_milano = ("mode = \"live\"", "mode = \"live\"\nshops = [\"milano\"]");
    assert_eq!(zone(&[rome]), "Europe/Rome");
    assert_eq!(zone(&[rome, milano]), "Europe/Rome", "its shops have two, so the client's");
    assert_eq!(zone(&[rome, milano, of_milano]), "Europe/London");
    assert_eq!(zone(&[milano, torino]), "Europe/London");
    let mistakes = by_the_clock(&[milano]).mistakes();
    assert!(mistakes[0].contains("no time zone is known"), "{mistakes:?}");
}

#[test]
fn a_digest_pins_the_very_file() {
    let mut files = Files::good();
    let digest = fondaco_sandbox::inspect(&stock_sync()).unwrap().digest;
    files.replace(FILE, "version = \"0.1.0\"", &format!("digest = \"{digest}\""));
    assert_eq!(files.warnings(), [""; 0]);
    files.write_bytes("plugins/stock-sync.wasm", &stock_sync_that_imports(&ALL));
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1);
    let expected = "clients/rossi.toml:24:10: installs.stock-sync.digest: \
                    `plugins/stock-sync.wasm` is another file — put the pinned one there, or pin \
                    digest = \"sha256:";
    assert!(lines[0].starts_with(expected), "{}", lines[0]);
}

#[test]
fn every_missing_grant_is_named() {
    let mut files = Files::good();
    let grants = "grants = [\"catalogue\", \"stock\", \"orders\", \"change-stock\", \"alert\"]\n";
    files.replace(FILE, grants, "");
    let expected: Vec<String> = ALL
        .iter()
        .map(|grant| {
            format!(
                "clients/rossi.toml:21:1: installs.stock-sync: the plugin asks for `{grant}`, \
                 which is not granted — add grants = [\"alert\", \"catalogue\", \
                 \"change-stock\", \"orders\", \"stock\"], if the client agrees"
            )
        })
        .collect();
    assert_eq!(files.mistakes(), expected);
}

#[test]
fn grants_that_nobody_asks_for_are_warned_of() {
    let mut files = Files::good();
    files.write_bytes("plugins/stock-sync.wasm", &stock_sync_that_imports(&ALL[..4]));
    files.replace(FILE, "\"alert\"]", "\"alert\", \"stock\"]");
    let expected = [
        "warning: clients/rossi.toml:25:24: installs.stock-sync.grants[1]: the plugin does not \
         ask for `stock` — remove it: the plugin's next version could use it unseen",
        "warning: clients/rossi.toml:25:68: installs.stock-sync.grants[5]: `stock` is already at \
         `installs.stock-sync.grants[1]` (clients/rossi.toml:25) — remove it",
    ];
    assert_eq!(files.warnings(), expected);
}

#[test]
fn a_file_that_is_no_plugin_is_refused() {
    let mut files = Files::good();
    let place = "clients/rossi.toml:22:10: installs.stock-sync.plugin: `plugins/stock-sync.wasm`";
    files.write_bytes("plugins/stock-sync.wasm", b"\0asm");
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with(&format!("{place} cannot be loaded: ")), "{}", lines[0]);

    files.write_bytes("plugins/stock-sync.wasm", &stock_feed());
    let lines = files.mistakes();
    assert_eq!(
        lines,
        [format!(
            "{place} holds the plugin `stock-feed` — rename the file, or write \"stock-feed\""
        )]
    );

    let several = component("id = 5\nversion = 6\n", "{}", &["stock"], &[]);
    files.write_bytes("plugins/stock-sync.wasm", &several);
    let lines = files.mistakes();
    assert_eq!(lines.len(), 1, "one line for one file, however much is wrong with it");
    assert!(lines[0].contains("plugin.toml:1: "), "{}", lines[0]);
    assert!(lines[0].contains("; plugin.toml:2: "), "{}", lines[0]);
}

const FEED: &str = "\n[installs.feed]\nplugin = \"stock-feed\"\nmode = \"live\"\n\
                    grants = [\"change-stock\"]\n";

#[test]
fn two_modules_do_not_write_the_same_stock() {
    let mut files = Files::good();
    files.write_bytes("plugins/stock-feed.wasm", &stock_feed());
    files.append(FILE, FEED);
    assert_eq!(
        files.mistakes(),
        [
            "clients/rossi.toml:30:1: installs.feed: `stock-sync`, `feed` would all `change-stock` in \
          the same shops — say who does: [wins] change-stock = \"stock-sync\""
        ]
    );
    files.append(FILE, "[wins]\nchange-stock = \"stock-sync\"\n");
    assert_eq!(files.warnings(), [""; 0]);
    let config = files.report().config.unwrap();
    assert_eq!(config.clients[0].wins["change-stock"].as_str(), "stock-sync");
}

#[test]
fn a_module_that_is_off_writes_nothing() {
    let mut files = Files::good();
    files.write_bytes("plugins/stock-feed.wasm", &stock_feed());
    files.append(FILE, &FEED.replace("live", "off"));
    assert_eq!(files.warnings(), [""; 0]);
    files.append(FILE, "[wins]\nchange-stock = \"feed\"\n");
    assert_eq!(
        files.warnings(),
        [
            "warning: clients/rossi.toml:35:16: wins.change-stock: `feed` is off, in shadow, or does \
          not `change-stock` — name an install that does, or remove the line"
        ]
    );
}

#[test]
fn every_mode_is_read_and_the_fork_is_discarded_unless_it_is_to_be_kept() {
    for (mode, word) in [
        (Mode::Off, "off"),
        (Mode::Shadow, "shadow"),
        (Mode::Live, "live"),
        (Mode::Paused, "paused"),
    ] {
        let mut files = Files::good();
        files.replace(FILE, "mode = \"live\"", &format!("mode = \"{word}\""));
        let config = files.report().config.unwrap();
        let install = config.clients[0].installs.values().next().unwrap();
        assert_eq!((install.mode, install.shadow_state), (mode, ShadowState::Discard), "{word}");
    }
    let mut files = Files::good();
    files.replace(FILE, "mode = \"live\"", "mode = \"live\"\nshadow-state = \"keep\"");
    let config = files.report().config.unwrap();
    let install = config.clients[0].installs.values().next().unwrap();
    assert_eq!(install.shadow_state, ShadowState::Keep);
}

/// One in shadow writes nothing, so it is no rival; one that is paused writes as soon as it goes on.
#[test]
fn a_module_may_be_tried_beside_the_one_that_writes() {
    let mistakes_with = |mode: &str| {
        let mut files = Files::good();
        files.write_bytes("plugins/stock-feed.wasm", &stock_feed());
        files.append(FILE, &FEED.replace("live", mode));
        files.mistakes().len()
    };
    assert_eq!(mistakes_with("shadow"), 0);
    assert_eq!(mistakes_with("paused"), 1);
}

#[test]
fn every_install_of_a_client_is_checked() {
    let mut files = Files::good();
    files.append(FILE, "[installs.feed]\nplugin = \"none\"\n[installs.other]\nmode = 1\n");
    let lines = files.mistakes();
    let places: Vec<&str> = lines.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
    assert_eq!(
        places,
        [
            "installs.feed.mode",
            "installs.feed.plugin",
            "installs.other.plugin",
            "installs.other.mode",
        ]
    );
}
