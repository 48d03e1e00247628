//! The endpoints as a client sees them.

use std::sync::Arc;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::{Health, Prefix, router};
use crate::telemetry::{
    Telemetry,
    tests::fixture::{MS, book, passing, small},
};

mod api;

struct Sick;

impl Health for Sick {
    fn healthy(&self) -> bool {
        true
    }

    fn ready(&self) -> bool {
        false
    }
}

/// Sends one request with these header lines and returns the whole answer.
pub(super) async fn ask(request: &str, headers: &str) -> String {
    let telemetry = small();
    book(&telemetry, 0, &passing(MS));
    ask_of(telemetry, request, headers).await
}

/// The same, of a daemon that has seen something.
async fn ask_of(telemetry: Telemetry, request: &str, headers: &str) -> String {
    ask_below(&Prefix::default(), telemetry, request, headers).await
}

/// The same, of one whose endpoints have something before their paths.
async fn ask_below(prefix: &Prefix, telemetry: Telemetry, request: &str, headers: &str) -> String {
    let telemetry = Arc::new(telemetry);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = router(telemetry, Arc::new(Sick), None, prefix);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let message = format!("{request} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(message.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn status(request: &str) -> String {
    ask(request, "").await.split(' ').nth(1).unwrap().to_owned()
}

#[tokio::test]
async fn metrics_come_in_the_format_that_is_asked_for_and_count_the_scrape() {
    let text = ask("GET /metrics", "").await;
    assert!(text.contains("content-type: text/plain; version=0.0.4"));
    assert!(text.contains("leadsman_scrapes_total{location=\"eu-west\"} 1\n"));
    let open_metrics = ask(
        "GET /metrics",
        "Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text\r\n",
    )
    .await;
    assert!(open_metrics.contains("content-type: application/openmetrics-text; version=1.0.0"));
    assert!(open_metrics.ends_with("# EOF\n"));
    let accept = "Accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited\r\n";
    let protobuf = ask("GET /metrics", accept).await;
    assert!(protobuf.contains(
        "content-type: application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily"
    ));
}

#[tokio::test]
async fn health_is_a_status() {
    assert_eq!(status("GET /-/healthy").await, "200");
    assert_eq!(status("GET /-/ready").await, "503");
}

#[tokio::test]
async fn the_checks_are_json_with_a_version() {
    let answer = ask("GET /api/v1/checks", "").await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    let checks: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(checks["version"], 1);
    assert_eq!(checks["checks"][0]["last"]["outcome"], "pass");
}

#[tokio::test]
async fn the_home_page_links_everything_and_nothing_else_is_there() {
    let home = ask("GET /", "").await;
    for path in ["./metrics", "./api/v1/checks", "./-/healthy", "./-/ready"] {
        assert!(home.contains(&format!("href=\"{path}\"")));
    }
    assert_eq!(status("GET /nowhere").await, "404");
    assert_eq!(status("POST /metrics").await, "405");
}

#[tokio::test]
async fn a_prefix_stands_before_every_path_and_the_bare_ones_lead_there() {
    let prefix: Prefix = "/ops/prober".parse().unwrap();
    let head = async |path: &str| {
        let answer = ask_below(&prefix, small(), &format!("GET {path}"), "").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_lowercase(), body.to_owned())
    };
    for path in [
        "",
        "metrics",
        "-/healthy",
        "api/v1/checks",
        "api/v1/checks/shop/zone",
        "page/page.js",
    ] {
        let (told, _) = head(&format!("/ops/prober/{path}")).await;
        assert!(told.starts_with("http/1.1 200"), "{path}: {told}");
        let (told, _) = head(&format!("/{path}")).await;
        let elsewhere = if path.is_empty() { "302" } else { "404" };
        assert!(
            told.starts_with(&format!("http/1.1 {elsewhere}")),
            "{path}: {told}"
        );
    }
    for (path, place) in [("/", "ops/prober/"), ("/ops/prober", "prober/")] {
        let (told, _) = head(path).await;
        assert!(told.contains(&format!("location: {place}\r\n")), "{told}");
    }
    let (_, body) = head("/ops/prober/runs/1-2").await;
    assert!(body.contains("src=\"../page/page.js\""), "{body}");
}
