//! What a list is asked for. Magento refuses a list without it.

use crate::oauth::Parameters;

/// Filters that all have to hold, an order, a size, and which fields.
#[derive(Debug, Clone, Default)]
pub struct Search {
    filters: Vec<(&'static str, &'static str, String)>,
    sorted_by: Option<&'static str>,
    size: Option<usize>,
    fields: Option<&'static str>,
}

/// The parameters of one filter, a group of its own.
const FILTERS: [[&str; 3]; 4] = [
    [
        "searchCriteria[filter_groups][0][filters][0][field]",
        "searchCriteria[filter_groups][0][filters][0][condition_type]",
        "searchCriteria[filter_groups][0][filters][0][value]",
    ],
    [
        "searchCriteria[filter_groups][1][filters][0][field]",
        "searchCriteria[filter_groups][1][filters][0][condition_type]",
        "searchCriteria[filter_groups][1][filters][0][value]",
    ],
    [
        "searchCriteria[filter_groups][2][filters][0][field]",
        "searchCriteria[filter_groups][2][filters][0][condition_type]",
        "searchCriteria[filter_groups][2][filters][0][value]",
    ],
    [
        "searchCriteria[filter_groups][3][filters][0][field]",
        "searchCriteria[filter_groups][3][filters][0][condition_type]",
        "searchCriteria[filter_groups][3][filters][0][value]",
    ],
];

impl Search {
    /// One more condition, such as `sku`, `eq`, `TAZZA`.
    pub fn filter(
        mut self,
        field: &'static str,
        condition: &'static str,
        value: impl Into<String>,
    ) -> Self {
        debug_assert!(self.filters.len() < FILTERS.len(), "there are too few names for filters");
        self.filters.push((field, condition, value.into()));
        self
    }

    /// Lowest first.
    pub fn sorted_by(mut self, field: &'static str) -> Self {
        self.sorted_by = Some(field);
        self
    }

    /// Most entries of a page.
    pub fn sized(mut self, entries: usize) -> Self {
        self.size = Some(entries);
        self
    }

    /// Only these fields.
    pub fn fields(mut self, fields: &'static str) -> Self {
        self.fields = Some(fields);
        self
    }

    /// As a query.
    pub fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::new();
        for (names, (field, condition, value)) in FILTERS.iter().zip(&self.filters) {
            let [named, conditioned, valued] = *names;
            parameters.push((named, (*field).to_owned()));
            parameters.push((conditioned, (*condition).to_owned()));
            parameters.push((valued, value.clone()));
        }
        if let Some(field) = self.sorted_by {
            parameters.push(("searchCriteria[sortOrders][0][field]", field.to_owned()));
            parameters.push(("searchCriteria[sortOrders][0][direction]", "ASC".to_owned()));
        }
        let size = self.size.map(|size| size.to_string());
        match size {
            Some(size) => parameters.push(("searchCriteria[pageSize]", size)),
            // There has to be something.
            None if parameters.is_empty() => parameters.push(("searchCriteria", String::new())),
            None => {}
        }
        if let Some(fields) = self.fields {
            parameters.push(("fields", fields.to_owned()));
        }
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_is_never_empty() {
        assert_eq!(Search::default().parameters(), [("searchCriteria", String::new())]);
        let search = Search::default().filter("sku", "eq", "A").sorted_by("entity_id").sized(2);
        let query = crate::oauth::query(&search.fields("items[sku]").parameters());
        assert_eq!(
            query,
            "searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bfield%5D=sku&\
             searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bcondition_type%5D=eq&\
             searchCriteria%5Bfilter_groups%5D%5B0%5D%5Bfilters%5D%5B0%5D%5Bvalue%5D=A&\
             searchCriteria%5BsortOrders%5D%5B0%5D%5Bfield%5D=entity_id&\
             searchCriteria%5BsortOrders%5D%5B0%5D%5Bdirection%5D=ASC&\
             searchCriteria%5BpageSize%5D=2&fields=items%5Bsku%5D"
        );
    }
}
