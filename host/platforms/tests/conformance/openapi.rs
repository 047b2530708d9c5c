//! Every body that is sent to a Magento shop is what the vendor's own description of its API has.
//!
//! The description was read from a running 2.4.7; the part that is used here is beside the samples. It
//! does not forbid fields it does not name, and the shop does, so they are forbidden here.

use std::{collections::BTreeSet, fs};

use fondaco_model::action::Verb;
use fondaco_platforms::Capability;
use serde_json::{Map, Value, json};

use crate::{
    shop::{SimulatedShop, now, request},
    shops::magento::Shop,
};

fn description() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/samples/magento/openapi.json");
    let mut description: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    for definition in description["definitions"].as_object_mut().unwrap().values_mut() {
        forbid_others(definition);
    }
    description
}

fn forbid_others(schema: &mut Value) {
    if schema.get("properties").is_some() {
        schema["additionalProperties"] = json!(false);
    }
}

/// The path of the description that a path is one of.
fn described<'a>(paths: &'a Map<String, Value>, path: &str) -> Option<(&'a str, &'a Value)> {
    let parts: Vec<&str> = path.trim_start_matches("/rest/all").split('/').collect();
    let fits = |template: &str| {
        let template: Vec<&str> = template.split('/').collect();
        let same = |(template, part): (&&str, &&str)| template.starts_with('{') || template == part;
        template.len() == parts.len() && template.iter().zip(&parts).all(same)
    };
    // One without a name in it fits better.
    let mut found: Vec<_> = paths.iter().filter(|(template, _)| fits(template)).collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first().map(|(template, operations)| (template.as_str(), *operations))
}

#[tokio::test]
async fn every_body_is_described() {
    let description = description();
    let paths = description["paths"].as_object().unwrap();
    let mut tried = BTreeSet::new();
    for verb in Verb::ALL {
        let shop = Shop::open().await;
        if !matches!((shop.adapter().capabilities().of)(verb), Capability::Does { .. }) {
            continue;
        }
        let action = shop.action(verb);
        let ask = request(&*shop.adapter(), &action).await.unwrap();
        shop.adapter().execute(now(), &action, &ask).await.unwrap();
        for sent in shop.sent() {
            let (template, operations) = described(paths, &sent.path)
                .unwrap_or_else(|| panic!("{} is not described", sent.path));
            let operation = &operations[sent.method.to_lowercase()];
            let mut schema = operation["parameters"][0]["schema"].clone();
            tried.insert(template.to_owned());
            if schema.is_null() {
                assert_eq!(sent.body, Value::Null, "{template} takes no body");
                continue;
            }
            forbid_others(&mut schema);
            schema["definitions"] = description["definitions"].clone();
            let validator = jsonschema::draft4::new(&schema).unwrap();
            let wrong: Vec<String> =
                validator.iter_errors(&sent.body).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{template}: {wrong:?} in {}", sent.body);
        }
    }
    assert_eq!(tried.len(), 10, "{tried:?}");
}
