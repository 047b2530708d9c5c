//! Grants: what a client lets a module do, held against what the module asks for.
//!
//! Everything asked for has to be granted, or the module could not be called at all. More than is
//! asked for is only warned of: it does nothing today.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
};

use fondaco_model::{InstallId, ShopId, http::HostPattern};
use fondaco_sandbox::{
    Grants, Inspection,
    manifest::{Asked, PersonalField},
};

use super::{
    mistake::Wrong,
    reader::{Node, Place, Section, nearest, one_of},
};

/// One thing a client can list: which key it is listed under, what people call it, and whether two
/// of them have anything in common.
struct Kind<T> {
    key: &'static str,
    noun: &'static str,
    read: fn(&str) -> Result<T, Unreadable<T>>,
    meet: fn(&T, &T) -> bool,
}

/// A word that is none of a kind.
struct Unreadable<T> {
    wrong: Wrong,
    /// What it was probably meant to be.
    meant: Option<T>,
}

const INTERFACES: Kind<String> = Kind {
    key: "grants",
    noun: "",
    read: |word| {
        let wrong = || {
            let fix = one_of(word, Grants::ALL_GRANTABLE);
            let meant = nearest(word, Grants::ALL_GRANTABLE).map(str::to_owned);
            Unreadable { wrong: Wrong::new(format!("`{word}` cannot be granted"), fix), meant }
        };
        Grants::is_grantable(word).then(|| word.to_owned()).ok_or_else(wrong)
    },
    meet: PartialEq::eq,
};

const HTTP_HOSTS: Kind<HostPattern> = Kind {
    key: "http-hosts",
    noun: "the host ",
    read: |text| {
        text.parse().map_err(|error: fondaco_model::http::HostPatternError| {
            let fix = "write it as \"api.example.com\", or \"*.example.com\" for all below it";
            Unreadable { wrong: Wrong::new(error.to_string(), fix), meant: None }
        })
    },
    meet: |one, other| {
        fondaco_sandbox::manifest::covers(one, other)
            || fondaco_sandbox::manifest::covers(other, one)
    },
};

const PERSONAL_FIELDS: Kind<PersonalField> = Kind {
    key: "personal-fields",
    noun: "people's ",
    read: |word| {
        let known = PersonalField::ALL.map(PersonalField::as_str);
        PersonalField::from_name(word).ok_or_else(|| Unreadable {
            wrong: Wrong::new(format!("`{word}` is no field of a person"), one_of(word, known)),
            meant: nearest(word, known).and_then(PersonalField::from_name),
        })
    },
    meet: PartialEq::eq,
};

const SIGNALS: Kind<String> = Kind {
    key: "signals",
    noun: "the signal ",
    // The rule for names is the same for everything that has one.
    read: |text| {
        InstallId::new(text).map(String::from).map_err(|error| {
            let fix = "write its name as the plugin has it";
            Unreadable { wrong: Wrong::new(error.to_string(), fix), meant: None }
        })
    },
    meet: PartialEq::eq,
};

/// Reads what an install may do, and holds it against what its module asks for. Beside it: the
/// hosts that are granted, as far as they could be read.
pub(super) fn read_grants(
    section: &mut Section<'_>,
    inspection: Option<&Inspection>,
    shops: &BTreeSet<ShopId>,
) -> (Option<Grants>, Option<BTreeSet<HostPattern>>) {
    let shops = section.may("shops").map_or(Some(None), |node| read_shops(&node, shops).map(Some));
    let asked = inspection.map(Inspection::asked);
    let asked = asked.as_ref();
    let interfaces = INTERFACES.read_in(section, asked, |asked| match asked {
        Asked::Interface(name) => Some(name.clone()),
        _ => None,
    });
    let hosts = HTTP_HOSTS.read_in(section, asked, |asked| match asked {
        Asked::HttpHost(host) => Some(host.clone()),
        _ => None,
    });
    let fields = PERSONAL_FIELDS.read_in(section, asked, |asked| match asked {
        Asked::PersonalField(field) => Some(*field),
        _ => None,
    });
    let signals = SIGNALS.read_in(section, asked, |asked| match asked {
        Asked::SendSignal(name) | Asked::HearSignal(name) => Some(name.clone()),
        _ => None,
    });
    let granted = hosts.clone();
    let grants = || {
        let grants = Grants::new(interfaces?)
            .ok()?
            .with_http_hosts(hosts?)
            .with_personal_fields(fields?)
            .with_signals(signals?);
        Some(match shops? {
            Some(shops) => grants.with_shops(shops),
            None => grants,
        })
    };
    (grants(), granted)
}

