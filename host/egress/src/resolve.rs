//! From the name of a host to its addresses.

use std::{
    io,
    net::{IpAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::sync::Semaphore;

use crate::limits::LOOKUPS_AT_ONCE_MAX;

/// Looks up names. It is asked once for each request sent, and the connection goes to one of the
/// addresses it gave then: an answer that changes in between changes nothing.
#[async_trait]
pub trait Resolve: Send + Sync {
    /// All addresses of a host, the best first. None of them is trusted.
    ///
    /// # Errors
    /// If it cannot be found out.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Looks names up as the machine is set up to do.
pub(crate) struct SystemResolver {
    turns: Arc<Semaphore>,
}

impl SystemResolver {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(LOOKUPS_AT_ONCE_MAX)) }
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(io::Error::other)?;
        let host = host.to_owned();
        let lookup = move || {
            // Held until the lookup is over, even if nobody waits for it any more.
            let _turn = turn;
            let addresses = (host.as_str(), 0).to_socket_addrs()?;
            Ok(addresses.map(|address| address.ip()).collect())
        };
        tokio::task::spawn_blocking(lookup).await.map_err(io::Error::other)?
    }
}
