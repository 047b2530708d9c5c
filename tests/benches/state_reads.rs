//! `sandbox.ten-state-reads-ratio`: a call that reads ten values of its state, against the same call
//! that does not. Both go through the sandbox and hear of an order of twenty lines; the host has each
//! value at hand, so what is measured is the way from the guest to the host and back.

use std::{sync::Arc, time::Instant};

use fondaco_model::ClientId;
use fondaco_sandbox::{Grants, Sandbox, SandboxConfig};

use crate::{
    Bound, Figure,
    fixture::{component, host, order_call},
    median,
};

/// Values read.
const READS: usize = 10;
/// Calls that are not counted: caches are filled.
const WARM_UP: usize = 500;
/// Calls of each side that are.
const CALLS: usize = 8_000;
/// The ratio that must not be passed.
const BOUND: f64 = 1.25;

pub fn ratio() -> Figure {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let module = sandbox.load(&component("probe"), &Grants::all()).unwrap();
    let client = ClientId::new("rossi").unwrap();
    let host = host();
    let settings = [steps(r#""get-silently""#), steps(r#""compute", 0"#)];
    let mut times = [Vec::with_capacity(CALLS), Vec::with_capacity(CALLS)];
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for number in 0..WARM_UP + CALLS {
            for (settings, times) in settings.iter().zip(&mut times) {
                let call = order_call(&client, settings);
                let began = Instant::now();
                let ran = module.call(call, Arc::clone(&host)).await.unwrap();
                if number >= WARM_UP {
                    times.push(began.elapsed().as_secs_f64() * 1e6);
                }
                assert!([0, READS].contains(&ran.reads.keys.len()));
            }
        }
    });
    let [reading, not] = times.map(median);
    Figure {
        value: reading / not,
        unit: "ratio",
        bound: Bound::AtMost(BOUND),
        detail: format!(
            "{reading:.1} µs with {READS} reads, {not:.1} µs without: {:.2} µs a read",
            (reading - not) / READS as f64
        ),
    }
}

/// Settings that make the probe do the same thing to ten keys.
fn steps(step: &str) -> Arc<str> {
    let steps: Vec<_> =
        (0..READS).map(|number| format!(r#"[{step}, "stock/SKU-{number:04}"]"#)).collect();
    format!(r#"{{"steps": [{}]}}"#, steps.join(",")).into()
}
