//! Slow and hostile clients, by a clock that the test owns.

use std::time::Duration;

use axum::routing::{get, post};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::Instant,
};

use super::*;

/// Bytes that the "network" holds between the two sides.
const NETWORK: usize = 1024;

/// More than all buffers on the way hold together.
const LARGE: usize = 4 << 20;

/// One connection to a server; it ends when its pulse says so, as when it is served.
fn connected() -> DuplexStream {
    connected_by(false)
}

fn connected_by(is_http2: bool) -> DuplexStream {
    let (client, server) = duplex(NETWORK);
    let router = Router::new()
        .route("/", get(async || "fine"))
        .route("/large", get(async || vec![b'x'; LARGE]))
        .route("/never", get(std::future::pending::<()>))
        .route("/body", post(async |body: String| body.len().to_string()));
    tokio::spawn(async move {
        let access = Access::read(None).unwrap();
        let (all, pulse) = (Server::new(access), Arc::<Pulse>::default());
        tokio::select! {
            _ = pulse.over() => {}
            () = talk(&all, server, router, &pulse, is_http2) => {}
        }
    });
    client
}

/// How long after `since` the other side hangs up.
async fn hung_up(mut client: DuplexStream, since: Instant) -> Duration {
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    since.elapsed()
}

async fn answered(client: &mut DuplexStream) -> String {
    let mut answer = vec![0; NETWORK];
    let read = client.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

/// Timers are exact to a millisecond.
fn about(took: Duration, limit: Duration) -> bool {
    took >= limit && took <= limit + Duration::from_millis(10)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_hung_up_on() {
    let client = connected();
    let took = hung_up(client, Instant::now()).await;
    assert!(about(took, limits::HEAD), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_drips_is_hung_up_on_as_if_nothing_came() {
    let mut client = connected();
    let since = Instant::now();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n")
        .await
        .unwrap();
    while client.write_all(b"x: y\r\n").await.is_ok() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let took = since.elapsed();
    assert!(took <= limits::HEAD + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_rest_between_two_scrapes_but_not_for_ever() {
    let mut client = connected();
    for _ in 0..3 {
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .unwrap();
        assert!(answered(&mut client).await.ends_with("fine"));
        tokio::time::sleep(Duration::from_mins(2)).await;
    }
    // What begins a second head after a rest has no more time for it than the first.
    client.write_all(b"GET").await.unwrap();
    let took = hung_up(client, Instant::now()).await;
    assert!(about(took, limits::HEAD), "{took:?}");
    let mut client = connected();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    assert!(answered(&mut client).await.ends_with("fine"));
    let took = hung_up(client, Instant::now()).await;
    assert!(about(took, limits::IDLE), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_old_connection_ends_between_two_answers() {
    let mut client = connected();
    let since = Instant::now();
    while since.elapsed() < limits::AGE * 2 {
        if client
            .write_all(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
            .await
            .is_err()
        {
            break;
        }
        let answer = answered(&mut client).await;
        assert!(answer.is_empty() || answer.ends_with("fine"), "{answer}");
        tokio::time::sleep(Duration::from_mins(1)).await;
    }
    let took = since.elapsed();
    assert!(
        took >= limits::AGE && took <= limits::AGE + Duration::from_mins(2),
        "{took:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_of_an_answer_is_hung_up_on() {
    let mut client = connected();
    let since = Instant::now();
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    let started = answered(&mut client).await;
    assert!(started.starts_with("HTTP/1.1 200"), "{started}");
    tokio::time::sleep(limits::STALL + Duration::from_secs(1)).await;
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() < LARGE && since.elapsed() < limits::ANSWER);
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_a_second_does_not_hold_a_connection() {
    let mut client = connected();
    let since = Instant::now();
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    // The network's own buffer drains at the same pace; the server's end is seen in a write.
    while client.write_all(b"G").await.is_ok() {
        client.read_u8().await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let took = since.elapsed();
    assert!(took <= limits::ANSWER + Duration::from_secs(1), "{took:?}");
    assert!(took >= limits::STALL * 2, "it made progress: {took:?}");
}

/// What an HTTP/2 client says to ask for `/large`: the preface, settings with a window for all of it, and
/// the same window for the connection.
fn asks_for_much() -> Vec<u8> {
    const WINDOW: [u8; 4] = [0x00, 0x7f, 0xff, 0xff];
    // HPACK: GET, https, and two literals: the path and the authority.
    let head = [&[0x82, 0x87, 0x04, 6][..], b"/large", &[0x01, 4], b"here"].concat();
    [
        &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..],
        &[0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4],
        &WINDOW,
        &[0, 0, 4, 8, 0, 0, 0, 0, 0],
        &WINDOW,
        &[0, 0, u8::try_from(head.len()).unwrap(), 1, 5, 0, 0, 0, 1],
        &head,
    ]
    .concat()
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_byte_a_second_by_http2_does_not_hold_a_connection_either() {
    let mut client = connected_by(true);
    let since = Instant::now();
    client.write_all(&asks_for_much()).await.unwrap();
    // A ping is what such a client may send at any time.
    let ping = [0, 0, 8, 6, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    while client.write_all(&ping).await.is_ok() {
        if client.read_u8().await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let took = since.elapsed();
    assert!(took <= limits::ANSWER + Duration::from_secs(1), "{took:?}");
    assert!(took >= limits::STALL * 2, "it made progress: {took:?}");
}

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_by_http2_is_hung_up_on() {
    let mut client = connected_by(true);
    let since = Instant::now();
    client.write_all(&asks_for_much()).await.unwrap();
    tokio::time::sleep(limits::STALL + Duration::from_secs(1)).await;
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.len() < LARGE && since.elapsed() < limits::ANSWER);
}

#[tokio::test(start_paused = true)]
async fn who_never_opens_the_window_of_http2_is_hung_up_on() {
    let mut client = connected_by(true);
    let asks = asks_for_much();
    // Without the two windows: the settings are empty, and the connection's stays at 64 KiB.
    let head = asks[asks.len() - 25..].to_vec();
    let preface = [&asks[..24], &[0, 0, 0, 4, 0, 0, 0, 0, 0], &head].concat();
    let since = Instant::now();
    client.write_all(&preface).await.unwrap();
    let took = hung_up(client, since).await;
    assert!(took <= limits::ANSWER + Duration::from_secs(1), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_never_answers_is_given_up() {
    let mut client = connected();
    client
        .write_all(b"GET /never HTTP/1.1\r\nHost: here\r\n\r\n")
        .await
        .unwrap();
    let took = hung_up(client, Instant::now()).await;
    assert!(about(took, limits::ANSWER), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_too_large_is_refused_before_it_is_read() {
    let mut client = connected();
    let head = format!(
        "POST /body HTTP/1.1\r\nHost: here\r\nContent-Length: {}\r\n\r\n",
        limits::BODY_BYTES + 1
    );
    client.write_all(head.as_bytes()).await.unwrap();
    assert!(answered(&mut client).await.starts_with("HTTP/1.1 413"));
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_announced_is_cut_off_where_it_is_too_large() {
    let mut client = connected();
    let head = b"POST /body HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n";
    client.write_all(head).await.unwrap();
    let piece = format!("{:x}\r\n{}\r\n", 32 * 1024, "x".repeat(32 * 1024));
    let (mut reader, mut writer) = tokio::io::split(client);
    tokio::spawn(async move { while writer.write_all(piece.as_bytes()).await.is_ok() {} });
    let mut answer = [0; 12];
    reader.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_socket_that_is_handed_in_is_listened_on_and_the_addresses_are_not() {
    let bound = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = bound.local_addr().unwrap();
    let taken = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let wanted = [taken.local_addr().unwrap()];
    let all = listeners(&wanted, vec![bound]).await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].local_addr().unwrap(), address);
    let refused = listeners(&wanted, Vec::new()).await.unwrap_err();
    assert!(refused.contains("--web.listen-address"), "{refused}");
}
