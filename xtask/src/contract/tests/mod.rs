//! The project's own contract, and what a contract must not lack.

mod document;
mod evolution;

use super::*;

/// A contract with one of everything. Every item has its doc comment on one line.
const SMALL: &str = "/// What a small contract is for.
package test:small@0.1.0;

/// What others are built from.
interface types {
    /// A number as text.
    type decimal = string;
    /// Sums.
    record money {
        /// How much.
        amount: decimal,
        /// Of what. Absent: of the shop's.
        currency: option<string>,
    }
    /// Not yet.
    @unstable(feature = not-served-yet)
    type day = string;
}
/// What can be read. Its second sentence.
interface shop {
    use types.{decimal, money};
    /// How it is.
    enum state {
        /// It sells.
        open,
        /// It does not; a bar | stands for itself.
        closed,
    }
    /// What is known.
    flags known {
        /// The price.
        price,
        /// The name.
        name,
    }
    /// What became of it.
    variant end {
        /// Well.
        done(list<money>),
        /// Badly.
        failed,
    }
    /// What it costs.
    price: func(%variant: string, since: u64) -> result<option<money>, end>;
    /// All of them.
    %list: func() -> list<tuple<string, decimal>>;
    /// Who works there.
    @unstable(feature = not-served-yet)
    people: func(known: known) -> option<state>;
}
/// Words for a person.
/// Always there.
interface log {
    /// Writes.
    write: func(message: string);
}
/// Hears sales.
interface on-sale {
    use types.{money};
    /// One sale.
    handle: func(sum: money) -> result<_, string>;
}
/// Hears days.
@unstable(feature = not-served-yet)
interface on-day {
    @unstable(feature = not-served-yet)
    use types.{day};
    /// One day.
    @unstable(feature = not-served-yet)
    handle: func(day: day);
}
/// All there is.
world imports {
    import shop;
    import log;
}
/// Hears sales.
world sale-hook {
    include imports;
    export on-sale;
}
/// Hears days.
@unstable(feature = not-served-yet)
world day-hook {
    include imports;
    export on-day;
}
";

fn sources(text: &str) -> Vec<Source> {
    vec![Source { name: "small.wit".to_owned(), text: text.to_owned() }]
}

fn read(text: &str) -> Contract {
    parse::parse(&sources(text)).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

/// The text with one place replaced, which must be there once.
fn edited(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "{from}");
    text.replacen(from, to, 1)
}

fn project() -> (Project, Vec<Source>) {
    let project = Project::here().unwrap();
    let sources = parse::read_folder(&project.root, WIT_FOLDER).unwrap();
    (project, sources)
}

#[test]
fn the_document_is_what_the_contract_says() {
    let (project, sources) = project();
    let written = fs::read_to_string(project.root.join(DOCUMENT)).unwrap_or_default();
    let document = document(&parse::parse(&sources).unwrap()).unwrap();
    let mut lines = document.lines().zip(written.lines().chain(std::iter::repeat("")));
    let different = lines.position(|(should, is)| should != is).map(|at| at + 1);
    assert!(
        document == written,
        "{DOCUMENT} is not what `wit` says, from line {different:?} on; run `cargo xtask contract`"
    );
}

#[test]
fn the_contract_keeps_what_is_frozen() {
    let (project, sources) = project();
    let breaks = project.breaks(&parse::parse(&sources).unwrap()).unwrap();
    assert!(breaks.is_empty(), "{} breaks:\n{}", breaks.len(), breaks.join("\n"));
}

#[test]
fn the_contract_holds_together_without_what_is_unstable() {
    let (_, sources) = project();
    parse::check_stable(&sources).unwrap_or_else(|error| panic!("{error:#}"));
}

#[test]
fn what_is_stable_must_not_use_what_is_unstable() {
    parse::check_stable(&sources(SMALL)).unwrap();
    let unstable = "    @unstable(feature = not-served-yet)\n    type decimal";
    let error = parse::check_stable(&sources(&edited(SMALL, "    type decimal", unstable)));
    let error = format!("{:#}", error.unwrap_err());
    assert!(error.starts_with("what is stable uses something `@unstable`"), "{error}");
    assert!(error.contains("small.wit:12:9"), "{error}");
}

#[test]
fn everything_without_a_doc_comment_is_found() {
    assert_eq!(read(SMALL).mistakes, [""; 0]);
    let lines: Vec<_> = SMALL.lines().collect();
    // The words of `log` are on two lines, and one of them is enough.
    let is_doc = |line: &str| line.trim().starts_with("///") && !line.contains("/// Words");
    let mut found = Vec::new();
    for at in (0..lines.len()).filter(|&at| is_doc(lines[at])) {
        let mut without = lines.clone();
        without.remove(at);
        if lines[at].contains("Always there") {
            without.remove(at - 1);
        }
        let contract = read(&without.join("\n"));
        assert_eq!(contract.mistakes.len(), 1, "{}: {:?}", lines[at], contract.mistakes);
        assert!(document(&contract).is_err());
        found.extend(contract.mistakes);
    }
    for expected in [
        "package `test:small` has no doc comment",
        "small.wit:4:11: interface `types` has no doc comment",
        "small.wit:8:12: record `money` of `types` has no doc comment",
        "small.wit:10:9: `amount` of `money` has no doc comment",
        "small.wit:16:10: type `day` of `types` has no doc comment",
        "small.wit:24:9: `open` of `state` has no doc comment",
        "small.wit:31:9: `price` of `known` has no doc comment",
        "small.wit:38:9: `done` of `end` has no doc comment",
        "small.wit:43:5: function `price` of `shop` has no doc comment",
        "small.wit:51:11: interface `log` has no doc comment",
        "small.wit:72:7: world `imports` has no doc comment",
    ] {
        assert!(found.iter().any(|mistake| mistake == expected), "{expected}\nnot in {found:#?}");
    }
}

#[test]
fn an_interface_in_no_world_is_found() {
    let contract = read(&edited(SMALL, "    import log;\n", ""));
    assert_eq!(contract.mistakes, ["interface `log` is in no world: nobody can use it"]);
}

#[test]
fn what_the_contract_does_without_is_refused() {
    for (from, to, words) in [
        (
            "    %list: func()",
            "    resource file;\n    %list: func()",
            "`file` of `shop` is a resource",
        ),
        ("    %list: func()", "    %list: async func()", "is not a plain function"),
        ("list<tuple<string, decimal>>", "stream<string>", "the contract has no `stream`"),
        ("    import log;", "    import log;\n    import run: func();", "of its own"),
        ("small@0.1.0", "small", "has no version"),
    ] {
        let error = parse::parse(&sources(&edited(SMALL, from, to)));
        let error = format!("{:#}", error.unwrap_err());
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn the_frozen_copy_is_the_contract_in_one_file() {
    let (_, sources) = project();
    let contract = parse::parse(&sources).unwrap();
    let text = frozen::text(&sources, contract.version).unwrap();
    let copy = parse::parse(&[Source { name: "copy.wit".to_owned(), text: text.clone() }]).unwrap();
    assert!(
        format!("{:?}", copy.interfaces) == format!("{:?}", contract.interfaces)
            && format!("{:?}", copy.worlds) == format!("{:?}", contract.worlds),
        "the copy is another contract:\n{text}"
    );
    assert!(!frozen::is_final(&text));
    let open = text.lines().find(|line| line.starts_with("// State: open.")).unwrap();
    assert!(frozen::is_final(&edited(&text, open, "// State: final.")));
    assert_eq!(frozen::file_name("frozen", contract.version), "frozen/0.1.0.wit");
}
