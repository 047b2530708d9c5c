//! Guests that go too far end within their limits, and their neighbours do not notice.

use std::{sync::Arc, time::Duration};

use fondaco_sandbox::{CallError, Grants, RunOutcome, SandboxConfig, limits};

use crate::fixture::{Host, call, does, guest, order_input, probe, probe_with, sandbox, small};

#[tokio::test]
async fn a_loop_runs_out_of_fuel() {
    let module = probe_with(SandboxConfig { fuel: 5_000_000, ..small() });
    let error = does(&module, Host::new(), r#"[["loop"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfFuel { limit: 5_000_000 });
}

#[tokio::test]
async fn a_loop_with_much_fuel_runs_out_of_time() {
    let module = probe_with(SandboxConfig { fuel: u64::MAX / 2, wall_ms: 50, ..small() });
    let error = does(&module, Host::new(), r#"[["loop"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfTime { limit_ms: 50 });
}

#[tokio::test]
async fn a_host_that_does_not_answer_runs_out_of_time_too() {
    let module = probe_with(SandboxConfig { wall_ms: 50, ..small() });
    let host = Host { hangs: true, ..Host::new() };
    let error = does(&module, host, r#"[["get", "k"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfTime { limit_ms: 50 });
}

#[tokio::test]
async fn a_neighbour_goes_on_beside_a_loop_on_the_same_thread() {
    let module = probe_with(SandboxConfig { fuel: u64::MAX / 2, wall_ms: 60_000, ..small() });
    let looping = {
        let module = module.clone();
        tokio::spawn(async move { does(&module, Host::new(), r#"[["loop"]]"#).await })
    };
    // The runtime of this test has one thread: were the loop not interrupted, nothing would run.
    let neighbour = tokio::spawn(async move {
        for _ in 0..20 {
            let ran = does(&module, Host::new(), r#"[["set", "k", "v"]]"#).await.unwrap();
            assert_eq!(ran.result, RunOutcome::Done);
        }
    });
    neighbour.await.unwrap();
    assert!(!looping.is_finished());
    looping.abort();
}

#[tokio::test]
async fn a_memory_bomb_ends() {
    let module = probe();
    let error = does(&module, Host::new(), r#"[["grow"]]"#).await.unwrap_err();
    let CallError::OutOfMemory { limit, asked } = error else { panic!("{error}") };
    assert_eq!(limit, 64 << 20);
    assert!(asked > limit);
    let small = probe_with(SandboxConfig { memory_bytes: 4 << 20, ..small() });
    let error = does(&small, Host::new(), r#"[["grow"]]"#).await.unwrap_err();
    assert!(matches!(error, CallError::OutOfMemory { limit, .. } if limit == 4 << 20), "{error}");
}

#[tokio::test]
async fn a_trap_and_a_full_stack_end_only_their_run() {
    let module = probe();
    let trap = does(&module, Host::new(), r#"[["trap"]]"#).await.unwrap_err();
    assert!(trap.to_string().contains("unreachable"), "{trap}");
    let stack = does(&module, Host::new(), r#"[["recurse", 100000000]]"#).await.unwrap_err();
    assert!(matches!(&stack, CallError::Trap { .. }), "{stack}");
    // A trap takes what was done before with it.
    let next = does(&module, Host::new(), r#"[["get", "k"]]"#).await.unwrap();
    assert_eq!(next.result, RunOutcome::Done);
}

#[tokio::test]
async fn floods_end_at_their_limits() {
    let module = probe();
    let check = async |step: &str, what: &str, limit: usize| {
        let error = does(&module, Host::new(), &format!("[{step}]")).await.unwrap_err();
        let CallError::TooMuch { what: ended, limit: most, used, .. } = error else {
            panic!("{step}: {error}")
        };
        assert_eq!((ended, most), (what, limit as u64), "{step}");
        assert!(used > most, "{step}");
    };
    check(r#"["log-bytes", 65536]"#, "log", limits::LOG_BYTES_MAX).await;
    check(r#"["repeat", 1000000, ["log-bytes", 0]]"#, "log", limits::LOG_BYTES_MAX).await;
    check(r#"["set-bytes", "k", 65537]"#, "one value of state", limits::STATE_VALUE_BYTES_MAX)
        .await;
    check(
        r#"["repeat", 1000000, ["set-bytes", "k", 60000]]"#,
        "state written",
        limits::STATE_BYTES_MAX,
    )
    .await;
    check(
        r#"["repeat", 1000000, ["set", "k", ""]]"#,
        "imported functions",
        limits::HOST_CALLS_MAX as usize,
    )
    .await;
    check(r#"["again-bytes", 4097]"#, "cursor", limits::CURSOR_BYTES_MAX).await;
    check(r#"["set-bytes", "k", 5000000]"#, "one transfer to the host", limits::TRANSFER_BYTES_MAX)
        .await;
}

#[tokio::test]
async fn proposals_and_reads_end_at_their_limits() {
    let module = probe();
    // The probe tells what each proposal came to, some 50 bytes of log each; 1,001 would not fit.
    let error = does(&module, Host::new(), r#"[["repeat", 1001, ["alert-silently", {}]]]"#)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        CallError::TooMuch { what: "proposals", limit: 1_000, used: 1_001, unit: "pieces" }
    );
    let host = Host::new();
    let entry = |number: u32| (format!("k/{number:04}"), ("v".to_owned(), 1));
    host.state.lock().unwrap().extend((0..1_000).map(entry));
    let error =
        does(&module, host, r#"[["repeat", 60, ["list-silently", "k/"]]]"#).await.unwrap_err();
    assert!(
        matches!(error, CallError::TooMuch { what: "state read", limit: 50_000, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn no_more_runs_than_the_pool_holds() {
    let module = probe_with(SandboxConfig { concurrent_runs: 2, ..small() });
    let runs: Vec<_> = (0..16)
        .map(|_| {
            let module = module.clone();
            tokio::spawn(async move {
                does(&module, Host::new(), r#"[["get", "k"], ["repeat", 200000, ["nothing"]]]"#)
                    .await
            })
        })
        .collect();
    for run in runs {
        assert_eq!(run.await.unwrap().unwrap().result, RunOutcome::Done);
    }
}

#[tokio::test]
async fn a_run_that_is_dropped_gives_its_place_back() {
    let module = probe_with(SandboxConfig { concurrent_runs: 1, ..small() });
    let host = Host { hangs: true, ..Host::new() };
    let hanging = does(&module, host, r#"[["get", "k"]]"#);
    assert!(tokio::time::timeout(Duration::from_millis(20), hanging).await.is_err());
    let ran = does(&module, Host::new(), r#"[["get", "k"]]"#).await.unwrap();
    assert_eq!(ran.result, RunOutcome::Done);
}

#[tokio::test]
async fn a_module_can_lower_its_own_limits() {
    let manifest = "fuel = 1000";
    let component = crate::load::with_manifest(&guest("noop"), |text| {
        format!("{text}\n[limits]\n{manifest}\n")
    });
    let noop = sandbox(small()).load(&component, &Grants::default()).unwrap();
    let error = noop.call(call(order_input(20), "{}"), Arc::new(Host::new())).await.unwrap_err();
    assert_eq!(error, CallError::OutOfFuel { limit: 1_000 });
}
