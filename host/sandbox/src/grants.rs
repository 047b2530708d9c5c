//! What an install may do beyond what every module may, and how far that reaches.
//!
//! An interface that is not granted is not linked. Four things are granted finer than that, because
//! an interface alone would say too little: which shops, which hosts over HTTP, which fields of a
//! person, which signals.

use std::{collections::BTreeSet, fmt};

use fondaco_model::{ShopId, http::HostPattern};

use crate::contract::Hook;

/// The interfaces that are there without a grant: nothing of a shop can be read or changed with
/// them.
pub const ALWAYS_THERE: [&str; 7] =
    ["types", "commerce", "log", "clock", "random", "settings", "state"];

/// The interfaces whose functions are more than in the contract today. The others answer that they
/// are not served yet.
const SERVED_INTERFACES: [&str; 13] = [
    "alert",
    "catalogue",
    "change-catalogue",
    "change-discounts",
    "change-orders",
    "change-prices",
    "change-returns",
    "change-stock",
    "http-get",
    "orders",
    "people",
    "signal",
    "stock",
];

/// The hooks that anything calls today.
const SERVED_HOOKS: [&str; 6] =
    ["on-lifecycle", "on-order", "on-outcome", "on-schedule", "on-signal", "on-stock"];

impl Hook {
    /// Whether this host calls it. A module that exports another one loads, and is not called
    /// there.
    #[must_use]
    pub fn is_served(self) -> bool {
        SERVED_HOOKS.contains(&self.as_str())
    }
}

/// A part of what identifies a person, granted on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonalField {
    /// Given and family name.
    Name,
    /// E-mail address.
    Email,
    /// Telephone number.
    Phone,
    /// Where they live and where goods are sent.
    Address,
    /// The company they buy for.
    Company,
    /// VAT number and other tax codes.
    TaxCodes,
}

impl PersonalField {
    /// All there are.
    pub const ALL: [Self; 6] =
        [Self::Name, Self::Email, Self::Phone, Self::Address, Self::Company, Self::TaxCodes];

    /// Its name in `plugin.toml` and a client's file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address => "address",
            Self::Company => "company",
            Self::TaxCodes => "tax-codes",
        }
    }

    /// The field of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.as_str() == name)
    }
}

impl fmt::Display for PersonalField {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// What a client granted to an install.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Grants {
    interfaces: BTreeSet<String>,
    shops: Option<BTreeSet<ShopId>>,
    http_hosts: BTreeSet<HostPattern>,
    personal_fields: BTreeSet<PersonalField>,
    signals: BTreeSet<String>,
    /// Whether whatever a module asks for is granted.
    everything: bool,
}

/// A name that is no interface to grant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be granted; what can is {}", Names(&Grants::ALL_GRANTABLE))]
pub struct UnknownGrant {
    /// The name.
    pub name: String,
}

impl Grants {
    /// Every interface that can be granted.
    pub const ALL_GRANTABLE: [&'static str; 19] = [
        "alert",
        "ask-person",
        "catalogue",
        "change-catalogue",
        "change-discounts",
        "change-orders",
        "change-prices",
        "change-returns",
        "change-stock",
        "http-get",
        "http-request",
        "metrics",
        "orders",
        "people",
        "publish-file",
        "record-metric",
        "send-message",
        "signal",
        "stock",
    ];

