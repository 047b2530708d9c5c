//! What is asked of a Shopify shop is valid by the vendor's own schema of every version that is served,
//! and uses nothing that the vendor has given up.
//!
//! The schemas come in the vendor's npm package. `cargo xtask test` fetches it and says where it is;
//! nothing of it is kept here.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::{env, fs, fs::File, io::Read as _, path::PathBuf};

use apollo_compiler::{
    ExecutableDocument, Schema, ast,
    executable::{Field, Selection, SelectionSet},
    validation::Valid,
};
use cynic_introspection::IntrospectionQuery;
use flate2::read::GzDecoder;
use fondaco_platforms::shopify::{DOCUMENTS, VERSION, VERSIONS};
use serde_json::Value;

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
