//! What a shop is spoken to with, by its platform.

use fondaco_platforms::{magento::Access, shopify};

use super::fixture::Files;
use crate::config::ShopAccess;

const FILE: &str = "clients/rossi.toml";

/// The second shop's part of the good file.
const WOOCOMMERCE: &str = "platform = \"woocommerce\"\nurl = \"https://torino.example\"\n\
                           environment = \"staging\"\nkey = { env = \"KEY\" }\n\
                           secret = { env = \"SECRET\" }\n\
                           webhook-secret = { env = \"WEBHOOK_SECRET\" }\n";

fn with(credentials: &str) -> Files {
    on("magento", credentials)
}

fn on(platform: &str, credentials: &str) -> Files {
    let mut files = Files::good();
    let section = format!(
        "platform = \"{platform}\"\nurl = \"https://torino.example\"\nenvironment = \"staging\"\n\
         {credentials}\n"
    );
    files.replace(FILE, WOOCOMMERCE, &section);
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

#[test]
fn a_shopify_shop_has_a_token_or_an_id_and_always_a_secret() {
    let read = |credentials: &str| {
        let config = on("shopify", credentials).report().config.unwrap();
        match config.clients[0].shops.values().nth(1).unwrap().access.clone() {
            ShopAccess::Shopify { access, previous_client_secret, version } => {
                (access, previous_client_secret.is_some(), version)
            }
            other => panic!("{other:?}"),
        }
    };
    let secret = "client-secret = { env = \"SECRET\" }\n";
    let (access, previous, version) = read(&format!("{secret}token = {{ env = \"KEY\" }}"));
    assert!(matches!(access, shopify::Access::Token { .. }));
    assert_eq!((previous, version.as_str()), (false, shopify::VERSION));
    let (access, previous, version) = read(&format!(
        "{secret}client-id = {{ env = \"KEY\" }}\nprevious-client-secret = {{ env = \"KEY\" }}\n\
         api-version = \"2026-04\""
    ));
    assert!(matches!(access, shopify::Access::Client { .. }));
    assert_eq!((previous, version.as_str()), (true, "2026-04"));
    for (credentials, words) in [
        ("token = { env = \"KEY\" }", "shops.torino.client-secret: missing — add client-secret"),
        (secret, "shops.torino: token: missing: the app's access token, or its client id"),
        (
            "client-secret = { env = \"SECRET\" }\ntoken = { env = \"KEY\" }\n\
             client-id = { env = \"KEY\" }",
            "remove token or client-id",
        ),
        (
            "client-secret = { env = \"SECRET\" }\ntoken = { env = \"KEY\" }\n\
             api-version = \"2025-10\"",
            "`2025-10` is not known here",
        ),
    ] {
        let mistakes = on("shopify", credentials).mistakes().join("\n");
        assert!(mistakes.contains(words), "{credentials}: {mistakes}");
    }
}
