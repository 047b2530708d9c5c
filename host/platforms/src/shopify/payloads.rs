//! What the Admin API answers, as the documents ask for it.

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::plain::Plain;

/// A piece of a connection.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
pub struct Connection<T> {
    #[serde(default = "Vec::new")]
    pub nodes: Vec<T>,
    #[serde(default)]
    pub page_info: PageInfo,
}

/// Whether there is more.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PageInfo {
    #[serde(default)]
    pub has_next_page: bool,
    #[serde(default)]
    pub end_cursor: Option<String>,
}

/// What a mutation would not do.
#[derive(Debug, Clone, Deserialize)]
pub struct UserError {
    #[serde(default)]
    pub code: Option<String>,
    #[serde(default)]
    pub field: Option<Vec<String>>,
    pub message: String,
}

/// A variant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Variant {
    pub legacy_resource_id: Plain,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub sku: Option<String>,
    #[serde(default)]
    pub barcode: Option<String>,
    pub price: Plain,
    #[serde(default)]
    pub compare_at_price: Option<Plain>,
    /// `DENY` or `CONTINUE`: what happens when it runs out.
    pub inventory_policy: String,
    pub updated_at: String,
    pub product: Product,
    pub inventory_item: InventoryItem,
}

/// The product of a variant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    pub legacy_resource_id: Plain,
    #[serde(default)]
    pub title: String,
    pub status: String,
    pub updated_at: String,
}

/// What of a variant is counted.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InventoryItem {
    pub id: String,
    pub tracked: bool,
    #[serde(default)]
    pub unit_cost: Option<Amount>,
    #[serde(default)]
    pub measurement: Option<Measurement>,
    pub inventory_levels: Connection<Level>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Measurement {
    #[serde(default)]
    pub weight: Option<Weight>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Weight {
    pub unit: String,
    pub value: Plain,
}

/// How much there is in one place.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    pub updated_at: String,
    pub location: Numbered,
    pub quantities: Vec<Quantity>,
    /// What it is of, in a list of a place's levels.
    #[serde(default)]
    pub item: Option<LevelItem>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quantity {
    pub name: String,
    pub quantity: i64,
    #[serde(default)]
    pub updated_at: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct LevelItem {
    pub tracked: bool,
    pub variants: Connection<LevelVariant>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LevelVariant {
    pub legacy_resource_id: Plain,
    pub inventory_policy: String,
}

/// Something by its number.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbered {
    pub legacy_resource_id: Plain,
}

/// A variant in a list of which there are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VariantNote {
    pub legacy_resource_id: Plain,
    pub price: Plain,
    pub updated_at: String,
    pub product: Dated,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dated {
    pub updated_at: String,
}

/// An order in a list of which there are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderNote {
    pub legacy_resource_id: Plain,
    pub updated_at: String,
}

/// A place.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Place {
    pub id: String,
    pub is_active: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Amount {
    pub amount: Plain,
}

/// An amount in the shop's currency, and in that of whoever pays.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Money {
    pub shop_money: Amount,
    #[serde(default)]
    pub presentment_money: Option<Amount>,
}

/// An order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub legacy_resource_id: Plain,
    pub name: String,
    #[serde(default)]
    pub test: bool,
    #[serde(default)]
    pub source_name: Option<String>,
    pub processed_at: String,
    pub updated_at: String,
    #[serde(default)]
    pub cancelled_at: Option<String>,
    #[serde(default)]
    pub display_financial_status: Option<String>,
    pub display_fulfillment_status: String,
    pub currency_code: String,
    #[serde(default)]
    pub presentment_currency_code: Option<String>,
    pub taxes_included: bool,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub payment_gateway_names: Vec<String>,
    #[serde(default)]
    pub discount_codes: Vec<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
    pub total_price_set: Money,
    #[serde(default)]
    pub total_tax_set: Option<Money>,
    pub total_refunded_set: Money,
    #[serde(default)]
    pub customer: Option<Numbered>,
    #[serde(default)]
    pub billing_address: Option<Address>,
    #[serde(default)]
    pub shipping_address: Option<Address>,
    #[serde(default)]
    pub customer_journey_summary: Value,
    pub line_items: Connection<Line>,
    pub shipping_lines: Connection<ShippingLine>,
    pub transactions: Vec<Transaction>,
    #[serde(flatten)]
    pub parts: OrderParts,
}

/// What became of an order, and what is to become of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderParts {
    pub refunds: Vec<Refund>,
    pub fulfillments: Vec<Fulfillment>,
    pub fulfillment_orders: Connection<FulfillmentOrder>,
}

