//! New products and variations, and products that go away.

use std::sync::Arc;

use serde_json::{Value, json};

use super::store::{NOT_STORED, checked_fields, refuse_taken, store};
use super::{invalid_id, variation_json, written_json};
use crate::woocommerce::fields::{Fields, escaped, object, objects, set, text};
use crate::woocommerce::item::{Item, NewItem};
use crate::woocommerce::rest::answer::Answer;
use crate::woocommerce::rest::request::{API, Request};
use crate::woocommerce::rest::validate::{Invalid, boolean, whole};
use crate::woocommerce::shop::Shop;
use crate::woocommerce::state::State;

const KINDS: [&str; 2] = ["simple", "variable"];

/// A new product.
pub(super) fn product(shop: &Arc<Shop>, request: &Request) -> Result<Answer, Answer> {
    let mut fields = request.fields()?;
    let mut invalid = Invalid::default();
    invalid.of_type(&fields, "type", "string");
    invalid.finish()?;
    let kind = fields.remove("type");
    let attributes = fields.remove("attributes");
    let mut fields = checked_fields(fields)?;
    fields.extend(kind.map(|kind| ("type".to_owned(), kind)));
    fields.extend(attributes.map(|attributes| ("attributes".to_owned(), attributes)));
    shop.with(|state| {
        let id = create(state, &fields)?;
        let item = state.items.get(&id).ok_or_else(|| invalid_id("product", 400))?;
        let location = format!("{}{API}/products/{id}", state.home);
        Ok(Answer::created(written_json(state, item), location))
    })
}

/// Makes a product and returns its id. A SKU that another has is refused with that one's id.
pub(in crate::woocommerce::rest) fn create(
    state: &mut State,
    fields: &Fields,
) -> Result<u64, Answer> {
    let kind = fields.get("type").and_then(Value::as_str).unwrap_or("simple");
    if !KINDS.contains(&kind) {
        return Err(Answer::not_simulated("products that are neither simple nor variable"));
    }
    if let Some(name) = NOT_STORED
        .iter()
        .find(|name| !["type", "attributes"].contains(*name) && fields.contains_key(**name))
    {
        return Err(Answer::not_simulated(&format!("storing a product's {name}")));
    }
    if kind == "simple" && fields.contains_key("attributes") {
        return Err(Answer::not_simulated("attributes of a product without variations"));
    }
    refuse_taken(state, None, fields)?;
    let id = state.take_post_id();
    let new = new_item(id, None, text(fields, "name"), kind == "variable");
    insert(state, &new, &attributes_of_product(fields), fields)?;
    state.tell("product.created", id);
    Ok(id)
}

/// A new variation of a product.
pub(super) fn variation(
    shop: &Arc<Shop>,
    request: &Request,
    parent_id: u64,
) -> Result<Answer, Answer> {
    let mut fields = request.fields()?;
    let attributes = fields.remove("attributes");
    let fields = checked_fields(fields)?;
    shop.with(|state| {
        let parent = state.items.get(&parent_id).filter(|parent| parent.is_variable()).cloned();
        let parent = parent
            .ok_or_else(|| Answer::not_simulated("a variation of a product that has none"))?;
        refuse_taken(state, None, &fields)?;
        let id = state.take_post_id();
        let options = options(attributes.as_ref());
        let title: Vec<&str> = options.iter().map(|entry| text(entry, "option")).collect();
        let title = title.join(", ");
        let new = NewItem { parent: Some(&parent), ..new_item(id, None, &title, false) };
        insert(state, &new, &json!(options), &fields)?;
        let item = state.items.get_mut(&id).ok_or_else(|| invalid_id("product_variation", 400))?;
        let link = permalink(text(&parent.fields, "permalink"), &options);
        set(&mut item.fields, "permalink", link);
        if let Some(parent) = state.items.get_mut(&parent_id)
            && let Some(children) =
                parent.fields.get_mut("variations").and_then(Value::as_array_mut)
        {
            children.push(json!(id));
        }
        state.settle_family(parent_id);
        state.tell("product.created", id);
        let item = state.items.get(&id).ok_or_else(|| invalid_id("product_variation", 400))?;
        let mut shown = variation_json(state, item);
        // Only the answer to this says whose tax class it takes, instead of which.
        shown["tax_class"] = json!(text(&item.fields, "tax_class"));
        // The shop forgets to fill in the product's id here.
        let path = format!("{}{API}/products/(?P<product_id>[\\d]+)/variations", state.home);
        Ok(Answer::created(shown, format!("{path}/{id}")))
    })
}

