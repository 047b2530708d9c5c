//! Somebody who buys.

use fondaco_shopsim::{Customer, CustomerOptions, CustomerReport};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::scene;

const OPTIONS: CustomerOptions = CustomerOptions { orders_per_second: 500.0, cancel_share: 0.2 };

#[tokio::test]
async fn the_same_seed_does_the_same() {
    let mut sequences = Vec::new();
    for seed in [1, 1, 2] {
        let shops = vec![scene::new_york().await, scene::rome().await];
        let customer = Customer::new(shops.clone(), seed, OPTIONS);
        let sequence: Vec<_> = (0..60).map(|_| customer.step().unwrap()).collect();
        sequences.push(sequence);
        for shop in shops {
            shop.stop().await;
        }
    }
    assert_eq!(sequences[0], sequences[1]);
    assert_ne!(sequences[0], sequences[2]);
    let count = |wanted: fn(&CustomerReport) -> bool| {
        sequences[0].iter().filter(|report| wanted(report)).count()
    };
    assert!(count(|report| matches!(report, CustomerReport::Placed { .. })) > 5);
    assert!(count(|report| matches!(report, CustomerReport::Cancelled { .. })) > 2);
}

#[tokio::test]
async fn carts_are_small_and_reported() {
    let shop = scene::rome().await;
    let (sender, mut reports) = mpsc::channel(4);
    let customer = Customer::new(vec![shop.clone()], 5, OPTIONS).report_to(sender);
    let enough = CancellationToken::new();
    let running = {
        let enough = enough.clone();
        tokio::spawn(async move { customer.run(enough).await })
    };
    let mut out = 0;
    let mut count = 0;
    // The channel ends with the customer, who ends when told to.
    while let Some(report) = reports.recv().await {
        let (sign, order) = match &report {
            CustomerReport::Placed { shop: 0, order } => (1, order),
            CustomerReport::Cancelled { shop: 0, order } => (-1, order),
            other => panic!("{other:?}"),
        };
        assert!((1..=3).contains(&order.lines.len()));
        assert!(order.lines.iter().all(|(_, _, quantity)| (1..=3).contains(quantity)));
        let mugs = order.lines.iter().filter(|(sku, ..)| sku == "TAZZA");
        out += sign * mugs.map(|(_, _, quantity)| quantity).sum::<i64>();
        count += 1;
        if count == 30 {
            enough.cancel();
        }
    }
    running.await.unwrap();
    assert!(count >= 30 && out > 0);
    assert_eq!(shop.quantity("TAZZA"), Some(100 - out), "nothing was done unreported");
    shop.stop().await;
}

#[tokio::test]
async fn a_customer_without_shops_waits() {
    let customer = Customer::new(Vec::<fondaco_shopsim::AnyShop>::new(), 1, OPTIONS);
    assert_eq!(customer.step(), None);
    let enough = CancellationToken::new();
    enough.cancel();
    customer.run(enough).await;
}
