//! What the admin API shows: plain words and numbers, in JSON.

use fondaco_engine::quarantine::Quarantined;
use fondaco_model::run::{Resource, RunUse};
use fondaco_store::{AuditEntry, Backup, DeadDelivery, RunRecord, RunResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::figures::RunFigures;

mod action;
pub mod align;
mod control;
pub mod redo;
pub mod shops;
pub mod story;

pub use action::ActionView;
use action::words;
pub use control::{AlertView, StopView};
pub use shops::{DriftView, ReconciliationView, TrafficView};

/// How the host stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusView {
    /// The host's version.
    pub version: String,
    /// How the disk stands that everything durable lies on.
    pub store: DiskView,
    /// The clients that whoever asks may see.
    pub clients: Vec<ClientView>,
}

/// How the store's disk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DiskView {
    /// Bytes that are free on it.
    pub free_bytes: u64,
    /// `enough`, `low`, or `short`: nothing new is begun.
    pub room: String,
    /// Bytes that shops sent and that the database has not taken in yet.
    pub spilled_bytes: u64,
}

/// Why a client may not act: its database was restored from a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct QuarantineView {
    /// When it was restored, in milliseconds since 1970.
    pub since: u64,
    /// When the backup was taken, in milliseconds since 1970.
    pub backup_taken_at: u64,
    /// Whether all that was under way has been looked for, so that the client can be released.
    pub looked: bool,
}

impl From<Quarantined> for QuarantineView {
    fn from(standing: Quarantined) -> Self {
        let Quarantined { quarantine, looked } = standing;
        let (since, backup_taken_at) = (quarantine.since.0, quarantine.backup_taken_at.0);
        Self { since, backup_taken_at, looked }
    }
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupView {
    /// Its file on the host's machine.
    pub file: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// When it was begun, in milliseconds since 1970.
    pub taken_at: u64,
    /// What it holds of each client.
    pub clients: Vec<BackedUpView>,
}

/// What a backup holds of a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackedUpView {
    /// The client.
    pub client: String,
    /// Its last event's number.
    pub last_event: u64,
    /// Deliveries in its inbox.
    pub deliveries: u64,
    /// Its actions that have not ended.
    pub actions: u64,
}

impl From<Backup> for BackupView {
    fn from(backup: Backup) -> Self {
        let clients = backup.clients.into_iter().map(|held| BackedUpView {
            client: held.client.to_string(),
            last_event: held.last_event,
            deliveries: held.deliveries,
            actions: held.actions,
        });
        Self {
            file: backup.file.display().to_string(),
            bytes: backup.bytes,
            taken_at: backup.taken_at.0,
            clients: clients.collect(),
        }
    }
}

/// How a client stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClientView {
    /// Its name in files and addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// `importing`, `live`, or `ended`.
    pub state: String,
    /// Why its work has ended, if it has.
    pub ended: Option<String>,
    /// Why it may not act, if it was restored from a backup and nobody has released it yet.
    pub quarantine: Option<QuarantineView>,
    /// Its shops.
    pub shops: Vec<ShopView>,
    /// Its modules.
    pub installs: Vec<InstallView>,
    /// What of it is stopped.
    pub stops: Vec<StopView>,
    /// Its open alerts, newest first.
    pub alerts: Vec<AlertView>,
    /// Deliveries that wait in the inbox.
    pub deliveries_waiting: u64,
    /// Deliveries that nothing could be made of.
    pub deliveries_dead: u64,
    /// Actions that have not ended.
    pub actions_open: u64,
    /// Actions of which nobody knows whether they took effect; a person has to decide.
    pub actions_unknown: u64,
    /// Events so far.
    pub events: u64,
}

/// How a shop stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShopView {
    /// Its name in files and addresses.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Which platform it is on.
    pub platform: String,
    /// `production` or `staging`.
    pub environment: String,
    /// Whether its first import is complete.
    pub imported: bool,
    /// Until when its orders are complete, in milliseconds since 1970.
    pub orders_known_until: Option<u64>,
    /// When the oldest action for it was proposed that has not ended, in milliseconds since 1970.
    pub oldest_action_at: Option<u64>,
    /// What is wrong with it now, in words.
    pub trouble: Option<String>,
    /// Since when nothing is heard of it, in milliseconds since 1970; absent: it is heard of.
    pub silent_since: Option<u64>,
    /// How requests to it fare.
    pub traffic: TrafficView,
    /// How all that it has was compared with what is known of it; absent: not yet.
    pub reconciliation: Option<ReconciliationView>,
}

/// How an install stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InstallView {
    /// Its name.
    pub id: String,
    /// The version of its module.
    pub version: String,
    /// `off`, `shadow`, `live` or `paused`.
    pub mode: String,
    /// The event up to which it is done with all.
    pub event: u64,
    /// Events that came after that, less those it has done ahead of an earlier one.
    pub behind: u64,
    /// How it does.
    pub figures: FiguresView,
}

