//! `intake.durable-ratio`: webhooks per second over HTTP, verified and on disk, on 64 connections,
//! against raw SQLite inserts of the same bytes, 64 in each transaction, with the same guarantee.
//!
//! Both are taken in turns, on the same disk, each time on a new database; the ratio is that of the
//! medians. Whoever sends shares the machine's cores with the host.

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fondaco_egress::{Egress, EgressConfig};
use fondaco_engine::{
    Engine,
    keep::Keeping,
    room::RoomBounds,
    setup::{ClientSetup, ShopSetup},
};
use fondaco_model::{ClientId, ShopId};
use fondaco_platforms::{
    timeouts::Timeouts,
    woocommerce::{self, WooCommerce},
};
use fondaco_store::{Retention, Store, spill::Spill, sqlite::SqliteStore};
use fondaco_web::{Host, principal::Principals};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::SecretString;
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{Bound, Figure, median};

/// Connections at the same time, and rows of a raw transaction.
const CONNECTIONS: usize = 64;
/// How long each side is measured in a turn.
const TURN: Duration = Duration::from_secs(3);
/// Turns of each side.
const TURNS: usize = 5;
/// Most bytes of an answer.
const ANSWER_BYTES_MAX: usize = 4096;
/// The ratio that must be reached.
const BOUND: f64 = 0.4;

const SECRET: &str = "the secret of the shop's webhooks";

pub fn ratio() -> Figure {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let body = body();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let (mut raw, mut intake) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        let folder = tempfile::tempdir_in(&target).unwrap();
        raw.push(raw_rate(&folder.path().join("raw.db"), &body));
        intake.push(intake_rate(&folder.path().join("fondaco.db"), &body));
    }
    let (raw, intake) = (median(raw), median(intake));
    Figure {
        value: intake / raw,
        unit: "ratio",
        bound: Bound::AtLeast(BOUND),
        detail: format!(
            "{intake:.0} webhooks/s of {} bytes over HTTP, {raw:.0} raw inserts/s",
            body.len()
        ),
    }
}

/// What a shop told of an order.
pub fn body() -> Vec<u8> {
    let sample =
        concat!(env!("CARGO_MANIFEST_DIR"), "/samples/woocommerce/webhook_order_updated.body");
    // The shop of this bench is at another address than the one it was captured from.
    std::fs::read_to_string(sample).unwrap().replace("127.0.0.1:8088", "127.0.0.1:9").into_bytes()
}

/// Raw rows per second.
fn raw_rate(path: &Path, body: &[u8]) -> f64 {
    let mut connection = rusqlite::Connection::open(path).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection
        .execute_batch("CREATE TABLE raw (number INTEGER PRIMARY KEY, body BLOB NOT NULL)")
        .unwrap();
    let began = Instant::now();
    let mut rows = 0;
    while began.elapsed() < TURN {
        let transaction = connection.transaction().unwrap();
        {
            let mut insert =
                transaction.prepare_cached("INSERT INTO raw (body) VALUES (?1)").unwrap();
            for _ in 0..CONNECTIONS {
                insert.execute([body]).unwrap();
            }
        }
        transaction.commit().unwrap();
        rows += CONNECTIONS;
    }
    rows as f64 / began.elapsed().as_secs_f64()
}

/// Accepted webhooks per second.
fn intake_rate(path: &Path, body: &[u8]) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let address = serve(path).await;
        let request: Arc<[u8]> = request(body).into();
        let began = Instant::now();
        let senders = (0..CONNECTIONS).map(|_| {
            let request = Arc::clone(&request);
            tokio::spawn(async move {
                let stream = TcpStream::connect(address).await.unwrap();
                send(stream, &request, began).await
            })
        });
        let senders: Vec<_> = senders.collect();
        let mut accepted = 0;
        for sender in senders {
            accepted += sender.await.unwrap();
        }
        f64::from(accepted) / began.elapsed().as_secs_f64()
    })
}

/// Starts a host that takes webhooks in, and does nothing else: its shop is not there, so the import
/// waits.
pub async fn serve(path: &Path) -> SocketAddr {
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(path).unwrap());
    let setups = vec![client_setup()];
    let egress = Egress::new(EgressConfig::default()).unwrap();
    let engine = Engine::start(setups, Arc::clone(&store), egress, keeping(path), "bench");
    let engine = engine.await.unwrap();
    let engine = Arc::new(engine);
    let host = Host { engine, store, principals: Arc::new(Principals::default()) };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = fondaco_web::public::router(host);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// How a database is kept by default, on a disk that never fills.
pub fn keeping(database: &Path) -> Keeping {
    Keeping {
        retention: Retention::default(),
        spill: Spill::open(&database.with_extension("spill")).unwrap(),
        free_space: Arc::new(|| Ok(u64::MAX)),
        room: RoomBounds::default(),
    }
}

/// Sends one request after the other on a connection, for a turn; counts those that were accepted.
async fn send(mut stream: TcpStream, request: &[u8], began: Instant) -> u32 {
    stream.set_nodelay(true).unwrap();
    let mut accepted = 0;
    while began.elapsed() < TURN {
        exchange(&mut stream, request).await;
        accepted += 1;
    }
    accepted
}

/// Sends a request and waits until it is accepted.
pub async fn exchange(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.unwrap();
    let mut answer = [0; ANSWER_BYTES_MAX];
    let mut filled = 0;
    // The answers have no body: the headers' end is the answer's.
    while !answer[..filled].ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut answer[filled..]).await.unwrap();
        assert!(read > 0, "the host closed the connection");
        filled += read;
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

/// The bytes of a webhook, signed.
pub fn request(body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    let signature = STANDARD.encode(mac.finalize().into_bytes());
    let head = format!(
        "POST /hooks/rossi/milano HTTP/1.1\r\nHost: fondaco\r\nContent-Type: application/json\r\n\
         X-WC-Webhook-Source: http://127.0.0.1:9/\r\nX-WC-Webhook-Topic: order.updated\r\n\
         X-WC-Webhook-Resource: order\r\nX-WC-Webhook-Event: updated\r\n\
         X-WC-Webhook-Signature: {signature}\r\nX-WC-Webhook-ID: 2\r\n\
         X-WC-Webhook-Delivery-ID: bd9f52c175404d108b39b989e38494b6\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn client_setup() -> ClientSetup {
    let shop = ShopId::new("milano").unwrap();
    let platform = WooCommerce::new(woocommerce::Config {
        shop: shop.clone(),
        // A port that nobody listens on.
        url: "http://127.0.0.1:9".parse().unwrap(),
        consumer_key: SecretString::from("ck"),
        consumer_secret: SecretString::from("cs"),
        webhook_secret: SecretString::from(SECRET),
        timeouts: Timeouts::default(),
        allow_http: true,
    })
    .unwrap();
    let setup = ShopSetup {
        name: "Milano".into(),
        platform_name: "woocommerce",
        production: true,
        platform: Arc::new(platform),
        poll_every: Duration::from_secs(3600),
        give_up_after: Duration::from_secs(3600),
        time_zone: None,
        credentials: Arc::new(|| Err("this shop has none".to_owned())),
        reconcile_every: Duration::from_secs(24 * 3600),
        silent_after: Duration::from_secs(3600),
        hook_address: None,
    };
    ClientSetup {
        id: ClientId::new("rossi").unwrap(),
        name: "Rossi".into(),
        shops: [(shop, setup)].into(),
        installs: [].into(),
        wins: [].into(),
    }
}
