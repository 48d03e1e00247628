//! The bundled `dns` probe: asks a server a question and looks at the answer.

use leadsman_sdk::prelude::*;

mod answers;
mod registry;
mod settings;

pub use settings::{DnsSettings, Sections};

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
#[probe(measures = MEASURES, validate = settings::validate)]
pub fn dns(target: &Target, settings: &DnsSettings) -> Result<Verdict> {
    let answer = settings.question(target)?.send()?;
    measure(&answer);
    let mut expect = Expectations::new();
    let rcode = registry::rcode_name(answer.rcode);
    let expected = settings
        .rcodes
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&rcode));
    expect.that(
        expected,
        Kind::Rcode,
        "rcodes",
        settings.rcodes.join(" or "),
        &rcode,
    );
    if settings.authoritative {
        expect.that(
            answer.flag("aa"),
            Kind::Answer,
            "authoritative",
            "an authoritative answer",
            "one from a cache",
        );
    }
    if expect.all_met() {
        sections(settings, &answer, &mut expect)?;
    }
    expect.done()?;
    Ok(Verdict::Pass)
}

fn sections(settings: &DnsSettings, answer: &dns::Answer, expect: &mut Expectations) -> Result<()> {
    let sections = [
        ("answers", &settings.answers, &answer.answers),
        ("authority", &settings.authority, &answer.authority),
        ("additional", &settings.additional, &answer.additional),
    ];
    for (name, expected, records) in sections {
        if let Some(expected) = expected {
            answers::check(name, expected, records, expect)?;
        }
    }
    Ok(())
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
