//! Command lines of curl, and what becomes of them.

use super::*;

mod wire;

pub(super) const SCRIPT: &str = r#"#!/bin/sh
set -e
export SHOP=shop.example
curl -sSLfu admin:planted-login "https://$SHOP/login" -o /dev/null
curl -G --data-urlencode 'q=rope & sails' https://$SHOP/search -m 2.5 -k --tlsv1.2 --resolve shop.example:443:127.0.0.1 | jq .
curl -X DELETE "https://$SHOP/orders/$ORDER_ID" -H "X-Api-Key: $KEY" -H "Date: $(date)" --http1.1
curl -d a=1 -d b=2 -d a=3 https://api.$SHOP/twice
"#;

#[test]
fn what_a_browser_copies() {
    let text = r#"curl 'https://shop.example/api/session' \
  -H 'accept: application/json' \
  -H 'authorization: Bearer planted-bearer' \
  -H 'content-type: application/json' \
  -b 'lang=en; session=planted-cookie' \
  -H 'sec-ch-ua: "Chromium";v="124"' \
  --data-raw $'{"user":"synthetic","password":"planted-password","note":"it\'s","n":[1,2.5,null]}' --compressed
"#;
    let found = shown(Format::Curl, text);
    assert!(!found.contains("planted"), "{found}");
    insta::assert_snapshot!("copied-from-a-browser", found);
}

#[test]
fn several_lines_of_a_script() {
    let found = shown(Format::Curl, SCRIPT);
    assert!(!found.contains("planted"), "{found}");
    insta::assert_snapshot!("script", found);
}

#[test]
fn several_fields_of_one_name_stay_several_but_cookies_are_one() {
    let line =
        "curl https://shop.example/x -H 'X-Part: one' -H 'X-Part: two' -b lang=en -b theme=dark\n";
    let found = shown(Format::Curl, line);
    assert!(found.contains("x-part: [one, two]"), "{found}");
    assert!(found.contains("cookie: \"lang=en; theme=dark\""), "{found}");
}

#[test]
fn what_is_not_carried_over_is_told() {
    let text = r"
curl https://shop.example/up -F file=@photo.jpg
curl https://shop.example/up --data @body.json --cert me.pem:planted-pass
curl https://shop.example/{a,b} https://shop.example/c --proxy http://p:3128 --nonsense --retry 3
curl -T file ftp://shop.example/x
wget https://shop.example
";
    insta::assert_snapshot!("left", shown(Format::Curl, text));
}

#[test]
fn bytes_that_are_no_text_are_told_and_not_sent_as_another_text() {
    for (line, told) in [
        (r"curl https://shop.example/x -d $'\xff\xe9'", "--data …"),
        (
            r"curl https://shop.example/x -X POST -d$'a=\xff'",
            "--data …",
        ),
        (
            r"curl https://shop.example/x -d 1 -H $'x-odd: \351'",
            "--header …",
        ),
        (
            r"curl https://shop.example/x -d 1 $'https://shop.example/\xff'",
            "https://shop.example/\u{fffd}",
        ),
    ] {
        let imported = import(Format::Curl, line, &Options::default()).unwrap();
        let [left] = imported.left.as_slice() else {
            panic!("{line}: {:?}", imported.left);
        };
        assert_eq!(left.what, told, "{line}");
        assert!(
            imported.yaml.contains("method: POST")
                && !imported.yaml.contains(['ÿ', 'é', '\u{fffd}']),
            "{line}\n{}",
            imported.yaml
        );
    }
}

#[test]
fn what_the_shell_fills_in_stands_in_a_body_as_it_is() {
    for (line, written) in [
        (
            r#"curl https://shop.example/x -d "a=$ID""#,
            "body: \"a=${id}\"",
        ),
        (
            r#"curl https://shop.example/x --json "{\"a\": $ID}""#,
            r#"body: '{"a": ${id}}'"#,
        ),
        (
            r#"curl https://shop.example/x --json "{\"$ID\": []}""#,
            r#"body: '{"${id}": []}'"#,
        ),
        (
            r#"curl https://shop.example/x -H "Content-Type: $ID" -d 1"#,
            "content-type: \"${id}\"",
        ),
    ] {
        let found = shown(Format::Curl, line);
        assert!(found.contains(written), "{line}\n{found}");
    }
}

