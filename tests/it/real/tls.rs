//! Odd TLS, served by `openssl s_server`: what is wrong is named, and the facts are there all the same.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

use super::{
    certificates::{Authority, Certificate, Validity},
    daemon::leadsman,
    once::{once, once_as},
    process::{Process, free_port, tool},
};

const NAME: &str = "shop.test";

/// 2021-01-01T00:00:00Z.
const LONG_AGO: i64 = 1_609_459_200;

/// `openssl s_server`, which answers GET as well.
fn server(folder: &Path, certificate: &Certificate, options: &str) -> (Process, u16) {
    let port = free_port();
    let mut command = Command::new(tool("openssl"));
    command.args(["s_server", "-www", "-accept", &format!("127.0.0.1:{port}")]);
    command
        .arg("-cert")
        .arg(&certificate.certificate)
        .arg("-key")
        .arg(&certificate.key);
    command.current_dir(folder).args(options.split_whitespace());
    let mut process = Process::start(&mut command, &folder.join(format!("s_server-{port}.log")));
    process.listens(port);
    (process, port)
}

/// The same target for each probe that speaks TLS, with more settings for all.
fn checks(folder: &Path, port: u16, settings: &str) -> PathBuf {
    checks_by(folder, port, "ca: [ca.pem]", settings)
}

/// The same, where the platform trusts whom the test says.
fn checks_by(folder: &Path, port: u16, trust: &str, settings: &str) -> PathBuf {
    let file = folder.join(format!("leadsman-{port}.yaml"));
    let text = format!(
        "tls: {{{trust}, identities: {{me: {{certificate: client.test.pem, key: client.test.key}}}}}}\n\
         defaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  \
         tls: {{probe: tls, targets: ['127.0.0.1:{port}'], settings: {{server_name: {NAME}{settings}}}}}\n  \
         http: {{probe: http, targets: ['https://127.0.0.1:{port}'], settings: {{server_name: {NAME}{settings}}}}}\n  \
         tcp: {{probe: tcp, targets: ['127.0.0.1:{port}'], settings: {{tls: true, server_name: {NAME}{settings}}}}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

fn authority() -> (tempfile::TempDir, Authority) {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let authority = Authority::new(folder.path());
    authority.signs("client.test", Validity::Days(30));
    (folder, authority)
}

/// Every probe says so, and shows when the leaf ends.
fn refused(folder: &Path, certificate: &Certificate, reason: &str) -> Vec<i64> {
    let (_server, port) = server(folder, certificate, "");
    let file = checks(folder, port, "");
    let ends = ["tls", "http", "tcp"].map(|check| {
        let run = once(&file, check);
        run.comes_to("fail", reason);
        assert_eq!(run.said("blame"), "target");
        assert_eq!(run.reached(), ["connect", "tls"], "{check}");
        run.leaf()["not_after"]
            .as_i64()
            .expect("the certificate's end is a fact of a refused handshake")
    });
    ends.to_vec()
}

#[test]
fn an_expired_certificate_fails_and_its_end_is_known() {
    let (folder, authority) = authority();
    let validity = Validity::Between("20200101000000Z", "20210101000000Z");
    let certificate = authority.signs(NAME, validity);
    assert_eq!(
        refused(folder.path(), &certificate, "tls_expired"),
        [LONG_AGO; 3]
    );
}

#[test]
fn a_certificate_of_the_future_fails_and_its_end_is_known() {
    let (folder, authority) = authority();
    let validity = Validity::Between("20480101000000Z", "20490101000000Z");
    let certificate = authority.signs(NAME, validity);
    let ends = refused(folder.path(), &certificate, "tls_not_yet_valid");
    assert_eq!(ends, [2_493_072_000; 3]);
}

#[test]
fn a_certificate_for_another_name_fails() {
    let (folder, authority) = authority();
    let certificate = authority.signs("other.test", Validity::Days(30));
    refused(folder.path(), &certificate, "tls_name_mismatch");
}

#[test]
fn a_certificate_that_nobody_has_signed_fails_unless_it_is_accepted() {
    let (folder, authority) = authority();
    let certificate = authority.self_signed(NAME);
    refused(folder.path(), &certificate, "tls_unknown_issuer");
    let (_server, port) = server(folder.path(), &certificate, "");
    let file = checks(folder.path(), port, ", insecure: true");
    for check in ["tls", "http", "tcp"] {
        let run = once(&file, check);
        run.comes_to("pass", "ok");
        assert_eq!(
            run.facts()["tls"]["distrust"]["kind"],
            "tls_unknown_issuer",
            "{check}"
        );
    }
}

#[test]
fn a_certificate_that_ends_in_ten_days_passes_and_its_end_is_known() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(10));
    let (_server, port) = server(folder.path(), &certificate, "");
    let file = checks(folder.path(), port, "");
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    for check in ["tls", "http", "tcp"] {
        let run = once(&file, check);
        run.comes_to("pass", "ok");
        let left = run.leaf()["not_after"].as_u64().unwrap() - now.as_secs();
        assert!(
            (9 * 86_400..=10 * 86_400).contains(&left),
            "{check}: {left} s"
        );
        assert_eq!(run.leaf()["names"][0], NAME);
    }
}

