//! A real authoritative server: Knot DNS, with a zone and a signed one, in a folder of its own.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    path::Path,
    process::Command,
    time::Duration,
};

use super::process::{Process, free_port, tool};

const ZONE: &str = "$ORIGIN demo.test.\n$TTL 60\n@ SOA ns admin 2026010203 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n\
www A 127.0.0.1\nshop A 192.0.2.10\nshop A 192.0.2.11\nshop AAAA 2001:db8::10\n@ MX 10 mx\n@ MX 20 mx2\n\
mx A 192.0.2.25\n@ TXT \"v=spf1 -all\"\n";

const SIGNED: &str =
    "$ORIGIN signed.test.\n$TTL 60\n@ SOA ns admin 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n";

/// A running server.
#[derive(Debug)]
pub(super) struct Knot {
    _process: Process,
    pub(super) port: u16,
}

impl Knot {
    /// Starts it and waits until it answers.
    pub(super) fn start(folder: &Path) -> Self {
        Self::at(folder, SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port()))
    }

    /// The same on an address of the caller's. What it holds beside `demo.test`: a name with more texts than go into a datagram, a
    /// signed zone, and an identity that is asked for in the class CH.
    pub(super) fn at(folder: &Path, address: SocketAddrV4) -> Self {
        let (host, port) = (address.ip(), address.port());
        let place = folder.display();
        let text = format!(
            "server:\n  listen: {host}@{port}\n  rundir: {place}\n  identity: lead\ndatabase:\n  storage: {place}\n\
             log:\n  - target: stdout\n    any: info\nzone:\n  - domain: demo.test\n    storage: {place}\n    file: demo.zone\n  \
             - domain: signed.test\n    storage: {place}\n    file: signed.zone\n    dnssec-signing: on\n    zonefile-sync: -1\n"
        );
        let file = folder.join("knot.conf");
        fs::write(&file, text).expect("the folder of the test can be written");
        let texts = (0..40).map(|number| format!("big TXT \"{number} {}\"\n", "rope ".repeat(10)));
        let demo = format!("{ZONE}{}", texts.collect::<String>());
        fs::write(folder.join("demo.zone"), demo).expect("the folder of the test can be written");
        fs::write(folder.join("signed.zone"), SIGNED)
            .expect("the folder of the test can be written");
        let mut command = Command::new(tool("knotd"));
        command.arg("-c").arg(&file);
        let mut process = Process::start(&mut command, &folder.join("knot.log"));
        for zone in [b"\x04demo\x04test\0".as_slice(), b"\x06signed\x04test\0"] {
            process.until("the zone is served", || serves(address, zone).then_some(()));
        }
        Self {
            _process: process,
            port,
        }
    }
}

/// Asks for a zone's SOA by hand, and looks for NOERROR with an answer.
fn serves(server: SocketAddrV4, zone: &[u8]) -> bool {
    let mut question = vec![0, 7, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    question.extend(zone);
    question.extend(b"\0\x06\0\x01");
    let asked = || {
        let socket = UdpSocket::bind(("127.0.0.1", 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(200)))?;
        socket.send_to(&question, server)?;
        let mut answer = [0; 512];
        socket.recv(&mut answer).map(|_| answer)
    };
    asked().is_ok_and(
        |answer: [u8; 512]| matches!(answer, [_, _, _, flags, _, _, _, 1, ..] if flags.trailing_zeros() >= 4),
    )
}
