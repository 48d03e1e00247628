//! What is probed: a small, fast server for HTTP, HTTPS, DNS and lines that counts what it answers.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream, UdpSocket},
    time::sleep,
};
use tokio_rustls::TlsAcceptor;

use crate::{certificates::Authority, failure::Failure};

/// The longest that it lives, whatever becomes of who started it.
const LIFE: Duration = Duration::from_hours(1);

const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 95\r\n\r\n{\"state\": \"open\", \"version\": 3, \"items\": [{\"name\": \"rope\", \"stock\": 12}, {\"name\": \"lead\"}]}    ";

/// What it needs to know.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the authority's certificate is written.
    #[arg(long)]
    authority: PathBuf,
}

/// What was answered, and whether HTTP is answered at all.
#[derive(Debug, Default)]
struct State {
    http: AtomicU64,
    https: AtomicU64,
    dns: AtomicU64,
    tcp: AtomicU64,
    silent: AtomicBool,
}

/// Serves; the first line on standard output says where.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit.maximum,
            maximum: limit.maximum,
        },
    )?;
    let authority = Authority::new("Leadsman's benchmark")?;
    fs::write(&options.authority, authority.pem())
        .map_err(|error| Failure::file(&options.authority, &error))?;
    let acceptor = TlsAcceptor::from(authority.server(&["127.0.0.1", "bench.test"], 90)?);
    let state = Arc::new(State::default());
    let (http, https, tcp, control) = (listen()?, listen()?, listen()?, listen()?);
    let dns = UdpSocket::bind("127.0.0.1:0").await?;
    let places = json!({
        "http": http.local_addr()?, "https": https.local_addr()?, "tcp": tcp.local_addr()?,
        "dns": dns.local_addr()?, "control": control.local_addr()?,
    });
    println!("{places}");
    each(http, &state, |stream, state| async move {
        answer(stream, &state, &state.http).await
    });
    each(https, &state, move |stream, state| {
        let acceptor = acceptor.clone();
        async move { answer(acceptor.accept(stream).await?, &state, &state.https).await }
    });
    each(tcp, &state, greet);
    each(control, &state, tell);
    tokio::spawn(resolve(dns, state));
    sleep(LIFE).await;
    Ok(())
}

fn listen() -> Result<TcpListener, Failure> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok(socket.listen(4096)?)
}

fn each<F, C>(listener: TcpListener, state: &Arc<State>, converse: C)
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
    C: Fn(TcpStream, Arc<State>) -> F + Send + 'static,
{
    let state = Arc::clone(state);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, Arc::clone(&state)));
        }
    });
}

/// Answers each request; while silent, reads and says nothing until the other hangs up.
async fn answer<S>(mut stream: S, state: &State, count: &AtomicU64) -> std::io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut buffer, mut held) = ([0; 4096], 0);
    loop {
        let read = stream
            .read(buffer.get_mut(held..).unwrap_or_default())
            .await?;
        if read == 0 {
            return Ok(());
        }
        held += read;
        let head = buffer.get(..held).unwrap_or_default();
        if state.silent.load(Relaxed) {
            held = 0;
        } else if head.ends_with(b"\r\n\r\n") {
            count.fetch_add(1, Relaxed);
            stream.write_all(RESPONSE).await?;
            held = 0;
        }
    }
}

async fn greet(mut stream: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    state.tcp.fetch_add(1, Relaxed);
    stream.write_all(b"220 bench.test ready\r\n").await?;
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// A byte is an order (`s` be silent, `a` answer, `c` nothing); the counts are told after it.
async fn tell(mut stream: TcpStream, state: Arc<State>) -> std::io::Result<()> {
    match stream.read_u8().await? {
        b's' => state.silent.store(true, Relaxed),
        b'a' => state.silent.store(false, Relaxed),
        _ => {}
    }
    let counts = json!({
        "http": state.http.load(Relaxed), "https": state.https.load(Relaxed),
        "dns": state.dns.load(Relaxed), "tcp": state.tcp.load(Relaxed),
    });
    stream.write_all(counts.to_string().as_bytes()).await
}

async fn resolve(socket: UdpSocket, state: Arc<State>) {
    let mut buffer = [0; 1500];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        if let Some(reply) = buffer.get(..length).and_then(reply) {
            state.dns.fetch_add(1, Relaxed);
            // Who no longer waits gets nothing.
            drop(socket.send_to(&reply, from).await);
        }
    }
}

/// The question with one address for an answer, by hand: the target must cost little.
fn reply(query: &[u8]) -> Option<Vec<u8>> {
    let mut end = 12;
    loop {
        match usize::from(*query.get(end)?) {
            0 => break,
            length => end += 1 + length,
        }
    }
    let mut reply = query.get(..2)?.to_vec();
    reply.extend([0x85, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
    reply.extend(query.get(12..end + 5)?);
    reply.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 10]);
    Some(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_the_bodys() {
        let text = String::from_utf8(RESPONSE.to_vec()).unwrap();
        let (_, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(text.contains(&format!("content-length: {}\r\n", body.len())));
    }

    #[test]
    fn a_query_cut_short_gets_no_reply() {
        assert_eq!(reply(&[0; 11]), None);
        assert_eq!(reply(&[0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 3, b'a']), None);
    }
}
