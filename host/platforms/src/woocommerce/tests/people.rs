//! Who orders and accounts name.

use fondaco_model::{Person, PersonKey, PersonSeen, PersonSource, Version};

use super::*;
use crate::seen::Seen;
use crate::woocommerce::{
    orders::{self, Refunds},
    payloads,
    samples::delivery,
};

fn people(order: Value) -> (Option<String>, Vec<PersonSeen>) {
    let order: payloads::Order = serde_json::from_value(order).unwrap();
    let seen = Seen { shop: &shop(), read: None };
    let snapshot = orders::snapshot(&seen, &order, Refunds::NotRead).unwrap().unwrap();
    let head = snapshot.entity.as_order().unwrap().head.value().unwrap();
    (head.customer.clone(), snapshot.people)
}

fn delivered(name: &str) -> Value {
    serde_json::from_slice(&delivery(name).1).unwrap()
}

#[test]
fn a_guests_order_names_them_beside_the_order() {
    let (customer, people) = people(answer("woocommerce-eur/checkout_company_additional_fields"));
    assert_eq!(customer.as_deref(), Some("guest:54"));
    let [seen] = &people[..] else { panic!("one person") };
    assert_eq!(seen.key, PersonKey::guest(shop(), "54"));
    assert_eq!(seen.source, PersonSource::Order("54".to_owned()));
    let person = &seen.person;
    assert_eq!(person.name.as_deref(), Some("Mario Rossi"));
    assert_eq!(person.email.as_deref(), Some("mario@example.test"));
    assert_eq!(person.phone.as_deref(), Some("+39 051 1234567"));
    // Escaped for HTML on the way.
    assert_eq!(person.company.as_deref(), Some("Rossi & Figli S.r.l."));
    let codes = [("vat", "IT01234567890"), ("it-sdi", "ABCDEFG")];
    assert_eq!(person.tax_codes, codes.map(|(name, code)| (name.to_owned(), code.to_owned())));
    for address in [&person.address, &person.shipping] {
        let address = address.as_ref().unwrap();
        assert_eq!(address.name.as_deref(), Some("Mario Rossi"));
        assert_eq!(
            (&address.lines[..], address.city.as_str()),
            (&["Via Garibaldi 12".to_owned()][..], "Bologna")
        );
        assert_eq!(
            (address.postcode.as_deref(), address.region.as_deref()),
            (Some("40121"), Some("BO"))
        );
        assert_eq!(address.country, "IT");
    }
}

#[test]
fn nothing_that_identifies_anybody_is_in_an_orders_entity() {
    for name in ["woocommerce-eur/webhook_order_created_fee", "woocommerce/webhook_order_updated"] {
        let (_, body) = delivery(name);
        let heard = shop_at("http://127.0.0.1:1").normalise("order.updated", at(0), &body).unwrap();
        let [Heard::Snapshot(snapshot), ..] = &heard[..] else { panic!("a snapshot of {name}") };
        assert_eq!(snapshot.people.len(), 1);
        let kept = serde_json::to_string(&snapshot.entity).unwrap() + &format!("{heard:?}");
        let email = snapshot.people[0].person.email.clone().unwrap();
        for text in ["Mario", "Rossi", "Ann", "Garibaldi", "1 A", "051", &email] {
            assert!(!kept.contains(text), "{name} keeps {text}");
        }
    }
}

#[test]
fn a_customer_with_an_account_has_the_shops_id() {
    let mut order = delivered("woocommerce-eur/webhook_order_created_fee");
    order["customer_id"] = json!(12);
    let (customer, people) = people(order);
    assert_eq!(customer.as_deref(), Some("12"));
    assert_eq!(people[0].key, PersonKey::new(shop(), "12"));
}

#[test]
fn an_order_that_names_nobody_any_more_has_a_guest_of_whom_nothing_is_known() {
    let mut order = delivered("woocommerce-eur/webhook_order_created_fee");
    let (customer, before) = people(order.clone());
    for empty in [json!([]), json!(null), json!({ "first_name": "", "country": "IT", "email": "" })]
    {
        order["billing"] = empty.clone();
        order["shipping"] = empty;
        let (same, now) = people(order.clone());
        assert_eq!((&same, &now[0].key), (&customer, &before[0].key));
        assert_eq!(now[0].person, Person::nobody(before[0].person.since));
    }
}

