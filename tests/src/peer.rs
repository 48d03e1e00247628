//! Scripted peers: each accepts on a loopback port and does exactly what it is told.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

/// A peer that serves every connection with one script, until the test's process ends.
#[derive(Debug, Clone)]
pub struct Peer {
    address: SocketAddr,
    served: Arc<AtomicUsize>,
}

impl Peer {
    /// Starts a peer.
    pub fn start(
        script: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let (served, script) = (Arc::new(AtomicUsize::new(0)), Arc::new(script));
        let counter = Arc::clone(&served);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::Relaxed);
                let script = Arc::clone(&script);
                // A peer that is hung up on has done its part.
                thread::spawn(move || script(&mut { stream }).ok());
            }
        });
        Ok(Self { address, served })
    }

    /// A peer that reads a request's head and answers it with these bytes.
    pub fn answering(answer: impl Into<Vec<u8>>) -> io::Result<Self> {
        let answer = answer.into();
        Self::start(move |stream| {
            head(stream)?;
            stream.write_all(&answer)
        })
    }

    /// A peer that answers like that while it is told to, and is silent otherwise.
    pub fn switched(answers: &Arc<AtomicBool>, answer: impl Into<Vec<u8>>) -> io::Result<Self> {
        let (answers, answer) = (Arc::clone(answers), answer.into());
        Self::start(move |stream| {
            head(stream)?;
            if answers.load(Ordering::Relaxed) {
                return stream.write_all(&answer);
            }
            hang(stream)
        })
    }

    /// Its address.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as a URL.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// How many connections it has served.
    pub fn served(&self) -> usize {
        self.served.load(Ordering::Relaxed)
    }
}

/// Reads a request up to the empty line.
pub fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        read.extend_from_slice(&byte);
    }
    Ok(read)
}

/// Waits until the other side hangs up.
pub fn hang(stream: &mut TcpStream) -> io::Result<()> {
    let mut sink = [0; 1024];
    while stream.read(&mut sink)? > 0 {}
    Ok(())
}

/// An address on which nothing listens: it was bound a moment ago, and let go.
pub fn nowhere() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