#[test]
fn a_server_that_speaks_only_tls_1_2_is_understood_and_told_apart() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let (_server, port) = server(folder.path(), &certificate, "-tls1_2");
    let run = once(&checks(folder.path(), port, ""), "tls");
    run.comes_to("pass", "ok");
    assert_eq!(run.facts()["tls"]["version"], "TLS 1.2");
    let file = checks(folder.path(), port, ", tls_min: 'TLS 1.3'");
    for check in ["tls", "http", "tcp"] {
        once(&file, check).comes_to("fail", "tls_handshake");
    }
}

#[test]
fn a_server_that_wants_a_certificate_of_the_client_is_given_one() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    for version in ["-tls1_2", "-tls1_3"] {
        let wanted = format!("{version} -Verify 1 -verify_return_error -CAfile ca.pem");
        let (_server, port) = server(folder.path(), &certificate, &wanted);
        let file = checks(folder.path(), port, ", identity: me");
        for check in ["tls", "http", "tcp"] {
            once(&file, check).comes_to("pass", "ok");
        }
    }
}

#[test]
fn a_client_without_the_certificate_that_the_server_wants_fails_in_the_handshake() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let wanted = "-Verify 1 -verify_return_error -CAfile ca.pem";
    let (_server, port) = server(folder.path(), &certificate, &format!("-tls1_2 {wanted}"));
    let file = checks(folder.path(), port, "");
    for check in ["tls", "http", "tcp"] {
        once(&file, check).comes_to("fail", "tls_handshake");
    }
    // In TLS 1.3 the server's refusal comes after the handshake, and its closing may overtake it.
    let (_server, port) = server(folder.path(), &certificate, &format!("-tls1_3 {wanted}"));
    let run = once(&checks(folder.path(), port, ""), "http");
    let reason = run.record["reason"].as_str().unwrap();
    assert!(
        ["tls_handshake", "connection_reset"].contains(&reason),
        "{}",
        run.record["sentence"]
    );
    assert_eq!(run.status, Some(2));
}

#[test]
fn a_leaf_is_known_by_its_fingerprint_and_its_issuer() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let (_server, port) = server(folder.path(), &certificate, "");
    // As people have it: by OpenSSL, in pairs with colons.
    let output = Command::new(tool("openssl"))
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&certificate.certificate)
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let own = printed.trim().split_once('=').unwrap().1;
    let other = "00".repeat(32);
    for (settings, is_met) in [
        (format!(", fingerprints: ['{other}', '{own}']"), true),
        (format!(", fingerprints: ['{other}']"), false),
        (", issuer: 'CN=.'".to_owned(), true),
        (", issuer: 'O=Nobody'".to_owned(), false),
    ] {
        let run = once(&only_tls(folder.path(), port, &settings), "tls");
        if is_met {
            run.comes_to("pass", "ok");
        } else {
            run.comes_to("fail", "tls_bad_certificate");
            assert_eq!(run.said("blame"), "target", "{settings}");
        }
    }
}

/// A check by the `tls` probe alone, with settings that no other has.
fn only_tls(folder: &Path, port: u16, settings: &str) -> PathBuf {
    let file = folder.join("only.yaml");
    let text = format!(
        "tls: {{ca: [ca.pem]}}\ndefaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  \
         tls: {{probe: tls, targets: ['127.0.0.1:{port}'], settings: {{server_name: {NAME}{settings}}}}}\n"
    );
    fs::write(&file, text).expect("the folder of the test can be written");
    file
}

/// What `openssl s_server` is told so that it agrees on nothing but the newest version, and on HTTP/1.1 by ALPN.
const STRICT: &str = "-tls1_3 -alpn http/1.1";

