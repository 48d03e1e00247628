//! Command lines that the real curl sends, and what their imports would send.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    process::{Command, Stdio},
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::*;
use crate::address::decode;

/// What goes over the wire.
#[derive(Debug, PartialEq)]
struct Sent {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    body: Content,
}

#[derive(Debug, PartialEq)]
enum Content {
    Text(String),
    Json(Value),
    Form(Vec<(String, String)>),
}

fn pairs(raw: &str) -> Vec<(String, String)> {
    let parts = raw.split('&').filter(|part| !part.is_empty());
    let pair = |part: &str| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(name).unwrap(), decode(value).unwrap())
    };
    let mut pairs: Vec<_> = parts.map(pair).collect();
    pairs.sort();
    pairs
}

fn content(kind: &str, text: &str) -> Content {
    match kind {
        "json" => Content::Json(serde_json::from_str(text).unwrap()),
        "form" => Content::Form(pairs(text)),
        _ => Content::Text(text.to_owned()),
    }
}

/// What curl really sends for `line`, in which `HOST` is this machine's address.
fn really(line: &str, kind: &str) -> (Sent, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let line = line.replace("HOST", &host);
    let server = thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).unwrap() > 0);
        }
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "));
        let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
        reader.read_exact(&mut body).unwrap();
        reader
            .get_mut()
            .write_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            .unwrap();
        (head, String::from_utf8(body).unwrap())
    });
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &line])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert!(shell.status().unwrap().success(), "{line}");
    let (head, body) = server.join().unwrap();
    (parsed(&head, &body, kind), line)
}

fn parsed(head: &str, body: &str, kind: &str) -> Sent {
    let mut lines = head.lines();
    let first: Vec<&str> = lines.next().unwrap().split(' ').collect();
    let (path, query) = first[1].split_once('?').unwrap_or((first[1], ""));
    let mut headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, value)| relevant(name, value))
        .collect();
    headers.sort();
    Sent {
        method: first[0].to_owned(),
        path: path.to_owned(),
        query: pairs(query),
        headers,
        body: content(kind, body),
    }
}

/// Not what curl says of itself, and not what the probe writes for itself.
fn relevant(name: &str, value: &str) -> bool {
    let own = matches!(
        name,
        "host" | "content-length" | "accept-encoding" | "connection"
    );
    !own && (name, value) != ("accept", "*/*") && !value.starts_with("curl/")
}

fn text(value: &Value) -> String {
    // The secrets' values, as the environment would have them.
    value
        .as_str()
        .unwrap_or_default()
        .replace("${secret:imported-session}", "planted-session")
        .replace("${secret:imported-x-api-key}", "planted-key")
        .replace("$${", "${")
}

fn entries(value: &Value) -> Vec<(String, String)> {
    let entries = value.as_object().into_iter().flatten();
    let each = |(name, value): (&String, &Value)| {
        let several = value.as_array().map(Vec::as_slice);
        let values = several.unwrap_or(std::slice::from_ref(value)).iter();
        values
            .map(|value| (name.clone(), text(value)))
            .collect::<Vec<_>>()
    };
    let mut entries: Vec<_> = entries.flat_map(each).collect();
    entries.sort();
    entries
}

/// What the probe sends for the step.
fn imported(line: &str, kind: &str) -> Sent {
    let imported = import(Format::Curl, line, &Options::default()).unwrap();
    assert_eq!(imported.left, [], "{line}");
    let document: Value = serde_saphyr::from_str(&imported.yaml).unwrap();
    let request = &document["checks"]["imported"]["settings"]["steps"][0]["request"];
    let whole = text(&request["path"]);
    let (path, raw) = whole.split_once('?').unwrap_or((&whole, ""));
    let mut query = pairs(raw);
    query.extend(entries(&request["query"]));
    query.sort();
    let mut headers = entries(&request["headers"]);
    if !request["basic"].is_null() {
        let login = format!("{}:planted-login", text(&request["basic"]["user"]));
        headers.push((
            "authorization".to_owned(),
            format!("Basic {}", STANDARD.encode(login)),
        ));
    }
    if !request["bearer"].is_null() {
        headers.push((
            "authorization".to_owned(),
            "Bearer planted-token".to_owned(),
        ));
    }
    let implied = match kind {
        "json" => Some("application/json"),
        "form" => Some("application/x-www-form-urlencoded"),
        _ => None,
    };
    if let Some(implied) =
        implied.filter(|_| !headers.iter().any(|(name, _)| name == "content-type"))
    {
        headers.push(("content-type".to_owned(), implied.to_owned()));
    }
    headers.sort();
    let body = match kind {
        "json" => Content::Json(request["json"].clone()),
        "form" if request["form"].is_null() => Content::Form(pairs(&text(&request["body"]))),
        "form" => Content::Form(entries(&request["form"])),
        _ => Content::Text(text(&request["body"])),
    };
    Sent {
        method: request["method"].as_str().unwrap_or("GET").to_owned(),
        path: path.to_owned(),
        query,
        headers,
        body,
    }
}

