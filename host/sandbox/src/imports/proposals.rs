//! What an install may be granted to propose. Nothing happens here: a proposal is checked against
//! the contract and kept until the run is committed.

use fondaco_model::{
    ActionId, ActionKind, Decimal, Location, Proposal, Terms, Timestamp,
    action::{Localised, ProposalOrigin, Severity},
    commerce::StockPolicy,
    run::Resource,
};

use crate::{
    CallError,
    contract::interfaces::{
        alert, change_stock,
        types::{self, Refusal},
    },
    limits,
    run::Run,
};

impl change_stock::Host for Run {
    async fn propose(
        &mut self,
        change: change_stock::StockChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let bytes = change.shop.len() + change.variant.len() + terms_bytes(&terms);
        self.count_host_call(bytes)?;
        let kind = match self.stock_change(change).await? {
            Ok(kind) => kind,
            Err(reason) => return Ok(Err(Refusal::Invalid(reason))),
        };
        Ok(self.keep(kind, checked_terms(terms))?.map_err(Refusal::Invalid))
    }
}

impl alert::Host for Run {
    async fn raise(
        &mut self,
        notice: alert::Notice,
        key: Option<String>,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let texts = [&notice.title, &notice.text].map(sentence_bytes);
        self.count_host_call(texts.iter().sum())?;
        let severity = match notice.severity {
            alert::Severity::Info => Severity::Info,
            alert::Severity::Warning => Severity::Warning,
            alert::Severity::Critical => Severity::Critical,
        };
        let checked = checked_sentence("title", notice.title)
            .and_then(|title| Ok((title, checked_sentence("text", notice.text)?)));
        let (title, text) = match checked {
            Ok(checked) => checked,
            Err(reason) => return Ok(Err(Refusal::Invalid(reason))),
        };
        // An alert says itself why it is raised.
        let terms = Terms { key, explanation: text.clone(), ..Terms::default() };
        let kind = ActionKind::Alert { severity, title, text };
        Ok(self.keep(kind, Ok(terms))?.map_err(Refusal::Invalid))
    }
}

