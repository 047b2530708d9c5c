//! What a shop is spoken to with: other keys for each platform.

use fondaco_platforms::{magento, shopify};
use secrecy::SecretString;

use super::{
    client::PlatformName,
    reader::{Node, Section},
    secret::Secrets,
};

/// What a shop is spoken to with.
#[derive(Debug, Clone)]
pub enum ShopAccess {
    /// A WooCommerce shop.
    Woocommerce {
        /// The REST API key.
        key: SecretString,
        /// Its secret.
        secret: SecretString,
        /// What its webhooks are signed with.
        webhook_secret: SecretString,
        /// What they were signed with before, while that is being changed.
        previous_webhook_secret: Option<SecretString>,
    },
    /// A Magento shop.
    Magento {
        /// A token alone, or all four parts.
        access: magento::Access,
        /// The code of the website whose stock is read and written.
        website: String,
        /// The code of the source that is written and sent from.
        source: Option<String>,
    },
    /// A Shopify shop.
    Shopify {
        /// The app's token or its id, and its secret.
        access: shopify::Access,
        /// What deliveries were signed with before: taken as well.
        previous_client_secret: Option<SecretString>,
        /// The version of the API that is asked for.
        version: String,
    },
}

/// Reads what goes with a platform. Where that is not known, every key that any platform has is taken
/// for one that is meant.
pub(super) fn read_access<'a>(
    section: &mut Section<'a>,
    platform: Option<PlatformName>,
    secrets: Secrets<'a>,
) -> Option<ShopAccess> {
    match platform {
        Some(PlatformName::Woocommerce) => read_woocommerce(section, secrets),
        Some(PlatformName::Magento) => read_magento(section, secrets),
        Some(PlatformName::Shopify) => read_shopify(section, secrets),
        None => {
            for key in [
                "key",
                "secret",
                "token",
                "token-secret",
                "webhook-secret",
                "previous-webhook-secret",
                "client-id",
                "client-secret",
                "previous-client-secret",
                "api-version",
                "website",
                "source",
            ] {
                section.may(key);
            }
            None
        }
    }
}

fn fix(key: &str) -> String {
    format!("add {key} = {{ env = \"…\" }} or {key} = {{ file = \"…\" }}")
}

fn read_woocommerce<'a>(section: &mut Section<'a>, secrets: Secrets<'a>) -> Option<ShopAccess> {
    let mut secret =
        |key: &'static str| section.must(key, &fix(key)).and_then(|node| secrets.follow(&node));
    let (key, webhook_secret) = (secret("key"), secret("webhook-secret"));
    let secret = secret("secret");
    let previous_webhook_secret = match section.may("previous-webhook-secret") {
        Some(node) => secrets.follow(&node).map(Some),
        None => Some(None),
    };
    Some(ShopAccess::Woocommerce {
        key: key?,
        secret: secret?,
        webhook_secret: webhook_secret?,
        previous_webhook_secret: previous_webhook_secret?,
    })
}

fn read_magento<'a>(section: &mut Section<'a>, secrets: Secrets<'a>) -> Option<ShopAccess> {
    let token = section.must("token", &fix("token")).and_then(|node| secrets.follow(&node));
    let others = ["key", "secret", "token-secret"].map(|key| (key, section.may(key)));
    let signs = others.iter().any(|(_, node)| node.is_some());
    let mut parts = others.into_iter().map(|(key, node)| {
        if node.is_none() && signs {
            let message = "missing: to sign, all of key, secret, token and token-secret are needed";
            section.place.missing(format!("{key}: {message}"), fix(key));
        }
        node.and_then(|node| secrets.follow(&node))
    });
    let (key, secret, token_secret) = (parts.next(), parts.next(), parts.next());
    let website =
        code(section.may("website")).map(|code| code.unwrap_or(magento::WEBSITE.to_owned()));
    let source = code(section.may("source"));
    let access = if signs {
        magento::Access::Signed {
            key: key??,
            secret: secret??,
            token: token?,
            token_secret: token_secret??,
        }
    } else {
        magento::Access::Bearer { token: token? }
    };
    Some(ShopAccess::Magento { access, website: website?, source: source? })
}

fn read_shopify<'a>(section: &mut Section<'a>, secrets: Secrets<'a>) -> Option<ShopAccess> {
    let secret = section.must("client-secret", &fix("client-secret"));
    let client_secret = secret.and_then(|node| secrets.follow(&node));
    let previous_client_secret = match section.may("previous-client-secret") {
        Some(node) => secrets.follow(&node).map(Some),
        None => Some(None),
    };
    let version = match section.may("api-version") {
        Some(node) => node.word(&shopify::VERSIONS.map(|version| (version, version))),
        None => Some(shopify::VERSION),
    };
    let access = match (section.may("token"), section.may("client-id")) {
        (Some(token), None) => secrets
            .follow(&token)
            .zip(client_secret)
            .map(|(token, client_secret)| shopify::Access::Token { token, client_secret }),
        (None, Some(client_id)) => secrets
            .follow(&client_id)
            .zip(client_secret)
            .map(|(client_id, client_secret)| shopify::Access::Client { client_id, client_secret }),
        (None, None) => {
            let message = "missing: the app's access token, or its client id to ask for one with";
            section.place.missing(format!("token: {message}"), fix("token"));
            None
        }
        (Some(_), Some(client_id)) => {
            let message = "there is a token as well, and one of the two is asked with";
            client_id.place.mistake(message, "remove token or client-id");
            None
        }
    };
    Some(ShopAccess::Shopify {
        access: access?,
        previous_client_secret: previous_client_secret?,
        version: version?.to_owned(),
    })
}

/// A code of Magento's, if there is one.
fn code(node: Option<Node<'_>>) -> Option<Option<String>> {
    let Some(node) = node else {
        return Some(None);
    };
    let text = node.text()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if text.is_empty() || !text.bytes().all(plain) {
        node.place.mistake(
            format!("`{text}` is no code of Magento's"),
            "write the code, not the name: letters, digits, underscores and hyphens",
        );
        return None;
    }
    Some(Some(text.to_owned()))
}
