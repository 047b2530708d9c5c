use super::*;
use crate::component::{
    inspect,
    tests::{component_with, manifest},
};

const SCHEMA: &str = r#"{
    "type": "object",
    "additionalProperties": false,
    "required": ["source"],
    "properties": {
        "source": { "title": "Source", "description": "d", "type": "string" },
        "low": { "title": "Low", "description": "d", "type": "integer", "default": 5 },
        "more": {
            "title": "More", "description": "d", "type": "object",
            "properties": {}
        }
    }
}"#;

const KEYS: &str = "http-hosts = [\"*.example.com\", \"api.example.org\"]\n\
                    personal-fields = [\"email\"]";

const TABLES: &str = r#"
[subscriptions.on-stock]
coalesce = "5s"

[[schedules]]
name = "tick"
every = "60s"

[[signals]]
name = "low"
direction = "sends"
title = { en = "Low", it = "Basso" }
description = { en = "Low.", it = "Basso." }
schema = { type = "object" }

[[kpis]]
name = "sold@1"
title = { en = "Sold", it = "Venduti" }
description = { en = "Sold.", it = "Venduti." }
unit = "count"
better = "higher"

[limits]
fuel = 1000
"#;

/// A module, in the words that a test changes.
#[derive(Clone)]
struct Made {
    imports: Vec<&'static str>,
    exports: Vec<&'static str>,
    text: String,
    schema: String,
}

impl Made {
    fn usual() -> Self {
        let imports = vec!["http-get", "people", "record-metric", "signal", "stock"];
        let text = manifest(KEYS, &imports, TABLES);
        Self { imports, exports: vec!["on-schedule", "on-stock"], text, schema: SCHEMA.to_owned() }
    }

    fn inspection(&self) -> Inspection {
        let Self { imports, exports, text, schema } = self;
        inspect(&component_with(imports, exports, text, schema)).unwrap()
    }

    /// The same with something else in its manifest or its settings' schema.
    fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.text.contains(old) || self.schema.contains(old), "{old}");
        self.text = self.text.replacen(old, new, 1);
        self.schema = self.schema.replacen(old, new, 1);
        self
    }

    fn importing(mut self, import: &'static str) -> Self {
        self.imports.push(import);
        if Grants::is_grantable(import) {
            let reason = format!("[reasons]\n{import} = {{ en = \"To try.\", it = \"Prova.\" }}\n");
            self.text = self.text.replacen("[reasons]\n", &reason, 1);
        }
        self
    }
}

#[derive(Clone, Copy)]
enum In {
    Newly,
    NoLonger,
    Changed,
}
use In::{Changed, Newly, NoLonger};

/// What is said when the new version is otherwise, and what is said the other way round.
#[track_caller]
fn check(new: &Made, forth: &[(In, &str)], back: &[(In, &str)]) {
    let told = |expected: &[(In, &str)]| {
        let mut difference = Difference::default();
        for (list, sentence) in expected {
            let list = match list {
                Newly => &mut difference.newly,
                NoLonger => &mut difference.no_longer,
                Changed => &mut difference.changed,
            };
            list.push((*sentence).to_owned());
        }
        difference
    };
    let (old, new) = (Made::usual().inspection(), new.inspection());
    // Both are of the same version, which is said of every pair here but those about versions.
    let same = "Both say that they are version 0.1.0, and they are not the same file.";
    for (before, after, expected) in [(&old, &new, forth), (&new, &old, back)] {
        let mut found = difference(before, after);
        found.changed.retain(|sentence| sentence != same);
        let expected = told(expected);
        assert_eq!(found, expected);
        assert_eq!(found.asks_for_more(), expected.newly != [""; 0]);
    }
}

#[test]
fn the_same_file_has_no_difference() {
    let module = Made::usual().inspection();
    let found = difference(&module, &module);
    assert!(found.is_empty() && !found.asks_for_more(), "{found:?}");
}

#[test]
fn hooks() {
    let mut new = Made::usual();
    new.exports.push("on-order");
    check(
        &new,
        &[(Newly, "It now hears `on-order`.")],
        &[(NoLonger, "It no longer hears `on-order`.")],
    );
    new.exports.push("on-cart");
    let old = Made::usual().inspection();
    let found = difference(&old, &new.inspection());
    assert_eq!(found.newly[1], "It now hears `on-cart`, which this host does not call yet.");
}