impl OrderParts {
    /// Whether there may be more than was asked for of lists of this length.
    pub fn is_cut_off(&self, length: usize) -> bool {
        let more = |info: &PageInfo| info.has_next_page;
        let goods = &self.fulfillment_orders;
        self.refunds.len() >= length
            || self.fulfillments.len() >= length
            || more(&goods.page_info)
            || goods.nodes.iter().any(|goods| more(&goods.line_items.page_info))
            || self.refunds.iter().any(|refund| more(&refund.refund_line_items.page_info))
            || self.fulfillments.iter().any(|sent| more(&sent.fulfillment_line_items.page_info))
    }
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    pub id: String,
    #[serde(default)]
    pub title: String,
    #[serde(default)]
    pub variant_title: Option<String>,
    #[serde(default)]
    pub sku: Option<String>,
    pub quantity: i64,
    pub refundable_quantity: i64,
    pub unfulfilled_quantity: i64,
    #[serde(default)]
    pub is_gift_card: bool,
    #[serde(default)]
    pub variant: Option<Numbered>,
    #[serde(default)]
    pub product: Option<Numbered>,
    pub original_total_set: Money,
    pub discount_allocations: Vec<Allocation>,
    pub tax_lines: Vec<Tax>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    pub allocated_amount_set: Money,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tax {
    pub price_set: Money,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShippingLine {
    #[serde(default)]
    pub id: Option<String>,
    pub title: String,
    pub discounted_price_set: Money,
    pub tax_lines: Vec<Tax>,
}

/// A movement of money.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    pub id: String,
    pub kind: String,
    pub status: String,
    #[serde(default)]
    pub gateway: Option<String>,
    /// Whether somebody collects and sends the money by hand.
    #[serde(default)]
    pub manual_payment_gateway: bool,
    #[serde(default)]
    pub processed_at: Option<String>,
    pub amount_set: Money,
    #[serde(default)]
    pub parent_transaction: Option<Identified>,
}

/// Something by its id.
#[derive(Debug, Clone, Deserialize)]
pub struct Identified {
    pub id: String,
}

/// Money or goods given back.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    pub legacy_resource_id: Plain,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub note: Option<String>,
    pub total_refunded_set: Money,
    pub refund_line_items: Connection<RefundLine>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RefundLine {
    pub quantity: i64,
    #[serde(default)]
    pub restocked: bool,
    #[serde(default)]
    pub location: Option<Numbered>,
    pub line_item: Identified,
    pub subtotal_set: Money,
    pub total_tax_set: Money,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fulfillment {
    pub legacy_resource_id: Plain,
    pub status: String,
    pub created_at: String,
    #[serde(default)]
    pub delivered_at: Option<String>,
    pub tracking_info: Vec<Tracking>,
    pub fulfillment_line_items: Connection<FulfilledLine>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Tracking {
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub number: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfilledLine {
    #[serde(default)]
    pub quantity: Option<i64>,
    pub line_item: Identified,
}

/// Goods of an order that are to be sent from one place.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfillmentOrder {
    pub id: String,
    pub status: String,
    pub assigned_location: AssignedLocation,
    pub fulfillment_holds: Vec<Hold>,
    pub line_items: Connection<FulfillmentOrderLine>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct AssignedLocation {
    #[serde(default)]
    pub location: Option<Numbered>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hold {
    pub id: String,
    pub held_by_requesting_app: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfillmentOrderLine {
    pub id: String,
    pub remaining_quantity: i64,
    pub line_item: Identified,
}

/// An address.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub company: Option<String>,
    #[serde(default)]
    pub address1: Option<String>,
    #[serde(default)]
    pub address2: Option<String>,
    #[serde(default)]
    pub city: Option<String>,
    #[serde(default)]
    pub zip: Option<String>,
    #[serde(default)]
    pub province_code: Option<String>,
    #[serde(default, rename = "countryCodeV2")]
    pub country_code: Option<String>,
    #[serde(default)]
    pub phone: Option<String>,
}

/// Shows nothing, so that no log can.
impl std::fmt::Debug for Address {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Address").finish_non_exhaustive()
    }
}

/// A customer with an account.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Customer {
    pub legacy_resource_id: Plain,
    #[serde(default)]
    pub display_name: Option<String>,
    pub created_at: String,
    pub updated_at: String,
    #[serde(default)]
    pub default_email_address: Option<EmailAddress>,
    #[serde(default)]
    pub default_phone_number: Option<PhoneNumber>,
    #[serde(default)]
    pub default_address: Option<Address>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAddress {
    pub email_address: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhoneNumber {
    pub phone_number: String,
}

/// What the shop and the app are.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub shop: Shop,
    pub current_app_installation: Installation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shop {
    pub currency_code: String,
    pub iana_timezone: String,
    pub myshopify_domain: String,
    pub plan: Plan,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub public_display_name: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Installation {
    pub access_scopes: Vec<Scope>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Scope {
    pub handle: String,
}

/// A webhook subscription.
#[derive(Debug, Clone, Deserialize)]
pub struct Webhook {
    pub id: String,
    pub topic: String,
    pub uri: String,
}
