//! What an install may be granted to propose. Nothing happens here: a proposal is checked against
//! the contract and kept until the run is committed.

use fondaco_model::{
    ActionId, ActionKind, Decimal, EntityKey, Order, Proposal, ShopId, Terms, Timestamp,
    action::{Localised, ProposalOrigin, Severity},
    commerce::Money,
    run::Resource,
};

use crate::{
    CallError,
    contract::interfaces::{
        alert,
        types::{self, Refusal},
    },
    limits,
    run::Run,
};

mod catalogue;
mod discounts;
mod orders;
mod prices;
mod returns;
mod stock;

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
    /// Keeps a proposal if what it says and its terms are right; says why not otherwise.
    fn propose(
        &mut self,
        kind: Result<ActionKind, String>,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        Ok(match kind {
            Ok(kind) => self.keep(kind, checked_terms(terms))?.map_err(Refusal::Invalid),
            Err(reason) => Err(Refusal::Invalid(reason)),
        })
    }

    /// The shop that a proposal is for; says why not, if the install may not see it.
    async fn shop_of_proposal(&mut self, shop: &str) -> Result<Result<ShopId, String>, CallError> {
        let known = self.known_shop(shop).await?;
        Ok(known.ok_or_else(|| format!("there is no shop `{}`", shown(shop))))
    }

    /// The order that a proposal is about, as the run sees it.
    async fn order_of_proposal(
        &mut self,
        shop: &str,
        order: &str,
    ) -> Result<Result<(EntityKey, Order), String>, CallError> {
        let shop = match self.shop_of_proposal(shop).await? {
            Ok(shop) => shop,
            Err(reason) => return Ok(Err(reason)),
        };
        let found = self.host.order(&shop, order).await.map_err(CallError::Host)?;
        Ok(found.ok_or_else(|| format!("shop `{shop}` has no order `{}`", shown(order))))
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

/// What a proposal keeps in memory and on disk.
fn output_bytes(kind: &ActionKind, terms: &Terms) -> u64 {
    // As it is stored; what it is made of can always be written.
    let own = serde_json::to_vec(kind).map_or(0, |stored| stored.len());
    let sentence = terms.explanation.en.len() + terms.explanation.it.len();
    let after = terms.after.iter().map(|action| action.as_str().len());
    let key = terms.key.as_ref().map_or(0, String::len);
    (own + sentence + key + after.sum::<usize>()) as u64
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

/// An amount of money that is not below zero.
fn checked_money(field: &str, money: types::MoneyResult) -> Result<Money, String> {
    let code = money.currency.as_bytes();
    if code.len() != 3 || !code.iter().all(u8::is_ascii_uppercase) {
        let currency = shown(&money.currency);
        return Err(format!("{field}.currency is `{currency}`, and no ISO 4217 code such as EUR"));
    }
    let amount = positive(&format!("{field}.amount"), &money.amount)?;
    Ok(Money { amount, currency: money.currency })
}

/// A number that is not below zero.
fn positive(field: &str, text: &str) -> Result<Decimal, String> {
    let number = decimal(field, text)?;
    if number < Decimal::ZERO {
        return Err(format!("{field} is {number}, and cannot be below zero"));
    }
    Ok(number)
}

/// A text that says something and is not too long.
fn checked_text(field: &str, text: String, most: usize) -> Result<String, String> {
    if text.trim().is_empty() {
        return Err(format!("{field} is empty"));
    }
    no_longer(field, text, most)
}

fn no_longer(field: &str, text: String, most: usize) -> Result<String, String> {
    if text.len() > most {
        return Err(format!("{field} is {} bytes long; {most} is the most", text.len()));
    }
    Ok(text)
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
