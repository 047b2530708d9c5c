//! Bringing the stock of a client's production shops into line, at a person's wish.
//!
//! A person sees a listing of what differs ([`compare`]), names it by its digest and says which shop
//! is right. What is written then is what they saw: where the mirror has moved on since, the SKU is
//! left out and told. A pass that changes much waits for somebody who may approve it.
//!
//! The writes are actions like those of a module, of an install that belongs to the host and never
//! runs ([`INSTALL`]). So each of them is made only if the shop still shows what the person saw, is
//! fenced, settled, and listed by `fondaco actions`; modules hear what it changed, as they hear what
//! a person changes on a shop.
//!
//! Listings are in memory, as is what waits for approval: after a restart a person looks again.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use fondaco_model::{
    ActionId, ActionKind, ClientId, InstallId, Proposal, ShopId, Terms,
    action::{Localised, ProposalOrigin},
};
use fondaco_store::{Act, RunView, StoreError};

use crate::{
    Engine,
    client::Client,
    limits::{ALIGN_COMMIT_ACTIONS_MAX, ALIGN_LISTINGS_KEPT_MAX, ALIGN_SKUS_BATCH_MAX},
    now,
};

pub mod compare;

use compare::{Change, Extent, Held, Listing, Row};

/// The install that the writes belong to. No client can install a module under this name.
pub const INSTALL: &str = "align";

/// Whether an install is the host's own.
#[must_use]
pub fn is_align(install: &InstallId) -> bool {
    install.as_str() == INSTALL
}

/// Why shops are not brought into line.
#[derive(Debug, thiserror::Error)]
pub enum AlignError {
    /// There is nothing to compare.
    #[error(
        "client `{0}` has fewer than two production shops whose first import is complete, so there \
         is nothing to compare"
    )]
    TooFewShops(ClientId),
    /// The shop that is to be right is not among those compared.
    #[error("`{0}` is not one of the production shops that were compared")]
    NotCompared(ShopId),
    /// Nobody was shown such a listing, or too long ago.
    #[error(
        "the host has shown no listing `{0}` since it was started, or several others since; look \
         again with `fondaco shop align`, and choose by the digest shown there"
    )]
    UnknownListing(String),
    /// Nothing waits to be approved.
    #[error("no choice of `{0}` with this listing waits for approval; choose first")]
    NothingToApprove(ShopId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who is right, as a person says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// The shop whose quantities are right.
    pub right: ShopId,
    /// The digest of the listing that the person saw.
    pub digest: String,
    /// Who chooses.
    pub principal: String,
}

/// What became of a choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aligned {
    /// It waits until somebody approves it.
    NeedsApproval(Extent),
    /// It is in the outbox.
    Committed {
        /// Writes that were put there.
        actions: usize,
        /// SKUs that were left out, because they are not as the person saw them any more.
        moved_on: Vec<String>,
    },
}

/// What people were shown and chose.
#[derive(Default)]
pub struct Alignment(Mutex<Shown>);

#[derive(Default)]
struct Shown {
    listings: VecDeque<(String, Arc<Listing>)>,
    waiting: Vec<(ShopId, String)>,
}

impl Alignment {
    fn with<T>(&self, change: impl FnOnce(&mut Shown) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn show(&self, listing: &Arc<Listing>) -> String {
        let digest = listing.digest();
        self.with(|shown| {
            shown.listings.retain(|(known, _)| *known != digest);
            shown.listings.push_back((digest.clone(), Arc::clone(listing)));
            while shown.listings.len() > ALIGN_LISTINGS_KEPT_MAX {
                shown.listings.pop_front();
            }
            let Shown { listings, waiting } = shown;
            waiting.retain(|(_, of)| listings.iter().any(|(known, _)| known == of));
        });
        digest
    }

    fn shown(&self, digest: &str) -> Option<Arc<Listing>> {
        self.with(|shown| {
            let found = shown.listings.iter().find(|(known, _)| known == digest);
            found.map(|(_, listing)| Arc::clone(listing))
        })
    }

    fn wait(&self, choice: &Choice) {
        let waits = (choice.right.clone(), choice.digest.clone());
        self.with(|shown| {
            shown.waiting.retain(|known| *known != waits);
            shown.waiting.push(waits);
        });
    }

    /// Takes what waits for approval. Says whether it waited.
    fn take_waiting(&self, choice: &Choice) -> bool {
        self.with(|shown| {
            let before = shown.waiting.len();
            shown.waiting.retain(|(right, of)| (right, of) != (&choice.right, &choice.digest));
            shown.waiting.len() < before
        })
    }
}

impl Engine {
    /// What differs between a client's production shops now, with the digest it is chosen by.
    ///
    /// # Errors
    /// If there is nothing to compare, or the store fails.
    pub async fn list_differences(
        &self,
        client: &ClientId,
    ) -> Result<(Arc<Listing>, String), AlignError> {
        let working = self.aligning(client)?;
        let listing = Arc::new(working.compare_shops().await?);
        let digest = working.alignment.show(&listing);
        Ok((listing, digest))
    }

    /// Brings the other shops into line with the one that a person says is right; or lets it wait
    /// for approval, if it changes much.
    ///
    /// # Errors
    /// If the listing or the shop is not known, or the store fails.
    pub async fn align(&self, client: &ClientId, choice: Choice) -> Result<Aligned, AlignError> {
        let working = self.aligning(client)?;
        let seen = working.seen(&choice)?;
        let extent = Extent::of(seen.skus, &compare::changes(&seen.rows, &choice.right));
        if extent.needs_approval() {
            working.alignment.wait(&choice);
            let Extent { skus, changed, zeroed } = extent;
            let detail = format!("{changed} of {skus} SKUs, {zeroed} to none; waits for approval");
            let act = act(&choice, "align", detail);
            working.store.audit(&working.lease, now(), act).await?;
            return Ok(Aligned::NeedsApproval(extent));
        }
        working.align_now(&seen, &choice, "align").await
    }

