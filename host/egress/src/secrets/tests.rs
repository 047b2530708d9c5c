use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::Secret;

fn policy(secrets: &[(&str, &str)]) -> EgressPolicy {
    let secret = |(name, value): &(&str, &str)| {
        ((*name).to_owned(), Secret::new((*value).into(), "shop.test".parse().unwrap()).unwrap())
    };
    EgressPolicy::new(Vec::new(), secrets.iter().map(secret).collect())
}

#[test]
fn the_longer_of_two_secrets_is_recognised() {
    let scrubber = Scrubber::new(&policy(&[("short", "12345678"), ("long", "123456789")]));
    let text = "123456789 12345678 1234567812345678";
    assert_eq!(scrubber.text(text), "{secret:long} {secret:short} {secret:short}{secret:short}");
}

#[test]
fn bytes_that_are_no_text_stay_as_they_are() {
    let scrubber = Scrubber::new(&policy(&[("key", "12345678")]));
    assert_eq!(scrubber.bytes(b"\xff12345678\xfe".to_vec()), b"\xff{secret:key}\xfe");
    assert_eq!(Scrubber::new(&policy(&[])).bytes(vec![0xff]), [0xff]);
}

#[test]
fn what_has_no_placeholder_is_sent_as_it_is() {
    let policy = EgressPolicy::new(Vec::new(), BTreeMap::new());
    for value in ["", "plain", "{}", "{secret}", "{Secret:key}", "secret:key}"] {
        assert_eq!(filled(value, "shop.test", &policy).unwrap().as_str(), value);
    }
}

proptest! {
    #[test]
    fn no_secret_comes_through(
        secret in "[!-~]{8,20}",
        before in "[a-z0-9%+/\\\\\"]{0,20}",
        after in "[a-z0-9%+/\\\\\"]{0,20}",
    ) {
        // A placeholder may itself hold what looks like a secret.
        prop_assume!(!"{secret:key}".contains(&secret));
        let scrubber = Scrubber::new(&policy(&[("key", &secret)]));
        for form in forms(&secret) {
            let form = String::from_utf8(form.to_vec()).unwrap();
            let shown = scrubber.text(&format!("{before}{form}{after}"));
            prop_assert!(!shown.replace("{secret:key}", "").contains(&form), "{shown}");
            prop_assert!(shown.contains("{secret:key}"), "{shown}");
        }
    }

    #[test]
    fn what_is_filled_in_comes_back_as_it_was(secret in "[A-Z]{8,20}", around in "[a-z ]{0,20}") {
        let policy = policy(&[("key", &secret)]);
        let value = format!("{around}{{secret:key}}{around}");
        let sent = filled(&value, "shop.test", &policy).unwrap();
        prop_assert_eq!(sent.as_str(), format!("{around}{secret}{around}"));
        prop_assert_eq!(Scrubber::new(&policy).text(&sent), value);
    }
}
