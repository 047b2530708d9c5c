//! The same inputs give the same run, also for what a language's runtime asks WASI for.

use std::sync::Arc;

use fondaco_model::{ClientId, ShopId, http::HttpRecord, run::Resource};
use fondaco_sandbox::{Call, Grants, Input, Module, Ran, RunOutcome};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::{
    fixture::{Host, call, contract, guest, order_input, probe, sandbox, small, told},
    load::{MANIFEST, packed},
};

const STEPS: &str = r#"{"steps": [["random"], ["random"], ["now"], ["list", "", null, 9]]}"#;

async fn run(module: &Module, call: Call) -> Ran {
    module.call(call, Arc::new(Host::new())).await.unwrap()
}

#[tokio::test]
async fn randomness_is_the_runs_own() {
    let module = probe();
    let first = run(&module, call(order_input(1), STEPS)).await;
    let again = run(&module, call(order_input(1), STEPS)).await;
    assert_eq!(told(&first), told(&again));
    assert_eq!(first.used.used[Resource::Fuel], again.used.used[Resource::Fuel]);
    assert_ne!(told(&first)[0], told(&first)[1], "it does move within a run");

    let base = || call(order_input(1), STEPS);
    let others = [
        Call { event: 8, ..base() },
        Call { client: ClientId::new("bianchi").unwrap(), ..base() },
        Call { install: fondaco_model::InstallId::new("other").unwrap(), ..base() },
        Call { cursor: Some("2".to_owned()), ..base() },
    ];
    for other in others {
        let ran = run(&module, other).await;
        assert_ne!(told(&first)[0], told(&ran)[0]);
    }
}

#[tokio::test]
async fn a_run_that_is_done_again_gets_the_http_answers_it_had() {
    let module = probe();
    let steps = r#"{"steps": [
        ["http", "https://api.example.com/a"], ["http", "https://api.example.com/b"]
    ]}"#;
    let first = run(&module, call(order_input(1), steps)).await;
    assert_eq!(first.http.len(), 2);
    let kept = serde_json::to_string(&first.http).unwrap();
    assert!(kept.contains("Bearer {secret:key}"), "the placeholder is what is kept: {kept}");

    let host = Arc::new(Host::new());
    let again = Call { answers: first.http.clone(), ..call(order_input(1), steps) };
    let again = module.call(again, Arc::clone(&host) as _).await.unwrap();
    assert_eq!(told(&again), told(&first));
    assert_eq!(again.http, first.http);
    assert!(host.asked.lock().unwrap().is_empty(), "nothing was asked twice");

    // Another way through the module is answered anew from where it parts.
    let other = Call {
        answers: vec![
            first.http[0].clone(),
            HttpRecord { request: first.http[0].request.clone(), ..first.http[1].clone() },
        ],
        ..call(order_input(1), steps)
    };
    module.call(other, Arc::clone(&host) as _).await.unwrap();
    assert_eq!(*host.asked.lock().unwrap(), ["http https://api.example.com/b"]);
}

#[tokio::test]
async fn an_install_sees_the_shops_it_was_granted() {
    let milano = ShopId::new("milano").unwrap();
    let grants = Grants::all().with_shops([milano]);
    let module = sandbox(small()).load(&guest("probe"), &grants).unwrap();
    let steps = r#"{"steps": [
        ["shops"], ["sku", "MUG-BLU"], ["variant", "milano", "1"], ["variant", "torino", "1"],
        ["change", {"shop": "milano"}], ["change", {"shop": "torino"}]
    ]}"#;
    let ran = run(&module, call(order_input(1), steps)).await;
    let told = told(&ran);
    assert!(told[0].contains("milano") && !told[0].contains("torino"), "{told:?}");
    assert!(told[1].contains("milano") && !told[1].contains("torino"), "{told:?}");
    assert!(told[2].starts_with("Some("), "{told:?}");
    assert_eq!(told[3], "None");
    assert!(told[4].starts_with("Ok("), "{told:?}");
    assert!(told[5].contains("there is no shop `torino`"), "{told:?}");
    assert_eq!(ran.proposals.len(), 1);
}

/// What [`wasi_guest`] imports of WASI, as far as it needs it.
const WASI: [&str; 4] = [
    "package wasi:clocks@0.2.0;
         interface wall-clock { record datetime { seconds: u64, nanoseconds: u32 }
           now: func() -> datetime; }
         interface monotonic-clock { now: func() -> u64; }",
    "package wasi:random@0.2.0;
         interface random { get-random-u64: func() -> u64; }
         interface insecure { get-insecure-random-u64: func() -> u64; }",
    "package wasi:cli@0.2.0;
         interface environment { get-environment: func() -> list<tuple<string, string>>; }",
    "package wasi:filesystem@0.2.0;
         interface types { resource descriptor; }
         interface preopens { use types.{descriptor};
           get-directories: func() -> list<tuple<descriptor, string>>; }",
];

