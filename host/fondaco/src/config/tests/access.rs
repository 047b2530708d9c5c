//! What a shop is spoken to with, by its platform.

use fondaco_platforms::magento::Access;

use super::fixture::Files;
use crate::config::ShopAccess;

const FILE: &str = "clients/rossi.toml";

/// The second shop's part of the good file.
const WOOCOMMERCE: &str = "platform = \"woocommerce\"\nurl = \"https://torino.example\"\n\
                           environment = \"staging\"\nkey = { env = \"KEY\" }\n\
                           secret = { env = \"SECRET\" }\n\
                           webhook-secret = { env = \"WEBHOOK_SECRET\" }\n";

fn with(credentials: &str) -> Files {
    let mut files = Files::good();
    let magento = format!(
        "platform = \"magento\"\nurl = \"https://torino.example\"\nenvironment = \"staging\"\n\
         {credentials}\n"
    );
    files.replace(FILE, WOOCOMMERCE, &magento);
    files
}

fn access(credentials: &str) -> ShopAccess {
    let config = with(credentials).report().config.unwrap();
    config.clients[0].shops.values().nth(1).unwrap().access.clone()
}

#[test]
fn a_magento_shop_has_a_token_or_all_four_parts() {
    let ShopAccess::Magento { access: alone, website, source } =
        access("token = { env = \"KEY\" }\nsource = \"magazzino_2\"")
    else {
        panic!("a Magento shop")
    };
    assert!(matches!(alone, Access::Bearer { .. }));
    assert_eq!((website.as_str(), source.as_deref()), ("base", Some("magazzino_2")));
    let all = "token = { env = \"KEY\" }\ntoken-secret = { env = \"SECRET\" }\n\
               key = { env = \"KEY\" }\nsecret = { env = \"SECRET\" }\nwebsite = \"it\"";
    let ShopAccess::Magento { access: signed, website, source } = access(all) else {
        panic!("a Magento shop")
    };
    assert!(matches!(signed, Access::Signed { .. }));
    assert_eq!((website.as_str(), source), ("it", None));
}

#[test]
fn what_is_wrong_with_them_has_its_line_and_fix() {
    for (credentials, words) in [
        ("", "shops.torino.token: missing — add token = { env"),
        (
            "token = { env = \"KEY\" }\nkey = { env = \"KEY\" }",
            "to sign, all of key, secret, token and token-secret are needed",
        ),
        ("token = { env = \"KEY\" }\nwebhook-secret = { env = \"KEY\" }", "unknown key"),
        (
            "token = { env = \"KEY\" }\nsource = \"Magazzino due\"",
            "`Magazzino due` is no code of Magento's",
        ),
        ("token = \"a-token\"", "a secret does not belong into this file"),
    ] {
        let mistakes = with(credentials).mistakes().join("\n");
        assert!(mistakes.contains(words), "{credentials}: {mistakes}");
        assert!(!mistakes.contains("a-token"), "{mistakes}");
    }
}
