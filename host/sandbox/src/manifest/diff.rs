//! What a new version of a module asks for that the one before did not, in words for whoever has to
//! agree to it.
//!
//! Nothing here decides anything: whether a version may start is a matter of what is granted. This
//! says beforehand what would have to be.

use std::{collections::BTreeSet, fmt::Display, time::Duration};

use fondaco_model::{action::Localised, schedule::Schedule};

use super::{
    Direction, Kpi, Manifest, Setting, Signal, Subscription, beat_in_words, reader::in_words,
};
use crate::{
    Inspection,
    grants::{Asked, Grants, covers},
    limits,
};

/// What differs between two versions, each a whole sentence.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// What the new one hears, may do and reaches that the old one did not, and what it needs to be
    /// set that the old one did not need.
    pub newly: Vec<String>,
    /// What the old one heard, did, reached or had, and the new one does not.
    pub no_longer: Vec<String>,
    /// What is otherwise than it was, and asks nobody for anything.
    pub changed: Vec<String>,
}

impl Difference {
    /// Whether the new one asks for more than the old one.
    #[must_use]
    pub const fn asks_for_more(&self) -> bool {
        !self.newly.is_empty()
    }

    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.newly.is_empty() && self.no_longer.is_empty() && self.changed.is_empty()
    }
}

/// Compares a version of a module with the one that would take its place.
#[must_use]
pub fn difference(old: &Inspection, new: &Inspection) -> Difference {
    let mut difference = Difference::default();
    difference.identity(old, new);
    difference.hooks(old, new);
    difference.asked(old, new);
    let (old_manifest, new_manifest) = (&old.manifest, &new.manifest);
    difference.reasons(old_manifest, new_manifest);
    difference.subscriptions(old_manifest, new_manifest);
    difference.schedules(old_manifest, new_manifest);
    difference.signals(old_manifest, new_manifest);
    difference.kpis(old_manifest, new_manifest);
    difference.limits(old_manifest, new_manifest);
    difference.settings(&old_manifest.setting_list(), &new_manifest.setting_list());
    difference
}

impl Difference {
    fn identity(&mut self, old: &Inspection, new: &Inspection) {
        let (older, newer) = (&old.manifest, &new.manifest);
        if older.id != newer.id {
            let (older, newer) = (&older.id, &newer.id);
            self.changed.push(format!(
                "These are two modules, `{older}` and `{newer}`, and not two versions of one."
            ));
        }
        let (before, after) = (&older.version, &newer.version);
        if before < after {
            self.changed.push(format!("Version {after} takes the place of {before}."));
        } else if before > after {
            self.changed.push(format!("Version {after} is older than {before}."));
        } else if old.digest != new.digest {
            self.changed.push(format!(
                "Both say that they are version {after}, and they are not the same file."
            ));
        }
        if older.state_schema != newer.state_schema {
            let (before, after) = (older.state_schema, newer.state_schema);
            self.changed.push(format!(
                "Its state has schema {after} instead of {before}: what the version before kept \
                 cannot be read as it is, so the new one has to convert it, or starts without it."
            ));
        }
        self.instead("It belongs to the area", &older.area, &newer.area);
        match (old.wasi, new.wasi) {
            (false, true) => self.changed.push(
                "It now imports WASI, which gives it the run's clock and randomness and nothing \
                 else."
                    .to_owned(),
            ),
            (true, false) => self.no_longer.push("It no longer imports WASI.".to_owned()),
            _ => {}
        }
    }

    fn instead<T: PartialEq + Display>(&mut self, what: &str, before: &T, after: &T) {
        if before != after {
            self.changed.push(format!("{what} `{after}` instead of `{before}`."));
        }
    }

    fn hooks(&mut self, old: &Inspection, new: &Inspection) {
        for hook in new.hooks.difference(&old.hooks) {
            let served = if hook.is_served() { "" } else { ", which this host does not call yet" };
            self.newly.push(format!("It now hears `{hook}`{served}."));
        }
        for hook in old.hooks.difference(&new.hooks) {
            self.no_longer.push(format!("It no longer hears `{hook}`."));
        }
    }

