//! What is told: traces, single runs, times, counters, what is oldest.

use fondaco_model::{InstallId, Timestamp, action::Shown, event::Cause, run::Resource};
use fondaco_store::{
    Act, ActionFilter, Counter, DeliveryPlace, NewDelivery, Observed, ObservedRow, OldestAction,
    RunCommit, RunResult, RunTime, Scope, Settlement, Store, limits, telling::hour_of,
};

use crate::samples::*;

pub async fn all_that_a_delivery_led_to_is_under_its_trace(store: &dyn Store) {
    let (lease, first) = begin(store).await;
    let second = install("pricing");
    store.install(&lease, &second).await.unwrap();
    let number = store.accept(&lease, delivery("body")).await.unwrap();
    let placed = row(order_key("1"), 0, order("1"), vec![placed()]);
    let observed = Observed { trace: Some(trace(7)), delivery: Some(number), ..rows(vec![placed]) };
    let event = observe(store, &lease, observed).await.remove(0);
    assert_eq!(event.trace, trace(7));
    let proposals = vec![change_stock("a", "1", 8, 10), alert("b")];
    commit(store, &lease, RunCommit { proposals, ..run(&first, event.number) }).await;
    commit(store, &lease, run(&second, event.number)).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    // What the action changed is heard as an event of the same trace, and so is its outcome.
    let cause = Cause { action: action_id("a"), install: first.clone() };
    let seen = ObservedRow {
        caused_by: Some(cause),
        ..row(variant_key("1"), 0, variant(None, 8), vec![stock_change(10)])
    };
    store.settle(&lease, settlement("a", done(), vec![seen])).await.unwrap();
    // Something else that happens meanwhile has a trace of its own.
    let other = raise(store, &lease, "2").await;
    assert_ne!(store.event(&lease.client, other).await.unwrap().unwrap().trace, trace(7));

    let story = store.trace(&lease.client, trace(7), 99).await.unwrap();
    let delivery = &story.deliveries[0];
    assert_eq!((story.deliveries.len(), delivery.number), (1, number));
    assert_eq!(delivery.place, DeliveryPlace::Done { at: NOW });
    assert_eq!((delivery.topic.as_str(), delivery.received_at), ("order.updated", NOW));
    let events: Vec<_> = story.events.iter().map(|event| event.number).collect();
    assert_eq!(events, [event.number, event.number + 1, event.number + 2]);
    let runs: Vec<_> = story.runs.iter().map(|run| run.install.as_str()).collect();
    assert_eq!(runs, ["stock-sync", "pricing"]);
    let actions: Vec<_> = story.actions.iter().map(|action| action.id.as_str()).collect();
    assert_eq!(actions, ["a", "b"]);
    assert!(story.runs.iter().all(|run| run.trace == trace(7)));
    assert_eq!(store.trace(&lease.client, trace(7), 1).await.unwrap().events.len(), 1);
    assert!(store.trace(&lease.client, trace(8), 99).await.unwrap().is_empty());
}

pub async fn the_last_delivery_of_each_topic_is_told(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let at = |shop_name: &str, topic: &str, received_at| NewDelivery {
        shop: shop(shop_name),
        topic: topic.to_owned(),
        received_at: Timestamp(received_at),
        ..delivery("x")
    };
    for delivery in [
        at("milano", "order.updated", 5),
        at("milano", "order.updated", 7),
        at("milano", "product.updated", 3),
        at("torino", "order.updated", 9),
    ] {
        store.accept(&lease, delivery).await.unwrap();
    }
    let last = async || store.last_deliveries(&lease.client, &shop("milano")).await.unwrap();
    let expected =
        [("order.updated".to_owned(), Timestamp(7)), ("product.updated".to_owned(), Timestamp(3))];
    assert_eq!(last().await, expected);
    // Whatever becomes of them.
    store.bury(&lease, 2, "unreadable").await.unwrap();
    observe(store, &lease, Observed { delivery: Some(3), ..rows(Vec::new()) }).await;
    assert_eq!(last().await, expected);
    let alert = new_alert("foreign/milano", Scope::Shop(shop("milano")));
    let foreign = at("milano", "order.updated", 99);
    store.keep_apart(&lease, foreign, "copy.test", alert).await.unwrap();
    assert_eq!(last().await, expected, "a copy is not the shop");
}

