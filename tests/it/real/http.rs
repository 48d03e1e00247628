//! One blocking GET, which is all that these tests ask of an HTTP client of their own.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(10);

/// The status and the body of `http://127.0.0.1:{port}{path}`.
pub(super) fn get(port: u16, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream
        .write_all(format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other("no status line"))?;
    Ok((status, body.to_owned()))
}

/// The body of a path that answers 200.
pub(super) fn text(port: u16, path: &str) -> Option<String> {
    let (status, body) = get(port, path).ok()?;
    (status == 200).then_some(body)
}

/// The JSON of a path that answers 200.
pub(super) fn json(port: u16, path: &str) -> Option<Value> {
    serde_json::from_str(&text(port, path)?).ok()
}

/// What is at a path (`/a/0/b`) of a JSON value; null where there is nothing.
pub(super) fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    value.pointer(path).unwrap_or(&Value::Null)
}

/// A text as it is written in a query.
pub(super) fn escaped(text: &str) -> String {
    let byte = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(byte).collect()
}
