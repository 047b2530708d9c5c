//! `fondaco shop sync`: all of a shop is read again, and the mirror is repaired.

use std::process::ExitCode;

use anyhow::Context as _;
use fondaco_web::views::shops::SyncView;
use indicatif::{ProgressBar, ProgressStyle};

use super::Asked;
use crate::{
    ask::{command, fetch},
    limits::{ADMIN_ANSWER_WITHIN, SYNC_LOOK_EVERY},
};

/// Reconciles a shop, and waits until that is done. Whoever stops waiting does not stop it.
///
/// # Errors
/// If the host does not answer, there is no such shop, or it was given up.
pub async fn run(asked: &Asked) -> anyhow::Result<ExitCode> {
    let Asked { shop, asking } = asked;
    let path = shop.path("sync");
    let bar = bar(&shop.shop);
    let mut sync: Option<SyncView> = command(asking, &path, &(), ADMIN_ANSWER_WITHIN).await?;
    let ended = loop {
        let known = sync.context("the host was restarted meanwhile; say it again")?;
        bar.set_length(known.total);
        bar.set_position(known.done);
        bar.set_message(known.reading.clone());
        if known.ended_at.is_some() {
            break known;
        }
        tokio::time::sleep(SYNC_LOOK_EVERY).await;
        sync = fetch(asking, &path, ADMIN_ANSWER_WITHIN).await?;
    };
    bar.finish_and_clear();
    if asking.wants_json() {
        println!("{}", serde_json::to_string(&ended)?);
    } else {
        println!("{}", words(&shop.shop, &ended));
    }
    Ok(if ended.given_up.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn bar(shop: &str) -> ProgressBar {
    let template = "{prefix:<24} {bar:30} {pos}/{len} {msg} {eta}";
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(0).with_style(style).with_prefix(format!("reading {shop}"))
}

fn words(shop: &str, ended: &SyncView) -> String {
    let SyncView { done, differences, given_up, .. } = ended;
    let found = match differences {
        0 => "nothing was different".to_owned(),
        1 => "1 difference was found and repaired".to_owned(),
        many => format!("{many} differences were found and repaired"),
    };
    match given_up {
        None => format!("{shop}: {done} things were read; {found}"),
        Some(reason) => {
            format!("{shop}: given up after {done} things ({reason}); until then, {found}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_what_was_found() {
        let mut ended = SyncView {
            began_at: 1,
            ended_at: Some(2),
            given_up: None,
            reading: "orders".to_owned(),
            done: 20,
            total: 20,
            differences: 0,
        };
        assert_eq!(words("milano", &ended), "milano: 20 things were read; nothing was different");
        ended.differences = 2;
        assert!(words("milano", &ended).ends_with("2 differences were found and repaired"));
        ended.given_up = Some("503".to_owned());
        assert!(words("milano", &ended).contains("given up after 20 things (503)"));
    }
}
