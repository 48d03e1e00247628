//! Client identities: shown to those who are trusted, and to nobody else.

use std::{net::SocketAddr, sync::Arc};

use leadsman_core::{
    failure::FailureKind,
    plan::{self, CaSource},
    seam::{Family, HttpCall, TlsOptions},
};
use leadsman_net::{Network, Session};
use rcgen::KeyPair;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::PrivateKeyDer;
use tokio::{io::AsyncWriteExt, sync::mpsc};
use tokio_rustls::TlsAcceptor;

use crate::{
    dns,
    families::{NAME, OTHER, here, resolving_by, session_over},
    peers::{http, peer, read_head, session_on},
    tls::{Issuer, authority, call, params},
};

/// What accepts connections in this name and asks for a client's certificate, which it may demand.
fn acceptor(name: &str, server: &Issuer, clients: &Issuer, demanded: bool) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params(name).signed_by(&key, server).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(clients.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let verifier = if demanded {
        verifier
    } else {
        verifier.allow_unauthenticated()
    };
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.build().unwrap())
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A server that demands a client's certificate, and tells whether it got one.
async fn demanding(
    server: &Issuer,
    clients: &Issuer,
) -> (SocketAddr, mpsc::UnboundedReceiver<bool>) {
    let acceptor = acceptor("good.example", server, clients, true);
    let (tell, told) = mpsc::unbounded_channel();
    let address = peer(move |stream| {
        let (acceptor, tell) = (acceptor.clone(), tell.clone());
        async move {
            let accepted = acceptor.accept(stream).await;
            let got = accepted
                .as_ref()
                .is_ok_and(|stream| stream.get_ref().1.peer_certificates().is_some());
            tell.send(got).unwrap();
            if let Ok(mut stream) = accepted {
                read_head(&mut stream).await;
                drop(stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await);
            }
        }
    })
    .await;
    (address, told)
}

type Seen = (Option<String>, bool);

/// A server that gives each request this answer. It tells which name it was asked for, and whether a client's
/// certificate came.
async fn asking(
    acceptor: TlsAcceptor,
    answer: String,
) -> (SocketAddr, mpsc::UnboundedReceiver<Seen>) {
    let (tell, told) = mpsc::unbounded_channel();
    let address = peer(move |stream| {
        let (acceptor, tell, answer) = (acceptor.clone(), tell.clone(), answer.clone());
        async move {
            // Who does not trust it goes away.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            let seen = stream.get_ref().1;
            let name = seen.server_name().map(str::to_owned);
            tell.send((name, seen.peer_certificates().is_some()))
                .unwrap();
            while !read_head(&mut stream).await.is_empty() {
                drop(stream.write_all(answer.as_bytes()).await);
                drop(stream.flush().await);
            }
        }
    })
    .await;
    (address, told)
}

/// A session that trusts `server` and has an identity by `clients`.
fn identified(server: &Issuer, clients: &Issuer) -> Session {
    let network = knowing(&plan::Network::default(), server, clients);
    session_on(network, "127.0.0.1", Vec::new())
}

