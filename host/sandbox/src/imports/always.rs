//! What every module has: log, clock, settings, state.

use fondaco_model::{PersonKey, run::Resource};
use rand_chacha::rand_core::Rng as _;

use crate::{
    CallError, LogLevel, LogLine,
    contract::interfaces::{clock, commerce, log, random, settings, state, types},
    run::Run,
};

impl types::Host for Run {}

impl commerce::Host for Run {}

impl log::Host for Run {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.count_host_call(message.len())?;
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        Ok(self.write_log(LogLine { level, message })?)
    }
}

impl clock::Host for Run {
    fn now(&mut self) -> wasmtime::Result<u64> {
        self.count_host_call(0)?;
        Ok(self.now.0)
    }
}

impl random::Host for Run {
    fn next(&mut self) -> wasmtime::Result<u64> {
        self.count_host_call(0)?;
        Ok(self.random().next_u64())
    }
}

impl settings::Host for Run {
    fn get(&mut self) -> wasmtime::Result<String> {
        self.count_host_call(0)?;
        Ok(self.settings.as_ref().to_owned())
    }
}

impl state::Host for Run {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.count_host_call(key.len())?;
        Ok(self.state.get(&*self.host, key).await?)
    }

    fn set(&mut self, key: String, value: String) -> wasmtime::Result<()> {
        self.count_host_call(key.len() + value.len())?;
        let written = self.state.set(key, value)?;
        Ok(self.charge(Resource::StateBytes, written)?)
    }

    async fn set_about(
        &mut self,
        key: String,
        value: String,
        shop: String,
        customer: String,
    ) -> wasmtime::Result<Result<(), types::Refusal>> {
        self.count_host_call(key.len() + value.len() + shop.len() + customer.len())?;
        let known = match self.known_shop(&shop).await? {
            None => None,
            Some(shop) => {
                let person = PersonKey::new(shop, customer);
                let found = self.host.person(&person, None).await.map_err(CallError::Host)?;
                found.map(|_| person)
            }
        };
        let Some(person) = known else {
            let words = format!("shop `{shop}` has no such customer");
            return Ok(Err(types::Refusal::Invalid(words)));
        };
        let written = self.state.set_about(key, value, person)?;
        self.charge(Resource::StateBytes, written)?;
        Ok(Ok(()))
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.count_host_call(key.len())?;
        let written = self.state.delete(key)?;
        Ok(self.charge(Resource::StateBytes, written)?)
    }

    async fn list(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Vec<state::Entry>> {
        self.count_host_call(prefix.len())?;
        let entries = self.state.list(&*self.host, prefix, after, limit).await?;
        Ok(entries.into_iter().map(|(key, value)| state::Entry { key, value }).collect())
    }
}
