//! Returns, carts and messages on their way to a hook.

use fondaco_model::{
    care::{Cart, CustomerReturn, Message, MessageAuthor, ReturnLine, ReturnState},
    decimal::DecimalText,
};

use super::money;
use crate::contract::interfaces::commerce::{
    self, Cart as CartParam, CustomerReturnParam, Message as MessageParam, ReturnLineParam,
};

/// The lines of a return with their numbers as text.
pub struct ReturnLineParts<'a> {
    lines: &'a [ReturnLine],
    texts: Vec<(DecimalText, Option<DecimalText>)>,
}

impl<'a> ReturnLineParts<'a> {
    pub fn of(lines: &'a [ReturnLine]) -> Self {
        let text = |line: &ReturnLine| {
            (DecimalText::of(line.quantity), line.received.map(DecimalText::of))
        };
        Self { lines, texts: lines.iter().map(text).collect() }
    }

    pub fn records(&self) -> Vec<ReturnLineParam<'_>> {
        let lines = self.lines.iter().zip(&self.texts);
        let records = lines.map(|(line, (quantity, received))| ReturnLineParam {
            line: &line.line,
            quantity: quantity.as_str(),
            reason: line.reason.as_deref(),
            received: received.as_ref().map(DecimalText::as_str),
            sellable: line.sellable,
        });
        records.collect()
    }
}

/// A return, over its lines.
pub fn customer_return<'a>(
    customer_return: &'a CustomerReturn,
    lines: &'a [ReturnLineParam<'a>],
) -> CustomerReturnParam<'a> {
    CustomerReturnParam {
        shop: customer_return.shop.as_str(),
        id: &customer_return.id,
        order: &customer_return.order,
        state: match customer_return.state {
            ReturnState::Requested => commerce::ReturnState::Requested,
            ReturnState::Approved => commerce::ReturnState::Approved,
            ReturnState::Declined => commerce::ReturnState::Declined,
            ReturnState::Received => commerce::ReturnState::Received,
            ReturnState::Closed => commerce::ReturnState::Closed,
        },
        withdrawal: customer_return.withdrawal,
        requested_at: customer_return.requested_at.0,
        delivered_at: customer_return.delivered_at.map(|moment| moment.0),
        lines,
    }
}

/// A cart with its numbers as text.
pub struct CartParts<'a> {
    cart: &'a Cart,
    total: DecimalText,
    quantities: Vec<DecimalText>,
}

impl<'a> CartParts<'a> {
    pub fn of(cart: &'a Cart) -> Self {
        Self {
            cart,
            total: DecimalText::of(cart.total.amount),
            quantities: super::texts(cart.lines.iter().map(|line| line.quantity)),
        }
    }

    pub fn lines(&self) -> Vec<(&str, &str)> {
        let lines = self.cart.lines.iter().zip(&self.quantities);
        lines.map(|(line, quantity)| (line.variant.as_str(), quantity.as_str())).collect()
    }

    /// The cart, over what [`Self::lines`] made.
    pub fn record<'b>(&'b self, lines: &'b [(&'b str, &'b str)]) -> CartParam<'b> {
        CartParam {
            shop: self.cart.shop.as_str(),
            id: &self.cart.id,
            customer: self.cart.customer.as_deref(),
            updated_at: self.cart.updated_at.0,
            total: money(&self.total, &self.cart.total),
            lines,
        }
    }
}

/// A message.
pub fn message(message: &Message) -> MessageParam<'_> {
    MessageParam {
        shop: message.shop.as_ref().map(|shop| shop.as_str()),
        id: &message.id,
        conversation: &message.conversation,
        channel: &message.channel,
        author: match message.author {
            MessageAuthor::Customer => commerce::MessageAuthor::Customer,
            MessageAuthor::Staff => commerce::MessageAuthor::Staff,
            MessageAuthor::Automatic => commerce::MessageAuthor::Automatic,
        },
        customer: message.customer.as_deref(),
        order: message.order.as_deref(),
        at: message.at.0,
        subject: &message.subject,
        text: &message.text,
        rating: message.rating,
    }
}
