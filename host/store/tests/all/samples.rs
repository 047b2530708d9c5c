//! Small things that the tests put into a store.

use std::collections::BTreeSet;

use fondaco_model::{
    ActionEnd, ActionId, ActionKind, Aspect, Change, ClientId, Decimal, Entity, EntityKey, Event,
    EventBody, InstallId, Location, Order, OrderChange, Person, PersonKey, PersonSeen,
    PersonSource, Proposal, ShopId, Terms, Timestamp, TraceId, Variant, Version,
    action::{Localised, RefundMethod, RefundWrite, Restock, Severity, Shown},
    commerce::{Money, OrderHead, OrderState, StockLevel, StockPolicy, VariantContent},
    hear::{BackfillRange, OrderPlace},
    person::Address,
    run::{RunUse, StateAbout, StateReads, StateWrites},
};
use fondaco_store::{
    Act, ActionSelection, CommitOutcome, DeadSelection, InstallIdentity, Lease, NewAlert,
    NewDelivery, ObserveOutcome, Observed, ObservedRow, RunCommit, RunResult, Scope, Settlement,
    Store, redo::ALL_NUMBERS,
};

/// The moment at which everything happens, unless a test says otherwise.
pub const NOW: Timestamp = Timestamp(1_700_000_000_000);

pub fn client(name: &str) -> ClientId {
    ClientId::new(name).unwrap()
}

pub fn shop(name: &str) -> ShopId {
    ShopId::new(name).unwrap()
}

pub fn install(name: &str) -> InstallId {
    InstallId::new(name).unwrap()
}

pub fn decimal(number: i64) -> Decimal {
    number.to_string().parse().unwrap()
}

pub fn action_id(name: &str) -> ActionId {
    ActionId::from_stored(name)
}

/// A trace's id that is told from others by this number.
pub fn trace(number: u8) -> TraceId {
    TraceId::of_random([number; TraceId::BYTES])
}

pub fn delivery(body: &str) -> NewDelivery {
    NewDelivery {
        shop: shop("milano"),
        topic: "order.updated".to_owned(),
        received_at: NOW,
        trace: trace(7),
        body: body.into(),
    }
}

pub fn variant_key(id: &str) -> EntityKey {
    EntityKey::variant(shop("milano"), id)
}

pub fn order_key(id: &str) -> EntityKey {
    EntityKey::order(shop("milano"), id)
}

/// A variant with an SKU, if it has one, and so many in stock.
pub fn variant(sku: Option<&str>, available: i64) -> Entity {
    let content = VariantContent {
        product: "7".to_owned(),
        sku: sku.map(str::to_owned),
        title: "Tazza blu".to_owned(),
        price: Some("19.90".parse().unwrap()),
        compare_at: None,
        cost: None,
        barcode: None,
        weight: None,
        published: true,
    };
    let level = StockLevel {
        policy: StockPolicy::Tracked,
        available: Some(decimal(available)),
        on_hand: None,
    };
    let version = Version::pushed(NOW);
    Entity::Variant(Variant {
        content: Aspect::known(version, content),
        stock: [(Location::WHOLE_SHOP, Aspect::known(version, level))].into(),
    })
}

pub fn deleted_variant() -> Entity {
    let content = Aspect::deleted(Version::pushed(NOW));
    Entity::Variant(Variant { content, ..Variant::default() })
}

pub fn order(number: &str) -> Entity {
    order_placed_at(number, NOW)
}

