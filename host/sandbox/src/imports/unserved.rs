//! What is in the contract and not served yet: every function counts as a call and says so.

use crate::{
    contract::interfaces::{
        ask_person, change_catalogue, change_discounts, change_orders, change_prices,
        change_returns, http_request, metrics, people, publish_file, record_metric, send_message,
        signal,
        types::{Refusal, Terms},
    },
    imports::not_served,
    run::Run,
};

macro_rules! not_served {
    ($($interface:ident {$(
        $function:ident as $name:literal ($($argument:ident: $kind:ty),*) -> $answer:ty;
    )+})+) => {$(
        impl $interface::Host for Run {$(
            async fn $function(
                &mut self,
                $($argument: $kind),*
            ) -> wasmtime::Result<Result<$answer, Refusal>> {
                let _ = ($($argument,)*);
                self.count_host_call(0)?;
                Ok(Err(not_served($name)))
            }
        )+}
    )+};
}

not_served! {
    people {
        by_id as "people.by-id" (shop: String, customer: String) -> Option<people::Customer>;
        of_order as "people.of-order" (shop: String, order: String) -> Option<people::Customer>;
        shipping_address as "people.shipping-address" (shop: String, order: String)
            -> Option<people::Address>;
    }
    metrics {
        daily as "metrics.daily" (kpi: String, shop: Option<String>, days: metrics::Days)
            -> Vec<metrics::Point>;
        target as "metrics.target" (kpi: String, shop: Option<String>, days: metrics::Days)
            -> Option<String>;
    }
    change_prices {
        propose as "change-prices.propose" (change: change_prices::PriceChange, terms: Terms)
            -> String;
    }
    change_catalogue {
        propose as "change-catalogue.propose" (
            change: change_catalogue::ProductChange,
            terms: Terms
        ) -> String;
    }
    change_orders {
        propose as "change-orders.propose" (
            shop: String,
            order: String,
            change: change_orders::OrderChange,
            terms: Terms
        ) -> String;
    }
    change_returns {
        propose as "change-returns.propose" (
            shop: String,
            order: String,
            customer_return: Option<String>,
            change: change_returns::ReturnChange,
            terms: Terms
        ) -> String;
    }
    change_discounts {
        propose as "change-discounts.propose" (
            discount: change_discounts::Discount,
            terms: Terms
        ) -> String;
        end as "change-discounts.end" (shop: String, code: String, terms: Terms) -> String;
    }
    send_message {
        propose as "send-message.propose" (letter: send_message::Letter, terms: Terms) -> String;
    }
    ask_person {
        propose as "ask-person.propose" (task: ask_person::Task, terms: Terms) -> String;
    }
    record_metric {
        set as "record-metric.set" (measurement: record_metric::Measurement) -> ();
        add as "record-metric.add" (measurement: record_metric::Measurement) -> ();
    }
    signal {
        send as "signal.send" (name: String, shop: Option<String>, payload: String) -> String;
    }
    publish_file {
        propose as "publish-file.propose" (file: publish_file::File, terms: Terms) -> String;
    }
    http_request {
        propose as "http-request.propose" (request: http_request::Request, terms: Terms) -> String;
    }
}
