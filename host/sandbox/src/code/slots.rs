//! How many compilations there are at a time.
//!
//! Each may use gigabytes, and it is the machine's memory that they share, so the bound is one for
//! the process and not one for each sandbox.

use std::sync::{Condvar, Mutex, PoisonError};

use crate::limits::COMPILATIONS_AT_ONCE;

static TAKEN: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

/// The right to compile, until it is dropped.
pub(super) struct Slot(());

/// Waits for a slot. Every compilation has an end, so every wait has one.
pub(super) fn take() -> Slot {
    let taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let all_taken = |taken: &mut usize| *taken >= COMPILATIONS_AT_ONCE;
    let waited = GIVEN_BACK.wait_while(taken, all_taken);
    *waited.unwrap_or_else(PoisonError::into_inner) += 1;
    Slot(())
}

impl Drop for Slot {
    fn drop(&mut self) {
        *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        GIVEN_BACK.notify_one();
    }
}
