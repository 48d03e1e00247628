//! Processes of other programs: started, waited for on conditions, and ended by their ids.

use std::{
    env,
    fs::{self, File},
    net::{TcpListener, TcpStream, UdpSocket},
    path::{Path, PathBuf},
    process::{self, Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How long a condition may take on a busy machine before the test fails.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

const LOOK: Duration = Duration::from_millis(10);

/// Waits until `condition` yields something; the panic says what did not happen.
pub(super) fn until<T>(what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = condition() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        thread::sleep(LOOK);
    }
}

/// Where a program is; one line says which is missing.
pub(super) fn tool(name: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"].map(PathBuf::from);
    let found = env::split_paths(&path)
        .chain(system)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    found
        .ok_or_else(|| {
            format!("`{name}` is missing: `cargo xtask test` installs it when it is run as root")
        })
        .expect("every tool of the test is installed")
}

/// A port that nobody listens on, neither by TCP nor by UDP. It lies below those that the kernel hands out to
/// clients, so that none takes it while its server is down, and each test process has a block of its own.
pub(super) fn free_port() -> u16 {
    const FIRST: u32 = 10_240;
    const BLOCKS: u32 = 1_400;
    const BLOCK: u32 = 16;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = FIRST + process::id() % BLOCKS * BLOCK;
    until("a port is free", || {
        let port = start + u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(port).ok()?;
        let tcp = TcpListener::bind(("127.0.0.1", port)).ok()?;
        let udp = UdpSocket::bind(("127.0.0.1", port)).ok()?;
        drop((tcp, udp));
        Some(port)
    })
}

/// A running process, whose output goes to a file; dropping it kills it and waits.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    output: PathBuf,
}

impl Process {
    /// Starts a command; its output is appended to `output`.
    pub(super) fn start(command: &mut Command, output: &Path) -> Self {
        let file = File::options().create(true).append(true).open(output);
        let file = file.expect("the folder of the test can be written");
        let errors = file.try_clone().expect("a file can be opened twice");
        command.stdin(Stdio::null()).stdout(file).stderr(errors);
        Self {
            child: command.spawn().expect("the program can be started"),
            output: output.to_owned(),
        }
    }

    /// What it has printed.
    pub(super) fn output(&self) -> String {
        fs::read_to_string(&self.output).unwrap_or_default()
    }

    /// Waits on a condition of a process that must stay alive meanwhile.
    pub(super) fn until<T>(&mut self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        until(what, || {
            let found = condition();
            let ended = self.child.try_wait().expect("the process is ours");
            assert!(
                found.is_some() || ended.is_none(),
                "it ended before {what}:\n{}",
                self.output()
            );
            found
        })
    }

    /// Waits until it accepts connections on a port.
    pub(super) fn listens(&mut self, port: u16) {
        self.until("the port accepts", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
    }

    /// Sends it a signal, such as `TERM`.
    pub(super) fn signal(&self, name: &str) {
        let sent = Command::new(tool("sh"))
            .args(["-c", &format!("kill -{name} {}", self.child.id())])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name}");
    }

    /// Waits until it has ended.
    pub(super) fn ended(&mut self) -> ExitStatus {
        until("the process has ended", || {
            self.child.try_wait().expect("the process is ours")
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            // It may have ended this very moment: then neither is needed.
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
