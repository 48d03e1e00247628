//! Texts of every kind: each is a configuration that holds, or a mistake that is told.

use proptest::prelude::*;

use super::*;

const SEEDS: [(Format, &str); 3] = [
    (Format::Har, include_str!("../../testdata/session.har")),
    (Format::Hurl, hurl::SHOP),
    (Format::Curl, curl::SCRIPT),
];

fn judged(format: Format, text: &str) {
    match import(format, text, &Options::default()) {
        Ok(imported) => contract::holds(&imported.yaml),
        Err(error) => {
            assert!(
                error.line >= 1 && error.line <= text.lines().count().max(1) + 1,
                "{error}"
            );
            assert!(
                !error.message.is_empty() && !error.mend.is_empty(),
                "{error}"
            );
        }
    }
}

/// Words that mean something to one of the readers.
fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "curl",
            "-H",
            "-d",
            "-X",
            "-u",
            "-b",
            "--json",
            "--data-urlencode",
            "'",
            "\"",
            "\\",
            "\n",
            "$'",
            "$(",
            "${A}",
            "$x",
            "|",
            "https://a.example/x?y=1&z",
            "http://[::1]:80/",
            "a:b",
            "a=b",
            "{\"a\": [1, \"${x}\"]}",
            "authorization: Bearer x",
            "GET",
            "POST https://a.example",
            "HTTP 200",
            "[Asserts]",
            "[Captures]",
            "[Options]",
            "[Form]",
            "```",
            "{{x}}",
            "{{",
            "jsonpath \"$.a\" == 1",
            "x: jsonpath \"$.a\"",
            "retry: 3",
            "variable: a=b",
            "status < 400",
            "header \"a\" exists",
            "#",
            "`a`",
            "{",
            "}",
            "[",
            "]",
            "user: password",
            "token: x",
            "$",
            "$$",
            "${env:A}",
            "é",
            "\u{2028}",
            "\r\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec((word, prop::sample::select(vec![" ", "\n", ""])), 0..24)
        .prop_map(|words| words.into_iter().map(|(word, gap)| word + gap).collect())
}

proptest! {
    #[test]
    fn no_text_is_too_odd(text in words()) {
        for format in [Format::Har, Format::Curl, Format::Hurl] {
            judged(format, &text);
        }
        judged(Format::Curl, &format!("curl https://a.example/ {text}"));
        judged(Format::Hurl, &format!("GET https://a.example/\n{text}"));
    }

    #[test]
    fn no_damage_to_a_real_text_is_too_odd(seed in 0..3_usize, from: prop::sample::Index, length in 0..40_usize, put in "[ -~\n]{0,6}") {
        let (format, text) = SEEDS[seed];
        let at = from.index(text.len());
        let mut damaged = text.as_bytes()[..at].to_vec();
        damaged.extend(put.as_bytes());
        damaged.extend(&text.as_bytes()[(at + length).min(text.len())..]);
        judged(format, &String::from_utf8_lossy(&damaged));
    }

    #[test]
    fn a_planted_password_is_in_nothing_that_comes_out(password in "[A-Za-z0-9!@%^*()_+=-]{8,20}") {
        let encoded = crate::address::encode(&password);
        let curl = format!(
            "curl -u 'bob:{password}' 'https://a.example/reset/{encoded}?token={encoded}' -H 'X-Api-Key: {password}' -d 'password={encoded}' --cert 'x:{password}' -F 'secret={password}' --unknown"
        );
        let hurl = format!("POST https://a.example/x\nAuthorization: Bearer {password}\n{{\"pin\": \"{password}\", \"note\": \"a {password} b\"}}\nHTTP 200\n[Asserts]\nsha256 == \"{password}\"\nheader \"x\" == \"{password}\"\njsonpath \"$.pin\" == \"{password}\"\n");
        for (format, text) in [(Format::Curl, curl), (Format::Hurl, hurl)] {
            let found = shown(format, &text);
            prop_assert!(!found.contains(&password) && !found.contains(&encoded), "{}", found);
        }
    }
}
