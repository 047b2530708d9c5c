//! Installs: a module's file, held against what a client wrote about it.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use fondaco_model::{
    InstallId, ShopId,
    run::Resource,
    schedule::{Beat, CronError, Schedule},
};
use fondaco_sandbox::{
    Grants, Inspection, SettingsMistake,
    limits::{COMPONENT_BYTES_MAX, SCHEDULE_EVERY_MS_MAX, SCHEDULE_EVERY_MS_MIN},
};
use jiff::tz::TimeZone;
use semver::Version;

use super::{
    client::Surroundings,
    grants::read_grants,
    install_secrets::{InstallSecret, read_secrets},
    lowered::read_limits,
    mistake::Wrong,
    reader::{Node, Place, Section, one_of},
    settings::{Origin, ResolvedSettings, Written, resolve_settings},
    source::read_limited,
    time_zones::TimeZones,
    values::{digest, duration_within},
    wins::{EXCLUSIVE_WRITES, Writer},
};

pub use fondaco_engine::setup::{Mode, ShadowState};

/// A module installed for a client.
#[derive(Clone)]
pub struct InstallConfig {
    /// Its name in the file.
    pub id: InstallId,
    /// Where the module was read.
    pub file: PathBuf,
    /// The module; what was inspected is what is to be loaded.
    pub component: Arc<[u8]>,
    /// What it is.
    pub inspection: Arc<Inspection>,
    /// Whether it works.
    pub mode: Mode,
    /// What becomes of the state it had in shadow, when it goes live.
    pub shadow_state: ShadowState,
    /// What it may do: at least everything it asks for.
    pub grants: Grants,
    /// What the client's file lowers of what a run may use, in the units that are counted. The
    /// module's own limits are in its manifest.
    pub limits: BTreeMap<Resource, u64>,
    /// What the host puts into its HTTP requests, by the name that the module writes.
    pub secrets: BTreeMap<String, InstallSecret>,
    /// Its settings.
    pub settings: ResolvedSettings,
    /// Every schedule of its manifest, with when it ticks.
    pub schedules: BTreeMap<String, Schedule>,
    /// The time zone whose clock they follow.
    pub time_zone: TimeZone,
}

/// Without the module itself.
impl fmt::Debug for InstallConfig {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("InstallConfig")
            .field("id", &self.id)
            .field("file", &self.file)
            .field("digest", &self.inspection.digest)
            .field("mode", &self.mode)
            .field("shadow_state", &self.shadow_state)
            .field("grants", &self.grants)
            .field("limits", &self.limits)
            .field("secrets", &self.secrets)
            .field("settings", &self.settings)
            .field("schedules", &self.schedules)
            .field("time_zone", &self.time_zone)
            .finish_non_exhaustive()
    }
}

/// A module's file, read and inspected.
struct Component {
    file: PathBuf,
    bytes: Arc<[u8]>,
    inspection: Arc<Inspection>,
}

/// The plugins' folder. Each file is read once, however many clients install it.
pub(super) struct Components {
    folder: PathBuf,
    read: RefCell<BTreeMap<String, Result<Arc<Component>, Wrong>>>,
}

impl Components {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, read: RefCell::default() }
    }

    fn get(&self, plugin: &str) -> Result<Arc<Component>, Wrong> {
        let mut read = self.read.borrow_mut();
        let entry = read.entry(plugin.to_owned());
        entry.or_insert_with(|| self.open(plugin).map(Arc::new)).clone()
    }

    fn open(&self, plugin: &str) -> Result<Component, Wrong> {
        let file = self.folder.join(format!("{plugin}.wasm"));
        let bytes = read_limited(&file, u64::try_from(COMPONENT_BYTES_MAX).unwrap_or(u64::MAX))?;
        let shown = file.display();
        let inspection = fondaco_sandbox::inspect(&bytes).map_err(|error| {
            // A module can have several mistakes, one a line.
            let error = error.to_string().replace('\n', "; ");
            let message = format!("`{shown}` cannot be loaded: {error}");
            Wrong::new(message, "put one there that can")
        })?;
        let id = &inspection.manifest.id;
        if id != plugin {
            let message = format!("`{shown}` holds the plugin `{id}`");
            return Err(Wrong::new(message, format!("rename the file, or write \"{id}\"")));
        }
        Ok(Component { file, bytes: bytes.into(), inspection: Arc::new(inspection) })
    }
}

