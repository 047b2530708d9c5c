//! What happens, for those who watch: the demo, progress bars, tests.
//!
//! Nothing depends on being heard here; what must not be missed is in the store.

use fondaco_model::{Action, ActionEnd, ClientId, EntityKey, Event, ShopId};
use fondaco_store::Reconciliation;

/// Something that happened.
#[derive(Debug, Clone)]
pub enum Happening {
    /// A shop's first import came this far.
    Importing {
        /// The client.
        client: ClientId,
        /// The shop.
        shop: ShopId,
        /// Things read.
        done: u64,
        /// Things there are, as far as is known.
        total: u64,
    },
    /// A shop's first import is complete.
    Imported {
        /// The client.
        client: ClientId,
        /// The shop.
        shop: ShopId,
    },
    /// All that a shop has was compared with the mirror.
    Reconciled {
        /// The client.
        client: ClientId,
        /// The shop.
        shop: ShopId,
        /// What was found.
        reconciliation: Box<Reconciliation>,
    },
    /// The client's modules are live.
    Live {
        /// The client.
        client: ClientId,
    },
    /// An event was raised.
    Raised {
        /// The client.
        client: ClientId,
        /// The event.
        event: Box<Event>,
    },
    /// A delivery was set aside.
    Buried {
        /// The client.
        client: ClientId,
        /// Its number.
        delivery: u64,
        /// Why.
        reason: String,
    },
    /// An entity was read because an observation could not be told from another.
    Fetched {
        /// The client.
        client: ClientId,
        /// Which.
        key: EntityKey,
    },
    /// An action ended.
    Ended {
        /// The client.
        client: ClientId,
        /// The action.
        action: Box<Action>,
        /// How.
        end: ActionEnd,
    },
}