/// What a client wrote of one kind.
struct Listed<'a, T> {
    things: BTreeMap<T, Place<'a>>,
    /// Words nobody knows, read as what they were probably meant to be.
    meant: BTreeSet<T>,
    any_unknown: bool,
}

impl<T: Ord + Display + Clone> Kind<T> {
    /// Reads the install's list of this kind; `of_kind` picks what is asked for of it.
    fn read_in(
        &self,
        section: &mut Section<'_>,
        asked: Option<&BTreeSet<Asked>>,
        of_kind: impl Fn(&Asked) -> Option<T>,
    ) -> Option<BTreeSet<T>> {
        let node = section.may(self.key);
        let listed = match &node {
            Some(node) => self.list(node)?,
            None => Listed { things: BTreeMap::new(), meant: BTreeSet::new(), any_unknown: false },
        };
        let asked: BTreeSet<T> = asked?.iter().filter_map(of_kind).collect();
        let all_granted = self.name_missing(&listed, &asked, node.as_ref(), &section.place);
        let idle = listed.things.iter().filter(|(thing, _)| !self.meets_any(thing, &asked));
        for (thing, place) in idle {
            let message = format!("the plugin does not ask for {}`{thing}`", self.noun);
            place.warning(message, "remove it: the plugin's next version could use it unseen");
        }
        let is_good = all_granted && !listed.any_unknown;
        is_good.then(|| listed.things.into_keys().collect())
    }

    fn list<'a>(&self, node: &Node<'a>) -> Option<Listed<'a, T>> {
        let mut listed =
            Listed { things: BTreeMap::<T, _>::new(), meant: BTreeSet::new(), any_unknown: false };
        for node in node.list()? {
            match node.text().map(self.read) {
                None => listed.any_unknown = true,
                Some(Err(Unreadable { wrong, meant })) => {
                    listed.any_unknown = true;
                    listed.meant.extend(meant);
                    node.place.wrong(wrong);
                }
                Some(Ok(thing)) => match listed.things.get(&thing) {
                    Some(first) => {
                        let message = format!("`{thing}` is already at {}", first.in_words());
                        node.place.warning(message, "remove it");
                    }
                    None => {
                        listed.things.insert(thing, node.place);
                    }
                },
            }
        }
        Some(listed)
    }

    fn meets_any<'t>(&self, thing: &T, others: impl IntoIterator<Item = &'t T>) -> bool
    where
        T: 't,
    {
        others.into_iter().any(|other| (self.meet)(thing, other))
    }

    /// Names what is asked for and not granted; whether there is nothing.
    fn name_missing(
        &self,
        listed: &Listed<'_, T>,
        asked: &BTreeSet<T>,
        node: Option<&Node<'_>>,
        install: &Place<'_>,
    ) -> bool {
        let place = node.map_or(install, |node| &node.place);
        let (key, noun) = (self.key, self.noun);
        let mut all_granted = true;
        for missing in asked.iter().filter(|asked| !self.meets_any(asked, listed.things.keys())) {
            all_granted = false;
            if self.meets_any(missing, &listed.meant) {
                continue;
            }
            let fix = if node.is_none() {
                let list: Vec<String> = asked.iter().map(|thing| format!("\"{thing}\"")).collect();
                format!("add {key} = [{}], if the client agrees", list.join(", "))
            } else {
                format!("add \"{missing}\" to the list, if the client agrees")
            };
            let message = format!("the plugin asks for {noun}`{missing}`, which is not granted");
            place.missing(message, fix);
        }
        all_granted
    }
}

/// Reads which of the client's shops an install is for.
fn read_shops(node: &Node<'_>, known: &BTreeSet<ShopId>) -> Option<BTreeSet<ShopId>> {
    let nodes = node.list()?;
    if nodes.is_empty() {
        node.place.mistake("no shop is named", "name at least one, or remove the line for all");
        return None;
    }
    let mut places: BTreeMap<ShopId, Place<'_>> = BTreeMap::new();
    let mut all_good = true;
    for node in nodes {
        let Some(shop) = node.parse(|text| known_shop(text, known)) else {
            all_good = false;
            continue;
        };
        if let Some(first) = places.get(&shop) {
            let message = format!("`{shop}` is already at {}", first.in_words());
            node.place.warning(message, "remove it");
        } else {
            places.insert(shop, node.place);
        }
    }
    all_good.then(|| places.into_keys().collect())
}

fn known_shop(text: &str, known: &BTreeSet<ShopId>) -> Result<ShopId, Wrong> {
    known.iter().find(|shop| shop.as_str() == text).cloned().ok_or_else(|| {
        let fix = if known.is_empty() {
            "add the shop to this file".to_owned()
        } else {
            one_of(text, known.iter().map(ShopId::as_str))
        };
        Wrong::new(format!("this client has no shop `{text}`"), fix)
    })
}
