use fondaco_model::{ShopId, catalogue::PriceScope, commerce::Money};

use super::*;

const NOW: Timestamp = Timestamp(1_795_000_000_000);
const LATER: Timestamp = NOW.plus_ms(86_400_000);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn id() -> ActionId {
    ActionId::from_stored("39ca6e9be3e609a033636f7a2f9a5372")
}

fn write(amount: &str, compare_at: Option<&str>) -> PriceWrite {
    PriceWrite {
        shop: ShopId::new("milano").unwrap(),
        variant: "11".to_owned(),
        scope: PriceScope::Everyone,
        from_quantity: Decimal::ONE,
        amount: Money { amount: dec(amount), currency: "EUR".to_owned() },
        compare_at: compare_at.map(dec),
        sale_from: None,
        sale_until: None,
        decided_on: Some(dec("20")),
    }
}

fn prices(regular: &str, sale: Option<&str>, from: Option<Timestamp>) -> Prices {
    let running = sale.filter(|_| from.is_none_or(|from| from <= NOW));
    Prices {
        price: Some(dec(running.unwrap_or(regular))),
        regular: Some(dec(regular)),
        sale: sale.map(dec),
        from,
        until: None,
    }
}

/// What is sent to a shop that shows these prices, without the mark.
fn sent(write: &PriceWrite, prices: &Prices) -> Result<Json, String> {
    let body = json!({ "regular_price": "kept" });
    let wanted = Wanted::of(write, prices, NOW).map_err(|error| error.to_string())?;
    assert!(!wanted.is_shown_by(prices));
    Ok(wanted.completed(&body, prices))
}

#[test]
fn a_running_sale_ends_with_a_price_that_has_none() {
    let on_sale = prices("20.00", Some("15.00"), None);
    let body = sent(&write("20", None), &on_sale).unwrap();
    assert_eq!(body, json!({ "regular_price": "kept", "sale_price": "" }));
    let begun = prices("20.00", Some("15.00"), Some(NOW));
    let body = sent(&write("18", None), &begun).unwrap();
    let expected =
        json!({ "regular_price": "kept", "sale_price": "", "date_on_sale_from_gmt": "" });
    assert_eq!(body, expected);
}

#[test]
fn a_sale_to_come_is_kept_or_the_price_refused() {
    let to_come = prices("20.00", Some("15.00"), Some(LATER));
    let body = sent(&write("18", None), &to_come).unwrap();
    assert_eq!(body, json!({ "regular_price": "kept" }));
    for amount in ["15", "14.99"] {
        let reason = sent(&write(amount, None), &to_come).unwrap_err();
        assert!(reason.contains("a sale at 15 is scheduled for later"), "{reason}");
    }
}

#[test]
fn a_sale_sets_its_dates_where_they_are_others() {
    let mut sale = write("15", Some("20"));
    (sale.sale_from, sale.sale_until) = (Some(LATER), Some(LATER.plus_ms(86_400_000)));
    let body = sent(&sale, &prices("20.00", None, None)).unwrap();
    assert_eq!(body["date_on_sale_from_gmt"], times::format(LATER));
    assert!(body["date_on_sale_to_gmt"].is_string());
    // The same sale from a moment later in the same second: it is so already.
    let mut shown = prices("20.00", Some("15.00"), Some(LATER.plus_ms(1)));
    shown.until = sale.sale_until;
    assert!(Wanted::of(&sale, &shown, NOW).unwrap().is_shown_by(&shown));
    let forever = write("15", Some("20"));
    let body = sent(&forever, &shown).unwrap();
    assert_eq!(
        (&body["date_on_sale_from_gmt"], &body["date_on_sale_to_gmt"]),
        (&json!(""), &json!(""))
    );
}

#[test]
fn what_no_shop_could_keep_is_refused_before_it_is_sent() {
    let check = |write: &PriceWrite, words: &str| {
        let error = request(&id(), write, None).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    check(&write("15", Some("15")), "is no cheaper than the regular price of 15");
    check(&write("15.001", None), "2 digits after the dot");
    check(&write("-1", None), "below zero");
    let mut backwards = write("15", Some("20"));
    (backwards.sale_from, backwards.sale_until) = (Some(LATER), Some(NOW));
    check(&backwards, "end before it begins");
    let mut dates = write("15", None);
    dates.sale_from = Some(NOW);
    check(&dates, "a sale has a price it is compared with");
    let mut many = write("15", None);
    many.from_quantity = dec("10");
    let error = request(&id(), &many, None).unwrap_err();
    assert!(matches!(error, PlatformError::Unsupported { .. }), "{error:?}");
}
