//! Collections: filters, order and pages.

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};

use super::answer::Answer;
use super::request::Request;
use super::validate::Invalid;
use crate::limits::{PER_PAGE_DEFAULT, PER_PAGE_MAX};
use crate::woocommerce::market::{Market, from_gmt};

/// Where in a collection, and how it is sorted.
#[derive(Debug)]
pub(crate) struct Window {
    page: u64,
    per_page: u64,
    /// Entries to pass over, instead of whole pages.
    offset: Option<u64>,
    pub order_by: String,
    pub ascending: bool,
}

/// The moments between which something must have been made or changed, exclusively.
#[derive(Debug, Default)]
pub(crate) struct Period {
    after: Option<Timestamp>,
    before: Option<Timestamp>,
}

impl Window {
    /// What a query asks for, or the refusal. Unless it says otherwise, a list is sorted by the
    /// first of these, downwards.
    pub(crate) fn of(request: &Request, order_by: &[&str]) -> Result<Self, Answer> {
        Self::sorted(request, order_by, "desc")
    }

    /// The same for a list that goes upwards.
    pub(crate) fn ascending(request: &Request, order_by: &[&str]) -> Result<Self, Answer> {
        Self::sorted(request, order_by, "asc")
    }

    fn sorted(request: &Request, order_by: &[&str], default: &str) -> Result<Self, Answer> {
        let mut invalid = Invalid::default();
        let page = number(request, "page", 1, &mut invalid);
        if page == Some(0) {
            let problem = "must be greater than or equal to 1";
            invalid.add("page", "rest_out_of_bounds", problem, Value::Null);
        }
        let per_page = number(request, "per_page", PER_PAGE_DEFAULT, &mut invalid);
        if per_page.is_some_and(|entries| !(1..=PER_PAGE_MAX).contains(&entries)) {
            let problem = format!("must be between 1 (inclusive) and {PER_PAGE_MAX} (inclusive)");
            invalid.add("per_page", "rest_out_of_bounds", &problem, Value::Null);
        }
        let offset = request.query("offset").map(|_| number(request, "offset", 0, &mut invalid));
        let first = order_by.first().copied().unwrap_or_default();
        let by = request.query("orderby").unwrap_or(first);
        if !order_by.contains(&by) {
            invalid.not_one_of("orderby", order_by);
        }
        let direction = request.query("order").unwrap_or(default);
        if !["asc", "desc"].contains(&direction) {
            invalid.not_one_of("order", &["asc", "desc"]);
        }
        invalid.finish()?;
        Ok(Self {
            page: page.unwrap_or(1),
            per_page: per_page.unwrap_or(PER_PAGE_DEFAULT),
            offset: offset.flatten(),
            order_by: by.to_owned(),
            ascending: direction == "asc",
        })
    }

    /// The entries of the page, and the answer's headers that tell of the others.
    pub(crate) fn page<T>(
        &self,
        entries: &[T],
        request: &Request,
        home: &str,
        show: impl FnMut(&T) -> Value,
    ) -> Answer {
        let total = entries.len() as u64;
        let pages = total.div_ceil(self.per_page);
        let start = self.offset.unwrap_or((self.page - 1).saturating_mul(self.per_page));
        let skip = usize::try_from(start).unwrap_or(usize::MAX);
        let take = usize::try_from(self.per_page).unwrap_or(usize::MAX);
        let shown: Vec<Value> = entries.iter().skip(skip).take(take).map(show).collect();
        let mut links = Vec::new();
        if self.page > 1 {
            // From beyond the end the way back leads to the last page there is.
            let previous = (self.page - 1).min(pages.max(1));
            links.push(link(request, home, previous, "prev"));
        }
        if self.page < pages {
            links.push(link(request, home, self.page + 1, "next"));
        }
        let answer = Answer::ok(json!(shown))
            .header("x-wp-total", total.to_string())
            .header("x-wp-totalpages", pages.to_string());
        if links.is_empty() { answer } else { answer.header("link", links.join(", ")) }
    }
}

impl Period {
    /// The period of `<prefix>after` and `<prefix>before`.
    pub(crate) fn of(request: &Request, prefix: &str, market: &Market) -> Result<Self, Answer> {
        let gmt = request.flag("dates_are_gmt");
        let mut invalid = Invalid::default();
        let mut read = |name: String| {
            let text = request.query(&name)?;
            let at = moment(text, gmt, market);
            if at.is_none() {
                invalid.add(&name, "rest_invalid_date", "is not a valid date.", Value::Null);
            }
            at
        };
        let (after, before) = (read(format!("{prefix}after")), read(format!("{prefix}before")));
        invalid.finish()?;
        Ok(Self { after, before })
    }

    /// Whether a moment lies in it.
    pub(crate) fn contains(&self, at: impl FnOnce() -> Option<Timestamp>) -> bool {
        if self.after.is_none() && self.before.is_none() {
            return true;
        }
        let Some(at) = at() else {
            return false;
        };
        self.after.is_none_or(|after| at > after) && self.before.is_none_or(|before| at < before)
    }
}

/// A moment as a parameter names it. Without an offset it is on the shop's clock, unless the query
/// says otherwise: a host that forgets this reads nothing from a shop west of Greenwich.
fn moment(text: &str, gmt: bool, market: &Market) -> Option<Timestamp> {
    if let Ok(exact) = text.parse::<Timestamp>() {
        return Some(exact);
    }
    if gmt {
        return from_gmt(text);
    }
    market.moment_of(text.parse::<DateTime>().ok()?)
}

fn number(request: &Request, name: &str, default: u64, invalid: &mut Invalid) -> Option<u64> {
    let Some(text) = request.query(name) else {
        return Some(default);
    };
    let parsed = text.parse::<i64>().ok();
    if parsed.is_none() {
        let problem = "is not of type integer.";
        invalid.add(name, "rest_invalid_type", problem, json!({ "param": name }));
    }
    parsed.map(|number| u64::try_from(number).unwrap_or(0))
}

/// The address of another page: the query as it came, with the page replaced or added.
fn link(request: &Request, home: &str, page: u64, relation: &str) -> String {
    let mut query = request.query.clone();
    match query.iter_mut().find(|(name, _)| name == "page") {
        Some((_, value)) => *value = page.to_string(),
        None => query.push(("page".to_owned(), page.to_string())),
    }
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("<{home}{}?{query}>; rel=\"{relation}\"", request.path)
}
