//! `clients/<client>.toml`: the agency's word on a client.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use fondaco_engine::align::is_align;
use fondaco_model::{ClientId, InstallId, NameError, ShopId};
use fondaco_platforms::{site_identity, timeouts::Timeouts};
use jiff::tz::TimeZone;
use url::Url;

use super::{
    access::{ShopAccess, read_access},
    install::{Components, InstallConfig, read_install},
    limits::{AREAS_MAX, INSTALLS_MAX, SHOPS_MAX},
    mistake::Wrong,
    reader::{Node, Place, Section},
    rhythm::{Rhythm, read_rhythm, read_timeouts},
    secret::Secrets,
    time_zones::{TimeZones, read_time_zone},
    values::{is_loopback, person, site, title},
    wins::read_wins,
};

/// A client of the agency.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The name of its file, and in addresses.
    pub id: ClientId,
    /// What people call it.
    pub name: String,
    /// What its people read.
    pub language: Language,
    /// The time zone of its shops, where they have none of their own.
    pub time_zone: Option<TimeZone>,
    /// Its areas of competence, by name.
    pub areas: BTreeMap<String, Area>,
    /// Its shops.
    pub shops: BTreeMap<ShopId, ShopConfig>,
    /// Its modules.
    pub installs: BTreeMap<InstallId, InstallConfig>,
    /// For what several installs would write, by its interface (`change-stock`): the one that
    /// does.
    pub wins: BTreeMap<String, InstallId>,
}

/// A language people read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Italian.
    Italian,
    /// English.
    English,
}

/// An area of competence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Area {
    /// Who runs it.
    pub owner: AreaOwner,
    /// Who hears of it.
    pub people: Vec<Person>,
}

/// Who runs an area.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AreaOwner {
    /// The agency.
    Agency,
    /// The client's own people.
    InHouse,
}

/// Somebody with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// What they are called.
    pub name: String,
    /// Where mail reaches them.
    pub address: String,
}

/// A platform that shops run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum PlatformName {
    /// Magento 2 and Adobe Commerce.
    Magento,
    /// Shopify.
    Shopify,
    /// WooCommerce.
    Woocommerce,
}

impl PlatformName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Magento, Self::Shopify, Self::Woocommerce];

    /// The word for it in files and in the contract with modules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Magento => "magento",
            Self::Shopify => "shopify",
            Self::Woocommerce => "woocommerce",
        }
    }
}

/// What a shop is to its merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Real customers, real money.
    Production,
    /// A copy to try things on.
    Staging,
}

/// A shop of a client.
#[derive(Debug, Clone)]
pub struct ShopConfig {
    /// Its name in the file.
    pub id: ShopId,
    /// What people call it.
    pub name: String,
    /// What it runs on.
    pub platform: PlatformName,
    /// Where it is; https, unless it is on this machine or its file allows otherwise.
    pub url: Url,
    /// Whether it may be spoken to in plain HTTP though it is not on this machine.
    pub allow_http: bool,
    /// Whether real customers buy there.
    pub environment: Environment,
    /// What it is spoken to with.
    pub access: ShopAccess,
    /// How often it is looked after.
    pub rhythm: Rhythm,
    /// How long it is waited for.
    pub timeouts: Timeouts,
    /// Its time zone; absent: the client's.
    pub time_zone: Option<TimeZone>,
}

/// What reading a client needs beside its file.
pub(super) struct Surroundings<'a> {
    pub(super) secrets: Secrets<'a>,
    pub(super) components: &'a Components,
    /// Where each shop is named first, over all clients.
    pub(super) sites: &'a RefCell<BTreeMap<String, Place<'a>>>,
}

/// Reads a client's file.
pub(super) fn read_client<'a>(
    id: ClientId,
    root: &mut Section<'a>,
    surroundings: &Surroundings<'a>,
) -> Option<ClientConfig> {
    let name = root.must("name", "add name = \"…\", what people call the client");
    let name = name.and_then(|node| node.parse(title));
    let language = root.must("language", "add language = \"it\" or language = \"en\"");
    let words = [("it", Language::Italian), ("en", Language::English)];
    let language = language.and_then(|node| node.word(&words));
    let time_zone = read_time_zone(root.may("time-zone").as_ref());
    let areas = entries(root.may("areas"), AREAS_MAX, |name, place, node| {
        // Areas have no type of their own, and the rule for names is the same for all.
        named(place, ClientId::new(name))?;
        Some((name.to_owned(), node.table(read_area)??))
    });
    let mut shop_names = BTreeSet::new();
    let shops = entries(root.may("shops"), SHOPS_MAX, |name, place, node| {
        let id = named(place, ShopId::new(name));
        shop_names.extend(id.clone());
        let shop = node.table(|section| read_shop(id.clone(), section, surroundings))?;
        Some((id?, shop?))
    });
    let zones = shops.as_ref().zip(time_zone.clone());
    let zones = zones.map(|(shops, time_zone)| TimeZones::new(time_zone, shops));
    let mut writers = Vec::new();
    let mut names = BTreeSet::new();
    let installs = entries(root.may("installs"), INSTALLS_MAX, |name, place, node| {
        let id = named(place, InstallId::new(name))?;
        if is_align(&id) {
            place.mistake(format!("`{id}` is the host's own"), "give the install another name");
            return None;
        }
        names.insert(id.clone());
        let install = node.table(|section| {
            let (install, writer) =
                read_install(id.clone(), section, surroundings, &shop_names, zones.as_ref());
            writers.extend(writer);
            install
        })?;
        Some((id, install?))
    });
    let wins = read_wins(root, &writers, &names);
    Some(ClientConfig {
        id,
        name: name?,
        language: language?,
        time_zone: time_zone?,
        areas: areas?,
        shops: shops?,
        installs: installs?,
        wins: wins?,
    })
}

