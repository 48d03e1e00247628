//! Peers that send too much, too little or too slowly.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use leadsman_core::{failure::FailureKind, seam::HttpCall};
use tokio::io::AsyncWriteExt;

use crate::peers::{answering, get, http, peer, read_head, session};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zipped(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_compressed_body_is_unfolded_and_counted_twice() {
    let address = answering(zipped(&gzip(b"hello hello hello"))).await;
    let reply = http(&session(), get(address, "/")).await.unwrap();
    assert_eq!(reply.body.as_ref(), b"hello hello hello");
    let facts = reply.facts.http.unwrap();
    assert_eq!(facts.body_bytes, 17);
    assert_ne!(facts.wire_bytes, 17);
}

#[tokio::test]
async fn a_bomb_is_defused_and_a_broken_body_is_told_apart() {
    let whole = gzip(b"hello hello hello");
    let bomb = gzip(&vec![0; 8 << 20]);
    for (body, kind) in [
        (bomb.as_slice(), FailureKind::ResponseTooLarge),
        (&whole[..whole.len() - 9], FailureKind::ResponseTruncated),
        (b"no gzip at all", FailureKind::HttpProtocol),
    ] {
        let address = answering(zipped(body)).await;
        let call = HttpCall {
            max_body: 16 << 20,
            ..get(address, "/")
        };
        let failure = http(&session(), call).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_announced_or_not() {
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n{}\r\n0\r\n\r\n",
        "x".repeat(100)
    );
    for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", &chunked] {
        let address = answering(answer).await;
        let call = HttpCall {
            max_body: 99,
            ..get(address, "/")
        };
        assert_eq!(
            http(&session(), call).await.unwrap_err().kind,
            FailureKind::ResponseTooLarge
        );
    }
    let address = answering(chunked).await;
    let reply = http(
        &session(),
        HttpCall {
            max_body: 100,
            ..get(address, "/")
        },
    )
    .await
    .unwrap();
    assert_eq!(reply.body.len(), 100);
}

#[tokio::test]
async fn a_header_without_end_is_cut_off() {
    for field in [
        format!("X-A: {}\r\n", "x".repeat(1000)),
        "a: b\r\n".to_owned(),
    ] {
        let address = peer(move |mut stream| {
            let field = field.clone();
            async move {
                read_head(&mut stream).await;
                drop(stream.write_all(b"HTTP/1.1 200 OK\r\n").await);
                for _ in 0..200 {
                    if stream.write_all(field.as_bytes()).await.is_err() {
                        return;
                    }
                }
                drop(stream.write_all(b"\r\n").await);
                read_head(&mut stream).await;
            }
        })
        .await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ResponseTooLarge, "{failure}");
    }
}
