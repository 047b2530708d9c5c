//! The project's figures: each row is taken in one run, nearly all as a ratio of two sides, so that
//! it holds on noisy machines.
//!
//! `cargo xtask bench [--only ID]` builds this in release, prints a table and writes
//! `target/bench.json`: an array of `{id, value, unit, bound, holds}`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

mod engine;
mod figure;
mod fixture;
mod floor;
mod growth;
mod install_memory;
mod intake;
mod intake_latency;
mod interruption;
mod neighbour;
mod reading;
mod recovery;
mod stage;
mod state_reads;
mod warm_start;

use std::{path::PathBuf, process::ExitCode};

use figure::{Bound, Figure, median};

/// A row's identifier with what measures it.
type Row = (&'static str, fn() -> Figure);

const ROWS: [Row; 21] = [
    ("sandbox.floor-ratio", floor::ratio),
    ("sandbox.ten-state-reads-ratio", state_reads::ratio),
    ("sandbox.fuel-ratio", interruption::fuel_ratio),
    ("sandbox.epoch-ratio", interruption::epoch_ratio),
    ("sandbox.neighbour-p99-ratio", neighbour::ratio),
    ("start.warm-ratio", warm_start::ratio),
    ("install.memory-bytes", install_memory::bytes),
    ("intake.durable-ratio", intake::ratio),
    ("engine.events-per-second", engine::rate),
    ("engine.events-ratio", engine::ratio),
    ("engine.contention-ratio", engine::contention),
    ("engine.recording-ratio", engine::recording),
    ("intake.p99-ms", intake_latency::p99),
    ("store.growth-bytes-per-1000-orders", growth::bytes_per_1000_orders),
    ("host.idle-resident-bytes", growth::idle_bytes),
    ("recovery.ready-seconds", recovery::ready),
    ("recovery.caught-up-seconds", recovery::caught_up),
    ("import.entries-per-second", reading::import_rate),
    ("import.resident-bytes", reading::import_memory),
    ("gap.closed-seconds", reading::gap_closed),
    ("gap.resident-bytes", reading::gap_memory),
];

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|word| word != "--bench").collect();
    if arguments == [install_memory::CHILD] {
        install_memory::measure();
        return ExitCode::SUCCESS;
    }
    let only = match arguments.as_slice() {
        [] => None,
        [flag, id] if flag == "--only" && ROWS.iter().any(|(row, _)| row == id) => Some(id),
        _ => {
            let ids: Vec<_> = ROWS.iter().map(|(id, _)| *id).collect();
            eprintln!("usage: cargo xtask bench [--only ID]; the rows are {}", ids.join(", "));
            return ExitCode::FAILURE;
        }
    };
    figure::head();
    let mut rows = Vec::new();
    for (id, measure) in ROWS.iter().filter(|(id, _)| only.is_none_or(|only| only == id)) {
        rows.push(measure().tell(id));
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench.json");
    std::fs::write(&path, serde_json::to_string_pretty(&rows).unwrap()).unwrap();
    println!("written to target/bench.json");
    ExitCode::SUCCESS
}
