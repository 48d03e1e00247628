//! Peers that send too much, too little or too slowly.

use std::io::Write;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use leadsman_core::{failure::FailureKind, seam::HttpCall};
use tokio::io::AsyncWriteExt;

use crate::peers::{answering, get, http, peer, read_head, session};

const TEXT: &[u8] = b"hello hello hello";

/// What the reference implementation makes of that text, and of 8 MiB of zeros.
const BROTLI_TEXT: &[u8] =
    b"\x1f\x10\x00\xf8\x8d\x94\x6e\xde\x44\x55\x86\x96\x6c\x20\x6f\x01\x4f\x1c\x60\x1c";
const BROTLI_BOMB: &[u8] = b"\x9f\xff\xff\x7f\xf8\x27\x00\xe2\xb1\x40\x20\xf7\xfe\x0f";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bare_deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Each coding's name, the text in it, and 8 MiB of zeros in it.
fn codings() -> [(&'static str, Vec<u8>, Vec<u8>); 4] {
    let zeros = vec![0; 8 << 20];
    [
        ("gzip", gzip(TEXT), gzip(&zeros)),
        ("deflate", zlib(TEXT), zlib(&zeros)),
        ("Deflate", bare_deflate(TEXT), bare_deflate(&zeros)),
        ("br", BROTLI_TEXT.to_vec(), BROTLI_BOMB.to_vec()),
    ]
}

fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

#[tokio::test]
async fn a_compressed_body_is_unfolded_and_counted_twice() {
    for (coding, whole, _) in codings() {
        let address = answering(coded(coding, &whole)).await;
        let reply = http(&session(), get(address, "/")).await.unwrap();
        assert_eq!(reply.body, TEXT, "{coding}");
        let facts = reply.facts.http.unwrap();
        let sizes = (facts.wire_bytes, facts.body_bytes);
        assert_eq!(sizes, (u64::try_from(whole.len()).unwrap(), 17), "{coding}");
    }
}

#[tokio::test]
async fn a_compressed_body_may_come_byte_by_byte() {
    for (coding, whole, _) in codings() {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        let chunks = whole
            .iter()
            .flat_map(|byte| [b"1\r\n".as_slice(), &[*byte], b"\r\n"].concat());
        let answer: Vec<u8> = head.bytes().chain(chunks).chain(*b"0\r\n\r\n").collect();
        let address = answering(answer).await;
        let reply = http(&session(), get(address, "/")).await.unwrap();
        assert_eq!(reply.body, TEXT, "{coding}");
    }
}

#[tokio::test]
async fn what_was_undone_of_a_body_that_is_cut_counts() {
    let whole = gzip(TEXT);
    let cut = whole.split_last().unwrap().1;
    let address = answering(coded("gzip", cut)).await;
    let failure = http(&session(), get(address, "/")).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::ResponseTruncated);
    assert_eq!(failure.facts.http.unwrap().body_bytes, 17);
}

#[tokio::test]
async fn a_bomb_is_defused_and_a_broken_body_is_told_apart() {
    for (coding, whole, bomb) in codings() {
        let cut = whole.split_last().unwrap().1;
        let more = [whole.as_slice(), b"and more than a head"].concat();
        for (body, kind) in [
            (bomb.as_slice(), FailureKind::ResponseTooLarge),
            (cut, FailureKind::ResponseTruncated),
            (b"\xffno such thing", FailureKind::HttpProtocol),
            (&more, FailureKind::HttpProtocol),
        ] {
            let address = answering(coded(coding, body)).await;
            let call = HttpCall {
                max_body: 16 << 20,
                ..get(address, "/")
            };
            let failure = http(&session(), call).await.unwrap_err();
            assert_eq!(failure.kind, kind, "{coding}: {failure}");
        }
    }
}

#[tokio::test]
async fn a_body_with_a_wrong_checksum_is_not_cut_but_broken() {
    for (coding, mut whole, _) in codings().into_iter().take(2) {
        *whole.last_mut().unwrap() ^= 1;
        let address = answering(coded(coding, &whole)).await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        assert_eq!(
            failure.kind,
            FailureKind::HttpProtocol,
            "{coding}: {failure}"
        );
    }
}

#[tokio::test]
async fn a_body_that_is_no_gzip_is_not_cut_however_short_it_is() {
    let trailed = [gzip(TEXT).as_slice(), b"trailing"].concat();
    for (body, wrong) in [
        (b"hello".as_slice(), "invalid gzip header"),
        (b"not gzip!", "invalid gzip header"),
        (b"\x1f\x8b\x07", "invalid gzip header"),
        (&trailed, "something follows its end"),
    ] {
        let address = answering(coded("gzip", body)).await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::HttpProtocol, "{failure}");
        assert!(failure.message.contains(wrong), "{failure}");
    }
}

