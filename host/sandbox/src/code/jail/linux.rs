//! The protections, as Linux has them.

use std::{collections::BTreeMap, io, num::NonZeroUsize, thread};

use rustix::{
    process::{
        DumpableBehavior, Pid, Resource, Rlimit, Signal, getppid, getrlimit, set_dumpable_behavior,
        set_parent_process_death_signal, setrlimit,
    },
    thread::set_no_new_privs,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads,
};

use super::Unprotected;
use crate::limits;

/// The calls that reading, computing, writing and ending take, whatever their arguments.
const ALLOWED: [i64; 28] = [
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_gettid,
    libc::SYS_getpid,
];

pub(super) fn give_everything_up(parent: u32, memory_bytes: u64) -> Result<(), Unprotected> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(refused("ending with the host"))?;
    // Whoever died before that sent no signal.
    let parent_now = getppid().map(Pid::as_raw_pid);
    if parent_now.map(i32::cast_unsigned) != Some(parent) {
        return Err(Unprotected::Orphaned { parent });
    }
    // Neither a core file nor a debugger of the same user sees its memory.
    set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(refused("no core files"))?;
    set_no_new_privs(true).map_err(refused("no new privileges"))?;
    close_inherited()?;
    start_threads()?;
    limit_resources(memory_bytes)?;
    let filter = filter().map_err(refused("the list of system calls"))?;
    apply_filter_all_threads(&filter).map_err(refused("the list of system calls"))
}

fn refused<E: ToString>(protection: &'static str) -> impl Fn(E) -> Unprotected {
    move |error| Unprotected::Refused { protection, message: error.to_string() }
}

#[expect(unsafe_code, reason = "no crate has a safe way to close whatever there is")]
fn close_inherited() -> Result<(), Unprotected> {
    // SAFETY: the call touches no memory. Nothing in this process owns a descriptor above 2: it
    // has just started and opened none.
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    match closed {
        0 => Ok(()),
        _ => Err(refused("closing inherited files")(io::Error::last_os_error())),
    }
}

/// Starts the threads that compile: with them there, nothing needs to start one later, and the
/// system calls that do are off the list. Their number is bounded, because each reserves
/// address space for itself.
fn start_threads() -> Result<(), Unprotected> {
    let available = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    rayon::ThreadPoolBuilder::new()
        .num_threads(available.min(limits::COMPILE_THREADS))
        .build_global()
        .map_err(refused("starting the compiler's threads"))
}

fn limit_resources(memory_bytes: u64) -> Result<(), Unprotected> {
    let seconds = limits::COMPILE_CPU_SECONDS;
    let limits = [
        (Resource::As, memory_bytes, memory_bytes, "limiting memory"),
        // The first is a signal that says why it ended; the second cannot be outlived.
        (Resource::Cpu, seconds, seconds + 1, "limiting processor time"),
        (Resource::Nofile, 3, 3, "limiting open files"),
        (Resource::Nproc, 0, 0, "limiting processes"),
        (Resource::Fsize, 0, 0, "limiting files' size"),
        (Resource::Core, 0, 0, "no core files"),
    ];
    for (resource, current, maximum, protection) in limits {
        // Somebody may have set it lower already, and only root can raise it again.
        let most = getrlimit(resource).maximum.unwrap_or(u64::MAX);
        let limit = Rlimit { current: Some(current.min(most)), maximum: Some(maximum.min(most)) };
        setrlimit(resource, limit).map_err(refused(protection))?;
    }
    Ok(())
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        ALLOWED.into_iter().map(|call| (call, Vec::new())).collect();
    // Memory, as long as it is not executable.
    let executable = SeccompCmpOp::MaskedEq(libc::PROT_EXEC.cast_unsigned().into());
    let only_data = SeccompCondition::new(2, SeccompCmpArgLen::Dword, executable, 0)?;
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![SeccompRule::new(vec![only_data.clone()])?]);
    }
    // Signals to itself, which is how a process aborts.
    let own = std::process::id().into();
    let itself = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, own)?;
    rules.insert(libc::SYS_tgkill, vec![SeccompRule::new(vec![itself])?]);
    let denied = SeccompAction::Errno(libc::EPERM.cast_unsigned());
    let system = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, denied, SeccompAction::Allow, system)?.try_into()
}