/// Reads an install. Beside it: what it would write, as far as that is known.
pub(super) fn read_install<'a>(
    id: InstallId,
    section: &mut Section<'a>,
    surroundings: &Surroundings<'a>,
    shops: &BTreeSet<ShopId>,
    zones: Option<&TimeZones<'_>>,
) -> (Option<InstallConfig>, Option<Writer<'a>>) {
    let components = surroundings.components;
    let component = section
        .must("plugin", "add plugin = \"…\", the name of its file in the plugins' folder")
        .and_then(|node| read_component(&node, components));
    let pinned = [
        section.may("version").map(|node| pinned_version(&node, component.as_deref())),
        section.may("digest").map(|node| pinned_digest(&node, component.as_deref())),
    ];
    let pins_hold = pinned.into_iter().flatten().all(|holds| holds);
    let mode = section
        .must("mode", "add mode = \"live\", or \"shadow\" to try it out first")
        .and_then(|node| read_mode(&node));
    let shadow_state = match section.may("shadow-state") {
        Some(node) => read_shadow_state(&node),
        None => Some(ShadowState::default()),
    };
    let inspection = component.as_deref().map(|component| &*component.inspection);
    let (grants, hosts) = read_grants(section, inspection, shops);
    let limits = section.may("limits");
    let limits = read_limits(limits.as_ref(), inspection);
    let secrets = section.may("secrets");
    let secrets = read_secrets(secrets.as_ref(), surroundings.secrets, hosts.as_ref());
    let settings = section.may("settings");
    let settings = read_settings(settings.as_ref(), &section.place, component.as_deref());
    let schedules = section.may("schedules");
    let schedules = read_schedules(schedules.as_ref(), component.as_deref());
    let time_zone = zones.zip(schedules.as_ref()).zip(grants.as_ref());
    let time_zone = time_zone
        .and_then(|((zones, schedules), grants)| zones.of(&section.place, schedules, grants));
    let writer = component.as_deref().zip(mode).map(|(component, mode)| {
        let imports = &component.inspection.imports;
        // One that is paused writes as soon as it goes on; one in shadow writes nothing.
        let on = matches!(mode, Mode::Live | Mode::Paused);
        let would = |write: &&str| on && imports.contains(*write);
        let writes = EXCLUSIVE_WRITES.into_iter().filter(would).collect();
        let shops = grants.as_ref().and_then(|grants| grants.shops().cloned());
        Writer { install: id.clone(), place: section.place.clone(), writes, shops }
    });
    let install = || {
        let (component, mode, shadow_state) = (component?, mode?, shadow_state?);
        let (grants, limits, secrets) = (grants?, limits?, secrets?);
        let (settings, schedules, time_zone) = (settings?, schedules?, time_zone?);
        Some(InstallConfig {
            id,
            file: component.file.clone(),
            component: Arc::clone(&component.bytes),
            inspection: Arc::clone(&component.inspection),
            mode,
            shadow_state,
            grants,
            limits,
            secrets,
            settings,
            schedules,
            time_zone,
        })
    };
    (install().filter(|_| pins_hold), writer)
}

fn read_component(node: &Node<'_>, components: &Components) -> Option<Arc<Component>> {
    node.parse(|text| {
        // A name and not a path: what is installed is in the plugins' folder. The rule for names
        // is the same for everything that has one.
        InstallId::new(text).map_err(|error| {
            Wrong::new(error.to_string(), "write the file's name, without .wasm")
        })?;
        components.get(text)
    })
}

fn read_mode(node: &Node<'_>) -> Option<Mode> {
    node.word(&Mode::ALL.map(|mode| (mode.as_str(), mode)))
}

fn read_shadow_state(node: &Node<'_>) -> Option<ShadowState> {
    node.word(&ShadowState::ALL.map(|state| (state.as_str(), state)))
}

