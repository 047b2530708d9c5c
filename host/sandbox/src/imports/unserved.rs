//! The interfaces none of whose functions is served yet.

use crate::{
    contract::interfaces::{
        ask_person, change_catalogue, change_discounts, change_orders, change_prices,
        change_returns, http_request, metrics, publish_file, record_metric, send_message,
        types::Terms,
    },
    run::Run,
};

impl metrics::Host for Run {
    not_served! {
        daily as "metrics.daily" (kpi: String, shop: Option<String>, days: metrics::Days)
            -> Vec<metrics::Point>;
        target as "metrics.target" (kpi: String, shop: Option<String>, days: metrics::Days)
            -> Option<String>;
    }
}

impl change_prices::Host for Run {
    not_served! {
        propose as "change-prices.propose" (change: change_prices::PriceChange, terms: Terms)
            -> String;
    }
}

impl change_catalogue::Host for Run {
    not_served! {
        propose as "change-catalogue.propose" (
            change: change_catalogue::ProductChange,
            terms: Terms
        ) -> String;
    }
}

impl change_orders::Host for Run {
    not_served! {
        propose as "change-orders.propose" (
            shop: String,
            order: String,
            change: change_orders::OrderChange,
            terms: Terms
        ) -> String;
    }
}

impl change_returns::Host for Run {
    not_served! {
        propose as "change-returns.propose" (
            shop: String,
            order: String,
            customer_return: Option<String>,
            change: change_returns::ReturnChange,
            terms: Terms
        ) -> String;
    }
}

impl change_discounts::Host for Run {
    not_served! {
        propose as "change-discounts.propose" (
            discount: change_discounts::Discount,
            terms: Terms
        ) -> String;
        end as "change-discounts.end" (shop: String, code: String, terms: Terms) -> String;
    }
}

impl send_message::Host for Run {
    not_served! {
        propose as "send-message.propose" (letter: send_message::Letter, terms: Terms) -> String;
    }
}

impl ask_person::Host for Run {
    not_served! {
        propose as "ask-person.propose" (task: ask_person::Task, terms: Terms) -> String;
    }
}

impl record_metric::Host for Run {
    not_served! {
        set as "record-metric.set" (measurement: record_metric::Measurement) -> ();
        add as "record-metric.add" (measurement: record_metric::Measurement) -> ();
    }
}

impl publish_file::Host for Run {
    not_served! {
        propose as "publish-file.propose" (file: publish_file::File, terms: Terms) -> String;
    }
}

impl http_request::Host for Run {
    not_served! {
        propose as "http-request.propose" (request: http_request::Request, terms: Terms) -> String;
    }
}
