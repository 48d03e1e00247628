//! A real authoritative server: Knot DNS, with one zone, in a folder of its own.

use std::{fs, net::UdpSocket, path::Path, process::Command, time::Duration};

use super::process::{Process, free_port, tool};

const ZONE: &str = "$ORIGIN demo.test.\n$TTL 60\n@ SOA ns admin 2026010203 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n\
www A 127.0.0.1\nshop A 192.0.2.10\nshop A 192.0.2.11\nshop AAAA 2001:db8::10\n@ MX 10 mx\n@ MX 20 mx2\n\
mx A 192.0.2.25\n@ TXT \"v=spf1 -all\"\n";

/// A running server.
#[derive(Debug)]
pub(super) struct Knot {
    _process: Process,
    pub(super) port: u16,
}

impl Knot {
    /// Starts it and waits until it answers.
    pub(super) fn start(folder: &Path) -> Self {
        let port = free_port();
        let place = folder.display();
        let text = format!(
            "server:\n  listen: 127.0.0.1@{port}\n  rundir: {place}\ndatabase:\n  storage: {place}\n\
             log:\n  - target: stdout\n    any: info\nzone:\n  - domain: demo.test\n    storage: {place}\n    file: demo.zone\n"
        );
        let file = folder.join("knot.conf");
        fs::write(&file, text).expect("the folder of the test can be written");
        fs::write(folder.join("demo.zone"), ZONE).expect("the folder of the test can be written");
        let mut command = Command::new(tool("knotd"));
        command.arg("-c").arg(&file);
        let mut process = Process::start(&mut command, &folder.join("knot.log"));
        process.until("the zone is served", || serves(port).then_some(()));
        Self {
            _process: process,
            port,
        }
    }
}

/// Asks for the zone's SOA by hand, and looks for NOERROR with an answer.
fn serves(port: u16) -> bool {
    let mut question = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    question.extend(b"\x04demo\x04test\0\0\x06\0\x01");
    let asked = || {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        socket.send_to(&question, ("127.0.0.1", port))?;
        let mut answer = [0; 512];
        socket.recv(&mut answer).map(|_| answer)
    };
    asked().is_ok_and(
        |answer: [u8; 512]| matches!(answer, [_, _, _, flags, _, _, _, 1, ..] if flags.trailing_zeros() >= 4),
    )
}
