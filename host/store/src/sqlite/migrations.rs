//! The database's layout, brought up to date step by step when it is opened.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::fault::sql_error;
use crate::StoreError;

/// The steps, in order. One that was released is never changed; a change is a new step.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_the_road_of_one_order.sql"),
    include_str!("migrations/0002_the_audit_log.sql"),
    include_str!("migrations/0003_runs_side_by_side.sql"),
    include_str!("migrations/0004_what_installs_hear_of_themselves.sql"),
    include_str!("migrations/0005_modes_stops_and_alerts.sql"),
    include_str!("migrations/0006_what_is_kept_and_how_it_survives.sql"),
    include_str!("migrations/0007_people.sql"),
    include_str!("migrations/0008_settling.sql"),
    include_str!("migrations/0009_installs_that_are_gone.sql"),
    include_str!("migrations/0010_copies_of_shops.sql"),
    include_str!("migrations/0011_reading_whole_shops.sql"),
];

/// Marks the file as ours ("fndc"), so that another program's database is not written into.
const APPLICATION_ID: i64 = 0x666e_6463;

/// Applies the steps that are missing, each in a transaction of its own.
pub fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    apply(connection, path, MIGRATIONS)
}

fn apply(connection: &mut Connection, path: &Path, migrations: &[&str]) -> Result<(), StoreError> {
    let unusable = |reason: String| StoreError::Unusable { path: path.to_owned(), reason };
    let doing = "bring its layout up to date";
    loop {
        // The number is read under the write lock: another process may be doing the same.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| sql_error(error, doing))?;
        let (number, ours) = version(&transaction).map_err(|error| sql_error(error, doing))?;
        if !ours {
            return Err(unusable("it belongs to another program; name another file".to_owned()));
        }
        if number > migrations.len() {
            return Err(unusable(format!(
                "its layout is number {number}, made by a newer host than this one, which knows \
                 {}; run the newer host",
                migrations.len(),
            )));
        }
        let Some(migration) = migrations.get(number) else {
            return Ok(());
        };
        let step = || -> rusqlite::Result<()> {
            transaction.execute_batch(migration)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", number + 1)?;
            transaction.commit()
        };
        step().map_err(|error| sql_error(error, doing))?;
        tracing::info!(migration.number = number + 1, "the database's layout was brought forward");
    }
}

/// The number of the last step applied, and whether the file is ours or empty.
pub fn version(connection: &Connection) -> rusqlite::Result<(usize, bool)> {
    let number = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let id: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok((number, id == APPLICATION_ID || (id == 0 && tables == 0)))
}

#[cfg(test)]
mod tests {
    use fondaco_model::Entity;

    use super::*;

    const ONE: &str = "CREATE TABLE one (a INTEGER) STRICT;";
    const TWO: &str = "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO two VALUES (2);";

    fn open() -> Connection {
        Connection::open_in_memory().unwrap()
    }

    fn number(connection: &Connection) -> usize {
        version(connection).unwrap().0
    }

    #[test]
    fn missing_steps_are_applied_and_no_others() {
        let (mut connection, path) = (open(), Path::new("db"));
        apply(&mut connection, path, &[ONE]).unwrap();
        assert_eq!(number(&connection), 1);
        apply(&mut connection, path, &[ONE, TWO]).unwrap();
        apply(&mut connection, path, &[ONE, TWO]).unwrap();
        assert_eq!(number(&connection), 2);
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM two", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1);
    }