#[test]
fn interfaces() {
    check(
        &Made::usual().importing("change-stock"),
        &[(Newly, "It may now use `change-stock`. Its reason: “To try.”")],
        &[(NoLonger, "It no longer uses `change-stock`.")],
    );
    check(
        &Made::usual().importing("send-message"),
        &[(
            Newly,
            "It may now use `send-message`, which this host does not serve yet. Its reason: “To \
             try.”",
        )],
        &[(NoLonger, "It no longer uses `send-message`.")],
    );
    // What is always there is nothing to ask for.
    check(&Made::usual().importing("state"), &[], &[]);
    check(
        &Made::usual().importing("wasi:io/streams@0.2.0"),
        &[(
            Changed,
            "It now imports WASI, which gives it the run's clock and randomness and nothing else.",
        )],
        &[(NoLonger, "It no longer imports WASI.")],
    );
    check(
        &Made::usual().with("stock = { en = \"To try.\"", "stock = { en = \"To look.\""),
        &[(Changed, "It gives another reason for `stock`: “To look.”")],
        &[(Changed, "It gives another reason for `stock`: “To try.”")],
    );
}

#[test]
fn hosts_fields_and_signals() {
    check(
        &Made::usual().with("\"api.example.org\"", "\"api.example.org\", \"b.example.net\""),
        &[(Newly, "It now reaches the host `b.example.net` over HTTP.")],
        &[(NoLonger, "It no longer reaches the host `b.example.net`.")],
    );
    // A host that a pattern stood for already is not new; the pattern is gone.
    check(
        &Made::usual().with("\"*.example.com\"", "\"api.example.com\""),
        &[(NoLonger, "It no longer reaches the host `*.example.com`.")],
        &[(Newly, "It now reaches the host `*.example.com` over HTTP.")],
    );
    check(
        &Made::usual().with("[\"email\"]", "[\"email\", \"name\"]"),
        &[(Newly, "It now reads people's `name`.")],
        &[(NoLonger, "It no longer reads people's `name`.")],
    );
    check(
        &Made::usual().with("name = \"low\"", "name = \"out\""),
        &[
            (Newly, "It now sends the signal `out` to other modules."),
            (NoLonger, "It no longer sends the signal `low`."),
        ],
        &[
            (Newly, "It now sends the signal `low` to other modules."),
            (NoLonger, "It no longer sends the signal `out`."),
        ],
    );
    let another = [(Changed, "The signal `low` that it sends has another schema.")];
    check(
        &Made::usual().with("schema = { type = \"object\" }", "schema = { type = \"string\" }"),
        &another,
        &another,
    );
}

#[test]
fn when_it_runs_and_how_much_it_may_use() {
    check(
        &Made::usual().with("coalesce = \"5s\"", "coalesce = \"5s\"\nmax-age = \"1h\""),
        &[(
            Changed,
            "It hears `on-stock` once for whatever happens within 5s, unless it is older than 1h.",
        )],
        &[(Changed, "It hears `on-stock` once for whatever happens within 5s, however old it is.")],
    );
    check(
        &Made::usual().with("[subscriptions.on-stock]\ncoalesce = \"5s\"", ""),
        &[(Changed, "It hears `on-stock` each time, however old it is.")],
        &[(Changed, "It hears `on-stock` once for whatever happens within 5s, however old it is.")],
    );
    check(
        &Made::usual().with("\"60s\"", "\"5m\""),
        &[(Changed, "The schedule `tick` is every 5m instead of every 1m.")],
        &[(Changed, "The schedule `tick` is every 1m instead of every 5m.")],
    );
    check(
        &Made::usual()
            .with("[[schedules]]", "[[schedules]]\nname = \"b\"\nevery = \"1h\"\n[[schedules]]"),
        &[(Changed, "It now has the schedule `b`, every 1h.")],
        &[(NoLonger, "It no longer has the schedule `b`.")],
    );
    check(
        &Made::usual().with("every = \"60s\"", "cron = \"0 6 * * *\"\nmissed = \"all\""),
        &[
            (Changed, "The schedule `tick` is at 0 6 * * * instead of every 1m."),
            (
                Changed,
                "Of the ticks that the schedule `tick` missed it hears `all` instead of `one`.",
            ),
        ],
        &[
            (Changed, "The schedule `tick` is every 1m instead of at 0 6 * * *."),
            (
                Changed,
                "Of the ticks that the schedule `tick` missed it hears `one` instead of `all`.",
            ),
        ],
    );
    check(
        &Made::usual().with("fuel = 1000", "fuel = 1000\nwall-ms = 250"),
        &[(Changed, "A run may use at most 250 wall-ms instead of 5000.")],
        &[(Changed, "A run may use at most 5000 wall-ms instead of 250.")],
    );
    // A limit at the host's own is none.
    let host = limits::run_limits()[fondaco_model::run::Resource::Proposals];
    check(
        &Made::usual().with("fuel = 1000", &format!("fuel = 1000\nproposals = {host}")),
        &[],
        &[],
    );
}

