//! What an install may be granted to fetch over HTTP.
//!
//! The request is made by the host of the sandbox, which knows the hosts and secrets of the install.
//! Here it is counted, and its answer kept: a run that is done again is answered from what it got
//! the first time, as long as it asks for the same things in the same order.

use fondaco_model::{
    http::{HttpFailure, HttpRecord, HttpRequest},
    run::Resource,
};

use crate::{contract::interfaces::http_get, run::Run};

impl http_get::Host for Run {
    async fn get(
        &mut self,
        request: http_get::Request,
    ) -> wasmtime::Result<Result<http_get::Response, http_get::HttpFailure>> {
        let headers = request.headers.iter().map(|(name, value)| name.len() + value.len());
        self.count_host_call(request.url.len() + headers.sum::<usize>())?;
        self.charge(Resource::HttpRequests, 1)?;
        let request = HttpRequest { url: request.url, headers: request.headers };
        let result = match self.answers.pop_front() {
            Some(record) if record.request == request => record.result,
            _ => {
                // It went another way than the first time; what comes later was for that way.
                self.answers.clear();
                self.host.http_get(&request).await
            }
        };
        self.http.push(HttpRecord { request, result: result.clone() });
        Ok(match result {
            Ok(answer) => Ok(http_get::Response {
                status: answer.status,
                headers: answer.headers,
                body: answer.body,
                url: answer.url,
            }),
            Err(failure) => Err(told(&failure)),
        })
    }
}

fn told(failure: &HttpFailure) -> http_get::HttpFailure {
    let message = failure.to_string();
    match failure {
        HttpFailure::NotGranted { .. } => http_get::HttpFailure::NotGranted(message),
        HttpFailure::Refused { .. } => http_get::HttpFailure::Refused(message),
        HttpFailure::Unreachable { .. } => http_get::HttpFailure::Unreachable(message),
        HttpFailure::TimedOut { .. } => http_get::HttpFailure::TimedOut(message),
        HttpFailure::TooLarge { .. } => http_get::HttpFailure::TooLarge(message),
        HttpFailure::Malformed { .. } => http_get::HttpFailure::Malformed(message),
    }
}
