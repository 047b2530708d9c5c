//! Secrets: found where they are, and shown nowhere.

use super::fixture::{CLIENT, ENVIRONMENT, Files, HOST, only_mistake};
use crate::config::ShopAccess;

const FILE: &str = "clients/rossi.toml";
const REFERENCE: &str = "{ env = \"KEY\" }";

#[test]
fn each_bad_reference_has_its_line_and_fix() {
    let fix = "write { env = \"NAME_OF_A_VARIABLE\" } or { file = \"secrets/name\" }";
    let one = "a reference has one key, `env` or `file`";
    let cases = [
        (
            "\"ck_pasted\"",
            format!("9:7: shops.milano.key: a secret does not belong into this file — {fix}"),
        ),
        ("5", "9:7: shops.milano.key: expected a table, found a number".to_owned()),
        ("{}", format!("9:7: shops.milano.key: {one} — {fix}")),
        ("{ env = \"KEY\", file = \"key\" }", format!("9:7: shops.milano.key: {one} — {fix}")),
        ("{ enw = \"KEY\" }", format!("9:7: shops.milano.key: {one} — {fix}")),
        (
            "{ env = \"ck_pasted\" }",
            "9:15: shops.milano.key.env: not the name of an environment variable — name one, in \
             capitals: { env = \"ROSSI_MILANO_KEY\" }"
                .to_owned(),
        ),
        (
            "{ env = \"NOT_SET\" }",
            "9:15: shops.milano.key.env: the environment variable `NOT_SET` is not set — set it \
             for the process that runs fondaco"
                .to_owned(),
        ),
        (
            "{ env = \"EMPTY\" }",
            "9:15: shops.milano.key.env: the environment variable `EMPTY` is empty — put the \
             secret into it"
                .to_owned(),
        ),
        (
            "{ file = \"ck_pasted\" }",
            "9:16: shops.milano.key.file: the file named here, seen from `".to_owned(),
        ),
        (
            "{ file = \"clients\" }",
            "9:16: shops.milano.key.file: `clients` is not a file — name a file".to_owned(),
        ),
    ];
    for (reference, expected) in cases {
        let line = only_mistake(FILE, REFERENCE, reference);
        assert!(line.starts_with(&format!("{FILE}:{expected}")), "{line}");
        assert!(!line.contains("ck_pasted"), "{line}");
    }
}

#[cfg(unix)]
#[test]
fn files_are_read_without_their_line_end() {
    use std::{fs, os::unix::fs::PermissionsExt};

    use secrecy::ExposeSecret;

    let mut files = Files::good();
    files.replace(FILE, REFERENCE, "{ file = \"secrets/key\" }");
    let mode = |files: &Files, mode: u32| {
        let path = files.path("secrets/key");
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    for text in ["ck_in-a-file", "ck_in-a-file\n", "ck_in-a-file\r\n"] {
        files.write("secrets/key", text);
        mode(&files, 0o600);
        assert_eq!(files.warnings(), [""; 0]);
        let config = files.report().config.unwrap();
        let milano = config.clients[0].shops.values().next().unwrap();
        let ShopAccess::Woocommerce { key, .. } = &milano.access else { unreachable!() };
        assert_eq!(key.expose_secret(), "ck_in-a-file");
    }
    mode(&files, 0o644);
    assert_eq!(
        files.warnings(),
        [
            "warning: clients/rossi.toml:9:16: shops.milano.key.file: every user of this machine can \
          get at `secrets/key` — chmod 600 secrets/key"
        ]
    );
    mode(&files, 0o600);
    let place = "clients/rossi.toml:9:16: shops.milano.key.file: `secrets/key`";
    let bad: [(&[u8], &str); 5] = [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"ck_a\nck_b\n", "holds spaces around the secret, or more than one line"),
        (b"ck_\xff", "is not UTF-8 text"),
        (&[b'c'; 5000], "is larger than 4098 bytes"),
    ];
    for (bytes, message) in bad {
        files.write_bytes("secrets/key", bytes);
        let lines = files.mistakes();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with(&format!("{place} {message}")), "{}", lines[0]);
        assert!(!lines[0].contains("ck_"), "{}", lines[0]);
    }
}

#[test]
fn a_token_is_long_enough_not_to_be_guessed() {
    assert_eq!(
        only_mistake("fondaco.toml", "TOKEN_ANNA", "KEY"),
        "fondaco.toml:11:9: principals[0].token: the token has fewer than 16 bytes — make one with: \
         openssl rand -hex 32"
    );
}

fn assert_silent(text: &str) {
    for (_, secret) in ENVIRONMENT.iter().filter(|(_, secret)| !secret.is_empty()) {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(!text.contains("very-secret"), "{text}");
}

#[test]
fn no_secret_is_in_what_is_shown_of_a_good_configuration() {
    let files = Files::good();
    let report = files.report();
    assert_silent(&report.to_string());
    assert_silent(&format!("{report:?} {report:#?}"));
    assert_silent(&format!("{:?}", report.config.unwrap()));
}

#[test]
fn no_secret_pasted_anywhere_is_in_what_is_shown() {
    // At every value of every file: as the value, as a reference's name, and with a quote missing.
    for (name, text) in [("fondaco.toml", HOST), (FILE, CLIENT)] {
        for (number, line) in text.lines().enumerate() {
            let Some((key, _)) = line.split_once(" = ") else {
                continue;
            };
            // What is not a secret's place is shown where that helps; a secret's place never is.
            if !["key", "secret", "webhook-secret", "token"].contains(&key) {
                continue;
            }
            for pasted in [
                "\"ck_very-secret\"",
                "{ env = \"ck_very-secret\" }",
                "{ file = \"ck_very-secret\" }",
                "{ ck_very-secret = 1 }",
                "{ \"env\" = \"very-secret\" ",
                "\"ck_very-secret",
                "ck_very-secret",
                "[\"very-secret\"]",
                "{ env = [\"very-secret\"] }",
            ] {
                let mut files = Files::good();
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                lines[number] = format!("{key} = {pasted}");
                files.write(name, &(lines.join("\n") + "\n"));
                let report = files.report();
                assert!(!report.is_good(), "{key} = {pasted}");
                assert_silent(&format!("{report} {report:?} {:?}", files.folder()));
            }
        }
    }
}
