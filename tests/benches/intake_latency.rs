//! `intake.p99-ms`: how long a shop waits for its 2xx when a thousand webhooks a second are offered,
//! come what may: each is counted from the moment it was due, so that a host that falls behind is
//! not asked more slowly.

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{net::TcpStream, time::Instant};

use crate::{Bound, Figure, intake};

/// Webhooks offered in a second.
const RATE: u32 = 1_000;
/// For how long.
const LASTS: Duration = Duration::from_secs(15);
/// Connections that take turns.
const CONNECTIONS: u32 = 64;
/// Milliseconds that 99 of 100 keep to.
const BOUND: f64 = 50.0;

pub fn p99() -> Figure {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let folder = tempfile::tempdir_in(&target).unwrap();
    let runtime = || tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    // Those who send do not stand in the host's queue for a thread.
    let (host, senders) = (runtime(), runtime());
    let address = host.block_on(intake::serve(&folder.path().join("fondaco.db")));
    let request: Arc<[u8]> = intake::request(&intake::body()).into();
    let mut waits = senders.block_on(async {
        let begins = Instant::now() + Duration::from_millis(100);
        let connections = (0..CONNECTIONS).map(|first| {
            let request = Arc::clone(&request);
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                stream.set_nodelay(true).unwrap();
                offer(&mut stream, &request, begins, first).await
            })
        });
        let connections: Vec<_> = connections.collect();
        let mut waits = Vec::new();
        for connection in connections {
            waits.extend(connection.await.unwrap());
        }
        waits
    });
    waits.sort_unstable();
    let [median, p99, longest] =
        [waits.len() / 2, waits.len() * 99 / 100, waits.len() - 1].map(|at| ms(waits[at]));
    Figure {
        value: p99,
        unit: "ms",
        bound: Bound::AtMost(BOUND),
        detail: format!(
            "{} webhooks at {RATE}/s: half within {median:.1} ms, all within {longest:.1} ms",
            waits.len()
        ),
    }
}

/// Sends what is due on one connection, and returns how long each had to wait.
async fn offer(
    stream: &mut TcpStream,
    request: &[u8],
    begins: Instant,
    first: u32,
) -> Vec<Duration> {
    let mut waits = Vec::new();
    for number in (first..).step_by(CONNECTIONS as usize) {
        let due = begins + Duration::from_secs(1) * number / RATE;
        if due.duration_since(begins) >= LASTS {
            break;
        }
        tokio::time::sleep_until(due).await;
        intake::exchange(stream, request).await;
        waits.push(due.elapsed());
    }
    waits
}

fn ms(wait: Duration) -> f64 {
    wait.as_secs_f64() * 1_000.0
}