impl Run {
    async fn stock_change(
        &mut self,
        change: change_stock::StockChange,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let decimals = decimal("available", &change.available)
            .and_then(|available| Ok((available, decimal("decided-on", &change.decided_on)?)));
        let (available, decided_on) = match decimals {
            Ok(decimals) => decimals,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(shop) = self.known_shop(&change.shop).await? else {
            return Ok(Err(format!("there is no shop `{}`", shown(&change.shop))));
        };
        let found = self.host.variant(&shop, &change.variant).await.map_err(CallError::Host)?;
        let Some((_, found)) = found else {
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` has no variant `{variant}`")));
        };
        let location = change.location.map_or(Location::WHOLE_SHOP, Location::new);
        let Some(level) = found.stock.get(&location).and_then(|level| level.value()) else {
            let place = location.id().map_or("the shop as a whole".to_owned(), shown);
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` keeps no stock of `{variant}` at {place}")));
        };
        if level.policy == StockPolicy::Untracked {
            let variant = shown(&change.variant);
            return Ok(Err(format!("shop `{shop}` does not count the stock of `{variant}`")));
        }
        let variant = change.variant;
        Ok(Ok(ActionKind::ChangeStock { shop, variant, location, available, decided_on }))
    }

    /// Whether what the run hears allows it to have an effect beyond its state; says why not.
    pub(super) fn may_propose(&self) -> Result<(), String> {
        if self.synchronous {
            return Err("a hook that somebody waits for cannot propose anything".to_owned());
        }
        if self.backfill {
            let message = "history can only be learnt from: during `backfill` only state and \
                           metrics can be written";
            return Err(message.to_owned());
        }
        Ok(())
    }

    /// Gives a proposal its id and keeps it; says why not, if its terms are wrong.
    fn keep(
        &mut self,
        kind: ActionKind,
        terms: Result<Terms, String>,
    ) -> Result<Result<String, String>, CallError> {
        if let Err(reason) = self.may_propose() {
            return Ok(Err(reason));
        }
        let terms = match terms.and_then(|terms| self.checked_key(terms)) {
            Ok(terms) => terms,
            Err(reason) => return Ok(Err(reason)),
        };
        // A key has no control character, so no key can look like a number.
        let number = format!("\u{0}{}", self.proposals.len());
        let id = ActionId::of(ProposalOrigin {
            client: &self.client,
            install: &self.install,
            event: self.event,
            cursor: self.cursor.as_deref(),
            name: terms.key.as_deref().unwrap_or(&number),
        });
        let text = id.as_str().to_owned();
        self.charge(Resource::Proposals, 1)?;
        self.charge(Resource::OutputBytes, output_bytes(&kind, &terms))?;
        self.proposals.push(Proposal { id, kind, terms });
        Ok(Ok(text))
    }

    fn checked_key(&mut self, terms: Terms) -> Result<Terms, String> {
        let Some(key) = &terms.key else {
            return Ok(terms);
        };
        let most = limits::PROPOSAL_KEY_BYTES_MAX;
        if !(1..=most).contains(&key.len()) || key.chars().any(char::is_control) {
            let key = shown(key);
            return Err(format!(
                "`{key}` is no key: a key has 1 to {most} bytes and no control characters"
            ));
        }
        if !self.proposal_keys.insert(key.clone()) {
            return Err(format!("this run has a proposal with the key `{}` already", shown(key)));
        }
        Ok(terms)
    }
}

/// What a proposal keeps in memory and on disk: its texts.
fn output_bytes(kind: &ActionKind, terms: &Terms) -> u64 {
    let sentence = |sentence: &Localised| sentence.en.len() + sentence.it.len();
    let own = match kind {
        ActionKind::ChangeStock { shop, variant, .. } => shop.as_str().len() + variant.len(),
        ActionKind::Alert { title, text, .. } => sentence(title) + sentence(text),
    };
    let after = terms.after.iter().map(|action| action.as_str().len());
    let key = terms.key.as_ref().map_or(0, String::len);
    (own + sentence(&terms.explanation) + key + after.sum::<usize>()) as u64
}

fn sentence_bytes(sentence: &types::Localised) -> usize {
    sentence.en.len() + sentence.it.len()
}

fn terms_bytes(terms: &types::Terms) -> usize {
    let after = terms.after.iter().map(String::len);
    let key = terms.key.as_ref().map_or(0, String::len);
    sentence_bytes(&terms.explanation) + key + after.sum::<usize>()
}

fn decimal(field: &str, text: &str) -> Result<Decimal, String> {
    text.parse().map_err(|error| format!("{field}: {error}"))
}

fn checked_terms(terms: types::Terms) -> Result<Terms, String> {
    let most = limits::PROPOSAL_AFTER_MAX;
    if terms.after.len() > most {
        let given = terms.after.len();
        return Err(format!("`after` names {given} actions; {most} is the most"));
    }
    if let Some(id) = terms.after.iter().find(|id| id.len() > limits::PROPOSAL_KEY_BYTES_MAX) {
        return Err(format!("`after` names `{}`, which is no action", shown(id)));
    }
    Ok(Terms {
        key: terms.key,
        explanation: checked_sentence("explanation", terms.explanation)?,
        after: terms.after.into_iter().map(ActionId::from_stored).collect(),
        expires_at: terms.expires_at.map(Timestamp),
    })
}

fn checked_sentence(field: &str, sentence: types::Localised) -> Result<Localised, String> {
    let most = limits::PROPOSAL_TEXT_BYTES_MAX;
    for (language, text) in [("en", &sentence.en), ("it", &sentence.it)] {
        if text.trim().is_empty() {
            return Err(format!("{field}.{language} is empty; a merchant reads it"));
        }
        if text.len() > most {
            let bytes = text.len();
            return Err(format!("{field}.{language} is {bytes} bytes long; {most} is the most"));
        }
    }
    Ok(Localised { en: sentence.en, it: sentence.it })
}

/// A piece of what a guest passed, short enough for a message.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 64;
    text.chars().take(SHOWN_CHARACTERS_MAX).collect()
}
