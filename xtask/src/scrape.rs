//! What the daemon says of itself on `/metrics`, in the text format.

use std::{collections::BTreeMap, net::SocketAddr};

use hyper::StatusCode;

use crate::{failure::Failure, fetch};

/// One series' value at the time of the scrape.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// A whole scrape.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scrape(Vec<Sample>);

/// Upper bounds in seconds and how many values are at or below each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets(Vec<(f64, f64)>);

impl Scrape {
    /// Scrapes a daemon.
    pub(crate) async fn take(address: SocketAddr) -> Result<Self, Failure> {
        let (status, body) = fetch::get(address, "/metrics").await?;
        if status != StatusCode::OK {
            return Err(Failure::new(format!("/metrics answered {status}")));
        }
        Ok(Self::parse(&String::from_utf8_lossy(&body)))
    }

    fn parse(text: &str) -> Self {
        Self(text.lines().filter_map(sample).collect())
    }

    /// The samples of one name.
    pub(crate) fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Sample> {
        self.0.iter().filter(move |sample| sample.name == name)
    }

    /// The sum over those samples of one name that have a label's value; all of them without one.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.of(name)
            .filter(|sample| sample.has(labels))
            .map(|sample| sample.value)
            .fold(0.0, |sum, value| sum + value)
    }

    /// The classic buckets of a histogram, over all series that have these labels.
    pub(crate) fn buckets(&self, name: &str, labels: &[(&str, &str)]) -> Buckets {
        let name = format!("{name}_bucket");
        let mut sums: Vec<(f64, f64)> = Vec::new();
        for sample in self.of(&name).filter(|sample| sample.has(labels)) {
            let Some(bound) = sample.labels.get("le").and_then(|le| le.parse().ok()) else {
                continue;
            };
            match sums
                .iter_mut()
                .find(|(known, _)| f64::total_cmp(known, &bound).is_eq())
            {
                Some((_, sum)) => *sum += sample.value,
                None => sums.push((bound, sample.value)),
            }
        }
        sums.sort_by(|left, right| left.0.total_cmp(&right.0));
        Buckets(sums)
    }
}

impl Sample {
    pub(crate) fn has(&self, labels: &[(&str, &str)]) -> bool {
        labels
            .iter()
            .all(|(name, value)| self.labels.get(*name).is_some_and(|known| known == value))
    }
}

impl Buckets {
    /// What was counted since an earlier scrape.
    pub(crate) fn since(&self, earlier: &Self) -> Self {
        let before = |bound: f64| {
            earlier
                .0
                .iter()
                .find(|(known, _)| known.total_cmp(&bound).is_eq())
                .map_or(0.0, |(_, count)| *count)
        };
        Self(
            self.0
                .iter()
                .map(|(bound, count)| (*bound, count - before(*bound)))
                .collect(),
        )
    }

    /// The bounds of the bucket in which a quantile lies: nothing finer is known.
    pub(crate) fn quantile(&self, quantile: f64) -> Option<(f64, f64)> {
        let (_, all) = self.0.last().filter(|(_, count)| *count > 0.0)?;
        let place = self
            .0
            .iter()
            .position(|(_, count)| *count >= all * quantile)?;
        let above = self.0.get(place)?.0;
        let below = place.checked_sub(1).and_then(|place| self.0.get(place));
        Some((below.map_or(0.0, |(bound, _)| *bound), above))
    }
}

/// `name{label="value"} 1`, which names and values of ours make simple: only `\\`, `\"` and `\n` are escaped.
fn sample(line: &str) -> Option<Sample> {
    let (series, value) = line.rsplit_once(' ').filter(|_| !line.starts_with('#'))?;
    let value = value.parse().ok()?;
    let (name, labels) = match series.split_once('{') {
        Some((name, labels)) => (name, pairs(labels.strip_suffix('}')?)),
        None => (series, BTreeMap::new()),
    };
    Some(Sample {
        name: name.to_owned(),
        labels,
        value,
    })
}

fn pairs(text: &str) -> BTreeMap<String, String> {
    let (mut pairs, mut rest) = (BTreeMap::new(), text);
    while let Some((name, tail)) = rest.split_once("=\"") {
        let (mut value, mut characters) = (String::new(), tail.chars());
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => match characters.next() {
                    Some('n') => value.push('\n'),
                    Some(other) => value.push(other),
                    None => {}
                },
                other => value.push(other),
            }
        }
        pairs.insert(name.trim_start_matches(',').to_owned(), value);
        rest = characters.as_str();
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# HELP lag x\n# TYPE lag histogram\nlag_bucket{location=\"a\",le=\"0.005\"} 90\nlag_bucket{location=\"a\",le=\"0.01\"} 99\nlag_bucket{location=\"a\",le=\"+Inf\"} 100\nlag_sum{location=\"a\"} 1\nruns_total{check=\"a\\\"b,}\",outcome=\"pass\"} 3\nup 1\n";

    #[test]
    fn samples_are_read() {
        let scrape = Scrape::parse(TEXT);
        assert!((scrape.sum("runs_total", &[("check", "a\"b,}")]) - 3.0).abs() < f64::EPSILON);
        assert!((scrape.sum("up", &[]) - 1.0).abs() < f64::EPSILON);
        assert_eq!(scrape.of("runs_total").count(), 1);
    }

    #[test]
    fn a_quantile_is_known_as_its_bucket() {
        let buckets = Scrape::parse(TEXT).buckets("lag", &[]);
        assert_eq!(buckets.quantile(0.5), Some((0.0, 0.005)));
        assert_eq!(buckets.quantile(0.99), Some((0.005, 0.01)));
        assert_eq!(buckets.quantile(1.0), Some((0.01, f64::INFINITY)));
        assert_eq!(buckets.since(&buckets).quantile(0.5), None);
    }
}
