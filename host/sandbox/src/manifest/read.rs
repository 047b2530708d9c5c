//! What `plugin.toml` says, key by key.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    str::FromStr,
};

use fondaco_model::{action::Localised, http::HostPattern, run::Resource, schedule::Schedule};
use semver::Version;
use toml::de::DeTable;

use super::{
    Kpi, ManifestMistake, Signal, Subscription,
    reader::{Reader, Table},
};
use crate::{
    Hook,
    grants::{Grants, PersonalField},
    limits,
};

/// What `plugin.toml` says.
#[derive(Debug)]
pub(super) struct Parts {
    pub id: String,
    pub version: Version,
    pub state_schema: u32,
    pub area: String,
    pub title: Localised,
    pub description: Localised,
    pub reasons: BTreeMap<String, Localised>,
    pub http_hosts: BTreeSet<HostPattern>,
    pub personal_fields: BTreeSet<PersonalField>,
    pub subscriptions: BTreeMap<Hook, Subscription>,
    pub schedules: BTreeMap<String, Schedule>,
    pub signals: Vec<Signal>,
    pub kpis: Vec<Kpi>,
    pub limits: BTreeMap<Resource, u64>,
}

const KEYS: [&str; 14] = [
    "id",
    "version",
    "state-schema",
    "area",
    "title",
    "description",
    "reasons",
    "http-hosts",
    "personal-fields",
    "subscriptions",
    "schedules",
    "signals",
    "kpis",
    "limits",
];

/// Reads the whole file, and lists every mistake if there is one.
pub(super) fn read(text: &str) -> Result<Parts, Vec<ManifestMistake>> {
    let mut reader = Reader { text, mistakes: Vec::new() };
    if text.len() > limits::MANIFEST_BYTES_MAX {
        let most = limits::MANIFEST_BYTES_MAX;
        reader.mistake(0..0, format!("is {} bytes long; {most} is the most", text.len()));
        return Err(reader.mistakes);
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        for error in errors {
            reader.mistake(error.span().unwrap_or_default(), error.message().to_owned());
        }
        return Err(reader.mistakes);
    }
    let parts = reader.parts(table.get_ref());
    match parts {
        Some(parts) if reader.mistakes.is_empty() => Ok(parts),
        _ => Err(reader.mistakes),
    }
}

