//! What somebody waits for: prices, and whether goods may be given back.

use fondaco_model::ask::{QuoteRequest, ReturnRequest};
use wasmtime::component::InstancePre;

use super::{Answer, Door, Returned, check::check_type, there};
use crate::{
    Hook,
    contract::{
        hooks::{pricing, returns},
        interfaces::types::{Envelope, Failure},
    },
    convert::{
        ask::{QuoteParts, assessment, quoted},
        care::ReturnLineParts,
        order::OrderParts,
    },
    run::Run,
};

#[derive(Clone, Default)]
pub struct Hooks {
    pricing: Option<pricing::GuestIndices>,
    returns: Option<returns::GuestIndices>,
}

impl Hooks {
    pub fn find(&mut self, hook: Hook, component: &InstancePre<Run>) -> wasmtime::Result<()> {
        match hook {
            Hook::Pricing => {
                type Parameters<'a> = (Envelope<'a>, pricing::QuoteRequest<'a>);
                type Prices = Result<Vec<pricing::Quoted>, Failure>;
                check_type::<Parameters<'_>, Prices>(hook, component)?;
                self.pricing = Some(pricing::GuestIndices::new(component)?);
            }
            Hook::Returns => {
                type Parameters<'a> = (Envelope<'a>, returns::ReturnRequest<'a>);
                type Assessed = Result<returns::Assessment, Failure>;
                check_type::<Parameters<'_>, Assessed>(hook, component)?;
                self.returns = Some(returns::GuestIndices::new(component)?);
            }
            _ => {}
        }
        Ok(())
    }

    pub async fn quote(
        &self,
        door: Door<'_>,
        request: &QuoteRequest,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.pricing.as_ref(), Hook::Pricing)?;
        let parts = QuoteParts::of(request);
        let lines = parts.lines();
        let hook = hook.load(&mut *door.store, door.instance)?;
        let answer = hook.call_quote(door.store, door.about, parts.record(&lines)).await?;
        Ok(match answer {
            Ok(answer) => Ok(Answer::Quoted(quoted(request, answer)?)),
            Err(failure) => Err(failure.into()),
        })
    }

    pub async fn assess(
        &self,
        door: Door<'_>,
        request: &ReturnRequest,
    ) -> wasmtime::Result<Returned> {
        let hook = there(self.returns.as_ref(), Hook::Returns)?;
        let parts = OrderParts::of(&request.key, &request.order)?;
        let inner = parts.inner();
        let lists = parts.lists(&inner);
        let line_parts = ReturnLineParts::of(&request.lines);
        let lines = line_parts.records();
        let asked = returns::ReturnRequest {
            order: parts.record(&lists),
            lines: &lines,
            withdrawal: request.withdrawal,
            delivered_at: request.delivered_at.map(|moment| moment.0),
        };
        let hook = hook.load(&mut *door.store, door.instance)?;
        let answer = hook.call_assess(door.store, door.about, asked).await?;
        Ok(match answer {
            Ok(answer) => Ok(Answer::Assessed(assessment(request, answer)?)),
            Err(failure) => Err(failure.into()),
        })
    }
}
