//! The evolution rule, on edits of a small contract.

use super::*;
use crate::evolution::breaks;

/// What an edit of the small contract breaks, without the rule that is told with it.
fn breaks_of(from: &str, to: &str) -> Vec<String> {
    broken(&edited(SMALL, from, to))
}

fn broken(text: &str) -> Vec<String> {
    let found = breaks(&read(SMALL), &read(text));
    found.iter().map(|words| words.split("; ").next().unwrap().to_owned()).collect()
}

/// Edits, and what is said of each.
const BREAKING: [(&str, &str, &[&str]); 29] = [
    // Records.
    (
        "        /// How much.\n        amount: decimal,\n",
        "",
        &["record `money` of `types`: field `amount` is gone"],
    ),
    (
        "currency: option<string>,",
        "currency: option<string>,\n        tax: decimal,",
        &["record `money` of `types`: field `tax` is new"],
    ),
    (
        "        amount: decimal,\n        /// Of what. Absent: of the shop's.\n        currency: option<string>,\n",
        "        currency: option<string>,\n        amount: decimal,\n",
        &["record `money` of `types`: its fields are in another order"],
    ),
    (
        "        amount: decimal,",
        "        sum: decimal,",
        &[
            "record `money` of `types`: field `amount` is gone",
            "record `money` of `types`: field `sum` is new",
        ],
    ),
    (
        "        amount: decimal,",
        "        amount: u64,",
        &["record `money` of `types`: field `amount` changed from `decimal` to `u64`"],
    ),
    (
        "        amount: decimal,",
        "        amount: string,",
        &["record `money` of `types`: field `amount` changed from `decimal` to `string`"],
    ),
    (
        "currency: option<string>,",
        "currency: string,",
        &["record `money` of `types`: field `currency` changed from `option<string>` to `string`"],
    ),
    // Enums, flags and variants.
    (
        "        closed,",
        "        closed,\n        moving,",
        &["enum `state` of `shop`: case `moving` is new"],
    ),
    (
        "        /// It sells.\n        open,\n",
        "",
        &["enum `state` of `shop`: case `open` is gone"],
    ),
    (
        "        name,",
        "        name,\n        stock,",
        &["flags `known` of `shop`: flag `stock` is new"],
    ),
    (
        "        price,\n        /// The name.\n        name,",
        "        name,\n        price,",
        &["flags `known` of `shop`: its flags are in another order"],
    ),
    (
        "        done(list<money>),",
        "        done,",
        &["variant `end` of `shop`: case `done` changed from `list<money>` to nothing"],
    ),
    (
        "        failed,",
        "        failed(string),",
        &["variant `end` of `shop`: case `failed` changed from nothing to `string`"],
    ),
    // Types as a whole.
    (
        "type decimal = string;",
        "type decimal = u64;",
        &["type `decimal` of `types`: it changed from `string` to `u64`"],
    ),
    (
        "    enum state {",
        "    flags state {",
        &["enum `state` of `shop`: it is of kind `flags` now"],
    ),
    (
        "    flags known {\n        /// The price.\n        price,\n        /// The name.\n        name,\n    }",
        "    use types.{money as known};",
        &["flags `known` of `shop` is gone"],
    ),
    (
        "    enum state {",
        "    @unstable(feature = not-served-yet)\n    enum state {",
        &["enum `state` of `shop` became `@unstable`"],
    ),
    (
        "    use types.{money};\n    /// One sale.",
        "    type money = string;\n    /// One sale.",
        &[
            "function `handle` of `on-sale`: parameter `sum` changed from `types.money` to `on-sale.money`",
        ],
    ),
    // Functions.
    ("    write: func(message: string);", "", &["function `write` of `log` is gone"]),
    (
        "func(message: string)",
        "func(words: string)",
        &[
            "function `write` of `log`: parameter `message` is gone",
            "function `write` of `log`: parameter `words` is new",
        ],
    ),
    (
        "func(%variant: string, since: u64)",
        "func(since: u64, %variant: string)",
        &["function `price` of `shop`: its parameters are in another order"],
    ),
    (
        "-> result<option<money>, end>",
        "-> result<money, end>",
        &[
            "function `price` of `shop`: its result changed from `result<option<money>, end>` to `result<money, end>`",
        ],
    ),
    (
        "func(message: string);",
        "func(message: string) -> bool;",
        &["function `write` of `log`: its result changed from nothing to `bool`"],
    ),
    (
        "    write: func",
        "    @unstable(feature = later)\n    write: func",
        &["function `write` of `log` became `@unstable`"],
    ),
    // What old modules do not export.
    (
        "-> result<_, string>;",
        "-> result<_, string>;\n    undo: func();",
        &["interface `on-sale`: function `undo` is new, and modules export it"],
    ),
    (
        "    export on-sale;",
        "    export on-sale;\n    export more;\n}\ninterface more {",
        &["world `sale-hook`: export `more` is new, and old modules lack it"],
    ),
    // Interfaces and worlds.
    (
        "    import log;\n",
        "",
        &["import `log` of world `imports` is gone", "import `log` of world `sale-hook` is gone"],
    ),
    ("world sale-hook {", "world sales-hook {", &["world `sale-hook` is gone"]),
    ("small@0.1.0", "large@0.1.0", &["the package was `test:small` and is `test:large` now"]),
];

