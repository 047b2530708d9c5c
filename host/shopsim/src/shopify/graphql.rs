//! A request's document: what is asked at its root, and what of the answer is wanted.
//!
//! Whatever is at the root answers with everything that it has; here the parts that were selected are
//! taken from it. A field that it does not have is an error, as it is with the real schema. A list of
//! which `nodes` are asked is a connection.

use std::collections::BTreeMap;

use apollo_compiler::ast::{self, Definition, OperationType, Selection};
use serde_json::{Map, Value, json};

/// What a mutation costs.
const MUTATION_COST: u64 = 10;

/// A request that could be read.
#[derive(Debug)]
pub(crate) struct Query {
    /// Whether it is a mutation.
    pub writes: bool,
    /// What is asked at the root.
    pub roots: Vec<Root>,
    fragments: BTreeMap<String, Vec<Selection>>,
    variables: Value,
}

/// A field at the root.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    pub name: String,
    pub arguments: Value,
    /// The key of `@idempotent`.
    pub key: Option<String>,
    /// The arguments of its own fields, by their names.
    inner: BTreeMap<String, Value>,
    selected: Vec<Selection>,
}

impl Root {
    /// One of its fields, as if it were at the root.
    pub(crate) fn inner(&self, name: &str) -> Self {
        let arguments = self.inner.get(name).cloned().unwrap_or_default();
        let (name, inner) = (name.to_owned(), BTreeMap::new());
        Self { name, arguments, key: None, inner, selected: Vec::new() }
    }
}

impl Query {
    /// Reads a document with its variables.
    pub(crate) fn read(text: &str, variables: Value) -> Result<Self, String> {
        let document = ast::Document::parse(text, "request.graphql")
            .map_err(|errors| errors.errors.to_string())?;
        let mut query =
            Self { writes: false, roots: Vec::new(), fragments: BTreeMap::new(), variables };
        for definition in &document.definitions {
            if let Definition::FragmentDefinition(fragment) = definition {
                let selected = fragment.selection_set.clone();
                query.fragments.insert(fragment.name.to_string(), selected);
            }
        }
        for definition in &document.definitions {
            if let Definition::OperationDefinition(operation) = definition {
                query.writes = operation.operation_type == OperationType::Mutation;
                for selection in &operation.selection_set {
                    let Selection::Field(field) = selection else {
                        return Err("only fields are simulated at the root".to_owned());
                    };
                    let root = query.root(field);
                    query.roots.push(root);
                }
            }
        }
        Ok(query)
    }

    fn root(&self, field: &ast::Field) -> Root {
        let directive = field.directives.get("idempotent");
        let key = directive.and_then(|directive| directive.specified_argument_by_name("key"));
        Root {
            name: field.name.to_string(),
            arguments: self.arguments(field),
            key: key.and_then(|key| self.value(key).as_str().map(str::to_owned)),
            inner: field
                .selection_set
                .iter()
                .filter_map(Selection::as_field)
                .map(|inner| (inner.name.to_string(), self.arguments(inner)))
                .collect(),
            selected: field.selection_set.clone(),
        }
    }

    fn arguments(&self, field: &ast::Field) -> Value {
        let given = field.arguments.iter();
        let given = given.map(|given| (given.name.to_string(), self.value(&given.value)));
        Value::Object(given.collect())
    }