pub async fn a_trace_tells_of_deliveries_that_led_to_nothing(store: &dyn Store) {
    let (lease, _) = begin(store).await;
    let place = async || {
        let story = store.trace(&lease.client, trace(7), 9).await.unwrap();
        story.deliveries.into_iter().map(|delivery| delivery.place).collect::<Vec<_>>()
    };
    store.accept(&lease, delivery("x")).await.unwrap();
    assert_eq!(place().await, [DeliveryPlace::Waiting]);
    store.bury(&lease, 1, "unreadable").await.unwrap();
    assert_eq!(place().await, [DeliveryPlace::Dead { reason: "unreadable".to_owned() }]);
    assert_eq!(store.dead_deliveries(&lease.client, 1).await.unwrap()[0].trace, trace(7));
    store.retry_deliveries(&lease, NOW, all_dead(), act("retry")).await.unwrap();
    assert_eq!(place().await, [DeliveryPlace::Waiting]);
    observe(store, &lease, Observed { delivery: Some(2), ..Observed::default() }).await;
    assert_eq!(place().await, [DeliveryPlace::Done { at: NOW }]);
}

pub async fn what_gives_way_stays_in_its_own_trace(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let older = propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    propose(store, &lease, &install, vec![change_stock("b", "1", 7, 8)]).await;
    let trace_of = async |number| store.event(&lease.client, number).await.unwrap().unwrap().trace;
    let outcome = store.backlog(&lease.client).await.unwrap().last_event;
    assert_eq!(trace_of(outcome).await, trace_of(older).await);
    assert_ne!(trace_of(outcome).await, trace_of(outcome - 1).await);
}

pub async fn a_tick_begins_a_trace(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    store.tick(&lease, NOW, &install, "daily", NOW).await.unwrap();
    store.tick(&lease, NOW, &install, "hourly", NOW).await.unwrap();
    let events = store.events(&lease.client, 0, 9).await.unwrap();
    assert_ne!(events[0].trace, events[1].trace);
    let story = store.trace(&lease.client, events[0].trace, 9).await.unwrap();
    assert!(story.deliveries.is_empty());
    assert_eq!(story.events, events[..1]);
}

pub async fn a_run_is_found_by_its_number(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let event = raise(store, &lease, "1").await;
    let number = commit(store, &lease, run(&install, event)).await;
    let found = store.run(&lease.client, &install, number).await.unwrap().unwrap();
    assert_eq!(found, store.runs(&lease.client, None, 1).await.unwrap()[0]);
    assert_eq!(store.run(&lease.client, &install, number + 1).await.unwrap(), None);
    let other = crate::samples::install("pricing");
    assert_eq!(store.run(&lease.client, &other, number).await.unwrap(), None);
}

pub async fn times_of_runs_come_newest_first(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let failed = RunResult::Failed { reason: "trap".to_owned() };
    for (nth, result) in [
        RunResult::Done,
        failed,
        RunResult::Skipped { reason: "it is off".to_owned() },
        RunResult::Done,
    ]
    .into_iter()
    .enumerate()
    {
        let event = raise(store, &lease, &nth.to_string()).await;
        let mut commit_of = RunCommit { result, ..run(&install, event) };
        commit_of.used.used[Resource::WallTime] = 100 + nth as u64;
        commit(store, &lease, commit_of).await;
    }
    let times = store.run_times(&lease.client, &install, 9).await.unwrap();
    let time = |microseconds, failed| RunTime { microseconds, failed };
    assert_eq!(times, [time(103, false), time(101, true), time(100, false)]);
    assert_eq!(store.run_times(&lease.client, &install, 1).await.unwrap(), times[..1]);
}

pub async fn actions_are_counted_in_their_commit(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    let hour = hour_of(NOW);
    let counted = async |install: &InstallId, since| {
        store.counted(&lease.client, install, Counter::Actions, since).await.unwrap()
    };
    let event = raise(store, &lease, "1").await;
    let first = || RunCommit {
        proposals: vec![change_stock("a", "1", 8, 10), change_stock("b", "1", 7, 8)],
        refused: vec![(alert("c"), "no".to_owned())],
        ..run(&install, event)
    };
    commit(store, &lease, first()).await;
    assert_eq!(counted(&install, hour).await, 2, "one that gave way was there; a refused one not");
    store.commit_run(&lease, NOW, first()).await.unwrap();
    assert_eq!(counted(&install, hour).await, 2, "a run is committed once");
    // In another hour, an action that is there already and one that is new.
    let event = raise(store, &lease, "2").await;
    let later = Timestamp((hour + 1) * 3_600_000);
    let proposals = vec![alert("d"), change_stock("a", "1", 8, 10)];
    let second = RunCommit { proposals, ..run(&install, event) };
    store.commit_run(&lease, later, second).await.unwrap();
    assert_eq!((counted(&install, hour).await, counted(&install, hour + 1).await), (3, 1));
    assert_eq!(counted(&crate::samples::install("pricing"), 0).await, 0);
    // What is too old is forgotten in passing.
    let event = raise(store, &lease, "3").await;
    let much_later = Timestamp((hour + 2 + limits::COUNTER_HOURS_KEPT) * 3_600_000);
    let third = RunCommit { proposals: vec![alert("e")], ..run(&install, event) };
    store.commit_run(&lease, much_later, third).await.unwrap();
    assert_eq!(counted(&install, 0).await, 1);
}

