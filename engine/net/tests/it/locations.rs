//! What stands in a redirect's `Location`, as servers write it.

use leadsman_core::failure::FailureKind;
use tokio::io::AsyncWriteExt;

use crate::peers::{get, hop_count, http, peer, read_head, session};

/// A peer that sends everybody to that place first, and tells then what it was asked for.
async fn sending_to(location: &'static [u8]) -> std::net::SocketAddr {
    peer(move |mut stream| async move {
        let head = read_head(&mut stream).await;
        let line = head.lines().next().unwrap_or_default();
        let answer = if line.starts_with("GET /first ") {
            let begin = b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: ".as_slice();
            [begin, location, b"\r\n\r\n"].concat()
        } else {
            let length = line.len();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{line}").into_bytes()
        };
        drop(stream.write_all(&answer).await);
    })
    .await
}

#[tokio::test]
async fn a_location_with_letters_beyond_ascii_is_followed() {
    for (location, asked) in [
        ("/ok?é=ü".as_bytes(), "/ok?%C3%A9=%C3%BC"),
        ("/größe".as_bytes(), "/gr%C3%B6%C3%9Fe"),
        // Latin-1: the server hears its own bytes again.
        (b"/gr\xf6\xdfe?\xe9=a%20b", "/gr%F6%DFe?%E9=a%20b"),
        (b"/plain", "/plain"),
    ] {
        let address = sending_to(location).await;
        let reply = http(&session(), get(address, "/first")).await.unwrap();
        let line = String::from_utf8(reply.body.to_vec()).unwrap();
        assert_eq!(line, format!("GET {asked} HTTP/1.1"));
        let url = reply.facts.http.unwrap().final_url;
        assert_eq!(url, format!("http://{address}{asked}"));
    }
}

#[tokio::test]
async fn a_location_that_is_no_url_in_any_letters_breaks_the_protocol() {
    for location in [b"http://[".as_slice(), b"http://\xe9\xff/"] {
        let address = sending_to(location).await;
        let failure = http(&session(), get(address, "/first")).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::HttpProtocol, "{failure}");
        assert_eq!(hop_count(&failure.facts), 1);
    }
}
