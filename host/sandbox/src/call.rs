//! One call of a module: what goes in, what comes out, and how it can fail.

use std::{collections::BTreeSet, fmt, sync::Arc};

use async_trait::async_trait;
use fondaco_model::{
    ActionEnd, ActionId, ClientId, Decimal, EntityKey, InstallId, Location, Order, OrderChange,
    Person, PersonKey, PersonSource, Proposal, ShopId, Timestamp, Variant,
    ask::{Assessment, QuoteRequest, Quoted, ReturnRequest},
    care::{CartEvent, CustomerChange, CustomerReturn, Message, ReturnChange},
    catalogue::{Price, Product, ProductChange},
    hear::{FeedRows, Lifecycle, Signal},
    http::{HttpAnswer, HttpFailure, HttpRecord, HttpRequest},
    run::{Resource, RunUse, StateAbout, StateReads, StateValue, StateWrites},
};

use crate::Hook;

/// One event for one install.
#[derive(Debug, Clone)]
pub struct Call {
    /// The client.
    pub client: ClientId,
    /// The install.
    pub install: InstallId,
    /// The event's number within its client.
    pub event: u64,
    /// The shop it happened on, where a single one is concerned.
    pub shop: Option<ShopId>,
    /// When the host observed it.
    pub observed_at: Timestamp,
    /// The action that led to it.
    pub caused_by: Option<ActionId>,
    /// What the previous call for this event returned.
    pub cursor: Option<String>,
    /// The moment the guest's clock shows throughout.
    pub now: Timestamp,
    /// The install's settings as one JSON object, defaults filled in.
    pub settings: Arc<str>,
    /// The HTTP answers that an earlier try of the same call got, in its order: what it asks again
    /// gets the same answer, and is not asked twice.
    pub answers: Vec<HttpRecord>,
    /// What happened.
    pub input: Input,
}

/// What a module hears.
#[derive(Debug, Clone)]
pub enum Input {
    /// An order was placed or changed.
    Order {
        /// Which.
        key: EntityKey,
        /// The order after the change; what it was, if it was deleted.
        order: Order,
        /// What changed.
        changes: BTreeSet<OrderChange>,
    },
    /// The stock of a variant changed in one place.
    Stock {
        /// Which variant.
        key: EntityKey,
        /// The variant after the change.
        variant: Variant,
        /// The place.
        location: Location,
        /// What was available before.
        before: Option<Decimal>,
    },
    /// A schedule is due.
    Tick {
        /// Its name in the manifest.
        schedule: String,
        /// When it was due.
        due_at: Timestamp,
    },
    /// An action of the install ended.
    Outcome {
        /// Which.
        action: ActionId,
        /// The interface it was proposed by.
        kind: String,
        /// The key it was proposed with.
        key: Option<String>,
        /// How it ended.
        end: ActionEnd,
    },
    /// A product was created or changed.
    Product {
        /// The product after the change.
        product: Product,
        /// What changed.
        changes: BTreeSet<ProductChange>,
    },
    /// A price changed.
    Price {
        /// The price after the change.
        price: Price,
        /// What it was.
        before: Option<Decimal>,
    },
    /// A customer was created or changed.
    Customer {
        /// The customer's id on the call's shop.
        customer: String,
        /// What changed.
        changes: BTreeSet<CustomerChange>,
    },
    /// A return was asked for or changed.
    Return {
        /// The return after the change.
        customer_return: CustomerReturn,
        /// What changed.
        changes: BTreeSet<ReturnChange>,
    },
    /// Something happened to a cart.
    Cart(CartEvent),
    /// A message came in, or went out.
    Message(Message),
    /// Rows of a feed arrived.
    Feed(FeedRows),
    /// Another module of the client sent a signal.
    Signal {
        /// Its name.
        name: String,
        /// Who sent it.
        sender: InstallId,
        /// What it says, as JSON.
        payload: String,
        /// How many signals are in its chain, itself included.
        hops: u32,
    },
    /// Something happened to the install itself.
    Lifecycle(Lifecycle),
    /// Somebody asks what something costs, and waits.
    Quote(QuoteRequest),
    /// Somebody asks whether they may give something back, and waits.
    Assess(ReturnRequest),
}

