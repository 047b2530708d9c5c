//! `fondaco shop check`: everything that the host needs of a shop, as a table.

use std::process::ExitCode;

use clap::Args;
use fondaco_web::views::{StatusView, shops::CheckItemView};
use serde::Serialize;

use super::{path, waiting};
use crate::{
    ask::{Asking, fetch},
    limits::{ADMIN_ANSWER_WITHIN, SHOP_ANSWER_WITHIN},
};

/// Which shops to look at.
#[derive(Debug, Args)]
pub struct CheckOptions {
    /// The client.
    client: String,
    /// The shop; all of the client's if absent.
    shop: Option<String>,
    #[command(flatten)]
    asking: Asking,
}

#[derive(Debug, Serialize)]
struct Checked {
    shop: String,
    items: Vec<CheckItemView>,
}

impl Checked {
    /// Whether the host can work with the shop, as far as could be looked at.
    fn is_good(&self) -> bool {
        let works = |item: &CheckItemView| ["good", "attention"].contains(&item.verdict.as_str());
        self.items.iter().all(works)
    }
}

/// Looks at shops. The command fails if something about any of them is wrong or could not be looked
/// at.
///
/// # Errors
/// If the host does not answer, or there is no such client or shop.
pub async fn run(options: &CheckOptions) -> anyhow::Result<ExitCode> {
    let CheckOptions { client, shop, asking } = options;
    let shops = match shop {
        Some(shop) => vec![shop.clone()],
        None => shops_of(asking, client).await?,
    };
    let mut all = Vec::new();
    for shop in shops {
        let spinner = waiting(format!("asking {shop}"));
        let items = fetch(asking, &path(client, &shop, "check"), SHOP_ANSWER_WITHIN).await?;
        spinner.finish_and_clear();
        let checked = Checked { shop, items };
        if !asking.wants_json() {
            print!("{}", table(&checked.shop, &checked.items));
        }
        all.push(checked);
    }
    if asking.wants_json() {
        println!("{}", serde_json::to_string(&all)?);
    }
    let good = all.iter().all(Checked::is_good);
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The names of a client's shops.
pub async fn shops_of(asking: &Asking, client: &str) -> anyhow::Result<Vec<String>> {
    let status: StatusView = fetch(asking, "/api/v1/status", ADMIN_ANSWER_WITHIN).await?;
    let found = status.clients.into_iter().find(|found| found.id == client);
    let found = found.ok_or_else(|| anyhow::anyhow!("there is no client `{client}` here"))?;
    Ok(found.shops.into_iter().map(|shop| shop.id).collect())
}

/// What was found, a line each, with what to do below it.
pub fn table(shop: &str, items: &[CheckItemView]) -> String {
    let mut lines = format!("{shop}\n");
    for CheckItemView { subject, verdict, found, fix } in items {
        lines += &format!("  {verdict:<9}  {subject:<16}  {found}\n");
        if let Some(fix) = fix {
            lines += &format!("  {:<9}  {:<16}  → {fix}\n", "", "");
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(verdict: &str, fix: Option<&str>) -> CheckItemView {
        CheckItemView {
            subject: "stock-management".to_owned(),
            verdict: verdict.to_owned(),
            found: "off".to_owned(),
            fix: fix.map(str::to_owned),
        }
    }

    #[test]
    fn what_to_do_stands_below_what_was_found() {
        let items = [item("wrong", Some("switch it on")), item("good", None)];
        let expected = "milano\n\
            \u{20} wrong      stock-management  off\n\
            \u{20}                              → switch it on\n\
            \u{20} good       stock-management  off\n";
        assert_eq!(table("milano", &items), expected);
    }

    #[test]
    fn the_command_fails_if_anything_is_wrong_or_unknown() {
        for (verdict, good) in
            [("good", true), ("attention", true), ("wrong", false), ("unknown", false)]
        {
            let items = vec![item("good", None), item(verdict, None)];
            let checked = Checked { shop: "milano".to_owned(), items };
            assert_eq!(checked.is_good(), good, "{verdict}");
        }
    }
}
