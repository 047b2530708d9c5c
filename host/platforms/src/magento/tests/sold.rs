//! Orders, as a shop told them whose prices include 22, 10 and 4 % of tax.

use fondaco_model::{Location, PersonKey};

use super::*;
use crate::{
    magento::orders::{self, Documents},
    seen::Seen,
};

fn told(name: &str) -> fondaco_model::Order {
    let shop = shop();
    let seen = Seen { shop: &shop, read: Some(READ_AT) };
    let snapshot = orders::snapshot(&seen, &order(name), &Documents::default()).unwrap();
    snapshot.entity.as_order().unwrap().clone()
}

/// In all of them, whichever way tax is rounded and discounts are given.
#[test]
fn lines_and_shipping_come_to_the_total() {
    let mut tried = 0;
    for way in ["row", "unit", "total"] {
        for kind in ["mixed", "odd", "percent", "fixed", "full_free_configurable"] {
            let name = format!("order_{kind}_{way}");
            let order = told(&name);
            let head = order.head.value().unwrap();
            let lines = order.lines.value().unwrap().iter().map(|line| line.net + line.tax);
            let charges = head.charges.iter().map(|charge| charge.net + charge.tax);
            assert_eq!(lines.chain(charges).sum::<Decimal>(), head.total, "{name}");
            let taxes = order.lines.value().unwrap().iter().map(|line| line.tax);
            let taxes = taxes.chain(head.charges.iter().map(|charge| charge.tax));
            assert_eq!(taxes.sum::<Decimal>(), head.total_tax, "{name}");
            assert!(head.prices_include_tax, "{name}");
            tried += 1;
        }
    }
    for name in ["order_shipping_discount", "order_discount_100"] {
        let order = told(name);
        let head = order.head.value().unwrap();
        let lines = order.lines.value().unwrap().iter().map(|line| line.net + line.tax);
        let charges = head.charges.iter().map(|charge| charge.net + charge.tax);
        assert_eq!(lines.chain(charges).sum::<Decimal>(), head.total, "{name}");
        tried += 1;
    }
    assert_eq!(tried, 17);
}

#[test]
fn a_discount_is_off_the_line_and_told_without_tax() {
    let order = told("order_percent_row");
    let line = &order.lines.value().unwrap()[0];
    assert_eq!((line.net, line.tax), (decimal("51.59"), decimal("11.35")));
    assert_eq!(line.discount, decimal("5.73"));
    assert_eq!(order.head.value().unwrap().codes, ["SCONTO10"]);
}

#[test]
fn a_product_in_several_shapes_is_one_line_of_the_shape() {
    let order = told("order_full_free_configurable_row");
    let lines = order.lines.value().unwrap();
    assert_eq!(lines.len(), 5);
    let shirt = lines.last().unwrap();
    assert_eq!(shirt.variant.as_deref(), Some("MAGLIA-S"));
    assert_eq!((shirt.title.as_str(), shirt.kind), ("Maglietta S", LineKind::Goods));
    assert_eq!(shirt.net + shirt.tax, decimal("22.41"));
    assert_eq!(shirt.deductions[&Location::WHOLE_SHOP], Decimal::ONE);
    // One was a gift.
    assert_eq!((lines[3].net, lines[3].tax), (Decimal::ZERO, Decimal::ZERO));
}

#[test]
fn what_is_called_off_reserves_nothing() {
    let order = told("stock_cancelled_order");
    assert_eq!(order.head.value().unwrap().state, OrderState::Cancelled);
    assert!(order.lines.value().unwrap().iter().all(|line| line.deductions.is_empty()));
    assert_eq!(order.transactions.value().unwrap().len(), 0);
}

