//! What a run read and wrote of its state, until it is committed.
//!
//! Writes are kept here and laid over what the host answers, so that a run reads its own writes.
//! Each answer of the host is recorded with the commit it was written by: if another run has
//! changed it by the time this one is committed, this one is done again. What a run reads of its
//! own writes is no such read.

use std::{collections::BTreeMap, ops::Bound};

use fondaco_model::{
    PersonKey,
    run::{StateAbout, StateRange, StateReads, StateValue, StateWrites},
};

use crate::{CallError, RunHost, limits};

/// The state as one run sees it.
#[derive(Debug, Default)]
pub struct RunState {
    reads: StateReads,
    writes: StateWrites,
    about: StateAbout,
    recorded: usize,
}

impl RunState {
    /// What was read and written, and whom that is about.
    pub fn into_parts(self) -> (StateReads, StateWrites, StateAbout) {
        (self.reads, self.writes, self.about)
    }

    pub async fn get(
        &mut self,
        host: &dyn RunHost,
        key: String,
    ) -> Result<Option<String>, CallError> {
        check_key("get", &key)?;
        if let Some(written) = self.writes.get(&key) {
            return Ok(written.clone());
        }
        let StateValue { value, commit } = host.state_get(&key).await.map_err(CallError::Host)?;
        self.count_reads(1)?;
        self.reads.keys.insert(key, commit);
        Ok(value)
    }

    /// Sets a value. Returns the bytes it wrote: counted for each write, not for what is left of them,
    /// since work counts as well.
    pub fn set(&mut self, key: String, value: String) -> Result<u64, CallError> {
        check_key("set", &key)?;
        let most = limits::STATE_VALUE_BYTES_MAX;
        if value.len() > most {
            return Err(too_much("one value of state", most, value.len(), "bytes"));
        }
        Ok(self.write(key, Some(value)))
    }

    /// Sets a value that is about somebody; like [`Self::set`].
    pub fn set_about(
        &mut self,
        key: String,
        value: String,
        person: PersonKey,
    ) -> Result<u64, CallError> {
        let written = self.set(key.clone(), value)?;
        self.about.insert(key, person);
        Ok(written)
    }

    /// Removes a value; like [`Self::set`].
    pub fn delete(&mut self, key: String) -> Result<u64, CallError> {
        check_key("delete", &key)?;
        Ok(self.write(key, None))
    }

    fn write(&mut self, key: String, value: Option<String>) -> u64 {
        let bytes = key.len() + value.as_ref().map_or(0, String::len);
        self.about.remove(&key);
        self.writes.insert(key, value);
        bytes as u64
    }

    pub async fn list(
        &mut self,
        host: &dyn RunHost,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Result<Vec<(String, String)>, CallError> {
        check_limit("state.list", limit)?;
        let wanted = limit as usize;
        let mut listed: Vec<(String, String)> = Vec::new();
        let mut from = after;
        loop {
            let page =
                host.state_list(&prefix, from.as_deref(), limit).await.map_err(CallError::Host)?;
            // The host's page ends at its last entry, if it is full: what comes after is not known.
            let mut until = match page.last() {
                Some((last, _)) if page.len() >= wanted => Some(last.clone()),
                _ => None,
            };
            let seen: Vec<_> =
                page.iter().map(|(key, value)| (key.clone(), value.commit)).collect();
            for (key, value) in self.overlay(&prefix, from.as_deref(), until.as_deref(), page) {
                if listed.len() < wanted {
                    listed.push((key, value));
                }
            }
            let full = listed.len() >= wanted;
            if full {
                // The guest learns nothing of what comes after the last entry it gets.
                until = listed.last().map(|(key, _)| key.clone());
            }
            self.record(&prefix, from.take(), until.clone(), seen)?;
            match until {
                Some(last) if !full => from = Some(last),
                _ => return Ok(listed),
            }
        }
    }

    /// A page of the host with this run's writes laid over it.
    fn overlay(
        &self,
        prefix: &str,
        after: Option<&str>,
        until: Option<&str>,
        page: Vec<(String, StateValue)>,
    ) -> BTreeMap<String, String> {
        let there = page.into_iter().filter_map(|(key, value)| Some((key, value.value?)));
        let mut merged: BTreeMap<String, String> = there.collect();
        let begin = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let written = self
            .writes
            .range::<str, _>((begin, Bound::Unbounded))
            .take_while(|(key, _)| key.starts_with(prefix))
            .take_while(|(key, _)| until.is_none_or(|until| key.as_str() <= until));
        for (key, value) in written {
            match value {
                Some(value) => merged.insert(key.clone(), value.clone()),
                None => merged.remove(key),
            };
        }
        merged
    }

    fn record(
        &mut self,
        prefix: &str,
        after: Option<String>,
        until: Option<String>,
        mut seen: Vec<(String, u64)>,
    ) -> Result<(), CallError> {
        if let Some(until) = &until {
            seen.retain(|(key, _)| key <= until);
        }
        self.count_reads(seen.len() + 1)?;
        self.reads.ranges.push(StateRange { prefix: prefix.to_owned(), after, until, seen });
        Ok(())
    }

    fn count_reads(&mut self, more: usize) -> Result<(), CallError> {
        self.recorded += more;
        let most = limits::STATE_READS_MAX;
        if self.recorded > most {
            return Err(too_much("state read", most, self.recorded, "entries"));
        }
        Ok(())
    }
}

/// Goes over a limit of the run.
pub fn too_much(what: &'static str, limit: usize, used: usize, unit: &'static str) -> CallError {
    CallError::TooMuch { what, limit: limit as u64, used: used as u64, unit }
}

/// These functions have no way to refuse, so a wrong key ends the run.
fn check_key(function: &str, key: &str) -> Result<(), CallError> {
    let most = limits::STATE_KEY_BYTES_MAX;
    if (1..=most).contains(&key.len()) {
        return Ok(());
    }
    let bytes = key.len();
    let message = format!("`state.{function}` got a key of {bytes} bytes; a key has 1 to {most}");
    Err(CallError::Trap { message })
}

/// Like [`check_key`], for a number of entries asked for.
pub fn check_limit(function: &str, limit: u32) -> Result<(), CallError> {
    let most = limits::LIST_ENTRIES_MAX;
    if (1..=most).contains(&limit) {
        return Ok(());
    }
    let message = format!("`{function}` was asked for {limit} entries; it gives 1 to {most}");
    Err(CallError::Trap { message })
}
