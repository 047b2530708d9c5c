//! How long the steps of readying a toolchain may take.

use std::time::Duration;

/// Asking a compiler a question about itself.
pub(crate) const QUESTION_WAIT_MAX: Duration = Duration::from_secs(20);

/// Downloading and installing the target with rustup: some 20 MB.
pub(crate) const RUSTUP_WAIT_MAX: Duration = Duration::from_secs(120);

/// Fetching Debian's package lists.
pub(crate) const LISTS_WAIT_MAX: Duration = Duration::from_secs(120);

/// Downloading Debian's packages: some 150 MB.
pub(crate) const DOWNLOAD_WAIT_MAX: Duration = Duration::from_secs(600);

/// Unpacking Debian's packages.
pub(crate) const UNPACK_WAIT_MAX: Duration = Duration::from_secs(600);

/// How often a running step is looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long the last words of a step that ended are waited for.
pub(crate) const LAST_WORDS_WAIT_MAX: Duration = Duration::from_secs(1);

/// How many of a failed step's last lines go into the error.
pub(crate) const LAST_LINES_MAX: usize = 4;
