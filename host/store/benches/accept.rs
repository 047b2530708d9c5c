//! How much of the disk's speed is left for who puts deliveries into the inbox.
//!
//! 64 tasks put in bodies of 3.5 KB one after the other, against a bare connection that inserts the
//! same bytes, 64 rows a transaction, with the same settings, on the same disk. The two take turns,
//! since a disk is not equally fast all the time. Prints a line for each turn and the ratio of the
//! medians; ends with an error if the ratio is below its bound.
//!
//! Run with `cargo bench -p fondaco-store`.

use std::{
    error::Error,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use fondaco_model::{ClientId, ShopId, Timestamp, TraceId};
use fondaco_store::{NewDelivery, Store, sqlite::SqliteStore};
use rusqlite::Connection;

const TASKS: usize = 64;
const BODY_BYTES: usize = 3_500;
const TURNS: usize = 5;
const TURN: Duration = Duration::from_secs(2);
const RATIO_MIN: f64 = 0.8;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (mut raw, mut store) = (Vec::new(), Vec::new());
    for turn in 1..=TURNS {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        raw.push(raw_rows_per_second(&folder.path().join("raw.db"))?);
        let path = folder.path().join("store.db");
        store.push(runtime.block_on(accepts_per_second(&path))?);
        println!("turn {turn}: raw {:.0} rows/s, store {:.0}/s", raw[turn - 1], store[turn - 1]);
    }
    let ratio = median(&mut store) / median(&mut raw);
    println!("ratio of the medians: {ratio:.2} (bound {RATIO_MIN})");
    if ratio < RATIO_MIN {
        return Err(format!("the store keeps less than {RATIO_MIN} of the disk's speed").into());
    }
    Ok(())
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Bodies that no compression on the way could make smaller.
fn body(seed: usize) -> Vec<u8> {
    let mut word = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        (word >> 32) as u8
    };
    (0..BODY_BYTES).map(next).collect()
}

fn per_second(rows: usize, began: Instant) -> f64 {
    rows as f64 / began.elapsed().as_secs_f64()
}

fn raw_rows_per_second(path: &Path) -> Outcome<f64> {
    let connection = Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch("CREATE TABLE bodies (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")?;
    let bodies: Vec<_> = (0..TASKS).map(body).collect();
    let began = Instant::now();
    let mut rows = 0;
    while began.elapsed() < TURN {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut insert = connection.prepare_cached("INSERT INTO bodies (body) VALUES (?1)")?;
        for body in &bodies {
            insert.execute([body])?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        rows += bodies.len();
    }
    Ok(per_second(rows, began))
}

async fn accepts_per_second(path: &Path) -> Outcome<f64> {
    let store = Arc::new(SqliteStore::open(path)?);
    let client = ClientId::new("rossi")?;
    let lease = store.lease(&client, "bench").await?;
    let began = Instant::now();
    let mut tasks = Vec::new();
    for task in 0..TASKS {
        let (store, lease) = (Arc::clone(&store), lease.clone());
        let delivery = NewDelivery {
            shop: ShopId::new("milano")?,
            topic: "order.updated".to_owned(),
            received_at: Timestamp(1_700_000_000_000),
            trace: TraceId::of_random([7; TraceId::BYTES]),
            body: body(task),
        };
        tasks.push(tokio::spawn(async move {
            let mut rows = 0;
            while began.elapsed() < TURN {
                store.accept(&lease, delivery.clone()).await?;
                rows += 1;
            }
            Outcome::Ok(rows)
        }));
    }
    let mut rows = 0;
    for task in tasks {
        rows += task.await??;
    }
    let speed = per_second(rows, began);
    store.close().await;
    Ok(speed)
}
