//! Modes of installs, and the fork of its state that an install runs on in shadow.

use fondaco_model::{ClientId, InstallId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    audit,
    client::ClientWrite,
    fault::{Fault, corrupt, stored},
    writer::Verdict,
};
use crate::{Act, InstallStanding, Mode, RunResult, Scope, ShadowState};

/// What the name of a fork ends with. No install's name has a slash in it.
const FORK: &str = "/shadow";

/// The install whose state is stored under a name.
pub fn install_of(name: &str) -> &str {
    name.strip_suffix(FORK).unwrap_or(name)
}

/// Whose state a value is in: an install's own, or the fork that it runs on in shadow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateOf {
    name: String,
    fork: bool,
}

impl StateOf {
    fn own(install: &InstallId) -> Self {
        Self { name: install.to_string(), fork: false }
    }

    fn fork(install: &InstallId) -> Self {
        Self { name: format!("{install}{FORK}"), fork: true }
    }

    /// The one that an install reads and writes in its mode.
    pub fn now(
        connection: &Connection,
        client: &ClientId,
        install: &InstallId,
    ) -> Result<Self, Fault> {
        let in_shadow = connection
            .prepare_cached(
                "SELECT 1 FROM installs WHERE client = ?1 AND install = ?2 AND mode = 'shadow'",
            )?
            .exists([client.as_str(), install.as_str()])?;
        Ok(if in_shadow { Self::fork(install) } else { Self::own(install) })
    }

    /// The name it is stored under.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Whether it is a fork, so that its install runs in shadow.
    pub const fn is_fork(&self) -> bool {
        self.fork
    }
}

/// What is remembered of how an install is run.
pub fn standing(
    connection: &Connection,
    client: &ClientId,
    install: &InstallId,
) -> Result<Option<InstallStanding>, Fault> {
    let row = connection
        .prepare_cached(
            "SELECT mode, fork_since, failures FROM installs WHERE client = ?1 AND install = ?2",
        )?
        .query_row([client.as_str(), install.as_str()], |row| {
            let mode: Option<String> = row.get(0)?;
            Ok((mode, row.get::<_, Option<u64>>(1)?.map(Timestamp), row.get(2)?))
        })
        .optional()?;
    let Some((mode, fork_since, failures)) = row else {
        return Ok(None);
    };
    let what = || format!("the mode of install `{install}`");
    let known = |mode: String| {
        let known = Mode::ALL.into_iter().find(|known| known.as_str() == mode);
        known.ok_or_else(|| corrupt(what(), format!("there is no {mode}")))
    };
    let mode = mode.map(known).transpose()?;
    Ok(Some(InstallStanding { mode, fork_since, failures }))
}

/// Brings an install into a mode. Says whether it was in another one.
pub fn enter(
    write: &mut ClientWrite<'_>,
    at: Timestamp,
    install: &InstallId,
    mode: Mode,
    shadow_state: ShadowState,
) -> Result<Verdict<bool>, Fault> {
    let standing = standing(write.connection, &write.client, install)?
        .ok_or_else(|| write.missing(format!("install `{install}`")))?;
    if standing.mode == Some(mode) {
        return Ok(Verdict::Undo(false));
    }
    let (fork_since, what) = match (mode, standing.fork_since, shadow_state) {
        (Mode::Shadow, None, _) => {
            replace(write, &StateOf::own(install), &StateOf::fork(install))?;
            (Some(at), "; a fork of its state was made")
        }
        (Mode::Shadow, Some(since), _) => (Some(since), "; it goes on with the fork it had"),
        (Mode::Live, Some(_), ShadowState::Discard) => {
            clear(write, &StateOf::fork(install))?;
            (None, "; the fork of its state was discarded")
        }
        (Mode::Live, Some(_), ShadowState::Keep) => {
            replace(write, &StateOf::fork(install), &StateOf::own(install))?;
            clear(write, &StateOf::fork(install))?;
            (None, "; the fork took the place of its state")
        }
        (Mode::Live, None, _) => (None, ""),
        (Mode::Off | Mode::Paused, since, _) => (since, ""),
    };
    write
        .connection
        .prepare_cached(
            "UPDATE installs SET mode = ?3, fork_since = ?4 WHERE client = ?1 AND install = ?2",
        )?
        .execute(params![
            write.client.as_str(),
            install.as_str(),
            mode.as_str(),
            fork_since.map(stored),
        ])?;
    let before = standing.mode.map_or("new", Mode::as_str);
    let act = Act {
        principal: Act::HOST.to_owned(),
        what: "mode".to_owned(),
        subject: Scope::Install(install.clone()).to_string(),
        detail: format!("{before} → {}, as the client's file says{what}", mode.as_str()),
    };
    audit::record(write, at, &act)?;
    Ok(Verdict::Keep(true))
}

/// Makes one state the same as another, by writing what differs.
fn replace(write: &mut ClientWrite<'_>, from: &StateOf, to: &StateOf) -> Result<(), Fault> {
    let commit = write.commit_number();
    // Of each key, the row that was written last; SQLite takes the other columns from the row that
    // has the largest number.
    write
        .connection
        .prepare_cached(
            "WITH source AS (
                 SELECT key, value, about_shop, about_person, sealed, max(commit_number)
                 FROM state_rows WHERE client = ?1 AND install = ?2 GROUP BY key
             ), target AS (
                 SELECT key, value, sealed, max(commit_number)
                 FROM state_rows WHERE client = ?1 AND install = ?3 GROUP BY key
             )
             INSERT INTO state_rows (client, install, key, commit_number, value, about_shop,
                 about_person, sealed)
             SELECT ?1, ?3, key, ?4, source.value, about_shop, about_person, source.sealed
             FROM source FULL JOIN target USING (key)
             WHERE source.value IS NOT target.value OR source.sealed IS NOT target.sealed",
        )?
        .execute(params![write.client.as_str(), from.as_str(), to.as_str(), commit])?;
    Ok(())
}

/// Takes a state away, with all that it ever was.
fn clear(write: &ClientWrite<'_>, state: &StateOf) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached("DELETE FROM state_rows WHERE client = ?1 AND install = ?2")?
        .execute([write.client.as_str(), state.as_str()])?;
    Ok(())
}

/// Counts the failures in a row. What was passed by says nothing of the module.
pub fn count_failures(
    write: &ClientWrite<'_>,
    install: &InstallId,
    result: &RunResult,
) -> Result<(), Fault> {
    match result {
        RunResult::Failed { .. } => {
            write
                .connection
                .prepare_cached(
                    "UPDATE installs SET failures = failures + 1
                     WHERE client = ?1 AND install = ?2",
                )?
                .execute([write.client.as_str(), install.as_str()])?;
            Ok(())
        }
        RunResult::Done | RunResult::Again { .. } => forgive(write, install),
        RunResult::Skipped { .. } => Ok(()),
    }
}

/// Counts failures anew.
pub fn forgive(write: &ClientWrite<'_>, install: &InstallId) -> Result<(), Fault> {
    write
        .connection
        .prepare_cached(
            "UPDATE installs SET failures = 0
             WHERE client = ?1 AND install = ?2 AND failures > 0",
        )?
        .execute([write.client.as_str(), install.as_str()])?;
    Ok(())
}
