//! Tries files and sockets of its own, past the contract, says what came of it, looks, and passes.

use std::{
    env, fs, io,
    net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
};

use leadsman_sdk::prelude::*;

#[probe]
fn reaches_out(target: &Target, _: &NoSettings) -> Result<Verdict> {
    let (host, port) = target.host_and_port(80)?;
    tell("read a file", fs::read("/etc/passwd"));
    tell("write a file", fs::write("/tmp/lead", "rope"));
    tell("list a folder", fs::read_dir("/"));
    tell("connect", TcpStream::connect((host.as_str(), port)));
    tell("listen", TcpListener::bind("127.0.0.1:0"));
    tell("open a datagram socket", UdpSocket::bind("127.0.0.1:0"));
    tell("resolve a name", "localhost:80".to_socket_addrs());
    report::log(&format!("{} variables", env::vars().count()));
    http::get(target.url("http")).send()?;
    Ok(Verdict::Pass)
}

fn tell<T>(what: &str, came: io::Result<T>) {
    let word = if came.is_ok() { "done" } else { "denied" };
    report::log(&format!("{what}: {word}"));
}
