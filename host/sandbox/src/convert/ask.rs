//! What is asked while somebody waits, and what comes back.
//!
//! What comes back is a guest's word: numbers are read by the contract's grammar, and there have to
//! be as many answers as questions. Anything else is the module's mistake and ends the run.

use fondaco_model::{
    Decimal, Timestamp,
    action::Localised,
    ask::{Assessment, LineAssessment, QuoteRequest, Quoted, ReturnRequest},
    commerce::Money,
    decimal::DecimalText,
};

use crate::{
    CallError,
    contract::{
        hooks::{pricing, returns},
        interfaces::types,
    },
};

/// A request for prices with its numbers as text.
pub struct QuoteParts<'a> {
    request: &'a QuoteRequest,
    groups: Vec<&'a str>,
    texts: Vec<[DecimalText; 2]>,
}

impl<'a> QuoteParts<'a> {
    pub fn of(request: &'a QuoteRequest) -> Self {
        let lines = request.lines.iter();
        let texts = lines.map(|line| [line.quantity, line.list_price].map(DecimalText::of));
        Self {
            request,
            groups: request.groups.iter().map(String::as_str).collect(),
            texts: texts.collect(),
        }
    }

    pub fn lines(&self) -> Vec<pricing::QuoteLine<'_>> {
        let lines = self.request.lines.iter().zip(&self.texts);
        let records = lines.map(|(line, [quantity, list_price])| pricing::QuoteLine {
            variant: &line.variant,
            quantity: quantity.as_str(),
            list_price: list_price.as_str(),
        });
        records.collect()
    }

    /// The request, over what [`Self::lines`] made.
    pub fn record<'b>(&'b self, lines: &'b [pricing::QuoteLine<'b>]) -> pricing::QuoteRequest<'b> {
        let request = self.request;
        pricing::QuoteRequest {
            shop: request.shop.as_str(),
            currency: &request.currency,
            prices_include_tax: request.prices_include_tax,
            customer: request.customer.as_deref(),
            groups: &self.groups,
            country: request.country.as_deref(),
            lines,
        }
    }
}

/// The prices that a module gave.
pub fn quoted(
    request: &QuoteRequest,
    answer: Vec<pricing::Quoted>,
) -> Result<Vec<Quoted>, CallError> {
    as_many("quote", answer.len(), request.lines.len())?;
    let quoted = answer.into_iter().enumerate().map(|(index, line)| {
        let unit_price = decimal(&line.unit_price, || format!("[{index}].unit-price"), "quote")?;
        Ok(Quoted { unit_price, reason: line.reason.map(localised) })
    });
    quoted.collect()
}

/// What a module said of goods that somebody wants to give back.
pub fn assessment(
    request: &ReturnRequest,
    answer: returns::Assessment,
) -> Result<Assessment, CallError> {
    as_many("assess", answer.lines.len(), request.lines.len())?;
    let mut lines = Vec::with_capacity(answer.lines.len());
    for (index, (line, asked)) in answer.lines.into_iter().zip(&request.lines).enumerate() {
        if line.line != asked.line {
            return Err(broken(format!(
                "`assess` answered for another line than was asked in `lines[{index}].line`: the \
                 lines come in the order they were asked about"
            )));
        }
        lines.push(LineAssessment {
            refund: decimal(&line.refund, || format!("lines[{index}].refund"), "assess")?,
            line: line.line,
            accepted: line.accepted,
            reason: localised(line.reason),
        });
    }
    Ok(Assessment {
        lines,
        refund: money(answer.refund, "refund")?,
        fee: money(answer.fee, "fee")?,
        send_until: answer.send_until.map(Timestamp),
    })
}

fn as_many(function: &str, answers: usize, questions: usize) -> Result<(), CallError> {
    if answers == questions {
        return Ok(());
    }
    Err(broken(format!("`{function}` returned {answers} lines, and was asked about {questions}")))
}

fn decimal(
    text: &str,
    field: impl FnOnce() -> String,
    function: &str,
) -> Result<Decimal, CallError> {
    text.parse().map_err(|error| {
        let field = field();
        broken(format!("`{function}` returned a malformed number in `{field}`: {error}"))
    })
}

fn money(money: types::MoneyResult, field: &str) -> Result<Money, CallError> {
    let code = money.currency.as_bytes();
    if code.len() != 3 || !code.iter().all(u8::is_ascii_uppercase) {
        return Err(broken(format!(
            "`assess` returned no ISO 4217 code, such as EUR, in `{field}.currency`"
        )));
    }
    let amount = decimal(&money.amount, || format!("{field}.amount"), "assess")?;
    Ok(Money { amount, currency: money.currency })
}

fn localised(text: types::Localised) -> Localised {
    Localised { en: text.en, it: text.it }
}

fn broken(message: String) -> CallError {
    CallError::Trap { message }
}

#[cfg(test)]
mod tests;
