//! The hand-over of an API key by the shop itself (`/wc-auth/v1/authorize`).
//!
//! The shop's manager opens an address of the shop and agrees; the shop makes a key and posts it to
//! the address that stood in there. That address has a part that nobody can guess, and the shop
//! sends another one back as it got it: what lacks either is not the hand-over that was asked for.

use std::{net::SocketAddr, sync::Arc};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tokio::{net::TcpListener, sync::mpsc};
use url::Url;

use super::{credentials::Handed, waiting};
use crate::limits::{HAND_OVER_BYTES_MAX, HAND_OVER_WITHIN};

/// Where a hand-over is taken.
pub struct Doors {
    /// Where it is listened for.
    pub listen: SocketAddr,
    /// How the shop reaches that; absent: as it is.
    pub callback: Option<Url>,
}

/// What the shop posts.
#[derive(Deserialize)]
struct HandedOver {
    user_id: serde_json::Value,
    consumer_key: String,
    consumer_secret: String,
    key_permissions: String,
}

struct Awaited {
    /// In the address.
    place: String,
    /// Sent back by the shop.
    user: String,
    keys: mpsc::Sender<Handed>,
}

/// Asks the person to let the shop hand its key over, and waits for it.
///
/// # Errors
/// If it cannot be listened for, or does not come in time.
pub async fn wait(shop: &Url, doors: Doors) -> anyhow::Result<Handed> {
    let listener = TcpListener::bind(doors.listen).await;
    let listener = listener.with_context(|| format!("{} cannot be listened on", doors.listen))?;
    let own = format!("http://{}", listener.local_addr()?);
    let callback = doors.callback.map_or(own, |url| url.as_str().trim_end_matches('/').to_owned());
    let (keys, mut handed_over) = mpsc::channel(1);
    let awaited = Arc::new(Awaited { place: unguessable(), user: unguessable(), keys });
    let address = authorize_address(shop, &callback, &awaited);
    let router = router(Arc::clone(&awaited));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    println!(
        "Open this address in a browser, signed in as a manager of the shop, and agree:\n\n  \
         {address}\n"
    );
    let spinner = waiting("waiting for the shop to hand its key over".to_owned());
    let key = tokio::time::timeout(HAND_OVER_WITHIN, handed_over.recv()).await;
    spinner.finish_and_clear();
    server.abort();
    let minutes = HAND_OVER_WITHIN.as_secs() / 60;
    key.ok().flatten().with_context(|| {
        format!(
            "the shop handed nothing over within {minutes} minutes; can it reach {callback}? \
             WooCommerce takes only https there"
        )
    })
}

fn unguessable() -> String {
    format!("{:032x}", rand::random::<u128>())
}

/// Where the shop's manager agrees.
fn authorize_address(shop: &Url, callback: &str, awaited: &Awaited) -> Url {
    let mut address = shop.clone();
    address.set_path(&format!("{}/wc-auth/v1/authorize", shop.path().trim_end_matches('/')));
    address
        .query_pairs_mut()
        .append_pair("app_name", "Fondaco")
        .append_pair("scope", "read_write")
        .append_pair("user_id", &awaited.user)
        .append_pair("return_url", &format!("{callback}/done"))
        .append_pair("callback_url", &format!("{callback}/keys/{}", awaited.place));
    address
}

fn router(awaited: Arc<Awaited>) -> Router {
    Router::new()
        .route("/keys/{place}", post(take))
        .route("/done", get(done))
        .layer(DefaultBodyLimit::max(HAND_OVER_BYTES_MAX))
        .with_state(awaited)
}

/// What the manager sees afterwards.
async fn done() -> &'static str {
    "Fatto: potete chiudere questa pagina. / Done: you can close this page.\n"
}

async fn take(
    State(awaited): State<Arc<Awaited>>,
    Path(place): Path<String>,
    Json(handed_over): Json<HandedOver>,
) -> (StatusCode, &'static str) {
    let user = handed_over.user_id.as_str().unwrap_or_default();
    let place_is = place.as_bytes().ct_eq(awaited.place.as_bytes());
    let user_is = user.as_bytes().ct_eq(awaited.user.as_bytes());
    if !bool::from(place_is & user_is) {
        return (StatusCode::FORBIDDEN, "this is not the hand-over that was asked for\n");
    }
    if handed_over.key_permissions != "read_write" {
        return (StatusCode::BAD_REQUEST, "the key may not read and write\n");
    }
    let HandedOver { consumer_key, consumer_secret, .. } = handed_over;
    let key = Handed::woocommerce(consumer_key.into(), consumer_secret.into());
    match awaited.keys.try_send(key) {
        Ok(()) => (StatusCode::OK, "taken\n"),
        Err(_) => (StatusCode::CONFLICT, "a key was handed over already\n"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn awaited() -> Awaited {
        let (keys, _) = mpsc::channel(1);
        Awaited { place: "p".to_owned(), user: "u".to_owned(), keys }
    }

    #[test]
    fn the_address_is_the_shops_own() {
        for (shop, begin) in [
            ("https://shop.test", "https://shop.test/wc-auth/v1/authorize?"),
            ("https://a.test/it/", "https://a.test/it/wc-auth/v1/authorize?"),
        ] {
            let shop = Url::parse(shop).unwrap();
            let address = authorize_address(&shop, "https://hooks.test/x", &awaited());
            assert!(address.as_str().starts_with(begin), "{address}");
            let pairs: Vec<(String, String)> = address.query_pairs().into_owned().collect();
            for (name, value) in [
                ("scope", "read_write"),
                ("user_id", "u"),
                ("callback_url", "https://hooks.test/x/keys/p"),
                ("return_url", "https://hooks.test/x/done"),
            ] {
                let pair = (name.to_owned(), value.to_owned());
                assert!(pairs.contains(&pair), "{name}: {pairs:?}");
            }
        }
    }

    #[test]
    fn no_two_are_alike() {
        assert_ne!(unguessable(), unguessable());
    }
}
