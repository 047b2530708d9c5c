//! The imported functions: a file for what is always there, one for reads, one for proposals.
//!
//! A function with a `result` in the contract refuses what is wrong with its arguments and the run
//! goes on. One without ends the run: it could only answer something that is not true.

use wasmtime::component::{HasSelf, Linker};

use crate::{
    contract::interfaces::{
        alert, catalogue, change_stock, clock, commerce, log, orders, settings, state, stock, types,
    },
    grants::Grants,
    run::Run,
};

mod always;
mod proposals;
mod reads;

/// Puts into a linker what is always there, and what is granted.
pub fn link(linker: &mut Linker<Run>, grants: &Grants) -> wasmtime::Result<()> {
    fn own(run: &mut Run) -> &mut Run {
        run
    }
    types::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    commerce::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    log::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    clock::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    settings::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    state::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    if grants.contains("catalogue") {
        catalogue::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    }
    if grants.contains("stock") {
        stock::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    }
    if grants.contains("orders") {
        orders::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    }
    if grants.contains("change-stock") {
        change_stock::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    }
    if grants.contains("alert") {
        alert::add_to_linker::<_, HasSelf<Run>>(linker, own)?;
    }
    Ok(())
}
