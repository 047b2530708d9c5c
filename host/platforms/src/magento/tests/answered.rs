//! What the shop's refusals come to.

use http::{HeaderMap, StatusCode};

use super::*;
use crate::{
    magento::answers::{Failed, failure},
    transport::Asked,
};

fn failed(name: &str, reads: bool) -> Failed {
    let captured = captured(&format!("magento/{name}"));
    let status = u16::try_from(captured["status"].as_u64().unwrap()).unwrap();
    let body = serde_json::to_vec(&captured["body"]).unwrap();
    let asked = Asked { what: "PUT /V1/products/A", host: "shop.test", reads };
    failure(&asked, StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), &body)
}

#[test]
fn refusals_say_what_was_said_and_what_to_do() {
    for (name, words) in [
        (
            "err_no_auth",
            "isn't authorized to access Magento_Sales::actions_view.; the shop does not",
        ),
        ("err_bad_token", "Magento_Sales::actions_view.; the shop does not know the token"),
        ("err_store", "is this the shop's url, without a store's code?"),
        ("err_route", "Request does not match any route.; is this module of Magento's active?"),
        ("err_unknown_field", "\"Bogus\" is not supported. Correct the field name"),
        ("err_bad_type", "The \"four\" value's type is invalid."),
        ("err_missing_name", "The \"Product Name\" attribute value is empty."),
        ("product_put_price_garbage", "The \"12,50\" value's type is invalid."),
        ("products_search_nocriteria", "\"searchCriteria\" is required."),
        ("msi_source_items_unknown_source", "Could not save Source Item"),
        ("creditmemo_too_much", "We found an invalid quantity to refund item \"Mug2\"."),
    ] {
        let Failed::Otherwise(error) = failed(name, false) else { panic!("{name}") };
        assert!(matches!(error, PlatformError::Refused { .. }), "{name}: {error:?}");
        assert!(error.to_string().contains(words), "{name}: {error}");
    }
}

#[test]
fn what_is_not_there_is_gone() {
    for name in ["err_order_404", "err_product_404"] {
        assert_eq!(failed(name, true), Failed::Gone, "{name}");
    }
    let page = |status: u16| {
        let asked = Asked { what: "GET /V1/orders", host: "shop.test", reads: true };
        let status = StatusCode::from_u16(status).unwrap();
        PlatformError::from(failure(&asked, status, &HeaderMap::new(), b"<html>no</html>"))
    };
    assert!(page(404).to_string().ends_with("is this the shop's url?"));
    assert!(page(403).to_string().contains("something before Magento keeps the host out"));
    assert!(matches!(page(503), PlatformError::Unavailable { .. }));
}

/// The payment service may have sent money, however the shop answers: 400 as well.
#[test]
fn a_server_error_of_a_write_leaves_open_what_happened() {
    let asked = Asked { what: "POST /V1/order/1/ship", host: "shop.test", reads: false };
    let error = failure(&asked, StatusCode::BAD_GATEWAY, &HeaderMap::new(), b"");
    assert!(matches!(PlatformError::from(error), PlatformError::Ambiguous { .. }));
}