/// Reads a table whose keys are names. Every entry is read, whatever is wrong with the others.
fn entries<'a, K: Ord, T>(
    node: Option<Node<'a>>,
    entries_max: usize,
    mut read: impl FnMut(&'a str, &Place<'a>, &Node<'a>) -> Option<(K, T)>,
) -> Option<BTreeMap<K, T>> {
    let Some(node) = node else {
        return Some(BTreeMap::new());
    };
    node.table(|section| {
        let all = section.all();
        let count = all.len();
        if count > entries_max {
            let message = format!("{count} of them, and a client has at most {entries_max}");
            section.place.mistake(message, "remove some, or split the client");
        }
        let read: BTreeMap<K, T> =
            all.iter().filter_map(|(name, place, node)| read(name, place, node)).collect();
        (read.len() == count).then_some(read)
    })?
}

fn named<T>(place: &Place<'_>, name: Result<T, NameError>) -> Option<T> {
    match name {
        Ok(name) => Some(name),
        Err(error) => {
            place.mistake(error.to_string(), "rename it");
            None
        }
    }
}

fn read_area(section: &mut Section<'_>) -> Option<Area> {
    let owner = section.must("owner", "add owner = \"agency\" or owner = \"in-house\"");
    let words = [("agency", AreaOwner::Agency), ("in-house", AreaOwner::InHouse)];
    let owner = owner.and_then(|node| node.word(&words));
    let people = match section.may("people") {
        None => Some(Vec::new()),
        Some(node) => node.list().and_then(|nodes| {
            let read = |node: &Node<'_>| node.parse(person);
            let people: Vec<Person> = nodes
                .iter()
                .filter_map(read)
                .map(|(name, address)| Person { name, address })
                .collect();
            (people.len() == nodes.len()).then_some(people)
        }),
    };
    Some(Area { owner: owner?, people: people? })
}

fn read_shop<'a>(
    id: Option<ShopId>,
    section: &mut Section<'a>,
    surroundings: &Surroundings<'a>,
) -> Option<ShopConfig> {
    let name = section.must("name", "add name = \"…\", what people call the shop");
    let name = name.and_then(|node| node.parse(title));
    let platform =
        section.must("platform", "add platform = \"…\": magento, shopify or woocommerce");
    let words = PlatformName::ALL.map(|platform| (platform.as_str(), platform));
    let platform = platform.and_then(|node| node.word(&words));
    let url = section.must("url", "add url = \"https://…\"");
    let allow_http = section.may("allow-http").map_or(Some(false), |node| node.flag());
    let url = url.and_then(|node| read_shop_url(&node, allow_http, surroundings));
    let environment = section
        .must("environment", "add environment = \"production\" or environment = \"staging\"");
    let words = [("production", Environment::Production), ("staging", Environment::Staging)];
    let environment = environment.and_then(|node| node.word(&words));
    let access = read_access(section, platform, surroundings.secrets);
    let (rhythm, timeouts) = (read_rhythm(section), read_timeouts(section));
    let time_zone = read_time_zone(section.may("time-zone").as_ref());
    Some(ShopConfig {
        id: id?,
        name: name?,
        platform: platform?,
        url: url?,
        allow_http: allow_http?,
        environment: environment?,
        access: access?,
        rhythm: rhythm?,
        timeouts: timeouts?,
        time_zone: time_zone?,
    })
}

fn read_shop_url<'a>(
    node: &Node<'a>,
    allow_http: Option<bool>,
    surroundings: &Surroundings<'a>,
) -> Option<Url> {
    let url = node.parse(|text| {
        let url = site(text)?;
        // Where `allow-http` itself is wrong, what it meant is not known.
        if url.scheme() == "http" && !is_loopback(&url) && allow_http == Some(false) {
            let message = "credentials and orders would go unencrypted";
            return Err(Wrong::new(message, "write https, or add allow-http = true"));
        }
        Ok(url)
    })?;
    let identity = site_identity(&url);
    let mut sites = surroundings.sites.borrow_mut();
    if let Some(first) = sites.get(&identity) {
        let message = format!("the same shop is already at {}", first.in_words());
        node.place.mistake(message, "name each shop once: remove one, or correct its url");
        return None;
    }
    sites.insert(identity, node.place.clone());
    Some(url)
}
