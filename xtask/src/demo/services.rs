//! The services of the demo: real ones, on loopback, on the ports that `examples/quickstart.yaml` names.

use std::{io, net::SocketAddr, sync::Arc};

use rustls::ServerConfig;
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};
use tokio_rustls::TlsAcceptor;

use super::{
    dns,
    http::{Kind, Site},
    lines,
};
use crate::{certificates::Authority, failure::Failure};

/// The name that the certificates are for.
const NAME: &str = "shop.demo.test";

/// Starts all of them; dropping what is returned ends them.
pub(super) async fn start(authority: &Authority) -> Result<JoinSet<()>, Failure> {
    let mut services = JoinSet::new();
    let sites = [
        (19001, "the HTTP service", Kind::Fine, None),
        (19002, "the slow HTTP service", Kind::Slow, None),
        (19003, "the flaky HTTP service", Kind::Flaky, None),
        (19004, "the HTTPS service", Kind::Fine, Some(90)),
        (
            19005,
            "the HTTPS service whose certificate ends in 10 days",
            Kind::Fine,
            Some(10),
        ),
    ];
    for (port, what, kind, days) in sites {
        let listener = listen(port, what).await?;
        let tls = days
            .map(|days| authority.server(&[NAME, "127.0.0.1"], days))
            .transpose()?;
        services.spawn(serve(listener, Arc::new(Site::new(kind)), tls));
    }
    let what = "the DNS server";
    let udp = UdpSocket::bind(address(19006)).await;
    let udp = udp.map_err(|error| taken(19006, what, &error))?;
    services.spawn(dns::over_udp(udp));
    services.spawn(dns::over_tcp(listen(19006, what).await?));
    services.spawn(lines::serve(listen(19007, "the line server").await?));
    drop(listen(super::shop::PORT, "the shop").await?);
    Ok(services)
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

async fn listen(port: u16, what: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address(port)).await;
    listener.map_err(|error| taken(port, what, &error))
}

fn taken(port: u16, what: &str, error: &io::Error) -> Failure {
    Failure::new(format!(
        "port {port} on 127.0.0.1, which examples/quickstart.yaml names for {what}, cannot be used: {error}; `ss -lntup sport = :{port}` shows who has it: end that program (another demo?) and try again"
    ))
}

async fn serve(listener: TcpListener, site: Arc<Site>, tls: Option<Arc<ServerConfig>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream, Arc::clone(&site), tls.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// Probers hang up when they have seen enough: that is no error here.
async fn converse(stream: TcpStream, site: Arc<Site>, tls: Option<Arc<ServerConfig>>) {
    let Some(config) = tls else {
        return site.converse(stream).await;
    };
    if let Ok(stream) = TlsAcceptor::from(config).accept(stream).await {
        site.converse(stream).await;
    }
}
