//! Slow and hostile clients of a real daemon: nobody else waits for them, and neither does its end.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use leadsman::serve::limits;

use super::{
    http,
    process::{tool, until},
    scrape,
    secured::{NAME, Secured, folder, with_authority},
};

/// A client that reads a byte a second by HTTP/2; it is ended when this is dropped.
struct Slow(Child);

impl Slow {
    fn of(daemon: &Secured) -> Self {
        let mut command = Command::new(tool("curl"));
        command
            .args([
                "--silent",
                "--http2",
                "--limit-rate",
                "1",
                "--output",
                "/dev/null",
            ])
            .args(["--resolve", &format!("{NAME}:{}:127.0.0.1", daemon.port)])
            .arg("--cacert")
            .arg(daemon.folder.path().join("ca.pem"))
            .arg(format!("https://{NAME}:{}/metrics", daemon.port));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // It may have ended this very moment: then neither is needed.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn clients_that_read_a_byte_a_second_hold_up_neither_a_scrape_nor_the_end() {
    let (folder, _authority, lines) = with_authority();
    let mut daemon = Secured::start(folder, &lines);
    let _slow: Vec<Slow> = (0..limits::CONNECTIONS_OF_ONE - 1)
        .map(|_| Slow::of(&daemon))
        .collect();
    let scrapes = |daemon: &Secured| {
        let text = daemon.encrypted("/metrics", &[]).text();
        scrape::sum(&text, "leadsman_scrapes_total", &[])
    };
    let all = u32::try_from(limits::CONNECTIONS_OF_ONE).unwrap();
    until("all of them are being answered", || {
        (scrapes(&daemon) >= f64::from(all)).then_some(())
    });
    let asked = Instant::now();
    assert_eq!(daemon.encrypted("/metrics", &[]).version(), "2");
    assert!(
        asked.elapsed() < Duration::from_secs(5),
        "{:?}",
        asked.elapsed()
    );
    let told = Instant::now();
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().success());
    assert!(
        told.elapsed() < Duration::from_secs(5),
        "{:?}",
        told.elapsed()
    );
}

/// What is answered to these bytes, as far as it is.
fn answered(port: u16, pieces: impl Iterator<Item = Vec<u8>>) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    for piece in pieces {
        if stream.write_all(&piece).is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    // A reset ends the reading as well as an end does.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_flood_of_header_fields_is_cut_off_and_costs_no_memory() {
    let daemon = Secured::start(folder(), "");
    let resident = || {
        let text = http::text(daemon.port, "/metrics").unwrap();
        scrape::sum(&text, "process_resident_memory_bytes", &[])
    };
    let before = resident();
    let start = b"GET /metrics HTTP/1.1\r\nHost: here\r\n".to_vec();
    let field = format!("x-flood: {}\r\n", "x".repeat(1_000)).into_bytes();
    for _ in 0..20 {
        let fields = std::iter::repeat_n(field.clone(), 10_000);
        let answer = answered(daemon.port, std::iter::once(start.clone()).chain(fields));
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 431"),
            "{answer}"
        );
    }
    assert!(resident() - before < 16e6, "{before}, then {}", resident());
    let many: Vec<String> = (0..500)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    let whole = [start, many.concat().into_bytes(), b"\r\n".to_vec()].concat();
    let answer = answered(daemon.port, std::iter::once(whole));
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[test]
fn a_field_that_is_too_large_for_http2_is_refused_and_nothing_else_is() {
    let (folder, _authority, lines) = with_authority();
    let daemon = Secured::start(folder, &lines);
    let large = format!("x-flood: {}", "x".repeat(60_000));
    fs::write(daemon.folder.path().join("head"), large).unwrap();
    let head = format!("@{}", daemon.folder.path().join("head").display());
    let answer = daemon.encrypted("/metrics", &["--header", &head]);
    assert_ne!(answer.status(), 200, "{answer:?}");
    assert_eq!(daemon.encrypted("/metrics", &[]).status(), 200);
}

#[test]
fn connections_beyond_the_limit_are_closed_and_counted() {
    let daemon = Secured::start(folder(), "");
    let more = 8;
    let mut idle: Vec<TcpStream> = (0..limits::CONNECTIONS_OF_ONE + more)
        .map(|_| TcpStream::connect(("127.0.0.1", daemon.port)).unwrap())
        .collect();
    let is_closed = |stream: &mut TcpStream| {
        stream
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        matches!(stream.read(&mut [0; 1]), Ok(0))
    };
    until("those beyond the limit are closed", || {
        let closed = idle
            .iter_mut()
            .filter_map(|stream| is_closed(stream).then_some(()))
            .count();
        (closed >= more).then_some(())
    });
    let evicted = [("why", "evicted")];
    let wanted = f64::from(u32::try_from(more).unwrap());
    // What appears is told as 0 first.
    until("they are counted", || {
        let text = http::text(daemon.port, "/metrics")?;
        let counted = scrape::sum(&text, "leadsman_web_connections_closed_total", &evicted);
        (counted >= wanted).then_some(())
    });
}
