//! The sandbox with real guests: `tests/guests/noop` and `tests/guests/probe`, as
//! `cargo xtask test` builds them.

#![cfg(test)]

mod bounds;
mod fixture;
mod hooks;
mod load;
mod proposals;
mod reads;
mod state;