#[test]
fn an_account_tells_who_has_it() {
    let contact = json!({
        "first_name": "Lucia", "last_name": "B\u{f2}", "company": "", "address_1": "Via Po 1",
        "address_2": "scala B", "city": "Torino", "postcode": "10121", "country": "it",
        "state": "TO", "email": "other@example.test", "phone": "011 1",
    });
    let body = json!({
        "id": 25, "date_created_gmt": "2026-11-01T10:00:00", "date_modified_gmt": null,
        "email": "lucia@example.test", "first_name": "", "last_name": "", "role": "customer",
        "billing": contact, "shipping": [],
    });
    let adapter = shop_at("http://127.0.0.1:1");
    let body = body.to_string();
    let heard = adapter.normalise("customer.created", at(0), body.as_bytes()).unwrap();
    let [Heard::Person(seen)] = &heard[..] else { panic!("a person") };
    let created = at(1_793_527_200_000);
    assert_eq!(seen.key, PersonKey::new(shop(), "25"));
    assert_eq!((&seen.source, seen.version), (&PersonSource::Account, Version::pushed(created)));
    let Person { since, name, email, address, shipping, .. } = &seen.person;
    assert_eq!(*since, created);
    assert_eq!(name.as_deref(), Some("Lucia B\u{f2}"));
    assert_eq!(email.as_deref(), Some("lucia@example.test"), "the account's own comes first");
    let address = address.as_ref().unwrap();
    assert_eq!(address.lines, ["Via Po 1", "scala B"]);
    assert_eq!((address.country.as_str(), shipping), ("IT", &None));
}

fn account(role: &str, paying: bool) -> Value {
    json!({
        "id": 26, "date_created_gmt": "2026-11-01T10:00:00",
        "date_modified_gmt": "2026-11-02T10:00:00", "email": "x@example.test", "role": role,
        "is_paying_customer": paying, "billing": [], "shipping": [],
    })
}

#[test]
fn whoever_only_works_on_the_shop_is_no_customer() {
    let adapter = shop_at("http://127.0.0.1:1");
    for (role, paying, told) in [
        ("customer", false, true),
        ("subscriber", false, true),
        ("wholesale_buyer", false, true),
        ("", false, true),
        ("administrator", false, false),
        ("shop_manager", false, false),
        ("shop_manager", true, true),
    ] {
        let body = account(role, paying).to_string();
        let heard = adapter.normalise("customer.updated", at(0), body.as_bytes()).unwrap();
        assert_eq!(!heard.is_empty(), told, "{role} {paying}");
    }
}

#[test]
fn an_account_that_is_closed_is_gone() {
    let adapter = shop_at("http://127.0.0.1:1");
    let heard = adapter.normalise("customer.deleted", at(7), b"{\"id\":26}").unwrap();
    let [Heard::AccountGone(gone)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(gone.key, PersonKey::new(shop(), "26"));
    assert_eq!(gone.version, Version::pushed(at(7)));
}

#[tokio::test]
async fn customers_are_read_page_by_page_and_one_by_one() {
    let replay = Replay::new(|got| match got.path.as_str() {
        "/customers" => {
            assert_eq!((got.query("orderby"), got.query("order")), (Some("id"), Some("asc")));
            assert_eq!(got.query("role"), Some("all"), "the shop's own roles, too");
            let staff = account("administrator", false);
            let mut lucia = account("customer", false);
            lucia["id"] = json!(27);
            // One without any date: it is left out, and the others are read.
            let dateless = json!({ "id": 28, "role": "customer" });
            Reply::json(&json!([staff, lucia, dateless])).header("X-WP-Total", "3")
        }
        "/customers/27" => Reply::json(&account("customer", false)),
        "/customers/1" => Reply::json(&account("administrator", false)),
        _ => Reply {
            status: 404,
            ..Reply::json(&json!({
                "code": "woocommerce_rest_invalid_id", "message": "Invalid resource ID.",
                "data": { "status": 404 },
            }))
        },
    })
    .await;
    let page = replay.shop.page(at(9), Collection::Customers, None, None).await.unwrap();
    let ids: Vec<_> = page.people.iter().map(|seen| seen.key.id.as_str()).collect();
    assert_eq!((ids, page.total, page.next), (vec!["27"], Some(3), None));
    assert_eq!(page.people[0].version, Version::read(at(1_793_613_600_000), at(9)));
    let one = async |id: &str| replay.shop.customer(at(9), id).await.unwrap();
    assert_eq!(one("27").await.unwrap().key.id, "26");
    assert_eq!(one("1").await, None, "works there");
    assert_eq!(one("99").await, None, "is gone");
}

#[test]
fn why_nothing_can_be_made_of_a_delivery_names_nobody() {
    let adapter = shop_at("http://127.0.0.1:1");
    let mut order = delivered("woocommerce-eur/webhook_order_created_fee");
    for place in ["id", "status", "line_items"] {
        let mut wrong = order.clone();
        wrong[place] = json!({ "name": "Mario Rossi" });
        let text = wrong.to_string();
        let reason = adapter.normalise("order.updated", at(0), text.as_bytes()).unwrap_err().0;
        assert!(!reason.contains("Mario"), "{reason}");
    }
    order["id"] = json!("mario@example.test");
    let text = order.to_string();
    let reason = adapter.normalise("order.updated", at(0), text.as_bytes()).unwrap_err().0;
    assert!(reason.contains("expected u64 at line 1") && !reason.contains("mario"), "{reason}");
}
