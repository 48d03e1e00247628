//! What is secret in the input is in nothing that comes out, wherever it stands there.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use super::*;

/// Imports it, and fails where anything of `planted` comes out.
fn hidden(format: Format, text: &str, planted: &[&str]) -> String {
    let found = shown(format, text);
    for secret in planted {
        assert!(!found.contains(secret), "{secret}: {text}\n{found}");
    }
    found
}

#[test]
fn credentials_in_a_list_are_hidden_also_where_the_body_stays_a_text() {
    for line in [
        r#"curl --json '{"access_tokens":["planted-1", "planted-2"],"price":1.50}' https://a.example/"#,
        r#"curl --json '{"n":1,"access_tokens":["planted-1","planted-2"]}' -H 'X-Hub-Signature: sha1=00' https://a.example/"#,
    ] {
        let found = hidden(Format::Curl, line, &["planted-1", "planted-2"]);
        assert!(found.contains("body:"), "{found}");
    }
}

#[test]
fn a_body_that_is_not_parted_shows_no_credential() {
    for (line, planted, written) in [
        (
            r#"curl -d '{"user":"a","password":"hunter22"}' https://a.example/x"#,
            "hunter22",
            r#"{"user":"a","password":"${secret:imported-password|json}"}"#,
        ),
        (
            r#"curl -d '{"pin": 471193, "n": 5}' https://a.example/x"#,
            "471193",
            r#"{"pin": ${secret:imported-pin}, "n": 5}"#,
        ),
        (
            "curl -d 'user=a&password=two words' https://a.example/x",
            "two words",
            "user=a&password=${secret:imported-password}",
        ),
        (
            "curl -d 'user=a&password=x1y2%26z3&remember' https://a.example/x",
            "x1y2",
            "user=a&password=${secret:imported-password|percent}&remember",
        ),
        (
            "curl -H 'content-type: text/xml' -d '<login user=\"a\"><password>hunter22</password></login>' https://a.example/x",
            "hunter22",
            "<password>${secret:imported-password}</password>",
        ),
        (
            "curl -H 'content-type: text/xml' -d '<login user=\"a\" password=\"hunter22\"/>' https://a.example/x",
            "hunter22",
            "password=\"${secret:imported-password}\"",
        ),
        (
            "curl -H 'content-type: multipart/form-data; boundary=x' --data-raw $'--x\\r\\nContent-Disposition: form-data; name=\"password\"\\r\\n\\r\\nhunter22\\r\\n--x--' https://a.example/x",
            "hunter22",
            "${secret:imported-password}",
        ),
    ] {
        let found = hidden(Format::Curl, line, &[planted]);
        // A text with quotes may be written in double ones.
        let plain = found.replace("\\\"", "\"");
        assert!(plain.contains(written), "{found}");
    }
}