/// How an install does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FiguresView {
    /// Its last runs.
    pub runs: RunFigures,
    /// Actions it put into the outbox in this hour, which began at the full hour UTC.
    pub actions_this_hour: u64,
    /// When the oldest event was observed that it has to hear and is not done with, in milliseconds
    /// since 1970.
    pub oldest_event_at: Option<u64>,
}

/// How much of one resource a run used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UseView {
    /// Which: `fuel`, `wall-us`, `memory-bytes`, `host-calls` and so on.
    pub resource: String,
    /// How much it used.
    pub used: u64,
    /// How much it might have used, in the same unit.
    pub limit: u64,
}

impl UseView {
    fn all(used: &RunUse) -> Vec<Self> {
        let view = |(resource, amount): (Resource, u64)| Self {
            resource: match resource {
                // Limits are written in milliseconds, and what was used is less than one mostly.
                Resource::WallTime => "wall-us".to_owned(),
                other => other.as_str().to_owned(),
            },
            used: amount,
            limit: used.limit[resource],
        };
        used.used.iter().map(view).collect()
    }
}

/// A run of a module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunView {
    /// Its number within its install.
    pub number: u64,
    /// The install.
    pub install: String,
    /// The event it handled.
    pub event: u64,
    /// When it began, in milliseconds since 1970.
    pub began_at: u64,
    /// `done`, `again`, `failed` or `skipped`.
    pub result: String,
    /// Whether its install ran in shadow: what it proposed went nowhere.
    pub shadow: bool,
    /// Why it failed or was skipped, if it was.
    pub reason: Option<String>,
    /// What it used of each resource, against what it might have used.
    pub used: Vec<UseView>,
    /// What it logged, a line each.
    pub log: Vec<String>,
    /// The actions it proposed.
    pub actions: Vec<String>,
    /// The trace it belongs to.
    pub trace: String,
    /// When it was committed, in milliseconds since 1970.
    pub committed_at: Option<u64>,
    /// How often it was done before, and something it read had changed.
    pub conflicts: u32,
}

impl RunView {
    /// How much it used of a resource, by its name.
    #[must_use]
    pub fn used_of(&self, resource: &str) -> u64 {
        let view = self.used.iter().find(|view| view.resource == resource);
        view.map_or(0, |view| view.used)
    }
}

impl From<RunRecord> for RunView {
    fn from(run: RunRecord) -> Self {
        let result = run.result.as_str().to_owned();
        let reason = match run.result {
            RunResult::Failed { reason } | RunResult::Skipped { reason } => Some(reason),
            RunResult::Done | RunResult::Again { .. } => None,
        };
        Self {
            number: run.number,
            install: run.install.to_string(),
            event: run.event,
            began_at: run.began_at.0,
            result,
            shadow: run.shadow,
            reason,
            used: UseView::all(&run.used),
            log: run.log,
            actions: run.actions.iter().map(ToString::to_string).collect(),
            trace: run.trace.to_string(),
            committed_at: run.committed_at.map(|moment| moment.0),
            conflicts: run.conflicts,
        }
    }
}

/// A delivery that nothing could be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DeadDeliveryView {
    /// Its number.
    pub number: u64,
    /// The shop it is from.
    pub shop: String,
    /// What the platform said it is about.
    pub topic: String,
    /// When it arrived, in milliseconds since 1970.
    pub received_at: u64,
    /// The trace it belongs to.
    pub trace: String,
    /// Why nothing could be made of it.
    pub reason: String,
    /// The other site that sent it, a copy of the shop; absent: the shop itself did.
    pub site: Option<String>,
}

impl From<DeadDelivery> for DeadDeliveryView {
    fn from(dead: DeadDelivery) -> Self {
        Self {
            number: dead.number,
            shop: dead.shop.to_string(),
            topic: dead.topic,
            received_at: dead.received_at.0,
            trace: dead.trace.to_string(),
            reason: dead.reason,
            site: dead.site,
        }
    }
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntryView {
    /// Its number within the client.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// Who: a principal's name, or `fondaco` for the host itself.
    pub principal: String,
    /// What was done, such as `stop`.
    pub what: String,
    /// To what, such as `shop milano`.
    pub subject: String,
    /// Why, or what else is worth knowing; may be empty.
    pub detail: String,
}

impl From<AuditEntry> for AuditEntryView {
    fn from(entry: AuditEntry) -> Self {
        let AuditEntry { number, at, act } = entry;
        let (principal, what) = (act.principal, act.what);
        Self { number, at: at.0, principal, what, subject: act.subject, detail: act.detail }
    }
}
