//! What Magento sends, as far as it is read. Only what a snapshot cannot do without is required:
//! extensions turn numbers into text and back, and what is empty is null, a list or not there.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::plain::Plain;

/// What Magento answers instead of what was asked for.
#[derive(Debug, Clone, Deserialize)]
pub struct ApiError {
    pub message: String,
    /// An object or a list.
    #[serde(default)]
    pub parameters: Value,
}

/// Something that lists are ordered by the number of.
pub trait Numbered: DeserializeOwned {
    /// The field that lists are filtered and sorted by.
    const FIELD: &'static str = "entity_id";

    /// Its number.
    fn number(&self) -> u64;
}

/// A page of a search.
#[derive(Debug, Clone, Deserialize)]
#[serde(bound = "T: DeserializeOwned")]
pub struct Found<T> {
    #[serde(default = "Vec::new", deserialize_with = "or_none")]
    pub items: Vec<T>,
    #[serde(default)]
    pub total_count: Option<u64>,
}

/// A list that may be null.
fn or_none<'de, D: serde::Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::<Vec<T>>::deserialize(deserializer)?.unwrap_or_default())
}

/// A product. A search does not tell how it is counted.
#[derive(Debug, Clone, Deserialize)]
pub struct Product {
    pub id: u64,
    pub sku: String,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub price: Option<Plain>,
    /// 1: it is sold.
    #[serde(default)]
    pub status: Option<u64>,
    #[serde(default)]
    pub type_id: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
    #[serde(default)]
    pub weight: Option<Plain>,
    #[serde(default)]
    pub extension_attributes: ProductExtension,
    #[serde(default)]
    pub custom_attributes: Vec<Attribute>,
}

impl Numbered for Product {
    fn number(&self) -> u64 {
        self.id
    }
}

impl Product {
    /// The value of an attribute.
    pub fn attribute(&self, code: &str) -> Option<&str> {
        let attribute = self.custom_attributes.iter().find(|known| known.attribute_code == code)?;
        attribute.value.as_str()
    }
}

/// What modules add to a product.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct ProductExtension {
    #[serde(default)]
    pub stock_item: Option<StockItem>,
}

/// How a product is counted.
#[derive(Debug, Clone, Deserialize)]
pub struct StockItem {
    #[serde(default)]
    pub manage_stock: bool,
    /// 0: it is not sold when none is left.
    #[serde(default)]
    pub backorders: u64,
}

/// An attribute that not every product has.
#[derive(Debug, Clone, Deserialize)]
pub struct Attribute {
    pub attribute_code: String,
    #[serde(default)]
    pub value: Value,
}

/// How much of a product is in one source.
#[derive(Debug, Clone, Deserialize)]
pub struct SourceItem {
    pub sku: String,
    pub source_code: String,
    pub quantity: Plain,
    /// 0: taken for none, however many there are.
    #[serde(default)]
    pub status: u64,
}

/// A source of goods.
#[derive(Debug, Clone, Deserialize)]
pub struct Source {
    pub source_code: String,
    #[serde(default)]
    pub enabled: bool,
}

/// A stock: sources that are sold from together.
#[derive(Debug, Clone, Deserialize)]
pub struct Stock {
    pub stock_id: u64,
    #[serde(default)]
    pub extension_attributes: StockExtension,
}

/// What modules add to a stock.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct StockExtension {
    #[serde(default)]
    pub sales_channels: Vec<SalesChannel>,
}

/// Where a stock is sold.
#[derive(Debug, Clone, Deserialize)]
pub struct SalesChannel {
    #[serde(rename = "type")]
    pub kind: String,
    pub code: String,
}

/// A price for a group of customers, from a quantity on.
#[derive(Debug, Clone, Deserialize)]
pub struct TierPrice {
    pub price: Plain,
    /// `fixed` or `discount`.
    pub price_type: String,
    /// 0: all of them.
    #[serde(default)]
    pub website_id: u64,
    pub customer_group: String,
    pub quantity: Plain,
}

/// Why a price was not taken.
#[derive(Debug, Clone, Deserialize)]
pub struct PriceRefusal {
    pub message: String,
    #[serde(default)]
    pub parameters: Value,
}

