//! What is expected of a section's records.

use leadsman_sdk::prelude::*;

use super::{Sections, registry};

/// Checks a section; every unmet expectation is told.
pub(super) fn check(
    name: &str,
    expected: &Sections,
    records: &[dns::Record],
    expect: &mut Expectations,
) -> Result<()> {
    let wanted = expected.r#type.as_deref().and_then(registry::record_type);
    let records: Vec<&dns::Record> = records
        .iter()
        .filter(|record| wanted.is_none_or(|kind| kind == record.record_type))
        .collect();
    values(name, expected, &records, expect);
    counts(name, expected, records.len(), expect);
    expressions(name, expected, &records, expect)
}

fn values(name: &str, expected: &Sections, records: &[&dns::Record], expect: &mut Expectations) {
    let found: Vec<&str> = records.iter().map(|record| record.text.as_str()).collect();
    let has = |value: &String| found.iter().any(|found| same(found, value));
    let got = shown(&found);
    let any = expected.any.is_empty() || expected.any.iter().any(has);
    expect.that(
        any,
        Kind::Answer,
        &format!("{name}.any"),
        expected.any.join(" or "),
        &got,
    );
    for value in &expected.all {
        expect.that(
            has(value),
            Kind::Answer,
            &format!("{name}.all"),
            value,
            &got,
        );
    }
    for value in &expected.none {
        expect.that(
            !has(value),
            Kind::Answer,
            &format!("{name}.none"),
            format!("not {value}"),
            &got,
        );
    }
    if !expected.only.is_empty() {
        let others: Vec<&str> = found
            .iter()
            .copied()
            .filter(|found| !expected.only.iter().any(|value| same(found, value)))
            .collect();
        let only = expected.only.join(", ");
        expect.that(
            others.is_empty(),
            Kind::Answer,
            &format!("{name}.only"),
            format!("nothing but {only}"),
            others.join(", "),
        );
    }
}

/// Names are compared without regard to case and to a final dot.
fn same(found: &str, expected: &str) -> bool {
    found
        .trim_end_matches('.')
        .eq_ignore_ascii_case(expected.trim_end_matches('.'))
}

fn counts(name: &str, expected: &Sections, count: usize, expect: &mut Expectations) {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    if let Some(least) = expected.at_least {
        expect.that(
            count >= least,
            Kind::Answer,
            &format!("{name}.at_least"),
            format!("at least {least} records"),
            count,
        );
    }
    if let Some(most) = expected.at_most {
        expect.that(
            count <= most,
            Kind::Answer,
            &format!("{name}.at_most"),
            format!("at most {most} records"),
            count,
        );
    }
}

fn expressions(
    name: &str,
    expected: &Sections,
    records: &[&dns::Record],
    expect: &mut Expectations,
) -> Result<()> {
    let lines: Vec<String> = records.iter().map(|record| line(record)).collect();
    let got = shown(&lines.iter().map(String::as_str).collect::<Vec<_>>());
    for regex in &expected.every_matches {
        let met = matching(regex, &lines)? == lines.len() && !lines.is_empty();
        expect.that(
            met,
            Kind::Answer,
            &format!("{name}.every_matches"),
            regex,
            &got,
        );
    }
    for regex in &expected.some_matches {
        expect.that(
            matching(regex, &lines)? > 0,
            Kind::Answer,
            &format!("{name}.some_matches"),
            regex,
            &got,
        );
    }
    for regex in &expected.none_matches {
        let met = matching(regex, &lines)? == 0;
        expect.that(
            met,
            Kind::Answer,
            &format!("{name}.none_matches"),
            format!("no record that matches {regex}"),
            &got,
        );
    }
    for regex in &expected.not_all_match {
        let met = lines.is_empty() || matching(regex, &lines)? < lines.len();
        expect.that(
            met,
            Kind::Answer,
            &format!("{name}.not_all_match"),
            format!("a record that does not match {regex}"),
            &got,
        );
    }
    Ok(())
}

fn matching(regex: &Regex, lines: &[String]) -> Result<usize> {
    let mut count = 0;
    for line in lines {
        count += usize::from(regex.is_match_text(line)?);
    }
    Ok(count)
}

/// A record in presentation form, its parts parted by a tab.
fn line(record: &dns::Record) -> String {
    let (class, kind) = (
        registry::class_name(record.class),
        registry::type_name(record.record_type),
    );
    format!(
        "{}.\t{}\t{class}\t{kind}\t{}",
        record.name, record.ttl, record.text
    )
}

fn shown(found: &[&str]) -> String {
    if found.is_empty() {
        "no record".to_owned()
    } else {
        found.join(", ")
    }
}
