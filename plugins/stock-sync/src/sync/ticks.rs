//! The clock: opens SKUs, judges what is open, walks slowly over everything.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Failure, Host, Sync, read, write};
use crate::{
    limits::{ORDER_KEPT_MS, ORDERS_PER_CALL, SKUS_PER_CALL},
    rules::{SharedSku, orders::CountedOrder, words::Why},
    sync::restored::Restore,
};

/// How far the walk over all SKUs has come.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sweep {
    /// Whether every SKU was looked at since the shops that are silent are these, so that the walk may
    /// be slow.
    opened: bool,
    /// The shops that were silent when the walk was begun that looks at every SKU.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    silent: BTreeSet<String>,
    /// Whether that walk was begun because other shops are silent than before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    silence_changed: bool,
    /// The last SKU that was looked at.
    #[serde(default)]
    sku: Option<String>,
    /// The key of the last order that was looked at.
    #[serde(default)]
    order: Option<String>,
}

const SWEEP: &str = "sweep";
const OPEN: &str = "open/";
const ORDERS: &str = "order/";

/// Handles a tick. Returns a cursor if there is more to do than fits a call.
///
/// The first tick opens every SKU before any order is heard; so does one that finds other shops silent
/// than the one before, since that changes what each shop should show. Each other one judges all that is
/// open, then takes one step of the walk: new SKUs are opened, gone ones dropped, and a shop that
/// is not as expected though nothing is open is put in doubt.
///
/// # Errors
/// If the settings or what is remembered cannot be read.
pub fn on_tick<H: Host>(host: &mut H, cursor: Option<&str>) -> Result<Option<String>, Failure> {
    let mut sync = Sync::begin(host)?;
    let mut sweep: Sweep = read(sync.host, SWEEP)?.unwrap_or_default();
    if sweep.opened && sweep.silent != *sync.reserve.silent() {
        let silent = sync.reserve.silent().clone();
        sweep = Sweep { silent, silence_changed: true, order: sweep.order, ..Sweep::default() };
    }
    if !sweep.opened {
        return sync.open_page(&mut sweep);
    }
    if let Some(cursor) = sync.settle_page(cursor)? {
        return Ok(Some(cursor));
    }
    sync.step(&mut sweep)?;
    sync.forget_old_orders(&mut sweep)?;
    write(sync.host, SWEEP, &sweep)?;
    Ok(None)
}

impl<H: Host> Sync<'_, H> {
    /// Opens the next page of SKUs; the cursor is there until all are opened.
    fn open_page(&mut self, sweep: &mut Sweep) -> Result<Option<String>, Failure> {
        if sweep.sku.is_none() && !self.shops.contains_key(&self.settings.source) {
            let source = &self.settings.source;
            let known: Vec<&str> = self.shops.keys().map(String::as_str).collect();
            self.host.warn(&format!(
                "the setting `source` names `{source}`, which is none of the production shops \
                 ({}); each SKU begins with the least that a shop shows",
                known.join(", ")
            ));
        }
        self.step(sweep)?;
        sweep.opened = sweep.sku.is_none();
        if sweep.opened {
            sweep.silence_changed = false;
        }
        write(self.host, SWEEP, sweep)?;
        Ok(sweep.sku.as_ref().map(|sku| format!("opening after {sku}")))
    }

    /// Judges a page of what is open. The cursor is the last key of the page.
    fn settle_page(&mut self, cursor: Option<&str>) -> Result<Option<String>, Failure> {
        let open = self.host.list(OPEN, cursor, SKUS_PER_CALL);
        let more = open.len() >= SKUS_PER_CALL as usize;
        for (index, (key, _)) in open.iter().enumerate() {
            let sku = key.strip_prefix(OPEN).unwrap_or_default();
            match self.load(sku)? {
                Some(mut shared) => self.settle(sku, &mut shared, Why::OutOfStep)?,
                None => self.host.delete(key),
            }
            if self.is_full() || (more && index + 1 == open.len()) {
                return Ok(Some(key.clone()));
            }
        }
        Ok(None)
    }

    /// Judges a SKU, proposes what it needs, and looks where it is time to.
    fn settle(&mut self, sku: &str, shared: &mut SharedSku, why: Why) -> Result<(), Failure> {
        let why = match self.conclude(sku, shared) {
            Restore::Waits => return Ok(()),
            Restore::Concluded => Why::BackupRestored,
            Restore::None => why,
        };
        let why = self.judge(sku, shared).unwrap_or(why);
        let shops: Vec<String> = shared.places.keys().cloned().collect();
        for shop in shops {
            let known_until = self.host.known_until(&shop);
            if shared.wanted(&self.reserve, &shop, self.now).is_some() {
                continue;
            }
            let Some(place) = shared.places.get(&shop) else {
                continue;
            };
            if let Some(look) = place.look(self.now, known_until) {
                self.propose(sku, shared, &shop, look, &Why::Look);
            }
        }
        self.finish(sku, shared, &why)
    }

    /// Looks at the next page of SKUs, and begins again after the last.
    fn step(&mut self, sweep: &mut Sweep) -> Result<(), Failure> {
        let skus = self.host.skus(sweep.sku.as_deref(), SKUS_PER_CALL);
        let more = skus.len() >= SKUS_PER_CALL as usize;
        let usual = match (sweep.silence_changed, sweep.silent.is_empty()) {
            (true, false) => Why::Silent { shops: self.silent_names() },
            (true, true) => Why::HeardAgain,
            (false, _) => Why::OutOfStep,
        };
        for (index, sku) in skus.iter().enumerate() {
            self.visit(sku, &usual)?;
            if self.is_full() || (more && index + 1 == skus.len()) {
                sweep.sku = Some(sku.clone());
                return Ok(());
            }
        }
        sweep.sku = None;
        Ok(())
    }

    /// Looks at one SKU; `usual` is why what it needs is proposed, if nothing else tells.
    fn visit(&mut self, sku: &str, usual: &Why) -> Result<(), Failure> {
        if !self.is_shared(sku) {
            return self.forget_if_known(sku);
        }
        let known = self.load(sku)?;
        let listings = self.listings(sku);
        let aligned = self.align(sku, known.clone().unwrap_or_default(), &listings)?;
        let Some((mut shared, why)) = aligned else {
            return Ok(());
        };
        shared.compare(&listings, self.now);
        if Some(&shared) == known.as_ref() && !self.needs_anything(&shared) {
            return Ok(());
        }
        let why = if why == Why::OutOfStep { usual } else { &why };
        self.finish(sku, &mut shared, why)
    }

    fn needs_anything(&self, shared: &SharedSku) -> bool {
        shared.places.keys().any(|shop| shared.wanted(&self.reserve, shop, self.now).is_some())
    }

    fn forget_old_orders(&mut self, sweep: &mut Sweep) -> Result<(), Failure> {
        let orders = self.host.list(ORDERS, sweep.order.as_deref(), ORDERS_PER_CALL);
        let full = orders.len() >= ORDERS_PER_CALL as usize;
        for (key, json) in &orders {
            let order: CountedOrder = serde_json::from_str(json).map_err(|error| {
                format!("what is remembered as `{key}` cannot be read: {error}")
            })?;
            if order.updated_at.saturating_add(ORDER_KEPT_MS) < self.now {
                self.host.delete(key);
            }
        }
        sweep.order = orders.last().filter(|_| full).map(|(key, _)| key.clone());
        Ok(())
    }
}
