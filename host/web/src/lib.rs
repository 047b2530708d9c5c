//! HTTP: webhooks, admin API, health and metrics.
