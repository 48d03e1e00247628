//! What a real registry here does not do: tokens from elsewhere, blobs elsewhere, and misbehaviour.

use std::{
    fs,
    io::{self, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
};

use leadsman_core::digest;
use leadsman_tests::peer::{Peer, head};

use super::{command, component};

fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat())
}

/// What was asked of a peer: each request's line and its `authorization`.
type Asked = Arc<Mutex<Vec<(String, String)>>>;

fn noted(asked: &Asked, stream: &mut TcpStream) -> io::Result<(String, String)> {
    let head = String::from_utf8_lossy(&head(stream)?).into_owned();
    let line = head.lines().next().unwrap_or_default().to_owned();
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let mut authorization = fields.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let authorization = authorization
        .next()
        .map_or("", |(_, value)| value)
        .to_owned();
    asked
        .lock()
        .unwrap()
        .push((line.clone(), authorization.clone()));
    Ok((line, authorization))
}

/// An image like no other's.
fn manifest(component: &[u8]) -> Vec<u8> {
    let title = tempfile::tempdir().unwrap().path().display().to_string();
    let layer = digest::sha256(component);
    let size = component.len();
    format!(r#"{{"schemaVersion": 2, "annotations": {{"title": "{title}"}}, "layers": [{{"mediaType": "application/wasm", "digest": "sha256:{layer}", "size": {size}}}]}}"#).into()
}

fn pulled(registry: &Peer, manifest: &[u8]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("leadsman.yaml");
    let (address, sha256) = (registry.address(), digest::sha256(manifest));
    let text = format!(
        "secrets: {{password: {{file: password, hosts: [127.0.0.1]}}}}\n\
         probes: {{s3: {{oci: '{address}/s3@sha256:{sha256}', plain_http: true, basic: {{user: alice, secret: password}}}}}}\n\
         checks: {{one: {{probe: s3, interval: 60s, targets: ['127.0.0.1:1']}}}}\n"
    );
    fs::write(folder.path().join("password"), "wonderland\n").unwrap();
    fs::write(&file, text).unwrap();
    command("pull", &file)
}

#[test]
fn a_token_is_asked_for_where_the_registry_says_and_goes_to_nobody_else() {
    let (component, asked) = (component(), Asked::default());
    let manifest = manifest(&component);
    let elsewhere = Asked::default();
    let (notes, blob) = (Arc::clone(&elsewhere), component.clone());
    let blobs = Peer::start(move |stream| {
        noted(&notes, stream)?;
        answer(stream, "200 OK", "", &blob)
    })
    .unwrap();
    let notes = Arc::clone(&asked);
    let tokens = Peer::start(move |stream| {
        noted(&notes, stream)?;
        answer(
            stream,
            "200 OK",
            "content-type: application/json\r\n",
            br#"{"token": "t0ken"}"#,
        )
    })
    .unwrap();
    let (notes, content) = (Arc::clone(&asked), manifest.clone());
    let private = blobs.url().replace("127.0.0.1", "127.0.0.2");
    let locations = Mutex::new(vec![blobs.url(), private]);
    let realm = tokens.url();
    let registry = Peer::start(move |stream| match noted(&notes, stream)? {
        (_, authorization) if authorization != "Bearer t0ken" => {
            let wanted = format!("www-authenticate: Bearer realm=\"{realm}token\",service=\"s\",scope=\"repository:s3:pull\"\r\n");
            answer(stream, "401 Unauthorized", &wanted, b"")
        }
        (line, _) if line.contains("/blobs/") => {
            let location = locations.lock().unwrap().pop().unwrap();
            let location = format!("location: {location}blob\r\n");
            answer(stream, "307 Temporary Redirect", &location, b"")
        }
        _ => answer(stream, "200 OK", "", &content),
    })
    .unwrap();
    // A private address that nobody has written is where a redirect may not lead.
    let (status, told) = pulled(&registry, &manifest);
    assert_eq!(status, Some(69), "{told}");
    assert!(told.contains("a redirect may not lead there"), "{told}");
    assert!(elsewhere.lock().unwrap().is_empty());
    let (status, told) = pulled(&registry, &manifest);
    assert_eq!(status, Some(0), "{told}");
    let blob = elsewhere.lock().unwrap().clone();
    assert_eq!(blob, [("GET /blob HTTP/1.1".to_owned(), String::new())]);
    let asked = asked.lock().unwrap().clone();
    let token = asked
        .iter()
        .find(|(line, _)| line.contains("/token?"))
        .unwrap();
    assert!(
        token.0.contains("service=s&scope=repository%3As3%3Apull"),
        "{token:?}"
    );
    assert!(token.1.starts_with("Basic "), "{token:?}");
}

#[test]
fn a_registry_that_misbehaves_is_told_and_bounded() {
    let component = b"\0asm-of-nobody".to_vec();
    let content = manifest(&component);
    let huge = "x".repeat(5 << 20);
    for (status, headers, body, told) in [
        ("401 Unauthorized", "", &b""[..], "it does not say how"),
        (
            "401 Unauthorized",
            "www-authenticate: Basic realm=x\r\n",
            b"",
            "it does not take what it was told",
        ),
        (
            "401 Unauthorized",
            "www-authenticate: Bearer realm=\"nonsense\"\r\n",
            b"",
            "wants to know who asks",
        ),
        (
            "500 Internal Server Error",
            "",
            b"{\"errors\": [{\"message\": \"disk\\u001b[31m full\"}]}",
            "answers 500 (disk[31m full)",
        ),
        (
            "200 OK",
            "",
            b"<html>hello</html>",
            "that is not the image which the configuration names",
        ),
        ("200 OK", "", huge.as_bytes(), "4194304"),
        ("200 OK", "", &content, "the component's SHA-256 is"),
    ] {
        let body = body.to_vec();
        let registry = Peer::start(move |stream| {
            head(stream)?;
            answer(stream, status, headers, &body)
        })
        .unwrap();
        let (exit, printed) = pulled(&registry, &content);
        assert_eq!(exit, Some(69), "{told}: {printed}");
        assert!(printed.contains(told), "{told}: {printed}");
    }
}