    #[test]
    fn an_event_whose_pages_were_begun_keeps_its_cursor() {
        let (mut connection, path) = (open(), Path::new("db"));
        apply(&mut connection, path, &MIGRATIONS[..2]).unwrap();
        connection
            .execute_batch(
                "INSERT INTO clients (client, epoch, owner) VALUES ('rossi', 1, 'test');
                 INSERT INTO installs (client, install, last_event, cursor)
                 VALUES ('rossi', 'begun', 4, 'p2'), ('rossi', 'other', 7, NULL);",
            )
            .unwrap();
        apply(&mut connection, path, &MIGRATIONS[..3]).unwrap();
        let kept: (String, u64, String) = connection
            .query_row("SELECT install, event, cursor FROM events_ahead", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })
            .unwrap();
        assert_eq!(kept, ("begun".to_owned(), 5, "p2".to_owned()));
    }

    #[test]
    fn what_was_there_before_traces_gets_some() {
        let (mut connection, path) = (open(), Path::new("db"));
        let is_settling = |step: &&str| step.contains("CREATE TABLE past_deliveries");
        let before = MIGRATIONS.iter().position(is_settling).unwrap();
        apply(&mut connection, path, &MIGRATIONS[..before]).unwrap();
        let old = r#"
            INSERT INTO clients (client, epoch, owner) VALUES ('rossi', 1, 'test');
            INSERT INTO installs (client, install, last_event) VALUES ('rossi', 'sync', 1);
            INSERT INTO events VALUES ('rossi', 1, 1, '{"number":1}'), ('rossi', 2, 1, '{}');
            INSERT INTO runs VALUES ('rossi', 'sync', 1, 2, '{"event":1}'),
                ('rossi', 'sync', 2, 3, '{"event":99}');
            INSERT INTO actions
                (client, action, number, install, event, target, kind, terms, state, proposed_at)
            VALUES ('rossi', 'a', 1, 'sync', 1, 't', '{}', '{}', 'waiting', 7);
        "#;
        connection.execute_batch(old).unwrap();
        migrate(&mut connection, path).unwrap();
        let is_true =
            |sql: &str| connection.query_row(sql, [], |row| row.get::<_, bool>(0)).unwrap();
        for sql in [
            "SELECT count(DISTINCT trace) = 2 AND min(length(trace)) = 16 FROM events",
            "SELECT min(event ->> '$.trace' = lower(hex(trace))) FROM events",
            "SELECT min(record ->> '$.trace' = lower(hex(trace))) FROM runs",
            "SELECT (SELECT trace FROM runs WHERE number = 1)
                 = (SELECT trace FROM events WHERE number = 1)",
            "SELECT length(trace) = 16 FROM runs WHERE number = 2",
            "SELECT trace = (SELECT trace FROM events WHERE number = 1) AND tried_since = 7
                 AND exclusive = 't' AND shown = '{}' FROM actions",
        ] {
            assert!(is_true(sql), "{sql}");
        }
    }

    #[test]
    fn a_step_that_fails_leaves_nothing() {
        let (mut connection, path) = (open(), Path::new("db"));
        let broken = "CREATE TABLE two (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
        apply(&mut connection, path, &[ONE, broken]).unwrap_err();
        assert_eq!(number(&connection), 1);
        apply(&mut connection, path, &[ONE, TWO]).unwrap();
    }

    #[test]
    fn a_newer_database_is_refused_with_words() {
        let (mut connection, path) = (open(), Path::new("data/fondaco.db"));
        apply(&mut connection, path, &[ONE, TWO]).unwrap();
        let error = apply(&mut connection, path, &[ONE]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`data/fondaco.db` cannot be used as the host's database: its layout is number 2, made \
             by a newer host than this one, which knows 1; run the newer host"
        );
    }

    #[test]
    fn orders_that_were_there_before_have_their_place_in_history() {
        let (mut connection, path) = (open(), Path::new("db"));
        let places = |step: &&str| step.contains("CREATE TABLE order_places");
        let step = MIGRATIONS.iter().position(places).unwrap();
        apply(&mut connection, path, &MIGRATIONS[..step]).unwrap();
        let order: Entity = serde_json::from_str(
            r#"{"order": {"head": {"is": "known", "version": {"platform": 5}, "value": {
                "number": "7", "state": "processing", "test": false, "channel": "web",
                "placed_at": 4000, "paid_at": null, "currency": "EUR",
                "prices_include_tax": true, "total": "1", "total_tax": "0",
                "payment_method": null, "shipping_country": null}}}}"#,
        )
        .unwrap();
        let unknown = Entity::unknown(fondaco_model::EntityKind::Order);
        // Of one order more is known with each row; of the other nothing ever.
        let rows = [("7", &unknown), ("7", &order), ("7", &order), ("8", &unknown)];
        for ((id, entity), commit) in rows.into_iter().zip(1..) {
            let entity = serde_json::to_string(entity).unwrap();
            connection
                .execute(
                    "INSERT INTO mirror_rows (client, shop, kind, id, sequence, commit_number,
                         entity) VALUES ('rossi', 'milano', 'order', ?1, ?2, ?2, ?3)",
                    rusqlite::params![id, commit, entity],
                )
                .unwrap();
        }
        apply(&mut connection, path, MIGRATIONS).unwrap();
        let sql = "SELECT id, placed_at, since_commit FROM order_places";
        let mut statement = connection.prepare(sql).unwrap();
        let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let found: Vec<(String, u64, u64)> = found.unwrap().map(Result::unwrap).collect();
        assert_eq!(found, [("7".to_owned(), 4000, 2)]);
    }

    #[test]
    fn the_database_of_another_program_is_left_alone() {
        let (mut connection, path) = (open(), Path::new("db"));
        connection.execute_batch("CREATE TABLE theirs (a INTEGER)").unwrap();
        let error = apply(&mut connection, path, &[ONE]).unwrap_err();
        assert!(error.to_string().contains("belongs to another program"), "{error}");
        assert!(connection.execute("INSERT INTO one VALUES (1)", []).is_err());
    }
}
