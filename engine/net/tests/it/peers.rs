//! Peers that do exactly what a test says, and sessions that may talk to them.

use std::{net::SocketAddr, time::Duration};

use leadsman_core::{
    egress::{Egress, HostPattern},
    facts::Facts,
    failure::Failure,
    phase::Nanos,
    plan,
    seam::{Answer, Call, HttpCall, HttpReply},
};
use leadsman_net::{Network, Placeholder, Session};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::Instant,
};

pub(crate) const SHORT: Nanos = 150_000_000;

/// A peer that runs the script on each connection, one task each.
pub(crate) async fn peer<F: Future<Output = ()> + Send + 'static>(
    script: impl Fn(TcpStream) -> F + Send + Sync + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// A peer that answers each request on a connection with the same bytes and closes.
pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer = answer.into();
    peer(move |mut stream| {
        let answer = answer.clone();
        async move {
            read_head(&mut stream).await;
            // The client may refuse the answer before its end.
            drop(stream.write_all(&answer).await);
            drop(stream.shutdown().await);
        }
    })
    .await
}

/// The request's head as text; empty where the connection ended.
pub(crate) async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8(head).unwrap()
}

pub(crate) fn pattern(text: &str) -> HostPattern {
    HostPattern::try_from(text.to_owned()).unwrap()
}

pub(crate) fn network() -> Network {
    let tls = plan::Tls {
        ca: Vec::new(),
        ..plan::Tls::default()
    };
    Network::new(&plan::Network::default(), &tls).unwrap()
}

pub(crate) fn session_on(
    network: Network,
    target: &str,
    placeholders: Vec<Placeholder>,
) -> Session {
    let egress = Egress {
        target: Some(pattern(target)),
        ..Egress::default()
    };
    Session::new(
        network,
        egress,
        Instant::now() + Duration::from_secs(10),
        placeholders,
    )
}

/// A session whose target is this machine's literal address, any port.
pub(crate) fn session() -> Session {
    session_on(network(), "127.0.0.1", Vec::new())
}

pub(crate) async fn http(session: &Session, call: HttpCall) -> Result<HttpReply, Failure> {
    match session.perform(&Call::Http(Box::new(call))).await {
        Answer::Http(answer) => answer,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn get(address: SocketAddr, path: &str) -> HttpCall {
    HttpCall {
        timeout: Some(5_000_000_000),
        ..HttpCall::get(format!("http://{address}{path}"))
    }
}

pub(crate) fn hop_count(facts: &Facts) -> usize {
    facts.http.as_ref().map_or(0, |http| http.hops.len())
}
