//! Being asked to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Returns once the process is asked to stop: SIGTERM, or Ctrl-C.
pub async fn stop_asked() {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        // Without handlers the signals end the process by themselves.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
