//! Client identities: shown to those who are trusted, and to nobody else.

use std::{net::SocketAddr, sync::Arc};

use leadsman_core::{
    failure::FailureKind,
    plan::{self, CaSource},
    seam::{HttpCall, TlsOptions},
};
use leadsman_net::{Network, Session};
use rcgen::KeyPair;
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::PrivateKeyDer;
use tokio::{io::AsyncWriteExt, sync::mpsc};
use tokio_rustls::TlsAcceptor;

use crate::{
    peers::{http, peer, read_head, session_on},
    tls::{Issuer, authority, call, params},
};

/// A server that demands a client's certificate, and tells whether it got one.
async fn demanding(
    server: &Issuer,
    clients: &Issuer,
) -> (SocketAddr, mpsc::UnboundedReceiver<bool>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params("good.example").signed_by(&key, server).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(clients.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
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

/// A session that trusts `server` and has an identity by `clients`.
fn identified(server: &Issuer, clients: &Issuer) -> Session {
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
    session_on(
        Network::new(&plan::Network::default(), &tls).unwrap(),
        "127.0.0.1",
        Vec::new(),
    )
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