#[test]
fn json_that_is_sent_as_another_type_shows_no_credential() {
    for kind in ["text/plain", "application/x-amz-json-1.1"] {
        let request = json!({
            "method": "POST", "url": "https://a.example/x", "headers": [],
            "postData": {"mimeType": kind, "text": r#"{"Password": "hunter\"22", "n": 1}"#},
        });
        let entry = json!({
            "startedDateTime": "2026-05-01T10:00:00.000Z", "time": 5, "request": request,
            "response": {"status": 200, "headers": [], "content": {"mimeType": "application/json", "text": "{}"}},
        });
        let text = json!({"log": {"entries": [entry]}}).to_string();
        let found = hidden(Format::Har, &text, &["hunter", "22\""]);
        assert!(
            found.contains("${secret:imported-password|json}"),
            "{found}"
        );
    }
}

#[test]
fn a_template_in_a_body_hides_no_credential_beside_it() {
    let text = "POST https://a.example/x\n{\"n\": {{id}}, \"password\": \"hunter22\", \"pin\": {{pin}}}\nHTTP 200\n";
    let found = hidden(Format::Hurl, text, &["hunter22"]);
    let plain = found.replace("\\\"", "\"");
    assert!(
        plain.contains(
            r#"{"n": ${id}, "password": "${secret:imported-password|json}", "pin": ${secret:imported-pin}}"#
        ),
        "{found}"
    );
    assert!(found.contains("env: PIN"), "{found}");
}

#[test]
fn a_query_that_is_not_parted_shows_no_credential() {
    for (query, written) in [
        (
            "debug&api_key=abcdef12",
            "debug&api_key=${secret:imported-api-key}",
        ),
        ("api_key=abcdef12&", "api_key=${secret:imported-api-key}&"),
    ] {
        let entry = json!({
            "startedDateTime": "2026-05-01T10:00:00.000Z", "time": 5,
            "request": {"method": "GET", "url": format!("https://a.example/x?{query}"), "headers": []},
            "response": {"status": 200, "headers": [], "content": {"mimeType": "text/html", "text": "{}"}},
        });
        for (format, text) in [
            (
                Format::Curl,
                format!("curl 'https://a.example/x?{query}' -e 'https://a.example/y?{query}'"),
            ),
            (
                Format::Hurl,
                format!("GET https://a.example/x?{query}\nHTTP 200\n"),
            ),
            (
                Format::Har,
                json!({"log": {"entries": [entry]}}).to_string(),
            ),
        ] {
            let found = hidden(format, &text, &["abcdef12"]);
            assert!(found.contains(&format!("/x?{written}")), "{found}");
        }
    }
}

#[test]
fn a_number_that_is_a_credential_becomes_a_secret_and_that_is_told() {
    let text = "POST https://a.example/x\n{\"pin\": 471193, \"max_tokens\": 100}\nHTTP 200\n";
    let found = hidden(Format::Hurl, text, &["471193"]);
    assert!(
        found.contains("{pin: \"${secret:imported-pin}\", max_tokens: 100}"),
        "{found}"
    );
    let note = "line 1: `pin`: a secret stands for this number, and is sent as a text";
    assert!(found.contains(note), "{found}");
}

#[test]
fn a_user_without_a_password_is_a_credential() {
    let key = "sk_live_abc";
    let encoded = STANDARD.encode("sk_live_abc:");
    for (format, text) in [
        (
            Format::Curl,
            "curl -u sk_live_abc: https://a.example/x".to_owned(),
        ),
        (
            Format::Curl,
            "curl https://sk_live_abc@a.example/x".to_owned(),
        ),
        (
            Format::Curl,
            format!("curl -H 'Authorization: Basic {encoded}' https://a.example/x"),
        ),
        (
            Format::Hurl,
            "GET https://a.example/x\n[BasicAuth]\nsk_live_abc:\nHTTP 200\n".to_owned(),
        ),
    ] {
        let found = hidden(format, &text, &[key, &encoded]);
        let header = "authorization: \"Basic ${secret:imported-login|base64}\"";
        assert!(
            found.contains(header) && found.contains("with a colon behind it"),
            "{found}"
        );
        assert!(!found.contains("basic:"), "{found}");
    }
    let found = shown(Format::Curl, "curl -u \"$KEY:\" https://a.example/x");
    assert!(found.contains("{env: KEY_LOGIN,"), "{found}");
}

#[test]
fn beside_a_field_that_signs_in_nothing_else_does() {
    let line =
        "curl -u admin:planted-login -H 'Authorization: Token planted-token' https://a.example/x";
    let found = hidden(Format::Curl, line, &["planted-login", "planted-token"]);
    assert!(found.contains("authorization:"), "{found}");
    assert!(
        !found.contains("basic:") && !found.contains("-login"),
        "{found}"
    );
}

#[test]
fn a_password_that_is_not_sent_as_it_is_does_not_become_basic_authentication() {
    for way in [
        "--digest",
        "--ntlm",
        "--negotiate",
        "--anyauth",
        "--aws-sigv4 aws:amz:eu-central-1:s3",
        "--ntlm --no-ntlm",
        "--basic --digest",
    ] {
        for (login, told) in [
            ("-u alice:hunter22 https://a.example/x", "`--user …`"),
            (
                "https://alice:hunter22@a.example/x",
                "`https://a.example/x`",
            ),
            ("-u hunter22: https://a.example/x", "`--user …`"),
            ("-u \"alice:$PASSWORD\" https://a.example/x", "`--user …`"),
        ] {
            let line = format!("curl {way} {login}");
            let found = hidden(Format::Curl, &line, &["hunter22"]);
            let (yaml, left) = found.split_once("=== left").unwrap();
            assert!(
                !yaml.contains("basic") && !yaml.contains("secrets:") && !yaml.contains("PASSWORD"),
                "{line}\n{found}"
            );
            assert!(yaml.contains("# the sign-in is missing"), "{found}");
            assert!(
                left.contains(told) && left.contains("does not send this password as it is"),
                "{line}\n{found}"
            );
        }
    }
    // What the line itself writes into the field, curl sends as well.
    let encoded = STANDARD.encode("alice:hunter22");
    let line = format!("curl --digest -H 'Authorization: Basic {encoded}' https://a.example/x");
    let found = hidden(Format::Curl, &line, &["hunter22", &encoded]);
    assert!(
        found.contains("basic: {user: alice,") && !found.contains("sign-in is missing"),
        "{found}"
    );
    for way in ["digest", "ntlm", "negotiate"] {
        let text = |on: bool| {
            format!(
                "GET https://a.example/x\n[Options]\nuser: alice:hunter22\n{way}: {on}\nHTTP 200\n"
            )
        };
        let found = hidden(Format::Hurl, &text(true), &["hunter22"]);
        assert!(
            !found.contains("basic:") && found.contains("`user` is left out"),
            "{found}"
        );
        let found = hidden(Format::Hurl, &text(false), &["hunter22"]);
        assert!(found.contains("basic:"), "{found}");
    }
}

#[test]
fn a_variable_of_hurls_options_that_is_a_credential_is_a_secret() {
    let text = "POST https://a.example/x
[Options]
variable: password=hunter22
variable: who=synthetic
{\"user\": \"{{who}}\", \"password\": \"{{password}}\"}
HTTP 200
[Asserts]
jsonpath \"$.said\" != \"hunter22\"

GET https://a.example/{{password}}
HTTP 200
";
    let found = hidden(Format::Hurl, text, &["hunter22"]);
    assert!(
        found.contains("password: \"${secret:imported-password}\"")
            && found.contains("path: \"/${secret:imported-password}\"")
            && found.contains("with: {who: synthetic}"),
        "{found}"
    );
    assert!(
        found.contains("it repeats a credential, which an expectation does not hold"),
        "{found}"
    );
}

#[test]
fn what_is_told_of_a_command_line_shows_no_credential() {
    for (line, told) in [
        (
            "curl 'https://admin:hunter22@a.example/{x,y}'",
            "`https://a.example/{x,y}`",
        ),
        (
            "curl 'https://a.example/?token=hunter22&ids[]=1'",
            "`https://a.example/?…`",
        ),
        (
            "curl \"https://admin:hunter22@$HOST/x\"",
            "`https://:host/x`",
        ),
        (
            "curl https://a.example/ -H 'Authorization Bearer hunter22'",
            "`--header Authorization …`",
        ),
        (
            "curl https://a.example/ -H 'Authorization Bearer hunter22;'",
            "`--header Authorization …`",
        ),
        (
            "curl https://a.example/ -H 'Sec-WebSocket-Protocol: hunter22'",
            "`--header Sec-WebSocket-Protocol: …`",
        ),
        (
            "curl https://a.example/ | curl -u bob:hunter22 https://b.example/",
            "`| curl …`",
        ),
        (
            "curl https://a.example/ -x http://bob:hunter22@p:3128",
            "`--proxy …`",
        ),
        (
            "curl https://a.example/ --socks5 bob:hunter22@p:3128",
            "`--socks5 …`",
        ),
        (
            "curl https://a.example/ -e 'https://b.example/?token=hunter22;auto'",
            "`--referer https://b.example/?…;auto`",
        ),
        (
            "curl https://a.example/\n'{\"password\": \"hunter22\"}'",
            "`…`",
        ),
    ] {
        let found = hidden(Format::Curl, line, &["hunter22"]);
        assert!(found.contains(told), "{line}\n{found}");
    }
}

#[test]
fn what_is_told_of_a_hurl_file_shows_no_credential() {
    for (text, told) in [
        (
            "POST https://a.example/\n[MultipartFormData]\npassword: hunter22\nHTTP 200\n",
            "`password: …`",
        ),
        (
            "GET https://a.example/\n[Options]\nproxy: http://u:hunter22@p:3128\nHTTP 200\n",
            "`proxy: …`",
        ),
        (
            "GET https://a.example/\nAuthorization Bearer hunter22\nHTTP 200\n",
            "`Authorization …` has no `:`",
        ),
        (
            "GET https://u:hunter22@{{host}}/\nHTTP 200\n",
            "`https://:host/`",
        ),
        (
            "GET https://u:hunter22@b.example/?token=hunter22\n[Options]\nskip: true\nGET https://a.example/\n",
            "in the address",
        ),
        (
            "GET https://b.example/?token=hunter22\n[Options]\nskip: true\nHTTP 200\nGET https://a.example/\n",
            "`GET https://b.example/?…`",
        ),
        ("curl -u bob:hunter22 https://a.example/\n", "`curl …`"),
        (
            "POST https://a.example/\nbase64,aHVudGVyMjI=;\nHTTP 200\n",
            "`base64,…`",
        ),
    ] {
        let found = hidden(Format::Hurl, text, &["hunter22", "aHVudGVyMjI"]);
        assert!(found.contains(told), "{text}\n{found}");
    }
}
