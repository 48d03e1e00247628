//! Reads lines of the text exposition.

use std::collections::BTreeMap;

/// One sample of an exposition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

/// Every sample; what is not one is passed over.
pub(super) fn samples(text: &str) -> Vec<Sample> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(sample)
        .collect()
}

/// The sum of the samples of a name that have all these labels.
pub(super) fn sum(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let wanted = |sample: &Sample| {
        let has = |(label, value): &(&str, &str)| {
            sample.labels.get(*label).is_some_and(|got| got == value)
        };
        sample.name == name && labels.iter().all(has)
    };
    samples(text)
        .iter()
        .filter(|sample| wanted(sample))
        .map(|sample| sample.value)
        .sum()
}

fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ')?;
    let (name, labels) = series.split_once('{').unwrap_or((series, ""));
    let labels = labels.trim_end_matches('}').split("\",");
    let pair = |pair: &str| {
        let (label, value) = pair.split_once("=\"")?;
        Some((label.to_owned(), value.trim_end_matches('"').to_owned()))
    };
    Some(Sample {
        name: name.to_owned(),
        labels: labels.filter_map(pair).collect(),
        value: value.parse().ok()?,
    })
}

#[test]
fn a_sample_has_a_name_and_labels_and_a_value() {
    let text = "# HELP a b\na_total{check=\"x\",target=\"http://h/?a=1,2\"} 3\nb 0.5\n";
    let read = samples(text);
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].labels["target"], "http://h/?a=1,2");
    assert_eq!(
        sum(text, "a_total", &[("check", "x")]).to_bits(),
        3_f64.to_bits()
    );
    assert_eq!(
        (read[1].name.as_str(), read[1].value.to_bits()),
        ("b", 0.5_f64.to_bits())
    );
}
