//! HTTP: the hooks that shops send to, the admin API, health and metrics.
//!
//! There are two doors. The public one ([`public`]) takes webhooks and answers whether the host is
//! well; nothing it serves tells one client of another. The admin one ([`admin`]) is a Unix socket
//! that only its owner can open; whoever comes through it is a [`principal::Principal`].
//!
//! Never here: what a delivery means, what is due, how anything is stored; that is asked of the
//! engine and the store.
//!
//! Start reading at [`public::router`] and [`admin::router`].

use std::sync::Arc;

use fondaco_engine::Engine;
use fondaco_store::Store;

pub mod admin;
pub mod figures;
mod gauges;
pub mod limits;
pub mod principal;
pub mod public;
pub mod views;

/// What the handlers ask.
#[derive(Clone)]
pub struct Host {
    /// When what happens.
    pub engine: Arc<Engine>,
    /// What is durable.
    pub store: Arc<dyn Store>,
    /// Who may use the admin API with a token.
    pub principals: Arc<principal::Principals>,
}
