//! A question to a DNS server, and what is expected of the answer.

use leadsman_sdk::prelude::*;

mod answers;
pub mod registry;
mod settings;

pub use settings::{DnsSettings, Sections, validate};

/// Checks the whole answer; sections are looked at only where the response code is well.
pub fn check(
    settings: &DnsSettings,
    answer: &dns::Answer,
    expect: &mut Expectations,
) -> Result<()> {
    let rcode = registry::rcode_name(answer.rcode);
    let expected = settings
        .rcodes
        .iter()
        .any(|known| known.eq_ignore_ascii_case(&rcode));
    expect.at("/rcodes").that(
        expected,
        Kind::Rcode,
        "rcodes",
        settings.rcodes.join(" or "),
        &rcode,
    );
    if settings.authoritative {
        expect.at("/authoritative").that(
            answer.flag("aa"),
            Kind::Answer,
            "authoritative",
            "an authoritative answer",
            "one from a cache",
        );
    }
    if expect.all_met() {
        sections(settings, answer, expect)?;
    }
    Ok(())
}

fn sections(settings: &DnsSettings, answer: &dns::Answer, expect: &mut Expectations) -> Result<()> {
    let sections = [
        ("answers", &settings.answers, &answer.answers),
        ("authority", &settings.authority, &answer.authority),
        ("additional", &settings.additional, &answer.additional),
    ];
    for (name, expected, records) in sections {
        if let Some(expected) = expected {
            expect.at(format!("/{name}"));
            answers::check(name, expected, records, expect)?;
        }
    }
    Ok(())
}
