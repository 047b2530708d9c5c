//! The module, called as the engine calls it: through the whole sandbox.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::{Context as _, Result, ensure};
use async_trait::async_trait;
use fondaco_model::{
    Aspect, ClientId, Decimal, EntityKey, InstallId, Location, Order, OrderChange, ShopId,
    Timestamp, Variant, Version,
    commerce::{LineKind, OrderHead, OrderLine, OrderState},
    http::{HttpAnswer, HttpFailure, HttpRequest},
    run::StateValue,
};
use fondaco_sandbox::{
    Call, Grants, HostError, Input, Module, Ran, RunHost, RunOutcome, Sandbox, SandboxConfig,
    ShopInfo,
};

use crate::LINES;

/// The module, its host, and the call it is called with.
pub struct Worker {
    module: Module,
    host: Arc<Host>,
    call: Call,
}

impl Worker {
    pub fn new(component: &[u8]) -> Result<Self> {
        let sandbox = Sandbox::new(SandboxConfig::default())?;
        let module = sandbox.load(component, &Grants::default())?;
        Ok(Self { module, host: Arc::default(), call: call()? })
    }

    /// What one call is made with; it is used up by it.
    pub fn call(&self) -> Call {
        self.call.clone()
    }

    /// One call in a new instance, with what it wrote committed.
    pub async fn once(&self, call: Call) -> Result<()> {
        let host = Arc::clone(&self.host) as Arc<dyn RunHost>;
        let Ran { result, writes, log, .. } = self.module.call(call, host).await?;
        ensure!(result == RunOutcome::Done && log.len() == 1, "{result:?} {log:?}");
        let mut state = self.host.state();
        for (key, value) in writes {
            match value {
                Some(value) => state.insert(key, value),
                None => state.remove(&key),
            };
        }
        Ok(())
    }

    /// The tally it keeps.
    pub fn tally(&self) -> Option<String> {
        self.host.state().get("tally").cloned()
    }
}

/// A host that has nothing but the state.
#[derive(Default)]
struct Host(Mutex<BTreeMap<String, String>>);

impl Host {
    fn state(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl RunHost for Host {
    async fn state_get(&self, key: &str) -> Result<StateValue, HostError> {
        Ok(StateValue { value: self.state().get(key).cloned(), commit: 1 })
    }

    async fn state_list(
        &self,
        _: &str,
        _: Option<&str>,
        _: u32,
    ) -> Result<Vec<(String, StateValue)>, HostError> {
        Ok(Vec::new())
    }

    async fn shops(&self) -> Result<Vec<ShopInfo>, HostError> {
        Ok(Vec::new())
    }

    async fn variant(
        &self,
        _: &ShopId,
        _: &str,
    ) -> Result<Option<(EntityKey, Variant)>, HostError> {
        Ok(None)
    }

    async fn variants_by_sku(&self, _: &str) -> Result<Vec<(EntityKey, Variant)>, HostError> {
        Ok(Vec::new())
    }

    async fn skus(&self, _: Option<&str>, _: u32) -> Result<Vec<String>, HostError> {
        Ok(Vec::new())
    }

    async fn order(&self, _: &ShopId, _: &str) -> Result<Option<(EntityKey, Order)>, HostError> {
        Ok(None)
    }

    async fn orders_known_until(&self, _: &ShopId) -> Result<Option<Timestamp>, HostError> {
        Ok(None)
    }

    async fn http_get(&self, _: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        Err(HttpFailure::Unreachable { reason: "there is no network here".to_owned() })
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