#[test]
fn a_trust_store_that_a_check_names_stands_in_for_the_platforms() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    authority.self_signed("other.test");
    let (_server, port) = server(folder.path(), &certificate, STRICT);
    let stores = "ca: [other.test.pem], trust: {ours: [ca.pem], theirs: [other.test.pem]}";
    for (settings, is_met) in [
        (", trust: ours", true),
        (", trust: theirs", false),
        ("", false),
    ] {
        let file = checks_by(folder.path(), port, stores, settings);
        for check in ["tls", "http", "tcp"] {
            let run = once(&file, check);
            if is_met {
                run.comes_to("pass", "ok");
            } else {
                run.comes_to("fail", "tls_unknown_issuer");
            }
        }
    }
}

#[test]
fn authorities_that_are_listed_stand_in_for_the_machines_own_unless_those_are_listed_too() {
    let (folder, authority) = authority();
    let own = authority.signs(NAME, Validity::Days(30));
    let (_own, own_port) = server(folder.path(), &own, "");
    let machine = tempfile::tempdir().expect("there is room for a folder");
    let machines = Authority::called("Machine", machine.path());
    let its = machines.signs(NAME, Validity::Days(30));
    let (_its, its_port) = server(machine.path(), &its, "");
    for (listed, own_reason, its_reason) in [
        ("ca: [ca.pem]", "ok", "tls_unknown_issuer"),
        ("ca: [system, ca.pem]", "ok", "ok"),
        ("ca: [system]", "tls_unknown_issuer", "ok"),
    ] {
        for (port, reason) in [(own_port, own_reason), (its_port, its_reason)] {
            let file = checks_by(folder.path(), port, listed, "");
            let mut command = leadsman();
            command
                .env("SSL_CERT_FILE", machine.path().join("ca.pem"))
                .env_remove("SSL_CERT_DIR");
            let outcome = if reason == "ok" { "pass" } else { "fail" };
            once_as(command, &file, "tls").comes_to(outcome, reason);
        }
    }
}

#[test]
fn a_newest_version_to_offer_is_agreed_on_or_fails_in_the_handshake() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let settings = ", tls_max: 'TLS 1.2'";
    let (_lenient, port) = server(folder.path(), &certificate, "");
    let lenient = checks(folder.path(), port, settings);
    let (_strict, port) = server(folder.path(), &certificate, STRICT);
    let strict = checks(folder.path(), port, settings);
    for check in ["tls", "http", "tcp"] {
        let run = once(&lenient, check);
        run.comes_to("pass", "ok");
        assert_eq!(run.facts()["tls"]["version"], "TLS 1.2", "{check}");
        once(&strict, check).comes_to("fail", "tls_handshake");
    }
}

#[test]
fn names_versions_and_protocols_are_met_or_named_by_the_tls_probe() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let (_lenient, without) = server(folder.path(), &certificate, "");
    let (_strict, strict) = server(folder.path(), &certificate, STRICT);
    for (port, settings, reason) in [
        (strict, ", names: [SHOP.test]", "ok"),
        (
            strict,
            ", names: [shop.test, other.test]",
            "tls_bad_certificate",
        ),
        (strict, ", versions: ['TLS 1.2', 'TLS 1.3']", "ok"),
        (strict, ", versions: ['TLS 1.2']", "tls_version"),
        (strict, ", alpn: [h2, http/1.1]", "ok"),
        (strict, ", alpn: [h2]", "tls_handshake"),
        // It agrees on none, and goes on.
        (without, ", alpn: [h2, http/1.1]", "tls_version"),
    ] {
        let run = once(&only_tls(folder.path(), port, settings), "tls");
        let outcome = if reason == "ok" { "pass" } else { "fail" };
        run.comes_to(outcome, reason);
    }
}

#[test]
fn what_is_expected_of_a_certificate_is_met_or_named_by_the_http_probe() {
    let (folder, authority) = authority();
    let certificate = authority.signs(NAME, Validity::Days(30));
    let (_server, port) = server(folder.path(), &certificate, STRICT);
    let file = folder.path().join("expected.yaml");
    for (expected, is_met) in [
        (
            "subject: 'CN=shop.test', issuer: 'CN=Authority', valid_for: 20d",
            true,
        ),
        ("subject: 'CN=other.test'", false),
        ("issuer: 'CN=Nobody'", false),
        ("valid_for: 40d", false),
    ] {
        let text = format!(
            "tls: {{ca: [ca.pem]}}\ndefaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  \
             web: {{probe: http, targets: ['https://127.0.0.1:{port}'], settings: {{server_name: {NAME}, expect_certificate: {{{expected}}}}}}}\n"
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        let run = once(&file, "web");
        if is_met {
            run.comes_to("pass", "ok");
        } else {
            run.comes_to("fail", "tls_bad_certificate");
            assert_eq!(run.said("blame"), "target", "{expected}");
        }
    }
}