#[test]
fn what_breaks_is_told() {
    for (from, to, expected) in BREAKING {
        assert_eq!(breaks_of(from, to), expected, "{from}\nto\n{to}");
    }
}

#[test]
fn an_interface_that_goes_or_becomes_unstable_takes_its_imports_along() {
    let is = "interface log {";
    let renamed = edited(&edited(SMALL, is, "interface words {"), "import log;", "import words;");
    assert_eq!(
        broken(&renamed),
        [
            "interface `log` is gone",
            "import `log` of world `imports` is gone",
            "import `log` of world `sale-hook` is gone",
        ]
    );
    assert_eq!(
        breaks_of(is, "@unstable(feature = later)\ninterface log {"),
        [
            "interface `log` became `@unstable`",
            "import `log` of world `imports` became `@unstable`",
            "import `log` of world `sale-hook` became `@unstable`",
        ]
    );
    assert_eq!(
        breaks_of("world sale-hook", "@unstable(feature = later)\nworld sale-hook"),
        ["world `sale-hook` became `@unstable`"]
    );
}

#[test]
fn what_is_allowed_is_not_told() {
    for (from, to) in [
        // Words.
        ("/// How much.", "/// How much of it."),
        ("/// What a small contract is for.", "/// What it is for."),
        // The same types, taken over in another way.
        ("    use types.{decimal, money};", "    use types.{money};\n    use types.{decimal};"),
        // Additions.
        ("    write: func", "    flush: func();\n    write: func"),
        (
            "    write: func",
            "    record line { text: string }\n    write-line: func(line: line);\n    write: func",
        ),
        ("    import log;", "    import log;\n    import more;\n}\ninterface more {"),
        (
            "/// All there is.",
            "world late-hook { include imports; export on-sale; }\n/// All there is.",
        ),
        // What is new may be unstable, also where modules export it.
        (
            "-> result<_, string>;",
            "-> result<_, string>;\n    @unstable(feature = later)\n    undo: func();",
        ),
        (
            "    export on-sale;",
            "    export on-sale;\n    @unstable(feature = later)\n    export more;\n}\ninterface more {",
        ),
        // What was unstable changes, goes, or becomes stable.
        ("    type day = string;", "    type day = u64;"),
        ("people: func(known: known) -> option<state>", "people: func() -> string"),
        (
            "    /// Who works there.\n    @unstable(feature = not-served-yet)\n    people: func(known: known) -> option<state>;\n",
            "",
        ),
        ("    @unstable(feature = not-served-yet)\n    people", "    people"),
        ("    handle: func(day: day);", "    today: func(day: day, hour: u32);"),
        ("interface on-day {", "interface on-day {\n    yesterday: func();"),
        // A later patch.
        ("small@0.1.0", "small@0.1.1"),
    ] {
        assert_eq!(breaks_of(from, to), [""; 0], "{from}\nto\n{to}");
    }
}

#[test]
fn the_rule_is_told_with_what_breaks_it() {
    let rule = |from: &str, to: &str| {
        let found = breaks(&read(SMALL), &read(&edited(SMALL, from, to)));
        found[0].split_once("; ").map(|(_, rule)| rule.to_owned()).unwrap()
    };
    for (from, to, expected) in [
        ("amount: decimal,", "amount: u64,", "a changed record needs a new minor version"),
        (
            "        name,",
            "        name,\n        stock,",
            "changed flags need a new minor version",
        ),
        ("world sale-hook", "world x", "what modules were built with stays for the minor version"),
        ("    %list", "    @unstable(feature = later)\n    %list", "what was stable stays stable"),
    ] {
        assert_eq!(rule(from, to), expected);
    }
}

#[test]
fn another_minor_version_may_change_everything() {
    let changed = edited(SMALL, "        amount: decimal,", "        amount: u64,");
    for version in ["0.2.0", "1.1.0"] {
        let other = edited(&changed, "small@0.1.0", &format!("small@{version}"));
        assert_eq!(breaks(&read(SMALL), &read(&other)), [""; 0]);
    }
    let patch = edited(&changed, "small@0.1.0", "small@0.1.7");
    assert_eq!(breaks(&read(SMALL), &read(&patch)).len(), 1);
}
