//! What WooCommerce can do, how it is made safe to repeat, and what it has no way to.

use fondaco_model::action::Verb;

use crate::{Capabilities, Capability};

/// What can be done on a WooCommerce shop.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "WooCommerce",
    versions: "10.5 was observed; others were not tried",
    credentials: "a REST API key and its secret; a secret of the host's own for webhooks",
    permissions: "a key with read and write, of a user with the role shop manager",
    longest_request: "`longest-request` in the shop's section of the client's file: PHP's \
                      `max_execution_time` with what a proxy before it adds",
    intake: "signed webhooks, looked after and made again where the shop switched them off; polls by \
             date, and what neither told by comparing lists",
    only_polled: false,
    health: "the general settings' currency and the system status' version are read",
    of: capability,
    // A key writes everything or nothing.
    needs: |_| "a key with read and write",
};

const fn does(repeat: &'static str, mark: &'static str) -> Capability {
    Capability::Does { repeat, mark, mails_customer: false }
}

const fn does_and_mails(repeat: &'static str, mark: &'static str) -> Capability {
    Capability::Does { repeat, mark, mails_customer: true }
}

const fn cannot(reason: &'static str) -> Capability {
    Capability::Cannot { reason }
}

const CONTENT_REPEAT: &str = "compare and set on the text; its own text again is no write";
const CONTENT_MARK: &str = "metadata `_fondaco_content_write` with the action's id, and the text";
const ORDER_REPEAT: &str =
    "compare and set on the order's status, one action of an order at a time";
const ORDER_MARK: &str = "metadata `_fondaco_order_write` with the action's id, and the status";
const REFUND_REPEAT: &str = "compare and set on what was refunded so far, never more than is left of \
                             order and line, one action of an order at a time";
const REFUND_MARK: &str = "the refund's reason, which ends with the action's short id and can be seen \
                           while a payment service still works; metadata `_fondaco_refund`";

const fn capability(verb: Verb) -> Capability {
    match verb {
        Verb::SetStock => does(
            "its own mark, then compare and set on the quantity",
            "metadata `_fondaco_stock_write` with the action's id, since orders move the quantity",
        ),
        Verb::SetPrice => does(
            "compare and set on the price; the same price and sale again is no write",
            "metadata `_fondaco_price_write` with the action's id, and the prices",
        ),
        Verb::SetGroupPrice => cannot(
            "WooCommerce itself has one price for everybody; prices for groups are made by plugins, \
             each in its own way",
        ),
        Verb::SetMarketPrice => {
            cannot("WooCommerce itself sells in one currency at one price, and knows no markets")
        }
        Verb::SetTitle | Verb::SetDescription | Verb::SetSummary | Verb::Publish => {
            does(CONTENT_REPEAT, CONTENT_MARK)
        }
        Verb::SetSeoTitle | Verb::SetSeoDescription => cannot(
            "WooCommerce itself has no texts for search engines; plugins keep them, each in its own \
             way",
        ),
        Verb::SetTags => cannot(
            "WooCommerce takes tags by the ids of terms, which would have to be made first; nobody \
             has tried what happens when that fails half way",
        ),
        // Seen to write to the customer for every status it was tried with but `pending` and
        // `cancelled`; that is not known of every way into `on-hold`, so it is said.
        Verb::Hold | Verb::Release => does_and_mails(ORDER_REPEAT, ORDER_MARK),
        Verb::Cancel => does(ORDER_REPEAT, ORDER_MARK),
        Verb::Tag | Verb::Untag => cannot(
            "WooCommerce orders have no tags, and metadata in their place would be seen by nobody; \
             write a note instead",
        ),
        Verb::Note => does(
            "the order's notes are looked through for the action's short id first",
            "the note's last line, with the action's short id; notes fire no webhook",
        ),
        Verb::SendParcel => cannot(
            "WooCommerce itself keeps no parcels: carriers' plugins do, each in its own way; write a \
             note for the shop's people, or complete the order there",
        ),
        Verb::SendRefund | Verb::RecordRefund => does_and_mails(REFUND_REPEAT, REFUND_MARK),
        Verb::CreditRefund => cannot(
            "WooCommerce itself has no credit for customers; record the refund and send a discount \
             code, or send the money",
        ),
        Verb::SetDiscount | Verb::EndDiscount => does(
            "the code is looked for first: what is so already is no write, and what is there is \
             changed, never made twice",
            "metadata `_fondaco_discount_write` with the action's id",
        ),
    }
}
