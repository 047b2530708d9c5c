//! The imported functions: a file for what is always there, one for reads, one for people, one for
//! proposals …
//!
//! A function with a `result` in the contract refuses what is wrong with its arguments and the run
//! goes on. One without ends the run: it could only answer something that is not true.

use std::collections::BTreeSet;

use wasmtime::component::{HasSelf, Linker};

use crate::{
    contract::interfaces::{self, types::Refusal},
    run::Run,
};

/// Functions that are in the contract and not served yet, within the `impl` of their interface: each
/// counts as a call and says so.
macro_rules! not_served {
    ($($function:ident as $name:literal ($($argument:ident: $kind:ty),*) -> $answer:ty;)+) => {$(
        async fn $function(
            &mut self,
            $($argument: $kind),*
        ) -> wasmtime::Result<Result<$answer, $crate::contract::interfaces::types::Refusal>> {
            let _ = ($($argument,)*);
            self.count_host_call(0)?;
            Ok(Err($crate::imports::not_served($name)))
        }
    )+};
}

mod always;
mod http;
mod people;
mod proposals;
mod reads;
mod signals;
mod unserved;

/// Adds an interface to a linker, if it is among those that are wanted. An interface that is `gated`
/// has items that are not served yet; they are linked like all others, and answer so.
macro_rules! link {
    ($linker:ident, $wanted:ident: $($name:literal => $module:ident $($gated:ident)?,)+) => {$(
        if $wanted.contains($name) {
            interfaces::$module::add_to_linker::<_, HasSelf<Run>>(
                $linker,
                $(interfaces::$module::LinkOptions::default().$gated(true),)?
                |run| run,
            )?;
        }
    )+};
}

/// Puts these interfaces into a linker. Whether they are granted was looked at before.
pub fn link(linker: &mut Linker<Run>, wanted: &BTreeSet<String>) -> wasmtime::Result<()> {
    link!(linker, wanted:
        "types" => types not_served_yet,
        "commerce" => commerce not_served_yet,
        "log" => log,
        "clock" => clock,
        "random" => random,
        "settings" => settings,
        "state" => state,
        "catalogue" => catalogue not_served_yet,
        "stock" => stock,
        "orders" => orders not_served_yet,
        "people" => people,
        "metrics" => metrics not_served_yet,
        "http-get" => http_get,
        "change-stock" => change_stock,
        "change-prices" => change_prices,
        "change-catalogue" => change_catalogue,
        "change-orders" => change_orders,
        "change-returns" => change_returns,
        "change-discounts" => change_discounts,
        "send-message" => send_message not_served_yet,
        "alert" => alert,
        "ask-person" => ask_person not_served_yet,
        "record-metric" => record_metric not_served_yet,
        "signal" => signal,
        "publish-file" => publish_file not_served_yet,
        "http-request" => http_request not_served_yet,
    );
    Ok(())
}

/// The answer of a function that is in the contract and not served yet.
fn not_served(function: &str) -> Refusal {
    Refusal::NotServedYet(format!("this host does not serve `{function}` yet"))
}