    /// Takes the interfaces a client's file lists. They are for all of the client's shops, and reach
    /// no host, no person and no other module.
    ///
    /// # Errors
    /// At the first name that is no interface to grant.
    pub fn new<I>(names: I) -> Result<Self, UnknownGrant>
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let check = |name: I::Item| {
            let name = name.into();
            let known = Self::is_grantable(&name);
            if known { Ok(name) } else { Err(UnknownGrant { name }) }
        };
        let interfaces = names.into_iter().map(check).collect::<Result<_, _>>()?;
        Ok(Self { interfaces, ..Self::default() })
    }

    /// Every interface, and whatever else a module asks for; for tests and for a module's author.
    #[must_use]
    pub fn all() -> Self {
        Self {
            interfaces: Self::ALL_GRANTABLE.into_iter().map(str::to_owned).collect(),
            personal_fields: PersonalField::ALL.into(),
            everything: true,
            ..Self::default()
        }
    }

    /// The same for these shops only.
    #[must_use]
    pub fn with_shops(self, shops: impl IntoIterator<Item = ShopId>) -> Self {
        Self { shops: Some(shops.into_iter().collect()), ..self }
    }

    /// The same with these hosts to be reached over HTTP.
    #[must_use]
    pub fn with_http_hosts(self, hosts: impl IntoIterator<Item = HostPattern>) -> Self {
        Self { http_hosts: hosts.into_iter().collect(), ..self }
    }

    /// The same with these fields of people to be read.
    #[must_use]
    pub fn with_personal_fields(self, fields: impl IntoIterator<Item = PersonalField>) -> Self {
        Self { personal_fields: fields.into_iter().collect(), ..self }
    }

    /// The same with these signals to be sent and heard.
    #[must_use]
    pub fn with_signals<I>(self, signals: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        Self { signals: signals.into_iter().map(Into::into).collect(), ..self }
    }

    /// Whether a name is an interface that needs a grant.
    #[must_use]
    pub fn is_grantable(name: &str) -> bool {
        Self::ALL_GRANTABLE.contains(&name)
    }

    /// Whether this host does what the interface of this name promises. One that is not served yet
    /// can be imported and granted, and answers that it is not served.
    #[must_use]
    pub fn is_served(name: &str) -> bool {
        ALWAYS_THERE.contains(&name) || SERVED_INTERFACES.contains(&name)
    }

    /// Whether this interface is granted.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.interfaces.contains(name)
    }

    /// The interfaces' names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.interfaces.iter().map(String::as_str)
    }

    /// The shops it is for; absent: all of the client's.
    #[must_use]
    pub const fn shops(&self) -> Option<&BTreeSet<ShopId>> {
        self.shops.as_ref()
    }

    /// Whether it is for this shop.
    #[must_use]
    pub fn sees(&self, shop: &ShopId) -> bool {
        self.shops.as_ref().is_none_or(|shops| shops.contains(shop))
    }

    /// The hosts that may be reached over HTTP.
    #[must_use]
    pub const fn http_hosts(&self) -> &BTreeSet<HostPattern> {
        &self.http_hosts
    }

    /// The fields of people that may be read.
    #[must_use]
    pub const fn personal_fields(&self) -> &BTreeSet<PersonalField> {
        &self.personal_fields
    }

    /// The signals that may be sent and heard.
    #[must_use]
    pub const fn signals(&self) -> &BTreeSet<String> {
        &self.signals
    }

    /// Whether something that a module asks for is granted. A pattern of hosts is when any host it
    /// stands for is: the module then reaches these, and no other.
    #[must_use]
    pub fn allows(&self, asked: &Asked) -> bool {
        let named = || match asked {
            Asked::Interface(name) => self.interfaces.contains(name),
            Asked::HttpHost(host) => self.http_hosts.iter().any(|own| common(own, host).is_some()),
            Asked::PersonalField(field) => self.personal_fields.contains(field),
            Asked::SendSignal(name) | Asked::HearSignal(name) => self.signals.contains(name),
        };
        self.everything || named()
    }

    /// What is left of this for a module that asks for no more than this: both agree on it.
    #[must_use]
    pub fn held_to<'a>(&self, asked: impl IntoIterator<Item = &'a Asked>) -> Self {
        let mut held = Self { shops: self.shops.clone(), ..Self::default() };
        for asked in asked.into_iter().filter(|asked| self.allows(asked)) {
            match asked {
                Asked::Interface(name) => {
                    held.interfaces.insert(name.clone());
                }
                Asked::HttpHost(host) if self.everything => {
                    held.http_hosts.insert(host.clone());
                }
                Asked::HttpHost(host) => {
                    let hosts = self.http_hosts.iter().filter_map(|own| common(own, host));
                    held.http_hosts.extend(hosts.cloned());
                }
                Asked::PersonalField(field) => {
                    held.personal_fields.insert(*field);
                }
                Asked::SendSignal(name) | Asked::HearSignal(name) => {
                    held.signals.insert(name.clone());
                }
            }
        }
        held
    }

    /// The line of a client's file that grants this, along with what is granted of its kind already.
    pub(crate) fn line_for<'a>(&self, missing: impl IntoIterator<Item = &'a Asked>) -> String {
        let mut names = BTreeSet::new();
        let mut key = "grants";
        for asked in missing {
            key = asked.key();
            names.insert(asked.name());
        }
        match key {
            "http-hosts" => names.extend(self.http_hosts.iter().map(ToString::to_string)),
            "personal-fields" => names.extend(self.personal_fields.iter().map(ToString::to_string)),
            "signals" => names.extend(self.signals.iter().cloned()),
            _ => names.extend(self.interfaces.iter().cloned()),
        }
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        format!("{key} = [{}]", names.join(", "))
    }
}

