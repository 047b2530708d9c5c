//! What goes wrong below the trait, and how it is told above it; and how values are stored.

use fondaco_model::Timestamp;
use rusqlite::ErrorCode;
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// A failure inside a transaction, before it is known what was being done.
#[derive(Debug)]
pub enum Fault {
    /// SQLite said so.
    Sql(rusqlite::Error),
    /// The store says so itself.
    Store(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    /// Tells it, with what was being done, as an infinitive.
    pub fn during(self, doing: &'static str) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Sql(error) => sql_error(error, doing),
        }
    }
}

/// Tells an error of SQLite's, with what was being done, as an infinitive.
pub fn sql_error(error: rusqlite::Error, doing: &'static str) -> StoreError {
    use rusqlite::Error;
    let unreadable = match &error {
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::InvalidColumnType(..)
        | Error::Utf8Error(..) => true,
        other => matches!(
            other.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        ),
    };
    if unreadable {
        StoreError::Corrupt { what: format!("rows needed to {doing}"), source: Box::new(error) }
    } else {
        StoreError::Database { doing, source: Box::new(error) }
    }
}

/// Reads a stored JSON value; `what` names the row.
pub fn decode<T: DeserializeOwned>(json: &str, what: impl FnOnce() -> String) -> Result<T, Fault> {
    serde_json::from_str(json).map_err(|error| corrupt(what(), error))
}

/// A stored value that cannot be what was written.
pub fn corrupt(what: String, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Fault {
    Fault::Store(StoreError::Corrupt { what, source: source.into() })
}

/// A value as JSON.
pub fn encode<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| {
        Fault::Store(StoreError::Database { doing: "write a value", source: Box::new(error) })
    })
}

/// A number as it is stored. No number that is counted comes near the end of SQLite's integers, so
/// one past it is as good as the last.
pub fn capped(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A moment as it is stored.
pub fn stored(moment: Timestamp) -> i64 {
    capped(moment.0)
}
