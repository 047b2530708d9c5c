//! The gate as requests meet it.

use super::*;
use crate::limits::BREAKER_FAILURES_MAX;

async fn enter(gate: &Gate) -> Result<Turn<'_>, Option<Duration>> {
    gate.enter().await.map_err(|error| match error {
        PlatformError::Unavailable { retry_after, .. } => retry_after,
        other => panic!("{other:?}"),
    })
}

fn succeed(turn: Turn<'_>) {
    turn.answered(StatusCode::OK, &HeaderMap::new());
}

async fn break_it(gate: &Gate) {
    for _ in 0..BREAKER_FAILURES_MAX {
        enter(gate).await.unwrap().unanswered();
    }
}

/// A gate whose pause is over.
fn about_to_try() -> Gate {
    let gate = Gate::default();
    gate.rules().breaker = Breaker::Open { until: Instant::now(), times: 0 };
    gate
}

#[tokio::test]
async fn a_shop_that_does_not_answer_is_left_alone() {
    let gate = Gate::default();
    break_it(&gate).await;
    let wait = enter(&gate).await.unwrap_err().unwrap();
    let traffic = gate.traffic();
    assert_eq!(traffic.circuit, Circuit::Open);
    assert!(traffic.rests_for.is_some_and(|rests| rests <= wait), "{traffic:?}");
}

#[tokio::test]
async fn one_request_tries_whether_the_shop_answers_again() {
    let gate = about_to_try();
    let trial = enter(&gate).await.unwrap();
    assert_eq!(gate.traffic().circuit, Circuit::HalfOpen);
    assert!(enter(&gate).await.is_err(), "one at a time");
    succeed(trial);
    assert_eq!(gate.traffic().circuit, Circuit::Closed);
    let both = [enter(&gate).await.unwrap(), enter(&gate).await.unwrap()];
    both.into_iter().for_each(succeed);
}

#[tokio::test]
async fn a_trial_that_is_given_up_stands_in_nobodys_way() {
    let gate = about_to_try();
    drop(enter(&gate).await.unwrap());
    succeed(enter(&gate).await.unwrap());
}

#[tokio::test]
async fn what_an_answer_means_for_the_others() {
    for (status, circuit, slower) in [
        (200, Circuit::Closed, false),
        (401, Circuit::Closed, false),
        (404, Circuit::Closed, false),
        (429, Circuit::Closed, true),
        (500, Circuit::Closed, false),
        (502, Circuit::Open, false),
        (503, Circuit::Open, true),
        (504, Circuit::Open, false),
        (522, Circuit::Open, false),
    ] {
        let gate = Gate::default();
        for _ in 0..BREAKER_FAILURES_MAX {
            let turn = enter(&gate).await.unwrap();
            turn.answered(StatusCode::from_u16(status).unwrap(), &HeaderMap::new());
        }
        let learned = gate.traffic().requests_per_second.is_some();
        assert_eq!((gate.traffic().circuit, learned), (circuit, slower), "{status}");
    }
}

#[tokio::test]
async fn a_short_wait_is_waited_and_a_long_one_told() {
    let gate = Gate::default();
    let began = Instant::now();
    gate.rules().pace.refused(began, Some(Duration::from_millis(30)));
    succeed(enter(&gate).await.unwrap());
    assert!(began.elapsed() >= Duration::from_millis(30));
    gate.rules().pace.refused(Instant::now(), Some(Duration::from_secs(600)));
    let wait = enter(&gate).await.unwrap_err().unwrap();
    assert!(wait > Duration::from_secs(500), "{wait:?}");
    assert!(gate.traffic().rests_for.is_some_and(|rests| rests > Duration::from_secs(500)));
}

#[tokio::test]
async fn no_more_are_under_way_than_the_shop_is_asked_to_bear() {
    let gate = Gate::default();
    let mut under_way = Vec::new();
    for _ in 0..REQUESTS_AT_ONCE_MAX {
        under_way.push(enter(&gate).await.unwrap());
    }
    let next = tokio::time::timeout(Duration::from_millis(30), gate.enter()).await;
    assert!(next.is_err(), "it waits");
    succeed(under_way.remove(0));
    succeed(enter(&gate).await.unwrap());
}
