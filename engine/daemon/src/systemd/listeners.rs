//! Sockets that the service manager opened for the daemon.

use std::{
    io,
    net::TcpListener,
    sync::atomic::{AtomicBool, Ordering},
};

use listenfd::ListenFd;

/// Each descriptor has one owner: only the first call gets them.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Why a socket cannot be used.
#[derive(Debug, thiserror::Error)]
#[error(
    "the socket number {number} from the service manager cannot be listened on: {source}; the socket unit must have `ListenStream=` with an address and a port"
)]
pub struct ListenersError {
    /// Which, counted from 1.
    number: usize,
    /// Why.
    source: io::Error,
}

/// The sockets of the unit's socket units, in their order and ready for an asynchronous runtime;
/// none where the service manager gave none, or where they were taken before.
pub fn listeners() -> Result<Vec<TcpListener>, ListenersError> {
    if TAKEN.swap(true, Ordering::SeqCst) {
        return Ok(Vec::new());
    }
    let mut given = ListenFd::from_env();
    (0..given.len())
        .map(|place| {
            take(&mut given, place).map_err(|source| ListenersError {
                number: place + 1,
                source,
            })
        })
        .collect()
}

fn take(given: &mut ListenFd, place: usize) -> io::Result<TcpListener> {
    let listener = given
        .take_tcp_listener(place)?
        .ok_or_else(|| io::Error::other("it was taken before"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}
