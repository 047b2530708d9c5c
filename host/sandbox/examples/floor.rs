//! What the sandbox adds to bare wasmtime: one `on-order` call with an order of 20 lines on a
//! component that does nothing, through `Module::call`, against the same component on wasmtime
//! with the same engine settings, the two alternating in one run.
//!
//! Run it with `cargo run --release -p fondaco-sandbox --example floor`.

#[path = "../tests/all/fixture.rs"]
#[allow(dead_code, reason = "it has more than this needs")]
mod fixture;

use std::{sync::Arc, time::Instant};

use fondaco_sandbox::{Grants, RunHost};
use wasmtime::{
    Store, UpdateDeadline,
    component::{Component, Linker},
};

mod bare {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "order-hook",
        ownership: Borrowing { duplicate_if_necessary: true },
        imports: { default: async | trappable },
        exports: { default: async },
    });
}

use bare::{
    OrderHookPre,
    exports::fondaco::plugin::on_order::{OrderChanges, OrderEvent},
    fondaco::plugin::{
        commerce::{DeductionParam, LineKind, MoneyParam, OrderLineParam, OrderParam, OrderState},
        types::Envelope,
    },
};

const LINES: usize = 20;
const WARM_UP: usize = 2_000;
const CALLS: usize = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let sandbox = fixture::sandbox(fixture::small());
    let noop = fixture::guest("noop");
    let module = sandbox.load(&noop, &Grants::default()).unwrap();
    let host: Arc<dyn RunHost> = Arc::new(fixture::Host::new());

    let engine = sandbox.engine();
    let component = Component::new(engine, &noop).unwrap();
    let mut linker = Linker::new(engine);
    linker.define_unknown_imports_as_traps(&component).unwrap();
    let bare = OrderHookPre::new(linker.instantiate_pre(&component).unwrap()).unwrap();
    let texts: Vec<_> = (0..LINES).map(texts).collect();
    let deductions = [DeductionParam {
        location: None,
        quantity: "2",
    }];
    let lines: Vec<_> = texts.iter().map(|texts| line(texts, &deductions)).collect();

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..WARM_UP + CALLS {
        let call = fixture::call(fixture::order_input(LINES), "{}");
        let begun = Instant::now();
        module.call(call, Arc::clone(&host)).await.unwrap();
        with.push(begun.elapsed());

        let begun = Instant::now();
        let mut store = Store::new(engine, ());
        store.set_fuel(sandbox.config().fuel).unwrap();
        store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
        store.set_epoch_deadline(1);
        let hook = bare.instantiate_async(&mut store).await.unwrap();
        let hook = hook.fondaco_plugin_on_order();
        hook.call_handle(&mut store, envelope(), event(&lines))
            .await
            .unwrap()
            .unwrap();
        drop(store);
        without.push(begun.elapsed());
    }
    let p50 = |times: &mut Vec<std::time::Duration>| {
        times.drain(..WARM_UP);
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1e6
    };
    let (with, without) = (p50(&mut with), p50(&mut without));
    println!(
        "sandbox {with:.1} µs, bare {without:.1} µs, ratio {:.2}",
        with / without
    );
}

/// The texts of a line that differ from line to line: id, variant, product, SKU, title.
fn texts(number: usize) -> [String; 5] {
    [
        (1_000 + number).to_string(),
        (100 + number).to_string(),
        (10 + number).to_string(),
        format!("MUG-BLU-{number:03}"),
        format!("Tazza blu, misura {number}"),
    ]
}

fn line<'a>(texts: &'a [String; 5], deductions: &'a [DeductionParam<'a>]) -> OrderLineParam<'a> {
    let [id, variant, product, sku, title] = texts;
    OrderLineParam {
        id,
        kind: LineKind::Goods,
        variant: Some(variant),
        product: Some(product),
        sku: Some(sku),
        title,
        quantity: "2",
        net: "32.62",
        tax: "7.18",
        deductions,
    }
}

fn envelope() -> Envelope<'static> {
    Envelope {
        event: "7",
        shop: Some("milano"),
        observed_at: 6_000,
        caused_by: None,
        cursor: None,
    }
}

fn event<'a>(lines: &'a [OrderLineParam<'a>]) -> OrderEvent<'a> {
    let order = OrderParam {
        shop: "milano",
        id: "1042",
        number: "1042",
        state: OrderState::Processing,
        test: false,
        channel: "web",
        placed_at: 4_000,
        updated_at: 5_000,
        paid_at: Some(4_500),
        total: MoneyParam {
            amount: "796",
            currency: "EUR",
        },
        total_tax: "143.6",
        refunded: "0",
        payment_method: Some("stripe"),
        shipping_country: Some("IT"),
        lines,
    };
    OrderEvent {
        order,
        changes: OrderChanges::PLACED | OrderChanges::DEDUCTIONS,
    }
}
