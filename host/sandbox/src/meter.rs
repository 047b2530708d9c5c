//! Counts a guest's memory, over all of its memories together.

use wasmtime::ResourceLimiter;

use crate::limits;

/// What memory a guest has, and what it was refused.
#[derive(Debug)]
pub struct MemoryMeter {
    limit: usize,
    used: usize,
    refused: Option<usize>,
}

impl MemoryMeter {
    pub const fn new(limit: usize) -> Self {
        Self { limit, used: 0, refused: None }
    }

    /// Bytes it has now.
    pub const fn used(&self) -> usize {
        self.used
    }

    /// Bytes it would have had, if it was ever refused some.
    pub const fn refused(&self) -> Option<usize> {
        self.refused
    }
}

impl ResourceLimiter for MemoryMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let asked = self.used.saturating_add(desired.saturating_sub(current));
        // A guest that is refused may give up something and go on, so refusing does not end it.
        if asked > self.limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(asked);
            return Ok(false);
        }
        self.used = asked;
        Ok(true)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= limits::TABLE_ELEMENTS_MAX)
    }

    fn instances(&self) -> usize {
        limits::CORE_INSTANCES_MAX as usize
    }

    fn tables(&self) -> usize {
        limits::TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        limits::MEMORIES_MAX as usize
    }
}
