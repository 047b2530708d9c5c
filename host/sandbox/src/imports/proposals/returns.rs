//! Proposals of what should happen to a return. Only money that goes back is served.

use fondaco_model::{
    ActionKind, Decimal,
    action::{RefundMethod, RefundWrite, Restock, exceeds},
    commerce::RefundLine,
};

use super::{checked_money, checked_text, positive, shown, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_returns::{self, RefundProposal, ReturnChange},
        commerce::RefundLineResult,
        types::{self, Refusal},
    },
    imports::not_served,
    limits::{ORDER_LINES_MAX, PROPOSAL_NAME_BYTES_MAX},
    run::Run,
};

impl change_returns::Host for Run {
    async fn propose(
        &mut self,
        shop: String,
        order: String,
        customer_return: Option<String>,
        change: ReturnChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let ids = shop.len() + order.len() + customer_return.as_ref().map_or(0, String::len);
        self.count_host_call(ids + change_bytes(&change) + terms_bytes(&terms))?;
        let refund = match change {
            ReturnChange::Refund(refund) => refund,
            ReturnChange::Approve
            | ReturnChange::Decline(_)
            | ReturnChange::Exchange(_)
            | ReturnChange::Close => {
                return Ok(Err(not_served("change-returns.propose: all but `refund`")));
            }
        };
        if let Some(id) = customer_return {
            let (order, id) = (shown(&order), shown(&id));
            let reason = format!("order `{order}` has no return `{id}`: this host keeps none yet");
            return Ok(Err(Refusal::Invalid(reason)));
        }
        let kind = self.refund(&shop, order, refund).await?;
        self.propose(kind, terms)
    }
}

impl Run {
    async fn refund(
        &mut self,
        shop: &str,
        order: String,
        proposal: RefundProposal,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let (key, found) = match self.order_of_proposal(shop, &order).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(currency) = found.head.value().map(|head| head.currency.clone()) else {
            return Ok(Err(format!("of order `{}` is not known where it stands", shown(&order))));
        };
        let decided_on = found.refunded();
        let write = || {
            let amount = checked_money("amount", proposal.amount)?;
            if amount.amount == Decimal::ZERO {
                return Err("amount is 0: a refund gives something back".to_owned());
            }
            if amount.currency != currency {
                let given = amount.currency;
                return Err(format!("amount is in {given}, and the order is in {currency}"));
            }
            let shipping = positive("shipping", &proposal.shipping)?;
            let lines = refund_lines(proposal.lines)?;
            let parts: Decimal = lines.iter().map(|line| line.net + line.tax).sum();
            if exceeds(parts + shipping, amount.amount) {
                return Err(format!(
                    "the lines come to {parts} and the shipping to {shipping}, which is more than \
                     the amount of {}",
                    amount.amount
                ));
            }
            Ok(ActionKind::Refund(RefundWrite {
                shop: key.shop,
                order,
                amount,
                method: match proposal.method {
                    change_returns::RefundMethod::Original => RefundMethod::Original,
                    change_returns::RefundMethod::StoreCredit => RefundMethod::StoreCredit,
                    change_returns::RefundMethod::Recorded => RefundMethod::Recorded,
                },
                lines,
                shipping,
                restock: match proposal.restock {
                    change_returns::Restock::Sellable => Restock::Sellable,
                    change_returns::Restock::WrittenOff => Restock::WrittenOff,
                    change_returns::Restock::None => Restock::None,
                },
                decided_on,
            }))
        };
        Ok(write())
    }
}

fn refund_lines(lines: Vec<RefundLineResult>) -> Result<Vec<RefundLine>, String> {
    if lines.len() > ORDER_LINES_MAX {
        let given = lines.len();
        return Err(format!("`lines` has {given} lines; {ORDER_LINES_MAX} is the most"));
    }
    let line = |(index, line): (usize, RefundLineResult)| {
        let field = |name| format!("lines[{index}].{name}");
        Ok(RefundLine {
            line: checked_text(&field("line"), line.line, PROPOSAL_NAME_BYTES_MAX)?,
            quantity: positive(&field("quantity"), &line.quantity)?,
            net: positive(&field("net"), &line.net)?,
            tax: positive(&field("tax"), &line.tax)?,
        })
    };
    lines.into_iter().enumerate().map(line).collect()
}

fn change_bytes(change: &ReturnChange) -> usize {
    match change {
        ReturnChange::Approve | ReturnChange::Close => 0,
        ReturnChange::Decline(reason) => reason.len(),
        ReturnChange::Exchange(lines) => {
            lines.iter().map(|(variant, quantity)| variant.len() + quantity.len()).sum()
        }
        ReturnChange::Refund(refund) => {
            let line = |line: &RefundLineResult| {
                line.line.len() + line.quantity.len() + line.net.len() + line.tax.len()
            };
            refund.lines.iter().map(line).sum()
        }
    }
}
