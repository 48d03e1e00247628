//! A daemon under a service manager that listens: readiness, reloads, the watchdog, the end.

use std::{os::unix::net::UnixDatagram, time::Duration};

use super::{
    daemon::{Daemon, leadsman},
    desk::Desk,
    process::{PATIENCE, free_port, until},
};

/// What the service manager hears.
struct Manager {
    socket: UnixDatagram,
    heard: Vec<String>,
}

impl Manager {
    fn new(path: &std::path::Path) -> Self {
        let socket = UnixDatagram::bind(path).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            socket,
            heard: Vec::new(),
        }
    }

    /// Waits until it is told what begins so.
    fn hears(&mut self, what: &str) -> String {
        until(what, || {
            let mut buffer = [0; 4096];
            let read = self.socket.recv(&mut buffer).ok()?;
            let told = String::from_utf8(buffer.get(..read)?.to_vec()).unwrap();
            self.heard.push(told.clone());
            told.contains(what).then_some(told)
        })
    }

    fn beats(&self) -> usize {
        let beats = self.heard.iter().filter(|told| *told == "WATCHDOG=1\n");
        beats.count()
    }
}

#[test]
fn the_service_manager_hears_of_the_start_beats_reloads_and_the_end() {
    let desk = Desk::new();
    desk.team("pay", &format!("[{}]", desk.target("home")));
    let path = desk.folder.path().join("notify");
    let mut manager = Manager::new(&path);
    let mut command = leadsman();
    command.env("NOTIFY_SOCKET", &path);
    command.env(
        "WATCHDOG_USEC",
        Duration::from_millis(400).as_micros().to_string(),
    );
    let file = desk.folder.path().join("leadsman.yaml");
    let mut daemon = Daemon::start_as(command, &file, free_port(), &[]);
    manager.hears("READY=1\nSTATUS=running\n");
    for _ in 0..5 {
        manager.hears("WATCHDOG=1");
    }
    daemon.process.signal("HUP");
    manager.hears("RELOADING=1\nMONOTONIC_USEC=");
    let ready = manager.hears("READY=1");
    assert!(ready.contains("the last reload is in force"), "{ready}");
    desk.write("teams/pay.yaml", "team: pay\nchekcs: {}\n");
    daemon.process.signal("HUP");
    let ready = manager.hears("READY=1");
    assert!(ready.contains("mistakes in files"), "{ready}");
    let before = manager.beats();
    manager.hears("WATCHDOG=1");
    assert!(manager.beats() > before && before >= 5);
    daemon.process.signal("TERM");
    manager.hears("STOPPING=1");
    assert!(daemon.process.ended().success());
}
