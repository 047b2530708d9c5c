//! The module, called as the engine calls it: through the whole sandbox.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use fondaco_model::{
    Aspect, ClientId, Decimal, EntityKey, InstallId, Location, Order, OrderChange, ShopId,
    Timestamp, Version,
    commerce::{LineKind, OrderHead, OrderLine, OrderState},
};
use fondaco_sandbox::{
    Call, EmptyHost, Grants, Input, Module, Ran, RunOutcome, Sandbox, SandboxConfig,
};

use crate::LINES;

/// The module, its host, and the call it is called with.
pub struct Worker {
    module: Module,
    tally: Mutex<Option<String>>,
    call: Call,
}

impl Worker {
    pub fn new(component: &[u8]) -> Result<Self> {
        let sandbox = Sandbox::new(SandboxConfig::default())?;
        let module = sandbox.load(component, &Grants::default())?;
        Ok(Self { module, tally: Mutex::default(), call: call()? })
    }

    /// What one call is made with; it is used up by it.
    pub fn call(&self) -> Call {
        self.call.clone()
    }

    /// One call in a new instance, with what it wrote committed.
    pub async fn once(&self, call: Call) -> Result<()> {
        let host = Arc::new(EmptyHost { value: self.tally() });
        let Ran { result, mut writes, log, .. } = self.module.call(call, host).await?;
        ensure!(result == RunOutcome::Done && log.len() == 1, "{result:?} {log:?}");
        let written = writes.remove("tally").context("it wrote no tally")?;
        ensure!(writes.is_empty(), "it wrote more than its tally: {writes:?}");
        *self.kept() = written;
        Ok(())
    }

    /// The tally it keeps.
    pub fn tally(&self) -> Option<String> {
        self.kept().clone()
    }

    fn kept(&self) -> MutexGuard<'_, Option<String>> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same order as the plug-in's, as the host has it.
fn call() -> Result<Call> {
    let decimal = |text: &str| text.parse::<Decimal>().context("an amount of the order");
    let line = |number: usize| -> Result<OrderLine> {
        Ok(OrderLine {
            id: number.to_string(),
            kind: LineKind::Goods,
            variant: Some((1000 + number).to_string()),
            product: Some((1000 + number).to_string()),
            sku: Some(format!("SKU-{number:04}")),
            title: format!("Something for the kitchen, number {number}"),
            quantity: 2.into(),
            net: decimal("19.90")?,
            tax: decimal("4.38")?,
            discount: Decimal::ZERO,
            deductions: BTreeMap::from([(Location::WHOLE_SHOP, 2.into())]),
        })
    };
    let moment = Timestamp(1_800_000_000_000);
    let head = OrderHead {
        number: "1042".to_owned(),
        state: OrderState::Processing,
        test: false,
        channel: "web".to_owned(),
        placed_at: moment,
        paid_at: Some(moment),
        customer: None,
        currency: "EUR".to_owned(),
        prices_include_tax: true,
        total: decimal("485.60")?,
        presentment_total: None,
        total_tax: decimal("87.60")?,
        payment_method: Some("stripe".to_owned()),
        shipping_country: Some("IT".to_owned()),
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    let version = Version::pushed(moment);
    let lines = (0..LINES).map(line).collect::<Result<Vec<_>>>()?;
    let order = Order {
        head: Aspect::known(version, head),
        lines: Aspect::known(version, lines),
        ..Order::default()
    };
    let shop = ShopId::new("milano")?;
    Ok(Call {
        client: ClientId::new("rossi")?,
        install: InstallId::new("order-worker")?,
        event: 7,
        shop: Some(shop.clone()),
        observed_at: moment,
        caused_by: None,
        cursor: None,
        now: moment,
        settings: Arc::from("{}"),
        answers: Vec::new(),
        input: Input::Order {
            key: EntityKey::order(shop, "17"),
            order,
            changes: BTreeSet::from([OrderChange::Placed, OrderChange::Paid]),
        },
    })
}
