//! Writing stock in what can be sold, to a shop that keeps what lies in its sources.
//!
//! What can be sold is what lies there less what is reserved for orders. Writing it into a source as
//! it is would count reservations twice; so the difference is added to what lies there. An order that
//! comes in meanwhile only reserves, and loses nothing by it; a shipment in the same moment is
//! overwritten, and found by the next comparison.
//!
//! When nobody knows whether a request took effect, what can be sold alone does not tell: orders move
//! it, and can make it what was to be written. What lies in the sources does, since only shipments
//! move that; and a shipment leaves alone what can be sold.

use fondaco_model::{Decimal, Entity, Location, Snapshot, action::Value};
use http::Method;
use serde_json::json;

use super::{
    super::{
        answers::refused,
        payloads::{Product, SourceItem},
    },
    Counted, Sending, is_as_decided, json_number, otherwise,
};
use crate::{Executed, Looked, PlatformError, Request, plain::decimal};

/// Makes the request for a quantity. What lay in the sources when it was decided stands in it, to find
/// its effect by; what is sent is worked out when it is.
pub fn request(
    variant: &str,
    location: &Location,
    available: Decimal,
    decided_on: Decimal,
    entity: Option<&Entity>,
) -> Result<Request, PlatformError> {
    if location != &Location::WHOLE_SHOP {
        return Err(refused(
            "what can be sold of a Magento shop is one quantity for all its sources together",
        ));
    }
    let level = entity.and_then(Entity::as_variant).and_then(|known| known.stock.get(location));
    let on_hand = level.and_then(|level| level.value()?.on_hand);
    Ok(Request {
        method: Method::POST.to_string(),
        path: "/V1/inventory/source-items".to_owned(),
        body: json!({ "sku": variant, "on_hand": on_hand.map(|on_hand| on_hand.to_string()) }),
        only_if: Some(decided_on.into()),
        result: available.into(),
    })
}

/// Reads, compares, writes, and reads again.
pub async fn execute(sending: &Sending<'_>, variant: &str) -> Result<Executed, PlatformError> {
    let shown = Shown::read(sending, variant).await?;
    let wanted = Wanted::of(sending.request)?;
    match wanted.compare(&shown) {
        Stands::Done => {
            return Ok(Executed::Done { ids: Vec::new(), snapshots: shown.snapshots() });
        }
        Stands::NotDone if is_as_decided(sending.request, &shown.found()) => {}
        Stands::NotDone | Stands::Neither => {
            return Ok(Executed::Stale { found: shown.found(), snapshots: shown.snapshots() });
        }
    }
    let (source, quantity) = source(sending, variant, &shown, wanted.difference())?;
    if quantity < Decimal::ZERO {
        return Err(refused(format!(
            "for {} of variant {variant} to be sold there would have to be {quantity} in the source \
             `{source}`: more is reserved for orders than lies there",
            sending.request.result
        )));
    }
    let body = json!({
        "sourceItems": [{
            "sku": shown.product.sku,
            "source_code": source,
            "quantity": json_number(quantity),
            "status": 1,
        }]
    });
    sending.send::<serde_json::Value>(&body).await.map_err(PlatformError::from)?;
    let written = Shown::read(sending, variant).await.map_err(|error| {
        // It was written, whatever reading it says.
        PlatformError::Ambiguous { reason: error.to_string() }
    })?;
    if written.salable != wanted.available
        && written.on_hand() != shown.on_hand() + wanted.difference()
    {
        return Err(otherwise(&named(variant), &sending.request.result, &written.found()));
    }
    // Where an order came in meanwhile, or the shop works its index later, what can be sold is told
    // by the next reading.
    let same = written.salable == wanted.available;
    let snapshots = if same { written.snapshots() } else { Vec::new() };
    Ok(Executed::Done { ids: Vec::new(), snapshots })
}

/// Reads what became of a request.
pub async fn look(sending: &Sending<'_>, variant: &str) -> Result<Looked, PlatformError> {
    let shown = Shown::read(sending, variant).await?;
    let (found, snapshots) = (shown.found(), shown.snapshots());
    Ok(match Wanted::of(sending.request)?.compare(&shown) {
        Stands::Done => Looked::Done { ids: Vec::new(), snapshots },
        Stands::NotDone => Looked::NotDone,
        Stands::Neither => Looked::Neither { found, snapshots },
    })
}

/// What a variant shows.
struct Shown {
    product: Product,
    counted: Counted,
    salable: Decimal,
    snapshot: Snapshot,
}

impl Shown {
    async fn read(sending: &Sending<'_>, variant: &str) -> Result<Self, PlatformError> {
        let read_at = sending.time();
        let product = sending.product(variant).await?;
        let counted = sending.levels(&product).await?;
        let salable = counted.levels.salable.ok_or_else(|| {
            refused(format!(
                "the shop does not count the stock of variant {variant}; switch on “Manage Stock” \
                 for it"
            ))
        })?;
        let snapshot = sending.snapshot(read_at, &product, &counted.levels)?;
        Ok(Self { product, counted, salable, snapshot })
    }

