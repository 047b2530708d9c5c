use tokio::sync::oneshot::Receiver;

use super::*;

fn open() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "PRAGMA foreign_keys = ON;
             CREATE TABLE names (name TEXT PRIMARY KEY) STRICT;
             CREATE TABLE uses (
                 name TEXT REFERENCES names (name) DEFERRABLE INITIALLY DEFERRED
             ) STRICT;",
        )
        .unwrap();
    connection
}

type Answer<T> = Receiver<Result<T, StoreError>>;

fn job<T, F>(guard: Guard, work: F) -> (Box<dyn Job>, Answer<T>)
where
    T: Send + 'static,
    F: FnOnce(&Connection) -> Result<Verdict<T>, Fault> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    (Box::new(Task { doing: "try", guard, work: Some(work), result: None, answer }), answered)
}

fn insert(name: &'static str) -> (Box<dyn Job>, Answer<usize>) {
    job(Guard::Savepoint, move |connection| {
        Ok(Verdict::Keep(connection.execute("INSERT INTO names VALUES (?1)", [name])?))
    })
}

fn names(connection: &Connection) -> Vec<String> {
    let mut statement = connection.prepare("SELECT name FROM names ORDER BY name").unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn one_bad_job_does_not_spoil_its_neighbours() {
    let connection = open();
    let (first, mut first_answer) = insert("a");
    let (fails, mut fails_answer) = job::<(), _>(Guard::Savepoint, |connection| {
        connection.execute("INSERT INTO names VALUES ('half')", [])?;
        connection.execute("INSERT INTO nowhere VALUES (1)", [])?;
        Ok(Verdict::Keep(()))
    });
    let (undone, mut undone_answer) = job(Guard::Savepoint, |connection| {
        connection.execute("INSERT INTO names VALUES ('undone')", [])?;
        Ok(Verdict::Undo("moved"))
    });
    let (unguarded, mut unguarded_answer) = job::<(), _>(Guard::None, |connection| {
        connection.execute("INSERT INTO nowhere VALUES (1)", [])?;
        Ok(Verdict::Keep(()))
    });
    let (last, mut last_answer) = insert("b");
    let mut group = vec![first, fails, undone, unguarded, last];
    commit_group(&connection, &mut group);
    assert!(group.is_empty());
    assert_eq!(first_answer.try_recv().unwrap().unwrap(), 1);
    let error = fails_answer.try_recv().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the database failed while it was to try");
    assert_eq!(undone_answer.try_recv().unwrap().unwrap(), "moved");
    unguarded_answer.try_recv().unwrap().unwrap_err();
    assert_eq!(last_answer.try_recv().unwrap().unwrap(), 1);
    assert_eq!(names(&connection), ["a", "b"]);
    assert!(connection.is_autocommit());
}

#[test]
fn a_commit_that_fails_is_told_to_all_and_leaves_nothing() {
    let connection = open();
    let (first, mut first_answer) = insert("a");
    // What is wrong with this one only the commit finds out.
    let (late, mut late_answer) = job(Guard::Savepoint, |connection| {
        connection.execute("INSERT INTO uses VALUES ('nobody')", [])?;
        Ok(Verdict::Keep(()))
    });
    commit_group(&connection, &mut vec![first, late]);
    for error in [
        first_answer.try_recv().unwrap().unwrap_err(),
        late_answer.try_recv().unwrap().unwrap_err(),
    ] {
        assert!(matches!(error, StoreError::Database { .. }), "{error:?}");
    }
    assert!(names(&connection).is_empty());
    // The next group is none the worse.
    let (next, mut next_answer) = insert("b");
    commit_group(&connection, &mut vec![next]);
    assert_eq!(next_answer.try_recv().unwrap().unwrap(), 1);
    assert_eq!(names(&connection), ["b"]);
}

#[test]
fn a_rollback_of_everything_is_told_to_all() {
    let connection = open();
    let (first, mut first_answer) = insert("a");
    let (rolls_back, mut rolls_back_answer) = job(Guard::Savepoint, |connection| {
        connection.execute_batch("ROLLBACK")?;
        Ok(Verdict::Keep(()))
    });
    let (last, mut last_answer) = insert("b");
    commit_group(&connection, &mut vec![first, rolls_back, last]);
    first_answer.try_recv().unwrap().unwrap_err();
    rolls_back_answer.try_recv().unwrap().unwrap_err();
    last_answer.try_recv().unwrap().unwrap_err();
    assert!(names(&connection).is_empty());
    let (next, mut next_answer) = insert("c");
    commit_group(&connection, &mut vec![next]);
    next_answer.try_recv().unwrap().unwrap();
    assert_eq!(names(&connection), ["c"]);
}

#[test]
fn nobody_has_to_wait_for_an_answer() {
    let connection = open();
    let (first, first_answer) = insert("a");
    drop(first_answer);
    let (last, mut last_answer) = insert("b");
    commit_group(&connection, &mut vec![first, last]);
    last_answer.try_recv().unwrap().unwrap();
    assert_eq!(names(&connection), ["a", "b"]);
}
