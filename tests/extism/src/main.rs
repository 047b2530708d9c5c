//! `sandbox.extism-ratio`: how many times faster one call of a module is, through the whole
//! sandbox, than one call of an Extism plug-in that does the same work with JSON: an order of twenty
//! lines in, one value of the state read and written, one line logged. Each call has an instance of
//! its own; they alternate in one run; medians of the calls' times.
//!
//! Extism is measured with its engine's usual allocation of instances and with a pool as large as
//! the sandbox's; the faster of the two counts. It runs as it comes, without a bound to what a
//! plug-in computes, which the sandbox never does. What both have to hand over is at hand: the order
//! here as the host has it, there as values that only need to be written as JSON.
//!
//! `sandbox.extism-keeping-ratio` is the same against a pool that keeps the pages of instances, a
//! setting that the sandbox makes and Extism does not: what is left of the ratio when both make it.
//!
//! `cargo xtask bench --only sandbox.extism-ratio` builds this in release, prints the rows and
//! writes `target/bench-extism.json`, in the form of `target/bench.json`. Start reading at
//! [`measure`].

#[expect(dead_code, reason = "a single row has one kind of bound")]
#[path = "../../benches/figure.rs"]
mod figure;
mod module;
mod plugin;
mod wire;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use figure::{Bound, Figure, median};
use module::Worker;
use plugin::{Allocation, Plugin};

/// Calls that are not counted: caches are filled.
const WARM_UP: usize = 200;
/// Calls that are.
const CALLS: usize = 3_000;
/// Lines of the order.
const LINES: usize = 20;
/// How many times faster it has to be.
const BOUND: f64 = 3.0;
/// How many times faster it has to be than with the sandbox's own setting.
const KEEPING_BOUND: f64 = 2.0;

/// Where the modules are.
const MODULES_VARIABLE: &str = "FONDACO_PLUGINS";
/// Where the Extism plug-in is.
const PLUGIN_VARIABLE: &str = "FONDACO_EXTISM_PLUGIN";

fn main() -> ExitCode {
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sandbox.extism-ratio: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> Result<()> {
    let module = read(MODULES_VARIABLE, "order-worker.wasm")?;
    let plugin = read(PLUGIN_VARIABLE, "")?;
    let worker = Worker::new(&module)?;
    let plain = Plugin::new(&plugin, Allocation::OnDemand)?;
    let pooled = Plugin::new(&plugin, Allocation::Pool)?;
    let keeping = Plugin::new(&plugin, Allocation::KeepingPool)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut times = [(); 4].map(|()| Vec::with_capacity(CALLS));
    for number in 0..WARM_UP + CALLS {
        let call = worker.call();
        let took = [
            timed(|| runtime.block_on(worker.once(call)))?,
            timed(|| plain.once())?,
            timed(|| pooled.once())?,
            timed(|| keeping.once())?,
        ];
        if number >= WARM_UP {
            for (times, took) in times.iter_mut().zip(took) {
                times.push(took.as_secs_f64() * 1e6);
            }
        }
    }
    let tally = worker.tally();
    let same = [&plain, &pooled, &keeping].into_iter().all(|plugin| plugin.tally() == tally);
    ensure!(same && tally.is_some(), "they did not come to the same: {tally:?}");
    let [ours, plain, pooled, keeping] = times.map(median);
    let as_it_comes = Figure {
        value: plain.min(pooled) / ours,
        unit: "ratio",
        bound: Bound::AtLeast(BOUND),
        detail: format!(
            "{ours:.1} µs through the sandbox; Extism {plain:.1} µs, with a pool {pooled:.1} µs"
        ),
    };
    let with_kept_pages = Figure {
        value: keeping / ours,
        unit: "ratio",
        bound: Bound::AtLeast(KEEPING_BOUND),
        detail: format!("{keeping:.1} µs with a pool that keeps pages"),
    };
    report(as_it_comes, with_kept_pages)
}

/// A file whose folder, or which itself, a variable names.
fn read(variable: &str, name: &str) -> Result<Vec<u8>> {
    let path = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set; start it with `cargo xtask bench`"))?;
    let mut path = PathBuf::from(path);
    if !name.is_empty() {
        path.push(name);
    }
    std::fs::read(&path).with_context(|| format!("{} cannot be read", path.display()))
}

fn timed(work: impl FnOnce() -> Result<()>) -> Result<Duration> {
    let began = Instant::now();
    work()?;
    Ok(began.elapsed())
}

fn report(as_it_comes: Figure, with_kept_pages: Figure) -> Result<()> {
    figure::head();
    let rows = [
        as_it_comes.tell("sandbox.extism-ratio"),
        with_kept_pages.tell("sandbox.extism-keeping-ratio"),
    ];
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/bench-extism.json");
    std::fs::write(path, serde_json::to_string_pretty(&rows)?)?;
    println!("written to target/bench-extism.json");
    Ok(())
}
