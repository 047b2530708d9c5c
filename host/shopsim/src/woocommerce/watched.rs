//! Something of which can be told whether it was touched since.

use std::ops::{Deref, DerefMut};

/// A value, and how often it was taken to be changed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Watched<T> {
    value: T,
    revision: u64,
}

impl<T> Watched<T> {
    /// Another number after every change.
    pub(crate) fn revision(&self) -> u64 {
        self.revision
    }
}

impl<T> Deref for Watched<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Watched<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.revision += 1;
        &mut self.value
    }
}
