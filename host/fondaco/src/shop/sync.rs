//! `fondaco shop sync`: all that a shop has is compared with what is known of it, and that is put right.

use std::process::ExitCode;

use fondaco_web::views::{DriftView, ReconciliationView};
use indicatif::ProgressBar;

use super::Asked;
use crate::{
    ask::{command, fetch},
    limits::{ADMIN_ANSWER_WITHIN, SYNC_LOOK_EVERY},
};

/// Reconciles a shop, and waits until that is done. Whoever stops waiting does not stop it.
///
/// # Errors
/// If the host does not answer, there is no such shop, or its first import is not complete.
pub async fn run(asked: &Asked) -> anyhow::Result<ExitCode> {
    let Asked { shop, asking } = asked;
    let path = shop.path("sync");
    let look = || fetch::<Option<ReconciliationView>>(asking, &path, ADMIN_ANSWER_WITHIN);
    let before = look().await?;
    let _begins: bool = command(asking, &path, &(), ADMIN_ANSWER_WITHIN).await?;
    // There is no telling how much there is to compare: a shop lists it page by page.
    let bar = ProgressBar::new_spinner().with_prefix(format!("comparing {}", shop.shop));
    let ended = loop {
        let known = look().await?.filter(|known| !is_over(before.as_ref(), known));
        if let Some(known) = &known {
            bar.set_message(format!("{}: {} compared", shop.shop, known.compared));
        }
        match known {
            Some(known) if known.ended_at.is_some() => break known,
            _ => tokio::time::sleep(SYNC_LOOK_EVERY).await,
        }
        bar.tick();
    };
    bar.finish_and_clear();
    if asking.wants_json() {
        println!("{}", serde_json::to_string(&ended)?);
    } else {
        println!("{}", words(&shop.shop, &ended));
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether what is known is the one that was over before anybody asked.
fn is_over(before: Option<&ReconciliationView>, known: &ReconciliationView) -> bool {
    before.is_some_and(|before| before.ended_at.is_some() && before.began_at == known.began_at)
}

fn words(shop: &str, ended: &ReconciliationView) -> String {
    let found: Vec<_> = ended.drift.iter().flat_map(drift_words).collect();
    let found = match found.as_slice() {
        [] => "nothing was different".to_owned(),
        found => format!("put right: {}", found.join(", ")),
    };
    format!("{shop}: {} things were compared; {found}", ended.compared)
}

fn drift_words(drift: &DriftView) -> Vec<String> {
    let DriftView { kind, missing, outdated, gone } = drift;
    let counts = [(missing, "not known"), (outdated, "out of date"), (gone, "gone")];
    let found = counts.into_iter().filter(|(count, _)| **count > 0);
    found.map(|(count, what)| format!("{count} of kind {kind} {what}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(began_at: u64, ended_at: Option<u64>) -> ReconciliationView {
        ReconciliationView { began_at, ended_at, position: None, compared: 20, drift: Vec::new() }
    }

    #[test]
    fn it_tells_what_was_found() {
        let mut ended = ended(1, Some(2));
        assert_eq!(
            words("milano", &ended),
            "milano: 20 things were compared; nothing was different"
        );
        ended.drift = vec![
            DriftView { kind: "order".to_owned(), missing: 2, outdated: 0, gone: 1 },
            DriftView { kind: "variant".to_owned(), missing: 0, outdated: 0, gone: 0 },
        ];
        let told = words("milano", &ended);
        assert!(
            told.ends_with("put right: 2 of kind order not known, 1 of kind order gone"),
            "{told}"
        );
    }

    #[test]
    fn the_one_before_is_not_the_one_that_was_asked_for() {
        let (over, under_way) = (ended(1, Some(2)), ended(1, None));
        assert!(is_over(Some(&over), &over));
        assert!(!is_over(Some(&over), &ended(3, None)));
        assert!(!is_over(Some(&under_way), &over), "it was waited for");
        assert!(!is_over(None, &over));
    }
}
