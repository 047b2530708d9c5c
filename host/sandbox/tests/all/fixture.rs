//! A host with some data, guests to call, and events to call them with.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Arc, LazyLock, Mutex},
};

use async_trait::async_trait;
use fondaco_model::{
    Aspect, ClientId, Decimal, EntityKey, InstallId, Location, Order, OrderChange, Person,
    PersonKey, PersonSource, ShopId, Timestamp, Variant, Version,
    commerce::{
        LineKind, OrderHead, OrderLine, OrderState, StockLevel, StockPolicy, VariantContent,
    },
    http::{HttpAnswer, HttpFailure, HttpRequest},
    person::Address,
    run::{Resource, StateValue},
};
use fondaco_sandbox::{
    Call, CallError, Grants, HostError, Input, Module, Ran, RunHost, Sandbox, SandboxConfig,
    ShopInfo,
};
use wit_parser::{PackageId, Resolve};

/// A guest as `cargo xtask test` builds it.
pub fn guest(name: &str) -> Vec<u8> {
    let folder = std::env::var_os("FONDACO_PLUGINS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins"),
        PathBuf::from,
    );
    let file = folder.join(format!("{name}.wasm"));
    std::fs::read(&file).unwrap_or_else(|error| {
        panic!("{} cannot be read ({error}): run `cargo xtask test`", file.display())
    })
}

/// The contract in `wit/`, with what is not served yet.
pub fn contract() -> (Resolve, PackageId) {
    let mut resolve = Resolve { all_features: true, ..Resolve::default() };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
    let (package, _) = resolve.push_dir(folder).unwrap();
    (resolve, package)
}

pub fn shop(name: &str) -> ShopId {
    ShopId::new(name).unwrap()
}

pub fn sandbox(config: SandboxConfig) -> Sandbox {
    Sandbox::new(config).unwrap()
}

/// A small pool, so that tests side by side do not ask for too much address space.
pub fn small() -> SandboxConfig {
    SandboxConfig { concurrent_runs: 4, ..SandboxConfig::default() }
}

/// A small pool whose runs have all the time they need, however busy the machine is.
pub fn patient() -> SandboxConfig {
    limited(&[(Resource::WallTime, 600_000_000)])
}

/// A small pool with other limits for its runs.
pub fn limited(limits: &[(Resource, u64)]) -> SandboxConfig {
    let mut config = small();
    for (resource, limit) in limits {
        config.limits[*resource] = *limit;
    }
    config
}

/// The probe under the usual limits; compiled once for all tests.
pub fn probe() -> Module {
    // With places for all tests that run at the same time.
    static PROBE: LazyLock<Module> = LazyLock::new(|| {
        probe_with(SandboxConfig { concurrent_runs: 64, client_runs: 64, ..patient() })
    });
    PROBE.clone()
}

/// The probe under other limits.
pub fn probe_with(config: SandboxConfig) -> Module {
    sandbox(config).load(&guest("probe"), &Grants::all()).unwrap()
}

/// What the host has: two shops, one variant on each, one order.
pub struct Host {
    pub state: Mutex<BTreeMap<String, (String, u64)>>,
    pub asked: Mutex<Vec<String>>,
    pub broken: bool,
    pub hangs: bool,
    /// The threads it was asked on, by name.
    pub threads: Mutex<Vec<String>>,
    /// Where it connects to when it is asked for HTTP.
    pub connects_to: Option<std::net::SocketAddr>,
}

impl Host {
    pub fn new() -> Self {
        Self {
            state: Mutex::default(),
            asked: Mutex::default(),
            broken: false,
            hangs: false,
            threads: Mutex::default(),
            connects_to: None,
        }
    }

    pub fn with_state(entries: &[(&str, &str, u64)]) -> Self {
        let host = Self::new();
        let entry = |(key, value, commit): &(&str, &str, u64)| {
            ((*key).to_owned(), ((*value).to_owned(), *commit))
        };
        host.state.lock().unwrap().extend(entries.iter().map(entry));
        host
    }

    async fn asked(&self, what: String) -> Result<(), HostError> {
        self.asked.lock().unwrap().push(what);
        let thread = std::thread::current().name().unwrap_or_default().to_owned();
        self.threads.lock().unwrap().push(thread);
        if self.hangs {
            std::future::pending::<()>().await;
        }
        if self.broken { Err(HostError("the disk is gone".to_owned())) } else { Ok(()) }
    }
}