impl Reader<'_> {
    fn parts(&mut self, table: &DeTable<'_>) -> Option<Parts> {
        let root = Table { table, name: "", span: 0..0 };
        self.refuse_unknown(&root, &KEYS);
        let id = self.name(&root, "id");
        let version = self.version(&root);
        let state_schema = self.number(&root, "state-schema", 1, u64::from(u32::MAX));
        if state_schema.is_none() && !table.contains_key("state-schema") {
            self.missing(&root, "state-schema", "1 for a module's first version");
        }
        let area = self.name(&root, "area");
        let title = self.localised(&root, "title");
        let description = self.localised(&root, "description");
        let reasons = self.reasons(&root);
        let http_hosts = self.http_hosts(&root);
        let personal_fields = self.personal_fields(&root);
        let subscriptions = self.subscriptions(&root);
        let schedules = self.schedules(&root);
        let signals = self.signals(&root);
        let kpis = self.kpis(&root);
        let limits = self.limits(&root);
        Some(Parts {
            id: id?,
            version: version?,
            state_schema: u32::try_from(state_schema?).ok()?,
            area: area?,
            title: title?,
            description: description?,
            reasons,
            http_hosts,
            personal_fields,
            subscriptions,
            schedules,
            signals,
            kpis,
            limits,
        })
    }

    fn version(&mut self, table: &Table<'_, '_>) -> Option<Version> {
        let (text, span) = self.text(table, "version", "one such as \"0.1.0\"")?;
        match Version::parse(text) {
            Ok(version) => Some(version),
            Err(error) => {
                let message = format!("`{text}` is no semantic version such as 1.4.0: {error}");
                self.mistake(span, message);
                None
            }
        }
    }

    fn reasons(&mut self, root: &Table<'_, '_>) -> BTreeMap<String, Localised> {
        let wanted = "a table with a sentence for each interface";
        let Some(table) = self.section(root, "reasons", "[reasons]", wanted) else {
            return BTreeMap::new();
        };
        self.refuse_unknown(&table, &Grants::ALL_GRANTABLE);
        let mut reasons = BTreeMap::new();
        for interface in Grants::ALL_GRANTABLE {
            if table.table.contains_key(interface) {
                let reason = self.localised(&table, interface);
                reasons.extend(reason.map(|reason| (interface.to_owned(), reason)));
            }
        }
        reasons
    }

    fn http_hosts(&mut self, root: &Table<'_, '_>) -> BTreeSet<HostPattern> {
        self.set(root, "http-hosts", limits::HTTP_HOSTS_MAX, "[\"api.example.com\"]", |text| {
            HostPattern::from_str(text).map_err(|error| error.to_string())
        })
    }

    fn personal_fields(&mut self, root: &Table<'_, '_>) -> BTreeSet<PersonalField> {
        let most = PersonalField::ALL.len();
        self.set(root, "personal-fields", most, "[\"email\"]", |text| {
            let known = PersonalField::ALL.map(PersonalField::as_str);
            let known = crate::grants::Names(&known);
            PersonalField::from_name(text)
                .ok_or_else(|| format!("`{text}` is no field of a person; known is {known}"))
        })
    }

    /// A list of different texts, each read by `how`.
    fn set<T: Ord + fmt::Display>(
        &mut self,
        root: &Table<'_, '_>,
        key: &str,
        most: usize,
        example: &str,
        how: impl Fn(&str) -> Result<T, String>,
    ) -> BTreeSet<T> {
        let mut set = BTreeSet::new();
        for entry in self.list(root, key, most, &format!("a list such as {example}")) {
            let Some(text) = entry.get_ref().as_str() else {
                self.wrong(key, entry, "texts in quotes");
                continue;
            };
            match how(text) {
                Ok(value) if set.contains(&value) => {
                    self.mistake(entry.span(), format!("`{value}` is in `{key}` twice"));
                }
                Ok(value) => {
                    set.insert(value);
                }
                Err(message) => self.mistake(entry.span(), format!("`{key}`: {message}")),
            }
        }
        set
    }

    fn subscriptions(&mut self, root: &Table<'_, '_>) -> BTreeMap<Hook, Subscription> {
        let wanted = "[subscriptions.on-order] and so on";
        let Some(table) = self.section(root, "subscriptions", "[subscriptions]", wanted) else {
            return BTreeMap::new();
        };
        // What is asked and answered at once has nothing to wait for.
        let hooks = Hook::ALL.into_iter().filter(|hook| !hook.is_synchronous());
        let names: Vec<&str> = hooks.clone().map(Hook::as_str).collect();
        self.refuse_unknown(&table, &names);
        let mut subscriptions = BTreeMap::new();
        for hook in hooks {
            let name = format!("[subscriptions.{hook}]");
            let known: &[&str] = match hook {
                Hook::Lifecycle => &["history"],
                _ => &["coalesce", "max-age"],
            };
            let wanted = format!("a table with {}", crate::grants::Names(known));
            let Some(inner) = self.section(&table, hook.as_str(), &name, &wanted) else {
                continue;
            };
            subscriptions.insert(hook, self.subscription(&inner, known));
        }
        subscriptions
    }

    fn subscription(&mut self, table: &Table<'_, '_>, known: &[&str]) -> Subscription {
        self.refuse_unknown(table, known);
        if table.table.is_empty() {
            let message =
                format!("{} says nothing; write {}", table.name, crate::grants::Names(known));
            self.mistake(table.span.clone(), message);
        }
        let mut may = |key: &str, bounds| {
            table.table.contains_key(key).then(|| self.duration(table, key, bounds)).flatten()
        };
        let coalesce = may("coalesce", (limits::COALESCE_MS_MIN, limits::COALESCE_MS_MAX));
        let max_age = may("max-age", (limits::MAX_AGE_MS_MIN, limits::MAX_AGE_MS_MAX));
        if coalesce.zip(max_age).is_some_and(|(coalesce, max_age)| coalesce >= max_age) {
            let message = "with `coalesce` as long as `max-age`, events are too old before they \
                           are delivered; shorten `coalesce`";
            self.mistake(table.span.clone(), message.to_owned());
        }
        let history = self.flag(table, "history").unwrap_or(true);
        Subscription { coalesce, max_age, history }
    }

    fn limits(&mut self, root: &Table<'_, '_>) -> BTreeMap<Resource, u64> {
        let wanted = "a table such as { fuel = 1_000_000 }";
        let Some(table) = self.section(root, "limits", "[limits]", wanted) else {
            return BTreeMap::new();
        };
        self.refuse_unknown(&table, &Resource::ALL.map(Resource::as_str));
        let host = limits::run_limits();
        let mut own = BTreeMap::new();
        for resource in Resource::ALL {
            // A host that gives less than one written unit leaves nothing to lower.
            let most = (host[resource] / resource.scale()).max(1);
            let limit = self.number(&table, resource.as_str(), 1, most);
            own.extend(limit.map(|limit| (resource, limit.saturating_mul(resource.scale()))));
        }
        own
    }
}
