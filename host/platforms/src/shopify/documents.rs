//! What is asked of the Admin API: a file for each query and mutation, valid on every version that is
//! served (`tests/conformance/graphql.rs` holds them against the vendor's schemas).

/// A query or a mutation.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    /// What it is called in errors.
    pub name: &'static str,
    /// As it is sent.
    pub text: &'static str,
    /// Whether it surely changes nothing.
    pub reads: bool,
}

macro_rules! document {
    ($constant:ident, $file:literal, $reads:literal $(, $fragment:literal)*) => {
        pub const $constant: Document = Document {
            name: $file,
            text: concat!(
                include_str!(concat!("graphql/", $file, ".graphql"))
                $(, "\n", include_str!(concat!("graphql/", $fragment, ".graphql")))*
            ),
            reads: $reads,
        };
    };
}

document!(SHOP, "shop", true);
document!(LOCATIONS, "locations", true);
document!(VARIANTS, "variants", true, "variant_fields", "level_fields");
document!(VARIANT, "variant", true, "variant_fields", "level_fields");
document!(VARIANT_LIST, "variant_list", true);
document!(INVENTORY_ITEM, "inventory_item", true, "variant_fields", "level_fields");
document!(LEVELS, "levels", true, "level_fields");
document!(ORDER, "order", true, "address_fields", "order_parts_fields");
document!(ORDER_PARTS, "order_parts", true, "order_parts_fields");
document!(ORDER_LIST, "order_list", true);
document!(CUSTOMERS, "customers", true, "customer_fields", "address_fields");
document!(CUSTOMER, "customer", true, "customer_fields", "address_fields");
document!(PRODUCT, "product", true);
document!(PRICE_LISTS, "price_lists", true);
document!(LIST_PRICE, "list_price", true);
document!(DISCOUNT, "discount", true);
document!(WEBHOOKS, "webhooks", true);
document!(WEBHOOK_CREATE, "webhook_create", false);
document!(WEBHOOK_DELETE, "webhook_delete", false);
document!(STOCK_SET, "stock_set", false);
document!(PRICE_SET, "price_set", false);
document!(LIST_PRICE_SET, "list_price_set", false);
document!(PRODUCT_UPDATE, "product_update", false);
document!(HOLD, "hold", false);
document!(RELEASE, "release", false);
document!(CANCEL, "cancel", false);
document!(TAGS_ADD, "tags_add", false);
document!(TAGS_REMOVE, "tags_remove", false);
document!(NOTE_SET, "note_set", false);
document!(FULFIL, "fulfil", false);
document!(REFUND, "refund", false);
document!(DISCOUNT_BASIC_CREATE, "discount_basic_create", false);
document!(DISCOUNT_BASIC_UPDATE, "discount_basic_update", false);
document!(DISCOUNT_FREE_SHIPPING_CREATE, "discount_free_shipping_create", false);
document!(DISCOUNT_FREE_SHIPPING_UPDATE, "discount_free_shipping_update", false);
document!(DISCOUNT_END, "discount_end", false);

/// All of them.
pub const ALL: [Document; 36] = [
    SHOP,
    LOCATIONS,
    VARIANTS,
    VARIANT,
    VARIANT_LIST,
    INVENTORY_ITEM,
    LEVELS,
    ORDER,
    ORDER_PARTS,
    ORDER_LIST,
    CUSTOMERS,
    CUSTOMER,
    PRODUCT,
    PRICE_LISTS,
    LIST_PRICE,
    DISCOUNT,
    WEBHOOKS,
    WEBHOOK_CREATE,
    WEBHOOK_DELETE,
    STOCK_SET,
    PRICE_SET,
    LIST_PRICE_SET,
    PRODUCT_UPDATE,
    HOLD,
    RELEASE,
    CANCEL,
    TAGS_ADD,
    TAGS_REMOVE,
    NOTE_SET,
    FULFIL,
    REFUND,
    DISCOUNT_BASIC_CREATE,
    DISCOUNT_BASIC_UPDATE,
    DISCOUNT_FREE_SHIPPING_CREATE,
    DISCOUNT_FREE_SHIPPING_UPDATE,
    DISCOUNT_END,
];
