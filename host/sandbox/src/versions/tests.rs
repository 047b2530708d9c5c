//! Two versions of the contract in one host: the real one, and a made-up next one.

use std::{collections::BTreeSet, future::Future, path::PathBuf, pin::Pin, sync::Arc};

use fondaco_model::{ActionKind, ClientId, InstallId, Timestamp};
use wasmtime::{
    Store,
    component::{HasSelf, Instance, Linker},
};
use wit_component::{ComponentEncoder, StringEncoding};
use wit_parser::Resolve;

use super::ContractVersion;
use crate::{
    Call, CallError, EmptyHost, Grants, Input, LogLevel, LogLine, Module, Ran, RunOutcome, Sandbox,
    SandboxConfig,
    contract::interfaces as current,
    deliver::{Answer, Deliver, Failure, Returned},
    manifest::{MANIFEST_SECTION, SETTINGS_SCHEMA_SECTION},
    run::Run,
};
use bindings::{
    exports::fondaco::plugin::on_schedule,
    fondaco::plugin::{alert, log, types},
};

mod bindings {
    wasmtime::component::bindgen!({
        path: "src/versions/next.wit",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { "fondaco:plugin/log": trappable, default: async | trappable },
        exports: { default: async },
    });
}

/// As the next version would be served: its records converted to and from the model, or to those of
/// the version before where what is behind them is the same.
pub const NEXT: ContractVersion = ContractVersion {
    version: "0.2.0",
    link: |linker, wanted| link(linker, wanted),
    hooks: |_, component| Ok(Arc::new(NextHooks(on_schedule::GuestIndices::new(component)?))),
};

fn link(linker: &mut Linker<Run>, wanted: &BTreeSet<String>) -> wasmtime::Result<()> {
    if wanted.contains("types") {
        types::add_to_linker::<_, HasSelf<Run>>(linker, |run| run)?;
    }
    if wanted.contains("log") {
        log::add_to_linker::<_, HasSelf<Run>>(linker, |run| run)?;
    }
    if wanted.contains("alert") {
        alert::add_to_linker::<_, HasSelf<Run>>(linker, |run| run)?;
    }
    Ok(())
}

impl types::Host for Run {}

impl log::Host for Run {
    fn write(&mut self, _level: log::Level, message: String) -> wasmtime::Result<()> {
        Ok(self.write_log(LogLine { level: LogLevel::Info, message })?)
    }
}

impl alert::Host for Run {
    async fn raise(
        &mut self,
        notice: alert::Notice,
        key: Option<String>,
    ) -> wasmtime::Result<Result<String, types::Refusal>> {
        let link = notice.link.unwrap_or_default();
        let text = |sentence: types::Localised| current::types::Localised {
            en: format!("{} {link}", sentence.en),
            it: format!("{} {link}", sentence.it),
        };
        let notice = current::alert::Notice {
            severity: current::alert::Severity::Warning,
            title: text(notice.title),
            text: text(notice.text),
        };
        let raised = current::alert::Host::raise(self, notice, key).await?;
        Ok(raised.map_err(|refusal| types::Refusal::Invalid(format!("{refusal:?}"))))
    }
}

struct NextHooks(on_schedule::GuestIndices);

impl Deliver for NextHooks {
    fn deliver<'a>(
        &'a self,
        store: &'a mut Store<Run>,
        instance: &'a Instance,
        call: &'a Call,
    ) -> Pin<Box<dyn Future<Output = wasmtime::Result<Returned>> + Send + 'a>> {
        Box::pin(async move {
            let Input::Tick { schedule, due_at } = &call.input else {
                return Err(CallError::NoSuchHook { hook: call.input.hook() }.into());
            };
            let event = call.event.to_string();
            let about = types::Envelope {
                event: &event,
                shop: None,
                observed_at: call.observed_at.0,
                caused_by: None,
                cursor: None,
            };
            let late_by_ms = u32::try_from(call.now.0 - due_at.0)?;
            let tick = on_schedule::Tick { schedule, due_at: due_at.0, late_by_ms };
            let guest = self.0.load(&mut *store, instance)?;
            Ok(match guest.call_handle(store, about, tick).await? {
                Ok(None) => Ok(Answer::Done),
                Ok(Some(cursor)) => Ok(Answer::Again(cursor)),
                Err(types::Failure::Temporary(why)) => Err(Failure::Temporary(why)),
                Err(types::Failure::Permanent(why)) => Err(Failure::Permanent(why)),
            })
        })
    }
}

