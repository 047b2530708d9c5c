//! What WooCommerce sends, as far as it is read.
//!
//! The types are as forgiving as PHP is loose: plugins turn numbers into text and back, an empty
//! object arrives as an empty list, a field is null that never was. Only what a snapshot cannot do
//! without is required.

use serde::{Deserialize, Deserializer, de};

use crate::plain::Plain;

/// Whether a product's stock is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ManageStock {
    /// It is not.
    #[default]
    No,
    /// It is.
    Yes,
    /// A variation whose product counts for all its variations.
    Parent,
}

impl<'de> Deserialize<'de> for ManageStock {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Flag(bool),
            Word(String),
        }

        match Written::deserialize(deserializer)? {
            Written::Flag(true) => Ok(Self::Yes),
            Written::Flag(false) => Ok(Self::No),
            Written::Word(word) if word == "parent" => Ok(Self::Parent),
            Written::Word(word) => {
                Err(de::Error::invalid_value(de::Unexpected::Str(&word), &"a boolean or `parent`"))
            }
        }
    }
}

/// A product or a variation.
#[derive(Debug, Clone, Deserialize)]
pub struct Product {
    pub id: u64,
    /// Absent in the variations of older versions.
    #[serde(default, rename = "type")]
    pub kind: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub sku: Option<Plain>,
    #[serde(default)]
    pub price: Option<Plain>,
    #[serde(default)]
    pub regular_price: Option<Plain>,
    #[serde(default)]
    pub sale_price: Option<Plain>,
    #[serde(default)]
    pub date_on_sale_from_gmt: Option<String>,
    #[serde(default)]
    pub date_on_sale_to_gmt: Option<String>,
    #[serde(default)]
    pub on_sale: bool,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default)]
    pub short_description: Option<String>,
    /// Only where the shop has the feature switched on (since version 10).
    #[serde(default)]
    pub cost_of_goods_sold: Option<CostOfGoods>,
    #[serde(default)]
    pub global_unique_id: Option<Plain>,
    #[serde(default)]
    pub manage_stock: ManageStock,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
    #[serde(default)]
    pub stock_quantity: Option<Plain>,
    #[serde(default)]
    pub backorders: Option<String>,
    #[serde(default)]
    pub parent_id: Option<u64>,
    #[serde(default)]
    pub date_created_gmt: Option<String>,
    #[serde(default)]
    pub date_modified_gmt: Option<String>,
    #[serde(default)]
    pub attributes: Vec<Attribute>,
    #[serde(default)]
    pub variations: Vec<u64>,
}

/// An attribute; of a variation it has the option that this variation is.
#[derive(Debug, Clone, Deserialize)]
pub struct Attribute {
    #[serde(default)]
    pub option: Option<Plain>,
}

/// What a product costs the merchant.
#[derive(Debug, Clone, Deserialize)]
pub struct CostOfGoods {
    /// Of one piece, what its product adds included.
    #[serde(default)]
    pub total_value: Option<Plain>,
}

/// An order.
#[derive(Debug, Clone, Deserialize)]
pub struct Order {
    pub id: u64,
    pub status: String,
    #[serde(default)]
    pub number: Option<Plain>,
    pub currency: String,
    #[serde(default)]
    pub prices_include_tax: bool,
    #[serde(default)]
    pub date_created_gmt: Option<String>,
    #[serde(default)]
    pub date_modified_gmt: Option<String>,
    #[serde(default)]
    pub date_paid_gmt: Option<String>,
    pub total: Plain,
    pub total_tax: Plain,
    #[serde(default)]
    pub payment_method: Option<String>,
    #[serde(default)]
    pub transaction_id: Option<Plain>,
    #[serde(default)]
    pub created_via: Option<String>,
    /// 0 for a guest.
    #[serde(default)]
    pub customer_id: Option<Plain>,
    /// Who pays, with their address.
    #[serde(default)]
    pub billing: serde_json::Value,
    /// Where it goes.
    #[serde(default)]
    pub shipping: serde_json::Value,
    pub line_items: Vec<Line>,
    #[serde(default)]
    pub shipping_lines: Vec<Charge>,
    #[serde(default)]
    pub fee_lines: Vec<Charge>,
    #[serde(default)]
    pub coupon_lines: Vec<Coupon>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
    #[serde(default)]
    pub refunds: Vec<RefundNote>,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    pub id: u64,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub product_id: Option<u64>,
    #[serde(default)]
    pub variation_id: Option<u64>,
    pub quantity: Plain,
    /// Before discounts.
    #[serde(default)]
    pub subtotal: Option<Plain>,
    pub total: Plain,
    pub total_tax: Plain,
    #[serde(default)]
    pub sku: Option<Plain>,
    /// The lines it stands for: of the plugin Product Bundles.
    #[serde(default)]
    pub bundled_items: serde_json::Value,
    #[serde(default)]
    pub taxes: Vec<LineTax>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
}

/// The tax on a line by one rate.
#[derive(Debug, Clone, Deserialize)]
pub struct LineTax {
    /// Of the rate.
    pub id: u64,
    /// Empty where the rate does not apply.
    #[serde(default)]
    pub total: Option<Plain>,
}