    fn asked(&mut self, old: &Inspection, new: &Inspection) {
        let (before, after) = (old.asked(), new.asked());
        // A host that the other version reaches by a wider pattern is no new one.
        let is_in = |asked: &Asked, others: &BTreeSet<Asked>| match asked {
            Asked::HttpHost(host) => others
                .iter()
                .any(|other| matches!(other, Asked::HttpHost(wide) if covers(wide, host))),
            _ => others.contains(asked),
        };
        for asked in after.iter().filter(|asked| !is_in(asked, &before)) {
            self.newly.push(newly(asked, &new.manifest));
        }
        for asked in before.iter().filter(|asked| !is_in(asked, &after)) {
            self.no_longer.push(no_longer(asked));
        }
    }

    fn reasons(&mut self, old: &Manifest, new: &Manifest) {
        for (interface, after) in &new.reasons {
            if old.reasons.get(interface).is_some_and(|before| before != after) {
                let Localised { en, .. } = after;
                self.changed.push(format!("It gives another reason for `{interface}`: “{en}”"));
            }
        }
    }

    fn subscriptions(&mut self, old: &Manifest, new: &Manifest) {
        let hooks: BTreeSet<_> = old.subscriptions.keys().chain(new.subscriptions.keys()).collect();
        for hook in hooks {
            let of = |manifest: &Manifest| manifest.subscriptions.get(hook).copied();
            let (before, after) = (of(old).unwrap_or_default(), of(new).unwrap_or_default());
            if before != after {
                self.changed.push(format!("It hears `{hook}` {}.", in_which_way(after)));
            }
        }
    }

    fn schedules(&mut self, old: &Manifest, new: &Manifest) {
        let (before, after) = (&old.schedules, &new.schedules);
        for (name, Schedule { beat, missed }) in after {
            let now = beat_in_words(beat);
            let Some(other) = before.get(name) else {
                self.changed.push(format!("It now has the schedule `{name}`, {now}."));
                continue;
            };
            if other.beat != *beat {
                let then = beat_in_words(&other.beat);
                self.changed.push(format!("The schedule `{name}` is {now} instead of {then}."));
            }
            let what = format!("Of the ticks that the schedule `{name}` missed it hears");
            self.instead(&what, &other.missed, missed);
        }
        for name in before.keys().filter(|name| !after.contains_key(*name)) {
            self.no_longer.push(format!("It no longer has the schedule `{name}`."));
        }
    }

    /// What signals carry; which there are is among what is asked for.
    fn signals(&mut self, old: &Manifest, new: &Manifest) {
        for signal in &new.signals {
            let same = |other: &&Signal| {
                (&other.name, other.direction) == (&signal.name, signal.direction)
            };
            let before = old.signals.iter().find(same);
            if before.is_some_and(|before| before.schema() != signal.schema()) {
                let who = match signal.direction {
                    Direction::Sends => "it sends",
                    Direction::Hears => "it hears",
                };
                let name = &signal.name;
                self.changed.push(format!("The signal `{name}` that {who} has another schema."));
            }
        }
    }

    fn kpis(&mut self, old: &Manifest, new: &Manifest) {
        let of = |manifest: &Manifest, name: &str| -> Option<Kpi> {
            manifest.kpis.iter().find(|kpi| kpi.name == name).cloned()
        };
        for Kpi { name, unit, better, .. } in &new.kpis {
            match of(old, name) {
                None => self.changed.push(format!("It now records the KPI `{name}`.")),
                Some(before) => {
                    self.instead(&format!("The KPI `{name}` is counted in"), &before.unit, unit);
                    let what = format!("The KPI `{name}` is better when it is");
                    self.instead(&what, &before.better, better);
                }
            }
        }
        for Kpi { name, .. } in old.kpis.iter().filter(|kpi| of(new, &kpi.name).is_none()) {
            self.no_longer.push(format!("It no longer records the KPI `{name}`."));
        }
    }

    fn limits(&mut self, old: &Manifest, new: &Manifest) {
        let host = limits::run_limits();
        let (before, after) = (host.lowered(&old.limits), host.lowered(&new.limits));
        for ((resource, before), (_, after)) in before.iter().zip(after.iter()) {
            let (before, after) = (before / resource.scale(), after / resource.scale());
            if before != after {
                let name = resource.as_str();
                let sentence = format!("A run may use at most {after} {name} instead of {before}.");
                self.changed.push(sentence);
            }
        }
    }

