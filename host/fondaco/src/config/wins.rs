//! Who writes, where several modules of a client would write the same thing of the same shops.
//!
//! Two modules that set the same stock undo each other's work for ever, and neither sees why. So
//! the client says who wins, or the configuration is refused.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_model::{InstallId, ShopId};

use super::reader::{Place, Section, nearest, quoted};

/// The interfaces by which a module sets something another module may want to be different. Those
/// that only add something (an alert, a message) are no matter of winning, and neither are the notes
/// and parcels of `change-orders`: whoever does not win there may still write them. A discount code
/// is a thing of its own, which the module that wants it names.
pub(super) const EXCLUSIVE_WRITES: [&str; 5] =
    ["change-catalogue", "change-orders", "change-prices", "change-returns", "change-stock"];

/// An install with what it would write: nothing while it is off or in shadow.
pub(super) struct Writer<'a> {
    pub(super) install: InstallId,
    pub(super) place: Place<'a>,
    pub(super) writes: BTreeSet<&'static str>,
    /// The shops it is for; absent: all of the client's.
    pub(super) shops: Option<BTreeSet<ShopId>>,
}

impl Writer<'_> {
    fn shares_a_shop_with(&self, other: &Self) -> bool {
        match (&self.shops, &other.shops) {
            (Some(own), Some(others)) => !own.is_disjoint(others),
            _ => true,
        }
    }
}

/// Reads `[wins]` and holds it against who writes what.
pub(super) fn read_wins(
    root: &mut Section<'_>,
    writers: &[Writer<'_>],
    installs: &BTreeSet<InstallId>,
) -> Option<BTreeMap<String, InstallId>> {
    let node = root.may("wins");
    let mut decided = BTreeSet::new();
    let wins = match &node {
        None => Some(BTreeMap::new()),
        Some(node) => node.table(|section| {
            let mut wins = BTreeMap::new();
            let mut all_good = true;
            for write in EXCLUSIVE_WRITES {
                let Some(node) = section.may(write) else {
                    continue;
                };
                decided.insert(write);
                let winner = node.text().and_then(|text| winner(text, &node.place, installs));
                if let Some(winner) = &winner {
                    check_winner(write, winner, &node.place, writers);
                }
                all_good &= winner.is_some();
                wins.extend(winner.map(|winner| (write.to_owned(), winner)));
            }
            all_good.then_some(wins)
        })?,
    };
    for write in EXCLUSIVE_WRITES {
        let writers: Vec<&Writer<'_>> =
            writers.iter().filter(|writer| writer.writes.contains(write)).collect();
        let has_rival = |writer: &&&Writer<'_>| {
            let mut others = writers.iter().filter(|other| other.install != writer.install);
            others.any(|other| writer.shares_a_shop_with(other))
        };
        let mut rivals: Vec<&Writer<'_>> = writers.iter().filter(has_rival).copied().collect();
        rivals.sort_by_key(|writer| writer.place.span.start);
        if let ([_, .., last], false) = (rivals.as_slice(), decided.contains(write)) {
            let names = quoted(rivals.iter().map(|writer| writer.install.as_str()));
            let winner = rivals.first().map_or("", |writer| writer.install.as_str());
            let message = format!("{names} would all `{write}` in the same shops");
            let fix = format!("say who does: [wins] {write} = \"{winner}\"");
            last.place.missing(message, fix);
        }
    }
    wins
}

fn winner(text: &str, place: &Place<'_>, installs: &BTreeSet<InstallId>) -> Option<InstallId> {
    let known = installs.iter().find(|install| install.as_str() == text);
    if known.is_none() {
        let near = nearest(text, installs.iter().map(InstallId::as_str));
        let fix = near.map_or_else(
            || "name an install of this client".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        place.mistake(format!("there is no install `{text}`"), fix);
    }
    known.cloned()
}

fn check_winner(write: &str, winner: &InstallId, place: &Place<'_>, writers: &[Writer<'_>]) {
    // An install that could not be read is not among the writers, and has its own mistake.
    let known = writers.iter().find(|writer| writer.install == *winner);
    if known.is_some_and(|writer| !writer.writes.contains(write)) {
        let message = format!("`{winner}` is off, in shadow, or does not `{write}`");
        place.warning(message, "name an install that does, or remove the line");
    }
}
