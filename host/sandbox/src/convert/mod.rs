//! From the commerce model to the records of the contract.
//!
//! What goes to a hook is borrowed from the model, and what goes back from a read is moved. What
//! is not known of an entity is nothing the contract has a word for, so such an entity is not
//! handed out.

pub mod decimal;
pub mod order;
pub mod variant;
