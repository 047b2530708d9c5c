//! The project's figures: each row is taken in one run, nearly all as a ratio of two sides, so that
//! it holds on noisy machines.
//!
//! `cargo xtask bench [--only ID]` builds this in release, prints a table and writes
//! `target/bench.json`: an array of `{id, value, unit, bound, holds}`.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has nothing to tell")]

mod fixture;
mod floor;
mod install_memory;
mod intake;
mod interruption;
mod neighbour;
mod state_reads;
mod warm_start;

use std::{path::PathBuf, process::ExitCode};

use serde::Serialize;

/// A row's identifier with what measures it.
type Row = (&'static str, fn() -> Figure);

const ROWS: [Row; 8] = [
    ("sandbox.floor-ratio", floor::ratio),
    ("sandbox.ten-state-reads-ratio", state_reads::ratio),
    ("sandbox.fuel-ratio", interruption::fuel_ratio),
    ("sandbox.epoch-ratio", interruption::epoch_ratio),
    ("sandbox.neighbour-p99-ratio", neighbour::ratio),
    ("start.warm-ratio", warm_start::ratio),
    ("install.memory-bytes", install_memory::bytes),
    ("intake.durable-ratio", intake::ratio),
];

/// What was measured.
struct Figure {
    value: f64,
    unit: &'static str,
    bound: Bound,
    /// The numbers behind it, for a person.
    detail: String,
}

/// What the value has to keep to.
#[derive(Clone, Copy)]
enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

#[derive(Serialize)]
struct Measured {
    id: &'static str,
    value: f64,
    unit: &'static str,
    bound: f64,
    holds: bool,
}

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
    println!("{:<30} {:>10} {:<8} {:>10}  HOLDS", "ROW", "VALUE", "UNIT", "BOUND");
    let mut rows = Vec::new();
    for (id, measure) in ROWS.iter().filter(|(id, _)| only.is_none_or(|only| only == id)) {
        let figure = measure();
        let (sign, bound, holds) = match figure.bound {
            Bound::AtMost(bound) => ("≤", bound, figure.value <= bound),
            Bound::AtLeast(bound) => ("≥", bound, figure.value >= bound),
        };
        println!(
            "{id:<30} {:>10.3} {:<8} {:>10}  {}\n    {}",
            figure.value,
            figure.unit,
            format!("{sign} {bound}"),
            if holds { "yes" } else { "NO" },
            figure.detail
        );
        rows.push(Measured { id, value: figure.value, unit: figure.unit, bound, holds });
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/bench.json");
    std::fs::write(&path, serde_json::to_string_pretty(&rows).unwrap()).unwrap();
    println!("written to target/bench.json");
    ExitCode::SUCCESS
}

/// The middle one of some numbers.
fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}
