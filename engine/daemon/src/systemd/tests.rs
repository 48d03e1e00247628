//! Each test that needs a service manager starts this test binary again, in the environment that one
//! would give it, on the test that lives through everything.

use std::{
    env,
    io::Read,
    net::{TcpListener, TcpStream},
    os::{fd::OwnedFd, unix::net::UnixDatagram},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use super::*;

const LIFE: &str = "systemd::tests::a_life_without_a_service_manager_is_a_silent_one";

const GREETS: &str = "systemd::tests::without_a_service_manager_no_sockets_are_given";

/// This test binary on one test; `before` is what a shell does first.
pub(crate) fn again(test: &str, before: &str) -> Command {
    let mut command = Command::new("sh");
    let script = format!("{before} exec \"$0\" \"$@\"");
    command
        .args(["-c", &script])
        .arg(env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture"]);
    command
}

/// What is said at a socket during a life in this environment.
fn said(path: &Path, environment: &[(&str, &str)], before: &str) -> Vec<String> {
    let socket = UnixDatagram::bind(path).unwrap();
    let mut command = again(LIFE, before);
    command
        .env("NOTIFY_SOCKET", path)
        .envs(environment.iter().copied());
    assert!(command.output().unwrap().status.success());
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 4096];
    let datagrams = std::iter::from_fn(|| {
        socket
            .recv(&mut buffer)
            .ok()
            .map(|read| buffer[..read].to_vec())
    });
    datagrams
        .map(|datagram| String::from_utf8(datagram).unwrap())
        .collect()
}

#[test]
fn a_life_without_a_service_manager_is_a_silent_one() {
    let notifier = Notifier::from_env();
    notifier.ready("serving");
    notifier.alive();
    notifier.reloading();
    notifier.ready("serving\nWATCHDOG=trigger");
    notifier.status("12 checks");
    notifier.stopping("waiting for 3 runs");
    let period = env::var("WATCHDOG_USEC")
        .ok()
        .filter(|_| env::var_os("OTHERS").is_none());
    assert_eq!(notifier.beat(), period.map(|_| Duration::from_secs(15)));
}

#[test]
fn the_service_manager_is_told_of_start_reload_and_end() {
    let folder = tempfile::tempdir().unwrap();
    let said = said(&folder.path().join("notify"), &[], "");
    assert_eq!(said.len(), 5, "no watchdog is asked for: {said:?}");
    assert_eq!(said[0], "READY=1\nSTATUS=serving\n");
    let time = said[1]
        .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
        .unwrap();
    assert!(time.trim_end().parse::<u64>().unwrap() > 0);
    assert_eq!(
        said[2], "READY=1\nSTATUS=serving WATCHDOG=trigger\n",
        "one assignment"
    );
    assert_eq!(said[3], "STATUS=12 checks\n");
    assert_eq!(said[4], "STOPPING=1\nSTATUS=waiting for 3 runs\n");
}

#[test]
fn a_watchdog_that_is_asked_for_hears_that_the_daemon_is_alive() {
    let folder = tempfile::tempdir().unwrap();
    let period = [("WATCHDOG_USEC", "30000000")];
    let own = said(
        &folder.path().join("own"),
        &period,
        "WATCHDOG_PID=$$; export WATCHDOG_PID;",
    );
    assert_eq!(own[1], "WATCHDOG=1\n");
    let others = [
        ("WATCHDOG_USEC", "30000000"),
        ("WATCHDOG_PID", "1"),
        ("OTHERS", "yes"),
    ];
    let others = said(&folder.path().join("others"), &others, "");
    assert!(
        !others.iter().any(|said| said == "WATCHDOG=1\n"),
        "{others:?}"
    );
}

#[test]
fn a_socket_that_nobody_reads_ends_nothing() {
    let mut command = again(LIFE, "");
    command.env("NOTIFY_SOCKET", "/nowhere/notify");
    assert!(command.output().unwrap().status.success());
}

/// With sockets it answers one connection to each and says so; without, there are none.
#[test]
fn without_a_service_manager_no_sockets_are_given() {
    let expected = env::var("EXPECTED").map_or(0, |count| count.parse().unwrap());
    let given = listeners().unwrap();
    assert_eq!(given.len(), expected);
    assert!(
        listeners().unwrap().is_empty(),
        "a descriptor has one owner"
    );
    for listener in given {
        let (stream, _) = listener.accept().unwrap();
        drop(stream);
    }
}

/// The life of a process that gets `socket` as its first descriptor after the standard ones.
fn activated(socket: OwnedFd, pid: &str, expected: &str) -> Command {
    let mut command = again(
        GREETS,
        &format!("exec 3<&0 </dev/null; LISTEN_PID={pid}; export LISTEN_PID;"),
    );
    command.stdin(Stdio::from(socket));
    command.env("LISTEN_FDS", "1").env("EXPECTED", expected);
    command
}

#[test]
fn a_socket_of_the_service_manager_is_listened_on() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut client = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
    let output = activated(socket.into(), "$$", "1").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        client.read(&mut [0]).unwrap(),
        0,
        "it was accepted and closed"
    );
}

#[test]
fn a_socket_meant_for_another_process_is_left_alone() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(
        activated(socket.into(), "1", "0")
            .output()
            .unwrap()
            .status
            .success()
    );
}

#[test]
fn what_is_no_listening_socket_is_refused_with_how_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let socket = UnixDatagram::bind(folder.path().join("other")).unwrap();
    let output = activated(socket.into(), "$$", "1").output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("number: 1"), "{told}");
}