pub fn variant(policy: StockPolicy, sku: &str, available: &str) -> Variant {
    let version = Version::pushed(Timestamp(5_000));
    let content = VariantContent {
        product: "1".to_owned(),
        sku: Some(sku.to_owned()),
        title: "Tazza blu".to_owned(),
        price: Some("19.90".parse().unwrap()),
        compare_at: None,
        cost: None,
        barcode: None,
        weight: None,
        published: true,
    };
    let available = match policy {
        StockPolicy::Untracked => None,
        StockPolicy::Tracked | StockPolicy::Backorder => Some(available.parse().unwrap()),
    };
    let level = Aspect::known(version, StockLevel { policy, available, on_hand: None });
    Variant {
        content: Aspect::known(version, content),
        stock: BTreeMap::from([(Location::WHOLE_SHOP, level)]),
    }
}

#[async_trait]
impl RunHost for Host {
    async fn state_get(&self, key: &str) -> Result<StateValue, HostError> {
        self.asked(format!("get {key}")).await?;
        let state = self.state.lock().unwrap();
        Ok(match state.get(key) {
            Some((value, commit)) => StateValue { value: Some(value.clone()), commit: *commit },
            None => StateValue { value: None, commit: 0 },
        })
    }

    async fn state_list(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, StateValue)>, HostError> {
        self.asked(format!("list {prefix} {after:?} {limit}")).await?;
        let state = self.state.lock().unwrap();
        let entry = |(key, (value, commit)): (&String, &(String, u64))| {
            (key.clone(), StateValue { value: Some(value.clone()), commit: *commit })
        };
        let found = state
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
        Ok(found.take(limit as usize).map(entry).collect())
    }

    async fn shops(&self) -> Result<Vec<ShopInfo>, HostError> {
        self.asked("shops".to_owned()).await?;
        let info = |id: &str, production| ShopInfo {
            id: shop(id),
            name: id.to_uppercase(),
            platform: "woocommerce".to_owned(),
            production,
        };
        Ok(vec![info("milano", true), info("torino", false)])
    }

    async fn variant(
        &self,
        shop: &ShopId,
        id: &str,
    ) -> Result<Option<(EntityKey, Variant)>, HostError> {
        self.asked(format!("variant {shop} {id}")).await?;
        let found = match id {
            "1" => variant(StockPolicy::Tracked, "MUG-BLU", "14"),
            "2" => variant(StockPolicy::Untracked, "GIFT", "0"),
            _ => return Ok(None),
        };
        Ok(Some((EntityKey::variant(shop.clone(), id), found)))
    }

    async fn variants_by_sku(&self, sku: &str) -> Result<Vec<(EntityKey, Variant)>, HostError> {
        self.asked(format!("sku {sku}")).await?;
        let on = |name: &str| {
            let found = variant(StockPolicy::Tracked, sku, "14");
            (EntityKey::variant(shop(name), "1"), found)
        };
        Ok(if sku == "MUG-BLU" { vec![on("milano"), on("torino")] } else { Vec::new() })
    }

    async fn skus(&self, after: Option<&str>, limit: u32) -> Result<Vec<String>, HostError> {
        self.asked(format!("skus {after:?} {limit}")).await?;
        Ok(vec!["GIFT".to_owned(), "MUG-BLU".to_owned()])
    }

    async fn order(
        &self,
        shop: &ShopId,
        id: &str,
    ) -> Result<Option<(EntityKey, Order)>, HostError> {
        self.asked(format!("order {shop} {id}")).await?;
        let key = EntityKey::order(shop.clone(), id);
        Ok((id == "1042").then(|| (key, order(2))))
    }

    async fn person(
        &self,
        key: &PersonKey,
        source: Option<&PersonSource>,
    ) -> Result<Option<Person>, HostError> {
        self.asked(format!("{key} {source:?}")).await?;
        let known = matches!(key.id.as_str(), "1" | "c1");
        Ok(known.then(mario))
    }

