//! What a new product starts from.

use serde_json::json;

use crate::woocommerce::fields::{Fields, object};

/// What a variation has otherwise than a product.
pub(super) fn variation_defaults(option: &str) -> Fields {
    object(json!({
        "attributes": [
            { "id": 0, "name": "Variant", "slug": "variant", "option": option },
        ],
        "total_sales": "0",
        "reviews_allowed": false,
        "categories": [],
    }))
}

/// A product before anything was filled in.
pub(super) fn blank_product() -> Fields {
    object(json!({
        "status": "publish",
        "featured": false,
        "catalog_visibility": "visible",
        "description": "",
        "short_description": "",
        "price": "",
        "regular_price": "",
        "sale_price": "",
        "date_on_sale_from": null,
        "date_on_sale_from_gmt": null,
        "date_on_sale_to": null,
        "date_on_sale_to_gmt": null,
        "on_sale": false,
        "purchasable": true,
        "total_sales": 0,
        "virtual": false,
        "downloadable": false,
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
        "external_url": "",
        "button_text": "",
        "tax_status": "taxable",
        "tax_class": "",
        "backordered": false,
        "low_stock_amount": null,
        "sold_individually": false,
        "weight": "",
        "dimensions": { "length": "", "width": "", "height": "" },
        "shipping_required": true,
        "shipping_taxable": true,
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": true,
        "average_rating": "0.00",
        "rating_count": 0,
        "upsell_ids": [],
        "cross_sell_ids": [],
        "purchase_note": "",
        "categories": [{ "id": 15, "name": "Uncategorized", "slug": "uncategorized" }],
        "brands": [],
        "tags": [],
        "images": [],
        "attributes": [],
        "default_attributes": [],
        "variations": [],
        "grouped_products": [],
        "menu_order": 0,
        "price_html": "",
        "related_ids": [],
        "meta_data": [],
        "stock_status": "instock",
        "has_options": false,
        "post_password": "",
        "global_unique_id": "",
    }))
}

/// An option as the address of a variation has it.
pub(super) fn slug_of_option(option: &str) -> String {
    url::form_urlencoded::byte_serialize(option.as_bytes()).collect()
}

/// The part of the address made from a name: letters and digits, the rest as single hyphens.
pub(super) fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut in_tag = false;
    for character in name.replace("&amp;", " ").chars().flat_map(char::to_lowercase) {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if in_tag => {}
            _ if character.is_ascii_alphanumeric() => slug.push(character),
            _ if character.is_alphanumeric() => match without_accent(character) {
                Some(plain) => slug.push(plain),
                None => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        slug.push_str(&format!("%{byte:02x}"));
                    }
                }
            },
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// The plain letter under an accent, of those that names in western Europe have.
fn without_accent(letter: char) -> Option<char> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' => 'c',
        'è' | 'é' | 'ê' | 'ë' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        _ => return None,
    })
}
