//! Guests that go too far end within their limits, and their neighbours do not notice.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fondaco_model::run::Resource;
use fondaco_sandbox::{CallError, Grants, RunOutcome, SandboxConfig, limits};

use crate::fixture::{
    Host, call, does, does_with, guest, limited, order_input, probe, probe_with, sandbox, small,
    told,
};

#[tokio::test]
async fn a_loop_runs_out_of_fuel() {
    let module = probe_with(limited(&[(Resource::Fuel, 5_000_000)]));
    let error = does(&module, Host::new(), r#"[["loop"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfFuel { limit: 5_000_000 });
}

#[tokio::test]
async fn a_loop_with_much_fuel_runs_out_of_time() {
    let module =
        probe_with(limited(&[(Resource::Fuel, u64::MAX / 2), (Resource::WallTime, 50_000)]));
    let error = does(&module, Host::new(), r#"[["loop"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfTime { limit_ms: 50 });
}

#[tokio::test]
async fn a_host_that_does_not_answer_runs_out_of_time_too() {
    let module = probe_with(limited(&[(Resource::WallTime, 50_000)]));
    let host = Host { hangs: true, ..Host::new() };
    let error = does(&module, host, r#"[["get", "k"]]"#).await.unwrap_err();
    assert_eq!(error, CallError::OutOfTime { limit_ms: 50 });
}

#[tokio::test]
async fn a_neighbour_goes_on_beside_a_loop_on_the_same_thread() {
    let module =
        probe_with(limited(&[(Resource::Fuel, u64::MAX / 2), (Resource::WallTime, 60_000_000)]));
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
    check(r#"["set-bytes", "k", 65537]"#, "one value of state", limits::STATE_VALUE_BYTES_MAX)
        .await;
    check(r#"["again-bytes", 4097]"#, "cursor", limits::CURSOR_BYTES_MAX).await;
    check(r#"["set-bytes", "k", 5000000]"#, "one transfer to the host", limits::TRANSFER_BYTES_MAX)
        .await;
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
async fn every_resource_that_is_counted_in_calls_ends_at_its_limit() {
    let module = probe();
    let check = async |steps: &str, ended: Resource| {
        let settings = format!("{{\"steps\": [{steps}]}}");
        let call = call(order_input(2), &settings);
        let failed = module.call(call, Arc::new(Host::new())).await.unwrap_err();
        let CallError::TooMuchOf { resource, limit, used } = failed.error else {
            panic!("{steps}: {failed}")
        };
        assert_eq!((resource, limit), (ended, limits::run_limits()[ended]), "{steps}");
        assert!(used > limit, "{steps}");
        // What it used until then is told, and so is what it logged.
        assert_eq!(failed.used.used[ended], used, "{steps}");
        assert!(failed.used.used[Resource::Fuel] > 0, "{steps}");
    };
    check(r#"["log-bytes", 65536]"#, Resource::LogBytes).await;
    check(r#"["repeat", 1000000, ["log-bytes", 0]]"#, Resource::LogBytes).await;
    check(r#"["repeat", 1000000, ["set-bytes", "k", 60000]]"#, Resource::StateBytes).await;
    check(r#"["repeat", 1000000, ["set", "k", ""]]"#, Resource::HostCalls).await;
    check(r#"["repeat", 1000000, ["read-long", 4000000]]"#, Resource::HostCallBytes).await;
    check(r#"["repeat", 1001, ["alert-silently", {}]]"#, Resource::Proposals).await;
    let long = r#"["repeat", 1000, ["alert-silently", {"long": true}]]"#;
    check(long, Resource::OutputBytes).await;
    check(r#"["repeat", 17, ["http", "https://api.example.com/"]]"#, Resource::HttpRequests).await;
}

#[tokio::test]
async fn limits_are_lowered_per_install_and_recorded_with_each_run() {
    let prepared = sandbox(small()).prepare(&guest("probe"), &|_| {}).unwrap();
    let lower = BTreeMap::from([(Resource::LogBytes, 100), (Resource::Fuel, u64::MAX)]);
    let module = prepared.install(&Grants::all(), &lower).unwrap();
    assert_eq!(module.limits()[Resource::Fuel], limits::RUN_FUEL, "never raised");
    let ran = does(&module, Host::new(), r#"[["log-bytes", 10], ["set", "k", "v"]]"#).await;
    let used = ran.unwrap().used;
    assert_eq!(used.limit[Resource::LogBytes], 100);
    assert_eq!(used.used[Resource::LogBytes], 10 + limits::LOG_LINE_BYTES as u64);
    assert_eq!(used.used[Resource::StateBytes], 2);
    assert_eq!(used.used[Resource::HostCalls], 3, "settings, log, state");
    assert!(used.used[Resource::Memory] > 0 && used.used[Resource::Instances] > 0);
    let error = does(&module, Host::new(), r#"[["log-bytes", 100]]"#).await.unwrap_err();
    assert!(
        matches!(error, CallError::TooMuchOf { resource: Resource::LogBytes, limit: 100, .. }),
        "{error}"
    );
    // Another install of the same component keeps its own limits.
    let other = prepared.install(&Grants::all(), &BTreeMap::new()).unwrap();
    assert!(does(&other, Host::new(), r#"[["log-bytes", 100]]"#).await.is_ok());
    let parts = BTreeMap::from([(Resource::Instances, 0)]);
    let error = prepared.install(&Grants::all(), &parts).unwrap_err().to_string();
    assert!(error.contains("may be made of 0"), "{error}");
}

#[tokio::test]
async fn a_run_that_is_slow_is_moved_and_ends_as_it_would_have() {
    // Some hundred million instructions take many ticks.
    let module = probe();
    let steps = r#"[["set", "a", "1"], ["compute", 100000000], ["get", "a"], ["now"]]"#;
    let ran = does(&module, Host::new(), steps).await.unwrap();
    assert_eq!(told(&ran), ["Some(\"1\")", "1700000000000"]);
    assert!(ran.used.used[Resource::Fuel] > 100_000_000);
}

#[tokio::test]
async fn a_run_that_is_slow_reaches_the_network_from_where_it_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connects_to = Some(listener.local_addr().unwrap());
    let host = Arc::new(Host { connects_to, ..Host::new() });
    let steps = r#"[["compute", 100000000], ["http", "https://api.example.com/"]]"#;
    let ran = does_with(&probe(), Arc::clone(&host), steps).await.unwrap();
    assert!(told(&ran)[0].starts_with("Ok("), "{:?}", told(&ran));
    assert_eq!(*host.threads.lock().unwrap(), ["slow-runs"]);
}

#[tokio::test]
async fn a_module_that_broke_begins_its_next_run_where_slow_ones_are() {
    // However busy the machine is, none of these is slow.
    let config = SandboxConfig { slow_after: Duration::from_secs(3_600), ..small() };
    let module = sandbox(config).load(&guest("probe"), &Grants::all()).unwrap();
    let threads = async |steps: &str| {
        let host = Arc::new(Host::new());
        let _ = does_with(&module, Arc::clone(&host), steps).await;
        let threads = host.threads.lock().unwrap().clone();
        threads.iter().any(|thread| thread == "slow-runs")
    };
    let well = r#"[["get", "k"]]"#;
    assert!(!threads(well).await);
    assert!(!threads(r#"[["get", "k"], ["trap"]]"#).await);
    assert!(threads(well).await, "the one before broke");
    assert!(!threads(well).await, "the one before ended well");
}

#[tokio::test]
async fn no_more_runs_than_the_pool_holds() {
    let module = probe_with(SandboxConfig { concurrent_runs: 2, ..small() });
    let runs: Vec<_> = (0..16)
        .map(|_| {
            let module = module.clone();
            tokio::spawn(async move {
                does(&module, Host::new(), r#"[["get", "k"], ["repeat", 20000, ["nothing"]]]"#)
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
    let failed = noop.call(call(order_input(20), "{}"), Arc::new(Host::new())).await.unwrap_err();
    assert_eq!(failed.error, CallError::OutOfFuel { limit: 1_000 });
}
