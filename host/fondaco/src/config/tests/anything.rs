//! Whatever is in the files, reading them ends with a report.

use proptest::prelude::*;

use super::fixture::{CLIENT, Files, HOST};

fn survives(name: &str, text: &str) {
    let mut files = Files::good();
    files.write(name, text);
    let report = files.report();
    for line in report.mistakes.iter().map(ToString::to_string) {
        assert!(!line.contains(char::is_control), "{line:?}");
    }
    for mistake in &report.mistakes {
        assert!(mistake.line >= 1 && mistake.column >= 1, "{mistake}");
        assert!(!mistake.message.is_empty() && !mistake.fix.is_empty(), "{mistake}");
    }
    assert_eq!(report.config.is_some(), report.mistakes.is_empty());
    assert!(report.mistakes.is_sorted());
}

/// A good file with a piece cut out, repeated or replaced.
fn damaged(good: &'static str) -> impl Strategy<Value = String> {
    let characters = good.chars().count();
    let piece = prop_oneof![
        Just(String::new()),
        "\\PC{0,4}",
        prop::sample::select(vec![
            "\"",
            "'''",
            "\"\"\"",
            "[",
            "]",
            "[[",
            "]]",
            "{",
            "}",
            "=",
            ".",
            "\n",
            "\r\n",
            "#",
            ",",
            "a.b.c = 1\n",
            "[a]\n",
            "[[a]]\n",
            "é",
            "\u{feff}",
            "\0",
            "1e999",
            "nan",
            "99999999999999999999",
            "1979-05-27",
            "[installs]\n",
            "[shops.milano]\n",
        ])
        .prop_map(str::to_owned),
    ];
    (0..=characters, 0..=40usize, piece).prop_map(move |(start, cut, piece)| {
        let mut text: String = good.chars().take(start).collect();
        text.push_str(&piece);
        text.extend(good.chars().skip(start + cut));
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,200}") {
        survives("fondaco.toml", &text);
        survives("clients/rossi.toml", &text);
    }

    #[test]
    fn any_damage_of_the_hosts_file(text in damaged(HOST)) {
        survives("fondaco.toml", &text);
    }

    #[test]
    fn any_damage_of_a_clients_file(text in damaged(CLIENT)) {
        survives("clients/rossi.toml", &text);
    }
}