#[test]
fn a_field_that_curl_would_take_away_or_never_send_is_told() {
    let line = "curl https://shop.example/ -A '' -H 'Host:' -H 'Accept:' -H 'X-None:' -H lone -H 'X-Empty;'";
    let imported = import(Format::Curl, line, &Options::default()).unwrap();
    let told: Vec<&str> = imported
        .left
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(told, ["--user-agent ''", "--header Host:", "--header lone"]);
    assert!(
        imported.yaml.contains("x-empty") && !imported.yaml.contains("x-none"),
        "{}",
        imported.yaml
    );
}

#[test]
fn what_the_http_probe_would_refuse_is_told_and_not_written() {
    for (format, text) in [
        (
            Format::Curl,
            "curl -f http://shop.example/ --http2-prior-knowledge -L --max-redirs 50",
        ),
        (
            Format::Hurl,
            "GET http://shop.example/\n[Options]\nhttp2-prior-knowledge: true\nlocation: true\nmax-redirs: 50\nHTTP 200\n",
        ),
    ] {
        let imported = import(format, text, &Options::default()).unwrap();
        assert_eq!(imported.left.len(), 2, "{text}: {:?}", imported.left);
        for setting in ["version:", "max_redirects:"] {
            assert!(!imported.yaml.contains(setting), "{}", imported.yaml);
        }
    }
}

#[test]
fn a_field_that_is_the_clients_own_is_told_and_not_sent() {
    let line = "curl -f https://shop.example/ -H 'Upgrade: h2c' -H 'Trailer: X-Digest' -H 'Host: shop.example' -H 'X-Kept: yes'";
    let imported = import(Format::Curl, line, &Options::default()).unwrap();
    let told: Vec<&str> = imported
        .left
        .iter()
        .map(|left| left.what.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "--header Upgrade: …",
            "--header Trailer: …",
            "--header Host: …"
        ]
    );
    assert!(
        imported.yaml.contains("headers: {x-kept: \"yes\"}"),
        "{}",
        imported.yaml
    );
}

#[test]
fn a_method_that_is_none_is_told_and_left_out() {
    for method in ["", "GE T", "P\u{e9}"] {
        let line = format!("curl -X '{method}' https://shop.example/ -d a=1");
        let imported = import(Format::Curl, &line, &Options::default()).unwrap();
        let told: Vec<&str> = imported
            .left
            .iter()
            .map(|left| left.what.as_str())
            .collect();
        assert_eq!(told, [format!("--request '{method}'")]);
        assert!(
            imported.yaml.contains("method: POST"),
            "{line}\n{}",
            imported.yaml
        );
    }
}

#[test]
fn a_name_is_one_that_a_check_can_have_or_refused() {
    let long = "a".repeat(150);
    let named = |name: &str| {
        let options = Options {
            name: name.to_owned(),
            ..Options::default()
        };
        let line = "curl -u bob:pw https://shop.example/ -H 'X-Api-Key: planted-key'";
        import(Format::Curl, line, &options)
    };
    for name in ["a b", "a: b", "", "a/b", "é", format!("{long}a").as_str()] {
        let error = named(name).unwrap_err();
        assert!(error.message.contains("check's name"), "{name}: {error}");
    }
    for name in ["shop-2_a.b", "null", "1", "1.5", "y", long.as_str()] {
        contract::holds(&named(name).unwrap().yaml);
    }
}

#[test]
fn what_is_no_command_line_is_refused() {
    for text in [
        "",
        "echo hello",
        "curl",
        "curl 'https://shop.example",
        "curl ftp://shop.example",
        "curl ^\"https://x^\"",
        "curl --data <<EOF",
    ] {
        let error = import(Format::Curl, text, &Options::default()).unwrap_err();
        assert!(error.line >= 1 && !error.mend.is_empty(), "{text}: {error}");
    }
}
