//! The `http` probe against a real nginx.

use std::{fs, path::Path};

use super::{
    certificates::{Authority, Validity},
    nginx::Nginx,
    once::{Run, once},
    process::free_port,
};

const BODY: &str = r#"{"status":"up","version":3,"items":["rope","lead"]}"#;

/// One nginx, plain and encrypted, and the folder with everything.
struct Site {
    folder: tempfile::TempDir,
    _nginx: Nginx,
    plain: u16,
    encrypted: u16,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let place = folder.path().display();
        let authority = Authority::new(folder.path());
        let certificate = authority.signs("shop.test", Validity::Days(30));
        let (plain, encrypted) = (free_port(), free_port());
        for (file, text) in [
            ("page.json", BODY.to_owned()),
            ("long.txt", "rope ".repeat(2000)),
        ] {
            fs::write(folder.path().join(file), text)
                .expect("the folder of the test can be written");
        }
        let locations = format!(
            "root {place}; gzip on; gzip_types *; gzip_min_length 1; access_log {place}/access.log;\n\
             location /down {{ return 503 'no'; }} location /moved {{ return 302 /page.json; }} location /loop {{ return 302 /loop; }}\n\
             location /away {{ return 301 https://$host:{encrypted}/page.json; }}\n\
             location /version {{ return 200 '$server_protocol'; }}"
        );
        let servers = format!(
            "types {{ application/json json; text/plain txt; }}\n\
             server {{ listen 127.0.0.1:{plain}; {locations} }}\n\
             server {{ listen 127.0.0.1:{encrypted} ssl http2; ssl_certificate {}; ssl_certificate_key {}; {locations} }}",
            certificate.certificate.display(),
            certificate.key.display(),
        );
        let nginx = Nginx::start(folder.path(), plain, &servers);
        Self {
            folder,
            _nginx: nginx,
            plain,
            encrypted,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn asked(&self, target: &str, settings: &str) -> Run {
        let file = self.path().join("leadsman.yaml");
        let text = format!(
            "tls: {{ca: [ca.pem]}}\ndefaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  \
             web: {{probe: http, targets: ['{target}'], grants: {{hosts: ['127.0.0.1:{}', '127.0.0.1:{}']}}, settings: {{{settings}}}}}\n",
            self.plain, self.encrypted
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        once(&file, "web")
    }

    fn plain(&self, path: &str, settings: &str) -> Run {
        self.asked(&format!("http://127.0.0.1:{}{path}", self.plain), settings)
    }

    fn encrypted(&self, path: &str, settings: &str) -> Run {
        let settings = format!("server_name: shop.test, {settings}");
        self.asked(
            &format!("https://127.0.0.1:{}{path}", self.encrypted),
            &settings,
        )
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path().join("access.log")).unwrap_or_default()
    }
}

#[test]
fn http_2_is_agreed_by_alpn_and_http_1_1_is_spoken_on_demand() {
    let site = Site::start();
    let body = "expect_body: {matches: ['HTTP/2']}, versions: ['HTTP/2']";
    let run = site.encrypted("/version", body);
    run.comes_to("pass", "ok");
    assert_eq!(run.facts()["tls"]["alpn"], "h2");
    assert_eq!(run.reached(), ["connect", "tls", "send", "wait", "receive"]);
    assert_eq!(
        run.facts()["tls"]["chain"].as_array().map(Vec::len),
        Some(1)
    );
    let run = site.encrypted(
        "/version",
        "version: HTTP/1.1, expect_body: {matches: ['HTTP/1.1']}",
    );
    run.comes_to("pass", "ok");
    assert_eq!(run.facts()["tls"]["alpn"], "http/1.1");
    let run = site.plain("/version", "expect_body: {matches: ['HTTP/1.1']}");
    run.comes_to("pass", "ok");
    assert_eq!(run.reached(), ["connect", "send", "wait", "receive"]);
    site.plain("/version", "versions: ['HTTP/2']")
        .comes_to("fail", "http_version");
}

#[test]
fn a_status_that_is_not_expected_fails_and_every_phase_is_known() {
    let site = Site::start();
    let run = site.plain("/down", "");
    run.comes_to("fail", "http_status");
    assert_eq!(run.answer()["status"], 503);
    assert_eq!(run.reached(), ["connect", "send", "wait", "receive"]);
    site.plain("/down", "status: 503").comes_to("pass", "ok");
    site.plain("/nothing", "status: [2xx, 400-403]")
        .comes_to("fail", "http_status");
}

#[test]
fn redirects_are_followed_as_far_as_they_may_be() {
    let site = Site::start();
    let run = site.plain("/moved", "expect_body: {cel: ['body.version == 3']}");
    run.comes_to("pass", "ok");
    assert_eq!(run.answer()["status"], 200);
    site.plain("/moved", "redirects: none, status: 302")
        .comes_to("pass", "ok");
    site.plain("/moved", "max_redirects: 0")
        .comes_to("fail", "redirect_loop");
    site.plain("/loop", "").comes_to("fail", "redirect_loop");
    let run = site.plain("/away", "server_name: shop.test, tls: required");
    run.comes_to("pass", "ok");
    assert_eq!(run.leaf()["names"][0], "shop.test");
}

#[test]
fn a_gzip_body_is_undone_and_its_expectations_are_met_or_named() {
    let site = Site::start();
    for settings in [
        "expect_body: {json_path: ['$.items[?@ == \"rope\"]'], cel: [\"body.status == 'up'\"], not_matches: [error]}",
        "decompress: false, expect_body: {json_path: ['$.version']}",
        "expect_headers: [{name: content-type, matches: '^application/json'}]",
    ] {
        site.plain("/page.json", settings).comes_to("pass", "ok");
    }
    let run = site.plain("/page.json", "");
    let headers = run.answer()["headers"].as_array().unwrap().clone();
    assert!(
        headers.iter().any(|field| field[0] == "content-encoding"),
        "nginx compressed it: {headers:?}"
    );
    site.plain("/page.json", "expect_body: {cel: ['body.version > 3']}")
        .comes_to("fail", "http_body");
    site.plain("/page.json", "expect_body: {not_matches: [rope]}")
        .comes_to("fail", "http_body");
    let header = "expect_headers: [{name: content-type, matches: html}]";
    site.plain("/page.json", header)
        .comes_to("fail", "http_header");
    site.plain("/long.txt", "max_body: 100")
        .comes_to("fail", "response_too_large");
    site.plain("/long.txt", "expect_body: {matches: ['^(rope ){2000}$']}")
        .comes_to("pass", "ok");
    assert!(site.log().lines().count() >= 8);
}
