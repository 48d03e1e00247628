//! The bundled `http` probe: one exchange, and what is expected of it.

use leadsman_sdk::prelude::*;

mod request;
mod settings;

pub use settings::HttpSettings;

/// What this probe measures.
const MEASURES: [Measure; 4] = [
    Measure {
        name: "http_status_code",
        help: "Status of the final hop.",
        labels: &[],
    },
    Measure {
        name: "http_redirects",
        help: "Redirects that were followed.",
        labels: &[],
    },
    Measure {
        name: "http_body_bytes",
        help: "Size of the body after decompression.",
        labels: &[],
    },
    Measure {
        name: "http_last_modified_timestamp_seconds",
        help: "The Last-Modified header, in seconds since the Unix epoch.",
        labels: &[],
    },
];

/// Makes one exchange with the target.
#[probe(measures = MEASURES, validate = settings::validate)]
pub fn http(target: &Target, settings: &HttpSettings) -> Result<Verdict> {
    let response = request::build(target, settings)?.send()?;
    measure(&response);
    let mut expect = Expectations::new();
    settings.expected().check(&response, &mut expect)?;
    expect.done()?;
    let slow = settings
        .degraded_above
        .is_some_and(|limit| response.facts().total() > limit.get());
    if slow {
        report::statement(&format!("the exchange took {:?}", response.facts().total()));
    }
    Ok(if slow {
        Verdict::Degraded
    } else {
        Verdict::Pass
    })
}

