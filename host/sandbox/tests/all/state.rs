//! A module's state within one run.

use std::{collections::BTreeMap, sync::Arc};

use fondaco_model::run::{StateRange, StateReads};
use proptest::prelude::*;
use serde_json::json;

use crate::fixture::{Host, does, does_with, probe, told};

fn key_reads(pairs: &[(&str, u64)]) -> StateReads {
    let keys = pairs.iter().map(|(key, commit)| ((*key).to_owned(), *commit)).collect();
    StateReads { keys, ranges: Vec::new() }
}

fn range(
    prefix: &str,
    after: Option<&str>,
    until: Option<&str>,
    seen: &[(&str, u64)],
) -> StateRange {
    StateRange {
        prefix: prefix.to_owned(),
        after: after.map(str::to_owned),
        until: until.map(str::to_owned),
        seen: seen.iter().map(|(key, commit)| ((*key).to_owned(), *commit)).collect(),
    }
}

#[tokio::test]
async fn a_run_reads_its_own_writes() {
    let host = Arc::new(Host::with_state(&[("a", "old", 3)]));
    let steps = r#"[
        ["get", "a"], ["set", "a", "new"], ["get", "a"], ["delete", "a"], ["get", "a"],
        ["set", "b", "1"], ["get", "b"], ["get", "c"]
    ]"#;
    let ran = does_with(&probe(), Arc::clone(&host), steps).await.unwrap();
    assert_eq!(told(&ran), [r#"Some("old")"#, r#"Some("new")"#, "None", r#"Some("1")"#, "None"]);
    // `b` was never the host's answer, and what is absent is a read as well.
    assert_eq!(ran.reads, key_reads(&[("a", 3), ("c", 0)]));
    let writes: Vec<_> =
        ran.writes.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
    assert_eq!(writes, [("a", None), ("b", Some("1"))]);
    assert_eq!(*host.asked.lock().unwrap(), ["get a", "get c"]);
}

#[tokio::test]
async fn a_listing_shows_own_writes_and_is_recorded() {
    let host =
        || Host::with_state(&[("x/1", "a", 1), ("x/2", "b", 2), ("x/4", "d", 4), ("y/1", "z", 9)]);
    let module = probe();
    let list = async |steps: &str| {
        let ran = does(&module, host(), steps).await.unwrap();
        (told(&ran).last().unwrap().to_string(), ran.reads.ranges)
    };

    let (found, ranges) = list(r#"[["list", "x/", null, 10]]"#).await;
    assert_eq!(found, r#"[("x/1", "a"), ("x/2", "b"), ("x/4", "d")]"#);
    assert_eq!(ranges, [range("x/", None, None, &[("x/1", 1), ("x/2", 2), ("x/4", 4)])]);

    let (found, ranges) = list(
        r#"[["set", "x/3", "c"], ["delete", "x/1"], ["set", "y/0", "q"], ["list", "x/", null, 2]]"#,
    )
    .await;
    assert_eq!(found, r#"[("x/2", "b"), ("x/3", "c")]"#);
    // Two pages of the host: the first had an entry that this run had deleted.
    assert_eq!(
        ranges,
        [
            range("x/", None, Some("x/2"), &[("x/1", 1), ("x/2", 2)]),
            range("x/", Some("x/2"), Some("x/3"), &[]),
        ]
    );

    let (found, ranges) = list(r#"[["set", "x/9", "i"], ["list", "x/", "x/2", 5]]"#).await;
    assert_eq!(found, r#"[("x/4", "d"), ("x/9", "i")]"#);
    assert_eq!(ranges, [range("x/", Some("x/2"), None, &[("x/4", 4)])]);

    let (found, ranges) = list(r#"[["list", "none/", null, 5]]"#).await;
    assert_eq!(found, "[]");
    assert_eq!(ranges, [range("none/", None, None, &[])]);
}

#[tokio::test]
async fn a_wrong_key_or_limit_ends_the_run() {
    let module = probe();
    let check = async |step: &str, message: &str| {
        let error = does(&module, Host::new(), &format!("[{step}]")).await.unwrap_err();
        assert_eq!(error.to_string(), format!("the module stopped: {message}"));
    };
    let long = "k".repeat(257);
    check(r#"["get", ""]"#, "`state.get` got a key of 0 bytes; a key has 1 to 256").await;
    check(
        &format!(r#"["set", "{long}", ""]"#),
        "`state.set` got a key of 257 bytes; a key has 1 to 256",
    )
    .await;
    check(
        &format!(r#"["delete", "{long}"]"#),
        "`state.delete` got a key of 257 bytes; a key has 1 to 256",
    )
    .await;
    check(r#"["list", "", null, 0]"#, "`state.list` was asked for 0 entries; it gives 1 to 1000")
        .await;
    check(
        r#"["skus", null, 1001]"#,
        "`catalogue.skus` was asked for 1001 entries; it gives 1 to 1000",
    )
    .await;
}

/// A step of a random run, on a handful of keys so that they meet.
#[derive(Debug, Clone)]
enum Step {
    Get(String),
    Set(String, String),
    Delete(String),
    List(String, Option<String>, u32),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || "[ab][ab]?[ab]?";
    let step = prop_oneof![
        key().prop_map(Step::Get),
        (key(), "[xyz]").prop_map(|(key, value)| Step::Set(key, value)),
        key().prop_map(Step::Delete),
        ("[ab]?", prop::option::of(key()), 1_u32..5)
            .prop_map(|(prefix, after, limit)| Step::List(prefix, after, limit)),
    ];
    prop::collection::vec(step, 1..20)
}

/// What a run would be told if its writes were made at once.
fn expected(mut state: BTreeMap<String, String>, steps: &[Step]) -> Vec<String> {
    let mut told = Vec::new();
    for step in steps {
        match step {
            Step::Get(key) => told.push(format!("{:?}", state.get(key))),
            Step::Set(key, value) => {
                state.insert(key.clone(), value.clone());
            }
            Step::Delete(key) => {
                state.remove(key);
            }
            Step::List(prefix, after, limit) => {
                let entries = state.iter().filter(|(key, _)| key.starts_with(prefix.as_str()));
                let entries = entries.filter(|(key, _)| Some(*key) > after.as_ref());
                let entries: Vec<_> = entries.take(*limit as usize).collect();
                told.push(format!("{entries:?}"));
            }
        }
    }
    told
}

fn script(steps: &[Step]) -> String {
    let step = |step: &Step| match step {
        Step::Get(key) => json!(["get", key]),
        Step::Set(key, value) => json!(["set", key, value]),
        Step::Delete(key) => json!(["delete", key]),
        Step::List(prefix, after, limit) => json!(["list", prefix, after, limit]),
    };
    serde_json::Value::from_iter(steps.iter().map(step)).to_string()
}

proptest! {
    #[test]
    fn a_run_sees_its_state_as_if_it_had_written_it(
        committed in prop::collection::btree_map("[ab][ab]?[ab]?", "[xyz]", 0..8),
        steps in steps(),
    ) {
        let entries: Vec<_> =
            committed.iter().map(|(key, value)| (key.as_str(), value.as_str(), 1)).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let host = Host::with_state(&entries);
        let ran = runtime.block_on(does(&probe(), host, &script(&steps))).unwrap();
        prop_assert_eq!(told(&ran), expected(committed.clone(), &steps));

        // What is committed is what was last written, and nothing else.
        let mut state = committed.clone();
        for (key, value) in ran.writes {
            match value {
                Some(value) => state.insert(key, value),
                None => state.remove(&key),
            };
        }
        let all = [steps.as_slice(), &[Step::List(String::new(), None, 1_000)]].concat();
        let listed = expected(committed, &all).pop().unwrap();
        prop_assert_eq!(format!("{:?}", state.iter().collect::<Vec<_>>()), listed);
    }
}