/// Command lines, and what their bodies are compared as.
const LINES: &[(&str, &str)] = &[
    ("curl -s http://HOST/a/b?x=1", "text"),
    (
        "curl -s 'http://HOST/a%20b/../c?x=1%2B2&y=a+b&flag' -H 'X-Trace: on' -A probe -e https://from.example/",
        "text",
    ),
    ("curl -sI http://HOST/", "text"),
    (
        "curl -s -XPUT http://HOST/x -d 'name=rope' -d 'size=3%20m'",
        "form",
    ),
    (
        "curl -s http://HOST/x -d '{\"a\": [1, true, null, \"\\u00e9\"]}' -H 'Content-Type: application/json'",
        "json",
    ),
    (
        "curl -s http://HOST/x --json '{\"a\": {\"b\": 1.5}}'",
        "json",
    ),
    (
        "curl -s http://HOST/x --data-raw $'<a b=\"c\">\\u00e9\\n</a>' -H 'content-type: text/xml'",
        "text",
    ),
    (
        "curl -s http://HOST/x --data-raw '{\"not\": \"declared\"}'",
        "text",
    ),
    (
        "curl -s -G http://HOST/x?a=1 --data-urlencode 'q=rope & sails' -d b=2",
        "text",
    ),
    (
        "curl -s http://HOST/x --data-urlencode 'q=rope & ${sails}' --data-urlencode 'e=é='",
        "form",
    ),
    ("curl -su synthetic:planted-login http://HOST/x", "text"),
    ("curl -s 'http://synthetic:planted-login@HOST/x'", "text"),
    (
        "curl -s http://HOST/x --oauth2-bearer planted-token",
        "text",
    ),
    (
        "curl -s http://HOST/x -H 'Authorization: Bearer planted-token' -b 'lang=en; session=planted-session' -H 'X-Api-Key: planted-key'",
        "text",
    ),
    (
        "curl -s http://HOST/x -r 0-99 -H 'Accept: text/plain' -H 'X-Empty;' --compressed",
        "text",
    ),
    (
        "curl -s \"http://HOST/x\" -H \"X-Quote: a \\\"b\\\" \\$c\" \\\n  -H 'X-Two: 2'",
        "text",
    ),
    ("curl -s http://HOST/x -d a=1 -d a=2", "text"),
    ("curl -s http://HOST/x -d 'z=1&a=2'", "text"),
    ("curl -s http://HOST/x -d 'a=1;b=2'", "text"),
    ("curl -s http://HOST/x -d 'a=1+2&b=%2f'", "text"),
    (
        "curl -s http://HOST/x --json '{\"id\":1.50,\"big\":1E5}'",
        "text",
    ),
    (
        "curl -s http://HOST/x --json '{\"b\": 1, \"a\": 2}' -H 'X-Hub-Signature: sha1=00'",
        "text",
    ),
    (
        "curl -s http://HOST/x -d '{\"a\": 1}' -H 'Content-Type: application/json' -H 'Content-Type: text/plain'",
        "text",
    ),
    (
        "curl -s http://HOST/x --json '[1]' -H 'Accept: text/plain' -H 'accept: text/html' -H 'Content-Type: text/json'",
        "json",
    ),
    (
        "curl -s http://HOST/x -H 'Accept: text/plain' -H 'Accept:' -e http://a.example/ -H 'Referer: http://b.example/' -A a -H 'User-Agent: b'",
        "text",
    ),
    ("curl -s http://HOST/x -H 'cookie: a=1' -b 'b=2'", "text"),
    ("curl -s http://HOST/x -H 'Cookie:' -b 'b=2'", "text"),
    (
        "curl -s http://HOST/x -H 'Content-Type: text/plain' -d $'\\xc3\\xa9\\303\\251\\q\\101'",
        "text",
    ),
];

#[test]
fn a_step_sends_what_curl_really_sends() {
    for (line, kind) in LINES.iter().copied() {
        let (sent, line) = really(line, kind);
        assert_eq!(imported(&line, kind), sent, "{line}");
    }
}
