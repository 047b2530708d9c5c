//! The bulk queue: many requests taken at once, worked one after the other by consumers.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::{Value, json};

use super::rest::{self, Request};
use super::shop::Shop;
use crate::limits::BULK_OPERATION_TAKES;

/// What is queued, and what became of what was.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    operations: Vec<Operation>,
    queue: VecDeque<usize>,
    made: u64,
}

#[derive(Debug)]
struct Operation {
    bulk: String,
    id: usize,
    path: String,
    body: Value,
    /// 1 done, 2 failed and worth another try, 3 failed, 4 open.
    status: u64,
    message: Option<String>,
}

impl Bulk {
    /// How many operations are still to be worked.
    pub(crate) fn waiting(&self) -> usize {
        self.queue.len()
    }

    /// Takes requests that are all for one address.
    pub(crate) fn take(&mut self, path: &str, bodies: &[Value]) -> Value {
        self.made += 1;
        let bulk = format!("{:08x}-0000-4000-8000-{:012x}", self.made, self.made);
        for (id, body) in bodies.iter().enumerate() {
            self.queue.push_back(self.operations.len());
            let (bulk, path) = (bulk.clone(), path.to_owned());
            let body = body.clone();
            self.operations.push(Operation { bulk, id, path, body, status: 4, message: None });
        }
        let item = |id: usize| json!({ "id": id, "data_hash": format!("{id:064x}"), "status": "accepted" });
        let items: Vec<Value> = (0..bodies.len()).map(item).collect();
        json!({ "bulk_uuid": bulk, "request_items": items, "errors": false })
    }

    /// How the operations of a bulk stand; nothing if there is no such bulk.
    pub(crate) fn status(&self, bulk: &str) -> Option<Value> {
        let operation = |operation: &Operation| {
            json!({
                "id": operation.id, "status": operation.status,
                "result_message": operation.message, "error_code": null,
            })
        };
        let of = self.operations.iter().filter(|operation| operation.bulk == bulk);
        let list: Vec<Value> = of.map(operation).collect();
        let count = list.len();
        (count > 0).then(|| {
            json!({
                "operations_list": list, "bulk_id": bulk, "user_type": 2, "user_id": 1,
                "operation_count": count,
            })
        })
    }
}

/// Works the queue for as long as the shop is open.
pub(crate) async fn consume(shop: Arc<Shop>) {
    loop {
        let next = shop.with(|state| {
            let index = state.bulk.queue.front().copied()?;
            let operation = state.bulk.operations.get(index)?;
            Some((index, operation.path.clone(), operation.body.clone()))
        });
        let Some((index, path, body)) = next else {
            shop.running.wake.notified().await;
            continue;
        };
        tokio::time::sleep(BULK_OPERATION_TAKES).await;
        let request = Request::of_bulk(&path, body);
        let answer = rest::dispatch(&shop, &request).await.unwrap_or_else(|refusal| refusal);
        shop.with(|state| {
            state.bulk.queue.pop_front();
            if let Some(operation) = state.bulk.operations.get_mut(index) {
                operation.status = if answer.status < 400 { 1 } else { 3 };
                let message = answer.body.get("message").and_then(Value::as_str);
                operation.message = Some(message.unwrap_or("Service execution success").to_owned());
            }
        });
    }
}
