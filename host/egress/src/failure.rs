//! Failures in one line each.

use fondaco_model::http::HttpFailure;

pub(crate) fn refused(reason: impl Into<String>) -> HttpFailure {
    HttpFailure::Refused { reason: reason.into() }
}

pub(crate) fn malformed(reason: impl Into<String>) -> HttpFailure {
    HttpFailure::Malformed { reason: reason.into() }
}

pub(crate) fn unreachable(reason: impl Into<String>) -> HttpFailure {
    HttpFailure::Unreachable { reason: reason.into() }
}

pub(crate) const fn too_large(limit: usize) -> HttpFailure {
    HttpFailure::TooLarge { limit: limit as u64 }
}