    fn found(&self) -> Value {
        self.salable.into()
    }

    fn on_hand(&self) -> Decimal {
        self.counted.levels.on_hand
    }

    fn snapshots(&self) -> Vec<Snapshot> {
        vec![self.snapshot.clone()]
    }
}

/// What a kept request was to do.
struct Wanted {
    available: Decimal,
    decided_on: Decimal,
    /// What lay in the sources when it was decided; absent: not known then.
    on_hand: Option<Decimal>,
}

/// How what is shown stands to what was wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Done,
    NotDone,
    Neither,
}

impl Wanted {
    fn of(request: &Request) -> Result<Self, PlatformError> {
        let broken = || refused("the request that was kept is none for a quantity");
        let (Value::Number(available), Some(Value::Number(decided_on))) =
            (&request.result, &request.only_if)
        else {
            return Err(broken());
        };
        let on_hand = request.body.get("on_hand").and_then(serde_json::Value::as_str);
        let on_hand = on_hand.map(|text| text.parse().map_err(|_| broken())).transpose()?;
        Ok(Self { available: *available, decided_on: *decided_on, on_hand })
    }

    fn difference(&self) -> Decimal {
        self.available - self.decided_on
    }

    fn compare(&self, shown: &Shown) -> Stands {
        compare(self, shown.salable, shown.on_hand())
    }
}

/// Pure, so that every case can be tried.
fn compare(wanted: &Wanted, salable: Decimal, on_hand: Decimal) -> Stands {
    let moved = wanted.on_hand.map(|before| on_hand - before);
    match moved {
        _ if wanted.difference() == Decimal::ZERO && salable == wanted.available => Stands::Done,
        // Nothing was put in or taken out: whatever can be sold now, it is not by this request.
        Some(moved) if moved == Decimal::ZERO => Stands::NotDone,
        // As much was sent as was to be taken off.
        Some(moved) if moved == wanted.difference() && salable == wanted.decided_on => {
            Stands::NotDone
        }
        Some(moved) if moved == wanted.difference() => Stands::Done,
        _ if salable == wanted.available => Stands::Done,
        _ if salable == wanted.decided_on => Stands::NotDone,
        _ => Stands::Neither,
    }
}

/// The source that is written, and what is to lie in it.
fn source(
    sending: &Sending<'_>,
    variant: &str,
    shown: &Shown,
    difference: Decimal,
) -> Result<(String, Decimal), PlatformError> {
    let items = &shown.counted.sources;
    let item = match (&sending.shop.source, items.as_slice()) {
        (Some(code), _) => items.iter().find(|item| item.source_code == *code),
        (None, [only]) => Some(only),
        (None, []) => None,
        (None, _) => {
            let codes: Vec<&str> = items.iter().map(|item| item.source_code.as_str()).collect();
            return Err(refused(format!(
                "variant {variant} lies in several sources ({}): set `source` in the shop's section \
                 to the one that is written",
                codes.join(", ")
            )));
        }
    };
    let item = item.ok_or_else(|| match &sending.shop.source {
        Some(code) => refused(format!("variant {variant} is not assigned to the source `{code}`")),
        None => refused(format!("variant {variant} is not assigned to any source")),
    })?;
    let quantity = |item: &SourceItem| decimal(&item.quantity.0, variant, "quantity");
    // One that is set out of stock counts for nothing until it is written.
    let lies_there = match item.status {
        0 => Decimal::ZERO,
        _ => quantity(item).map_err(|error| refused(error.0))?,
    };
    Ok((item.source_code.clone(), lies_there + difference))
}

fn named(variant: &str) -> String {
    format!("variant {variant}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_there_tells_what_orders_hide() {
        let number = |number: i64| Decimal::from(number);
        // From 10 that can be sold to 8, with 12 that lie there.
        let wanted =
            Wanted { available: number(8), decided_on: number(10), on_hand: Some(number(12)) };
        for (salable, on_hand, stands) in [
            (10, 12, Stands::NotDone),
            (8, 10, Stands::Done),
            // One was bought, before or after.
            (7, 10, Stands::Done),
            (9, 12, Stands::NotDone),
            // Two were bought, which makes it look done.
            (8, 12, Stands::NotDone),
            // Two were sent, which makes it look done the other way.
            (10, 10, Stands::NotDone),
            // Done, and one was sent.
            (8, 9, Stands::Done),
            // One was sent.
            (10, 11, Stands::NotDone),
            // One was bought and another sent, done or not.
            (9, 11, Stands::Neither),
        ] {
            let found = compare(&wanted, number(salable), number(on_hand));
            assert_eq!(found, stands, "{salable} of {on_hand}");
        }
        let unknown = Wanted { on_hand: None, ..wanted };
        assert_eq!(compare(&unknown, number(8), number(10)), Stands::Done);
        assert_eq!(compare(&unknown, number(10), number(1)), Stands::NotDone);
        assert_eq!(compare(&unknown, number(7), number(10)), Stands::Neither);
    }
}
