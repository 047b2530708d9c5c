//! Writing prices, with sales that begin and end.
//!
//! What a product costs is its sale price while a sale is running and its regular price otherwise.
//! WooCommerce drops a sale that is no cheaper than the regular price without a word, so what would
//! do that is refused; a sale that somebody has scheduled for later is left as it is.

use fondaco_model::{
    ActionId, Decimal, Entity, Timestamp,
    action::{PriceWrite, Value},
};
use http::Method;
use serde_json::{Value as Json, json};

use super::{
    super::{answers::refused, payloads::Product, products::Sold, times},
    Sending,
    amounts::amount,
    is_as_decided, is_marked, mark, otherwise, variant_path,
};
use crate::{Executed, Looked, PlatformError, Request, plain::number_of};

const MARK_KEY: &str = "_fondaco_price_write";

/// Makes the request for a price.
pub fn request(
    id: &ActionId,
    write: &PriceWrite,
    entity: Option<&Entity>,
) -> Result<Request, PlatformError> {
    if write.from_quantity != Decimal::ONE {
        return Err(PlatformError::Unsupported {
            reason: "WooCommerce itself has one price however many are bought; prices from a \
                     quantity on are made by plugins, each in its own way"
                .to_owned(),
        });
    }
    let price = amount("the price", write.amount.amount)?;
    let mut body = json!({ "meta_data": [mark(MARK_KEY, id)] });
    match write.compare_at {
        None if write.sale_from.is_some() || write.sale_until.is_some() => {
            return Err(refused("a sale has a price it is compared with, and this one has none"));
        }
        None => body["regular_price"] = json!(price),
        Some(regular) if regular <= write.amount.amount => {
            return Err(refused(format!(
                "a sale at {} is no cheaper than the regular price of {regular}; WooCommerce would \
                 drop it without a word",
                write.amount.amount
            )));
        }
        Some(regular) => {
            body["regular_price"] = json!(amount("the regular price", regular)?);
            body["sale_price"] = json!(price);
        }
    }
    if write.sale_from.zip(write.sale_until).is_some_and(|(from, until)| from >= until) {
        return Err(refused("the sale would end before it begins"));
    }
    Ok(Request {
        method: Method::PUT.to_string(),
        path: variant_path(&write.shop, &write.variant, entity)?,
        body,
        only_if: Some(Value::from(write.decided_on)),
        result: write.amount.amount.into(),
    })
}

/// Reads, compares, writes, and reads the answer.
pub async fn execute(sending: &Sending<'_>, write: &PriceWrite) -> Result<Executed, PlatformError> {
    sending.check_currency(&write.amount.currency).await?;
    let what = named(write);
    let product = sending.product(&what).await?;
    let prices = Prices::of(&product)?;
    let snapshots = vec![sending.snapshot(&product, sending.now)?];
    let wanted = Wanted::of(write, &prices, sending.now)?;
    if wanted.is_shown_by(&prices) {
        return Ok(Executed::Done { ids: Vec::new(), snapshots });
    }
    let found = Value::from(prices.price);
    if !is_as_decided(sending.request, &found) {
        return Ok(Executed::Stale { found, snapshots });
    }
    let written_at = sending.time();
    let body = wanted.completed(&sending.request.body, &prices);
    let answer = sending.send::<Product>(Vec::new(), &body).await;
    let answer = answer.map_err(|failed| super::gone_or(&what, failed))?;
    let written = Prices::of(&answer)?;
    if !wanted.is_shown_by(&written) {
        let shown = Value::from(written.sale.or(written.regular));
        return Err(otherwise(&what, &sending.request.result, &shown));
    }
    let snapshots = vec![sending.snapshot(&answer, written_at)?];
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, write: &PriceWrite) -> Result<Looked, PlatformError> {
    let product = sending.product(&named(write)).await?;
    let prices = Prices::of(&product)?;
    let snapshots = vec![sending.snapshot(&product, sending.now)?];
    let marked = is_marked(&product.meta_data, sending.request, MARK_KEY);
    let as_wanted = Wanted::of(write, &prices, sending.now).is_ok_and(|it| it.is_shown_by(&prices));
    if marked || as_wanted {
        return Ok(Looked::Done { ids: Vec::new(), snapshots });
    }
    let found = Value::from(prices.price);
    Ok(match is_as_decided(sending.request, &found) {
        true => Looked::NotDone,
        false => Looked::Neither { found, snapshots },
    })
}