fn measure(response: &http::Response) {
    report::measure("http_status_code", f64::from(response.status()), &[]);
    for (name, fact) in [
        ("http_redirects", "redirects"),
        ("http_body_bytes", "body-bytes"),
    ] {
        let number = response
            .facts()
            .number(fact)
            .and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number {
            report::measure(name, f64::from(number), &[]);
        }
    }
    if let Some(modified) = response
        .header("last-modified")
        .and_then(|text| request::http_date(&text))
    {
        report::measure("http_last_modified_timestamp_seconds", modified, &[]);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use leadsman_sdk::mock::{Mock, Reply};
    use serde_json::json;

    use super::*;

    const HOME: &str = "https://shop.example";

    #[test]
    fn two_hundred_passes_and_is_measured() {
        let run = Mock::new(HOME)
            .on("GET", HOME, Reply::ok("hello"))
            .run(http);
        assert_eq!(run.verdict, Verdict::Pass);
        assert_eq!(
            run.measures[0],
            ("http_status_code".to_owned(), 200.0, vec![])
        );
    }

    #[test]
    fn a_bare_host_is_asked_over_https_at_its_path() {
        let settings = json!({"path": "/healthz", "method": "HEAD"});
        let run = Mock::new("shop.example").settings(settings).run(http);
        assert_eq!(
            run.requests,
            [("HEAD".to_owned(), "https://shop.example/healthz".to_owned())]
        );
        assert_eq!(run.failures, ["connect_refused"]);
    }

    #[test]
    fn every_unmet_expectation_is_told() {
        let settings = json!({
            "status": [200, "3xx"],
            "expect_headers": [{"name": "content-type", "matches": "json"}, {"name": "etag"}],
            "expect_body": {"matches": ["up"], "cel": ["body.n > 1"], "json_path": ["$.missing"]},
        });
        let reply = Reply::status(500)
            .header("content-type", "text/html")
            .body(r#"{"n": 1}"#);
        let run = Mock::new(HOME)
            .settings(settings)
            .on("GET", HOME, reply)
            .run(http);
        let kinds: Vec<&str> = run
            .assertions
            .iter()
            .map(|unmet| unmet.kind.as_str())
            .collect();
        assert_eq!(
            kinds,
            ["status", "header", "header", "body", "body", "body"]
        );
        assert_eq!(run.assertions[0].expected, "200 or 3xx");
    }

    #[test]
    fn a_secret_that_is_not_granted_is_undecided_and_nothing_is_sent() {
        let settings = json!({"basic": {"user": "synthetic", "secret": "login"}});
        let run = Mock::new(HOME)
            .settings(settings)
            .on("GET", HOME, Reply::ok(""))
            .run(http);
        assert_eq!((run.verdict, run.requests.len()), (Verdict::Unknown, 0));
        assert!(run.statements[0].contains("`login`"));
    }

    #[test]
    fn a_token_is_sent_behind_the_scheme_that_its_service_wants() {
        let sent = |bearer: serde_json::Value| {
            let mock = Mock::new(HOME)
                .secret("token")
                .settings(json!({"bearer": bearer}));
            let run = mock.on("GET", HOME, Reply::ok("")).run(http);
            assert_eq!(run.verdict, Verdict::Pass);
            let (name, value) = run.sent[0].headers[0].clone();
            assert_eq!(name, "authorization");
            String::from_utf8(value).unwrap()
        };
        let scheme = |value: String| value.split(' ').next().unwrap().to_owned();
        assert_eq!(scheme(sent(json!({"secret": "token"}))), "Bearer");
        let token = json!({"secret": "token", "type": "Token"});
        assert_eq!(scheme(sent(token)), "Token");
    }

    #[test]
    fn a_number_of_redirects_is_expected() {
        let expecting = |redirects: u8| {
            let mock = Mock::new(HOME).settings(json!({"expect_redirects": redirects}));
            mock.on("GET", HOME, Reply::ok("")).run(http)
        };
        assert_eq!(expecting(0).verdict, Verdict::Pass);
        let run = expecting(1);
        assert_eq!(
            (run.verdict, run.about[0].as_str()),
            (Verdict::Fail, "/expect_redirects")
        );
        assert_eq!(run.assertions[0].kind, "redirect");
    }

    #[test]
    fn a_certificate_that_is_not_as_expected_is_told_at_its_setting() {
        let run = Mock::new(HOME)
            .settings(json!({"expect_certificate": {"subject": "CN=shop"}}))
            .on("GET", HOME, Reply::ok(""))
            .run(http);
        assert_eq!(run.verdict, Verdict::Fail);
        assert_eq!(run.about, ["/expect_certificate"]);
    }

    #[test]
    fn an_elements_text_or_attribute_is_compared() {
        let expecting = |html: serde_json::Value| {
            let page = "<h1> Order 7 </h1><input name=q value=tea>";
            let mock = Mock::new(HOME).settings(json!({"expect_body": {"html": html}}));
            mock.on("GET", HOME, Reply::ok(page)).run(http)
        };
        let run = expecting(json!({"h1": "Order 7", "input[name=q]@value": "tea"}));
        assert_eq!(run.verdict, Verdict::Pass);
        let run = expecting(json!({"h1": "Order 8", "h2": "Total"}));
        assert_eq!(run.about, ["/expect_body/html/h1", "/expect_body/html/h2"]);
        let [first, second] = run.assertions.as_slice() else {
            panic!("both are told: {:?}", run.assertions);
        };
        assert_eq!((&*first.expected, &*first.got), ("`Order 8`", "`Order 7`"));
        assert_eq!(second.got, "nothing there");
    }

    #[test]
    fn slow_is_degraded() {
        let slow = Reply::ok("").took(Duration::from_secs(2));
        let run = Mock::new(HOME)
            .settings(json!({"degraded_above": "1s"}))
            .on("GET", HOME, slow)
            .run(http);
        assert_eq!(run.verdict, Verdict::Degraded);
    }

    #[test]
    fn a_field_that_two_settings_write_is_complained_about_however_it_is_spelt() {
        let complaints = |settings: serde_json::Value| {
            let settings: HttpSettings = serde_json::from_value(settings).unwrap();
            let found = settings::validate(&settings).into_iter();
            found.map(|it| it.pointer).collect::<Vec<_>>()
        };
        for (name, signs_in) in [
            ("basic", json!({"user": "u", "secret": "s"})),
            ("bearer", json!({"secret": "s"})),
        ] {
            for field in ["Authorization", "AUTHORIZATION"] {
                let settings = json!({name: signs_in, "headers": {field: "x", "X-Key": "y"}});
                assert_eq!(
                    complaints(settings),
                    [format!("/headers/{field}")],
                    "{name}"
                );
            }
        }
        let alone = json!({"headers": {"Authorization": "x"}});
        assert_eq!(complaints(alone), [""; 0]);
    }

    #[test]
    fn an_identity_that_would_never_be_sent_is_complained_about() {
        let complaints = |insecure: bool| {
            let settings = json!({"identity": "probe", "insecure": insecure});
            settings::validate(&serde_json::from_value(settings).unwrap())
        };
        assert_eq!(complaints(false), []);
        assert_eq!(complaints(true)[0].pointer, "/identity");
    }

    #[test]
    fn what_has_no_effect_or_is_bound_to_fail_is_complained_about() {
        let cases: [(serde_json::Value, &[&str]); 10] = [
            (json!({"max_redirects": 20, "max_body": 16_777_216}), &[]),
            (json!({"max_redirects": 21}), &["/max_redirects"]),
            (json!({"max_body": 16_777_217}), &["/max_body"]),
            (json!({"tls_min": "TLS 1.2", "tls_max": "TLS 1.3"}), &[]),
            (
                json!({"tls_min": "TLS 1.3", "tls_max": "TLS 1.2"}),
                &["/tls_min"],
            ),
            (json!({"version": "HTTP/2"}), &[]),
            (json!({"version": "HTTP/1.1", "scheme": "http"}), &[]),
            // Targets may say their own scheme.
            (json!({"version": "HTTP/2", "scheme": "http"}), &[]),
            (json!({"method": "CONNECT"}), &["/method"]),
            (
                json!({"headers": {"Content-Length": "1", "TE": "trailers", "X-Te": "a"}}),
                &["/headers/Content-Length", "/headers/TE"],
            ),
        ];
        for (settings, pointers) in cases {
            let read: HttpSettings = serde_json::from_value(settings.clone()).unwrap();
            let found = settings::validate(&read).into_iter();
            let found: Vec<String> = found.map(|it| it.pointer).collect();
            assert_eq!(found, pointers, "{settings}");
        }
    }

    #[test]
    fn settings_that_contradict_each_other_are_complained_about() {
        let settings: HttpSettings = serde_json::from_value(json!({
            "tls": "maybe", "tls_min": "TLS 1.1", "method": "GET /", "versions": ["HTTP/3"],
            "basic": {"user": "u", "secret": "s"}, "bearer": {"secret": "t", "type": "a b"},
            "max_redirects": 1, "expect_redirects": 2,
        }))
        .unwrap();
        let pointers: Vec<String> = settings::validate(&settings)
            .into_iter()
            .map(|complaint| complaint.pointer)
            .collect();
        assert_eq!(
            pointers,
            [
                "/tls",
                "/versions/0",
                "/bearer",
                "/bearer/type",
                "/method",
                "/tls_min",
                "/expect_redirects"
            ]
        );
    }
}
