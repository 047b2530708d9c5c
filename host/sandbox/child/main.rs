//! What the tests of `code` start as the process that compiles: the real thing, and some that do
//! what the real one never does.

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
fn main() {}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
fn main() -> std::process::ExitCode {
    confined::main()
}

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod confined {
    use std::{
        fs::File,
        io::{self, Read as _, Write as _},
        net::{TcpListener, TcpStream, UdpSocket},
        os::unix::net::UnixStream,
        process::{Command, ExitCode, Stdio},
        thread,
        time::Duration,
    };

    use fondaco_sandbox::code::{compile_child, give_everything_up};

    pub fn main() -> ExitCode {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let [mode, .., parent, memory] = arguments.as_slice() else {
            return ExitCode::from(2);
        };
        let (Ok(parent), Ok(memory)) = (parent.parse(), memory.parse()) else {
            return ExitCode::from(2);
        };
        match mode.as_str() {
            "compile" => return compile_child(parent, memory),
            "starts-another" => return start_another(memory),
            _ => {}
        }
        if let Err(unprotected) = give_everything_up(parent, memory) {
            eprintln!("{unprotected}");
            return ExitCode::from(3);
        }
        match mode.as_str() {
            "hangs" => hang(),
            "tries" => try_everything(),
            "reads-inherited" => read_inherited(),
            "aborts" => std::process::abort(),
            "lies" => {
                let _ = io::stdin().lock().read_to_end(&mut Vec::new());
                print!("this is no code");
            }
            "floods" => while io::stdout().write_all(&[b'x'; 4096]).is_ok() {},
            "scolds" => {
                while io::stderr().write_all(b"\x1b[31mbad\n\0words\xff ").is_ok() {}
                return ExitCode::from(64);
            }
            _ => return ExitCode::from(2),
        }
        ExitCode::SUCCESS
    }

    fn hang() {
        println!("confined");
        // An end of its own, in case that what is tested does not work.
        thread::sleep(Duration::from_secs(120));
    }

    /// Starts one that hangs and shares its standard output with it.
    fn start_another(memory: u64) -> ExitCode {
        let own = std::process::id().to_string();
        let program = std::env::current_exe();
        let Ok(mut other) = program.and_then(|program| {
            Command::new(program).args(["hangs", &own, &memory.to_string()]).spawn()
        }) else {
            return ExitCode::from(4);
        };
        let _ = other.wait();
        ExitCode::SUCCESS
    }

    /// Reads from the descriptor that the test let it inherit.
    #[expect(unsafe_code, reason = "the descriptor was opened by another process")]
    fn read_inherited() {
        let mut byte = [0u8; 1];
        // SAFETY: the buffer is as long as it says, and the call fails if there is no descriptor.
        let read = unsafe { libc::read(9, byte.as_mut_ptr().cast(), 1) };
        match read {
            -1 => println!("{:?}", io::Error::last_os_error().raw_os_error()),
            read => println!("read {read}"),
        }
    }

    /// Tries what is forbidden, here and on a thread that was there before, and says what it could.
    fn try_everything() {
        try_calls("here");
        rayon::scope(|scope| scope.spawn(|_| try_calls("on another thread")));
        let denied = |what: &str, tried: io::Result<()>| match tried {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            other => println!("{what}: {other:?}"),
        };
        denied("open a file", File::open("/etc/passwd").map(drop));
        denied("make a file", File::create("/tmp/made-by-the-compiler").map(drop));
        denied("list a folder", std::fs::read_dir("/").map(drop));
        denied("connect", TcpStream::connect("127.0.0.1:9").map(drop));
        denied("listen", TcpListener::bind("127.0.0.1:0").map(drop));
        denied("send", UdpSocket::bind("127.0.0.1:0").map(drop));
        denied("reach a local socket", UnixStream::connect("/run/any").map(drop));
        let run = Command::new("/bin/true").stdin(Stdio::null()).spawn();
        denied("run a program", run.map(drop));
        denied("start a thread", thread::Builder::new().spawn(|| {}).map(drop));
        println!("tried everything");
    }

    #[expect(unsafe_code, reason = "calls are made by number")]
    fn try_calls(place: &str) {
        for (name, call) in forbidden() {
            // SAFETY: with zeros for arguments none of them does anything to this process.
            let answer = unsafe { libc::syscall(call, 0, 0, 0, 0, 0, 0) };
            let error = io::Error::last_os_error().raw_os_error();
            if (answer, error) != (-1, Some(libc::EPERM)) {
                println!("{name} {place}: {answer} {error:?}");
            }
        }
        let executable = libc::PROT_READ | libc::PROT_EXEC;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: it asks for memory at no address of anybody's.
        let mapped = unsafe { libc::mmap(std::ptr::null_mut(), 4096, executable, flags, -1, 0) };
        if mapped != libc::MAP_FAILED {
            println!("executable memory {place}");
        }
        // SAFETY: signal 0 is none; the target is the process that started this one.
        let signalled = unsafe { libc::syscall(libc::SYS_tgkill, libc::getppid(), 1, 0) };
        let error = io::Error::last_os_error().raw_os_error();
        if (signalled, error) != (-1, Some(libc::EPERM)) {
            println!("signal another process {place}: {signalled} {error:?}");
        }
    }

    /// Calls by name, as the system numbers them.
    macro_rules! calls {
        ($($call:ident),* $(,)?) => { vec![$((stringify!($call), libc::$call)),*] };
    }

    type Calls = Vec<(&'static str, i64)>;

    /// What reaches files and opens descriptors.
    fn files() -> Calls {
        calls![
            SYS_openat,
            SYS_openat2,
            SYS_chdir,
            SYS_chroot,
            SYS_unlinkat,
            SYS_renameat2,
            SYS_mkdirat,
            SYS_linkat,
            SYS_symlinkat,
            SYS_fchmodat,
            SYS_fchownat,
            SYS_statx,
            SYS_readlinkat,
            SYS_getdents64,
            SYS_ioctl,
            SYS_fcntl,
            SYS_dup,
            SYS_dup3,
            SYS_pipe2,
            SYS_memfd_create,
            SYS_inotify_init1,
            SYS_fanotify_init,
            SYS_eventfd2,
            SYS_timerfd_create,
            SYS_io_setup,
            SYS_io_uring_setup,
            SYS_mount,
            SYS_umount2,
            SYS_pivot_root
        ]
    }

    /// What reaches the network and other processes, or undoes what was given up.
    fn processes() -> Calls {
        calls![
            SYS_execve,
            SYS_execveat,
            SYS_clone,
            SYS_clone3,
            SYS_ptrace,
            SYS_process_vm_readv,
            SYS_process_vm_writev,
            SYS_kill,
            SYS_tkill,
            SYS_rt_sigqueueinfo,
            SYS_rt_tgsigqueueinfo,
            SYS_pidfd_open,
            SYS_pidfd_send_signal,
            SYS_pidfd_getfd,
            SYS_prctl,
            SYS_prlimit64,
            SYS_setrlimit,
            SYS_seccomp,
            SYS_unshare,
            SYS_setns,
            SYS_setuid,
            SYS_setgid,
            SYS_capset,
            SYS_personality,
            SYS_socket,
            SYS_socketpair,
            SYS_connect,
            SYS_bind,
            SYS_sendto,
            SYS_sendmsg,
            SYS_recvfrom,
            SYS_shmget,
            SYS_msgget,
            SYS_mq_open
        ]
    }

    /// What reaches the system.
    fn system() -> Calls {
        calls![
            SYS_bpf,
            SYS_perf_event_open,
            SYS_userfaultfd,
            SYS_keyctl,
            SYS_add_key,
            SYS_reboot,
            SYS_kexec_load,
            SYS_init_module,
            SYS_finit_module,
            SYS_delete_module,
            SYS_settimeofday,
            SYS_clock_settime,
            SYS_sethostname
        ]
    }

    fn forbidden() -> Calls {
        #[cfg(target_arch = "x86_64")]
        let only_here = calls![SYS_open, SYS_creat, SYS_fork, SYS_vfork, SYS_arch_prctl, SYS_iopl];
        #[cfg(not(target_arch = "x86_64"))]
        let only_here = Calls::new();
        [files(), processes(), system(), only_here].concat()
    }
}
