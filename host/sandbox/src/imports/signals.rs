//! What an install may be granted to tell other modules. Nothing happens here: a signal is held
//! against the manifest and kept until the run is committed.

use fondaco_model::{
    ActionId,
    action::ProposalOrigin,
    hear::{SIGNAL_HOPS_MAX, Signal},
    run::Resource,
};
use serde_json::Value;

use super::proposals::shown;
use crate::{
    contract::interfaces::{signal, types::Refusal},
    limits,
    manifest::Direction,
    run::Run,
};

impl signal::Host for Run {
    async fn send(
        &mut self,
        name: String,
        shop: Option<String>,
        payload: String,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let shop_bytes = shop.as_ref().map_or(0, String::len);
        self.count_host_call(name.len() + shop_bytes + payload.len())?;
        if let Err(refusal) = self.checked_signal(&name, &payload) {
            return Ok(Err(refusal));
        }
        let shop = match shop {
            None => None,
            Some(shop) => match self.known_shop(&shop).await? {
                Some(shop) => Some(shop),
                None => {
                    let reason = format!("there is no shop `{}`", shown(&shop));
                    return Ok(Err(Refusal::Invalid(reason)));
                }
            },
        };
        // No proposal's name begins like this, so no two of a run have the same id.
        let number = format!("\u{0}signal {}", self.signals.len());
        let id = ActionId::of(ProposalOrigin {
            client: &self.client,
            install: &self.install,
            event: self.event,
            cursor: self.cursor.as_deref(),
            name: &number,
        });
        let id = id.as_str().to_owned();
        self.charge(Resource::Proposals, 1)?;
        self.charge(Resource::OutputBytes, (name.len() + payload.len()) as u64)?;
        self.signals.push(Signal { id: id.clone(), name, shop, payload, hops: self.hops + 1 });
        Ok(Ok(id))
    }
}

impl Run {
    /// Says why a signal cannot be sent, if it cannot.
    fn checked_signal(&self, name: &str, payload: &str) -> Result<(), Refusal> {
        self.may_propose().map_err(Refusal::Invalid)?;
        let signals = &self.manifest().signals;
        let sends = |signal: &&crate::manifest::Signal| {
            signal.direction == Direction::Sends && signal.name == name
        };
        let Some(signal) = signals.iter().find(sends) else {
            let name = shown(name);
            let reason = format!("plugin.toml lists no signal `{name}` that the module sends");
            return Err(Refusal::Invalid(reason));
        };
        // What is not granted does not start. It is asked again here all the same, since here is
        // where it would be told to others.
        if !self.grants.signals().contains(name) {
            return Err(Refusal::NotGranted(format!("the client does not grant `{name}`")));
        }
        if self.hops >= SIGNAL_HOPS_MAX {
            return Err(Refusal::Invalid(format!(
                "this signal answers one that is the last of {SIGNAL_HOPS_MAX} in a row; the chain \
                 ends here, so that modules do not answer each other for ever"
            )));
        }
        let most = limits::SIGNAL_PAYLOAD_BYTES_MAX;
        if payload.len() > most {
            let bytes = payload.len();
            let reason = format!("a payload of {bytes} bytes; {most} is the most");
            return Err(Refusal::Invalid(reason));
        }
        let json: Value = serde_json::from_str(payload)
            .map_err(|error| Refusal::Invalid(format!("the payload is no JSON: {error}")))?;
        signal.check(&json).map_err(|mistakes| {
            // What is wrong is told with the payload's own words, which may be many.
            let mut mistakes = mistakes.join("; ");
            mistakes.truncate(mistakes.floor_char_boundary(limits::FAILURE_BYTES_MAX));
            Refusal::Invalid(format!("the payload is no `{}`: {mistakes}", shown(name)))
        })
    }
}
