//! The document.

use super::*;

#[test]
fn a_small_contract_reads_as_it_should() {
    let document = document(&read(SMALL)).unwrap();
    assert_eq!(document, include_str!("small.md"));
}

#[test]
fn every_link_has_its_place() {
    let (_, sources) = project();
    let document = document(&parse::parse(&sources).unwrap()).unwrap();
    let mut links = 0;
    for after in document.split("](#").skip(1) {
        let (target, _) = after.split_once(')').unwrap();
        assert!(document.contains(&format!("<a id=\"{target}\"></a>")), "#{target}");
        links += 1;
    }
    assert!(links > 100, "{links} links");
    let mut places: Vec<_> = document.lines().filter(|line| line.starts_with("<a id=")).collect();
    let all = places.len();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), all, "two things in one place");
}

#[test]
fn a_long_signature_has_a_line_for_each_parameter() {
    let long = "since: u64, until: u64, at-least: option<decimal>, at-most: option<decimal>)";
    let document = document(&read(&edited(SMALL, "since: u64)", long))).unwrap();
    let expected = "```wit\nprice: func(\n    %variant: string,\n    since: u64,\n    until: u64,\n    \
                    at-least: option<decimal>,\n    at-most: option<decimal>,\n) -> \
                    result<option<money>, end>;\n```\n";
    assert!(document.contains(expected), "{document}");
}

#[test]
fn kept_words_are_escaped_and_no_others() {
    let parses = |name: &str| {
        let text = format!("package a:b@0.1.0; interface names {{ {name}: func(); }}");
        parse::parse(&sources(&text)).is_ok()
    };
    for word in model::KEYWORDS {
        assert!(!parses(word) && parses(&model::escaped(word)), "{word}");
    }
    for word in ["get", "set", "order", "since", "unstable", "implements"] {
        assert!(parses(word) && model::escaped(word) == word, "{word}");
    }
}
