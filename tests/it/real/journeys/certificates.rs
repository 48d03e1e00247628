//! What a step expects of a certificate, against nginx and certificates that OpenSSL signed.

use super::walk::{Walk, steps};
use crate::real::{
    certificates::{Authority, Validity},
    nginx::Nginx,
    process::free_port,
};

const NAME: &str = "shop.test";

/// nginx with a certificate for [`NAME`] that ends in ten days; it echoes a query.
struct Secure {
    port: u16,
    ca: String,
    _nginx: Nginx,
    _folder: tempfile::TempDir,
}

impl Secure {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path());
        let certificate = authority.signs(NAME, Validity::Days(10));
        let port = free_port();
        let server = format!(
            "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; \
             location / {{ return 200 'you said $arg_digest.'; }} }}",
            certificate.certificate.display(),
            certificate.key.display()
        );
        Self {
            port,
            ca: folder.path().join("ca.pem").display().to_string(),
            _nginx: Nginx::start(folder.path(), port, &server),
            _folder: folder,
        }
    }

    /// A look at it under a name, with this expected of its certificate, and what is captured used.
    fn look(&self, name: &str, certificate: &str) -> Walk {
        let look = format!(
            "{{name: look, request: {{server_name: {name}}}, expect: {{tls: required, certificate: {{{certificate}}}}}, capture: {{digest: {{from: certificate_sha256}}, who: {{from: certificate_subject}}}}}}"
        );
        let say = format!(
            "{{name: say, if: \"who == 'CN={NAME}'\", request: {{server_name: {name}, query: {{digest: \"${{digest}}\"}}}}, expect: {{body: {{contains: [\"said ${{digest}}.\"]}}}}}}"
        );
        Walk::to(format!("https://127.0.0.1:{}", self.port))
            .above(&format!("tls: {{ca: [\"{}\"]}}", self.ca))
            .steps(&[&look, &say])
    }
}

#[test]
fn a_certificate_that_is_as_expected_passes_and_what_is_captured_of_it_is_used() {
    let secure = Secure::start();
    let expected = format!("valid_for: 9d, subject: '^CN={NAME}$', issuer: '^CN=Authority$'");
    let run = secure.look(NAME, &expected).once();
    run.comes_to("pass", "ok");
    assert_eq!(steps(&run), [("look", Some(true)), ("say", Some(true))]);
    let shown = run.record.to_string();
    assert!(shown.contains("\"names\":[\"shop.test\"]"), "{shown}");
}

#[test]
fn a_certificate_that_ends_too_soon_or_is_somebody_elses_fails_the_step_with_all_of_it() {
    let secure = Secure::start();
    let walk = secure.look(
        NAME,
        "valid_for: 20d, subject: '^CN=other', issuer: Elsewhere",
    );
    let run = walk.once();
    let line = walk.line("name: look");
    run.fails(
        "tls_bad_certificate",
        &format!(
            "step `look`: subject: expected ^CN=other, got CN={NAME} {line}; issuer: expected Elsewhere, got CN=Authority {line}; valid_for: expected at least 1728000s left, got 8"
        ),
    );
    assert_eq!(run.said("blame"), "target");
    assert_eq!(steps(&run), [("look", Some(false))]);
}

#[test]
fn a_certificate_for_another_name_or_by_nobody_known_fails_the_step_and_is_shown() {
    let secure = Secure::start();
    let run = secure.look("other.test", "valid_for: 1d").once();
    run.fails("tls_name_mismatch", "step `look`: ");
    assert_eq!(run.leaf()["names"][0], NAME);
    let elsewhere = tempfile::tempdir().unwrap();
    let _other = Authority::new(elsewhere.path());
    let ca = elsewhere.path().join("ca.pem").display().to_string();
    let walk = secure.look(NAME, "valid_for: 1d");
    let run = walk.above(&format!("tls: {{ca: [\"{ca}\"]}}")).once();
    let sentence = "step `look`: no trusted authority stands behind `CN=Authority`: one of that name has another key";
    run.fails("tls_unknown_issuer", sentence);
    assert_eq!(steps(&run), [("look", Some(false))]);
    assert_eq!(run.leaf()["subject"], format!("CN={NAME}"));
}

#[test]
fn a_certificate_is_expected_in_vain_where_there_is_no_tls() {
    let site =
        leadsman_tests::peer::Peer::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let run = Walk::to(site.unwrap().url())
        .steps(&["{name: look, request: {}, expect: {certificate: {valid_for: 1d}}}"])
        .once();
    run.fails(
        "tls_bad_certificate",
        "step `look`: certificate: expected a certificate, got no TLS",
    );
}
