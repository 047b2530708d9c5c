//! Stories: all that is under one trace, and all there is to one run.

use fondaco_engine::setup::ClientSetup;
use fondaco_model::{
    Change, Event, EventBody, OrderChange, VariantChange, hear::LifecycleStep, http::HttpRecord,
};
use fondaco_store::{DeliveryPlace, RunRecord, TraceStory, TracedDelivery};
use http::Uri;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ActionView, RunView, words};

/// All that is under one trace, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TraceView {
    /// The trace's id.
    pub trace: String,
    /// What happened, oldest first.
    pub steps: Vec<StepView>,
    /// The actions as they stand.
    pub actions: Vec<ActionView>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StepView {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// `delivery`, `event`, `run` or `action`.
    pub kind: String,
    /// Its number, or an action's id.
    pub which: String,
    /// What happened.
    pub words: String,
}

impl TraceView {
    /// Tells a story: each event with what came of it, then by time.
    #[must_use]
    pub fn of(trace: String, story: TraceStory, client: &ClientSetup) -> Self {
        let mut steps: Vec<StepView> = story.deliveries.iter().map(delivery_step).collect();
        for event in &story.events {
            steps.push(step(event.observed_at.0, "event", event.number, event_words(event)));
            for run in story.runs.iter().filter(|run| run.event == event.number) {
                steps.push(step(run.began_at.0, "run", run.number, run_words(run)));
                for action in story.actions.iter().filter(|action| run.actions.contains(&action.id))
                {
                    let (at, words) = (action.proposed_at.0, words(&action.kind));
                    let words = format!("proposed by {}: {words}", action.install);
                    steps.push(step(at, "action", &action.id, words));
                }
            }
        }
        // What has the same millisecond stays in the order of what led to what.
        steps.sort_by_key(|step| step.at);
        let actions = story.actions.into_iter();
        let actions = actions.map(|action| ActionView::of(action, client)).collect();
        Self { trace, steps, actions }
    }
}

fn step(at: u64, kind: &str, which: impl ToString, words: String) -> StepView {
    StepView { at, kind: kind.to_owned(), which: which.to_string(), words }
}

fn delivery_step(delivery: &TracedDelivery) -> StepView {
    let TracedDelivery { number, shop, topic, received_at, place } = delivery;
    let became = match place {
        DeliveryPlace::Waiting => "waits in the inbox".to_owned(),
        DeliveryPlace::Done { at } => {
            format!("worked in after {} ms", at.0.saturating_sub(received_at.0))
        }
        DeliveryPlace::Dead { reason } => format!("set aside: {reason}"),
    };
    step(received_at.0, "delivery", number, format!("{topic} from {shop}, {became}"))
}

fn run_words(run: &RunRecord) -> String {
    let result = run.result.as_str();
    format!("of {} on event {}: {result}", run.install, run.event)
}

/// What an event is about, in words.
#[must_use]
pub fn event_words(event: &Event) -> String {
    let what = match &event.body {
        EventBody::Changed { key, change, .. } => format!("{key}: {}", change_words(change)),
        EventBody::Customer { customer, .. } => customer.to_string(),
        EventBody::Tick { install, schedule, .. } => format!("tick `{schedule}` of {install}"),
        EventBody::Outcome { install, action, end, .. } => {
            format!("action {action} of {install} ended: {}", end.as_str())
        }
        EventBody::Signal { sender, signal } => {
            format!("signal `{}` of {sender}, number {} in its chain", signal.name, signal.hops)
        }
        EventBody::Lifecycle { install, step } => {
            format!("{install} {}", lifecycle_words(step))
        }
    };
    match &event.caused_by {
        Some(cause) => format!("{what}, by action {} of {}", cause.action, cause.install),
        None => what,
    }
}

fn lifecycle_words(step: &LifecycleStep) -> String {
    match step {
        LifecycleStep::Installed => "was installed".to_owned(),
        LifecycleStep::Backfill(range) => format!("is told of past orders of {}", range.shop),
        LifecycleStep::SettingsChanged => "has other settings".to_owned(),
        LifecycleStep::Upgraded { version, .. } => format!("ran as version {version} before"),
        LifecycleStep::Restored(_) => "hears that a backup was restored".to_owned(),
        LifecycleStep::Live => "goes live".to_owned(),
        LifecycleStep::Shadow => "goes into shadow".to_owned(),
    }
}

