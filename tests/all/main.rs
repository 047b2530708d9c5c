//! What crosses rooms: a host as its users start it, shops that speak their own API.
//!
//! One binary, a module for each topic. The modules' components come from the folder that
//! `FONDACO_PLUGINS` names, the command from `FONDACO_BIN`; `cargo xtask test` builds and sets both.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod acting;
mod admin;
mod ambiguity;
mod chaos;
mod command;
mod crashes;
mod dispatch;
mod doors;
mod fetching;
mod hearing;
mod keeping;
mod looking;
mod modes;
mod modules;
mod one_order;
mod platforms;
mod privacy;
mod reading;
mod restoring;
mod scene;
mod settling;
mod shops;
mod staging;
mod stopping;
mod workshop;
