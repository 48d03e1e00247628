//! One run as a picture of bars: steps and operations, each with its phases.

use std::fmt::Write;

use leadsman_core::{
    attempt::{LogLine, Operation, Report},
    facts::Facts,
    phase::{Nanos, Phase},
    record::{AttemptRecord, RunRecord},
    seam::{Answer, Call},
};

use crate::paint::Paint;

/// Cells of a bar.
const WIDTH: u64 = 48;

/// Draws the run.
pub fn draw(record: &RunRecord, paint: Paint) -> String {
    let mut out = String::new();
    let outcome = paint.outcome(record.outcome, record.outcome.as_str());
    push(
        &mut out,
        format_args!(
            "{outcome}  {}  {}",
            paint.bold(record.reason.as_str()),
            record.sentence
        ),
    );
    push(
        &mut out,
        format_args!(
            "{}",
            paint.dim(&format!(
                "{} on {} from {}",
                record.check, record.address, record.location
            ))
        ),
    );
    for (index, attempt) in (1..).zip(&record.attempts) {
        if record.attempts.len() > 1 {
            push(
                &mut out,
                format_args!(
                    "\nattempt {index}: {} {}",
                    attempt.conclusion.reason.as_str(),
                    attempt.conclusion.sentence
                ),
            );
        }
        draw_attempt(&mut out, attempt, paint);
    }
    out
}

fn draw_attempt(out: &mut String, attempt: &AttemptRecord, paint: Paint) {
    let report = &attempt.report;
    let whole = report.took.max(1);
    push(out, format_args!(""));
    for (index, step) in report.steps.iter().enumerate() {
        let end = step.ended.unwrap_or(report.took);
        let mark = match step.ok {
            Some(true) => "✓",
            Some(false) => "✗",
            None => "·",
        };
        let bar = bar((step.started, end), whole, '━');
        push(
            out,
            format_args!(
                "{mark} {:<22} {bar} {:>9}",
                cut(&step.name, 22),
                millis(end.saturating_sub(step.started))
            ),
        );
        let inside = report
            .operations
            .iter()
            .filter(|operation| operation.step == Some(index));
        inside.for_each(|operation| draw_operation(out, operation, whole, paint));
    }
    let outside = report
        .operations
        .iter()
        .filter(|operation| operation.step.is_none());
    outside.for_each(|operation| draw_operation(out, operation, whole, paint));
    summary(out, report, paint);
}

fn draw_operation(out: &mut String, operation: &Operation, whole: Nanos, paint: Paint) {
    let end = operation.ended.unwrap_or(whole);
    let took = millis(end.saturating_sub(operation.started));
    push(
        out,
        format_args!(
            "  {:<22} {} {took:>9}",
            cut(&title(&operation.call), 22),
            bar((operation.started, end), whole, '█')
        ),
    );
    let Some(answer) = operation.answer.as_deref() else {
        push(
            out,
            format_args!("    {}", paint.dim("cut before it ended")),
        );
        return;
    };
    if let Some(facts) = answer.facts() {
        draw_facts(out, facts, operation.started, whole, paint);
    }
    match answer.failure() {
        Some(failure) => push(out, format_args!("    {}", paint.bold(&failure.message))),
        None => push(out, format_args!("    {}", paint.dim(&came(answer)))),
    }
}

fn draw_facts(out: &mut String, facts: &Facts, started: Nanos, whole: Nanos, paint: Paint) {
    let mut at = started;
    for (phase, took) in facts
        .phases
        .iter()
        .filter(|(phase, took)| *phase != Phase::Blocked || *took > 0)
    {
        push(
            out,
            format_args!(
                "    {:<20} {} {:>9}",
                phase.as_str(),
                bar((at, at + took), whole, '▒'),
                millis(took)
            ),
        );
        at += took;
    }
    if let Some(tls) = &facts.tls {
        let names = tls
            .chain
            .first()
            .map(|leaf| leaf.subject.clone())
            .unwrap_or_default();
        push(
            out,
            format_args!(
                "    {}",
                paint.dim(&format!("{} {} {names}", tls.version, tls.cipher))
            ),
        );
    }
    if let Some(http) = facts.http.as_ref().filter(|http| http.hops.len() > 1) {
        for hop in &http.hops {
            push(
                out,
                format_args!("    {}", paint.dim(&format!("{} {}", hop.status, hop.url))),
            );
        }
    }
}

/// What a journey that was to stop says of its variables: `variable NAME = VALUE`.
fn variable(line: &LogLine) -> Option<(&str, &str)> {
    line.message.strip_prefix("variable ")?.split_once(" = ")
}

fn variables(out: &mut String, report: &Report, paint: Paint) {
    let mut found = report.log.iter().filter_map(variable).peekable();
    if found.peek().is_some() {
        push(out, format_args!("\n{}", paint.bold("variables")));
    }
    for (name, value) in found {
        push(out, format_args!("  {name:<22} {}", cut(value, 100)));
    }
}