fn change_words(change: &Change) -> String {
    match change {
        Change::Order(changes) => {
            changes.iter().copied().map(order_word).collect::<Vec<_>>().join(", ")
        }
        Change::Variant(changes) => {
            changes.iter().copied().map(variant_word).collect::<Vec<_>>().join(", ")
        }
        Change::Stock { before: Some(before), .. } => format!("stock is no longer {before}"),
        Change::Stock { before: None, .. } => "stock is known".to_owned(),
    }
}

const fn order_word(change: OrderChange) -> &'static str {
    match change {
        OrderChange::Placed => "placed",
        OrderChange::Paid => "paid",
        OrderChange::State => "its state changed",
        OrderChange::Lines => "its lines changed",
        OrderChange::Deductions => "taken off the stock",
        OrderChange::Refunds => "refunded",
        OrderChange::Deleted => "deleted",
        OrderChange::Other => "something else changed",
    }
}

const fn variant_word(change: VariantChange) -> &'static str {
    match change {
        VariantChange::Created => "created",
        VariantChange::Price => "its price changed",
        VariantChange::Content => "its content changed",
        VariantChange::Deleted => "deleted",
    }
}

/// All there is to one run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStoryView {
    /// The run.
    pub run: RunView,
    /// What its event was about; absent if the event is no longer kept.
    pub about: Option<String>,
    /// What it touched of its install's state: names of keys, never values.
    pub state: Vec<TouchedView>,
    /// How many keys more there were than a record names.
    pub state_left_out: u64,
    /// The HTTP answers it got, in order.
    pub http: Vec<HttpView>,
    /// The actions it proposed, as they stand.
    pub actions: Vec<ActionView>,
}

/// What a run did with a key of its install's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TouchedView {
    /// `read`, `listed`, `wrote` or `deleted`.
    pub how: String,
    /// The key; of what was listed, what the keys begin with.
    pub key: String,
    /// Of what was read: the commit that wrote the value, 0 if there was none. Of what was listed:
    /// how many entries.
    pub number: Option<u64>,
}

/// An HTTP answer that a run got; without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HttpView {
    /// The host that was asked.
    pub host: String,
    /// The status, if there was an answer.
    pub status: Option<u16>,
    /// How large its body was.
    pub bytes: u64,
    /// Why there was no answer, if there was none.
    pub failure: Option<String>,
}

impl RunStoryView {
    /// Tells a run's story.
    #[must_use]
    pub fn of(run: RunRecord, event: Option<&Event>, actions: Vec<ActionView>) -> Self {
        let touched = |how: &str, key: &str, number| TouchedView {
            how: how.to_owned(),
            key: key.to_owned(),
            number,
        };
        let state = &run.touched;
        let read = state.read.iter().map(|(key, commit)| touched("read", key, Some(*commit)));
        let listed =
            state.listed.iter().map(|range| touched("listed", &range.prefix, Some(range.entries)));
        let wrote = state.written.iter().map(|key| touched("wrote", key, None));
        let deleted = state.deleted.iter().map(|key| touched("deleted", key, None));
        Self {
            about: event.map(event_words),
            state: read.chain(listed).chain(wrote).chain(deleted).collect(),
            state_left_out: state.left_out,
            http: run.http.iter().map(HttpView::from).collect(),
            run: RunView::from(run),
            actions,
        }
    }
}

impl From<&HttpRecord> for HttpView {
    fn from(record: &HttpRecord) -> Self {
        let uri = record.request.url.parse::<Uri>().ok();
        let host = uri.as_ref().and_then(Uri::host).unwrap_or("?").to_owned();
        match &record.result {
            Ok(answer) => {
                let bytes = answer.body.len() as u64;
                Self { host, status: Some(answer.status), bytes, failure: None }
            }
            Err(failure) => {
                let failure = Some(failure.to_string());
                Self { host, status: None, bytes: 0, failure }
            }
        }
    }
}
