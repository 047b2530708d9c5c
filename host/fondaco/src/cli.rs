//! The `fondaco` command's words.

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use fondaco_sandbox::code::compile_child;

use crate::{
    ask::{self, Asking, Listing},
    backup::{self, BackupOptions, QuarantineCommand, RestoreOptions},
    config::{self, Log, LogFormat},
    control::{self, Alerts, What},
    demo::{self, DemoOptions},
    plugin::{self, PluginCommand},
    privacy::{self, PrivacyCommand},
    redo::{self, ActionsCommand, DeliveriesCommand},
    serve,
    shop::{self, ShopCommand},
    story::{self, RunsCommand, Tracing},
};

/// An extension host for online shops: modules work on a merchant's shops, under the merchant's
/// rules.
#[derive(Debug, Parser)]
#[command(name = "fondaco", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the host until it is stopped (Ctrl-C or SIGTERM).
    Serve {
        /// The host's configuration.
        #[arg(long, default_value = "fondaco.toml")]
        config: PathBuf,
    },
    /// Read the whole configuration and name every mistake, each with file, line and the fix.
    Check {
        /// The host's configuration.
        #[arg(long, default_value = "fondaco.toml")]
        config: PathBuf,
    },
    /// Start a host, four simulated shops and a customer who buys, and tell what happens.
    Demo(DemoOptions),
    /// Show how the running host, its clients, shops and modules stand.
    Status(Asking),
    /// List the runs of a client's modules, newest first, or tell all there is to one.
    #[command(args_conflicts_with_subcommands = true)]
    Runs {
        #[command(flatten)]
        listing: Listing,
        #[command(subcommand)]
        command: Option<RunsCommand>,
    },
    /// List the actions that a client's modules proposed, newest first, with what became of them;
    /// retry, discard or decide on some.
    #[command(args_conflicts_with_subcommands = true)]
    Actions {
        #[command(flatten)]
        listing: Listing,
        /// Only those that have not ended.
        #[arg(long)]
        open: bool,
        /// Only those that ended so: done, refused, stale, superseded, failed, unknown or expired.
        #[arg(long, value_name = "END", conflicts_with = "open")]
        ended: Option<String>,
        #[command(subcommand)]
        command: Option<ActionsCommand>,
    },
    /// List, retry or discard deliveries that nothing could be made of.
    #[command(subcommand)]
    Deliveries(DeliveriesCommand),
    /// Tell all that one delivery, poll or tick led to, down to the last action.
    Trace(Tracing),
    /// List who did what to a client's work, newest first.
    Audit {
        /// The client.
        #[arg(long)]
        client: String,
        /// How many entries at most.
        #[arg(long, default_value_t = 20)]
        limit: u32,
        #[command(flatten)]
        asking: Asking,
    },
    /// Stop a client's work, or one shop or install of it, at once; what shops tell is still taken
    /// in, and everything waits in order.
    Stop(What),
    /// Let go on what was stopped or paused.
    Go {
        #[command(flatten)]
        what: What,
        /// For an install that was paused because it kept failing: count its failures anew, so
        /// that events it fails on again are set aside. Without it, failing once more on the event
        /// it was paused at pauses it again.
        #[arg(long)]
        forgive: bool,
    },
    /// List what the host alerts of about a client, newest first, in English and Italian.
    Alerts(Alerts),
    /// Connect shops, look after them, and bring their stock into line.
    #[command(subcommand)]
    Shop(ShopCommand),
    /// Show what is held of somebody, or forget them.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Write a backup of all clients while the host works.
    Backup(BackupOptions),
    /// Make a backup the database of a host that does not run; every client is in quarantine then.
    Restore(RestoreOptions),
    /// Let a client act again whose database was restored.
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Build modules, and look at what is in one.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Compile a module from standard input to standard output; the host starts this itself.
    #[command(hide = true)]
    CompileModule {
        /// The process that started it.
        parent: u32,
        /// The address space it may use, in bytes.
        memory_bytes: u64,
    },
}

impl Cli {
    /// Does what was asked for.
    ///
    /// # Errors
    /// If it cannot be done; the message says why and what to do.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        match self.command {
            Command::Plugin(command) => plugin::run(command),
            Command::CompileModule { parent, memory_bytes } => {
                Ok(compile_child(parent, memory_bytes))
            }
            Command::Check { config } => {
                let report = config::check(&config);
                println!("{report}");
                Ok(if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
            }
            command => {
                // TLS needs to be told once which cryptography to use; told twice, it keeps the first.
                let _ = rustls::crypto::ring::default_provider().install_default();
                tokio::runtime::Runtime::new()?.block_on(command.run())
            }
        }
    }
}

impl Command {
    async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Serve { config } => return serve::run(&config).await,
            Self::Demo(options) => {
                if let Some(filter) = options.log_filter() {
                    let format = LogFormat::Text;
                    serve::start_log(&Log { format, filter: filter.to_owned() })?;
                }
                return demo::run(&options).await;
            }
            Self::Status(asking) => ask::status(&asking).await?,
            Self::Runs { command: Some(command), .. } => story::runs(command).await?,
            Self::Runs { listing, .. } => ask::runs(&listing).await?,
            Self::Actions { command: Some(command), .. } => redo::actions(command).await?,
            Self::Actions { listing, open, ended, .. } => {
                ask::actions(&listing, open, ended.as_deref()).await?;
            }
            Self::Deliveries(command) => redo::deliveries(command).await?,
            Self::Trace(tracing) => story::trace(&tracing).await?,
            Self::Audit { client, limit, asking } => ask::audit(&client, limit, &asking).await?,
            Self::Stop(what) => control::stop(what).await?,
            Self::Go { what, forgive } => control::go(what, forgive).await?,
            Self::Alerts(alerts) => control::alerts(&alerts).await?,
            Self::Shop(command) => return shop::run(command).await,
            Self::Privacy(command) => privacy::run(&command).await?,
            Self::Backup(options) => backup::backup(&options).await?,
            Self::Restore(options) => backup::restore(&options)?,
            Self::Quarantine(command) => backup::quarantine(&command).await?,
            Self::Check { .. } | Self::Plugin(_) | Self::CompileModule { .. } => {}
        }
        Ok(ExitCode::SUCCESS)
    }
}
