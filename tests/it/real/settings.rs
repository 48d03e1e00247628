//! Every setting of an exchange and of a dialogue, once met and once not, against a real nginx.

use std::{fs, path::Path, process::Command};

use super::{
    certificates::{Authority, Validity},
    daemon::leadsman,
    nginx::Nginx,
    once::{Run, once},
    process::{free_port, tool},
    zone::Knot,
};

const SECRET: &str = "rope-and-lead";

/// `{"version":3,"status":"up"}`, as the reference implementations of zlib and Brotli write it.
const ZLIB: &[u8] = b"\x78\x9c\xab\x56\x2a\x4b\x2d\x2a\xce\xcc\xcf\x53\xb2\x32\xd6\x51\x2a\x2e\x49\x2c\x29\x2d\x56\xb2\x52\x2a\x2d\x50\xaa\x05\x00\x83\x7f\x09\x27";
const BROTLI: &[u8] = b"\x0f\x0d\x80\x7b\x22\x76\x65\x72\x73\x69\x6f\x6e\x22\x3a\x33\x2c\x22\x73\x74\x61\x74\x75\x73\x22\x3a\x22\x75\x70\x22\x7d\x03";

/// One nginx, plain and encrypted, that says what it heard.
struct Site {
    folder: tempfile::TempDir,
    _nginx: Nginx,
    plain: u16,
    encrypted: u16,
}

