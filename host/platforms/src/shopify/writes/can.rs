//! What Shopify can do, how it is made safe to repeat, and what it has no way to.

use fondaco_model::action::Verb;

use crate::{Capabilities, Capability};

/// What can be done on a Shopify shop.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "Shopify",
    versions: "Admin API 2026-01, 2026-04, 2026-07 and 2026-10: what is asked is valid by the vendor's \
               schemas; no real shop was tried",
    credentials: "a custom app's access token and its secret, or its client id and secret for an app of \
                  the shop's own organisation",
    permissions: "read_orders, read_products, read_inventory, read_locations, read_customers, \
                  read_fulfillments, read_merchant_managed_fulfillment_orders; and of write_inventory, \
                  write_products, write_orders, write_merchant_managed_fulfillment_orders and \
                  write_discounts what its modules write; read_all_orders for orders older than sixty \
                  days",
    longest_request: "`longest-request` in the shop's section of the client's file",
    intake: "webhooks signed with the app's secret, looked after and made again; polls by date, of \
             variants, of each place's levels and of orders",
    only_polled: false,
    health: "the shop's currency and the app's scopes are read",
    of: capability,
    needs,
};

const fn needs(verb: Verb) -> &'static str {
    match verb {
        Verb::SetStock => "write_inventory",
        Verb::SetPrice
        | Verb::SetGroupPrice
        | Verb::SetMarketPrice
        | Verb::SetTitle
        | Verb::SetDescription
        | Verb::SetSummary
        | Verb::SetSeoTitle
        | Verb::SetSeoDescription
        | Verb::SetTags
        | Verb::Publish => "write_products",
        Verb::Hold | Verb::Release | Verb::SendParcel => {
            "write_merchant_managed_fulfillment_orders"
        }
        Verb::Cancel
        | Verb::Tag
        | Verb::Untag
        | Verb::Note
        | Verb::SendRefund
        | Verb::CreditRefund
        | Verb::RecordRefund => "write_orders",
        Verb::SetDiscount | Verb::EndDiscount => "write_discounts",
    }
}

const fn does(repeat: &'static str, mark: &'static str) -> Capability {
    Capability::Does { repeat, mark, mails_customer: false }
}

const fn cannot(reason: &'static str) -> Capability {
    Capability::Cannot { reason }
}

const CONTENT: Capability =
    does("compare and set on the text; its own text again is no write", "the text");
const STATE: Capability = does(
    "compare and set on where the order stands, one action of an order at a time",
    "the state",
);
const PRICE_LIST: Capability = does(
    "compare and set on the fixed price in the price list of that name; the same again is no write",
    "the price",
);
const REFUND: Capability = does(
    "the platform's own key, the action's id; compare and set on what was refunded so far, one action \
     of an order at a time",
    "the refund's note, with the action's short id",
);

const fn capability(verb: Verb) -> Capability {
    match verb {
        Verb::SetStock => does(
            "the platform's own compare and set, under a key of its own: the action's id",
            "the same request again, which is answered as the first one was",
        ),
        Verb::SetPrice => {
            does("compare and set on the price; the same prices again are no write", "the prices")
        }
        Verb::SetGroupPrice | Verb::SetMarketPrice => PRICE_LIST,
        Verb::SetTitle
        | Verb::SetDescription
        | Verb::SetSeoTitle
        | Verb::SetSeoDescription
        | Verb::SetTags
        | Verb::Publish => CONTENT,
        Verb::SetSummary => {
            cannot("Shopify products have one description, and no summary beside it")
        }
        Verb::Hold | Verb::Release | Verb::Cancel => STATE,
        Verb::Tag | Verb::Untag => does("a tag is there or it is not", "the tag"),
        Verb::Note => does(
            "the order's note is looked through for the action's short id first",
            "the note's last line, with the action's short id",
        ),
        Verb::SendParcel => does(
            "never more is sent than is left; the same number with the same goods again is no write",
            "the tracking number; without one, a fulfilment of the same goods without a number",
        ),
        Verb::SendRefund | Verb::CreditRefund | Verb::RecordRefund => REFUND,
        Verb::SetDiscount | Verb::EndDiscount => does(
            "the code is looked for first: what is so already is no write, and what is there is \
             changed, never made twice",
            "what the code takes off",
        ),
    }
}