/// The hosts that both patterns stand for; absent: none. Of two patterns that share a host, one
/// stands for all the other does.
fn common<'a>(one: &'a HostPattern, other: &'a HostPattern) -> Option<&'a HostPattern> {
    if covers(one, other) {
        Some(other)
    } else if covers(other, one) {
        Some(one)
    } else {
        None
    }
}

/// Whether a pattern stands for every host that another one stands for.
#[must_use]
pub fn covers(wide: &HostPattern, narrow: &HostPattern) -> bool {
    if wide == narrow {
        return true;
    }
    match narrow.as_str().strip_prefix("*.") {
        // What is below a domain is below whatever that domain is below.
        Some(domain) => wide.as_str().starts_with("*.") && wide.matches(domain),
        None => wide.matches(narrow.as_str()),
    }
}

/// Something a module asks for that its client has to grant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Asked {
    /// An interface that it imports, such as `change-stock`.
    Interface(String),
    /// A host that it reaches over HTTP.
    HttpHost(HostPattern),
    /// A field of people that it reads.
    PersonalField(PersonalField),
    /// A signal that it sends.
    SendSignal(String),
    /// A signal that it hears.
    HearSignal(String),
}

impl Asked {
    /// The key of an install, in a client's file, that grants it.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Interface(_) => "grants",
            Self::HttpHost(_) => "http-hosts",
            Self::PersonalField(_) => "personal-fields",
            Self::SendSignal(_) | Self::HearSignal(_) => "signals",
        }
    }

    /// What is written under that key.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Interface(name) | Self::SendSignal(name) | Self::HearSignal(name) => name.clone(),
            Self::HttpHost(host) => host.to_string(),
            Self::PersonalField(field) => field.to_string(),
        }
    }
}

/// As a sentence about the module, without its end: `component imports …`.
impl fmt::Display for Asked {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Interface(name) => {
                write!(formatter, "component imports `{}`", crate::contract::full_name(name))
            }
            Self::HttpHost(host) => write!(formatter, "component reaches the host `{host}`"),
            Self::PersonalField(field) => write!(formatter, "component reads people's `{field}`"),
            Self::SendSignal(name) => write!(formatter, "component sends the signal `{name}`"),
            Self::HearSignal(name) => write!(formatter, "component hears the signal `{name}`"),
        }
    }
}

/// Names in a message: `a`, `b` and `c`.
pub(crate) struct Names<'a>(pub &'a [&'a str]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let before = match index {
                0 => "",
                index if index + 1 == self.0.len() => " and ",
                _ => ", ",
            };
            write!(formatter, "{before}`{name}`")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
