//! How much room is left on the disk that the store lies on.

use std::{io, path::Path};

/// Bytes that may still be written below a folder by whoever this process runs as.
///
/// # Errors
/// If the file system does not say.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(folder)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