fn named(write: &PriceWrite) -> String {
    format!("the price of variant {}", write.variant)
}

/// The prices that a product shows.
struct Prices {
    /// What it costs now.
    price: Option<Decimal>,
    regular: Option<Decimal>,
    sale: Option<Decimal>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Prices {
    fn of(product: &Product) -> Result<Self, PlatformError> {
        let what = format!("product {}", product.id);
        let number = |text, field| number_of(text, &what, field).map_err(|error| refused(error.0));
        let moment = |text: &Option<String>| text.as_deref().and_then(times::parse);
        if product.sold() != Sold::Itself {
            return Err(refused(format!("{what} has no price of its own; its variations have")));
        }
        Ok(Self {
            price: number(product.price.as_ref(), "price")?,
            regular: number(product.regular_price.as_ref(), "regular_price")?,
            sale: number(product.sale_price.as_ref(), "sale_price")?,
            from: moment(&product.date_on_sale_from_gmt),
            until: moment(&product.date_on_sale_to_gmt),
        })
    }

    /// Whether there is a sale that has yet to begin. A module cannot see it.
    fn sale_to_come(&self, now: Timestamp) -> Option<Decimal> {
        self.sale.filter(|_| self.from.is_some_and(|from| from > now))
    }
}

/// What the shop's fields should be.
struct Wanted {
    regular: Decimal,
    sale: Option<Decimal>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

impl Wanted {
    fn of(write: &PriceWrite, prices: &Prices, now: Timestamp) -> Result<Self, PlatformError> {
        let amount = write.amount.amount;
        if let Some(regular) = write.compare_at {
            let (from, until) = (write.sale_from, write.sale_until);
            return Ok(Self { regular, sale: Some(amount), from, until });
        }
        match prices.sale_to_come(now) {
            None => Ok(Self { regular: amount, sale: None, from: None, until: None }),
            Some(sale) if sale >= amount => Err(refused(format!(
                "a sale at {sale} is scheduled for later, and WooCommerce would drop it at a \
                 regular price of {amount}; end it in the shop, or propose the price with the sale"
            ))),
            Some(sale) => Ok(Self {
                regular: amount,
                sale: Some(sale),
                from: prices.from,
                until: prices.until,
            }),
        }
    }

    fn is_shown_by(&self, prices: &Prices) -> bool {
        let same = |wanted: Option<Timestamp>, shown: Option<Timestamp>| {
            // The shop counts seconds.
            wanted.map(|moment| moment.0 / 1_000) == shown.map(|moment| moment.0 / 1_000)
        };
        prices.regular == Some(self.regular)
            && prices.sale == self.sale
            && (self.sale.is_none()
                || (same(self.from, prices.from) && same(self.until, prices.until)))
    }

    /// The body with what depends on what the shop shows: a sale is ended if there is one, and its
    /// dates are set or taken away where they are others.
    fn completed(&self, body: &Json, prices: &Prices) -> Json {
        let mut body = body.clone();
        if self.sale.is_none() && prices.sale.is_some() {
            body["sale_price"] = json!("");
        }
        let dates = [
            ("date_on_sale_from_gmt", self.from, prices.from),
            ("date_on_sale_to_gmt", self.until, prices.until),
        ];
        for (field, wanted, shown) in dates {
            if wanted != shown {
                body[field] = json!(wanted.map(times::format).unwrap_or_default());
            }
        }
        body
    }
}

#[cfg(test)]
mod tests;
