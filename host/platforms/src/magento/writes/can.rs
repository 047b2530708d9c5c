//! What Magento can do, how it is made safe to repeat, and what it has no way to.

use fondaco_model::action::Verb;

use crate::{Capabilities, Capability};

/// What can be done on a Magento shop.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "Magento",
    versions: "Magento Open Source 2.4.7 was observed; others, and Adobe Commerce, were not tried",
    credentials: "an integration's access token, or its four parts for OAuth 1.0a (HMAC-SHA256)",
    permissions: "an integration with Sales (Operations: Orders with Actions, Invoices, Shipments, \
                  Credit Memos, Transactions), Catalog (Products), Customers (All Customers) and \
                  Stores (Inventory: Sources, Stocks; Settings: All Stores)",
    longest_request: "`longest-request` in the shop's section of the client's file: PHP's \
                      `max_execution_time` with what a proxy before it adds",
    intake: "Magento Open Source sends no webhooks: orders and products are polled by their date, and \
             stock and prices, whose changes move no date, by comparing lists",
    health: "the store views' settings and the head of its own description of the API are read",
    only_polled: true,
    of: capability,
    needs,
};

const fn needs(verb: Verb) -> &'static str {
    match verb {
        Verb::SetStock => "Stores: Inventory, Sources",
        Verb::SetPrice
        | Verb::SetGroupPrice
        | Verb::SetMarketPrice
        | Verb::SetTitle
        | Verb::SetDescription
        | Verb::SetSummary
        | Verb::SetSeoTitle
        | Verb::SetSeoDescription
        | Verb::SetTags
        | Verb::Publish => "Catalog: Products",
        Verb::Hold | Verb::Release | Verb::Cancel | Verb::Tag | Verb::Untag | Verb::Note => {
            "Sales: Orders, Actions"
        }
        Verb::SendParcel => "Sales: Shipments",
        Verb::SendRefund | Verb::CreditRefund | Verb::RecordRefund => {
            "Sales: Credit Memos, Invoices"
        }
        Verb::SetDiscount | Verb::EndDiscount => "Marketing: Cart Price Rules",
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
const STATE: Capability =
    does("compare and set on the order's state, one action of an order at a time", "the state");

const fn capability(verb: Verb) -> Capability {
    match verb {
        Verb::SetStock => does(
            "compare and set on the salable quantity; reservations are left alone",
            "what lies in the sources, which orders do not move, then the salable quantity",
        ),
        Verb::SetPrice => does(
            "compare and set on the price; the same price and sale again is no write",
            "the prices",
        ),
        Verb::SetGroupPrice => does(
            "compare and set on the group's price from that quantity on; the same again is no write",
            "the price",
        ),
        Verb::SetMarketPrice => cannot(
            "Magento has a price for each website where its prices are set so, and no markets; \
             connect a shop for each website",
        ),
        Verb::SetTitle
        | Verb::SetDescription
        | Verb::SetSummary
        | Verb::SetSeoTitle
        | Verb::SetSeoDescription
        | Verb::Publish => CONTENT,
        Verb::SetTags => cannot("Magento products have no tags"),
        Verb::Hold | Verb::Release | Verb::Cancel => STATE,
        Verb::Tag | Verb::Untag => cannot(
            "Magento orders have no tags, and a comment in their place could not be taken away; \
             write a note instead",
        ),
        Verb::Note => does(
            "the order's comments are looked through for the action's short id first",
            "the comment's last line, with the action's short id; comments move no date",
        ),
        Verb::SendParcel => does(
            "the order's shipments are looked through for the action's short id first, and never \
             more is sent than is left",
            "a comment on the shipment with the action's short id",
        ),
        Verb::SendRefund => does(
            "compare and set on what was refunded so far, never more than is left of order, invoice \
             and line, one action of an order at a time",
            "a comment on the credit memo with the action's short id; without one, money may have \
             moved all the same, and a person has to look at the payment service. What part of a \
             discounted line comes to Magento rounds itself, to a cent more or less",
        ),
        Verb::RecordRefund => does(
            "compare and set on what was refunded so far, never more than is left of order and line, \
             one action of an order at a time",
            "a comment on the credit memo with the action's short id",
        ),
        Verb::CreditRefund => cannot(
            "Magento Open Source has no credit for customers; record the refund, or send the money",
        ),
        Verb::SetDiscount | Verb::EndDiscount => cannot(
            "a Magento code is a rule with conditions and a coupon, made one after the other; nobody \
             has tried what stands when the second fails",
        ),
    }
}
