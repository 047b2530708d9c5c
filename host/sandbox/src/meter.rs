//! Counts what a guest's store holds: memory over all of its memories, elements over all tables.

use fondaco_model::run::{Amounts, Resource};
use wasmtime::ResourceLimiter;

use crate::limits;

/// What a guest has, and what it was refused.
#[derive(Debug)]
pub struct StoreMeter {
    memory: Counter,
    table_elements: Counter,
    instances: usize,
}

#[derive(Debug)]
struct Counter {
    limit: usize,
    used: usize,
    refused: Option<usize>,
}

impl Counter {
    fn new(limit: u64) -> Self {
        Self { limit: usize::try_from(limit).unwrap_or(usize::MAX), used: 0, refused: None }
    }

    fn grow(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> bool {
        let asked = self.used.saturating_add(desired.saturating_sub(current));
        // A guest that is refused may give up something and go on, so refusing does not end it.
        if asked > self.limit || maximum.is_some_and(|maximum| desired > maximum) {
            self.refused = Some(asked);
            return false;
        }
        self.used = asked;
        true
    }
}

impl StoreMeter {
    pub fn new(limit: &Amounts) -> Self {
        Self {
            memory: Counter::new(limit[Resource::Memory]),
            table_elements: Counter::new(limit[Resource::TableElements]),
            instances: usize::try_from(limit[Resource::Instances]).unwrap_or(usize::MAX),
        }
    }

    /// Bytes of memory it has now.
    pub const fn memory_used(&self) -> usize {
        self.memory.used
    }

    /// Bytes of memory it would have had, if it was ever refused some.
    pub const fn memory_refused(&self) -> Option<usize> {
        self.memory.refused
    }

    /// Elements of tables it has now.
    pub const fn table_elements_used(&self) -> usize {
        self.table_elements.used
    }

    /// Elements of tables it would have had, if it was ever refused some.
    pub const fn table_elements_refused(&self) -> Option<usize> {
        self.table_elements.refused
    }
}

impl ResourceLimiter for StoreMeter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.memory.grow(current, desired, maximum))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let most = Some(limits::TABLE_ELEMENTS_MAX);
        Ok(self.table_elements.grow(current, desired, most))
    }

    fn instances(&self) -> usize {
        self.instances
    }

    fn tables(&self) -> usize {
        limits::TABLES_MAX as usize
    }

    fn memories(&self) -> usize {
        limits::MEMORIES_MAX as usize
    }
}