#[test]
fn where_orders_stand() {
    for (name, state) in [
        ("order_mixed_row", OrderState::OnHold),
        ("stock_2_onhold_order", OrderState::OnHold),
        ("gateway_order_after_online", OrderState::Processing),
        // It is `new` again after part of it was sent and given back.
        ("state_partial_ship_refund_4", OrderState::Processing),
        // All but a euro of it was given back.
        ("refund_base_closed", OrderState::Completed),
    ] {
        assert_eq!(told(name).head.value().unwrap().state, state, "{name}");
    }
    let with = |change: fn(&mut Order)| {
        let mut changed = order("order_mixed_row");
        change(&mut changed);
        orders::state(&changed).unwrap()
    };
    let set = |order: &mut Order, state: &str| state.clone_into(&mut order.state);
    assert_eq!(with(|order| "pending_payment".clone_into(&mut order.state)), OrderState::Pending);
    assert_eq!(with(|order| "payment_review".clone_into(&mut order.state)), OrderState::OnHold);
    let on_delivery = |order: &mut Order| {
        order.payment.as_mut().unwrap().method = Some("cashondelivery".to_owned());
    };
    assert_eq!(with(on_delivery), OrderState::Processing);
    let mut done = order("gateway_order_after_online");
    set(&mut done, "complete");
    assert_eq!(orders::state(&done).unwrap(), OrderState::Completed);
    done.base_total_refunded.clone_from(&done.base_total_paid);
    assert_eq!(orders::state(&done).unwrap(), OrderState::Refunded);
}

#[test]
fn an_order_names_a_person_apart() {
    let shop = shop();
    let seen = Seen { shop: &shop, read: None };
    let named = |name: &str| {
        let snapshot = orders::snapshot(&seen, &order(name), &Documents::default()).unwrap();
        snapshot.people.into_iter().next().unwrap()
    };
    let company = named("order_company_taxvat");
    assert_eq!(company.person.company.as_deref(), Some("Rossi & Figli S.r.l."));
    let codes = [
        ("vat".to_owned(), "IT01234567890".to_owned()),
        ("it-codice-fiscale".to_owned(), "RSSMRA80A01H501U".to_owned()),
    ];
    assert_eq!(company.person.tax_codes, codes);
    assert_eq!(company.person.address.unwrap().region.as_deref(), Some("BO"));
    assert!(!PersonKey::is_guest(&company.key.id));
    let guest = named("order_mixed_row");
    assert_eq!(guest.key, PersonKey::guest(shop.clone(), "2"));
    assert_eq!(guest.person.name.as_deref(), Some("Mario Rossi"));
}

#[test]
fn an_account_is_read() {
    let shop = shop();
    let seen = Seen { shop: &shop, read: None };
    let customer = answer("magento-eur/customer_create_taxvat");
    let customer = serde_json::from_value(customer).unwrap();
    let person = people::of_account(&seen, &customer).unwrap();
    assert_eq!(person.key, PersonKey::new(shop.clone(), "1"));
    let code = ("it-codice-fiscale".to_owned(), "RSSMRA80A01H501U".to_owned());
    assert_eq!(person.person.tax_codes, [code]);
}

/// The night on which the clocks were set back has an hour twice.
#[test]
fn moments_are_utc_also_in_the_night_the_clocks_are_changed() {
    let found = answer("magento-eur/dst_orders");
    let found: Found<Order> = serde_json::from_value(found).unwrap();
    let moment = times::parse(found.items[0].created_at.as_deref().unwrap()).unwrap();
    assert_eq!(moment, Timestamp(1_792_888_200_000));
}

#[test]
fn tax_that_is_added_to_prices_is_told_apart() {
    let order: Order = serde_json::from_value(answer("magento/order_get")).unwrap();
    let shop = shop();
    let seen = Seen { shop: &shop, read: None };
    let snapshot = orders::snapshot(&seen, &order, &Documents::default()).unwrap();
    let told = snapshot.entity.as_order().unwrap();
    let head = told.head.value().unwrap();
    assert_eq!((head.currency.as_str(), head.total), ("USD", decimal("49.98")));
    assert!(!head.prices_include_tax);
}
