//! The inbox.

use std::{collections::BTreeSet, future::Future, pin::pin, task::Poll, time::Duration};

use fondaco_store::{DeadDelivery, NewDelivery, Observed, Store, limits};

use crate::samples::*;

async fn bodies(store: &dyn Store, after: u64, limit: u32) -> Vec<String> {
    let deliveries = store.deliveries(&client("rossi"), after, limit).await.unwrap();
    let body = |body: Vec<u8>| String::from_utf8(body).unwrap();
    deliveries.into_iter().map(|delivery| body(delivery.delivery.body)).collect()
}

pub async fn deliveries_come_out_in_the_order_of_arrival(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    for (number, body) in (1..).zip(["a", "b", "c", "b"]) {
        assert_eq!(store.accept(&lease, delivery(body)).await.unwrap(), number);
    }
    let first = store.deliveries(&lease.client, 0, 1).await.unwrap().remove(0);
    assert_eq!((first.number, first.delivery), (1, delivery("a")));
    assert_eq!(bodies(store, 0, 9).await, ["a", "b", "c", "b"]);
    assert_eq!(bodies(store, 1, 2).await, ["b", "c"]);
    assert_eq!(bodies(store, 4, 9).await, [""; 0]);

    let worked_in = || Observed { delivery: Some(2), ..Observed::default() };
    observe(store, &lease, worked_in()).await;
    observe(store, &lease, worked_in()).await;
    assert_eq!(bodies(store, 0, 9).await, ["a", "c", "b"]);
    assert_eq!(store.backlog(&lease.client).await.unwrap().deliveries, 3);
    for number in [1, 3, 4] {
        let delivery = Some(number);
        observe(store, &lease, Observed { delivery, ..Observed::default() }).await;
    }
    assert_eq!(store.accept(&lease, delivery("d")).await.unwrap(), 5, "no number comes twice");
}

pub async fn concurrent_deliveries_get_numbers_of_their_own(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let accepts: Vec<_> = (0..300).map(|body| delivery(&body.to_string())).collect();
    let mut accepts: Vec<_> =
        accepts.into_iter().map(|delivery| Box::pin(store.accept(&lease, delivery))).collect();
    // All are handed in before the first answer is looked at.
    let mut numbers = BTreeSet::new();
    std::future::poll_fn(|context| {
        accepts.retain_mut(|accept| match accept.as_mut().poll(context) {
            Poll::Ready(number) => !numbers.insert(number.unwrap()),
            Poll::Pending => true,
        });
        if accepts.is_empty() { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    assert_eq!(numbers, (1..=300).collect());
    let stored: BTreeSet<_> = bodies(store, 0, 999).await.into_iter().collect();
    assert_eq!(stored.len(), 300);
}

pub async fn a_caller_that_goes_away_does_not_matter(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    {
        let mut accept = pin!(store.accept(&lease, delivery("left alone")));
        // Polled once, which hands it in, and dropped.
        std::future::poll_fn(|context| {
            let _ = accept.as_mut().poll(context);
            Poll::Ready(())
        })
        .await;
    }
    // The writer takes jobs in their order, so this one's answer comes after the first was done.
    store.accept(&lease, delivery("waited for")).await.unwrap();
    assert_eq!(bodies(store, 0, 9).await, ["left alone", "waited for"]);
}

pub async fn a_dead_delivery_is_kept_with_its_reason(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    for body in ["a", "b", "c"] {
        store.accept(&lease, delivery(body)).await.unwrap();
    }
    for (number, reason) in [(1, "not JSON"), (3, "no id"), (1, "again"), (99, "unknown")] {
        store.bury(&lease, number, reason).await.unwrap();
    }
    assert_eq!(bodies(store, 0, 9).await, ["b"]);
    let dead = |number, reason: &str| DeadDelivery {
        number,
        shop: shop("milano"),
        topic: "order.updated".to_owned(),
        received_at: NOW,
        trace: trace(7),
        reason: reason.to_owned(),
        site: None,
    };
    let all = store.dead_deliveries(&lease.client, 9).await.unwrap();
    assert_eq!(all, [dead(3, "no id"), dead(1, "not JSON")]);
    assert_eq!(store.dead_deliveries(&lease.client, 1).await.unwrap(), [dead(3, "no id")]);
    assert_eq!(store.backlog(&lease.client).await.unwrap().dead_deliveries, 2);
}

pub async fn large_bodies_come_in_smaller_lots(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let body = vec![b' '; limits::DELIVERIES_BYTES_MAX / 2 + 1];
    for body in [body.clone(), body, vec![b' '; limits::DELIVERIES_BYTES_MAX + 1]] {
        store.accept(&lease, NewDelivery { body, ..delivery("") }).await.unwrap();
    }
    for after in 0..3 {
        let lot = store.deliveries(&lease.client, after, 9).await.unwrap();
        let numbers: Vec<_> = lot.iter().map(|delivery| delivery.number).collect();
        assert_eq!(numbers, [after + 1]);
    }
    assert!(store.deliveries(&lease.client, 3, 9).await.unwrap().is_empty());
}

pub async fn the_store_says_that_it_can_be_written_to(store: &dyn Store) {
    for _ in 0..2 {
        store.check_writable(Duration::from_secs(5)).await.unwrap();
    }
}