fn pinned_version(node: &Node<'_>, component: Option<&Component>) -> bool {
    let pinned = node.parse(|text| {
        Version::parse(text).map_err(|error| {
            let message = format!("`{text}` is not a version: {error}");
            Wrong::new(message, "write the whole version, such as \"0.1.0\"")
        })
    });
    let (Some(pinned), Some(component)) = (pinned, component) else {
        return false;
    };
    let found = &component.inspection.manifest.version;
    let holds = *found == pinned;
    if !holds {
        let message = format!("`{}` has the version {found}", component.file.display());
        let fix = format!("put {pinned} there, or pin version = \"{found}\"");
        node.place.mistake(message, fix);
    }
    holds
}

fn pinned_digest(node: &Node<'_>, component: Option<&Component>) -> bool {
    let pinned = node.parse(digest);
    let (Some(pinned), Some(component)) = (pinned, component) else {
        return false;
    };
    let holds = component.inspection.digest == pinned;
    if !holds {
        let message = format!("`{}` is another file", component.file.display());
        let fix = format!(
            "put the pinned one there, or pin digest = \"{}\"",
            component.inspection.digest
        );
        node.place.mistake(message, fix);
    }
    holds
}

fn read_settings(
    node: Option<&Node<'_>>,
    install: &Place<'_>,
    component: Option<&Component>,
) -> Option<ResolvedSettings> {
    let mut written = match node {
        Some(node) => Written::read(node)?,
        None => Written::nothing(install.clone()),
    };
    let component = component?;
    let manifest = &component.inspection.manifest;
    let unknown = written.take_unknown(manifest.settings_schema());
    let resolved = resolve_settings(manifest, &[(Origin::Agency, &written.value)]);
    let file = component.file.display();
    let fix = format!("`fondaco plugin inspect {file}` shows what the settings may be");
    match resolved {
        Ok(settings) => Some(settings).filter(|_| unknown.is_empty()),
        Err(mistakes) => {
            // A setting that is misspelt is not missing as well.
            let misspelt = |mistake: &SettingsMistake| {
                unknown.iter().any(|meant| mistake.message == required_message(meant))
            };
            for mistake in mistakes.into_iter().filter(|mistake| !misspelt(mistake)) {
                written.mistake(mistake, &fix);
            }
            None
        }
    }
}

/// What the schema's validator says of a property that is not there.
fn required_message(property: &str) -> String {
    format!("\"{property}\" is a required property")
}

fn read_schedules(
    node: Option<&Node<'_>>,
    component: Option<&Component>,
) -> Option<BTreeMap<String, Schedule>> {
    let schedules = component.map(|component| component.inspection.manifest.schedules.clone());
    let mut schedules = schedules.unwrap_or_default();
    let Some(node) = node else {
        return component.map(|_| schedules);
    };
    let all_good = node.table(|section| {
        let mut all_good = true;
        for (name, place, node) in section.all() {
            let beat = node.parse(beat);
            all_good &= beat.is_some();
            match (schedules.get_mut(name), beat) {
                (Some(schedule), Some(beat)) => schedule.beat = beat,
                (None, _) if component.is_some() => {
                    all_good = false;
                    let known: Vec<&str> = schedules.keys().map(String::as_str).collect();
                    let fix = if known.is_empty() {
                        "remove it: the plugin has no schedules".to_owned()
                    } else {
                        one_of(name, known)
                    };
                    place.mistake("the plugin has no such schedule", fix);
                }
                _ => {}
            }
        }
        all_good
    })?;
    component.filter(|_| all_good).map(|_| schedules)
}

/// A time between two ticks, or, with spaces between its fields, a cron text.
fn beat(text: &str) -> Result<Beat, Wrong> {
    if text.trim().contains(char::is_whitespace) {
        let fix = "write it like \"0 6 * * *\", or a time between two ticks like \"5m\"";
        return text
            .parse()
            .map(Beat::Cron)
            .map_err(|error: CronError| Wrong::new(error.to_string(), fix));
    }
    let shortest = Duration::from_millis(SCHEDULE_EVERY_MS_MIN);
    let longest = Duration::from_millis(SCHEDULE_EVERY_MS_MAX);
    duration_within(text, shortest, longest).map(Beat::Every)
}
