//! The daemon's endpoints, secured by a web configuration, as curl and OpenSSL see them.

use std::{
    fs,
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::Duration,
};

use leadsman::serve::limits;

use super::{
    certificates::{Authority, Validity},
    process::{free_port, until},
    prometheus::Prometheus,
    secured::{ALICE, BOB, NAME, Secured, curl, folder, shown, with_authority},
};

#[test]
fn endpoints_are_served_by_tls_in_the_version_that_alpn_agrees_on() {
    let (folder, _authority, lines) = with_authority();
    let daemon = Secured::start(folder, &lines);
    let answer = daemon.encrypted("/metrics", &[]);
    assert_eq!((answer.status(), answer.version().as_str()), (200, "2"));
    assert!(answer.text().contains("leadsman_scrapes_total"));
    let answer = daemon.encrypted("/-/healthy", &["--http1.1", "--tls-max", "1.2"]);
    assert_eq!((answer.status(), answer.version().as_str()), (200, "1.1"));
    let stranger = daemon.trusting("lead.test.csr", "/-/healthy", &[]);
    assert_eq!(stranger.status(), 0, "{stranger:?}");
    assert_eq!(daemon.plain("/metrics", &[]).status(), 0);
}

#[test]
fn versions_suites_and_curves_are_those_of_the_file() {
    let (folder, _authority, lines) = with_authority();
    let suite = "ECDHE-ECDSA-AES256-GCM-SHA384";
    let more = "  max_version: TLS12\n  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]\n  curve_preferences: [CurveP384]\nhttp_server_config: {http2: false}\n";
    let daemon = Secured::start(folder, &format!("{lines}{more}"));
    let answer = daemon.encrypted("/-/healthy", &[]);
    assert_eq!((answer.status(), answer.version().as_str()), (200, "1.1"));
    let with = |options: &[&str]| daemon.encrypted("/-/healthy", options).status();
    assert_eq!(with(&["--ciphers", suite]), 200);
    assert_eq!(with(&["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]), 0);
    assert_eq!(with(&["--curves", "P-256:P-384"]), 200);
    assert_eq!(with(&["--curves", "P-256"]), 0);
    assert_eq!(with(&["--tlsv1.3"]), 0);
}

#[test]
fn a_client_needs_a_certificate_of_the_authority_with_one_of_the_names() {
    let (folder, authority, lines) = with_authority();
    let prometheus = authority.signs("prometheus.test", Validity::Days(30));
    let other = authority.signs("other.test", Validity::Days(30));
    let expired = authority.signs(
        "expired.test",
        Validity::Between("20210101000000Z", "20220101000000Z"),
    );
    let stranger = authority.self_signed("stranger.test");
    let more = "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\n  client_allowed_sans: [prometheus.test, expired.test, stranger.test]\n";
    let daemon = Secured::start(folder, &format!("{lines}{more}"));
    assert_eq!(daemon.encrypted("/metrics", &[]).status(), 0);
    for (certificate, expected) in [(prometheus, 200), (other, 0), (expired, 0), (stranger, 0)] {
        let options = shown(&certificate);
        let options: Vec<&str> = options.iter().map(String::as_str).collect();
        let answer = daemon.encrypted("/metrics", &options);
        assert_eq!(answer.status(), expected, "{certificate:?}: {answer:?}");
    }
}

#[test]
fn a_policy_for_clients_asks_no_more_than_it_says() {
    for (policy, none, own, strange) in [
        ("RequestClientCert", 200, 200, 200),
        ("RequireAnyClientCert", 0, 200, 200),
        ("VerifyClientCertIfGiven", 200, 200, 0),
    ] {
        let (folder, authority, lines) = with_authority();
        let signed = authority.signs("prometheus.test", Validity::Days(30));
        let stranger = authority.self_signed("stranger.test");
        let more = format!("  client_auth_type: {policy}\n  client_ca_file: ca.pem\n");
        let daemon = Secured::start(folder, &format!("{lines}{more}"));
        assert_eq!(daemon.encrypted("/metrics", &[]).status(), none, "{policy}");
        for (certificate, expected) in [(signed, own), (stranger, strange)] {
            let options = shown(&certificate);
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let answer = daemon.encrypted("/metrics", &options);
            assert_eq!(answer.status(), expected, "{policy}: {answer:?}");
        }
    }
}

#[test]
fn every_path_asks_for_a_user_and_a_password() {
    let web = format!("basic_auth_users:\n  {ALICE}\n  {BOB}\n");
    let daemon = Secured::start(folder(), &web);
    for (path, expected) in [
        ("/", 200),
        ("/metrics", 200),
        ("/-/healthy", 200),
        ("/-/ready", 200),
        ("/api/v1/checks", 200),
        ("/no/such/path", 404),
    ] {
        let answer = daemon.plain(path, &[]);
        assert_eq!(answer.status(), 401, "{path}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        assert!(challenge.starts_with("Basic "), "{path}: {challenge}");
        let answer = daemon.plain(path, &["--user", "alice:wonderland"]);
        assert_eq!(answer.status(), expected, "{path}");
    }
    for (user, expected) in [
        ("bob:looking-glass", 200),
        ("bob:wonderland", 401),
        ("alice:", 401),
        ("eve:wonderland", 401),
    ] {
        let answer = daemon.plain("/metrics", &["--user", user]);
        assert_eq!(answer.status(), expected, "{user}");
    }
}

#[test]
fn headers_are_set_and_requests_beyond_the_rate_are_turned_away() {
    let web = "http_server_config: {headers: {X-Frame-Options: deny, X-XSS-Protection: \"\"}}\nrate_limit: {interval: 1h, burst: 2}\n";
    let daemon = Secured::start(folder(), web);
    for _ in 0..2 {
        let answer = daemon.plain("/-/healthy", &[]);
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.header("x-frame-options").as_deref(), Some("deny"));
        assert_eq!(answer.header("x-xss-protection"), None);
    }
    let answer = daemon.plain("/-/healthy", &[]);
    assert_eq!(answer.status(), 429);
    let wait = answer
        .header("retry-after")
        .and_then(|wait| wait.parse::<u64>().ok());
    assert!(
        wait.is_some_and(|wait| wait > 3_000 && wait <= 3_600),
        "{answer:?}"
    );
}

#[test]
fn a_certificate_and_a_password_that_are_replaced_take_effect_without_a_restart() {
    let folder = folder();
    let authority = Authority::new(folder.path());
    authority.self_signed(NAME);
    let keep = |from: &str, to: &str| {
        fs::copy(folder.path().join(from), folder.path().join(to)).unwrap();
    };
    keep("lead.test.pem", "old.pem");
    let tls = format!("tls_server_config: {{cert_file: {NAME}.pem, key_file: {NAME}.key}}\n");
    let daemon_folder = folder.path().to_owned();
    let mut daemon = Secured::start(folder, &format!("{tls}basic_auth_users:\n  {ALICE}\n"));
    let alice = ["--user", "alice:wonderland"];
    assert_eq!(daemon.trusting("old.pem", "/metrics", &alice).status(), 200);
    Authority::new(&daemon_folder).self_signed(NAME);
    fs::copy(
        daemon_folder.join("lead.test.pem"),
        daemon_folder.join("new.pem"),
    )
    .unwrap();
    until("the new certificate is shown", || {
        (daemon.trusting("new.pem", "/metrics", &alice).status() == 200).then_some(())
    });
    assert_eq!(daemon.trusting("old.pem", "/metrics", &alice).status(), 0);
    daemon.write("web.yml", &format!("{tls}basic_auth_users:\n  {BOB}\n"));
    until("the old user is refused", || {
        (daemon.trusting("new.pem", "/metrics", &alice).status() == 401).then_some(())
    });
    let bob = ["--user", "bob:looking-glass"];
    assert_eq!(daemon.trusting("new.pem", "/metrics", &bob).status(), 200);
    daemon.process.signal("TERM");
    assert!(daemon.process.ended().code().is_some());
}

#[test]
fn a_file_that_is_wrong_at_the_start_ends_it_with_78() {
    for (web, said) in [
        (
            "tls_server_config: {cert_file: no.pem, key_file: no.key}\n",
            "web.yml:1:",
        ),
        (
            "rate_limit: {interval: 1s, burst: 1}\nbasic_auth_user: {}\n",
            "web.yml:2:",
        ),
        ("\"", "web.yml:1:"),
    ] {
        let folder = folder();
        let mut process = Secured::begin(folder.path(), web, &[free_port()]);
        assert_eq!(process.ended().code(), Some(78), "{}", process.output());
        assert!(process.output().contains(said), "{}", process.output());
    }
}

#[test]
fn a_change_that_is_wrong_or_weaker_is_logged_and_changes_nothing() {
    let web = format!("basic_auth_users:\n  {ALICE}\n");
    let mut daemon = Secured::start(folder(), &web);
    let port = daemon.port;
    for (changed, said) in [
        ("basic_auth_users:\n  alice: wonderland\n", "web.yml:2"),
        ("", "has no users any more"),
    ] {
        daemon.write("web.yml", changed);
        daemon.process.until(said, || {
            let answer = curl(&format!("http://127.0.0.1:{port}/metrics"), &[]);
            assert_eq!(answer.status(), 401, "{changed}");
            let log = fs::read_to_string(daemon.folder.path().join("log")).ok()?;
            assert!(!log.contains("wonderland"), "{log}");
            log.contains(said).then_some(())
        });
        let alice = daemon.plain("/metrics", &["--user", "alice:wonderland"]);
        assert_eq!(alice.status(), 200);
    }
}

#[test]
fn each_address_is_listened_on() {
    let folder = folder();
    let ports = [free_port(), free_port()];
    let mut process = Secured::begin(folder.path(), "", &ports);
    for port in ports {
        process.listens(port);
        let answer = curl(&format!("http://127.0.0.1:{port}/-/healthy"), &[]);
        assert_eq!(answer.status(), 200);
    }
}

/// Opens more connections than there is room for; each sends these bytes and then does nothing more.
fn stalling(port: u16, bytes: &[u8]) -> Vec<TcpStream> {
    (0..limits::CONNECTIONS * 2)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            // One that has been sent away already has done its part.
            drop(stream.write_all(bytes));
            stream
        })
        .collect()
}

/// Whether nobody has hung up on it yet; what has come is read.
fn is_open(stream: &mut TcpStream) -> bool {
    let timeout = Some(Duration::from_millis(1));
    stream.set_read_timeout(timeout).unwrap();
    let mut bytes = [0; 4096];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}

#[test]
fn a_scrape_is_served_whatever_others_do_with_their_connections() {
    let (folder, _authority, lines) = with_authority();
    let encrypted = Secured::start(folder, &lines);
    let plain = Secured::start(tempfile::tempdir().unwrap(), "");
    let whole = "GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n".repeat(50);
    for bytes in [&b""[..], b"GET /metrics HT", whole.as_bytes()] {
        let mut held = stalling(plain.port, bytes);
        assert_eq!(plain.plain("/metrics", &[]).status(), 200);
        until("those who were there first are gone", || {
            held.retain_mut(is_open);
            (held.len() <= limits::CONNECTIONS_OF_ONE).then_some(())
        });
    }
    for bytes in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let _held = stalling(encrypted.port, bytes);
        assert_eq!(encrypted.encrypted("/metrics", &[]).status(), 200);
    }
}

#[test]
fn prometheus_scrapes_with_a_certificate_and_a_password() {
    let (folder, authority, lines) = with_authority();
    let client = authority.signs("prometheus.test", Validity::Days(30));
    let web = format!(
        "{lines}  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.pem\nbasic_auth_users:\n  {ALICE}\n"
    );
    let daemon = Secured::start(folder, &web);
    let text = format!(
        "global: {{scrape_interval: 1s}}\nscrape_configs:\n  - job_name: leadsman\n    scheme: https\n    \
         basic_auth: {{username: alice, password: wonderland}}\n    \
         tls_config: {{ca_file: ca.pem, server_name: {NAME}, cert_file: {}, key_file: {}}}\n    \
         static_configs: [{{targets: ['127.0.0.1:{}']}}]\n",
        client.certificate.display(),
        client.key.display(),
        daemon.port
    );
    daemon.write("prometheus.yml", &text);
    let file = daemon.folder.path().join("prometheus.yml");
    let mut prometheus = Prometheus::start(&file, &[]);
    prometheus.until("up{job=\"leadsman\"} == 1", |found| {
        (!found.is_empty()).then_some(())
    });
}