/// An order. Amounts that begin with `base_` are in the shop's currency.
#[derive(Debug, Clone, Deserialize)]
pub struct Order {
    pub entity_id: u64,
    #[serde(default)]
    pub increment_id: Option<Plain>,
    pub state: String,
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
    pub base_currency_code: String,
    #[serde(default)]
    pub order_currency_code: Option<String>,
    pub base_grand_total: Plain,
    #[serde(default)]
    pub grand_total: Option<Plain>,
    #[serde(default)]
    pub base_tax_amount: Option<Plain>,
    #[serde(default)]
    pub base_total_paid: Option<Plain>,
    #[serde(default)]
    pub base_total_due: Option<Plain>,
    #[serde(default)]
    pub base_total_refunded: Option<Plain>,
    #[serde(default)]
    pub base_total_invoiced: Option<Plain>,
    #[serde(default)]
    pub base_shipping_incl_tax: Option<Plain>,
    #[serde(default)]
    pub base_shipping_tax_amount: Option<Plain>,
    #[serde(default)]
    pub base_shipping_discount_amount: Option<Plain>,
    #[serde(default)]
    pub base_shipping_refunded: Option<Plain>,
    #[serde(default)]
    pub base_shipping_tax_refunded: Option<Plain>,
    #[serde(default)]
    pub shipping_description: Option<String>,
    #[serde(default)]
    pub coupon_code: Option<Plain>,
    #[serde(default)]
    pub customer_id: Option<u64>,
    #[serde(default)]
    pub customer_email: Option<String>,
    #[serde(default)]
    pub customer_firstname: Option<String>,
    #[serde(default)]
    pub customer_lastname: Option<String>,
    #[serde(default)]
    pub customer_taxvat: Option<String>,
    /// Absent where somebody of the shop entered it.
    #[serde(default)]
    pub remote_ip: Option<String>,
    #[serde(default)]
    pub items: Vec<Item>,
    #[serde(default)]
    pub billing_address: Option<Address>,
    #[serde(default)]
    pub payment: Option<Payment>,
    #[serde(default)]
    pub status_histories: Vec<Comment>,
    #[serde(default)]
    pub extension_attributes: OrderExtension,
}

impl Numbered for Order {
    fn number(&self) -> u64 {
        self.entity_id
    }
}

/// What modules add to an order.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct OrderExtension {
    #[serde(default)]
    pub shipping_assignments: Vec<ShippingAssignment>,
}

/// What is sent where.
#[derive(Debug, Clone, Deserialize)]
pub struct ShippingAssignment {
    #[serde(default)]
    pub shipping: Shipping,
}

/// Where it goes.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Shipping {
    #[serde(default)]
    pub address: Option<Address>,
}

/// How an order is paid.
#[derive(Debug, Clone, Deserialize)]
pub struct Payment {
    #[serde(default)]
    pub method: Option<String>,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
pub struct Item {
    pub item_id: u64,
    /// The line this one belongs to: of a product in several shapes, or of a bundle.
    #[serde(default)]
    pub parent_item_id: Option<u64>,
    #[serde(default)]
    pub product_type: Option<String>,
    #[serde(default)]
    pub sku: Option<Plain>,
    #[serde(default)]
    pub name: Option<String>,
    pub qty_ordered: Plain,
    #[serde(default)]
    pub qty_canceled: Option<Plain>,
    #[serde(default)]
    pub qty_invoiced: Option<Plain>,
    #[serde(default)]
    pub qty_shipped: Option<Plain>,
    #[serde(default)]
    pub qty_refunded: Option<Plain>,
    #[serde(default)]
    pub base_original_price: Option<Plain>,
    #[serde(default)]
    pub base_price: Option<Plain>,
    #[serde(default)]
    pub base_price_incl_tax: Option<Plain>,
    #[serde(default)]
    pub base_row_total_incl_tax: Option<Plain>,
    #[serde(default)]
    pub base_tax_amount: Option<Plain>,
    #[serde(default)]
    pub base_discount_amount: Option<Plain>,
    #[serde(default)]
    pub base_discount_tax_compensation_amount: Option<Plain>,
    #[serde(default)]
    pub base_amount_refunded: Option<Plain>,
    #[serde(default)]
    pub base_tax_refunded: Option<Plain>,
    #[serde(default)]
    pub base_discount_refunded: Option<Plain>,
    #[serde(default)]
    pub base_discount_tax_compensation_refunded: Option<Plain>,
}

/// An address, of an order or of an account.
#[derive(Clone, Default, Deserialize)]
pub struct Address {
    #[serde(default)]
    pub firstname: Option<String>,
    #[serde(default)]
    pub lastname: Option<String>,
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub street: Option<Vec<String>>,
    #[serde(default)]
    pub city: Option<String>,
    #[serde(default)]
    pub postcode: Option<Plain>,
    /// A text on orders, an object with a code on accounts.
    #[serde(default)]
    pub region: Value,
    #[serde(default)]
    pub region_code: Option<String>,
    #[serde(default)]
    pub country_id: Option<String>,
    #[serde(default)]
    pub telephone: Option<Plain>,
    #[serde(default)]
    pub vat_id: Option<Plain>,
    #[serde(default)]
    pub default_billing: bool,
    #[serde(default)]
    pub default_shipping: bool,
}

/// Shows nothing, so that no log can.
impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

/// A comment on an order, a shipment or a credit memo.
#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    #[serde(default)]
    pub entity_id: Option<u64>,
    #[serde(default)]
    pub comment: Option<String>,
}

