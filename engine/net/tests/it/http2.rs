//! HTTP/2 over TLS: where it is agreed, connections that are used again, and whom a request is addressed to.

use std::{convert::Infallible, future::ready, net::SocketAddr};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming, header, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use leadsman_core::{failure::FailureKind, phase::Phase, seam::HttpCall};
use leadsman_net::{Placeholder, SecretValue};
use rcgen::KeyPair;

use crate::{
    peers::{http, pattern, peer, session_on},
    tls::{Issuer, accepting, authority, call, network_of, params, server, trusting},
};

#[tokio::test]
async fn http2_is_spoken_where_it_is_agreed() {
    let issuer = authority();
    let address = server(params("good.example"), Some(&issuer), &["h2", "http/1.1"]).await;
    let session = trusting(&issuer);
    let reply = http(&session, call(address)).await.unwrap();
    assert_eq!(
        (reply.status, reply.facts.http.unwrap().version.as_str()),
        (200, "HTTP/2")
    );
    let older = HttpCall {
        version: Some("HTTP/1.1".to_owned()),
        ..call(address)
    };
    assert_eq!(
        http(&session, older)
            .await
            .unwrap()
            .facts
            .http
            .unwrap()
            .version,
        "HTTP/1.1"
    );
}

#[tokio::test]
async fn a_session_uses_its_http2_connection_again() {
    let issuer = authority();
    let address = server(params("good.example"), Some(&issuer), &["h2"]).await;
    let session = trusting(&issuer);
    let in_session = |number| HttpCall {
        session: Some(number),
        ..call(address)
    };
    let first = http(&session, in_session(1)).await.unwrap();
    let second = http(&session, in_session(1)).await.unwrap();
    for reply in [&first, &second] {
        assert_eq!(reply.facts.http.as_ref().unwrap().version, "HTTP/2");
    }
    assert_eq!((first.facts.reused, second.facts.reused), (false, true));
    for phase in [Phase::Connect, Phase::Tls] {
        assert!(first.facts.phases.get(phase).is_some(), "{phase:?}");
        assert_eq!(second.facts.phases.get(phase), None, "{phase:?}");
    }
    let other = http(&session, in_session(2)).await.unwrap();
    assert!(!other.facts.reused);
}

/// A server over HTTP/2 that says whom a request is addressed to, in how many bytes, and how many `Host` fields it has.
async fn repeating(issuer: &Issuer) -> SocketAddr {
    let key = KeyPair::generate().unwrap();
    let certificate = params("good.example").signed_by(&key, issuer).unwrap();
    let acceptor = accepting(vec![certificate.der().clone()], &key, &["h2"]);
    peer(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let stream = acceptor.accept(stream).await.unwrap();
            let service = service_fn(|request: Request<Incoming>| {
                let addressed = request.uri().authority().unwrap().as_str();
                let length = addressed.len();
                let fields = request.headers().get_all(header::HOST).iter().count();
                let told = format!("{addressed} ({length}), {fields} fields");
                ready(Ok::<_, Infallible>(Response::new(Full::new(Bytes::from(
                    told,
                )))))
            });
            let served = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), service);
            drop(served.await);
        }
    })
    .await
}

fn with_host(address: SocketAddr, host: &'static str) -> HttpCall {
    HttpCall {
        headers: vec![("Host".to_owned(), Bytes::from_static(host.as_bytes()))],
        ..call(address)
    }
}

#[tokio::test]
async fn a_host_that_is_written_is_whom_an_http2_request_is_addressed_to() {
    let issuer = authority();
    let address = repeating(&issuer).await;
    let session = trusting(&issuer);
    let own = address.to_string();
    for (call, addressed) in [
        (call(address), own.as_str()),
        (with_host(address, "shop.test"), "shop.test"),
        (with_host(address, "shop.test:8443"), "shop.test:8443"),
    ] {
        let reply = http(&session, call).await.unwrap();
        let told = format!("{addressed} ({}), 0 fields", addressed.len());
        assert_eq!(
            (reply.body, reply.facts.remote),
            (Bytes::from(told), Some(address))
        );
    }
    for host in ["", "shop.test/cart", "me@shop.test"] {
        let failure = http(&session, with_host(address, host)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::BadRequest, "{failure}");
    }
}

#[tokio::test]
async fn a_secret_in_a_host_goes_out_over_http2_where_it_may() {
    let issuer = authority();
    let address = repeating(&issuer).await;
    for (bound, outcome) in [
        ("127.0.0.1", Ok("SECRET-1 (9), 0 fields")),
        ("shop.test", Err(FailureKind::SecretUnavailable)),
    ] {
        let secret = Placeholder {
            text: "SECRET-1".to_owned(),
            value: SecretValue::new("shop.test"),
            hosts: vec![pattern(bound)],
        };
        let session = session_on(network_of(&[&issuer]), "127.0.0.1", vec![secret]);
        let answer = http(&session, with_host(address, "SECRET-1")).await;
        let answer = answer
            .map(|reply| reply.body)
            .map_err(|failure| failure.kind);
        assert_eq!(answer, outcome.map(Bytes::from));
    }
}