/// The world of [`wasi_guest`].
const WORLD: &str = r#"
        package test:wasi;
        world guest {
            include fondaco:plugin/schedule-hook@0.1.0;
            import wasi:clocks/wall-clock@0.2.0;
            import wasi:clocks/monotonic-clock@0.2.0;
            import wasi:random/random@0.2.0;
            import wasi:random/insecure@0.2.0;
            import wasi:cli/environment@0.2.0;
            import wasi:filesystem/preopens@0.2.0;
        }
    "#;

/// The code of [`wasi_guest`].
const CODE: &str = r#"(module
        (import "wasi:clocks/wall-clock@0.2.0" "now" (func $wall (param i32)))
        (import "wasi:clocks/monotonic-clock@0.2.0" "now" (func $mono (result i64)))
        (import "wasi:random/random@0.2.0" "get-random-u64" (func $random (result i64)))
        (import "wasi:random/insecure@0.2.0" "get-insecure-random-u64"
          (func $insecure (result i64)))
        (import "wasi:cli/environment@0.2.0" "get-environment" (func $env (param i32)))
        (import "wasi:filesystem/preopens@0.2.0" "get-directories" (func $dirs (param i32)))
        (import "fondaco:plugin/state@0.1.0" "set" (func $set (param i32 i32 i32 i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "k")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
        ;; a number as 16 letters from `a` on, at an address
        (func $write (param $number i64) (param $at i32)
          (local $index i32)
          (loop $next
            (i32.store8 (i32.add (local.get $at) (local.get $index))
              (i32.add (i32.const 97)
                (i32.wrap_i64 (i64.and (local.get $number) (i64.const 15)))))
            (local.set $number (i64.shr_u (local.get $number) (i64.const 4)))
            (local.set $index (i32.add (local.get $index) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $index) (i32.const 16)))))
        (func (export "fondaco:plugin/on-schedule@0.1.0#handle")
          (param i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
          (call $wall (i32.const 512))
          (call $write (i64.load (i32.const 512)) (i32.const 1024))
          (call $write (call $mono) (i32.const 1040))
          (call $write (call $random) (i32.const 1056))
          (call $write (call $insecure) (i32.const 1072))
          (call $env (i32.const 544))
          (call $write (i64.load32_u (i32.const 548)) (i32.const 1088))
          (call $dirs (i32.const 560))
          (call $write (i64.load32_u (i32.const 564)) (i32.const 1104))
          (call $set (i32.const 0) (i32.const 1) (i32.const 1024) (i32.const 96))
          (i32.const 256)))"#;

/// A component by hand that asks WASI for the time and for randomness, writes what it got into its
/// state, and looks for files and the environment.
fn wasi_guest() -> Vec<u8> {
    let (mut resolve, _) = contract();
    for (number, package) in WASI.iter().enumerate() {
        resolve.push_str(format!("wasi-{number}.wit"), package).unwrap();
    }
    let package = resolve.push_str("guest.wit", WORLD).unwrap();
    let world = resolve.select_world(&[package], Some("guest")).unwrap();
    let mut module = wat::parse_str(CODE).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().validate(true);
    let manifest = format!("{MANIFEST}\n[[schedules]]\nname = \"tick\"\nevery = \"1h\"\n");
    packed(encoder.encode().unwrap(), &manifest)
}

/// What [`wasi_guest`] wrote, number by number.
fn numbers(ran: &Ran) -> Vec<u64> {
    assert_eq!(ran.result, RunOutcome::Done);
    let text = ran.writes["k"].as_ref().unwrap();
    let number = |letters: &[u8]| {
        letters.iter().rev().fold(0, |number, letter| number << 4 | u64::from(letter - b'a'))
    };
    text.as_bytes().chunks(16).map(number).collect()
}

#[tokio::test]
async fn behind_wasi_are_the_runs_clock_and_randomness_and_nothing_else() {
    let module = sandbox(small()).load(&wasi_guest(), &Grants::default()).unwrap();
    let tick = |event: u64| {
        let due_at = fondaco_model::Timestamp(1);
        let input = Input::Tick { schedule: "tick".to_owned(), due_at };
        Call { event, ..call(input, "{}") }
    };
    let first = numbers(&run(&module, tick(1)).await);
    let again = numbers(&run(&module, tick(1)).await);
    let other = numbers(&run(&module, tick(2)).await);
    assert_eq!(first, again);
    let [wall, monotonic, random, insecure, environment, directories] = first[..] else {
        panic!("{first:?}");
    };
    assert_eq!((wall, monotonic), (1_700_000_000, 0));
    assert_ne!(random, other[2]);
    assert_ne!(insecure, other[3]);
    assert_eq!((environment, directories), (0, 0));
}
