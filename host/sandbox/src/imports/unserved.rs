//! The interfaces none of whose functions is served yet.

use crate::{
    contract::interfaces::{
        ask_person, http_request, metrics, publish_file, record_metric, send_message, types::Terms,
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
