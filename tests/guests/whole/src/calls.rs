//! One call of every function.

use std::fmt::Debug;

use fondaco_plugin_sdk::{
    alert, ask_person, catalogue, change_catalogue, change_discounts, change_orders, change_prices,
    change_returns, change_stock, clock,
    commerce::{Days, Price, PriceScope},
    http_get, http_request, log, metrics, orders, people, publish_file, random, record_metric,
    send_message, settings, signal, state, stock,
    types::{Localised, Money, Terms},
};

const SHOP: &str = "milano";

/// Calls everything.
pub fn all() {
    always();
    reads();
    reads_not_served();
    proposals();
    proposals_for_shops();
    others_not_served();
}

fn tell(function: &str, answer: &impl Debug) {
    log::write(log::Level::Info, &format!("{function} {answer:?}"));
}

pub fn sentence() -> Localised {
    Localised { en: "It was tried.".to_owned(), it: "Provato.".to_owned() }
}

pub fn money(amount: &str) -> Money {
    Money { amount: amount.to_owned(), currency: "EUR".to_owned() }
}

fn terms() -> Terms {
    Terms { key: None, explanation: sentence(), after: Vec::new(), expires_at: None }
}

fn days() -> Days {
    Days { from: "2026-11-01".to_owned(), until: "2026-11-30".to_owned() }
}

fn always() {
    tell("log.write", &log::write(log::Level::Debug, "tried"));
    tell("clock.now", &clock::now());
    tell("random.next", &random::next());
    tell("settings.get", &settings::get());
    tell("state.set", &state::set("tried", "yes"));
    tell("state.get", &state::get("tried"));
    tell("state.set-about", &state::set_about("tried", "yes", SHOP, "1"));
    tell("state.list", &state::list("", None, 10).len());
    tell("state.delete", &state::delete("tried"));
}

fn reads() {
    tell("catalogue.shops", &catalogue::shops().len());
    tell("catalogue.silent-since", &catalogue::silent_since(SHOP));
    tell("catalogue.variant-by-id", &catalogue::variant_by_id(SHOP, "1"));
    tell("catalogue.variants-by-sku", &catalogue::variants_by_sku("MUG"));
    tell("catalogue.skus", &catalogue::skus(None, 10));
    tell("stock.levels", &stock::levels(SHOP, "1"));
    tell("orders.get", &orders::get(SHOP, "7"));
    tell("orders.known-until", &orders::known_until(SHOP));
    let headers = vec![("accept".to_owned(), "application/json".to_owned())];
    let url = "https://api.example.com/prices".to_owned();
    tell("http-get.get", &http_get::get(&http_get::Request { url, headers }));
}

fn reads_not_served() {
    tell("catalogue.product-by-id", &catalogue::product_by_id(SHOP, "1"));
    tell("catalogue.products", &catalogue::products(SHOP, None, 10));
    tell("catalogue.product-texts-by-id", &catalogue::product_texts_by_id(SHOP, "1"));
    tell("catalogue.prices", &catalogue::prices(SHOP, "1"));
    let scope = PriceScope::Everyone;
    tell("catalogue.price-history", &catalogue::price_history(SHOP, "1", &scope, 0));
    tell("orders.placed-between", &orders::placed_between(SHOP, 0, 1, None, 10));
    tell("orders.notes", &orders::notes(SHOP, "7"));
    tell("orders.returns", &orders::returns(SHOP, "7"));
    tell("people.by-id", &people::by_id(SHOP, "1"));
    tell("people.of-order", &people::of_order(SHOP, "7"));
    tell("people.shipping-address", &people::shipping_address(SHOP, "7"));
    tell("metrics.daily", &metrics::daily("tries@1", None, &days()));
    tell("metrics.target", &metrics::target("tries@1", Some(SHOP), &days()));
}

fn proposals() {
    let change = change_stock::StockChange {
        shop: SHOP.to_owned(),
        variant: "1".to_owned(),
        location: None,
        available: "12".to_owned(),
        decided_on: "14".to_owned(),
    };
    tell("change-stock.propose", &change_stock::propose(&change, &terms()));
    let severity = alert::Severity::Info;
    let notice = alert::Notice { severity, title: sentence(), text: sentence() };
    tell("alert.raise", &alert::raise(&notice, None));
}

fn proposals_for_shops() {
    let price = Price {
        shop: SHOP.to_owned(),
        variant: "1".to_owned(),
        scope: PriceScope::Group("b2b".to_owned()),
        from_quantity: "1".to_owned(),
        amount: money("19.90"),
        compare_at: None,
        sale_from: None,
        sale_until: None,
    };
    let change = change_prices::PriceChange { price, decided_on: None };
    tell("change-prices.propose", &change_prices::propose(&change, &terms()));
    let change = change_catalogue::ProductChange {
        shop: SHOP.to_owned(),
        product: "1".to_owned(),
        field: change_catalogue::ProductField::Title,
        value: "Tazza".to_owned(),
        decided_on: "Mug".to_owned(),
    };
    tell("change-catalogue.propose", &change_catalogue::propose(&change, &terms()));
    let change = change_orders::OrderChange::Tag("tried".to_owned());
    tell("change-orders.propose", &change_orders::propose(SHOP, "7", &change, &terms()));
    let change = change_returns::ReturnChange::Refund(change_returns::RefundProposal {
        amount: money("1.50"),
        method: change_returns::RefundMethod::Recorded,
        lines: Vec::new(),
        shipping: "0".to_owned(),
        restock: change_returns::Restock::None,
    });
    tell("change-returns.propose", &change_returns::propose(SHOP, "7", None, &change, &terms()));
    let discount = change_discounts::Discount {
        shop: SHOP.to_owned(),
        code: "GRAZIE".to_owned(),
        reduction: change_discounts::Reduction::Percent("10".to_owned()),
        minimum: Some(money("50")),
        uses: Some(1),
        customer: None,
        starts_at: None,
        ends_at: None,
    };
    tell("change-discounts.propose", &change_discounts::propose(&discount, &terms()));
    tell("change-discounts.end", &change_discounts::end(SHOP, "GRAZIE", &terms()));
}

fn others_not_served() {
    let letter = send_message::Letter {
        to: send_message::Recipient::Area("logistics".to_owned()),
        purpose: send_message::Purpose::Service,
        subject: sentence(),
        text: sentence(),
    };
    tell("send-message.propose", &send_message::propose(&letter, &terms()));
    let task =
        ask_person::Task { title: sentence(), text: sentence(), answers: Vec::new(), due_at: None };
    tell("ask-person.propose", &ask_person::propose(&task, &terms()));
    let measurement = record_metric::Measurement {
        kpi: "tries@1".to_owned(),
        shop: None,
        day: "2026-11-23".to_owned(),
        value: Some("1".to_owned()),
    };
    tell("record-metric.set", &record_metric::set(&measurement));
    tell("record-metric.add", &record_metric::add(&measurement));
    tell("signal.send", &signal::send("tried", None, "{}"));
    let file = publish_file::File {
        name: "tries.csv".to_owned(),
        media_type: "text/csv".to_owned(),
        title: sentence(),
        content: b"tries\n1\n".to_vec(),
    };
    tell("publish-file.propose", &publish_file::propose(&file, &terms()));
    let request = http_request::Request {
        method: http_request::Method::Post,
        url: "https://api.example.com/tries".to_owned(),
        headers: Vec::new(),
        body: b"{}".to_vec(),
        repeatable: true,
    };
    tell("http-request.propose", &http_request::propose(&request, &terms()));
}