    fn settings(&mut self, old: &[Setting<'_>], new: &[Setting<'_>]) {
        for setting in new {
            let name = &setting.name;
            let before = old.iter().find(|other| other.name == *name);
            let must = must_be_set(setting, new);
            let was_must = before.is_some_and(|before| must_be_set(before, old));
            match before {
                _ if must && !was_must => {
                    self.newly
                        .push(format!("It now needs the setting `{name}`: {}.", setting.title));
                }
                None => {
                    let sentence = format!("It now has the setting `{name}`: {}.", setting.title);
                    self.changed.push(sentence);
                }
                Some(_) if was_must && !must => {
                    self.changed.push(format!("The setting `{name}` may now be left out."));
                }
                Some(_) => {}
            }
            if let Some(before) = before {
                self.instead(&format!("The setting `{name}` is"), &before.kind, &setting.kind);
                self.setting_default(before, setting);
            }
        }
        for Setting { name, .. } in old.iter().filter(|other| !has(new, &other.name)) {
            self.no_longer.push(format!(
                "It no longer has the setting `{name}`; where a client sets it, it has to go."
            ));
        }
    }

    fn setting_default(&mut self, before: &Setting<'_>, after: &Setting<'_>) {
        let name = &after.name;
        if let (Some(before), Some(after)) = (before.default, after.default) {
            self.instead(&format!("Unless set, `{name}` is"), before, after);
        } else if let (None, Some(default)) = (before.default, after.default) {
            self.changed.push(format!("Unless set, `{name}` is now `{default}`."));
        } else if let (Some(_), None) = (before.default, after.default) {
            self.changed.push(format!("`{name}` no longer has a default."));
        }
    }
}

fn has(settings: &[Setting<'_>], name: &str) -> bool {
    settings.iter().any(|setting| setting.name == name)
}

/// Whether a client's file without the setting is wrong: it has to be there, and so has whatever it
/// is within.
fn must_be_set(setting: &Setting<'_>, all: &[Setting<'_>]) -> bool {
    let within = setting.name.rsplit_once('.').map(|(within, _)| within);
    let within = within.and_then(|within| all.iter().find(|other| other.name == within));
    setting.must_be_set()
        && within.is_none_or(|within| within.default.is_some() || must_be_set(within, all))
}

fn newly(asked: &Asked, manifest: &Manifest) -> String {
    match asked {
        Asked::Interface(name) => {
            let served = Grants::is_served(name);
            let served = if served { "" } else { ", which this host does not serve yet" };
            let reason = manifest.reasons.get(name);
            let reason = reason.map(|reason| format!(" Its reason: “{}”", reason.en));
            format!("It may now use `{name}`{served}.{}", reason.unwrap_or_default())
        }
        Asked::HttpHost(host) => format!("It now reaches the host `{host}` over HTTP."),
        Asked::PersonalField(field) => format!("It now reads people's `{field}`."),
        Asked::SendSignal(name) => format!("It now sends the signal `{name}` to other modules."),
        Asked::HearSignal(name) => format!("It now hears the signal `{name}` of other modules."),
    }
}

fn no_longer(asked: &Asked) -> String {
    match asked {
        Asked::Interface(name) => format!("It no longer uses `{name}`."),
        Asked::HttpHost(host) => format!("It no longer reaches the host `{host}`."),
        Asked::PersonalField(field) => format!("It no longer reads people's `{field}`."),
        Asked::SendSignal(name) => format!("It no longer sends the signal `{name}`."),
        Asked::HearSignal(name) => format!("It no longer hears the signal `{name}`."),
    }
}

fn in_which_way(subscription: Subscription) -> String {
    let Subscription { coalesce, max_age, history } = subscription;
    if !history {
        return "without the orders from before it was installed".to_owned();
    }
    let waits = coalesce.map_or_else(
        || "each time".to_owned(),
        |wait| format!("once for whatever happens within {}", words(wait)),
    );
    let age = max_age.map_or_else(
        || "however old it is".to_owned(),
        |age| format!("unless it is older than {}", words(age)),
    );
    format!("{waits}, {age}")
}

fn words(duration: Duration) -> String {
    in_words(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
