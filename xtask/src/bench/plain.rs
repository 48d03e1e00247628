//! The same requests in plain Rust, without Wasm, configuration, schedule or metrics: what is left is
//! what no prober can save.

use std::{fs, io, net::SocketAddr, path::PathBuf, sync::Arc};

use clap::{Args, ValueEnum};
use hyper::StatusCode;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{
    io::AsyncReadExt,
    net::{TcpStream, UdpSocket},
};
use tokio_rustls::TlsConnector;

use super::pace::Pace;
use crate::{failure::Failure, fetch};

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Protocol {
    /// A GET over a fresh connection.
    Http,
    /// The same with a full handshake.
    Https,
    /// An address over UDP.
    Dns,
    /// A greeting.
    Tcp,
}

/// What it needs to know.
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[arg(long)]
    protocol: Protocol,

    /// Whom to ask.
    #[arg(long)]
    target: SocketAddr,

    /// The authority to trust.
    #[arg(long)]
    authority: PathBuf,

    #[command(flatten)]
    pace: Pace,
}

/// Asks until its time is over.
pub(crate) async fn run(options: &Options) -> Result<(), Failure> {
    let target = options.target;
    match options.protocol {
        Protocol::Http => keep(options, move || http(target)).await,
        Protocol::Dns => keep(options, move || dns(target)).await,
        Protocol::Tcp => keep(options, move || tcp(target)).await,
        Protocol::Https => {
            let config = trusting(&options.authority)?;
            keep(options, move || https(target, Arc::clone(&config))).await;
        }
    }
    Ok(())
}

async fn keep<F>(options: &Options, ask: impl Fn() -> F + Clone + Send + 'static)
where
    F: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let act = move || {
        let asked = ask();
        async move {
            if let Err(failure) = asked.await {
                eprintln!("{failure}");
            }
        }
    };
    options.pace.keep(act).await;
}

async fn http(target: SocketAddr) -> Result<(), Failure> {
    well(fetch::get(target, "/").await?.0)
}

/// No session is kept: every handshake is a full one.
fn trusting(authority: &PathBuf) -> Result<Arc<ClientConfig>, Failure> {
    let pem = fs::read(authority).map_err(|error| Failure::file(authority, &error))?;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(&pem)?)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

async fn https(target: SocketAddr, config: Arc<ClientConfig>) -> Result<(), Failure> {
    let stream = TcpStream::connect(target).await?;
    stream.set_nodelay(true)?;
    let name = ServerName::IpAddress(target.ip().into());
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    well(fetch::get_over(stream, &target.to_string(), "/").await?.0)
}

fn well(status: StatusCode) -> Result<(), Failure> {
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(Failure::new(status.to_string()))
}

/// `bench.test`, an address, with recursion desired.
const QUESTION: &[u8] =
    b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x05bench\x04test\x00\x00\x01\x00\x01";

async fn dns(target: SocketAddr) -> Result<(), Failure> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    socket.connect(target).await?;
    socket.send(QUESTION).await?;
    let mut reply = [0; 512];
    let length = socket.recv(&mut reply).await?;
    let reply = reply.get(..length).unwrap_or_default();
    let is_ours = reply.get(..2) == QUESTION.get(..2);
    let went_well = reply
        .get(3)
        .is_some_and(|flags| flags.trailing_zeros() >= 4);
    if is_ours && went_well {
        return Ok(());
    }
    Err(Failure::new("the reply is another"))
}

async fn tcp(target: SocketAddr) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(target).await?;
    let mut line = [0; 256];
    let length = stream.read(&mut line).await?;
    if line
        .get(..length)
        .is_some_and(|line| line.starts_with(b"220 "))
    {
        return Ok(());
    }
    Err(io::Error::from(io::ErrorKind::InvalidData).into())
}