#[tokio::test]
async fn members_of_gzip_are_one_body_and_a_cut_one_is_cut_wherever_it_is() {
    let members = [gzip(b"hello "), gzip(b""), gzip(b"hello hello")];
    let whole = members.concat();
    let address = answering(coded("gzip", &whole)).await;
    let reply = http(&session(), get(address, "/")).await.unwrap();
    assert_eq!(reply.body, TEXT);
    let first = members[0].len();
    for length in [1, 2, 9, 10, first - 8, first - 1, first + 1, first + 10] {
        let address = answering(coded("gzip", &whole[..length])).await;
        let failure = http(&session(), get(address, "/")).await.unwrap_err();
        let kind = FailureKind::ResponseTruncated;
        assert_eq!(failure.kind, kind, "{length} bytes: {failure}");
    }
}

#[tokio::test]
async fn codings_over_each_other_are_undone_the_last_one_first() {
    let twice = gzip(&gzip(TEXT));
    for (listed, body) in [
        ("gzip, gzip", twice.clone()),
        ("gzip\r\nContent-Encoding: x-gzip", twice),
        ("deflate,gzip", gzip(&zlib(TEXT))),
        ("br, deflate, gzip", gzip(&zlib(BROTLI_TEXT))),
        ("gzip, Identity", gzip(TEXT)),
        (", identity ,gzip", gzip(TEXT)),
        ("identity", TEXT.to_vec()),
    ] {
        let address = answering(coded(listed, &body)).await;
        let reply = http(&session(), get(address, "/")).await.unwrap();
        assert_eq!(reply.body, TEXT, "{listed}");
        let facts = reply.facts.http.unwrap();
        let sizes = (facts.wire_bytes, facts.body_bytes);
        assert_eq!(sizes, (u64::try_from(body.len()).unwrap(), 17), "{listed}");
    }
}

#[tokio::test]
async fn each_of_several_codings_is_judged() {
    let whole = gzip(TEXT);
    let cut = whole.split_last().unwrap().1;
    for (inner, max_body, kind) in [
        (
            gzip(&vec![0; 8 << 20]),
            16 << 20,
            FailureKind::ResponseTooLarge,
        ),
        (whole.clone(), 16, FailureKind::ResponseTooLarge),
        (cut.to_vec(), 17, FailureKind::ResponseTruncated),
        (b"hello".to_vec(), 17, FailureKind::HttpProtocol),
    ] {
        let address = answering(coded("gzip, gzip", &gzip(&inner))).await;
        let call = HttpCall {
            max_body,
            ..get(address, "/")
        };
        let failure = http(&session(), call).await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
    }
}

#[tokio::test]
async fn a_body_with_a_coding_that_cannot_be_undone_is_left_as_it_came() {
    let body = gzip(TEXT);
    for listed in ["zstd", "zstd, gzip", "gzip, gzip, gzip, gzip"] {
        let address = answering(coded(listed, &body)).await;
        let reply = http(&session(), get(address, "/")).await.unwrap();
        assert_eq!(reply.body, body, "{listed}");
    }
}

#[tokio::test]
async fn a_compressed_body_is_held_to_its_size_after_it_is_unfolded() {
    for (coding, whole, _) in codings() {
        let address = answering(coded(coding, &whole)).await;
        let up_to = |max_body| HttpCall {
            max_body,
            ..get(address, "/")
        };
        let failure = http(&session(), up_to(16)).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::ResponseTooLarge, "{coding}");
        assert!(failure.message.contains("16 bytes"), "{coding}: {failure}");
        let reply = http(&session(), up_to(17)).await.unwrap();
        assert_eq!(reply.body, TEXT, "{coding}");
    }
}

#[tokio::test]
async fn what_is_not_to_be_undone_is_left_as_it_came() {
    for (coding, whole, _) in codings() {
        let address = answering(coded(coding, &whole)).await;
        let call = HttpCall {
            decompress: false,
            ..get(address, "/")
        };
        let reply = http(&session(), call).await.unwrap();
        assert_eq!(reply.body, whole, "{coding}");
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
        for limit in ["128 fields", "64 KiB"] {
            assert!(failure.message.contains(limit), "{failure}");
        }
    }
}