impl Site {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let authority = Authority::new(folder.path());
        let certificate = authority.signs("shop.test", Validity::Days(30));
        let (plain, encrypted) = (free_port(), free_port());
        let files = [
            ("page.br", BROTLI),
            ("page.zz", ZLIB),
            ("secret", SECRET.as_bytes()),
        ];
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).expect("the folder can be written");
        }
        let heard = heard(folder.path(), plain);
        let servers = format!(
            "server {{ listen 127.0.0.1:{plain}; {heard} }}\n\
             server {{ listen 127.0.0.1:{encrypted} ssl; ssl_certificate {}; ssl_certificate_key {}; {heard} }}",
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

    fn configured(&self, probe: &str, target: &str, settings: &str) -> std::path::PathBuf {
        let file = self.folder.path().join("leadsman.yaml");
        let (plain, encrypted) = (self.plain, self.encrypted);
        let text = format!(
            "tls: {{ca: [ca.pem]}}\nsecrets: {{key: {{file: secret, hosts: ['127.0.0.1:{plain}']}}}}\n\
             defaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  \
             one: {{probe: {probe}, targets: ['{target}'], grants: {{hosts: ['127.0.0.1:{encrypted}'], secrets: [key]}}, settings: {{{settings}}}}}\n"
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        file
    }

    fn run(&self, probe: &str, target: &str, settings: &str) -> Run {
        once(&self.configured(probe, target, settings), "one")
    }

    fn http(&self, path: &str, settings: &str) -> Run {
        let target = format!("http://127.0.0.1:{}{path}", self.plain);
        self.run("http", &target, settings)
    }
}

/// `/heard` says in JSON what was sent, `/posted` what came as a body, `/in` lets those in who have the token.
fn heard(folder: &Path, port: u16) -> String {
    format!(
        "root {}; default_type application/json; \
         location /heard {{ return 200 '{{\"method\":\"$request_method\",\"key\":\"$http_x_api_key\",\"via\":\"$http_x_forwarded_for\",\"codings\":\"$http_accept_encoding\"}}'; }} \
         location /posted {{ proxy_pass http://127.0.0.1:{port}/said; proxy_set_header X-Body $request_body; }} \
         location /said {{ return 200 '$request_method $http_x_body'; }} \
         location /in {{ if ($http_authorization != 'Bearer {SECRET}') {{ return 401; }} return 200; }} \
         location /key {{ if ($http_x_api_key != '{SECRET}') {{ return 401; }} return 200 '$http_x_api_key'; }} \
         location /state {{ return 200 '{{\"version\":3,\"status\":\"up\"}}'; }} \
         location /near {{ return 302 /state; }} location /far {{ return 302 http://localhost:{port}/state; }} \
         location /page.br {{ add_header Content-Encoding br; }} location /page.zz {{ add_header Content-Encoding deflate; }}",
        folder.display()
    )
}

#[test]
fn every_setting_of_a_request_is_met_or_its_reason_is_told() {
    let site = Site::start();
    for (path, met, unmet, reason) in [
        (
            "/heard",
            "method: DELETE, expect_body: {json: {$.method: DELETE}}",
            "method: PUT, expect_body: {json: {$.method: DELETE}}",
            "http_body",
        ),
        (
            "/heard",
            "headers: {X-Api-Key: rope}, expect_body: {json: {$.key: rope}}",
            "headers: {X-Api-Key: lead}, expect_body: {json: {$.key: rope}}",
            "http_body",
        ),
        (
            "/heard",
            "headers: {X-Forwarded-For: [192.0.2.1, 192.0.2.2]}, expect_body: {json: {$.via: '192.0.2.1, 192.0.2.2'}}",
            "headers: {X-Forwarded-For: 192.0.2.1}, expect_body: {json: {$.via: '192.0.2.1, 192.0.2.2'}}",
            "http_body",
        ),
        (
            "/posted",
            "method: POST, body: 'order=7', expect_body: {matches: ['^POST order=7$']}",
            "method: POST, body: 'order=8', expect_body: {matches: ['^POST order=7$']}",
            "http_body",
        ),
        (
            "/in",
            "bearer: {secret: key}",
            "bearer: {secret: key, type: Token}",
            "http_status",
        ),
        (
            "/key",
            "headers: {X-Api-Key: {secret: key}}",
            "headers: {X-Api-Key: another}",
            "http_status",
        ),
        (
            "/state",
            "expect_body: {not_cel: ['body.version > 3']}",
            "expect_body: {not_cel: ['body.version == 3']}",
            "http_body",
        ),
        (
            "/state",
            "expect_body: {not_json_path: [$.error]}",
            "expect_body: {not_json_path: [$.status]}",
            "http_body",
        ),
        ("/state", "tls: forbidden", "tls: required", "tls_version"),
        (
            "/near",
            "redirects: same-site, expect_redirects: 1",
            "redirects: same-site, expect_redirects: 0",
            "http_status",
        ),
        (
            "/far",
            "redirects: same-site, status: 302",
            "redirects: same-site",
            "http_status",
        ),
    ] {
        site.http(path, met).comes_to("pass", "ok");
        site.http(path, unmet).comes_to("fail", reason);
    }
    let encrypted = format!("https://127.0.0.1:{}/state", site.encrypted);
    let forbidden = site.run("http", &encrypted, "server_name: shop.test, tls: forbidden");
    forbidden.comes_to("fail", "tls_version");
}

#[test]
fn every_expectation_of_a_header_field_is_met_or_named() {
    let site = Site::start();
    for (met, unmet) in [
        (
            "name: content-type, equals: application/json",
            "name: content-type, equals: application",
        ),
        (
            "name: content-type, contains: json",
            "name: content-type, contains: 'JSON'",
        ),
        (
            "name: content-type, not_contains: html",
            "name: content-type, not_contains: json",
        ),
        (
            "name: content-type, not_matches: '^text/'",
            "name: content-type, not_matches: 'json$'",
        ),
        (
            "name: x-nothing, equals: a, may_be_missing: true",
            "name: x-nothing, equals: a",
        ),
    ] {
        let expecting =
            |field: &str| site.http("/state", &format!("expect_headers: [{{{field}}}]"));
        expecting(met).comes_to("pass", "ok");
        expecting(unmet).comes_to("fail", "http_header");
    }
}

#[test]
fn what_is_compressed_by_deflate_or_brotli_is_asked_for_and_undone() {
    let site = Site::start();
    let offered = "expect_body: {json: {$.codings: 'gzip, deflate, br'}}";
    site.http("/heard", offered).comes_to("pass", "ok");
    let asked = "headers: {Accept-Encoding: br}, expect_body: {json: {$.codings: br}}";
    site.http("/heard", asked).comes_to("pass", "ok");
    for (path, coding) in [("/page.br", "br"), ("/page.zz", "deflate")] {
        let expected = format!(
            "expect_headers: [{{name: content-encoding, equals: {coding}}}], expect_body: {{json: {{$.version: 3}}}}"
        );
        site.http(path, &expected).comes_to("pass", "ok");
        let kept = format!("decompress: false, {expected}");
        site.http(path, &kept).comes_to("fail", "http_body");
    }
}

#[test]
fn a_secret_in_a_header_field_is_seen_by_its_host_and_by_nobody_else() {
    let site = Site::start();
    for settings in [
        "headers: {X-Api-Key: {secret: key}}, expect_body: {matches: [lead]}",
        "headers: {X-Api-Key: [{secret: key}]}, expect_body: {matches: [nothing]}",
    ] {
        let run = site.http("/key", settings);
        assert_eq!(run.answer()["status"], 200, "{}", run.printed);
        let field = run
            .record
            .pointer("/attempts/0/report/operations/0/call/http/headers/0/1");
        let sent: Vec<u8> = serde_json::from_value(field.unwrap().clone()).unwrap();
        assert!(sent.starts_with(b"leadsman-secret-key-"), "{}", run.printed);
        // Bodies and fields are numbers in JSON.
        let bare: String = run.printed.split_whitespace().collect();
        let numbers = SECRET.bytes().map(|byte| byte.to_string());
        let numbers = numbers.collect::<Vec<_>>().join(",");
        assert!(!bare.contains(SECRET) && !bare.contains(&numbers), "{bare}");
    }
    let ungranted = "headers: {X-Api-Key: [a, {secret: other}]}";
    let file = site.configured("http", "http://127.0.0.1:1", ungranted);
    let mut command = leadsman();
    let output = command
        .arg("validate")
        .arg("--config")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(78), "{said}");
    assert!(said.contains("unknown secret `other`"), "{said}");
}

