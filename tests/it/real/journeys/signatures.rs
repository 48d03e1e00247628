//! Requests that are signed, whose signatures OpenSSL computes anew.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use leadsman_tests::site::{Asked, Site, answer};

use super::walk::{Walk, steps};
use crate::real::process::tool;

const KEY: &str = "depth-by-the-deep-9";

/// What a program writes about its input.
fn piped(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(tool(program))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program can be started");
    let mut pipe = child.stdin.take().expect("the input is a pipe");
    pipe.write_all(input).expect("the program reads");
    drop(pipe);
    child.wait_with_output().expect("the program ends").stdout
}

/// The code of a message, as OpenSSL has it.
fn code(algorithm: &str, encoding: &str, message: &str) -> String {
    let digest = format!("-{algorithm}");
    let signed = ["dgst", &digest, "-hmac", KEY, "-binary"];
    let bytes = piped("openssl", &signed, message.as_bytes());
    if encoding == "hex" {
        let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
        return digits.collect::<Vec<_>>().concat();
    }
    let text = piped("openssl", &["base64", "-A"], &bytes);
    let text = String::from_utf8_lossy(&text).into_owned();
    match encoding {
        "base64" => text,
        _ => text.replace('+', "-").replace('/', "_").replace('=', ""),
    }
}

/// Takes what is signed rightly, over the method, the path and the body.
fn verifying(algorithm: &'static str, encoding: &'static str) -> Site {
    let signed = move |asked: &Asked| {
        let message = format!("{}\n{}\n{}", asked.method, asked.path, asked.body);
        format!("v1={}", code(algorithm, encoding, &message))
    };
    Site::start(move |asked| {
        let right = asked.header("x-signature") == signed(asked);
        answer(if right { 204 } else { 401 }, "", "")
    })
    .unwrap()
}

fn signing(site: &Site, key: &str, how: &str) -> Walk {
    let over = r#"over: "${request.method}\n${request.path}\n${request.body}""#;
    let step = format!(
        "{{name: send, request: {{method: POST, path: \"/orders?kind=a b\", json: {{item: \"tea & röpe\"}}, sign: {{secret: key, {over}, header: x-signature, prefix: \"v1=\", {how}}}}}}}"
    );
    Walk::to(site.url())
        .above(&format!(
            "secrets: {{key: {{file: key, hosts: [\"{}\"]}}}}",
            site.url()
        ))
        .file("key", key)
        .grants("secrets: [key]")
        .steps(&[&step.replace("a b", "a%20b")])
}

#[test]
fn a_signed_request_has_the_code_that_openssl_computes_of_what_came() {
    for (algorithm, encoding) in [
        ("sha256", "hex"),
        ("sha512", "base64"),
        ("sha1", "base64url"),
    ] {
        let site = verifying(algorithm, encoding);
        let how = format!("algorithm: {algorithm}, encoding: {encoding}");
        let walk = signing(&site, KEY, &how);
        let run = walk.once();
        run.comes_to("pass", "ok");
        assert_eq!(steps(&run), [("send", Some(true))]);
        assert_eq!(site.asked().len(), 1);
        assert!(!run.printed.contains(KEY), "{}", run.printed);
    }
}

#[test]
fn a_request_that_is_signed_by_another_key_or_in_another_way_fails_its_step() {
    let site = verifying("sha256", "hex");
    for (key, how) in [("another-key", "encoding: hex"), (KEY, "algorithm: sha512")] {
        let run = signing(&site, key, how).once();
        run.fails("http_status", "step `send`: status: expected 2xx, got 401");
        assert_eq!(steps(&run), [("send", Some(false))]);
    }
}
