//! What the shop's people have to do with its customers: returns, carts, messages.
//!
//! Customers are named by their id only; who they are is read apart.

use serde::{Deserialize, Serialize};

use crate::{Decimal, ShopId, Timestamp, commerce::Money};

/// What is different about a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CustomerChange {
    /// They are new.
    Created,
    /// What they agreed to.
    Consents,
    /// They are gone, or were forgotten.
    Deleted,
    /// Anything else about them.
    Other,
}

/// Where a return stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnState {
    /// The customer asked for it.
    Requested,
    /// The merchant agreed.
    Approved,
    /// The merchant did not.
    Declined,
    /// The goods are back.
    Received,
    /// Nothing left to do.
    Closed,
}

/// Goods a customer wants to give back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnLine {
    /// The line of the order.
    pub line: String,
    /// How much of it.
    pub quantity: Decimal,
    /// Why, in a word of the shop's; absent: no reason was given.
    pub reason: Option<String>,
    /// How much of it arrived; absent: not yet looked at.
    pub received: Option<Decimal>,
    /// Whether what arrived can be sold again; absent: not yet looked at.
    pub sellable: Option<bool>,
}

/// A return.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerReturn {
    /// The shop.
    pub shop: ShopId,
    /// Its id.
    pub id: String,
    /// The order's id.
    pub order: String,
    /// Where it stands.
    pub state: ReturnState,
    /// Whether the customer withdraws from the contract, for which the law asks no reason.
    pub withdrawal: bool,
    /// When the customer asked for it.
    pub requested_at: Timestamp,
    /// When the goods had reached the customer; absent: not known.
    pub delivered_at: Option<Timestamp>,
    /// What is to come back.
    pub lines: Vec<ReturnLine>,
}

/// What is different about a return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnChange {
    /// It is new.
    Requested,
    /// Its state is another.
    State,
    /// Its lines, or what arrived of them.
    Lines,
    /// Anything else about it.
    Other,
}

/// What somebody put into a cart and has not bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cart {
    /// The shop.
    pub shop: ShopId,
    /// Its id.
    pub id: String,
    /// Whose it is; absent: nobody who is known.
    pub customer: Option<String>,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// What it would cost, tax included.
    pub total: Money,
    /// What is in it.
    pub lines: Vec<CartLine>,
}

/// How much of a variant is in a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartLine {
    /// The variant's id.
    pub variant: String,
    /// How much of it.
    pub quantity: Decimal,
}

/// What happened to a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartChange {
    /// It was filled, or its content changed.
    Changed,
    /// Nothing happened to it for as long as the client's file says.
    Abandoned,
    /// It became an order.
    Bought,
}

/// A cart with what happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartEvent {
    /// The cart as it is now.
    pub cart: Cart,
    /// What happened.
    pub change: CartChange,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageAuthor {
    /// A customer.
    Customer,
    /// Somebody of the shop.
    Staff,
    /// A machine.
    Automatic,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The shop it is about; absent: none in particular.
    pub shop: Option<ShopId>,
    /// Its id.
    pub id: String,
    /// The conversation's id.
    pub conversation: String,
    /// How it came: `email`, `form`, `chat`, `review`, `phone`, or another word.
    pub channel: String,
    /// Who wrote it.
    pub author: MessageAuthor,
    /// The customer the conversation is with; absent: nobody who is known.
    pub customer: Option<String>,
    /// The order it is about; absent: none that is known.
    pub order: Option<String>,
    /// When it was written.
    pub at: Timestamp,
    /// What it is about, as plain text; empty where the channel has no such line.
    pub subject: String,
    /// What it says, as plain text.
    pub text: String,
    /// Stars from 1 to 5; absent: none.
    pub rating: Option<u8>,
}
