//! Secrets: swapped where they belong, hidden in what comes back.

use std::net::SocketAddr;

use bytes::Bytes;
use leadsman_core::{failure::FailureKind, seam::HttpCall};
use leadsman_net::{Placeholder, SecretValue};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
};

use crate::peers::{get, http, network, pattern, peer, read_head, session_on};

fn placeholder(host: &str) -> Vec<Placeholder> {
    let value = SecretValue::new("hunter2/longer");
    vec![Placeholder {
        text: "SECRET-1".to_owned(),
        value,
        hosts: vec![pattern(host)],
    }]
}

fn with_secret(call: HttpCall) -> HttpCall {
    let headers = vec![(
        "authorization".to_owned(),
        Bytes::from_static(b"Bearer SECRET-1"),
    )];
    HttpCall {
        method: "POST".to_owned(),
        headers,
        body: Bytes::from_static(b"p=SECRET-1"),
        ..call
    }
}

#[tokio::test]
async fn a_secret_goes_out_and_comes_back_as_its_placeholder() {
    let address = peer(|mut stream| async move {
        let head = read_head(&mut stream).await;
        let mut body = [0; 16];
        stream.read_exact(&mut body).await.unwrap();
        let told = head.contains("Bearer hunter2/longer") && head.contains("?k=hunter2%2Flonger");
        let right = told && &body == b"p=hunter2/longer";
        let answer =
            format!("HTTP/1.1 200 OK\r\nX-Echo: hunter2/longer\r\nConnection: close\r\n\r\n{right} hunter2/longer");
        drop(stream.write_all(answer.as_bytes()).await);
    })
    .await;
    let session = session_on(network(), "127.0.0.1", placeholder("127.0.0.1"));
    let reply = http(&session, with_secret(get(address, "/?k=SECRET-1")))
        .await
        .unwrap();
    assert_eq!(reply.body.as_ref(), b"true SECRET-1");
    assert!(
        reply
            .headers
            .contains(&("x-echo".to_owned(), Bytes::from_static(b"SECRET-1")))
    );
    assert!(
        reply
            .facts
            .http
            .unwrap()
            .final_url
            .ends_with("/?k=SECRET-1")
    );
}

#[tokio::test]
async fn a_secret_of_another_host_stays_here() {
    let address = crate::peers::answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let session = session_on(network(), "127.0.0.1", placeholder("https://vault.example"));
    let failure = http(&session, with_secret(get(address, "/")))
        .await
        .unwrap_err();
    assert_eq!(failure.kind, FailureKind::SecretUnavailable);
    assert!(
        failure.message.contains("https://vault.example"),
        "{failure}"
    );
}

/// A peer that answers with these bytes, and all that it hears: each request's head and body.
async fn hearing(answer: String) -> (SocketAddr, UnboundedReceiver<String>) {
    let (told, heard) = unbounded_channel();
    let address = peer(move |mut stream| {
        let (told, answer) = (told.clone(), answer.clone());
        async move {
            let head = read_head(&mut stream).await;
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
            let mut body = vec![0; length.unwrap_or(0)];
            stream.read_exact(&mut body).await.unwrap();
            let request = head + &String::from_utf8(body).unwrap();
            told.send(request).unwrap();
            drop(stream.write_all(answer.as_bytes()).await);
        }
    })
    .await;
    (address, heard)
}

#[tokio::test]
async fn a_secret_does_not_follow_a_redirect_to_another_port_though_its_hosts_cover_that_too() {
    for (status, method, body) in [(302, "GET", ""), (307, "POST", "p=SECRET-1")] {
        let nothing = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned();
        let (second, mut heard_there) = hearing(nothing).await;
        let away = format!(
            "HTTP/1.1 {status} Away\r\nLocation: http://{second}/next\r\nContent-Length: 0\r\n\r\n"
        );
        let (first, mut heard_here) = hearing(away).await;
        let call = with_secret(get(first, "/"));
        let field = ("x-api-key".to_owned(), Bytes::from_static(b"SECRET-1"));
        let call = HttpCall {
            headers: vec![field],
            ..call
        };
        let session = session_on(network(), "127.0.0.1", placeholder("127.0.0.1"));
        // It goes on without the secret: this is no `secret_unavailable`.
        let reply = http(&session, call).await.unwrap();
        assert_eq!((reply.status, reply.facts.remote), (200, Some(second)));
        let here = heard_here.recv().await.unwrap();
        assert!(
            here.contains("x-api-key: hunter2/longer\r\n") && here.ends_with("p=hunter2/longer"),
            "{here}"
        );
        let there = heard_there.recv().await.unwrap();
        assert!(
            !there.contains("hunter2") && !there.contains("x-api-key"),
            "{status}: {there}"
        );
        assert!(
            there.starts_with(&format!("{method} /next "))
                && there.ends_with(&format!("\r\n\r\n{body}")),
            "{status}: {there}"
        );
    }
}
