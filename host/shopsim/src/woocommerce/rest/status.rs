//! `/system_status`.

use serde_json::{Value, json};

use super::answer::Answer;
use crate::woocommerce::state::State;
use crate::woocommerce::{WOOCOMMERCE_VERSION, WORDPRESS_VERSION};

/// What a host may look at, without lists of tables, plugins and templates.
pub(super) fn system_status(state: &State) -> Answer {
    let market = &state.market;
    Answer::ok(json!({
        "environment": environment(state),
        "database": {
            "wc_database_version": WOOCOMMERCE_VERSION,
            "database_prefix": "wp_",
            "maxmind_geoip_database": "",
            "database_tables": { "woocommerce": {}, "other": {} },
            "database_size": { "data": 3.0, "index": 3.0 },
        },
        "active_plugins": [{
            "plugin": "woocommerce/woocommerce.php",
            "name": "WooCommerce",
            "version": WOOCOMMERCE_VERSION,
            "version_latest": WOOCOMMERCE_VERSION,
            "url": "https://woocommerce.com/",
            "author_name": "Automattic",
            "author_url": "https://woocommerce.com",
            "network_activated": false,
        }],
        "inactive_plugins": [],
        "dropins_mu_plugins": { "dropins": [], "mu_plugins": [] },
        "theme": theme(),
        "settings": {
            "api_enabled": false,
            "force_ssl": false,
            "currency": market.currency,
            "currency_symbol": market.symbol_html,
            "currency_position": if market.symbol_after { "right_space" } else { "left" },
            "thousand_separator": market.thousand_separator.to_string(),
            "decimal_separator": market.decimal_separator.to_string(),
            "number_of_decimals": 2,
            "geolocation_enabled": false,
            "taxonomies": { "simple": "simple", "variable": "variable" },
            "product_visibility_terms": { "outofstock": "outofstock" },
            "woocommerce_com_connected": "no",
            "enforce_approved_download_dirs": true,
            "order_datastore":
                "Automattic\\WooCommerce\\Internal\\DataStores\\Orders\\OrdersTableDataStore",
            "HPOS_enabled": true,
            "HPOS_sync_enabled": false,
            "enabled_features": ["order_attribution", "custom_order_tables"],
        },
        "security": { "secure_connection": false, "hide_errors": true },
        "pages": [],
        "post_type_counts": [],
        "logging": {
            "logging_enabled": true,
            "default_handler":
                "Automattic\\WooCommerce\\Internal\\Admin\\Logging\\LogHandlerFileV2",
            "retention_period_days": 30,
            "level_threshold": "",
            "log_directory_size": "0 KB",
        },
    }))
}

fn theme() -> Value {
    json!({
        "name": "Twenty Twenty-Five",
        "version": "1.4",
        "version_latest": 0,
        "author_url": "https://wordpress.org",
        "is_child_theme": false,
        "is_block_theme": true,
        "has_woocommerce_support": false,
        "has_woocommerce_file": false,
        "has_outdated_templates": false,
        "overrides": [],
        "parent_name": "",
        "parent_version": "",
        "parent_version_latest": "",
        "parent_author_url": "",
    })
}

fn environment(state: &State) -> Value {
    json!({
        "home_url": state.home,
        "site_url": state.home,
        "store_id": state.store_id,
        "version": WOOCOMMERCE_VERSION,
        "log_directory": "/var/www/html/wp-content/uploads/wc-logs/",
        "log_directory_writable": true,
        "wp_version": WORDPRESS_VERSION,
        "wp_multisite": false,
        "wp_memory_limit": 536_870_912,
        "wp_debug_mode": false,
        "wp_cron": false,
        "wp_environment_type": "local",
        "language": "en_US",
        "external_object_cache": null,
        "server_info": "PHP 8.2.36 Development Server",
        "server_architecture": "Linux x86_64",
        "php_version": "8.2.36",
        "php_post_max_size": crate::limits::REQUEST_BODY_BYTES_MAX,
        "php_max_execution_time": 30,
        "php_max_input_vars": 1000,
        "curl_version": "7.88.1, OpenSSL/3.0.19",
        "suhosin_installed": false,
        "max_upload_size": 2_097_152,
        "mysql_version": "10.11.19",
        "mysql_version_string": "10.11.19-MariaDB",
        "default_timezone": "UTC",
        "fsockopen_or_curl_enabled": true,
        "soapclient_enabled": true,
        "domdocument_enabled": true,
        "gzip_enabled": true,
        "mbstring_enabled": true,
        "remote_post_successful": false,
        "remote_post_response": "",
        "remote_get_successful": false,
        "remote_get_response": "",
    })
}
