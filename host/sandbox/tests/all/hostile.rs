//! A module that does everything a module must not: each thing ends with its own error and within
//! its limit, and the sandbox goes on as if nothing had happened.

use std::sync::Arc;

use fondaco_model::run::Resource;
use fondaco_sandbox::{
    CallError, FailedRun, Grants, Input, LoadError, Module, Ran, RunOutcome, Sandbox, limits,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};

use crate::{
    fixture::{Host, call, contract, guest, limited, order_input, patient, sandbox, small, told},
    load::{MANIFEST, packed, with_manifest},
};

fn hostile() -> (Sandbox, Module) {
    let sandbox = sandbox(patient());
    let module = sandbox.load(&guest("hostile"), &Grants::all()).unwrap();
    (sandbox, module)
}

async fn attack(module: &Module, what: &str, size: usize) -> Result<Ran, Box<FailedRun>> {
    let settings = format!(r#"{{"attack": "{what}", "size": {size}}}"#);
    module.call(call(order_input(1), &settings), Arc::new(Host::new())).await
}

/// The module behaves, and nothing of what it did before is left.
async fn goes_on(module: &Module) {
    let ran = attack(module, "nothing", 0).await.unwrap();
    assert_eq!(ran.result, RunOutcome::Done);
    assert!(ran.proposals.is_empty());
    assert_eq!(ran.writes.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_never_ends_is_ended() {
    let (_, module) = hostile();
    for (what, resource) in [
        ("loop-in-host-calls", Resource::HostCalls),
        ("loop-in-random", Resource::HostCalls),
        ("log-flood", Resource::LogBytes),
        ("state-flood", Resource::StateBytes),
        ("proposal-flood", Resource::Proposals),
        ("http-flood", Resource::HttpRequests),
    ] {
        let failed = attack(&module, what, 0).await.unwrap_err();
        let CallError::TooMuchOf { resource: ended, .. } = failed.error else {
            panic!("{what}: {failed}");
        };
        assert_eq!(ended, resource, "{what}");
        for (resource, used) in failed.used.used.iter().filter(|(other, _)| *other != resource) {
            assert!(used <= failed.used.limit[resource], "{what}: {resource:?} {used}");
        }
        goes_on(&module).await;
    }
    let failed = attack(&module, "loop-in-state", 0).await.unwrap_err();
    let ended = &failed.error;
    assert!(matches!(ended, CallError::TooMuch { what: "state read", .. }), "{failed}");
    let failed = attack(&module, "loop", 0).await.unwrap_err();
    assert_eq!(failed.error, CallError::OutOfFuel { limit: limits::RUN_FUEL });
    assert_eq!(failed.used.used[Resource::Fuel], limits::RUN_FUEL);
    goes_on(&module).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_large_is_refused() {
    let (_, module) = hostile();
    let failed = attack(&module, "memory", 0).await.unwrap_err();
    assert!(matches!(failed.error, CallError::OutOfMemory { .. }), "{failed}");
    assert!(failed.used.used[Resource::Memory] <= failed.used.limit[Resource::Memory]);
    goes_on(&module).await;

    for (what, size, named) in [
        ("huge-string", 5_000_000, "one transfer to the host"),
        ("huge-list", 500_000, "one transfer to the host"),
        ("state-value", 65_537, "one value of state"),
        ("cursor", 4_097, "cursor"),
    ] {
        let failed = attack(&module, what, size).await.unwrap_err();
        let CallError::TooMuch { what: named_so, used, limit, .. } = failed.error else {
            panic!("{what}: {failed}");
        };
        assert_eq!(named_so, named, "{what}");
        assert!(used > limit);
        goes_on(&module).await;
    }
    let failed = attack(&module, "proposal-flood", 4_000).await.unwrap_err();
    assert!(
        matches!(failed.error, CallError::TooMuchOf { resource: Resource::OutputBytes, .. }),
        "{failed}"
    );
    let failed = attack(&module, "state-key", 257).await.unwrap_err();
    assert!(failed.to_string().contains("a key of 257 bytes"), "{failed}");
    // What a hook says of its failure is cut, not refused: a person wants to read it.
    let ran = attack(&module, "failure", 100_000).await.unwrap();
    let RunOutcome::Permanent(reason) = ran.result else { panic!("{:?}", ran.result) };
    assert_eq!(reason.len(), limits::FAILURE_BYTES_MAX);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_argument_that_does_not_fit_ends_the_run() {
    let sandbox = sandbox(limited(&[(Resource::Memory, 8 << 20)]));
    let module = sandbox.load(&guest("hostile"), &Grants::all()).unwrap();
    let large = call(order_input(100_000), r#"{"attack": "nothing"}"#);
    let failed = module.call(large, Arc::new(Host::new())).await.unwrap_err();
    assert!(matches!(failed.error, CallError::OutOfMemory { .. }), "{failed}");
    goes_on(&module).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_breaks_breaks_alone() {
    let (_, module) = hostile();
    for (what, named) in [
        // The stack within the guest's memory ends before the one its calls are on.
        ("recursion", "out of bounds"),
        ("trap", "unreachable"),
        ("panic", "unreachable"),
        ("invalid-text", "utf-8"),
    ] {
        let failed = attack(&module, what, 0).await.unwrap_err();
        let CallError::Trap { message } = &failed.error else { panic!("{what}: {failed}") };
        assert!(message.to_lowercase().contains(named), "{what}: {message}");
        goes_on(&module).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_is_none_is_no_proposal() {
    let (_, module) = hostile();
    let first = attack(&module, "numbers", 0).await.unwrap();
    assert!(first.proposals.is_empty(), "{:?}", first.proposals);
    assert_eq!(told(&first)[1], "accepted: []");
    // A NaN that a calculation makes has the same bits every time.
    assert_eq!(told(&first)[2], "nan: 7ff8000000000000");
    let second = attack(&module, "numbers", 0).await.unwrap();
    assert_eq!(told(&first), told(&second));
}

#[tokio::test]
async fn components_that_are_damaged_are_refused() {
    let sandbox = sandbox(small());
    let whole = guest("hostile");
    for length in [0, 1, 4, 8, whole.len() / 2, whole.len() - 1] {
        let error = sandbox.load(&whole[..length], &Grants::all()).unwrap_err();
        // A cut may fall between two sections, so that what is left is sound, and lacks its end.
        let expected = matches!(error, LoadError::Malformed { .. } | LoadError::NoSection { .. });
        assert!(expected, "{length}: {error}");
    }
    // One byte in many places. What still loads must be a component: the byte was in a name or in
    // data.
    let mut refused = 0;
    for place in (8..whole.len()).step_by(whole.len() / 24) {
        let mut damaged = whole.clone();
        damaged[place] ^= 0x55;
        match sandbox.load(&damaged, &Grants::all()) {
            Err(_) => refused += 1,
            Ok(module) => assert!(!module.hears().is_empty()),
        }
    }
    assert!(refused > 4, "{refused}");
    assert!(sandbox.load(&whole, &Grants::all()).is_ok());
}

#[tokio::test]
async fn a_component_that_is_too_large_is_refused_before_it_is_read() {
    let sandbox = sandbox(small());
    let mut large = guest("hostile");
    large.resize(limits::COMPONENT_BYTES_MAX + 1, 0);
    let error = sandbox.load(&large, &Grants::all()).unwrap_err();
    assert!(matches!(error, LoadError::TooLarge { .. }), "{error}");
    // One of 50 MB that is sound is taken: it has much data and little code.
    let padded = with_custom_section(guest("hostile"), 50_000_000);
    let module = sandbox.load(&padded, &Grants::all()).unwrap();
    goes_on(&module).await;
}

fn with_custom_section(mut component: Vec<u8>, bytes: usize) -> Vec<u8> {
    let data = vec![7; bytes];
    let section = wasm_encoder::CustomSection { name: "padding".into(), data: data.into() };
    wasm_encoder::ComponentSection::append_to_component(&section, &mut component);
    component
}

/// A component of a core module written by hand that hears ticks.
fn by_hand(core: &str) -> Vec<u8> {
    let (resolve, package) = contract();
    let world = resolve.select_world(&[package], Some("schedule-hook")).unwrap();
    let handle = r#"
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
        (func (export "fondaco:plugin/on-schedule@0.1.0#handle")
          (param i32 i32 i32 i32 i32 i64 i32 i32 i32 i32 i32 i32 i32 i32 i64) (result i32)
          (call $attack)
          (i32.const 256))"#;
    let mut module = wat::parse_str(format!("(module {core} {handle})")).unwrap();
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false).unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().validate(true);
    let manifest = format!("{MANIFEST}\n[[schedules]]\nname = \"tick\"\nevery = \"1h\"\n");
    packed(encoder.encode().unwrap(), &manifest)
}

async fn tick(module: &Module) -> Result<Ran, Box<FailedRun>> {
    let due_at = fondaco_model::Timestamp(1);
    let input = Input::Tick { schedule: "tick".to_owned(), due_at };
    module.call(call(input, "{}"), Arc::new(Host::new())).await
}

#[tokio::test]
async fn many_memories_are_refused_and_a_table_that_grows_ends() {
    let sandbox = sandbox(small());
    let load = |core: &str| sandbox.load(&by_hand(core), &Grants::all());
    let one = r#"(memory (export "memory") 1)"#;
    let sound = load(&format!("{one} (func $attack)")).unwrap();
    assert_eq!(tick(&sound).await.unwrap().result, RunOutcome::Done);

    let memories = "(memory 1)".repeat(limits::MEMORIES_MAX as usize);
    let error = load(&format!("{one} {memories} (func $attack)")).unwrap_err();
    assert!(error.to_string().contains("memor"), "{error}");

    let large = r#"(memory (export "memory") 2000)"#;
    match load(&format!("{large} (func $attack)")) {
        Err(error) => assert!(error.to_string().contains("memory"), "{error}"),
        Ok(module) => {
            let failed = tick(&module).await.unwrap_err();
            assert!(matches!(failed.error, CallError::OutOfMemory { .. }), "{failed}");
        }
    }

    let table = r#"(table $t 1 funcref)
        (func $attack
          (loop $again
            (br_if $again (i32.ge_s (table.grow $t (ref.null func) (i32.const 1000)) (i32.const 0))))
          unreachable)"#;
    let module = load(&format!("{one} {table}")).unwrap();
    let failed = tick(&module).await.unwrap_err();
    assert!(
        matches!(failed.error, CallError::TooMuchOf { resource: Resource::TableElements, .. }),
        "{failed}"
    );
    assert_eq!(tick(&sound).await.unwrap().result, RunOutcome::Done);
}

#[test]
fn a_manifest_cannot_raise_a_limit() {
    let component =
        with_manifest(&guest("hostile"), |text| format!("{text}\n[limits]\nfuel = 2000000000\n"));
    let error = sandbox(small()).load(&component, &Grants::all()).unwrap_err().to_string();
    assert!(error.contains("`fuel` is 2000000000"), "{error}");
}
