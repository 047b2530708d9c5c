//! `fondaco shop align`: what differs between a client's shops, and who is right.

use std::process::ExitCode;

use clap::Args;
use fondaco_web::views::align::{
    AlignAsked, AlignedView, DifferenceView, DifferencesView, HeldView,
};

use super::waiting;
use crate::{
    ask::{Asking, command, fetch},
    limits::SHOP_ANSWER_WITHIN,
};

/// What to do about what differs.
#[derive(Debug, Args)]
pub struct AlignOptions {
    /// The client.
    client: String,
    /// The shop whose quantities are right: the others are brought into line with it.
    #[arg(long, value_name = "SHOP", requires = "choice")]
    right: Option<String>,
    /// The digest of the listing that you saw. What is not as it was shown there any more is left
    /// out.
    #[arg(long, value_name = "DIGEST", requires = "right")]
    choice: Option<String>,
    /// Approve a choice that waits, because it changes much.
    #[arg(long, requires = "choice")]
    approve: bool,
    /// List it as CSV, a line for each SKU and shop.
    #[arg(long, conflicts_with_all = ["json", "choice"])]
    csv: bool,
    #[command(flatten)]
    asking: Asking,
}

/// Lists what differs, or brings shops into line.
///
/// # Errors
/// If the host does not answer, there is nothing to compare, or the choice cannot be taken.
pub async fn run(options: &AlignOptions) -> anyhow::Result<ExitCode> {
    let AlignOptions { client, right, choice, approve, csv, asking } = options;
    let path = format!("/api/v1/clients/{client}/align");
    let spinner = waiting("comparing the shops".to_owned());
    if let (Some(right), Some(choice)) = (right.clone(), choice.clone()) {
        let asked = AlignAsked { right, choice, approve: *approve };
        let aligned: AlignedView = command(asking, &path, &asked, SHOP_ANSWER_WITHIN).await?;
        spinner.finish_and_clear();
        if asking.wants_json() {
            println!("{}", serde_json::to_string(&aligned)?);
        } else {
            print!("{}", outcome(client, &asked, &aligned));
        }
        let done = aligned.needs_approval.is_none();
        return Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let listing: DifferencesView = fetch(asking, &path, SHOP_ANSWER_WITHIN).await?;
    spinner.finish_and_clear();
    if asking.wants_json() {
        println!("{}", serde_json::to_string(&listing)?);
    } else if *csv {
        print!("{}", as_csv(&listing)?);
    } else {
        print!("{}", table(client, &listing));
    }
    Ok(ExitCode::SUCCESS)
}

fn table(client: &str, listing: &DifferencesView) -> String {
    let DifferencesView { digest, shops, skus, rows } = listing;
    if rows.is_empty() {
        return format!("all {skus} SKUs are alike on {}\n", shops.join(", "));
    }
    let mut lines = format!("{:<24}", "SKU");
    for shop in shops {
        lines += &format!(" {shop:>12}");
    }
    lines += "  DIFFERENCE\n";
    for row in rows {
        lines += &format!("{:<24}", row.sku);
        for shop in shops {
            lines += &format!(" {:>12}", on_shop(row, shop));
        }
        lines += &format!("  {}\n", row.differences.join(", "));
    }
    lines += &format!(
        "\n{} of {skus} SKUs differ. To bring the others into line with one shop:\n  \
         fondaco shop align {client} --right SHOP --choice {digest}\n\
         Nothing is written where an SKU is there twice, is written in different ways, or is not \
         counted.\n",
        rows.len()
    );
    lines
}

/// What one shop has of an SKU.
fn on_shop(row: &DifferenceView, shop: &str) -> String {
    let of_shop = row.held.iter().filter(|held| held.shop == shop);
    let quantity = |held: &HeldView| held.available.clone().unwrap_or_else(|| "?".to_owned());
    let all: Vec<String> = of_shop.map(quantity).collect();
    if all.is_empty() { "-".to_owned() } else { all.join("+") }
}

fn as_csv(listing: &DifferencesView) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(["sku", "differences", "shop", "variant", "written", "available"])?;
    for row in &listing.rows {
        let differences = row.differences.join("; ");
        for HeldView { shop, variant, sku, available } in &row.held {
            let available = available.as_deref().unwrap_or_default();
            writer.write_record([&row.sku, &differences, shop, variant, sku, available])?;
        }
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

fn outcome(client: &str, asked: &AlignAsked, aligned: &AlignedView) -> String {
    let AlignAsked { right, choice, .. } = asked;
    if let Some(extent) = &aligned.needs_approval {
        return format!(
            "nothing is written yet: this would change {} of {} SKUs, and set {} of them to none.\n\
             If that is right, the client's owner or the agency's admin approves it:\n  \
             fondaco shop align {client} --right {right} --choice {choice} --approve\n",
            extent.changed, extent.skus, extent.zeroed
        );
    }
    let mut lines = format!(
        "{} writes are on their way; see what becomes of them: fondaco actions --client {client} \
         --install align\n",
        aligned.actions
    );
    for sku in &aligned.moved_on {
        lines += &format!("  {sku} is left out: it is not as it was shown any more; look again\n");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing() -> DifferencesView {
        let held = |shop: &str, available: Option<&str>| HeldView {
            shop: shop.to_owned(),
            variant: "7".to_owned(),
            sku: "A, \"B\"".to_owned(),
            available: available.map(str::to_owned),
        };
        DifferencesView {
            digest: "d1".to_owned(),
            shops: vec!["milano".to_owned(), "torino".to_owned()],
            skus: 9,
            rows: vec![DifferenceView {
                sku: "A, \"B\"".to_owned(),
                differences: vec!["missing torino".to_owned(), "double milano".to_owned()],
                held: vec![held("milano", Some("3")), held("milano", None)],
            }],
        }
    }

    #[test]
    fn the_table_has_a_column_for_each_shop_and_says_how_to_choose() {
        let table = table("rossi", &listing());
        let row = table.lines().nth(1).unwrap();
        assert!(row.contains(" 3+?") && row.contains(" - ") && row.ends_with("double milano"));
        assert!(table.contains("--right SHOP --choice d1") && table.contains("1 of 9 SKUs differ"));
        let alike = DifferencesView { rows: Vec::new(), ..listing() };
        assert_eq!(super::table("rossi", &alike), "all 9 SKUs are alike on milano, torino\n");
    }

    #[test]
    fn csv_can_be_read_back() {
        let text = as_csv(&listing()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!((&rows[0][0], &rows[0][5], &rows[1][5]), ("A, \"B\"", "3", ""));
    }

    #[test]
    fn what_waits_says_who_approves_it_and_how() {
        let asked = AlignAsked { right: "milano".into(), choice: "d1".into(), approve: false };
        let extent = fondaco_web::views::align::ExtentView { skus: 8, changed: 2, zeroed: 0 };
        let mut aligned =
            AlignedView { actions: 0, moved_on: Vec::new(), needs_approval: Some(extent) };
        let words = outcome("rossi", &asked, &aligned);
        assert!(words.contains("--right milano --choice d1 --approve"), "{words}");
        aligned = AlignedView { actions: 2, moved_on: vec!["A".into()], needs_approval: None };
        let words = outcome("rossi", &asked, &aligned);
        assert!(words.starts_with("2 writes") && words.contains("A is left out"), "{words}");
    }
}