impl Input {
    /// The hook that hears it.
    #[must_use]
    pub const fn hook(&self) -> Hook {
        match self {
            Self::Order { .. } => Hook::Order,
            Self::Stock { .. } => Hook::Stock,
            Self::Tick { .. } => Hook::Schedule,
            Self::Outcome { .. } => Hook::Outcome,
            Self::Product { .. } => Hook::Product,
            Self::Price { .. } => Hook::Price,
            Self::Customer { .. } => Hook::Customer,
            Self::Return { .. } => Hook::Return,
            Self::Cart(_) => Hook::Cart,
            Self::Message(_) => Hook::Message,
            Self::Feed(_) => Hook::Feed,
            Self::Signal { .. } => Hook::Signal,
            Self::Lifecycle(_) => Hook::Lifecycle,
            Self::Quote(_) => Hook::Pricing,
            Self::Assess(_) => Hook::Returns,
        }
    }

    /// How many lines are asked about, where somebody waits for the answer.
    pub(crate) fn lines_asked(&self) -> Option<usize> {
        match self {
            Self::Quote(request) => Some(request.lines.len()),
            Self::Assess(request) => Some(request.lines.len()),
            _ => None,
        }
    }
}

/// What a call came to.
#[derive(Debug, Clone)]
pub struct Ran {
    /// What the hook returned.
    pub result: RunOutcome,
    /// What it proposed, in order; empty if it failed.
    pub proposals: Vec<Proposal>,
    /// What it told other modules, in order; empty if it failed.
    pub signals: Vec<Signal>,
    /// What it read of its state.
    pub reads: StateReads,
    /// What it wrote to its state; empty if it failed.
    pub writes: StateWrites,
    /// Which of what it wrote is about whom.
    pub about: StateAbout,
    /// The HTTP answers it got, in order.
    pub http: Vec<HttpRecord>,
    /// What it logged.
    pub log: Vec<LogLine>,
    /// What it used.
    pub used: RunUse,
}

/// A call that came to nothing, with what is still worth knowing of it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct FailedRun {
    /// Why.
    pub error: CallError,
    /// The HTTP answers it got, in order.
    pub http: Vec<HttpRecord>,
    /// What it logged until then.
    pub log: Vec<LogLine>,
    /// What it used until then.
    pub used: RunUse,
}

/// What a hook returned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunOutcome {
    /// It did its work.
    Done,
    /// It is to be called again for the same event, with this cursor.
    Again(String),
    /// It should be tried again later. Why.
    Temporary(String),
    /// Trying again is pointless. Why.
    Permanent(String),
    /// The prices asked for, as many and in the same order as the lines asked about.
    Quoted(Vec<Quoted>),
    /// Whether the goods may be given back.
    Assessed(Assessment),
}

/// How much a message of a module matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// For the module's author.
    Debug,
    /// Worth knowing.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

impl LogLevel {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One message of a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: LogLevel,
    /// What it says, as the module wrote it.
    pub message: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.level.as_str(), self.message)
    }
}

/// A shop, as a module sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShopInfo {
    /// Its name within the client.
    pub id: ShopId,
    /// What the merchant calls it.
    pub name: String,
    /// `woocommerce` and so on.
    pub platform: String,
    /// Whether it is a production shop, not a copy to try things on.
    pub production: bool,
}

/// The host could not answer a read. The run ends, and may be tried again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HostError(pub String);

/// Answers what a run reads. All answers of one run are as of one moment, but for people.
#[async_trait]
pub trait RunHost: Send + Sync {
    /// One value of the install's state.
    async fn state_get(&self, key: &str) -> Result<StateValue, HostError>;