#[test]
fn a_bare_host_is_asked_by_the_scheme_that_is_set() {
    let site = Site::start();
    let target = format!("127.0.0.1:{}", site.plain);
    let run = |scheme: &str| site.run("http", &target, &format!("scheme: {scheme}, path: /state"));
    run("http").comes_to("pass", "ok");
    run("https").comes_to("fail", "tls_handshake");
}

#[test]
fn what_comes_over_a_stream_is_compared_byte_by_byte() {
    let site = Site::start();
    let target = format!("127.0.0.1:{}", site.plain);
    let ask = r#"send_bytes: "GET /state HTTP/1.0\r\n\r\n""#;
    for (bytes, is_met) in [
        ("HTTP/1.1 200 OK", true),
        ("HTTP/1.1 200 No", false),
        ("{hex: '48 54 54 50'}", true),
        ("{hex: '48 54 54 00'}", false),
        ("{base64: SFRUUA==}", true),
        ("{base64: SFRUAA==}", false),
    ] {
        let settings = format!("dialogue: [{{{ask}}}, {{expect_bytes: {bytes}}}]");
        let run = site.run("tcp", &target, &settings);
        if is_met {
            run.comes_to("pass", "ok");
        } else {
            run.comes_to("fail", "assertion");
        }
    }
    let wrong = site.configured("tcp", &target, "dialogue: [{send_bytes: {hex: 0x}}]");
    let output = leadsman()
        .arg("validate")
        .arg("--config")
        .arg(wrong)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("two digits a byte"), "{said}");
}

/// A question by hand, with lengths and flags that no text can say.
#[test]
fn a_binary_protocol_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let knot = Knot::start(folder.path());
    let question = "00 23 00 07 00 00 00 01 00 00 00 00 00 00 09 65 6c 73 65 77 68 65 72 65 07 65 78 61 6d 70 6c 65 00 00 01 00 01";
    // The same length and id, an answer, and REFUSED; then not authoritative, as if it were NOERROR.
    for (answer, outcome, reason) in [
        ("00 23 00 07 80 05", "pass", "ok"),
        ("00 23 00 07 80 00", "fail", "assertion"),
    ] {
        let file = folder.path().join("binary.yaml");
        let text = format!(
            "defaults: {{interval: 10s, timeout: 5s}}\nchecks:\n  one: {{probe: tcp, targets: ['127.0.0.1:{}'], \
             settings: {{dialogue: [{{send_bytes: {{hex: '{question}'}}}}, {{expect_bytes: {{hex: '{answer}'}}}}]}}}}\n",
            knot.port
        );
        fs::write(&file, text).expect("the folder of the test can be written");
        once(&file, "one").comes_to(outcome, reason);
    }
}

#[test]
fn a_proxy_that_the_environment_names_is_not_used() {
    let site = Site::start();
    let target = format!("http://127.0.0.1:{}/state", site.plain);
    let file = site.configured("http", &target, "");
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let mut command = leadsman();
    for name in [
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
    ] {
        command.env(name, &nobody);
    }
    let output = command
        .args(["once", "one", "--config"])
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(0), "{said}");
}

/// What the page about modules shows as one is one.
#[test]
fn the_module_that_becomes_a_check_is_one_to_the_real_exporter() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/blackbox.md");
    let text = fs::read_to_string(page).unwrap();
    let module = text.split("```yaml\n").nth(1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("blackbox.yml");
    fs::write(&file, module.split("```").next().unwrap()).unwrap();
    let mut command = Command::new(tool("prometheus-blackbox-exporter"));
    let checked = command
        .arg("--config.check")
        .arg("--config.file")
        .arg(&file);
    let output = checked.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
