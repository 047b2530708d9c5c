//! The module as a whole, driven without Wasm: [`cases`] says what it proposes, [`simulation`]
//! that shops end in step whatever happens on the way.

mod cases;
mod memory;
mod simulation;
