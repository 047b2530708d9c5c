//! `install.memory-bytes`: what each further install of a module costs in resident memory when the
//! module is loaded already. Ten thousand of them in one sandbox, each with its grants, its limits
//! and its settings, as the engine holds them.
//!
//! It is measured in a process of its own, so that what other rows left behind is not counted.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::Arc,
    time::Duration,
};

use fondaco_egress::EgressPolicy;
use fondaco_engine::setup::{InstallSetup, Mode, ShadowState};
use fondaco_model::{
    ShopId,
    run::Resource,
    schedule::{Beat, Missed, Schedule},
};
use fondaco_sandbox::{Grants, Sandbox, SandboxConfig};
use jiff::tz::TimeZone;

use crate::{Bound, Figure, fixture::component};

/// What the process that measures is told.
pub const CHILD: &str = "--measure-installs";

/// Installs that are not counted: they are there when measuring begins.
const BEFORE: usize = 100;
/// Installs that are.
const INSTALLS: usize = 10_000;
/// Bytes that must not be passed for one.
const BOUND: f64 = 3_072.0;

pub fn bytes() -> Figure {
    let program = std::env::current_exe().unwrap();
    let output = Command::new(program).arg(CHILD).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).unwrap();
    let [before, after] = [0, 1].map(|line| {
        let number = printed.lines().nth(line).unwrap();
        number.parse::<f64>().unwrap()
    });
    Figure {
        value: (after - before) / INSTALLS as f64,
        unit: "bytes",
        bound: Bound::AtMost(BOUND),
        detail: format!(
            "{INSTALLS} installs of one module: from {:.1} to {:.1} MiB resident",
            before / f64::from(1 << 20),
            after / f64::from(1 << 20)
        ),
    }
}

/// Prints the resident bytes before and after.
pub fn measure() {
    let sandbox = Sandbox::new(SandboxConfig::default()).unwrap();
    let component = component("stock-sync");
    let mut installs = Vec::with_capacity(BEFORE + INSTALLS);
    for number in 0..BEFORE {
        installs.push(install(&sandbox, &component, number));
    }
    let before = resident_bytes();
    for number in 0..INSTALLS {
        installs.push(install(&sandbox, &component, BEFORE + number));
    }
    let after = resident_bytes();
    assert_eq!(installs.len(), BEFORE + INSTALLS);
    println!("{before}\n{after}");
}

fn install(sandbox: &Sandbox, component: &[u8], number: usize) -> InstallSetup {
    let shop = ShopId::new(format!("shop-{number}")).unwrap();
    let asked = ["alert", "catalogue", "change-stock", "orders", "stock"];
    let grants = Grants::new(asked).unwrap().with_shops([shop]);
    let lower = BTreeMap::from([(Resource::Fuel, 100_000_000), (Resource::WallTime, 2_000_000)]);
    let prepared = sandbox.prepare(component, &|_| {}).unwrap();
    let skus: BTreeSet<_> = (0..20).map(|sku| format!("SKU-{number}-{sku:04}")).collect();
    let settings = serde_json::json!({ "low-at": 5, "shops": ["milano", "roma"], "never": skus });
    let beat = Beat::Every(Duration::from_mins(1));
    let schedule = Schedule { beat, missed: Missed::One };
    InstallSetup {
        module: prepared.install(&grants, &lower).unwrap(),
        mode: Mode::Live,
        shadow_state: ShadowState::Discard,
        settings: settings.to_string().into(),
        schedules: BTreeMap::from([("reconcile".to_owned(), schedule)]),
        time_zone: TimeZone::UTC,
        egress: Arc::new(EgressPolicy::new(Vec::new(), BTreeMap::new())),
    }
}

/// What of this process is in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kilobytes * 1024
}