    /// Approves a choice that waits.
    ///
    /// # Errors
    /// If none does, the listing is not known any more, or the store fails.
    pub async fn approve_alignment(
        &self,
        client: &ClientId,
        choice: Choice,
    ) -> Result<Aligned, AlignError> {
        let working = self.aligning(client)?;
        let seen = working.seen(&choice)?;
        if !working.alignment.take_waiting(&choice) {
            return Err(AlignError::NothingToApprove(choice.right));
        }
        working.align_now(&seen, &choice, "approve-align").await
    }

    fn aligning(&self, client: &ClientId) -> Result<&Arc<Client>, AlignError> {
        let missing = || StoreError::Missing { client: client.clone(), what: "work here".into() };
        Ok(self.clients.get(client).ok_or_else(missing)?)
    }
}

fn act(choice: &Choice, what: &str, detail: String) -> Act {
    let Choice { right, digest, principal } = choice;
    Act {
        principal: principal.clone(),
        what: what.to_owned(),
        subject: format!("shop {right} is right in listing {digest}"),
        detail,
    }
}

impl Client {
    fn seen(&self, choice: &Choice) -> Result<Arc<Listing>, AlignError> {
        let seen = self.alignment.shown(&choice.digest);
        let seen = seen.ok_or_else(|| AlignError::UnknownListing(choice.digest.clone()))?;
        match seen.shops.contains(&choice.right) {
            true => Ok(seen),
            false => Err(AlignError::NotCompared(choice.right.clone())),
        }
    }

    /// Compares the production shops, as the mirror has them.
    async fn compare_shops(&self) -> Result<Listing, AlignError> {
        let mut shops = BTreeSet::new();
        for (id, shop) in &self.setup.shops {
            let imported = self.store.shop_progress(&self.setup.id, id).await?.imported;
            if shop.production && imported {
                shops.insert(id.clone());
            }
        }
        if shops.len() < 2 {
            return Err(AlignError::TooFewShops(self.setup.id.clone()));
        }
        let view = self.store.view(&self.setup.id).await?;
        let mut held = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let skus = self.store.skus(&view, after.as_deref(), ALIGN_SKUS_BATCH_MAX).await?;
            for sku in &skus {
                held.extend(self.held(&view, sku).await?);
            }
            match skus.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(compare::compare(&shops, held)),
            }
        }
    }

    async fn held(&self, view: &RunView, sku: &str) -> Result<Vec<Held>, StoreError> {
        let variants = self.store.variants_by_sku(view, sku).await?;
        Ok(variants.iter().filter_map(|(key, entity)| Held::of(key, entity)).collect())
    }

    /// Puts the writes into the outbox of what is still as the person saw it.
    async fn align_now(
        &self,
        seen: &Listing,
        choice: &Choice,
        what: &str,
    ) -> Result<Aligned, AlignError> {
        let now_there = self.compare_shops().await?;
        let there: BTreeMap<&str, &Row> =
            now_there.rows.iter().map(|row| (row.sku.as_str(), row)).collect();
        let (rows, moved_on): (Vec<Row>, Vec<Row>) =
            seen.rows.iter().cloned().partition(|row| there.get(&*row.sku) == Some(&row));
        let moved_on: Vec<String> = compare::changes(&moved_on, &choice.right)
            .into_iter()
            .map(|change| change.sku)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let changes = compare::changes(&rows, &choice.right);
        let event = self.store.backlog(&self.setup.id).await?.last_event;
        let Ok(install) = InstallId::new(INSTALL) else {
            return Ok(Aligned::Committed { actions: 0, moved_on });
        };
        let proposals: Vec<Proposal> =
            changes.iter().map(|change| self.proposal(&install, event, choice, change)).collect();
        let detail = format!("{} writes; {} SKUs moved on", proposals.len(), moved_on.len());
        let mut act = Some(act(choice, what, detail));
        let actions = proposals.len();
        let mut rest = proposals.into_iter().peekable();
        while act.is_some() || rest.peek().is_some() {
            let part: Vec<Proposal> = rest.by_ref().take(ALIGN_COMMIT_ACTIONS_MAX).collect();
            self.store.propose(&self.lease, now(), &install, part, act.take()).await?;
        }
        self.wakes.outbox.notify_one();
        self.wake_installs();
        Ok(Aligned::Committed { actions, moved_on })
    }

    fn proposal(
        &self,
        install: &InstallId,
        event: u64,
        choice: &Choice,
        change: &Change,
    ) -> Proposal {
        let Change { sku, shop, variant, location, before, after } = change;
        let name = format!("{}/{shop}/{variant}", choice.digest);
        let client = &self.setup.id;
        let origin = ProposalOrigin { client, install, event, cursor: None, name: &name };
        let title = self.shop(&choice.right).map_or(choice.right.as_str(), |shop| &shop.name);
        let who = &choice.principal;
        let explanation = Localised {
            en: format!("{sku}: brought into line with “{title}”, as {who} chose"),
            it: format!("{sku}: allineato a «{title}», come scelto da {who}"),
        };
        Proposal {
            id: ActionId::of(origin),
            kind: ActionKind::ChangeStock {
                shop: shop.clone(),
                variant: variant.clone(),
                location: location.clone(),
                available: *after,
                decided_on: *before,
            },
            terms: Terms { explanation, ..Terms::default() },
        }
    }
}
