//! The bundled `tcp` probe: connects, with or without TLS, and holds a dialogue.

use leadsman_probe_actions::tcp::{Group, TcpSettings, hold, validate};
use leadsman_sdk::prelude::*;

/// What this probe measures.
const MEASURES: [Measure; 1] = [Measure {
    name: "reply_capture_info",
    help: "What a group of an expected reply captured.",
    labels: &["name", "value"],
}];

/// Connects to the target and holds the dialogue of its settings.
#[probe(measures = MEASURES, validate = mistakes)]
pub fn tcp(target: &Target, settings: &TcpSettings) -> Result<Verdict> {
    let stream = settings.connect(target)?.open()?;
    for (index, exchange) in settings.dialogue.iter().enumerate() {
        let mut captured = Vec::new();
        step(&format!("exchange {}", index + 1), || {
            hold(&stream, exchange, index, |name, value, _| {
                captured.push((name.to_owned(), value.to_owned()));
                Ok(())
            })
        })?;
        for (name, value) in &captured {
            let labels = [("name", name.as_str()), ("value", value)];
            report::measure("reply_capture_info", 1.0, &labels);
        }
    }
    Ok(Verdict::Pass)
}

/// What the schema cannot say. A capture is a label here, and a label hides nothing.
fn mistakes(settings: &TcpSettings) -> Vec<Complaint> {
    let mut complaints = validate(settings);
    for (index, exchange) in settings.dialogue.iter().enumerate() {
        if exchange.captures.values().any(Group::is_secret) {
            complaints.push(Complaint::new(
                format!("/dialogue/{index}/captures"),
                "a capture of this probe is the label of a metric, which shows it",
                "remove `secret`, or hold the dialogue in a journey",
            ));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::Mock;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dialogue_passes_over_lines_until_one_matches() {
        let settings = json!({"dialogue": [{"expect": "^250 ", "send": "QUIT"}]});
        let run = Mock::new("mail.example:25")
            .settings(settings)
            .on_connect("250-a\r\n250 b\r\n")
            .run(tcp);
        assert_eq!(
            (run.verdict, run.written.as_slice()),
            (Verdict::Pass, &b"QUIT\n"[..])
        );
        assert_eq!(run.steps, [("exchange 1".to_owned(), Some(true))]);
    }

    #[test]
    fn a_target_without_a_port_is_undecided() {
        let run = Mock::new("mail.example").run(tcp);
        assert_eq!(run.verdict, Verdict::Unknown);
        assert!(run.statements[0].contains("names no port"));
    }

    #[test]
    fn a_secret_that_would_be_a_label_is_complained_about() {
        let captures = |secret: bool| {
            let group = json!({"group": "${1}", "secret": secret});
            let exchange = json!({"expect": "^220 (.+)", "captures": {"token": group}});
            let settings = json!({"dialogue": [exchange]});
            mistakes(&serde_json::from_value(settings).unwrap())
        };
        assert_eq!(captures(false).len(), 0);
        assert_eq!(captures(true)[0].pointer, "/dialogue/0/captures");
    }

    #[test]
    fn an_identity_that_would_never_be_sent_is_complained_about() {
        let complaints = |insecure: bool| {
            let settings = json!({"tls": true, "identity": "probe", "insecure": insecure});
            mistakes(&serde_json::from_value(settings).unwrap())
        };
        assert_eq!(complaints(false), []);
        assert_eq!(complaints(true)[0].pointer, "/identity");
    }

    #[test]
    fn what_has_no_effect_without_tls_or_leaves_no_version_is_complained_about() {
        let cases: [(serde_json::Value, &[&str]); 5] = [
            (json!({"insecure": true}), &["/insecure"]),
            (json!({"tls_min": "TLS 1.3"}), &["/tls_min"]),
            (json!({"tls_max": "TLS 1.3"}), &["/tls_max"]),
            (
                json!({"tls": true, "insecure": true, "tls_min": "TLS 1.3", "tls_max": "TLS 1.3"}),
                &[],
            ),
            (
                json!({"tls": true, "tls_min": "TLS 1.3", "tls_max": "TLS 1.2"}),
                &["/tls_min"],
            ),
        ];
        for (settings, pointers) in cases {
            let found = mistakes(&serde_json::from_value(settings.clone()).unwrap()).into_iter();
            let found: Vec<String> = found.map(|it| it.pointer).collect();
            assert_eq!(found, pointers, "{settings}");
        }
    }

    #[test]
    fn exchanges_that_cannot_be_held_are_complained_about() {
        let settings: TcpSettings = serde_json::from_value(json!({
            "trust": "corp",
            "dialogue": [{}, {"expect": "a", "expect_bytes": "b"}, {"send": "x", "captures": {"n": "${1}"}},
                {"send": "a", "send_bytes": "b"}, {"expect_bytes": {"hex": "0"}}],
        }))
        .unwrap();
        let pointers: Vec<String> = validate(&settings)
            .into_iter()
            .map(|complaint| complaint.pointer)
            .collect();
        assert_eq!(
            pointers,
            [
                "/trust",
                "/dialogue/0",
                "/dialogue/1",
                "/dialogue/2/captures",
                "/dialogue/3",
                "/dialogue/4/expect_bytes"
            ]
        );
    }
}
