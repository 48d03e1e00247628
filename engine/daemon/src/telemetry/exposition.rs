//! An exposition before it is written: families of samples, the same for every format.

use std::{borrow::Cow, sync::Arc, time::SystemTime};

use super::{
    Format,
    histogram::{Histogram, Sparse},
};

/// A label's name or value.
pub(super) type Text = Cow<'static, str>;

/// A label.
pub(super) type Label = (Text, Text);

/// What a family is called and what it means.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Its labels' names in words, for the list of families.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "the golden list of families shows it")
    )]
    pub(super) labels: &'static str,
    pub(super) help: &'static str,
}

/// A family's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// Sum and count, without quantiles.
    Summary,
}

impl Kind {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}

/// A family with its samples.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: Text,
    pub(super) kind: Kind,
    pub(super) help: Text,
    pub(super) samples: Vec<Sample>,
}

impl Family {
    pub(super) const fn of(definition: &'static Definition) -> Self {
        let (name, help) = (
            Cow::Borrowed(definition.name),
            Cow::Borrowed(definition.help),
        );
        Self {
            name,
            kind: definition.kind,
            help,
            samples: Vec::new(),
        }
    }

    /// Adds a sample; `check` is the place of the check that it is a series of.
    pub(super) fn add(&mut self, check: Option<usize>, labels: Labels, value: impl Into<Value>) {
        self.samples.push(Sample {
            check,
            labels,
            value: value.into(),
            born: None,
        });
    }

    /// Adds a sample that was 0 at a moment. Of a gauge the moment says nothing.
    pub(super) fn add_since(
        &mut self,
        born: SystemTime,
        check: Option<usize>,
        labels: Labels,
        value: impl Into<Value>,
    ) {
        self.samples.push(Sample {
            check,
            labels,
            value: value.into(),
            born: Some(born),
        });
    }
}

/// One labelled value.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) check: Option<usize>,
    pub(super) labels: Labels,
    pub(super) value: Value,
    /// Since when it counts, where it counts.
    pub(super) born: Option<SystemTime>,
}

impl Sample {
    /// How many series a Prometheus makes of it that takes native histograms where there are some.
    pub(super) fn series(&self, format: Format) -> usize {
        match &self.value {
            Value::Count(_) | Value::Real(_) => 1,
            // Protobuf has it as a histogram without buckets, of which Prometheus makes a third series.
            Value::Summary { .. } => 2 + usize::from(format == Format::Protobuf),
            Value::Histogram(view) if view.native.is_some() => 1,
            Value::Histogram(view) => view.buckets.len() + 2,
        }
    }
}

/// Labels that a check-target's series share, and those of one series.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    shared: Arc<[Label]>,
    own: Vec<Label>,
}

impl Labels {
    pub(super) fn shared(shared: &Arc<[Label]>) -> Self {
        Self {
            shared: Arc::clone(shared),
            own: Vec::new(),
        }
    }

    pub(super) fn with(shared: &Arc<[Label]>, own: Vec<Label>) -> Self {
        Self {
            shared: Arc::clone(shared),
            own,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Label> {
        self.shared.iter().chain(&self.own)
    }
}

/// A sample's value.
#[derive(Debug)]
pub(super) enum Value {
    Count(u64),
    Real(f64),
    Histogram(Box<HistogramView>),
    Summary { sum: f64, count: u64 },
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<f64> for Value {
    fn from(real: f64) -> Self {
        Self::Real(real)
    }
}

/// A histogram as one format shows it.
#[derive(Debug)]
pub(super) struct HistogramView {
    pub(super) sum: f64,
    pub(super) count: u64,
    /// Upper bounds in seconds and the buckets' own counts.
    pub(super) buckets: Vec<(f64, u64)>,
    pub(super) native: Option<Sparse>,
}

impl HistogramView {
    /// The histogram in the format that a scraper asked for. Text cannot be without the infinite bucket.
    pub(super) fn new(histogram: &Histogram, format: Format, classic: bool) -> Self {
        let native = (format == Format::Protobuf).then(|| histogram.sparse());
        let buckets = match (classic, &native) {
            (true, _) => histogram.classic(),
            (false, Some(_)) => Vec::new(),
            (false, None) => vec![(f64::INFINITY, histogram.count())],
        };
        Self {
            sum: histogram.sum_seconds(),
            count: histogram.count(),
            buckets,
            native,
        }
    }
}

impl From<HistogramView> for Value {
    fn from(view: HistogramView) -> Self {
        Self::Histogram(Box::new(view))
    }
}

/// A label whose name is known and whose value is.
pub(super) const fn label(name: &'static str, value: &'static str) -> Label {
    (Cow::Borrowed(name), Cow::Borrowed(value))
}

/// A label whose value was written by somebody.
pub(super) fn written(name: &'static str, value: &str) -> Label {
    (Cow::Borrowed(name), Cow::Owned(value.to_owned()))
}

/// A name that is safe in every format: what is not a letter, a digit or `_` becomes `_`.
pub(super) fn label_name(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    if safe.starts_with(|c: char| c.is_ascii_digit()) {
        format!("_{safe}")
    } else {
        safe
    }
}

/// Whether a text can be part of a metric's or a label's name as it is.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.starts_with("__") && label_name(text) == text
}