/// The guest of the made-up version, as `fondaco plugin build` would make it.
fn next_guest() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_str("next.wit", include_str!("next.wit")).unwrap();
    let world = resolve.select_world(&[package], Some("module")).unwrap();
    let mut module = wat::parse_str(include_str!("next-guest.wat")).unwrap();
    wit_component::embed_component_metadata(
        &mut module,
        &resolve,
        world,
        StringEncoding::UTF8,
        false,
    )
    .unwrap();
    let mut encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().validate(true);
    let mut component = encoder.encode().unwrap();
    let manifest = r#"
id = "next"
version = "1.0.0"
state-schema = 1
area = "logistics"
title = { en = "Next", it = "Prossimo" }
description = { en = "Is late.", it = "È in ritardo." }
[reasons]
alert = { en = "To tell.", it = "Per dirlo." }
[[schedules]]
name = "daily"
every = "24h"
"#;
    let schema = r#"{"type": "object", "additionalProperties": false}"#;
    for (name, text) in [(MANIFEST_SECTION, manifest), (SETTINGS_SCHEMA_SECTION, schema)] {
        let data = text.as_bytes().into();
        let section = wasm_encoder::CustomSection { name: name.into(), data };
        wasm_encoder::ComponentSection::append_to_component(&section, &mut component);
    }
    component
}

fn probe() -> Vec<u8> {
    let folder = std::env::var_os("FONDACO_PLUGINS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"),
        PathBuf::from,
    );
    std::fs::read(folder.join("probe.wasm")).expect("run `cargo xtask test`")
}

async fn tick(module: &Module, settings: &str) -> Ran {
    let call = Call {
        client: ClientId::new("rossi").unwrap(),
        install: InstallId::new("late").unwrap(),
        event: 7,
        shop: None,
        observed_at: Timestamp(11_500),
        caused_by: None,
        cursor: None,
        now: Timestamp(11_500),
        settings: settings.into(),
        answers: Vec::new(),
        input: Input::Tick { schedule: "daily".to_owned(), due_at: Timestamp(10_000) },
    };
    module.call(call, Arc::new(EmptyHost::default())).await.unwrap()
}

#[tokio::test]
async fn guests_of_two_versions_run_in_one_host() {
    let config = SandboxConfig { concurrent_runs: 4, ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).unwrap();
    let next = sandbox.load(&next_guest(), &Grants::all()).unwrap();
    let current = sandbox.load(&probe(), &Grants::all()).unwrap();

    // The new field reached the guest, and the new field of what it passed reached the model.
    let ran = tick(&next, "{}").await;
    assert_eq!(ran.result, RunOutcome::Done);
    assert_eq!(ran.log, [LogLine { level: LogLevel::Info, message: "daily".to_owned() }]);
    let [proposal] = ran.proposals.as_slice() else {
        panic!("one alert: {:?}", ran.proposals);
    };
    let ActionKind::Alert { text, .. } = &proposal.kind else {
        panic!("an alert: {proposal:?}");
    };
    assert_eq!(text.it, "In ritardo https://example.com");

    let ran = tick(&current, r#"{"steps": [["event"]]}"#).await;
    assert_eq!(ran.result, RunOutcome::Done);
    assert!(ran.log[0].message.contains("daily"), "{:?}", ran.log);
}

#[test]
fn what_the_client_did_not_grant_is_refused_in_every_version() {
    let config = SandboxConfig { concurrent_runs: 1, ..SandboxConfig::default() };
    let sandbox = Sandbox::new(config).unwrap();
    let error = sandbox.load(&next_guest(), &Grants::default()).unwrap_err().to_string();
    assert!(error.contains("alert") && error.contains("grants = [\"alert\"]"), "{error}");
}
