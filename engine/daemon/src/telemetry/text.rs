//! The Prometheus text format 0.0.4, which the library does not write.

use std::fmt::{self, Write};

use super::{
    exposition::{Family, HistogramView, Kind, Labels, Sample, Value},
    pieces::Pieces,
};

/// A family as text, without its head where that is written already.
pub(super) fn write(family: &Family, is_begun: bool, out: &mut Pieces<'_>) -> fmt::Result {
    let mut text = String::new();
    if !is_begun {
        head(&mut text, family);
    }
    // A family of ten thousand checks is not one text either.
    for sample in &family.samples {
        write_sample(&mut text, &family.name, sample);
        out.write_str(&text)?;
        text.clear();
    }
    Ok(())
}

fn head(out: &mut String, family: &Family) {
    let (name, help) = (&family.name, &family.help);
    out.push_str("# HELP ");
    out.push_str(name);
    out.push(' ');
    escape(out, help, false);
    out.push_str("\n# TYPE ");
    out.push_str(name);
    out.push(' ');
    out.push_str(family.kind.as_str());
    out.push('\n');
}

/// `help` with the escapes that OpenMetrics wants.
pub(super) fn escaped_help(help: &str) -> String {
    let mut escaped = String::with_capacity(help.len());
    escape(&mut escaped, help, true);
    escaped
}

/// The family's name as OpenMetrics has it: a counter's samples alone end in `_total`.
pub(super) fn bare_name(family: &Family) -> &str {
    match family.kind {
        Kind::Counter => family.name.strip_suffix("_total").unwrap_or(&family.name),
        _ => &family.name,
    }
}

fn write_sample(out: &mut String, name: &str, sample: &Sample) {
    let Sample { labels, value, .. } = sample;
    match value {
        Value::Count(count) => line(out, (name, ""), labels, None, |out| {
            write_count(out, *count);
        }),
        Value::Real(real) => line(out, (name, ""), labels, None, |out| write_real(out, *real)),
        Value::Summary { sum, count } => write_sum_and_count(out, name, labels, (*sum, *count)),
        Value::Histogram(view) => write_histogram(out, name, labels, view),
    }
}

fn write_histogram(out: &mut String, name: &str, labels: &Labels, view: &HistogramView) {
    let mut cumulative = 0;
    for (bound, count) in &view.buckets {
        cumulative += count;
        line(out, (name, "_bucket"), labels, Some(*bound), |out| {
            write_count(out, cumulative);
        });
    }
    write_sum_and_count(out, name, labels, (view.sum, view.count));
}

fn write_sum_and_count(out: &mut String, name: &str, labels: &Labels, (sum, count): (f64, u64)) {
    line(out, (name, "_sum"), labels, None, |out| {
        write_real(out, sum);
    });
    line(out, (name, "_count"), labels, None, |out| {
        write_count(out, count);
    });
}

fn line(
    out: &mut String,
    (name, suffix): (&str, &str),
    labels: &Labels,
    bound: Option<f64>,
    value: impl FnOnce(&mut String),
) {
    out.push_str(name);
    out.push_str(suffix);
    let mut separator = '{';
    for (name, value) in labels.iter() {
        out.push(separator);
        out.push_str(name);
        out.push_str("=\"");
        escape(out, value, true);
        out.push('"');
        separator = ',';
    }
    if let Some(bound) = bound {
        out.push(separator);
        out.push_str("le=\"");
        write_bound(out, bound);
        out.push('"');
        separator = ',';
    }
    if separator == ',' {
        out.push('}');
    }
    out.push(' ');
    value(out);
    out.push('\n');
}

/// `1.0`, not `1`: as OpenMetrics and Prometheus 3 write it, so that a change of format changes no series.
fn write_bound(out: &mut String, bound: f64) {
    if bound.is_infinite() {
        out.push_str("+Inf");
    } else {
        append(out, format_args!("{bound:?}"));
    }
}

fn write_real(out: &mut String, real: f64) {
    match real {
        f64::INFINITY => out.push_str("+Inf"),
        f64::NEG_INFINITY => out.push_str("-Inf"),
        real => append(out, format_args!("{real}")),
    }
}

fn write_count(out: &mut String, count: u64) {
    append(out, format_args!("{count}"));
}

/// Writing to a string does not fail.
fn append(out: &mut String, text: fmt::Arguments<'_>) {
    let written = out.write_fmt(text);
    debug_assert!(written.is_ok(), "a string takes all that is written to it");
}

fn escape(out: &mut String, text: &str, quotes: bool) {
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '"' if quotes => out.push_str("\\\""),
            c => out.push(c),
        }
    }
}
