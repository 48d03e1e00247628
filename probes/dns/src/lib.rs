//! The bundled `dns` probe: asks a server a question and looks at the answer.

use leadsman_probe_actions::dns::{DnsSettings, check, registry, validate};
use leadsman_sdk::prelude::*;

/// What this probe measures.
const MEASURES: [Measure; 2] = [
    Measure {
        name: "dns_records",
        help: "Records in a section of the answer.",
        labels: &["section"],
    },
    Measure {
        name: "dns_soa_serial",
        help: "Serial of the zone, from its SOA record.",
        labels: &[],
    },
];

/// Asks the target, which is the server, the question of its settings.
#[probe(measures = MEASURES, validate = validate)]
pub fn dns(target: &Target, settings: &DnsSettings) -> Result<Verdict> {
    let answer = settings.question(target.address())?.send()?;
    measure(&answer);
    let mut expect = Expectations::new();
    check(settings, &answer, &mut expect)?;
    expect.done()?;
    Ok(Verdict::Pass)
}

fn measure(answer: &dns::Answer) {
    let count = |records: &[dns::Record]| u32::try_from(records.len()).map_or(f64::MAX, f64::from);
    report::measure(
        "dns_records",
        count(&answer.answers),
        &[("section", "answer")],
    );
    report::measure(
        "dns_records",
        count(&answer.authority),
        &[("section", "authority")],
    );
    report::measure(
        "dns_records",
        count(&answer.additional),
        &[("section", "additional")],
    );
    let soa = answer
        .answers
        .iter()
        .find(|record| record.record_type == registry::SOA);
    let serial = soa.and_then(|record| record.text.split_whitespace().nth(2)?.parse().ok());
    if let Some(serial) = serial {
        report::measure("dns_soa_serial", serial, &[]);
    }
}

#[cfg(test)]
mod tests {
    use leadsman_sdk::mock::{DnsReply, Mock};
    use serde_json::{Value, json};

    use super::*;

    fn asked(expected: &Value, rcode: u16) -> leadsman_sdk::mock::Run {
        let answers = vec![(1, "192.0.2.10".to_owned()), (1, "192.0.2.11".to_owned())];
        let reply = DnsReply {
            rcode,
            answers,
            flags: vec!["aa".to_owned()],
        };
        let settings = json!({"query": "shop.example", "answers": expected});
        Mock::new("192.0.2.53")
            .settings(settings)
            .on_question("shop.example", 1, reply)
            .run(dns)
    }

    #[test]
    fn records_are_expected_by_value_by_expression_and_by_number() {
        let cases = [
            (
                json!({"any": ["192.0.2.10"], "all": ["192.0.2.11"], "at_least": 2}),
                true,
            ),
            (json!({"any": ["192.0.2.99"]}), false),
            (json!({"all": ["192.0.2.10", "192.0.2.99"]}), false),
            (json!({"none": ["192.0.2.10"]}), false),
            (json!({"only": ["192.0.2.10"]}), false),
            (json!({"at_most": 1}), false),
            (json!({"every_matches": ["\tA\t192\\.0\\.2\\."]}), true),
            (json!({"every_matches": ["10$"]}), false),
            (
                json!({"some_matches": ["10$"], "not_all_match": ["10$"], "none_matches": ["99$"]}),
                true,
            ),
            (json!({"none_matches": ["10$"]}), false),
            (json!({"not_all_match": ["192"]}), false),
        ];
        for (expected, passes) in cases {
            assert_eq!(
                asked(&expected, 0).verdict == Verdict::Pass,
                passes,
                "{expected}"
            );
        }
    }

    #[test]
    fn another_response_code_is_told_by_its_name() {
        let run = asked(&json!({"any": ["192.0.2.10"]}), 3);
        assert_eq!(
            (
                run.assertions[0].kind.as_str(),
                run.assertions[0].got.as_str()
            ),
            ("rcode", "NXDOMAIN")
        );
    }

    #[test]
    fn unknown_names_of_the_registry_are_complained_about() {
        let settings: DnsSettings = serde_json::from_value(json!({
            "query": "q", "type": "AAAAA", "class": "XX", "transport": "tls", "rcodes": ["NOPE"],
        }))
        .unwrap();
        let pointers: Vec<String> = validate(&settings)
            .into_iter()
            .map(|complaint| complaint.pointer)
            .collect();
        assert_eq!(pointers, ["/type", "/class", "/transport", "/rcodes/0"]);
    }
}
