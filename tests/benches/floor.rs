//! `sandbox.floor-ratio`: one `on-order` call with an order of twenty lines on a component that does
//! nothing, through the sandbox, against the same component on bare wasmtime with a pool of the same
//! size. A fresh instance each; alternating in one run; medians of the calls' times.
//!
//! Bare means bare: no fuel, no epochs, nothing linked that the component does not import, no
//! record of what was used, and the order is at hand in the form that wasmtime passes.

use std::{sync::Arc, time::Instant};

use fondaco_model::ClientId;
use fondaco_sandbox::{Call, Grants, Module, RunHost, Sandbox, SandboxConfig, limits};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store,
    component::{Component, Linker},
};

use crate::{
    Bound, Figure,
    fixture::{LINES, component, host, order_call},
    median,
};

/// Calls that are not counted: caches are filled.
const WARM_UP: usize = 500;
/// Calls that are.
const CALLS: usize = 8_000;
/// The ratio that must not be passed.
const BOUND: f64 = 1.5;

mod bare {
    wasmtime::component::bindgen!({
        path: "../wit",
        world: "order-hook",
        exports: { default: async },
    });
}

use bare::{
    OrderHookPre,
    exports::fondaco::plugin::on_order::{OrderChanges, OrderEvent},
    fondaco::plugin::{commerce, types},
};

pub fn ratio() -> Figure {
    let component = component("noop");
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let module = sandbox.load(&component, &Grants::default()).unwrap();
    let bare = Bare::new(&component);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut ours, mut floor) = (Vec::with_capacity(CALLS), Vec::with_capacity(CALLS));
    runtime.block_on(async {
        let host = host();
        let (client, settings) = (ClientId::new("rossi").unwrap(), Arc::from("{}"));
        for number in 0..WARM_UP + CALLS {
            let call = order_call(&client, &settings);
            let began = Instant::now();
            ours_once(&module, call, &host).await;
            let ours_took = began.elapsed();
            let began = Instant::now();
            bare.once().await;
            let floor_took = began.elapsed();
            if number >= WARM_UP {
                ours.push(ours_took.as_secs_f64() * 1e6);
                floor.push(floor_took.as_secs_f64() * 1e6);
            }
        }
    });
    let (ours, floor) = (median(ours), median(floor));
    Figure {
        value: ours / floor,
        unit: "ratio",
        bound: Bound::AtMost(BOUND),
        detail: format!("{ours:.1} µs through the sandbox, {floor:.1} µs on bare wasmtime"),
    }
}

async fn ours_once(module: &Module, call: Call, host: &Arc<dyn RunHost>) {
    module.call(call, Arc::clone(host)).await.unwrap();
}

/// The component on wasmtime with nothing around it.
struct Bare {
    engine: Engine,
    hook: OrderHookPre<()>,
    envelope: types::Envelope,
    event: OrderEvent,
}

impl Bare {
    fn new(component: &[u8]) -> Self {
        let defaults = SandboxConfig::default();
        let runs = defaults.concurrent_runs;
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(runs)
            .total_core_instances(runs * limits::CORE_INSTANCES_MAX)
            .total_memories(runs * limits::MEMORIES_MAX)
            .total_tables(runs * limits::TABLES_MAX)
            .total_stacks(runs)
            .max_core_instances_per_component(limits::CORE_INSTANCES_MAX)
            .max_memories_per_component(limits::MEMORIES_MAX)
            .max_tables_per_component(limits::TABLES_MAX)
            .max_component_instance_size(limits::INSTANCE_BYTES_MAX)
            .max_core_instance_size(limits::INSTANCE_BYTES_MAX)
            .max_memories_per_module(limits::MEMORIES_MAX)
            .max_tables_per_module(limits::TABLES_MAX)
            .table_elements(limits::TABLE_ELEMENTS_MAX)
            .max_memory_size(limits::RUN_MEMORY_BYTES)
            .pagemap_scan(Enabled::Auto)
            .linear_memory_keep_resident(limits::MEMORY_BYTES_KEPT)
            .table_keep_resident(limits::TABLE_BYTES_KEPT);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).unwrap();
        let component = Component::from_binary(&engine, component).unwrap();
        let linker = Linker::<()>::new(&engine);
        let hook = OrderHookPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
        Self { engine, hook, envelope: envelope(), event: event() }
    }

    async fn once(&self) {
        let mut store = Store::new(&self.engine, ());
        let world = self.hook.instantiate_async(&mut store).await.unwrap();
        let hook = world.fondaco_plugin_on_order();
        hook.call_handle(&mut store, &self.envelope, &self.event).await.unwrap().unwrap();
    }
}

fn envelope() -> types::Envelope {
    types::Envelope {
        event: "7".into(),
        shop: Some("milano".into()),
        observed_at: 1_800_000_000_000,
        caused_by: None,
        cursor: None,
    }
}

fn event() -> OrderEvent {
    let line = |number: usize| commerce::OrderLine {
        id: number.to_string(),
        kind: commerce::LineKind::Goods,
        variant: Some(format!("{}", 1000 + number)),
        product: Some(format!("{}", 1000 + number)),
        sku: Some(format!("SKU-{number:04}")),
        title: format!("Something for the kitchen, number {number}"),
        quantity: "2".into(),
        net: "19.9".into(),
        tax: "4.38".into(),
        discount: "0".into(),
        deductions: vec![commerce::Deduction { location: None, quantity: "2".into() }],
    };
    OrderEvent {
        changes: OrderChanges::PLACED | OrderChanges::PAID,
        order: commerce::Order {
            shop: "milano".into(),
            id: "17".into(),
            number: "1042".into(),
            state: commerce::OrderState::Processing,
            test: false,
            channel: "web".into(),
            placed_at: 1_800_000_000_000,
            updated_at: 1_800_000_000_000,
            paid_at: Some(1_800_000_000_000),
            customer: None,
            prices_include_tax: true,
            total: types::Money { amount: "485.6".into(), currency: "EUR".into() },
            presentment_total: None,
            total_tax: "87.6".into(),
            refunded: "0".into(),
            payment_method: Some("stripe".into()),
            shipping_country: Some("IT".into()),
            campaign: None,
            codes: Vec::new(),
            lines: (0..LINES).map(line).collect(),
            charges: Vec::new(),
            transactions: Vec::new(),
            refunds: Vec::new(),
            parcels: Vec::new(),
        },
    }
}
