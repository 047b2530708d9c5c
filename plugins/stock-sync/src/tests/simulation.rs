//! Shops that sell, a host that hears late, twice or not at all, and writes that meet sales.
//!
//! [`world`] is the model: real quantities, and a host that keeps the contract's word and no more.
//! Here are the histories it is put through, and what must hold in the end.
//!
//! The hub is exact as long as the module begins at rest and nobody changes stock by hand while
//! something is open. Otherwise a delivery, or a sale that the opening level showed already, can be
//! mistaken for a sale that a write overwrote: the hub is too low then, never too high. Whatever
//! happens, the shops end in step with the hub.
//!
//! After a restore the hub is exact if people let stock alone and no order gave back in the lost
//! time what it took in it; else it is too low, never too high.

mod world;

use proptest::prelude::*;
use world::{Op, World};

/// Some time in the life of the shops, beginning at rest.
#[derive(Debug, Clone)]
struct Phase {
    /// Changes by hand while nothing is open: shop and by how much.
    edits: Vec<(usize, i64)>,
    /// What happens then.
    ops: Vec<Op>,
}

const SHOPS: usize = 3;

fn any_shop() -> impl Strategy<Value = usize> {
    0..SHOPS
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => (any_shop(), 1..4i64).prop_map(|(shop, units)| Op::Sale { shop, units }),
        2 => (any_shop(), 0..9usize).prop_map(|(shop, order)| Op::Cancel { shop, order }),
        2 => (any_shop(), 0..9usize, 0..5i64)
            .prop_map(|(shop, order, units)| Op::EditOrder { shop, order, units }),
        6 => any_shop().prop_map(|shop| Op::HearOrder { shop }),
        2 => any_shop().prop_map(|shop| Op::PollOrders { shop }),
        5 => any_shop().prop_map(|shop| Op::HearStock { shop }),
        2 => any_shop().prop_map(|shop| Op::DelayStock { shop }),
        2 => any_shop().prop_map(|shop| Op::HearDelayedStock { shop }),
        7 => any_shop().prop_map(|shop| Op::Look { shop }),
        6 => any_shop().prop_map(|shop| Op::Write { shop }),
        6 => any_shop().prop_map(|shop| Op::Settle { shop }),
        1 => any_shop().prop_map(|shop| Op::LoseTrack { shop }),
        1 => any_shop().prop_map(|shop| Op::Fail { shop }),
        10 => (0..4usize).prop_map(|ahead| Op::Run { ahead }),
        2 => Just(Op::RunAll),
        3 => Just(Op::Tick),
        2 => (1..60u64).prop_map(|seconds| Op::Wait { seconds }),
    ]
}

/// What happens to the host itself.
fn backup_or_restore() -> impl Strategy<Value = Op> {
    prop_oneof![
        3 => Just(Op::Backup),
        2 => (any_shop(), 1..4i64).prop_map(|(shop, units)| Op::Restore { shop, units }),
    ]
}

/// Changes by hand far larger than what is sold meanwhile, so that sales never make up for one.
fn delivery_or_loss() -> impl Strategy<Value = (usize, i64)> {
    (any_shop(), prop_oneof![-150..-90i64, 90..150i64])
}

fn phase() -> impl Strategy<Value = Phase> {
    let edits = prop::collection::vec(delivery_or_loss(), 0..2);
    (edits, ops()).prop_map(|(edits, ops)| Phase { edits, ops })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 0..80)
}

/// Histories in which somebody changes stock by hand at any moment.
fn restless(by: std::ops::Range<i64>) -> impl Strategy<Value = Vec<Op>> {
    let edit = (any_shop(), by).prop_map(|(shop, by)| Op::Edit { shop, by });
    prop::collection::vec(prop_oneof![12 => op(), 1 => edit], 0..120)
}

/// Histories in which a backup is restored now and then.
fn restored(op: impl Strategy<Value = Op> + 'static) -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![12 => op, 1 => backup_or_restore()];
    let ops = prop::collection::vec(op, 0..120);
    // Whatever was drawn, the last thing that happens is a restore.
    (ops, 0..100usize, any_shop()).prop_map(|(mut ops, at, shop)| {
        ops.insert(at.min(ops.len()), Op::Backup);
        ops.push(Op::Restore { shop, units: 1 });
        ops
    })
}

fn start() -> impl Strategy<Value = [i64; SHOPS]> {
    [0..30i64, 0..30i64, 0..30i64]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_sale_counts_once_and_every_shop_shows_it(start in start(), ops in ops()) {
        let mut world = World::new(&start);
        world.come_to_rest();
        for op in &ops {
            world.perform(op);
        }
        world.come_to_rest();
        world.assert_in_step();
        prop_assert_eq!(world.hub(), world.truth, "{}", world.story());
    }

    #[test]
    fn changes_by_hand_become_corrections_to_the_unit(
        phases in prop::collection::vec(phase(), 1..4),
    ) {
        let mut world = World::new(&[300, 250, 0]);
        world.come_to_rest();
        for phase in &phases {
            for (shop, by) in &phase.edits {
                world.perform(&Op::Edit { shop: *shop, by: *by });
            }
            for op in &phase.ops {
                world.perform(op);
            }
            world.come_to_rest();
            world.assert_in_step();
            prop_assert_eq!(world.hub(), world.truth, "{}", world.story());
        }
    }

    #[test]
    fn whatever_happens_the_shops_end_in_step(start in start(), ops in restless(-6..10)) {
        let mut world = World::new(&start);
        for op in &ops {
            world.perform(op);
        }
        world.come_to_rest();
        world.assert_in_step();
    }

    #[test]
    fn a_delivery_at_any_moment_never_makes_the_hub_too_high(
        start in start(),
        ops in restless(1..10),
    ) {
        let mut world = World::new(&start);
        for op in &ops {
            world.perform(op);
        }
        world.come_to_rest();
        prop_assert!(world.hub() <= world.truth, "{}", world.story());
    }
    #[test]
    fn a_restored_backup_repeats_nothing_and_forgets_no_sale(
        start in start(),
        ops in restored(op().prop_filter("orders that only grow", |op| {
            !matches!(op, Op::Cancel { .. } | Op::EditOrder { .. })
        })),
    ) {
        let mut world = World::new(&start);
        world.come_to_rest();
        for op in &ops {
            world.perform(op);
        }
        world.come_to_rest();
        world.assert_in_step();
        prop_assert_eq!(world.hub(), world.truth, "{}", world.story());
    }

    #[test]
    fn a_restored_backup_never_makes_the_hub_too_high(
        start in start(),
        ops in restored(prop_oneof![
            12 => op(),
            1 => (any_shop(), 1..10i64).prop_map(|(shop, by)| Op::Edit { shop, by }),
        ]),
    ) {
        let mut world = World::new(&start);
        for op in &ops {
            world.perform(op);
        }
        world.come_to_rest();
        world.assert_in_step();
        prop_assert!(world.hub() <= world.truth, "{}", world.story());
    }
}