fn summary(out: &mut String, report: &Report, paint: Paint) {
    variables(out, report, paint);
    for line in report.log.iter().filter(|line| variable(line).is_none()) {
        push(
            out,
            format_args!(
                "  {}",
                paint.dim(&format!(
                    "{}: {}",
                    line.level,
                    line.message.trim_end().escape_debug()
                ))
            ),
        );
    }
    for measure in &report.measures {
        let labels: Vec<String> = measure
            .labels
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        push(
            out,
            format_args!(
                "  {}",
                paint.dim(&format!(
                    "{} {} {}",
                    measure.name,
                    measure.value,
                    labels.join(" ")
                ))
            ),
        );
    }
    if !report.cut.is_nothing() {
        push(
            out,
            format_args!("  {}", paint.dim(&report.cut.to_string())),
        );
    }
    let (latency, overhead) = (millis(report.latency()), millis(report.overhead()));
    let memory = report.usage.memory_bytes / 1024;
    push(
        out,
        format_args!(
            "\nlatency {} {}",
            paint.bold(&latency),
            paint.dim(&format!(
                "overhead {overhead}, guest CPU {}, memory {memory} KiB, {} host calls",
                millis(report.usage.cpu),
                report.usage.host_calls
            ))
        ),
    );
}

fn title(call: &Call) -> String {
    match call {
        Call::Http(call) => format!("{} {}", call.method, path(&call.url)),
        Call::Dns(call) => format!("dns {}", call.name),
        Call::Tls(call) => format!("tls {}:{}", call.host, call.port),
        Call::TcpConnect(call) => format!("connect {}:{}", call.host, call.port),
        Call::TcpWrite { bytes, .. } => format!("write {} bytes", bytes.len()),
        Call::TcpRead(_) => "read".to_owned(),
        Call::TcpClose { .. } => "close".to_owned(),
    }
}

/// What of a URL tells one request from the other.
fn path(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(authority..).unwrap_or(url);
    rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
}

fn came(answer: &Answer) -> String {
    match answer {
        Answer::Http(Ok(reply)) => {
            let http = reply.facts.http.clone().unwrap_or_default();
            format!(
                "{} {}, {} bytes from {}",
                http.version,
                reply.status,
                http.body_bytes,
                from(&reply.facts)
            )
        }
        Answer::Dns(Ok(reply)) => {
            let texts: Vec<&str> = reply
                .answers
                .iter()
                .map(|record| record.text.as_str())
                .collect();
            format!(
                "rcode {}, {} from {}",
                reply.rcode,
                texts.join(", "),
                reply.server
            )
        }
        Answer::Tls(Ok(facts)) => {
            let distrust = facts.tls.as_ref().and_then(|tls| tls.distrust.as_ref());
            distrust.map_or_else(
                || "the chain verifies".to_owned(),
                |distrust| distrust.message.clone(),
            )
        }
        Answer::TcpConnect(Ok(reply)) => format!("connected to {}", from(&reply.facts)),
        // A record that was kept as JSON has no bytes.
        Answer::TcpRead(Ok(reply)) if reply.bytes.is_empty() => String::new(),
        Answer::TcpRead(Ok(reply)) => format!(
            "{} bytes: {}",
            reply.bytes.len(),
            cut(&reply.bytes.escape_ascii().to_string(), 60)
        ),
        _ => String::new(),
    }
}

fn from(facts: &Facts) -> String {
    facts
        .remote
        .map_or_else(|| "nowhere".to_owned(), |remote| remote.to_string())
}

/// A bar at its place in the whole; whatever took any time at all is seen.
fn bar((start, end): (Nanos, Nanos), whole: Nanos, cell: char) -> String {
    let place =
        |at: Nanos| usize::try_from(at.min(whole).saturating_mul(WIDTH) / whole).unwrap_or(0);
    let first = place(start).min(place(whole).saturating_sub(1));
    let cells = place(end).saturating_sub(first).max(1);
    let bar: String = std::iter::repeat_n(' ', first)
        .chain(std::iter::repeat_n(cell, cells))
        .collect();
    let missing = usize::try_from(WIDTH)
        .unwrap_or(0)
        .saturating_sub(first + cells);
    bar + &" ".repeat(missing)
}

/// A time for people: most of what is fast takes less than a millisecond.
pub(crate) fn millis(nanos: Nanos) -> String {
    format!("{}.{:02} ms", nanos / 1_000_000, nanos % 1_000_000 / 10_000)
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars()
        .take(width.saturating_sub(1))
        .chain(['…'])
        .collect()
}

/// Writing to a string does not fail.
fn push(out: &mut String, line: std::fmt::Arguments<'_>) {
    let written = writeln!(out, "{line}");
    debug_assert!(written.is_ok(), "writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_stands_at_its_place_and_is_never_empty() {
        assert_eq!(bar((0, 100), 100, '#').trim_end().len(), 48);
        assert_eq!(bar((50, 50), 100, '#').find('#'), Some(24));
        assert_eq!(bar((100, 100), 100, '#').chars().count(), 48);
    }

    #[test]
    fn a_time_has_two_places() {
        assert_eq!(millis(1_234_567), "1.23 ms");
        assert_eq!(millis(0), "0.00 ms");
    }
}
