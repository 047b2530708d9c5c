//! Search criteria: groups of filters that all have to hold, of each of which one has to.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Request};

/// What a list is asked for.
#[derive(Debug, Default)]
pub(crate) struct Criteria {
    groups: BTreeMap<String, BTreeMap<String, Filter>>,
    sort: Option<(String, bool)>,
    size: Option<usize>,
    page: usize,
}

#[derive(Debug, Default)]
struct Filter {
    field: String,
    condition: String,
    value: String,
}

impl Criteria {
    /// Reads them. There have to be some.
    pub(crate) fn of(request: &Request) -> Result<Self, Answer> {
        let mut criteria = Self { page: 1, ..Self::default() };
        let mut any = false;
        for (name, value) in &request.query {
            let Some(rest) = name.strip_prefix("searchCriteria") else { continue };
            any = true;
            let keys: Vec<&str> = rest.split(['[', ']']).filter(|key| !key.is_empty()).collect();
            criteria.take(&keys, value).map_err(|()| {
                Answer::not_simulated(&request.method, &format!("{}?{name}=", request.path))
            })?;
        }
        if any {
            return Ok(criteria);
        }
        let message = "\"%fieldName\" is required. Enter and try again.";
        Err(Answer::template(400, message, json!({ "fieldName": "searchCriteria" })))
    }

    fn take(&mut self, keys: &[&str], value: &str) -> Result<(), ()> {
        match keys {
            [] => {}
            ["filter_groups" | "filterGroups", group, "filters", filter, part] => {
                let group = self.groups.entry((*group).to_owned()).or_default();
                let filter = group.entry((*filter).to_owned()).or_default();
                let place = match *part {
                    "field" => &mut filter.field,
                    "condition_type" | "conditionType" => &mut filter.condition,
                    "value" => &mut filter.value,
                    _ => return Err(()),
                };
                value.clone_into(place);
            }
            ["sortOrders", "0", "field"] => {
                let (field, _) = self.sort.get_or_insert_with(|| (String::new(), false));
                value.clone_into(field);
            }
            ["sortOrders", "0", "direction"] => {
                let (_, down) = self.sort.get_or_insert_with(|| (String::new(), false));
                *down = value.eq_ignore_ascii_case("desc");
            }
            ["pageSize"] => self.size = Some(value.parse().map_err(|_| ())?),
            ["currentPage"] => self.page = value.parse().map_err(|_| ())?,
            _ => return Err(()),
        }
        Ok(())
    }

    /// The entries of the page, and how many there are in all. `field` tells an entry's field, `json`
    /// makes what is shown of it.
    pub(crate) fn page<'a, T: 'a>(
        &self,
        entries: impl Iterator<Item = &'a T>,
        field: impl Fn(&T, &str) -> Option<Value>,
        json: impl Fn(&T) -> Value,
    ) -> (Vec<Value>, usize) {
        let mut kept: Vec<&T> = entries.filter(|entry| self.keeps(*entry, &field)).collect();
        if let Some((name, down)) = &self.sort {
            kept.sort_by(|one, other| {
                let order = compare(field(one, name).as_ref(), &text(field(other, name).as_ref()));
                if *down { order.reverse() } else { order }
            });
        }
        let total = kept.len();
        let size = self.size.unwrap_or(total.max(1));
        let page = kept.into_iter().skip((self.page.max(1) - 1) * size).take(size);
        (page.map(json).collect(), total)
    }

    fn keeps<T>(&self, entry: &T, field: &impl Fn(&T, &str) -> Option<Value>) -> bool {
        self.groups.values().all(|group| {
            group.values().any(|filter| filter.keeps(field(entry, &filter.field).as_ref()))
        })
    }
}

impl Filter {
    fn keeps(&self, found: Option<&Value>) -> bool {
        let order = compare(found, &self.value);
        match self.condition.as_str() {
            "" | "eq" => order.is_eq(),
            "neq" => order.is_ne(),
            "gt" => order.is_gt(),
            "gteq" => order.is_ge(),
            "lt" => order.is_lt(),
            "lteq" => order.is_le(),
            "in" => self.value.split(',').any(|value| compare(found, value.trim()).is_eq()),
            "nin" => !self.value.split(',').any(|value| compare(found, value.trim()).is_eq()),
            _ => false,
        }
    }
}

/// Numbers by their value, texts without regard to capitals, as the database does.
fn compare(found: Option<&Value>, wanted: &str) -> std::cmp::Ordering {
    let shown = text(found);
    match (shown.parse::<f64>(), wanted.parse::<f64>()) {
        (Ok(one), Ok(other)) if found.is_some_and(Value::is_number) => one.total_cmp(&other),
        _ => shown.to_lowercase().cmp(&wanted.to_lowercase()),
    }
}

fn text(found: Option<&Value>) -> String {
    match found {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}
