//! A simulated shop of each platform.

pub mod woocommerce;