/// A network that trusts `server` and has an identity by `clients`.
fn knowing(network: &plan::Network, server: &Issuer, clients: &Issuer) -> Network {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| {
        let file = directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let key = KeyPair::generate().unwrap();
    let certificate = params("client.example").signed_by(&key, clients).unwrap();
    let identity = plan::Identity {
        certificate: write("client.pem", certificate.pem()),
        key: write("client.key", key.serialize_pem()),
    };
    let tls = plan::Tls {
        ca: vec![CaSource::File(write("ca.pem", server.pem()))],
        identities: [(
            leadsman_core::id::ResourceName::new("client").unwrap(),
            identity,
        )]
        .into(),
        ..plan::Tls::default()
    };
    Network::new(network, &tls).unwrap()
}

fn as_client(address: SocketAddr) -> HttpCall {
    let tls = TlsOptions {
        identity: Some("client".to_owned()),
        ..call(address).tls
    };
    HttpCall {
        tls,
        ..call(address)
    }
}

#[tokio::test]
async fn a_trusted_server_gets_the_identity() {
    let (servers, clients) = (authority(), authority());
    let (address, mut told) = demanding(&servers, &clients).await;
    let reply = http(&identified(&servers, &clients), as_client(address))
        .await
        .unwrap();
    assert_eq!((reply.status, told.recv().await), (204, Some(true)));
}

#[tokio::test]
async fn an_untrusted_server_never_gets_the_identity() {
    let (servers, clients) = (authority(), authority());
    let (address, mut told) = demanding(&servers, &clients).await;
    let session = identified(&clients, &clients);
    for version in ["TLS 1.2", "TLS 1.3"] {
        let mut call = as_client(address);
        call.tls.min_version = Some(version.to_owned());
        call.tls.max_version = Some(version.to_owned());
        let failure = http(&session, call).await.unwrap_err();
        assert!(
            failure.kind != FailureKind::TlsHandshake && failure.facts.tls.is_some(),
            "{failure}"
        );
        assert_eq!(told.recv().await, Some(false));
    }
    let mut insecure = as_client(address);
    insecure.tls.insecure = true;
    assert_eq!(
        http(&session, insecure).await.unwrap_err().kind,
        FailureKind::BadRequest
    );
}

const NOTHING: &str = "HTTP/1.1 204 No Content\r\n\r\n";

fn away(host: &str, port: u16) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: https://{host}:{port}/\r\nContent-Length: 0\r\n\r\n")
}

/// A call with a name to judge for and an identity.
fn to(host: &str, port: u16) -> HttpCall {
    HttpCall {
        url: format!("https://{host}:{port}/"),
        family: Family::V4,
        session: Some(1),
        ..as_client(SocketAddr::from(([127, 0, 0, 1], port)))
    }
}

#[tokio::test]
async fn a_server_name_and_an_identity_follow_a_redirect_on_their_own_host_only() {
    let (servers, clients) = (authority(), authority());
    let resolver = resolving_by(dns::server(here, here).await);
    let session = session_over(knowing(&resolver, &servers, &clients));
    for (host, name, shown) in [(NAME, "good.example", true), (OTHER, OTHER, false)] {
        let there = acceptor(name, &servers, &clients, false);
        let (second, mut told_there) = asking(there, NOTHING.to_owned()).await;
        let own = acceptor("good.example", &servers, &clients, true);
        let (first, mut told_here) = asking(own, away(host, second.port())).await;
        let reply = http(&session, to(NAME, first.port())).await.unwrap();
        assert_eq!((reply.status, reply.facts.remote), (204, Some(second)));
        assert_eq!(
            told_here.recv().await,
            Some((Some("good.example".to_owned()), true))
        );
        assert_eq!(
            told_there.recv().await,
            Some((Some(name.to_owned()), shown))
        );
    }
}

#[tokio::test]
async fn a_connection_serves_those_who_ask_for_the_handshake_that_it_was_made_with() {
    let (servers, clients) = (authority(), authority());
    let resolver = resolving_by(dns::server(here, here).await);
    let session = session_over(knowing(&resolver, &servers, &clients));
    let there = acceptor(OTHER, &servers, &clients, false);
    let (second, _told_there) = asking(there, NOTHING.to_owned()).await;
    let own = acceptor("good.example", &servers, &clients, true);
    let (first, _told_here) = asking(own, away(OTHER, second.port())).await;
    http(&session, to(NAME, first.port())).await.unwrap();
    // The redirect has left a connection without a name and an identity of its own.
    let plain = HttpCall {
        tls: TlsOptions::default(),
        ..to(OTHER, second.port())
    };
    let reply = http(&session, plain).await.unwrap();
    assert!(reply.facts.reused);
    let failure = http(&session, to(OTHER, second.port())).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::TlsNameMismatch, "{failure}");
    assert!(!failure.facts.reused);
}