#[test]
fn figures_and_settings() {
    check(
        &Made::usual().with("unit = \"count\"", "unit = \"money\""),
        &[(Changed, "The KPI `sold@1` is counted in `money` instead of `count`.")],
        &[(Changed, "The KPI `sold@1` is counted in `count` instead of `money`.")],
    );
    check(
        &Made::usual().with("sold@1", "sold@2"),
        &[
            (Changed, "It now records the KPI `sold@2`."),
            (NoLonger, "It no longer records the KPI `sold@1`."),
        ],
        &[
            (Changed, "It now records the KPI `sold@1`."),
            (NoLonger, "It no longer records the KPI `sold@2`."),
        ],
    );
    check(
        &Made::usual().with("\"default\": 5", "\"default\": 6"),
        &[(Changed, "Unless set, `low` is `6` instead of `5`.")],
        &[(Changed, "Unless set, `low` is `5` instead of `6`.")],
    );
    check(
        &Made::usual().with("\"integer\", \"default\": 5", "\"string\""),
        &[
            (Changed, "The setting `low` is `string` instead of `integer`."),
            (Changed, "`low` no longer has a default."),
        ],
        &[
            (Changed, "The setting `low` is `integer` instead of `string`."),
            (Changed, "Unless set, `low` is now `5`."),
        ],
    );
    let extra =
        "\"extra\": { \"title\": \"Extra\", \"description\": \"d\", \"type\": \"string\" },";
    let added = Made::usual().with("\"source\": {", &format!("{extra} \"source\": {{"));
    let gone = "It no longer has the setting `extra`; where a client sets it, it has to go.";
    check(&added, &[(Changed, "It now has the setting `extra`: Extra.")], &[(NoLonger, gone)]);
    check(
        &added.with("[\"source\"]", "[\"source\", \"extra\"]"),
        &[(Newly, "It now needs the setting `extra`: Extra.")],
        &[(NoLonger, gone)],
    );
    check(
        &Made::usual().with("[\"source\"]", "[]"),
        &[(Changed, "The setting `source` may now be left out.")],
        &[(Newly, "It now needs the setting `source`: Source.")],
    );
    // What has to be there only within something that may be left out asks nobody for anything.
    check(
        &Made::usual().with(
            "\"properties\": {}",
            "\"required\": [\"a\"], \"properties\": { \"a\": \
             { \"title\": \"A\", \"description\": \"d\" } }",
        ),
        &[(Changed, "It now has the setting `more.a`: A.")],
        &[(
            NoLonger,
            "It no longer has the setting `more.a`; where a client sets it, it has to go.",
        )],
    );
}

#[test]
fn identity() {
    check(
        &Made::usual().with("version = \"0.1.0\"", "version = \"0.2.0\""),
        &[(Changed, "Version 0.2.0 takes the place of 0.1.0.")],
        &[(Changed, "Version 0.1.0 is older than 0.2.0.")],
    );
    let kept = "what the version before kept cannot be read as it is, so the new one has to \
                convert it, or starts without it.";
    check(
        &Made::usual().with("state-schema = 1", "state-schema = 2"),
        &[(Changed, &format!("Its state has schema 2 instead of 1: {kept}"))],
        &[(Changed, &format!("Its state has schema 1 instead of 2: {kept}"))],
    );
    check(
        &Made::usual().with("area = \"it\"", "area = \"sales\""),
        &[(Changed, "It belongs to the area `sales` instead of `it`.")],
        &[(Changed, "It belongs to the area `it` instead of `sales`.")],
    );
    check(
        &Made::usual().with("id = \"test\"", "id = \"other\""),
        &[(Changed, "These are two modules, `test` and `other`, and not two versions of one.")],
        &[(Changed, "These are two modules, `other` and `test`, and not two versions of one.")],
    );
}
