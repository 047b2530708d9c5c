//! What a WooCommerce shop answers: whatever it is asked, it answers with the same bytes.

use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{LazyLock, Mutex},
};

use fondaco_model::{EntityKey, EntityKind, ShopId, Timestamp};
use fondaco_platforms::{
    Collection, Platform, PlatformError,
    timeouts::Timeouts,
    woocommerce::{Config, WooCommerce},
};
use tokio::runtime::Runtime;

/// What the shop answers now.
static ANSWER: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// The longest request that is read: more than the adapter sends.
const REQUEST_BYTES_MAX: usize = 16 * 1024;

static SHOP: LazyLock<(Runtime, WooCommerce)> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            let Ok(mut connection) = connection else { return };
            std::thread::spawn(move || while answer(&mut connection).is_some() {});
        }
    });
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let shop = WooCommerce::new(Config {
        shop: ShopId::new("milano").unwrap(),
        url: url.parse().unwrap(),
        consumer_key: "ck".into(),
        consumer_secret: "cs".into(),
        webhook_secret: "secret".into(),
        timeouts: Timeouts::default(),
        allow_http: false,
    })
    .unwrap();
    (runtime, shop)
});

/// Answers one request; nothing, once the connection is over.
fn answer(connection: &mut std::net::TcpStream) -> Option<()> {
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).ok()?;
        request.push(byte[0]);
        assert!(request.len() < REQUEST_BYTES_MAX, "the adapter sends something endless");
    }
    let body = ANSWER.lock().unwrap().clone();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
    connection.write_all(&[head.as_bytes(), &body].concat()).ok()
}

/// Reads everything there is to read, each time with these bytes for an answer. Tells whether any of
/// it came to something.
pub fn holds(bytes: &[u8]) -> bool {
    let (runtime, shop) = &*SHOP;
    *ANSWER.lock().unwrap() = bytes.to_vec();
    runtime.block_on(read_all(shop))
}

async fn read_all(shop: &WooCommerce) -> bool {
    let now = Timestamp(1_800_000_000_000);
    let mut read = 0;
    for key in
        [EntityKey::order(shop.shop().clone(), "7"), EntityKey::variant(shop.shop().clone(), "7")]
    {
        read += told(shop.fetch(now, &key).await).map_or(0, |snapshots| snapshots.len());
    }
    read += usize::from(told(shop.customer(now, "7").await).flatten().is_some());
    for collection in [Collection::Catalogue, Collection::Customers, Collection::Orders] {
        for since in [None, Some(now)] {
            let page = told(shop.page(now, collection, since, None).await).unwrap_or_default();
            read += page.snapshots.len() + page.people.len();
        }
    }
    for kind in [EntityKind::Order, EntityKind::Variant] {
        read += told(shop.list(Timestamp(1), kind, None).await)
            .map_or(0, |listing| listing.entries.len());
    }
    let _ = told(shop.facts().await);
    read > 0
}

/// What came of a reading; one that came to nothing says why, and is no write.
fn told<T>(read: Result<T, PlatformError>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(PlatformError::Ambiguous { reason }) => panic!("a reading has no effect: {reason}"),
        Err(error) => {
            assert!(!error.to_string().is_empty(), "it says why");
            None
        }
    }
}
