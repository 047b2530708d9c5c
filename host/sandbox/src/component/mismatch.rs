//! What a component wants that it cannot have, and where it and its manifest disagree.

use super::wasi;
use crate::{
    Hook,
    contract::PACKAGE,
    grants::{Asked, Names},
    versions::SERVED,
};

/// Something a component wants that it cannot have, or that its manifest says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// It asks for something that the client did not grant.
    #[error("{asked}, which is not granted; if the client agrees, write {line} for this install")]
    NotGranted {
        /// What it asks for.
        asked: Asked,
        /// The line of the client's file that grants it, with whatever else of its kind is granted
        /// or missing.
        line: String,
    },
    /// It imports something that this host does not have.
    #[error("component imports `{import}`, which this host does not have")]
    UnknownImport {
        /// As the component names it.
        import: String,
    },
    /// It imports a part of WASI that is not there for modules.
    #[error(
        "component imports `{import}`, which this host does not have; of WASI it has {} in version \
         0.2, with nothing behind them but the run's clock and randomness",
        Names(&wasi::PACKAGES)
    )]
    UnknownWasi {
        /// As the component names it.
        import: String,
    },
    /// It exports an interface of the contract that is no hook.
    #[error(
        "component exports `{export}`, which is no hook of this host; hooks are {}",
        Names(&Hook::ALL.map(Hook::as_str))
    )]
    UnknownExport {
        /// As the component names it.
        export: String,
    },
    /// It was built for another version of the contract.
    #[error(
        "component uses `{name}`, and this host serves {}; build it with that version of the \
         contract",
        served_versions()
    )]
    OtherVersion {
        /// As the component names it.
        name: String,
    },
    /// It is made of more core instances than a run may have.
    #[error("component is made of {instances} core instances, and may be made of {most}")]
    TooManyInstances {
        /// How many it is made of.
        instances: u64,
        /// The most there may be.
        most: u64,
    },
    /// It hears nothing.
    #[error(
        "component exports no hook, so it would never be called; hooks are {}",
        Names(&Hook::ALL.map(Hook::as_str))
    )]
    NoHook,
    /// Its manifest does not say why it needs an interface.
    #[error(
        "plugin.toml gives no reason for `{interface}`, which the component imports; \
         add `{interface} = {{ en = \"…\", it = \"…\" }}` to [reasons]"
    )]
    NoReason {
        /// The interface.
        interface: String,
    },
    /// It has schedules and does not hear them.
    #[error("plugin.toml lists [[schedules]], and the component does not export `on-schedule`")]
    ScheduleUnheard,
    /// It hears schedules and has none.
    #[error("component exports `on-schedule`, and plugin.toml lists no [[schedules]]")]
    NoSchedule,
    /// It speaks HTTP and does not say with whom.
    #[error(
        "component imports `{interface}`, and plugin.toml does not say which hosts it reaches; \
         add http-hosts = [\"api.example.com\"]"
    )]
    NoHttpHosts {
        /// The interface it speaks HTTP by.
        interface: String,
    },
    /// It says which hosts it reaches and speaks no HTTP.
    #[error(
        "plugin.toml lists `http-hosts`, and the component imports neither `http-get` nor \
         `http-request`; remove the list"
    )]
    HttpHostsUnused,
    /// It says what it reads of people and reads nothing.
    #[error(
        "plugin.toml lists `personal-fields`, and the component does not import `people`; \
         remove the list"
    )]
    PersonalFieldsUnused,
    /// It says how it wants to hear what it does not hear.
    #[error(
        "plugin.toml has [subscriptions.{hook}], and the component does not export `{hook}`; \
         remove it"
    )]
    SubscriptionUnheard {
        /// The hook.
        hook: Hook,
    },
    /// It says it sends a signal and cannot.
    #[error(
        "plugin.toml says that the module sends the signal `{name}`, and the component does not \
         import `signal`"
    )]
    SignalUnsent {
        /// The signal.
        name: String,
    },
    /// It sends signals and does not say which.
    #[error(
        "component imports `signal`, and plugin.toml lists no [[signals]] with \
         direction = \"sends\""
    )]
    NoSignalSent,
    /// It says it hears a signal and cannot.
    #[error(
        "plugin.toml says that the module hears the signal `{name}`, and the component does not \
         export `on-signal`"
    )]
    SignalUnheard {
        /// The signal.
        name: String,
    },
    /// It hears signals and does not say which.
    #[error(
        "component exports `on-signal`, and plugin.toml lists no [[signals]] with \
         direction = \"hears\""
    )]
    NoSignalHeard,
    /// It has figures and cannot record them.
    #[error("plugin.toml lists [[kpis]], and the component does not import `record-metric`")]
    KpisUnrecorded,
}

impl Mismatch {
    /// The key of `plugin.toml` that it is about. Absent: it is about the component alone, or
    /// about what is granted.
    #[must_use]
    pub const fn manifest_key(&self) -> Option<&'static str> {
        match self {
            Self::NoReason { .. } => Some("reasons"),
            Self::ScheduleUnheard | Self::NoSchedule => Some("schedules"),
            Self::NoHttpHosts { .. } | Self::HttpHostsUnused => Some("http-hosts"),
            Self::PersonalFieldsUnused => Some("personal-fields"),
            Self::SubscriptionUnheard { .. } => Some("subscriptions"),
            Self::SignalUnsent { .. }
            | Self::NoSignalSent
            | Self::SignalUnheard { .. }
            | Self::NoSignalHeard => Some("signals"),
            Self::KpisUnrecorded => Some("kpis"),
            Self::NotGranted { .. }
            | Self::UnknownImport { .. }
            | Self::UnknownWasi { .. }
            | Self::UnknownExport { .. }
            | Self::OtherVersion { .. }
            | Self::TooManyInstances { .. }
            | Self::NoHook => None,
        }
    }
}

fn served_versions() -> String {
    let versions = SERVED.iter().map(|served| format!("{PACKAGE}@{}", served.version));
    versions.collect::<Vec<_>>().join(" and ")
}
