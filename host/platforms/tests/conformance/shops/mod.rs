//! A simulated shop of each platform.

pub mod magento;
pub mod shopify;
pub mod woocommerce;