    fn value(&self, value: &ast::Value) -> Value {
        match value {
            ast::Value::Null => Value::Null,
            ast::Value::Enum(name) => json!(name.as_str()),
            ast::Value::Variable(name) => {
                self.variables.get(name.as_str()).cloned().unwrap_or_default()
            }
            ast::Value::String(text) => json!(text),
            ast::Value::Float(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
            ast::Value::Int(number) => serde_json::from_str(number.as_str()).unwrap_or_default(),
            ast::Value::Boolean(truth) => json!(truth),
            ast::Value::List(list) => list.iter().map(|value| self.value(value)).collect(),
            ast::Value::Object(fields) => {
                let fields = fields.iter();
                fields.map(|(name, value)| (name.to_string(), self.value(value))).collect()
            }
        }
    }

    /// What was selected of what a root has.
    pub(crate) fn taken(&self, root: &Root, whole: &Value) -> Result<Value, String> {
        self.of(whole, &root.selected)
    }

    fn of(&self, whole: &Value, selected: &[Selection]) -> Result<Value, String> {
        match whole {
            Value::Array(list) => list.iter().map(|each| self.of(each, selected)).collect(),
            Value::Object(fields) => {
                let mut taken = Map::new();
                self.fields(fields, selected, &mut taken)?;
                Ok(Value::Object(taken))
            }
            other => Ok(other.clone()),
        }
    }

    fn fields(
        &self,
        whole: &Map<String, Value>,
        selected: &[Selection],
        taken: &mut Map<String, Value>,
    ) -> Result<(), String> {
        for selection in selected {
            match selection {
                Selection::Field(field) => {
                    let name = field.name.as_str();
                    let value = whole
                        .get(name)
                        .ok_or_else(|| format!("the field `{name}` is not simulated"))?;
                    let value = self.field(field, value)?;
                    let name = field.alias.as_ref().unwrap_or(&field.name).to_string();
                    merge(taken.entry(name).or_insert(Value::Null), value);
                }
                Selection::InlineFragment(part) => {
                    let wanted = part.type_condition.as_ref().map(|name| name.as_str());
                    let own = whole.get("__typename").and_then(Value::as_str);
                    if wanted.is_none() || wanted == own {
                        self.fields(whole, &part.selection_set, taken)?;
                    }
                }
                Selection::FragmentSpread(spread) => {
                    let part = self.fragments.get(spread.fragment_name.as_str());
                    let part = part.ok_or("a fragment is missing")?;
                    self.fields(whole, part, taken)?;
                }
            }
        }
        Ok(())
    }

    fn field(&self, field: &ast::Field, value: &Value) -> Result<Value, String> {
        match value {
            Value::Array(list) if selects(&field.selection_set, "nodes") => {
                let arguments = self.arguments(field);
                let from = arguments.get("after").and_then(Value::as_str);
                let from = from.and_then(|after| after.parse().ok()).unwrap_or(0);
                let first = arguments.get("first").and_then(Value::as_u64).unwrap_or(u64::MAX);
                let first = usize::try_from(first).unwrap_or(usize::MAX);
                let until = list.len().min(first.saturating_add(from));
                let nodes = list.get(from..until).unwrap_or_default();
                let more = until < list.len();
                let info = json!({ "hasNextPage": more, "endCursor": until.to_string() });
                self.of(&json!({ "nodes": nodes, "pageInfo": info }), &field.selection_set)
            }
            value => self.of(value, &field.selection_set),
        }
    }

    /// What it may cost at most: an object one, a connection as many as are asked for of it.
    pub(crate) fn cost(&self) -> u64 {
        let of_root = |root: &Root| {
            let first = root.arguments.get("first").and_then(Value::as_u64);
            let inner = self.cost_of(&root.selected);
            let own = if self.writes { MUTATION_COST } else { 1 };
            own + match first {
                Some(first) if selects(&root.selected, "nodes") => first * inner,
                _ => inner,
            }
        };
        self.roots.iter().map(of_root).sum()
    }

    fn cost_of(&self, selected: &[Selection]) -> u64 {
        let of = |selection: &Selection| match selection {
            Selection::Field(field) if field.selection_set.is_empty() => 0,
            Selection::Field(field) => {
                let inner = self.cost_of(&field.selection_set);
                let first = self.arguments(field).get("first").and_then(Value::as_u64);
                match first {
                    Some(first) if selects(&field.selection_set, "nodes") => first * inner,
                    _ if field.name == "pageInfo" => 0,
                    _ => 1 + inner,
                }
            }
            Selection::InlineFragment(part) => self.cost_of(&part.selection_set),
            Selection::FragmentSpread(spread) => {
                let part = self.fragments.get(spread.fragment_name.as_str());
                part.map_or(0, |part| self.cost_of(part))
            }
        };
        selected.iter().map(of).sum()
    }
}

/// What an answer came to: an object one.
pub(crate) fn cost_of_answer(answer: &Value) -> u64 {
    match answer {
        Value::Array(list) => list.iter().map(cost_of_answer).sum(),
        Value::Object(fields) => 1 + fields.values().map(cost_of_answer).sum::<u64>(),
        _ => 0,
    }
}

fn selects(selected: &[Selection], name: &str) -> bool {
    selected.iter().any(
        |selection| matches!(selection, Selection::Field(field) if field.name.as_str() == name),
    )
}

/// The same field may be selected twice, with other parts.
fn merge(into: &mut Value, value: Value) {
    match (into, value) {
        (Value::Object(into), Value::Object(fields)) => {
            for (name, value) in fields {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (Value::Array(into), Value::Array(list)) if into.len() == list.len() => {
            for (into, value) in into.iter_mut().zip(list) {
                merge(into, value);
            }
        }
        (into, value) => *into = value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Value {
        json!({
            "id": "1", "title": "Mug",
            "levels": [{ "at": "a", "units": 1 }, { "at": "b", "units": 2 }],
            "price": { "__typename": "Percentage", "percentage": 0.1 },
        })
    }

    #[test]
    fn what_is_selected_is_taken() {
        let text = "query A($n: Int!) { thing(id: 7) { ...T name: title levels(first: $n) { nodes { units }
            pageInfo { hasNextPage } } price { ... on Percentage { percentage } ... on Other { no } } } }
            fragment T on Thing { id levels(first: $n) { nodes { at } } }";
        let query = Query::read(text, json!({ "n": 1 })).unwrap();
        let root = &query.roots[0];
        assert_eq!((root.name.as_str(), &root.arguments), ("thing", &json!({ "id": 7 })));
        let taken = query.taken(root, &whole()).unwrap();
        assert_eq!(
            taken,
            json!({
                "id": "1", "name": "Mug", "price": { "percentage": 0.1 },
                "levels": {
                    "nodes": [{ "at": "a", "units": 1 }], "pageInfo": { "hasNextPage": true },
                },
            })
        );
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let query = Query::read("{ thing { colour } }", Value::Null).unwrap();
        let error = query.taken(&query.roots[0], &whole()).unwrap_err();
        assert_eq!(error, "the field `colour` is not simulated");
        assert!(Query::read("{ thing {", Value::Null).is_err());
    }

    #[test]
    fn a_key_and_a_cost_are_read() {
        let text = "mutation A($k: String!) { set(input: { a: [1, B] }) @idempotent(key: $k) { thing { id } } }";
        let query = Query::read(text, json!({ "k": "key" })).unwrap();
        assert!(query.writes);
        assert_eq!(query.roots[0].key.as_deref(), Some("key"));
        assert_eq!(query.roots[0].arguments, json!({ "input": { "a": [1, "B"] } }));
        assert_eq!(query.cost(), 11);
        let text = "{ things(first: 20) { nodes { id part { id } } pageInfo { endCursor } } }";
        assert_eq!(Query::read(text, Value::Null).unwrap().cost(), 41);
    }
}