    /// The entries whose key begins with `prefix` and comes after `after`, in the order of their
    /// bytes, at most `limit`; absent values are left out.
    async fn state_list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StateValue)>, HostError>;

    /// The shops the install may see.
    async fn shops(&self) -> Result<Vec<ShopInfo>, HostError>;

    /// One variant.
    async fn variant(
        &self,
        shop: &ShopId,
        id: &str,
    ) -> Result<Option<(EntityKey, Variant)>, HostError>;

    /// The variants with exactly this SKU, in the order of shop and id.
    async fn variants_by_sku(&self, sku: &str) -> Result<Vec<(EntityKey, Variant)>, HostError>;

    /// The distinct SKUs after `after`, in the order of their bytes, at most `limit`.
    async fn skus(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, HostError>;

    /// Who somebody is, as of now: as one source tells, or as the newest does. Absent: nobody of this
    /// id is known, or they were forgotten.
    async fn person(
        &self,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, HostError>;

    /// One order.
    async fn order(&self, shop: &ShopId, id: &str)
    -> Result<Option<(EntityKey, Order)>, HostError>;

    /// Until when the shop's orders are complete for this run.
    async fn orders_known_until(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError>;

    /// Since when nothing was heard of the shop, if it is silent.
    async fn silent_since(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError>;

    /// Makes a request for the install, within what is granted to it, and puts in its secrets.
    async fn http_get(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpFailure>;
}

/// What is counted of a resource, for a message.
const fn unit(resource: Resource) -> &'static str {
    match resource {
        Resource::Fuel => "units of fuel,",
        Resource::WallTime => "µs,",
        Resource::Memory => "bytes of memory,",
        Resource::TableElements => "elements of tables,",
        Resource::Instances => "core instances,",
        Resource::HostCalls => "calls of imported functions,",
        Resource::HostCallBytes => "bytes passed to imported functions,",
        Resource::OutputBytes => "bytes of output,",
        Resource::LogBytes => "bytes of log,",
        Resource::StateBytes => "bytes of state written,",
        Resource::Proposals => "proposals,",
        Resource::HttpRequests => "HTTP requests,",
    }
}

/// Why a call came to nothing. Nothing it proposed or wrote is kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// It computed too much.
    #[error("the run used up its {limit} units of fuel; look for a loop that does not end")]
    OutOfFuel {
        /// Fuel it had.
        limit: u64,
    },
    /// It took too long.
    #[error("the run took longer than its {limit_ms} ms")]
    OutOfTime {
        /// Time it had, in milliseconds.
        limit_ms: u64,
    },
    /// It asked for too much memory, and ended.
    #[error("the run asked for {asked} bytes of memory, and may have {limit}")]
    OutOfMemory {
        /// Bytes it may have over all its memories.
        limit: u64,
        /// Bytes it would have had.
        asked: u64,
    },
    /// The guest ended itself, or did what the contract does not allow.
    #[error("the module stopped: {message}")]
    Trap {
        /// What happened.
        message: String,
    },
    /// It went over one of the limits that a run has besides fuel, time and memory.
    #[error("the run came to {used} {unit} of {what}, and may have {limit}")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much it may have.
        limit: u64,
        /// How much it came to.
        used: u64,
        /// What is counted.
        unit: &'static str,
    },
    /// It went over one of its limits besides fuel, time and memory.
    #[error("the run came to {used} {} and may have {limit}", unit(*.resource))]
    TooMuchOf {
        /// Of what.
        resource: Resource,
        /// How much it may have.
        limit: u64,
        /// How much it came to.
        used: u64,
    },
    /// There was no place for it.
    #[error(
        "the run waited {waited_ms} ms for a place and got none; {waiting} runs of its client wait"
    )]
    Busy {
        /// How long it waited, in milliseconds.
        waited_ms: u64,
        /// Runs of the same client that wait.
        waiting: usize,
    },
    /// The host could not answer a read.
    #[error("the host could not answer a read of the run: {0}")]
    Host(HostError),
    /// The module does not export the hook that hears this input.
    #[error("the module does not hear `{hook}`")]
    NoSuchHook {
        /// The hook.
        hook: Hook,
    },
    /// The input lacks what the contract says is always there.
    #[error("{key} cannot be told to a module: its {aspect} is not known")]
    Incomplete {
        /// What the input is about.
        key: EntityKey,
        /// What is not known of it.
        aspect: &'static str,
    },
}
