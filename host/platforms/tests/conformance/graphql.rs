//! What is asked of a Shopify shop is valid by the vendor's own schema of every version that is served,
//! and uses nothing that the vendor has given up.
//!
//! The schemas come in the vendor's npm package. `cargo xtask test` fetches it and says where it is;
//! nothing of it is kept here.

use std::{collections::BTreeSet, env, fs, fs::File, io::Read as _, path::PathBuf};

use apollo_compiler::{
    ExecutableDocument, Schema, ast,
    executable::{Field, Selection, SelectionSet},
    request::coerce_variable_values,
    schema::ExtendedType,
    validation::Valid,
};
use cynic_introspection::IntrospectionQuery;
use flate2::read::GzDecoder;
use fondaco_model::action::Verb;
use fondaco_platforms::{
    Capability,
    shopify::{DOCUMENTS, VERSION, VERSIONS},
};
use fondaco_shopsim::SeenRequest;
use serde_json::Value;

use crate::{
    shop::{SimulatedShop, now, request},
    shops::shopify::Shop,
};

/// Where `cargo xtask test` has put the schemas.
const FOLDER_VARIABLE: &str = "FONDACO_SHOPIFY_SCHEMAS";

fn schema(version: &str) -> Valid<Schema> {
    let folder = env::var_os(FOLDER_VARIABLE).unwrap_or_else(|| {
        panic!("{FOLDER_VARIABLE} is not set; `cargo xtask test` fetches the schemas and sets it")
    });
    let path = PathBuf::from(folder).join(format!("admin_{version}.json.gz"));
    let mut text = String::new();
    GzDecoder::new(File::open(&path).unwrap()).read_to_string(&mut text).unwrap();
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    let schema: IntrospectionQuery = serde_json::from_value(answer["data"].take()).unwrap();
    let schema = schema.into_schema().unwrap().to_sdl();
    Schema::parse_and_validate(schema, path).unwrap_or_else(|errors| panic!("{}", errors.errors))
}

/// Everything in a document that its schema says is deprecated.
fn deprecated(document: &ExecutableDocument) -> Vec<String> {
    let mut found = Vec::new();
    let operations = document.operations.iter().map(|operation| &operation.selection_set);
    for set in operations.chain(document.fragments.values().map(|part| &part.selection_set)) {
        deprecated_in(set, &mut found);
    }
    found
}

fn deprecated_in(set: &SelectionSet, found: &mut Vec<String>) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                found.extend(deprecated_of(set, field));
                deprecated_in(&field.selection_set, found);
            }
            Selection::InlineFragment(part) => deprecated_in(&part.selection_set, found),
            // It is looked at by itself.
            Selection::FragmentSpread(_) => {}
        }
    }
}

fn deprecated_of(set: &SelectionSet, field: &Field) -> Vec<String> {
    let marked = |directives: &ast::DirectiveList| directives.has("deprecated");
    let name = format!("{}.{}", set.ty, field.name);
    let arguments = field.arguments.iter().filter(|argument| {
        let known = field.definition.argument_by_name(&argument.name);
        known.is_some_and(|known| marked(&known.directives))
    });
    let arguments = arguments.map(|argument| format!("{name}({}:)", argument.name));
    arguments.chain(marked(&field.definition.directives).then(|| name.clone())).collect()
}

#[test]
fn every_document_is_valid_on_every_version() {
    for version in VERSIONS {
        let schema = schema(version);
        for document in DOCUMENTS {
            let name = format!("{}.graphql", document.name);
            let read = ExecutableDocument::parse_and_validate(&schema, document.text, &name);
            let read = read.unwrap_or_else(|errors| panic!("{version}: {}", errors.errors));
            assert_eq!(deprecated(&read), [""; 0], "{name} on {version}");
            let operation = read.operations.get(None).unwrap();
            assert_eq!(operation.is_query(), document.reads, "{name}");
        }
    }
}

#[test]
fn what_is_wrong_or_given_up_would_be_found() {
    let schema = schema(VERSION);
    let wrong = "query { shop { nothingSuch } }";
    assert!(ExecutableDocument::parse_and_validate(&schema, wrong, "wrong.graphql").is_err());
    let old = "query { shop { orders(first: 1) { nodes { id } } } }";
    let old = ExecutableDocument::parse_and_validate(&schema, old, "old.graphql").unwrap();
    assert_eq!(deprecated(&old), ["Shop.orders"]);
}

/// A file that no document is made of would be held against nothing.
#[test]
fn every_file_is_in_a_document() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/shopify/graphql");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let asked = DOCUMENTS.iter().any(|document| document.text.contains(text.as_str()));
        assert!(asked, "{}", path.display());
    }
}

/// Everything in a value that the schema says is deprecated.
fn deprecated_in_value(schema: &Schema, name: &str, value: &Value) -> Vec<String> {
    if let Value::Array(list) = value {
        return list.iter().flat_map(|each| deprecated_in_value(schema, name, each)).collect();
    }
    let (Some(ExtendedType::InputObject(object)), Value::Object(given)) =
        (schema.types.get(name), value)
    else {
        return Vec::new();
    };
    let each =
        given.iter().filter_map(|(field, value)| Some((object.fields.get(field.as_str())?, value)));
    let each = each.flat_map(|(field, value)| {
        let own = field.directives.has("deprecated").then(|| format!("{name}.{}", field.name));
        let inner = deprecated_in_value(schema, field.ty.inner_named_type().as_str(), value);
        own.into_iter().chain(inner)
    });
    each.collect()
}

/// What was sent is valid on every version; says what it was.
fn valid_everywhere(schemas: &[(&str, Valid<Schema>)], sent: &SeenRequest) -> String {
    let text = sent.body["query"].as_str().unwrap();
    let variables = &sent.body["variables"];
    let mut name = String::new();
    for (version, schema) in schemas {
        let read = ExecutableDocument::parse_and_validate(schema, text, "sent.graphql").unwrap();
        let operation = read.operations.get(None).unwrap();
        name = operation.name.as_ref().unwrap().to_string();
        let values = serde_json::from_value(variables.clone()).unwrap();
        if let Err(error) = coerce_variable_values(schema, operation, &values) {
            panic!("{name} on {version}: {} in {variables}", error.message());
        }
        for variable in &operation.variables {
            let value = &variables[variable.name.as_str()];
            let given_up =
                deprecated_in_value(schema, variable.ty.inner_named_type().as_str(), value);
            assert_eq!(given_up, [""; 0], "{name} on {version}");
        }
    }
    name
}

#[tokio::test]
async fn what_is_written_is_valid_on_every_version() {
    let schemas = VERSIONS.map(|version| (version, schema(version)));
    let mut tried = BTreeSet::new();
    for verb in Verb::ALL {
        let shop = Shop::open().await;
        if !matches!((shop.adapter().capabilities().of)(verb), Capability::Does { .. }) {
            continue;
        }
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        shop.adapter().execute(now(), &action, &ask).await.unwrap();
        tried.extend(shop.sent().iter().map(|sent| valid_everywhere(&schemas, sent)));
    }
    let shop = Shop::open().await;
    let made = shop.adapter().ensure_webhooks("https://host.example/hooks/shop").await.unwrap();
    assert_eq!(made.len(), 15);
    shop.adapter().renew_webhooks("https://host.example/hooks/shop").await.unwrap();
    tried.extend(shop.sent().iter().map(|sent| valid_everywhere(&schemas, sent)));
    assert_eq!(tried.len(), 16, "{tried:?}");
}