fn new_item<'p>(id: u64, parent: Option<&'p Item>, title: &'p str, variable: bool) -> NewItem<'p> {
    NewItem {
        id,
        parent,
        sku: "",
        title,
        price: "",
        sale_price: "",
        tax_class: "",
        stock: None,
        backorders: "no",
        variable,
    }
}

/// Puts a new product in, and stores what was sent of it as if it were changed.
fn insert(
    state: &mut State,
    new: &NewItem<'_>,
    attributes: &Value,
    fields: &Fields,
) -> Result<(), Answer> {
    let mut item = Item::new(new, state.now(), &state.market, &state.home);
    set(&mut item.fields, "attributes", attributes.clone());
    state.insert_item(item);
    store(state, new.id, fields, fields.get("stock_quantity").and_then(whole))?;
    state.settle_family(new.id);
    Ok(())
}

fn attributes_of_product(fields: &Fields) -> Value {
    let flag = |entry: &Fields, name: &str| entry.get(name).and_then(boolean).unwrap_or(false);
    objects(fields, "attributes")
        .map(|entry| {
            json!({
                "id": 0,
                "name": escaped(text(entry, "name")),
                "slug": escaped(text(entry, "name")),
                "position": 0,
                "visible": flag(entry, "visible"),
                "variation": flag(entry, "variation"),
                "options": entry.get("options").cloned().unwrap_or_else(|| json!([])),
            })
        })
        .collect()
}

fn options(attributes: Option<&Value>) -> Vec<Fields> {
    let sent = attributes.and_then(Value::as_array).into_iter().flatten();
    sent.filter_map(Value::as_object)
        .map(|entry| {
            let name = text(entry, "name");
            let option = json!({
                "id": 0, "name": name, "slug": name.to_lowercase(), "option": text(entry, "option"),
            });
            object(option)
        })
        .collect()
}

fn permalink(parent: &str, options: &[Fields]) -> String {
    let pairs = options.iter().map(|entry| {
        (format!("attribute_{}", text(entry, "slug")), text(entry, "option").to_owned())
    });
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    format!("{parent}?{query}")
}

/// Puts a product into the trash, or takes it away for good, of which nobody is told. The answer
/// shows the product as it was.
pub(super) fn delete(shop: &Arc<Shop>, request: &Request, id: u64) -> Result<Answer, Answer> {
    let for_good = request.flag("force");
    shop.with(|state| delete_item(state, id, for_good).map(Answer::ok))
}

pub(in crate::woocommerce::rest) fn delete_item(
    state: &mut State,
    id: u64,
    for_good: bool,
) -> Result<Value, Answer> {
    let item = state.items.get(&id).ok_or_else(|| invalid_id("product", 404))?;
    if item.parent().is_some() || item.is_variable() {
        return Err(Answer::not_simulated("deleting a product with variations, or one of these"));
    }
    let trashed = text(&item.fields, "status") == "trash";
    if trashed && !for_good {
        return Err(Answer::not_simulated("putting a product into the trash twice"));
    }
    let shown = written_json(state, item);
    if for_good {
        state.remove_item(id);
        return Ok(shown);
    }
    let now = state.now().as_second().to_string();
    let (slug, status) = (shown["slug"].clone(), shown["status"].clone());
    let rows = [(); 3].map(|()| state.take_row_id());
    let link = format!("{}/?post_type=product&p={id}", state.home);
    if let Some(item) = state.items.get_mut(&id) {
        let trashed_slug = format!("{}__trashed", slug.as_str().unwrap_or_default());
        set(&mut item.fields, "status", "trash");
        set(&mut item.fields, "slug", trashed_slug);
        set(&mut item.fields, "permalink", link);
        let meta = [
            ("_wp_trash_meta_status", status),
            ("_wp_trash_meta_time", json!(now)),
            ("_wp_desired_post_slug", slug),
        ];
        if let Some(all) = item.fields.get_mut("meta_data").and_then(Value::as_array_mut) {
            let entries = meta.into_iter().zip(rows);
            all.extend(
                entries.map(|((key, value), row)| json!({ "id": row, "key": key, "value": value })),
            );
        }
    }
    state.tell("product.deleted", id);
    Ok(shown)
}
