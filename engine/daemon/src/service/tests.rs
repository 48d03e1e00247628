//! The watchdog from end to end: a process of its own, whose service manager is the test.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixDatagram,
    process::{Child, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use leadsman_host::{Watchdog, stalls};
use tokio::runtime::{Builder, Runtime};

use super::beats;
use crate::systemd::{Notifier, tests::again};

const LIFE: &str = "service::tests::a_life_of_which_a_runtime_stands_still_when_it_is_told_to";

/// What the service manager waits for at most.
const PERIOD: Duration = Duration::from_millis(200);

const PATIENCE: Duration = Duration::from_secs(30);

fn runtime() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

fn until(mut condition: impl FnMut() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

/// Does nothing but where it is started again: it says how its runtime is, line by line as it is asked.
#[test]
fn a_life_of_which_a_runtime_stands_still_when_it_is_told_to() {
    if env::var_os("SUPERVISED").is_none() {
        return;
    }
    let (dispatching, watched) = (runtime(), runtime());
    let watchdog = Watchdog::start(vec![("watched", watched.handle().clone())]).unwrap();
    let (notifier, pulse) = (Notifier::from_env(), watchdog.pulse());
    let guard = dispatching.enter();
    let beating = beats(notifier, pulse.clone());
    drop(guard);
    let mut orders = BufReader::new(std::io::stdin()).lines();
    let mut order = || orders.next().map(Result::unwrap);
    assert_eq!(order().as_deref(), Some("stand still"));
    let (release, held) = mpsc::channel::<()>();
    let counted = stalls();
    watched.spawn(async move { held.recv() });
    until(|| !pulse.is_beating());
    until(|| stalls() > counted);
    notifier.status("stands still");
    assert_eq!(order().as_deref(), Some("turn"));
    drop(release);
    until(|| pulse.is_beating());
    notifier.status("turns");
    assert_eq!(order(), None);
    drop(beating);
}

/// The service manager's side.
struct Manager {
    socket: UnixDatagram,
    child: Child,
}

impl Manager {
    /// What is said next; `None` where nothing is for so long.
    fn hears(&self, within: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut buffer = [0; 4096];
        let read = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8(buffer[..read].to_vec()).unwrap())
    }

    fn hears_at_last(&self, what: &str) {
        until(|| self.hears(PATIENCE).is_some_and(|said| said == what));
    }

    fn orders(&mut self, what: &str) {
        let orders = self.child.stdin.as_mut().unwrap();
        writeln!(orders, "{what}").unwrap();
    }
}

#[test]
fn the_watchdog_is_fed_only_while_every_runtime_turns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = again(LIFE, "");
    command
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", PERIOD.as_micros().to_string())
        .env("SUPERVISED", "yes")
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let child = command.spawn().unwrap();
    let mut manager = Manager { socket, child };
    for _ in 0..3 {
        manager.hears_at_last("WATCHDOG=1\n");
    }
    manager.orders("stand still");
    manager.hears_at_last("STATUS=stands still\n");
    // One beat may have been on its way; then none comes for as long as ends a service five times.
    manager.hears(PERIOD / 2);
    assert_eq!(manager.hears(PERIOD * 5), None);
    manager.orders("turn");
    manager.hears_at_last("STATUS=turns\n");
    manager.hears_at_last("WATCHDOG=1\n");
    drop(manager.child.stdin.take());
    assert!(manager.child.wait().unwrap().success());
}
