//! Proposals of what should happen to an order.

use fondaco_model::{
    ActionKind,
    action::{OrderStep, OrderWrite},
    commerce::ParcelLine,
};

use super::{checked_text, positive, shown, terms_bytes};
use crate::{
    CallError,
    contract::interfaces::{
        change_orders::{self, NewParcel, OrderChange},
        types::{self, Refusal},
    },
    limits::{ORDER_LINES_MAX, PROPOSAL_NAME_BYTES_MAX, PROPOSAL_TEXT_BYTES_MAX},
    run::Run,
};

impl change_orders::Host for Run {
    async fn propose(
        &mut self,
        shop: String,
        order: String,
        change: OrderChange,
        terms: types::Terms,
    ) -> wasmtime::Result<Result<String, Refusal>> {
        let bytes = shop.len() + order.len() + change_bytes(&change) + terms_bytes(&terms);
        self.count_host_call(bytes)?;
        let kind = self.order_change(&shop, order, change).await?;
        self.propose(kind, terms)
    }
}

impl Run {
    async fn order_change(
        &mut self,
        shop: &str,
        order: String,
        change: OrderChange,
    ) -> Result<Result<ActionKind, String>, CallError> {
        let (key, found) = match self.order_of_proposal(shop, &order).await? {
            Ok(found) => found,
            Err(reason) => return Ok(Err(reason)),
        };
        let Some(head) = found.head.value() else {
            return Ok(Err(format!("of order `{}` is not known where it stands", shown(&order))));
        };
        let decided_on = head.state;
        let step = order_step(change);
        Ok(step.map(|step| {
            ActionKind::ChangeOrder(OrderWrite { shop: key.shop, order, step, decided_on })
        }))
    }
}

fn order_step(change: OrderChange) -> Result<OrderStep, String> {
    let text = |field, text| checked_text(field, text, PROPOSAL_TEXT_BYTES_MAX);
    let name = |field, text| checked_text(field, text, PROPOSAL_NAME_BYTES_MAX);
    Ok(match change {
        OrderChange::Hold(reason) => OrderStep::Hold { reason: text("hold", reason)? },
        OrderChange::Release => OrderStep::Release,
        OrderChange::Cancel(reason) => OrderStep::Cancel { reason: text("cancel", reason)? },
        OrderChange::Tag(tag) => OrderStep::Tag { tag: name("tag", tag)? },
        OrderChange::Untag(tag) => OrderStep::Untag { tag: name("untag", tag)? },
        OrderChange::Note(note) => OrderStep::Note { text: text("note", note)? },
        OrderChange::Parcel(NewParcel { carrier, tracking, lines }) => {
            if lines.len() > ORDER_LINES_MAX {
                let given = lines.len();
                return Err(format!(
                    "parcel.lines has {given} lines; {ORDER_LINES_MAX} is the most"
                ));
            }
            let line = |(line, quantity): (String, String)| {
                Ok(ParcelLine {
                    line: name("parcel.lines", line)?,
                    quantity: positive("parcel.lines", &quantity)?,
                })
            };
            OrderStep::Parcel {
                carrier: name("parcel.carrier", carrier)?,
                tracking: tracking.map(|number| name("parcel.tracking", number)).transpose()?,
                lines: lines.into_iter().map(line).collect::<Result<_, String>>()?,
            }
        }
    })
}

fn change_bytes(change: &OrderChange) -> usize {
    match change {
        OrderChange::Hold(text)
        | OrderChange::Cancel(text)
        | OrderChange::Tag(text)
        | OrderChange::Untag(text)
        | OrderChange::Note(text) => text.len(),
        OrderChange::Release => 0,
        OrderChange::Parcel(parcel) => {
            let lines = parcel.lines.iter().map(|(line, quantity)| line.len() + quantity.len());
            let tracking = parcel.tracking.as_ref().map_or(0, String::len);
            parcel.carrier.len() + tracking + lines.sum::<usize>()
        }
    }
}
