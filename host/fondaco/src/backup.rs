//! `fondaco backup|restore|quarantine`: what is done for the day when the disk is lost, and on it.

use std::{
    fs::DirBuilder,
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _},
        net::UnixStream,
    },
    path::PathBuf,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use fondaco_store::sqlite;
use fondaco_web::{
    admin::keeping::{BackupOrder, ReleaseView},
    views::BackupView,
};

use crate::{
    ask::{Asking, moment, size, tell, tell_within},
    config,
    host::DATABASE_FILE,
    limits::BACKUP_WITHIN,
};

/// What to back up, and where to.
#[derive(Debug, Args)]
pub struct BackupOptions {
    /// The file to write; it must not be there yet.
    file: PathBuf,
    #[command(flatten)]
    asking: Asking,
}

/// What to restore, and where to.
#[derive(Debug, Args)]
pub struct RestoreOptions {
    /// The backup.
    file: PathBuf,
    /// The configuration of the host, which must not run.
    #[arg(long, default_value = "fondaco.toml")]
    config: PathBuf,
    /// Take the place of the database that is there, which is kept under another name.
    #[arg(long)]
    replace: bool,
}

/// What to do about clients whose database was restored.
#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// Let a client act again: its modules run, and what waits is sent to its shops.
    Release {
        /// The client.
        client: String,
        /// The running host.
        #[command(flatten)]
        asking: Asking,
    },
}

/// Writes a backup.
///
/// # Errors
/// If the host does not answer, or cannot write it.
pub async fn backup(options: &BackupOptions) -> anyhow::Result<()> {
    // The host may have been started in another folder.
    let file = std::path::absolute(&options.file)
        .with_context(|| format!("{} is no name of a file", options.file.display()))?;
    let order = BackupOrder { file };
    let taken = tell_within::<BackupView>(&options.asking, "/api/v1/backup", &order, BACKUP_WITHIN);
    let Some(backup) = taken.await? else {
        return Ok(());
    };
    println!("{}: {}, as of {}", backup.file, size(backup.bytes), moment(backup.taken_at));
    for held in backup.clients {
        println!(
            "  {:<16} {} events, {} deliveries waiting, {} actions under way",
            held.client, held.last_event, held.deliveries, held.actions
        );
    }
    Ok(())
}

/// Restores a backup.
///
/// # Errors
/// If the host runs, there is a database that is not to be replaced, or the file is no whole
/// backup.
pub fn restore(options: &RestoreOptions) -> anyhow::Result<()> {
    let places = config::places(&options.config).with_context(|| {
        format!("{} does not tell where the store is", options.config.display())
    })?;
    anyhow::ensure!(
        UnixStream::connect(&places.admin_socket).is_err(),
        "a host answers at {}; stop it before anything is restored",
        places.admin_socket.display()
    );
    let folder = &places.store_folder;
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the store's folder {} cannot be made", folder.display()))?;
    let database = folder.join(DATABASE_FILE);
    let now = fondaco_engine::now();
    let user = std::fs::metadata("/proc/self").map(|process| process.uid());
    let principal = user.map_or_else(|_| "local user".to_owned(), |id| format!("local user {id}"));
    let restored = sqlite::restore(&options.file, &database, options.replace, &principal, now)?;
    println!(
        "{} is the backup of {} now; every client is in quarantine:",
        database.display(),
        moment(restored.taken_at.0)
    );
    for held in restored.clients {
        println!(
            "  {:<16} {} actions under way, which the host looks for when it is started",
            held.client.to_string(),
            held.actions
        );
    }
    if let Some(aside) = restored.set_aside {
        println!("the database that was there is kept as {}", aside.display());
    }
    println!(
        "start the host, look at `fondaco status`, then `fondaco quarantine release <client>`"
    );
    Ok(())
}

/// Does what was asked about quarantine.
///
/// # Errors
/// If the host does not answer, or will not.
pub async fn quarantine(command: &QuarantineCommand) -> anyhow::Result<()> {
    let QuarantineCommand::Release { client, asking } = command;
    let path = format!("/api/v1/clients/{client}/quarantine/release");
    let answer = tell::<ReleaseView>(asking, &path, &()).await?;
    match answer {
        Some(ReleaseView { released: true }) => println!("{client} acts again"),
        Some(ReleaseView { released: false }) => println!("{client} was not in quarantine"),
        None => {}
    }
    Ok(())
}