pub async fn counters_are_exact_under_concurrent_commits(store: &dyn Store) {
    const INSTALLS: usize = 4;
    const EVENTS: usize = 25;
    let (lease, _) = begin(store).await;
    let installs: Vec<_> = (0..INSTALLS).map(|nth| install(&format!("install-{nth}"))).collect();
    for install in &installs {
        store.install(&lease, install).await.unwrap();
    }
    let mut last = 0;
    for nth in 0..EVENTS {
        last = raise(store, &lease, &nth.to_string()).await;
    }
    let first = last + 1 - EVENTS as u64;
    let work = async |install: &InstallId| {
        for event in first..=last {
            let names = ["x", "y"].map(|name| format!("{install}-{event}-{name}"));
            let run = RunCommit {
                proposals: names.iter().map(|name| alert(name)).collect(),
                ..run(install, event)
            };
            // Handed in twice at once: one of the two is committed.
            let (one, two) = tokio::join!(
                store.commit_run(&lease, NOW, run.clone()),
                store.commit_run(&lease, NOW, run),
            );
            assert_ne!(one.unwrap(), two.unwrap());
        }
    };
    let [a, b, c, d] = &*installs else { panic!("{installs:?}") };
    tokio::join!(work(a), work(b), work(c), work(d));
    let all = ActionFilter { limit: 9_999, ..ActionFilter::default() };
    assert_eq!(store.actions(&lease.client, all).await.unwrap().len(), INSTALLS * EVENTS * 2);
    for install in &installs {
        let counted = store.counted(&lease.client, install, Counter::Actions, hour_of(NOW)).await;
        assert_eq!(counted.unwrap(), EVENTS as u64 * 2, "{install}");
    }
}

pub async fn the_oldest_open_action_of_each_shop_is_told(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    assert!(store.oldest_actions(&lease.client).await.unwrap().is_empty());
    for (nth, name) in ["a", "b"].into_iter().enumerate() {
        let event = raise(store, &lease, name).await;
        let proposals = vec![change_stock(name, name, 8, 10), alert(&format!("alert-{name}"))];
        let at = NOW.plus_ms(nth as u64);
        let run = RunCommit { proposals, ..run(&install, event) };
        store.commit_run(&lease, at, run).await.unwrap();
    }
    let oldest = async || store.oldest_actions(&lease.client).await.unwrap();
    let of_torino = |proposed_at| {
        [OldestAction { shop: shop("torino"), install: install.clone(), proposed_at }]
    };
    assert_eq!(oldest().await, of_torino(NOW));
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    assert_eq!(oldest().await, of_torino(NOW), "being sent, it has not ended");
    store.settle(&lease, settlement("a", done(), Vec::new())).await.unwrap();
    assert_eq!(oldest().await, of_torino(NOW.plus_ms(1)));
}

pub async fn what_the_shop_showed_is_kept(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    let shown = Shown { before: Some(decimal(10).into()), after: Some(decimal(8).into()) };
    let settlement = Settlement { shown: shown.clone(), ..settlement("a", done(), Vec::new()) };
    store.settle(&lease, settlement).await.unwrap();
    let a = store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    assert_eq!(a.shown, shown);
}

pub async fn why_an_action_waits_is_told(store: &dyn Store) {
    let (lease, install) = begin(store).await;
    propose(store, &lease, &install, vec![change_stock("a", "1", 8, 10)]).await;
    store.begin(&lease, NOW, &action_id("a"), "{}").await.unwrap();
    let until = NOW.plus_ms(99);
    store.postpone(&lease, NOW, &action_id("a"), until, "503 busy").await.unwrap();
    let get = async || store.action(&lease.client, &action_id("a")).await.unwrap().unwrap();
    let a = get().await;
    assert_eq!((a.next_try, a.last_reason.as_deref()), (Some(until), Some("503 busy")));
    store.begin(&lease, until, &action_id("a"), "{}").await.unwrap();
    assert_eq!(get().await.next_try, None, "it does not wait");
    let other = Act { principal: "anna".to_owned(), ..act("note") };
    store.audit(&lease, NOW, other).await.unwrap();
    assert_eq!(acts(store).await, ["note"]);
}
