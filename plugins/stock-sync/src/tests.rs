//! The module as a whole, driven without Wasm: [`cases`] says what it proposes, [`simulation`]
//! that shops end in step whatever happens on the way, [`walk`] that it gets round to everything.

mod cases;
mod memory;
mod simulation;
mod walk;
