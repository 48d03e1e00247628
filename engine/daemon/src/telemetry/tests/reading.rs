//! Reads expositions back: a series' name and sorted labels, and its value.

use std::collections::BTreeMap;

use prometheus_client::encoding::prometheus_protobuf::prometheus_data_model::{
    Metric, MetricFamily,
};
use prost::Message;

use crate::telemetry::{Format, Telemetry};

pub(super) type Series = BTreeMap<String, f64>;

pub(super) fn text(telemetry: &Telemetry, format: Format) -> String {
    String::from_utf8(telemetry.render(format)).unwrap()
}

/// The series of a text format, without those of the process.
pub(super) fn series(text: &str) -> Series {
    let lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("process_"));
    let mut found = Series::new();
    for line in lines {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let before = found.insert(sorted(name), value.parse().unwrap());
        assert_eq!(before, None, "{name} is there twice");
    }
    found
}

/// The numbers of one family by the labels that match.
pub(super) fn sum(series: &Series, family: &str, with: &[&str]) -> f64 {
    let matching = series.iter().filter(|(name, _)| {
        name.split('{').next() == Some(family) && with.iter().all(|label| name.contains(label))
    });
    matching.map(|(_, value)| value).sum()
}

fn sorted(name: &str) -> String {
    let Some((name, labels)) = name.split_once('{') else {
        return name.to_owned();
    };
    let mut labels: Vec<&str> = labels
        .trim_end_matches('}')
        .split("\",")
        .map(|label| label.trim_end_matches('"'))
        .collect();
    labels.sort_unstable();
    format!("{name}{{{}}}", labels.join(","))
}

/// The series of the protobuf format as the text format would name them, histograms without buckets.
pub(super) fn protobuf(telemetry: &Telemetry) -> Series {
    let families = messages(telemetry);
    let mut found = Series::new();
    for family in families
        .iter()
        .filter(|family| !family.name.starts_with("process_"))
    {
        for metric in &family.metric {
            for (suffix, value) in values(metric) {
                assert_eq!(
                    found.insert(named(&family.name, suffix, metric), value),
                    None
                );
            }
        }
    }
    found
}

/// The families as a scraper that asks for protobuf decodes them.
pub(super) fn messages(telemetry: &Telemetry) -> Vec<MetricFamily> {
    let bytes = telemetry.render(Format::Protobuf);
    let (mut rest, mut families) = (bytes.as_slice(), Vec::new());
    while !rest.is_empty() {
        families.push(MetricFamily::decode_length_delimited(&mut rest).unwrap());
    }
    families
}

fn values(metric: &Metric) -> Vec<(&'static str, f64)> {
    let counter = metric.counter.as_ref().map(|counter| ("", counter.value));
    let gauge = metric.gauge.as_ref().map(|gauge| ("", gauge.value));
    let histogram = metric.histogram.iter().flat_map(|histogram| {
        let count = u32::try_from(histogram.sample_count).unwrap();
        [("_sum", histogram.sample_sum), ("_count", f64::from(count))]
    });
    counter.into_iter().chain(gauge).chain(histogram).collect()
}

fn named(family: &str, suffix: &str, metric: &Metric) -> String {
    let escaped = |value: &str| {
        value
            .replace('\\', "\\\\")
            .replace('\n', "\\n")
            .replace('"', "\\\"")
    };
    let mut labels: Vec<String> = metric
        .label
        .iter()
        .map(|label| format!("{}=\"{}", label.name, escaped(&label.value)))
        .collect();
    labels.sort_unstable();
    if labels.is_empty() {
        format!("{family}{suffix}")
    } else {
        format!("{family}{suffix}{{{}}}", labels.join(","))
    }
}
