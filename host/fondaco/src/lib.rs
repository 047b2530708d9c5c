//! What the `fondaco` command is made of: the configuration, a running host, the demo, and the
//! tools for those who write modules.
//!
//! This room puts the others together and speaks to people. Never here: what happens on an event,
//! how a shop is spoken to, what is kept.
//!
//! Start reading at [`cli`], then [`host`], which puts everything together.

pub mod adapter;
pub mod ask;
pub mod backup;
pub mod cli;
pub mod compile;
pub mod config;
pub mod control;
pub mod demo;
pub mod host;
pub mod limits;
pub mod plugin;
mod privacy;
pub mod redo;
pub mod serve;
pub mod shop;
pub mod signals;
pub mod story;
