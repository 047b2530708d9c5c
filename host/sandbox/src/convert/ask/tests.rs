use fondaco_model::{EntityKey, Order, ShopId, ask::QuoteLine, care::ReturnLine};

use super::*;

fn shop() -> ShopId {
    ShopId::new("milano").unwrap()
}

fn request() -> QuoteRequest {
    let line = |variant: &str| QuoteLine {
        variant: variant.into(),
        quantity: Decimal::from(2),
        list_price: "19.90".parse().unwrap(),
    };
    QuoteRequest {
        shop: shop(),
        currency: "EUR".into(),
        prices_include_tax: true,
        customer: None,
        groups: vec!["b2b".into()],
        country: None,
        lines: vec![line("10"), line("12")],
    }
}

fn price(text: &str) -> pricing::Quoted {
    pricing::Quoted { unit_price: text.into(), reason: None }
}

fn trap(error: CallError) -> String {
    match error {
        CallError::Trap { message } => message,
        other => panic!("{other}"),
    }
}

#[test]
fn a_request_for_prices_is_borrowed_whole() {
    let request = request();
    let parts = QuoteParts::of(&request);
    let lines = parts.lines();
    let record = parts.record(&lines);
    assert_eq!((record.shop, record.currency, record.groups), ("milano", "EUR", &["b2b"][..]));
    let line = record.lines.last().unwrap();
    assert_eq!((line.variant, line.quantity, line.list_price), ("12", "2", "19.9"));
}

#[test]
fn prices_are_read_by_the_contracts_grammar() {
    let good = quoted(&request(), vec![price("17.50"), price("0")]).unwrap();
    assert_eq!(good.first().unwrap().unit_price, "17.5".parse().unwrap());
    for bad in ["", "1e3", "NaN", "+1", "1.0000001", "12,50"] {
        let message = trap(quoted(&request(), vec![price("1"), price(bad)]).unwrap_err());
        let begin = "`quote` returned a malformed number in `[1].unit-price`: ";
        assert!(message.starts_with(begin), "{message}");
    }
}

#[test]
fn there_are_as_many_prices_as_lines() {
    for count in [0, 1, 3] {
        let prices = (0..count).map(|_| price("1")).collect();
        let message = trap(quoted(&request(), prices).unwrap_err());
        assert_eq!(message, format!("`quote` returned {count} lines, and was asked about 2"));
    }
}

fn wanted_back() -> ReturnRequest {
    let line = |line: &str| ReturnLine {
        line: line.into(),
        quantity: Decimal::ONE,
        reason: None,
        received: None,
        sellable: None,
    };
    ReturnRequest {
        key: EntityKey::order(shop(), "17"),
        order: Order::default(),
        lines: vec![line("1"), line("2")],
        withdrawal: true,
        delivered_at: None,
    }
}

fn answer() -> returns::Assessment {
    let text = || types::Localised { en: "within 14 days".into(), it: "entro 14 giorni".into() };
    let line = |line: &str| returns::LineAssessment {
        line: line.into(),
        accepted: true,
        reason: text(),
        refund: "19.90".into(),
    };
    let money = |amount: &str| types::MoneyResult { amount: amount.into(), currency: "EUR".into() };
    returns::Assessment {
        lines: vec![line("1"), line("2")],
        refund: money("39.80"),
        fee: money("0"),
        send_until: Some(7),
    }
}

#[test]
fn an_assessment_is_read() {
    let read = assessment(&wanted_back(), answer()).unwrap();
    assert_eq!(read.refund, Money { amount: "39.8".parse().unwrap(), currency: "EUR".into() });
    assert_eq!((read.fee.amount, read.send_until), (Decimal::ZERO, Some(Timestamp(7))));
    let line = read.lines.last().unwrap();
    assert_eq!((line.line.as_str(), line.reason.it.as_str()), ("2", "entro 14 giorni"));
}

#[test]
fn a_broken_assessment_names_its_field() {
    let check = |change: fn(&mut returns::Assessment), begin: &str| {
        let mut answer = answer();
        change(&mut answer);
        let message = trap(assessment(&wanted_back(), answer).unwrap_err());
        assert!(message.starts_with(begin), "{message}");
    };
    check(
        |answer| answer.lines[1].refund = "ten".into(),
        "`assess` returned a malformed number in `lines[1].refund`",
    );
    check(
        |answer| answer.fee.amount = "".into(),
        "`assess` returned a malformed number in `fee.amount`",
    );
    check(
        |answer| answer.refund.currency = "eur".into(),
        "`assess` returned no ISO 4217 code, such as EUR, in `refund.currency`",
    );
    check(|answer| answer.lines.truncate(1), "`assess` returned 1 lines, and was asked about 2");
    check(
        |answer| answer.lines.swap(0, 1),
        "`assess` answered for another line than was asked in `lines[0].line`",
    );
}
