//! `sandbox.fuel-ratio` and `sandbox.epoch-ratio`: what it costs that a guest can be stopped. The same
//! component, which does nothing but compute, on bare wasmtime: with fuel against without, and with
//! epochs against without.
//!
//! It makes the CRC-32 of 64 KiB bit by bit: short loops, of which each round is checked, so that
//! real modules pay less. The ratio varies a lot with what else the machine does, hence the wide
//! bounds.

use std::time::Instant;

use wasmtime::{
    Config, Engine, Store,
    component::{Component, Linker, TypedFunc},
};

use crate::{Bound, Figure, median};

/// Calls of each side that are not counted.
const WARM_UP: usize = 3;
/// Calls of each side that are.
const CALLS: usize = 101;
/// The CRC-32 of the bytes.
const CHECKSUM: u32 = 0xb11d_e6a1;
/// The ratio that must not be passed with fuel.
const FUEL_BOUND: f64 = 3.0;
/// The ratio that must not be passed with epochs.
const EPOCH_BOUND: f64 = 2.5;

const COMPONENT: &str = r#"
(component
  (core module $code
    (memory 2)
    (func $byte (param $crc i32) (param $byte i32) (result i32)
      (local $bit i32)
      (local.set $crc (i32.xor (local.get $crc) (local.get $byte)))
      (loop $bits
        (local.set $crc
          (i32.xor
            (i32.shr_u (local.get $crc) (i32.const 1))
            (i32.and (i32.const 0xedb88320)
              (i32.sub (i32.const 0) (i32.and (local.get $crc) (i32.const 1))))))
        (local.set $bit (i32.add (local.get $bit) (i32.const 1)))
        (br_if $bits (i32.lt_u (local.get $bit) (i32.const 8))))
      (local.get $crc))
    (func (export "checksum") (result i32)
      (local $at i32)
      (local $crc i32)
      (loop $fill
        (i32.store8 (local.get $at) (local.get $at))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $fill (i32.lt_u (local.get $at) (i32.const 65536))))
      (local.set $at (i32.const 0))
      (local.set $crc (i32.const -1))
      (loop $bytes
        (local.set $crc (call $byte (local.get $crc) (i32.load8_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $bytes (i32.lt_u (local.get $at) (i32.const 65536))))
      (i32.xor (local.get $crc) (i32.const -1))))
  (core instance $instance (instantiate $code))
  (func (export "checksum") (result u32)
    (canon lift (core func $instance "checksum"))))
"#;

pub fn fuel_ratio() -> Figure {
    ratio(Config::new().consume_fuel(true), "fuel", FUEL_BOUND)
}

pub fn epoch_ratio() -> Figure {
    ratio(Config::new().epoch_interruption(true), "epochs", EPOCH_BOUND)
}

fn ratio(with: &Config, what: &str, bound: f64) -> Figure {
    let mut sides = [Checksum::new(with), Checksum::new(&Config::new())];
    let mut times = [Vec::new(), Vec::new()];
    for number in 0..WARM_UP + CALLS {
        for (side, times) in sides.iter_mut().zip(&mut times) {
            let began = Instant::now();
            side.once();
            if number >= WARM_UP {
                times.push(began.elapsed().as_secs_f64() * 1e6);
            }
        }
    }
    let [with, without] = times.map(median);
    Figure {
        value: with / without,
        unit: "ratio",
        bound: Bound::AtMost(bound),
        detail: format!("{with:.0} µs with {what}, {without:.0} µs without"),
    }
}

struct Checksum {
    store: Store<()>,
    function: TypedFunc<(), (u32,)>,
    fuel: bool,
}

impl Checksum {
    fn new(config: &Config) -> Self {
        let engine = Engine::new(config).unwrap();
        let component = Component::new(&engine, wat::parse_str(COMPONENT).unwrap()).unwrap();
        let mut store = Store::new(&engine, ());
        // Both are far: what is measured is to look, not to be stopped.
        let fuel = store.set_fuel(u64::MAX).is_ok();
        store.set_epoch_deadline(u64::MAX / 2);
        let linker = Linker::new(&engine);
        let instance = linker.instantiate(&mut store, &component).unwrap();
        let function = instance.get_typed_func(&mut store, "checksum").unwrap();
        Self { store, function, fuel }
    }

    fn once(&mut self) {
        if self.fuel {
            self.store.set_fuel(u64::MAX).unwrap();
        }
        let (checksum,) = self.function.call(&mut self.store, ()).unwrap();
        assert_eq!(checksum, CHECKSUM);
    }
}