pub fn order_placed_at(number: &str, placed_at: Timestamp) -> Entity {
    let head = OrderHead {
        number: number.to_owned(),
        state: OrderState::Processing,
        test: false,
        channel: "web".to_owned(),
        placed_at,
        paid_at: None,
        customer: None,
        currency: "EUR".to_owned(),
        prices_include_tax: true,
        total: decimal(40),
        presentment_total: None,
        total_tax: decimal(7),
        payment_method: None,
        shipping_country: Some("IT".to_owned()),
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    Entity::Order(Order { head: Aspect::known(Version::pushed(NOW), head), ..Order::default() })
}

pub fn stock_change(before: i64) -> Change {
    Change::Stock { location: Location::WHOLE_SHOP, before: Some(decimal(before)) }
}

pub fn placed() -> Change {
    Change::Order(BTreeSet::from([OrderChange::Placed]))
}

pub fn row(
    key: EntityKey,
    base_sequence: u64,
    entity: Entity,
    changes: Vec<Change>,
) -> ObservedRow {
    ObservedRow { key, base_sequence, entity, changes, caused_by: None }
}

pub fn rows(rows: Vec<ObservedRow>) -> Observed {
    Observed { rows, ..Observed::default() }
}

/// Somebody, as an order of Milano's names them.
pub fn seen(id: &str, order: &str, email: &str, placed_at: Timestamp) -> PersonSeen {
    let address = Address {
        name: Some("Mario Rossi".to_owned()),
        lines: vec!["Via Garibaldi 12".to_owned()],
        city: "Bologna".to_owned(),
        postcode: Some("40121".to_owned()),
        region: None,
        country: "IT".to_owned(),
    };
    let person = Person {
        name: Some("Mario Rossi".to_owned()),
        email: Some(email.to_owned()).filter(|email| !email.is_empty()),
        phone: Some("+39 051 1".to_owned()),
        address: Some(address),
        ..Person::nobody(placed_at)
    };
    PersonSeen {
        key: PersonKey::new(shop("milano"), id),
        source: PersonSource::Order(order.to_owned()),
        version: Version::pushed(placed_at),
        person,
    }
}

/// Observes, and expects it to be taken in.
pub async fn observe(store: &dyn Store, lease: &Lease, observed: Observed) -> Vec<Event> {
    match store.observe(lease, NOW, observed).await.unwrap() {
        ObserveOutcome::Applied(events) => events,
        ObserveOutcome::Moved => panic!("the mirror has moved on"),
    }
}

/// Raises an event for all installs: a new order.
pub async fn raise(store: &dyn Store, lease: &Lease, order_id: &str) -> u64 {
    let row = row(order_key(order_id), 0, order(order_id), vec![placed()]);
    observe(store, lease, rows(vec![row])).await[0].number
}

/// Takes the lease of a client and registers an install.
pub async fn begin(store: &dyn Store) -> (Lease, InstallId) {
    let lease = store.lease(&client("rossi"), "test").await.unwrap();
    let install = install("stock-sync");
    store.install(&lease, &install).await.unwrap();
    (lease, install)
}

/// A run that did nothing, with which the install is done with every event up to its own.
pub fn run(install: &InstallId, event: u64) -> RunCommit {
    RunCommit {
        install: install.clone(),
        event,
        coalesced: Vec::new(),
        passed: event,
        cursor: None,
        began_at: NOW,
        result: RunResult::Done,
        reads: StateReads::default(),
        writes: StateWrites::default(),
        about: StateAbout::default(),
        proposals: Vec::new(),
        refused: Vec::new(),
        signals: Vec::new(),
        lifecycle: false,
        log: Vec::new(),
        http: Vec::new(),
        used: RunUse::default(),
        conflicts: 0,
    }
}

/// What an install is that runs this version of its module.
pub fn identity(version: &str) -> InstallIdentity {
    InstallIdentity {
        version: version.to_owned(),
        state_schema: 1,
        settings: "none".to_owned(),
        mode: "live".to_owned(),
        restoration: None,
    }
}

/// A page of Milano's history, from one order and moment to another.
pub fn history(
    as_of: u64,
    after: Option<(&str, Timestamp)>,
    until: Option<(&str, Timestamp)>,
    last: bool,
) -> BackfillRange {
    let place = |(id, placed_at): (&str, _)| OrderPlace { placed_at, id: id.to_owned() };
    let (after, until) = (after.map(place), until.map(place));
    BackfillRange { shop: shop("milano"), as_of, after, until, last }
}

/// Commits a run, and expects it to be.
pub async fn commit(store: &dyn Store, lease: &Lease, run: RunCommit) -> u64 {
    match store.commit_run(lease, NOW, run).await.unwrap() {
        CommitOutcome::Committed { run } => run,
        other => panic!("{other:?}"),
    }
}

/// Commits a run of a new event that proposes this.
pub async fn propose(
    store: &dyn Store,
    lease: &Lease,
    install: &InstallId,
    proposals: Vec<Proposal>,
) -> u64 {
    let last = store.backlog(&lease.client).await.unwrap().last_event;
    let event = raise(store, lease, &format!("for-{last}")).await;
    commit(store, lease, RunCommit { proposals, ..run(install, event) }).await;
    event
}

pub fn change_stock(name: &str, variant: &str, available: i64, decided_on: i64) -> Proposal {
    let kind = ActionKind::ChangeStock {
        shop: shop("torino"),
        variant: variant.to_owned(),
        location: Location::WHOLE_SHOP,
        available: decimal(available),
        decided_on: decimal(decided_on),
    };
    let terms = Terms { key: Some(format!("key-{name}")), ..Terms::default() };
    Proposal { id: action_id(name), kind, terms }
}

pub fn refund(name: &str, order: &str, amount: i64) -> Proposal {
    let kind = ActionKind::Refund(RefundWrite {
        shop: shop("torino"),
        order: order.to_owned(),
        amount: Money { amount: decimal(amount), currency: "EUR".to_owned() },
        method: RefundMethod::Recorded,
        lines: Vec::new(),
        shipping: decimal(0),
        restock: Restock::None,
        decided_on: decimal(0),
    });
    Proposal { id: action_id(name), kind, terms: Terms::default() }
}

pub fn target(variant: &str) -> String {
    change_stock("any", variant, 0, 0).kind.target().unwrap()
}

pub fn alert(name: &str) -> Proposal {
    let text = Localised { en: "low".to_owned(), it: "poca".to_owned() };
    let kind = ActionKind::Alert { severity: Severity::Warning, title: text.clone(), text };
    Proposal { id: action_id(name), kind, terms: Terms::default() }
}

pub fn after(proposal: Proposal, before: &[&str]) -> Proposal {
    let after = before.iter().map(|name| action_id(name)).collect();
    Proposal { terms: Terms { after, ..proposal.terms.clone() }, ..proposal }
}

pub fn expiring(proposal: Proposal, expires_at: Timestamp) -> Proposal {
    let terms = Terms { expires_at: Some(expires_at), ..proposal.terms.clone() };
    Proposal { terms, ..proposal }
}

/// An end of an action, with nothing seen of its target.
pub fn settlement(name: &str, end: ActionEnd, rows: Vec<ObservedRow>) -> Settlement {
    Settlement { action: action_id(name), end, at: NOW, shown: Shown::default(), rows }
}

pub fn decided_on(kind: &ActionKind) -> Decimal {
    match kind {
        ActionKind::ChangeStock { decided_on, .. } => *decided_on,
        other => panic!("{other:?} is decided on no quantity"),
    }
}

pub const fn done() -> ActionEnd {
    ActionEnd::Done { ids: Vec::new() }
}

/// The action and its end, of an event that tells an outcome.
pub fn outcome(event: &Event) -> Option<(&str, &ActionEnd)> {
    match &event.body {
        EventBody::Outcome { action, end, .. } => Some((action.as_str(), end)),
        _ => None,
    }
}

/// The names of the actions that are ready.
pub async fn ready(store: &dyn Store, at: Timestamp) -> Vec<String> {
    let ready = store.ready(&client("rossi"), at, 100).await.unwrap();
    ready.into_iter().map(|ready| ready.action.id.to_string()).collect()
}

/// The outcomes after an event, in order.
pub async fn outcomes(store: &dyn Store, after: u64) -> Vec<(String, ActionEnd)> {
    let events = store.events(&client("rossi"), after, 100).await.unwrap();
    let outcomes = events.iter().filter_map(outcome);
    outcomes.map(|(name, end)| (name.to_owned(), end.clone())).collect()
}

pub fn all_dead() -> DeadSelection {
    DeadSelection { numbers: ALL_NUMBERS, shop: None }
}

pub fn all_actions() -> ActionSelection {
    ActionSelection { numbers: ALL_NUMBERS, shop: None, install: None }
}

/// Something that somebody did.
pub fn act(what: &str) -> Act {
    let text = str::to_owned;
    Act { principal: text("anna"), what: text(what), subject: text("client"), detail: text("") }
}

/// What is in the audit log, newest first.
pub async fn acts(store: &dyn Store) -> Vec<String> {
    let log = store.audit_log(&client("rossi"), None, 99).await.unwrap();
    log.into_iter().map(|entry| entry.act.what).collect()
}

/// An alert that the host could raise.
pub fn new_alert(key: &str, about: Scope) -> NewAlert {
    let sentence = |what: &str| Localised { en: format!("{what} en"), it: format!("{what} it") };
    NewAlert {
        key: key.to_owned(),
        severity: Severity::Warning,
        about,
        title: sentence("title"),
        text: sentence("text"),
    }
}
