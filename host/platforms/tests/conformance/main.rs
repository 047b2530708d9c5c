//! What every adapter must do, tried on each of them against a simulated shop of its platform.
//!
//! The cases (`writing.rs`, `reading.rs`) know no platform: they speak through
//! [`fondaco_platforms::Platform`] alone, and learn what truly happened from [`SimulatedShop`]. A new
//! adapter implements that trait in a file of its own, and is named at the end of this one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod document;
mod graphql;
mod openapi;
mod reading;
mod shop;
mod shops;
mod writing;

/// Tries every case on the simulated shop of one platform.
macro_rules! conformance {
    ($platform:ident) => {
        conformance! { $platform:
            reading::an_import_has_everything_once,
            reading::an_import_goes_on_with_another_adapter_where_the_last_one_was,
            reading::a_poll_from_the_moment_of_the_last_change_has_that_change_again,
            reading::what_is_gone_is_read_as_gone,
            reading::a_delivery_that_is_not_the_shops_is_not_taken_for_it,
            writing::what_is_done_is_done_once,
            writing::what_was_cut_before_its_effect_is_found_not_done_and_sent_again,
            writing::what_was_cut_after_its_effect_or_long_before_it_is_found_done,
            writing::what_was_decided_on_something_else_is_not_written,
            writing::what_the_shop_cannot_do_is_refused_without_an_effect,
            writing::what_the_platform_cannot_do_is_said_with_its_reason,
            writing::money_is_sent_only_where_the_action_says_so,
            writing::what_mails_the_customer_is_said,
            writing::a_request_that_was_kept_is_read_back_and_keeps_no_secret,
        }
    };
    ($platform:ident: $($room:ident::$case:ident,)*) => {
        mod $platform {
            $(
                #[tokio::test]
                async fn $case() {
                    crate::$room::$case::<crate::shops::$platform::Shop>().await;
                }
            )*
        }
    };
}

conformance!(magento);
conformance!(shopify);
conformance!(woocommerce);
