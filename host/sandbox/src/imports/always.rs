//! What every module has: log, clock, settings, state.

use crate::{
    LogLevel, LogLine,
    contract::interfaces::{clock, commerce, log, settings, state, types},
    run::Run,
};

impl types::Host for Run {}

impl commerce::Host for Run {}

impl log::Host for Run {
    fn write(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
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
        self.count_host_call()?;
        Ok(self.now.0)
    }
}

impl settings::Host for Run {
    fn get(&mut self) -> wasmtime::Result<String> {
        self.count_host_call()?;
        Ok(self.settings.as_ref().to_owned())
    }
}

impl state::Host for Run {
    async fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        self.count_host_call()?;
        Ok(self.state.get(&*self.host, key).await?)
    }

    fn set(&mut self, key: String, value: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        Ok(self.state.set(key, value)?)
    }

    fn delete(&mut self, key: String) -> wasmtime::Result<()> {
        self.count_host_call()?;
        Ok(self.state.delete(key)?)
    }

    async fn list(
        &mut self,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> wasmtime::Result<Vec<state::Entry>> {
        self.count_host_call()?;
        let entries = self.state.list(&*self.host, prefix, after, limit).await?;
        Ok(entries.into_iter().map(|(key, value)| state::Entry { key, value }).collect())
    }
}