/// Something a plugin, or WooCommerce itself, noted on a line.
#[derive(Debug, Clone, Deserialize)]
pub struct Meta {
    pub key: String,
    #[serde(default)]
    pub value: serde_json::Value,
}

/// Something charged for besides the lines: shipping, which has a `method_title`, or a fee, which
/// has a `name`.
#[derive(Debug, Clone, Deserialize)]
pub struct Charge {
    pub id: u64,
    #[serde(default, alias = "method_title")]
    pub name: Option<String>,
    pub total: Plain,
    pub total_tax: Plain,
    #[serde(default)]
    pub taxes: Vec<LineTax>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
}

/// A code that was redeemed.
#[derive(Debug, Clone, Deserialize)]
pub struct Coupon {
    #[serde(default)]
    pub code: Option<Plain>,
}

/// A refund, as its order lists it: that there is one, and not what it is for.
#[derive(Debug, Clone, Deserialize)]
pub struct RefundNote {
    #[serde(default)]
    pub id: u64,
}

/// A refund in the list of all orders' refunds: whose it is.
#[derive(Debug, Clone, Deserialize)]
pub struct RefundOf {
    pub id: u64,
    pub parent_id: u64,
}

/// A refund, as the list of an order's refunds has it.
#[derive(Debug, Clone, Deserialize)]
pub struct Refund {
    pub id: u64,
    #[serde(default)]
    pub date_created_gmt: Option<String>,
    /// Positive.
    pub amount: Plain,
    #[serde(default)]
    pub reason: Option<String>,
    /// Whether the payment service sent the money.
    #[serde(default)]
    pub refunded_payment: bool,
    /// Their quantities and amounts are negative.
    #[serde(default)]
    pub line_items: Vec<Line>,
    /// Their amounts are negative.
    #[serde(default)]
    pub shipping_lines: Vec<Charge>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
}

/// A note on an order.
#[derive(Debug, Clone, Deserialize)]
pub struct Note {
    pub id: u64,
    #[serde(default)]
    pub note: String,
}

/// A discount code.
#[derive(Debug, Clone, Deserialize)]
pub struct Discount {
    pub id: u64,
    #[serde(default)]
    pub code: Option<Plain>,
    #[serde(default)]
    pub amount: Option<Plain>,
    #[serde(default)]
    pub discount_type: Option<String>,
    #[serde(default)]
    pub free_shipping: bool,
    #[serde(default)]
    pub minimum_amount: Option<Plain>,
    #[serde(default)]
    pub usage_limit: Option<Plain>,
    #[serde(default)]
    pub date_expires_gmt: Option<String>,
    #[serde(default)]
    pub meta_data: Vec<Meta>,
}

/// A customer with an account.
#[derive(Deserialize)]
pub struct Customer {
    pub id: u64,
    #[serde(default)]
    pub date_created_gmt: Option<String>,
    #[serde(default)]
    pub date_modified_gmt: Option<String>,
    #[serde(default)]
    pub email: Option<Plain>,
    #[serde(default)]
    pub first_name: Option<Plain>,
    #[serde(default)]
    pub last_name: Option<Plain>,
    /// WordPress's word for what the user may do.
    #[serde(default)]
    pub role: Option<Plain>,
    #[serde(default)]
    pub is_paying_customer: bool,
    #[serde(default)]
    pub billing: serde_json::Value,
    #[serde(default)]
    pub shipping: serde_json::Value,
}

/// An order in a list of which ones there are.
#[derive(Debug, Clone, Deserialize)]
pub struct OrderNote {
    pub id: u64,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub date_modified_gmt: Option<String>,
    #[serde(default)]
    pub refunds: Vec<RefundNote>,
}

/// The body of `….deleted`.
#[derive(Debug, Clone, Deserialize)]
pub struct Deleted {
    pub id: u64,
}

/// A webhook subscription.
#[derive(Debug, Clone, Deserialize)]
pub struct Webhook {
    pub id: u64,
    pub status: String,
    pub topic: String,
    pub delivery_url: String,
    #[serde(default)]
    pub name: Option<String>,
}

impl Webhook {
    pub fn is_active(&self) -> bool {
        self.status == "active"
    }
}

/// One setting of a group.
#[derive(Debug, Clone, Deserialize)]
pub struct Setting {
    pub id: String,
    #[serde(default)]
    pub value: serde_json::Value,
}

/// What WordPress says of itself to everybody (`/wp-json/`), as far as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Index {
    /// The address the site has for itself.
    #[serde(default)]
    pub home: Option<String>,
    /// An IANA name; empty where an offset is set instead.
    #[serde(default)]
    pub timezone_string: Option<String>,
    /// Hours from UTC.
    #[serde(default)]
    pub gmt_offset: Option<Plain>,
    #[serde(default)]
    pub namespaces: Vec<String>,
}

/// The part of the system status that is asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct SystemStatus {
    pub environment: Environment,
}

/// What the shop runs.
#[derive(Debug, Clone, Deserialize)]
pub struct Environment {
    pub version: String,
}

/// What WordPress answers instead of what was asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiError {
    pub code: Plain,
    #[serde(default)]
    pub message: String,
}
