//! The door of a simulated shop, whatever its platform: what is to go wrong with requests goes wrong
//! here.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{ConnectInfo, State};
use axum::http;

use crate::faults::{Faults, RequestFault};
use crate::line::Line;

/// How a request is refused without being looked at.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Refusal {
    /// There were too many.
    Throttled {
        /// When to come again.
        after: Duration,
    },
    /// The shop is out of order.
    Broken {
        /// With this status.
        status: u16,
    },
}

/// Who answers.
pub(crate) trait Desk: Send + Sync + 'static {
    /// A request as this shop reads it.
    type Asked: Send + Sync + 'static;

    /// How long every request takes at least.
    fn latency(&self) -> Duration;

    /// Reads a request, or has the answer to one that cannot be read.
    fn read(
        &self,
        request: http::Request<Body>,
    ) -> impl Future<Output = Result<Self::Asked, http::Response<Body>>> + Send;

    /// Whether a request is more than a reading.
    fn writes(asked: &Self::Asked) -> bool;

    /// Draws what goes wrong with a request, and enters it in the ledger.
    fn fault_of(&self, asked: &Self::Asked) -> Option<RequestFault>;

    /// How often what goes wrong.
    fn faults(&self) -> Faults;

    /// Changes how many effects are still to come.
    fn effects_to_come(&self, change: impl FnOnce(&mut usize));

    /// Does what a request asks for.
    fn carry_out(
        self: &Arc<Self>,
        asked: &Self::Asked,
        fault: Option<RequestFault>,
    ) -> impl Future<Output = http::Response<Body>> + Send;

    /// Answers a request without doing what it asks for.
    fn refuse(&self, asked: &Self::Asked, refusal: Refusal) -> http::Response<Body>;
}

/// Answers a request, or does not.
pub(crate) async fn answer<D: Desk>(
    State(desk): State<Arc<D>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: http::Request<Body>,
) -> http::Response<Body> {
    let latency = desk.latency();
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let asked = match desk.read(request).await {
        Ok(asked) => asked,
        Err(refusal) => return refusal,
    };
    let fault = desk.fault_of(&asked);
    match fault {
        None => see_through(desk, asked, fault).await,
        Some(RequestFault::Slow) => {
            tokio::time::sleep(desk.faults().slowness).await;
            see_through(desk, asked, fault).await
        }
        Some(RequestFault::Throttled) => {
            let after = desk.faults().retry_after;
            desk.refuse(&asked, Refusal::Throttled { after })
        }
        Some(RequestFault::Broken(status)) => desk.refuse(&asked, Refusal::Broken { status }),
        Some(RequestFault::CutBefore) => cut(&line),
        Some(RequestFault::CutAfter) => {
            desk.carry_out(&asked, fault).await;
            cut(&line)
        }
        Some(RequestFault::LateEffect(delay)) => {
            desk.effects_to_come(|count| *count += 1);
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                desk.carry_out(&asked, fault).await;
                desk.effects_to_come(|count| *count -= 1);
            });
            cut(&line)
        }
    }
}

/// Does what a request asks for. A write goes on to its end when nobody waits for the answer any
/// more.
async fn see_through<D: Desk>(
    desk: Arc<D>,
    asked: D::Asked,
    fault: Option<RequestFault>,
) -> http::Response<Body> {
    if !D::writes(&asked) {
        return desk.carry_out(&asked, fault).await;
    }
    desk.effects_to_come(|count| *count += 1);
    let done = tokio::spawn(async move {
        let answer = desk.carry_out(&asked, fault).await;
        desk.effects_to_come(|count| *count -= 1);
        answer
    });
    done.await.unwrap_or_else(|_| http::Response::new(Body::empty()))
}

/// Ends the connection; what is returned is never seen.
fn cut(line: &Line) -> http::Response<Body> {
    line.cut();
    http::Response::new(Body::empty())
}
