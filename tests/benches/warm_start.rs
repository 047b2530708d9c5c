//! `start.warm-ratio`: how many times faster a sandbox starts with four modules when their code is in
//! its cache than when they are compiled, both in this process. What is in the cache is verified
//! each time, as it always is.

use std::{path::Path, time::Instant};

use fondaco_sandbox::{Sandbox, SandboxConfig};

use crate::{Bound, Figure, fixture::component, median};

/// The modules.
const MODULES: [&str; 4] = ["stock-sync", "probe", "whole", "hostile"];
/// Starts of each side.
const STARTS: usize = 7;
/// How many times faster it must be.
const BOUND: f64 = 20.0;

pub fn ratio() -> Figure {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let cache = tempfile::tempdir_in(&target).unwrap();
    let components = MODULES.map(component);
    let kept = SandboxConfig { code_folder: Some(cache.path().into()), ..SandboxConfig::default() };
    start(&kept, &components);
    let (mut warm, mut cold) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        warm.push(start(&kept, &components));
        cold.push(start(&SandboxConfig::default(), &components));
    }
    let (warm, cold) = (median(warm), median(cold));
    Figure {
        value: cold / warm,
        unit: "ratio",
        bound: Bound::AtLeast(BOUND),
        detail: format!(
            "{warm:.1} ms from the cache, {cold:.0} ms compiling; {} modules",
            MODULES.len()
        ),
    }
}

/// Milliseconds until all modules are ready.
fn start(config: &SandboxConfig, components: &[Vec<u8>]) -> f64 {
    let began = Instant::now();
    let sandbox = Sandbox::new(config.clone()).unwrap();
    let prepared: Vec<_> =
        components.iter().map(|component| sandbox.prepare(component, &|_| {}).unwrap()).collect();
    let took = began.elapsed().as_secs_f64() * 1e3;
    drop(prepared);
    took
}
