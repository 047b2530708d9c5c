//! What the process that compiles gives up before it reads a byte.
//!
//! Each protection stands by itself, so that one with a hole does not open the others: no
//! descriptors but the three it was handed, no more than these, no more memory, no privileges to
//! gain, and in the end a list of the system calls that computing takes. What is not on the list
//! fails with "operation not permitted", also on the threads that were there before. There is no
//! call on it that opens, connects, starts, signals another process or makes memory executable.
//!
//! It needs Linux 5.9 or newer (the newest thing asked for is `close_range`) with seccomp, on
//! x86-64 or 64-bit ARM. Where any of it cannot be had the process refuses to work: a host that
//! compiled less protected without saying so would be worse than one that does not.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod linux;

/// A protection that could not be put up.
#[derive(Debug, thiserror::Error)]
pub enum Unprotected {
    /// Who started it is gone, or was another process.
    #[error("the process that started it, {parent}, is not there")]
    Orphaned {
        /// Who should have started it.
        parent: u32,
    },
    /// The system did not do what was asked.
    #[error("{protection}: {message}; Linux 5.9 or newer with seccomp is needed")]
    Refused {
        /// Which protection.
        protection: &'static str,
        /// What the system said.
        message: String,
    },
    /// This system does not have them.
    #[error("only Linux on x86-64 or 64-bit ARM has the protections that this needs")]
    UnknownSystem,
}

/// Gives up whatever compiling does not need, for good, or says what could not be given up.
///
/// `parent` is the process that started this one and that it ends with; it ends also when the
/// *thread* that started it ends. `memory_bytes` is the address space it may use from here on. Call
/// it while there is only one thread: threads of a pool are started here, and none can be later.
///
/// # Errors
/// If a protection could not be put up. Those before it are up, so the process should end then.
pub fn give_everything_up(parent: u32, memory_bytes: u64) -> Result<(), Unprotected> {
    #[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
    return linux::give_everything_up(parent, memory_bytes);
    #[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
    return unknown_system(parent, memory_bytes);
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn unknown_system(_parent: u32, _memory_bytes: u64) -> Result<(), Unprotected> {
    Err(Unprotected::UnknownSystem)
}