    async fn orders_known_until(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError> {
        self.asked(format!("until {shop}")).await?;
        Ok((shop.as_str() == "milano").then_some(Timestamp(7_000)))
    }

    async fn silent_since(&self, shop: &ShopId) -> Result<Option<Timestamp>, HostError> {
        self.asked(format!("silent {shop}")).await?;
        Ok((shop.as_str() == "torino").then_some(Timestamp(6_000)))
    }

    async fn http_get(&self, request: &HttpRequest) -> Result<HttpAnswer, HttpFailure> {
        let asked = self.asked(format!("http {}", request.url)).await;
        asked.map_err(|error| HttpFailure::Unreachable { reason: error.0 })?;
        if let Some(address) = self.connects_to {
            let connected = tokio::net::TcpStream::connect(address).await;
            connected.map_err(|error| HttpFailure::Unreachable { reason: error.to_string() })?;
        }
        let number = self.asked.lock().unwrap().len();
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        let body = format!("answer {number}").into_bytes();
        Ok(HttpAnswer { status: 200, headers, body, url: request.url.clone() })
    }
}

/// Somebody of whom everything is known.
pub fn mario() -> Person {
    let address = |line: &str| Address {
        name: Some("Mario Rossi".to_owned()),
        lines: vec![line.to_owned()],
        city: "Bologna".to_owned(),
        postcode: Some("40121".to_owned()),
        region: Some("BO".to_owned()),
        country: "IT".to_owned(),
    };
    Person {
        since: Timestamp(3_000),
        name: Some("Mario Rossi".to_owned()),
        email: Some("mario@example.test".to_owned()),
        phone: Some("+39 051 1".to_owned()),
        address: Some(address("Via Garibaldi 12")),
        shipping: Some(address("Via Po 1")),
        company: Some("Figli S.r.l.".to_owned()),
        tax_codes: vec![("vat".to_owned(), "IT01234567890".to_owned())],
    }
}

/// An order with so many lines, as a platform that counts each of them off its stock shows it.
pub fn order(lines: usize) -> Order {
    let version = Version::pushed(Timestamp(5_000));
    let line = |number: usize| OrderLine {
        id: (1_000 + number).to_string(),
        kind: LineKind::Goods,
        variant: Some((100 + number).to_string()),
        product: Some((10 + number).to_string()),
        sku: Some(format!("MUG-BLU-{number:03}")),
        title: format!("Tazza blu, misura {number}"),
        quantity: 2.into(),
        net: "32.62".parse().unwrap(),
        tax: "7.18".parse().unwrap(),
        discount: Decimal::ZERO,
        deductions: BTreeMap::from([(Location::WHOLE_SHOP, 2.into())]),
    };
    let head = OrderHead {
        number: "1042".to_owned(),
        state: OrderState::Processing,
        test: false,
        channel: "web".to_owned(),
        placed_at: Timestamp(4_000),
        paid_at: Some(Timestamp(4_500)),
        customer: Some("c1".to_owned()),
        currency: "EUR".to_owned(),
        prices_include_tax: true,
        total: "796.00".parse().unwrap(),
        presentment_total: None,
        total_tax: "143.60".parse().unwrap(),
        payment_method: Some("stripe".to_owned()),
        shipping_country: Some("IT".to_owned()),
        campaign: None,
        codes: Vec::new(),
        charges: Vec::new(),
    };
    Order {
        head: Aspect::known(version, head),
        lines: Aspect::known(version, (0..lines).map(line).collect()),
        ..Order::default()
    }
}

pub fn order_input(lines: usize) -> Input {
    Input::Order {
        key: EntityKey::order(shop("milano"), "1042"),
        order: order(lines),
        changes: BTreeSet::from([OrderChange::Placed, OrderChange::Deductions]),
    }
}

pub fn call(input: Input, settings: &str) -> Call {
    Call {
        client: ClientId::new("rossi").unwrap(),
        install: InstallId::new("probe").unwrap(),
        event: 7,
        shop: Some(shop("milano")),
        observed_at: Timestamp(6_000),
        caused_by: None,
        cursor: None,
        now: Timestamp(1_700_000_000_000),
        settings: settings.into(),
        answers: Vec::new(),
        input,
    }
}

/// Has the probe do these steps, written as JSON, for an order of two lines.
pub async fn does(module: &Module, host: Host, steps: &str) -> Result<Ran, CallError> {
    does_with(module, Arc::new(host), steps).await
}

/// Like [`does`], with a host that is looked at afterwards.
pub async fn does_with(module: &Module, host: Arc<Host>, steps: &str) -> Result<Ran, CallError> {
    let settings = format!("{{\"steps\": {steps}}}");
    module.call(call(order_input(2), &settings), host).await.map_err(|failed| failed.error)
}

/// What the steps told, one after the other.
pub fn told(ran: &Ran) -> Vec<&str> {
    ran.log.iter().map(|line| line.message.as_str()).collect()
}