/// Whether one of these comments has this in it, and its number.
pub fn commented(comments: &[Comment], mark: &str) -> Option<String> {
    let has = |comment: &&Comment| comment.comment.as_deref().unwrap_or_default().contains(mark);
    let comment = comments.iter().find(has)?;
    Some(comment.entity_id.map(|id| id.to_string()).unwrap_or_default())
}

/// An invoice: that money is asked for, or has come.
#[derive(Debug, Clone, Deserialize)]
pub struct Invoice {
    pub entity_id: u64,
    pub order_id: u64,
    /// 1 open, 2 paid, 3 called off.
    #[serde(default)]
    pub state: Option<u64>,
    #[serde(default)]
    pub created_at: Option<String>,
    pub base_grand_total: Plain,
    /// The payment service's; absent: money came some other way.
    #[serde(default)]
    pub transaction_id: Option<Plain>,
}

impl Numbered for Invoice {
    fn number(&self) -> u64 {
        self.entity_id
    }
}

/// A credit memo: that money is given back. Its lines are before discounts.
#[derive(Debug, Clone, Deserialize)]
pub struct CreditMemo {
    pub entity_id: u64,
    pub order_id: u64,
    #[serde(default)]
    pub invoice_id: Option<u64>,
    #[serde(default)]
    pub created_at: Option<String>,
    pub base_grand_total: Plain,
    /// The payment service's; absent: it sent nothing.
    #[serde(default)]
    pub transaction_id: Option<Plain>,
    #[serde(default)]
    pub items: Vec<CreditMemoItem>,
    #[serde(default)]
    pub comments: Vec<Comment>,
}

impl Numbered for CreditMemo {
    fn number(&self) -> u64 {
        self.entity_id
    }
}

/// A line of a credit memo.
#[derive(Debug, Clone, Deserialize)]
pub struct CreditMemoItem {
    pub order_item_id: u64,
    pub qty: Plain,
    #[serde(default)]
    pub base_row_total: Option<Plain>,
    #[serde(default)]
    pub base_discount_amount: Option<Plain>,
    #[serde(default)]
    pub base_discount_tax_compensation_amount: Option<Plain>,
    #[serde(default)]
    pub base_tax_amount: Option<Plain>,
}

/// A shipment.
#[derive(Debug, Clone, Deserialize)]
pub struct Shipment {
    pub entity_id: u64,
    pub order_id: u64,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub items: Vec<ShipmentItem>,
    #[serde(default)]
    pub tracks: Vec<Track>,
    #[serde(default)]
    pub comments: Vec<Comment>,
}

impl Numbered for Shipment {
    fn number(&self) -> u64 {
        self.entity_id
    }
}

/// How much of a line is in a shipment.
#[derive(Debug, Clone, Deserialize)]
pub struct ShipmentItem {
    pub order_item_id: u64,
    pub qty: Plain,
}

/// What a carrier calls a parcel.
#[derive(Debug, Clone, Deserialize)]
pub struct Track {
    #[serde(default)]
    pub track_number: Option<Plain>,
    #[serde(default)]
    pub title: Option<String>,
}

/// A customer with an account.
#[derive(Deserialize)]
pub struct Customer {
    pub id: u64,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub firstname: Option<String>,
    #[serde(default)]
    pub lastname: Option<String>,
    #[serde(default)]
    pub taxvat: Option<String>,
    #[serde(default)]
    pub addresses: Vec<Address>,
}

impl Numbered for Customer {
    fn number(&self) -> u64 {
        self.id
    }
}

/// How a store view is set.
#[derive(Debug, Clone, Deserialize)]
pub struct StoreConfig {
    pub base_currency_code: String,
    /// An IANA name.
    pub timezone: String,
    /// `kgs` or `lbs`.
    #[serde(default)]
    pub weight_unit: Option<String>,
    #[serde(default)]
    pub base_url: Option<String>,
    #[serde(default)]
    pub secure_base_url: Option<String>,
}

/// The head of the shop's own description of its API.
#[derive(Debug, Clone, Deserialize)]
pub struct Schema {
    pub info: SchemaInfo,
}

/// What runs there.
#[derive(Debug, Clone, Deserialize)]
pub struct SchemaInfo {
    pub version: String,
    #[serde(default)]
    pub title: String,
}
