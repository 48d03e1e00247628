//! Signing in by client credentials at one service, for another one.

use leadsman_tests::site::{Asked, Site, answer};

use super::walk::{Walk, steps};
use crate::real::{
    certificates::{Authority, Validity},
    nginx::Nginx,
    process::free_port,
};

const SECRET: &str = "rope-and-lead-4711";
const TOKEN: &str = "tok-planted-0815";
const REFRESH: &str = "ref-planted-0816";

/// What must be in nothing that is left: the values, and their encodings on the way.
const PLANTED: [&str; 5] = [
    SECRET,
    "cHJvYmU6cm9wZS1hbmQtbGVhZC00NzEx",
    TOKEN,
    REFRESH,
    "dG9rLXBsYW50ZWQtMDgxNQ",
];

/// Whether a request for a token is signed: `probe` and the secret, in the header or in the form.
fn is_known(asked: &Asked) -> bool {
    let by_header = asked.header("authorization") == "Basic cHJvYmU6cm9wZS1hbmQtbGVhZC00NzEx";
    let form = format!("client_id=probe&client_secret={SECRET}");
    by_header || asked.body.ends_with(&form)
}

/// Gives a token to whom it knows.
fn login() -> Site {
    Site::start(|asked| {
        if !is_known(asked) {
            return answer(401, "", r#"{"error": "invalid_client"}"#);
        }
        let body = format!(
            r#"{{"access_token": "{TOKEN}", "token_type": "Bearer", "refresh_token": "{REFRESH}"}}"#
        );
        answer(200, "cache-control: no-store\r\n", &body)
    })
    .unwrap()
}

/// Answers who has the token, and throws it back.
fn shop() -> Site {
    Site::start(|asked| {
        let known = asked.header("authorization") == format!("Bearer {TOKEN}");
        let status = if known { 200 } else { 401 };
        let field = format!("x-seen: {}\r\n", asked.header("authorization"));
        answer(status, &field, &format!("you are {TOKEN}"))
    })
    .unwrap()
}

fn signed_in(login: &Site, shop: &Site, password: &str, auth: &str) -> Walk {
    let (url, scope) = (login.url(), r#"scope: "orders:read""#);
    let oauth2 = format!(
        "oauth2: {{token_url: \"{url}/token\", client_id: probe, secret: login, {scope}, auth: {auth}}}"
    );
    Walk::to(shop.url())
        .above(&format!(
            "secrets: {{login: {{file: password, hosts: [\"{url}\"]}}}}"
        ))
        .file("password", password)
        .grants(&format!("hosts: [\"{url}\"], secrets: [login]"))
        .steps(&[
            &format!("{{name: read, request: {{path: /orders, {oauth2}}}}}"),
            &format!("{{name: look, request: {{path: /orders/1, {oauth2}}}}}"),
        ])
}

#[test]
fn a_token_by_client_credentials_opens_what_it_is_for_and_is_asked_for_once() {
    for auth in ["basic", "body"] {
        let (login, shop) = (login(), shop());
        let run = signed_in(&login, &shop, SECRET, auth).once();
        run.comes_to("pass", "ok");
        assert_eq!(steps(&run), [("read", Some(true)), ("look", Some(true))]);
        let asked = login.asked();
        assert_eq!((asked.len(), shop.asked().len()), (1, 2), "{auth}");
        assert_eq!(
            (asked[0].method.as_str(), asked[0].path.as_str()),
            ("POST", "/token")
        );
        let form = "grant_type=client_credentials&scope=orders%3Aread";
        assert!(asked[0].body.starts_with(form), "{}", asked[0].body);
        assert_eq!(asked[0].body == form, auth == "basic");
    }
}

#[test]
fn a_wrong_client_secret_fails_the_step_at_the_line_of_its_sign_in() {
    for auth in ["basic", "body"] {
        let (login, shop) = (login(), shop());
        let walk = signed_in(&login, &shop, "another-secret", auth);
        let run = walk.once();
        let line = walk.line("name: read");
        run.fails(
            "http_status",
            &format!(
                "step `read`: oauth2: expected a token with status 200, got 401: `{{\"error\": \"invalid_client\"}}` {line}"
            ),
        );
        assert_eq!(run.said("blame"), "target");
        assert_eq!(steps(&run), [("read", Some(false))]);
        assert!(shop.asked().is_empty(), "nothing is sent without a token");
        assert!(!run.printed.contains("another-secret"), "{}", run.printed);
    }
}

#[test]
fn a_token_that_the_service_does_not_take_fails_the_step_that_used_it() {
    let (login, shop) = (login(), Site::start(|_| answer(403, "", "")).unwrap());
    let run = signed_in(&login, &shop, SECRET, "basic").once();
    run.fails("http_status", "step `read`: status: expected 2xx, got 403");
}

#[test]
fn a_token_endpoint_that_says_nothing_leaves_time_for_the_cleanup() {
    let login = leadsman_tests::peer::Peer::start(leadsman_tests::peer::hang).unwrap();
    let shop = Site::start(|_| answer(204, "", "")).unwrap();
    let url = format!("http://{}", login.address());
    let oauth2 = format!("oauth2: {{token_url: \"{url}\", client_id: probe, secret: login}}");
    let run = Walk::to(shop.url())
        .above(&format!(
            "secrets: {{login: {{file: password, hosts: [\"{url}\"]}}}}"
        ))
        .file("password", SECRET)
        .grants(&format!("hosts: [\"{url}\"], secrets: [login]"))
        .steps(&[&format!("{{name: read, request: {{{oauth2}}}}}")])
        .setting("cleanup: [{name: tidy, request: {method: DELETE, path: /all}}]")
        .once();
    run.fails("response_timeout", "step `read`: ");
    assert_eq!(steps(&run), [("read", Some(false)), ("tidy", Some(true))]);
    assert_eq!(shop.asked().len(), 1);
}

#[test]
fn neither_the_clients_secret_nor_a_token_is_in_what_is_left_whether_it_passes_or_fails() {
    let (login, shop) = (login(), shop());
    let well = signed_in(&login, &shop, SECRET, "basic");
    let by_form = signed_in(&login, &shop, SECRET, "body");
    let unmet = signed_in(&login, &shop, SECRET, "basic")
        .steps(&[&format!(
            "{{name: read, request: {{oauth2: {{token_url: \"{}/token\", client_id: probe, secret: login, token: $.id}}}}}}",
            login.url()
        )]);
    for walk in [well, by_form, unmet] {
        for (what, left) in walk.leaves() {
            assert!(!left.is_empty(), "{what}");
            for planted in PLANTED {
                assert!(!left.contains(planted), "{what} shows {planted}:\n{left}");
            }
        }
    }
    let asked = login.asked();
    assert!(asked.iter().all(is_known) && asked.len() > 3, "{asked:?}");
}

#[test]
fn a_token_endpoint_is_met_with_the_trust_and_the_identity_that_are_written_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let server = authority.signs("127.0.0.1", Validity::Days(10));
    let client = authority.signs("client.test", Validity::Days(10));
    let (ca, port) = (folder.path().join("ca.pem"), free_port());
    let server = format!(
        "server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {}; ssl_certificate_key {}; ssl_client_certificate {}; \
         ssl_verify_client on; location / {{ return 200 '{{\"access_token\": \"{TOKEN}\"}}'; }} }}",
        server.certificate.display(),
        server.key.display(),
        ca.display()
    );
    let _login = Nginx::start(folder.path(), port, &server);
    let url = format!("https://127.0.0.1:{port}");
    let shop = shop();
    let signed_in = |more: &str| {
        Walk::to(shop.url())
            .above(&format!(
                "tls: {{trust: {{login: [\"{}\"]}}, identities: {{me: {{certificate: \"{}\", key: \"{}\"}}}}}}\n\
                 secrets: {{login: {{file: password, hosts: [\"{url}\"]}}}}",
                ca.display(),
                client.certificate.display(),
                client.key.display()
            ))
            .file("password", SECRET)
            .grants(&format!("hosts: [\"{url}\"], secrets: [login]"))
            .steps(&[&format!(
                "{{name: read, request: {{path: /orders, oauth2: {{token_url: \"{url}/token\", client_id: probe, secret: login{more}}}}}}}"
            )])
            .once()
    };
    signed_in("").fails("tls_unknown_issuer", "step `read`: ");
    // nginx answers who has no certificate with 400.
    signed_in(", trust: login").fails("http_status", "step `read`: oauth2: expected a token");
    signed_in(", trust: login, identity: me").comes_to("pass", "ok");
}
