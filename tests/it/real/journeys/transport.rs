//! How one request of a journey is made, with many settings at once, against nginx that asks for a certificate.

use std::fs;

use super::walk::Walk;
use crate::real::{
    certificates::{Authority, Validity},
    nginx::Nginx,
    process::free_port,
};

/// nginx that tells what it knows of a request, to clients with a certificate only.
struct Strict {
    port: u16,
    nginx: Nginx,
    folder: tempfile::TempDir,
}

const TOLD: &str = "$server_protocol|$ssl_protocol|$ssl_client_s_dn|$ssl_server_name|$http_x_berth|$http_accept_encoding|$host";

impl Strict {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new(folder.path());
        let own = authority.signs("shop.test", Validity::Days(10));
        authority.signs("client.test", Validity::Days(10));
        let (port, place) = (free_port(), folder.path().display().to_string());
        let servers = format!(
            "log_format told '{TOLD}';\n\
             server {{ listen 127.0.0.1:{port} ssl http2; ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate {}; ssl_certificate_key {}; \
             ssl_client_certificate {place}/ca.pem; ssl_verify_client on; access_log {place}/told.log told; \
             location = /away {{ return 302 /all; }} location / {{ return 200 'twenty bytes of body'; }} }}",
            own.certificate.display(),
            own.key.display()
        );
        Self {
            port,
            nginx: Nginx::start(folder.path(), port, &servers),
            folder,
        }
    }

    /// A journey with this request to a name that nobody resolves.
    fn walk(&self, request: &str, expect: &str) -> Walk {
        let (port, place) = (self.port, self.folder.path().display());
        let step = format!("{{name: ask, request: {{{request}}}, expect: {{{expect}}}}}");
        Walk::to(format!("https://nowhere.test:{port}"))
            .above(&format!(
                "network: {{allow: [127.0.0.1/32]}}\n\
                 tls: {{trust: {{corp: [\"{place}/ca.pem\"]}}, identities: {{me: {{certificate: \"{place}/client.test.pem\", key: \"{place}/client.test.key\"}}}}}}"
            ))
            .grants(&format!("hosts: [\"127.0.0.1:{port}\"]"))
            .steps(&[&step.replace("PORT", &port.to_string())])
    }
}

const ALL: &str = "path: /away, redirects: none, resolve_to: \"127.0.0.1:PORT\", server_name: shop.test, trust: corp, identity: me, family: v4, version: HTTP/2, tls_min: TLS 1.3, tls_max: TLS 1.3, decompress: false, max_body: 300, timeout: 2s, headers: {x-berth: \"${check} 7\"}";

#[test]
fn a_request_with_all_of_its_settings_is_made_as_they_say() {
    let strict = Strict::start();
    let expect = "status: 302, tls: required, versions: [HTTP/2], redirects: 0";
    let run = strict.walk(ALL, expect).once();
    run.comes_to("pass", "ok");
    assert_eq!(run.leaf()["subject"], "CN=shop.test");
    let older = ALL
        .replace("HTTP/2", "HTTP/1.1")
        .replace("TLS 1.3", "TLS 1.2")
        .replace("redirects: none", "max_redirects: 1");
    let older = strict
        .walk(&older, "redirects: 1, versions: [HTTP/1.1]")
        .once();
    older.comes_to("pass", "ok");
    let log = strict.folder.path().join("told.log");
    strict.nginx.stop();
    let told = fs::read_to_string(log).unwrap();
    let host = "nowhere.test";
    let by =
        |http: &str, tls: &str| format!("{http}|{tls}|CN=client.test|shop.test|walk 7|-|{host}");
    let expected = [
        by("HTTP/2.0", "TLSv1.3"),
        by("HTTP/1.1", "TLSv1.2"),
        by("HTTP/1.1", "TLSv1.2"),
    ];
    assert_eq!(told.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_setting_that_does_not_fit_the_server_fails_the_step() {
    let strict = Strict::start();
    for (setting, other, reason) in [
        ("trust: corp, ", "", "tls_unknown_issuer"),
        (
            "server_name: shop.test",
            "server_name: other.test",
            "tls_name_mismatch",
        ),
        ("max_body: 300", "max_body: 3", "response_too_large"),
    ] {
        let request = ALL.replace("/away", "/all").replace(setting, other);
        let run = strict.walk(&request, "status: 200").once();
        run.fails(reason, "step `ask`: ");
    }
    // Without a certificate nginx says 400.
    let nobody = ALL.replace("identity: me, ", "");
    let run = strict.walk(&nobody, "status: 302").once();
    run.fails("http_status", "step `ask`: status: expected 302, got 400");
}
