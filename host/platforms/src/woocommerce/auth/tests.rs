use super::*;
use crate::oauth::query;

fn credentials() -> Credentials {
    Credentials { key: "ck_key".into(), secret: "cs_secret&/%".into() }
}

/// The signature was computed by another program, in the way WooCommerce checks one: each name and
/// value encoded twice, joined by encoded separators.
#[test]
fn a_signature_is_what_the_shop_computes() {
    let url = Url::parse("http://shop.test/sub/wp-json/wc/v3/products").unwrap();
    let query = vec![("search", "Caffè & tè +1~*".to_owned()), ("per_page", "100".to_owned())];
    let once = Once { nonce: "n1".to_owned(), seconds: 1_795_409_178 };
    let signed = credentials().signed("GET", &url, query, &once);
    let signature = signed.iter().find(|(name, _)| *name == "oauth_signature").unwrap();
    assert_eq!(signature.1, "rW+b/4oAh9UGu97NogHzUqhoLhfrM9ekPfGax/ifFbQ=");
    assert!(!query_of(&signed).contains("cs_secret"), "the secret does not travel");
}

fn query_of(parameters: &Parameters) -> String {
    query(parameters)
}

#[test]
fn the_header_is_not_shown() {
    let header = credentials().basic().unwrap();
    assert_eq!(header, "Basic Y2tfa2V5OmNzX3NlY3JldCYvJQ==");
    assert!(header.is_sensitive());
}

#[test]
fn what_was_echoed_is_taken_out() {
    let text = credentials().scrubbed("no key ck_key with cs_secret&/% here");
    assert_eq!(text, "no key … with … here");
}
