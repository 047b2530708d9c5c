//! The sandbox with real guests, those of `tests/guests` as `cargo xtask test` builds them.

#![cfg(test)]

mod acting;
mod bounds;
mod code;
mod fixture;
mod hooks;
mod hostile;
mod load;
mod people;
mod proposals;
mod reads;
mod same;
mod signals;
mod state;
mod whole;
