//! OpenMetrics and protobuf, by the library's encoders over one collector.

use std::{
    fmt::{self, Write},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::{
    collector::Collector,
    encoding::{
        DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder,
        NativeHistogram, NativeHistogramBuckets, NoLabelSet,
        prometheus_protobuf::{
            self,
            prometheus_data_model::{Metric, MetricFamily},
        },
        text as open_metrics_text,
    },
    metrics::MetricType,
    registry::Registry,
};
use prost::Message;

use super::{
    Format,
    exposition::{Family, HistogramView, Kind, Labels, Value},
    histogram::{SCHEMA, ZERO_THRESHOLD},
    pieces::Pieces,
    text,
};

/// A family as OpenMetrics, without its head where that is written already. It is no summary: the library does not
/// know those. Nothing is dated: a `_created` line is one more series for a Prometheus that knows nothing better.
pub(super) fn write_open_metrics(
    family: Family,
    is_begun: bool,
    out: &mut Pieces<'_>,
) -> fmt::Result {
    let shown = Shown::new(family, Format::OpenMetrics);
    let head_lines = if is_begun { HEAD_LINES } else { 0 };
    let mut out = Headless { head_lines, out };
    open_metrics_text::encode_registry(&mut out, &shown.registry())
}

/// `HELP` and `TYPE`.
const HEAD_LINES: usize = 2;

/// Leaves out so many lines that come first.
struct Headless<'a, 'b> {
    head_lines: usize,
    out: &'a mut Pieces<'b>,
}

impl Write for Headless<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while self.head_lines > 0 {
            let Some((_, after)) = rest.split_once('\n') else {
                return Ok(());
            };
            self.head_lines -= 1;
            rest = after;
        }
        self.out.write_str(rest)
    }
}

/// The end of OpenMetrics.
pub(super) fn write_end(out: &mut Pieces<'_>) -> fmt::Result {
    open_metrics_text::encode_eof(out)
}

/// A family as delimited protobuf. A summary becomes a histogram without buckets.
pub(super) fn write_protobuf(family: Family, out: &mut Pieces<'_>) -> fmt::Result {
    let mut messages = messages(family)?.into_iter();
    messages.try_for_each(|message| out.add(&message.encode_length_delimited_to_vec()))
}

/// A family as a message, each series that counts with its birth: the library dates native histograms only.
fn messages(family: Family) -> Result<Vec<MetricFamily>, fmt::Error> {
    let shown = Shown::new(family, Format::Protobuf);
    let mut messages = prometheus_protobuf::encode(&shown.registry())?;
    let metrics = messages.iter_mut().flat_map(|message| &mut message.metric);
    for (metric, sample) in metrics.zip(&shown.0.family.samples) {
        if let Some(born) = sample.born {
            date(metric, born);
        }
    }
    Ok(messages)
}

fn date(metric: &mut Metric, born: SystemTime) {
    let counter = metric.counter.as_mut();
    let histogram = metric.histogram.as_mut();
    let stamp = counter
        .map(|counter| &mut counter.start_timestamp)
        .or_else(|| histogram.map(|histogram| &mut histogram.start_timestamp));
    if let Some(stamp) = stamp {
        let since = born.duration_since(UNIX_EPOCH).unwrap_or_default();
        let stamp = stamp.get_or_insert_default();
        stamp.seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
        stamp.nanos = i32::try_from(since.subsec_nanos()).unwrap_or(0);
    }
}

/// A family that the library's encoders are shown.
#[derive(Debug, Clone)]
struct Shown(Arc<Picture>);

#[derive(Debug)]
struct Picture {
    family: Family,
    format: Format,
}

impl Shown {
    fn new(family: Family, format: Format) -> Self {
        Self(Arc::new(Picture { family, format }))
    }

    fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(self.clone()));
        registry
    }
}

impl Collector for Shown {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let is_text = self.0.format != Format::Protobuf;
        encode_family(&mut encoder, &self.0.family, is_text)
    }
}

fn encode_family(
    encoder: &mut DescriptorEncoder<'_>,
    family: &Family,
    is_text: bool,
) -> fmt::Result {
    let help = if is_text {
        text::escaped_help(&family.help)
    } else {
        family.help.clone().into_owned()
    };
    let kind = match family.kind {
        Kind::Counter => MetricType::Counter,
        Kind::Gauge => MetricType::Gauge,
        Kind::Histogram | Kind::Summary => MetricType::Histogram,
    };
    let mut metric = encoder.encode_descriptor(text::bare_name(family), &help, None, kind)?;
    for sample in &family.samples {
        // An empty label set would be written as `{}`.
        if sample.labels.iter().next().is_none() {
            encode_value(&mut metric, &sample.value, family.kind)?;
        } else {
            encode_value(
                &mut metric.encode_family(&sample.labels)?,
                &sample.value,
                family.kind,
            )?;
        }
    }
    Ok(())
}

fn encode_value(encoder: &mut MetricEncoder<'_>, value: &Value, kind: Kind) -> fmt::Result {
    match (value, kind) {
        (Value::Count(count), Kind::Counter) => {
            encoder.encode_counter::<NoLabelSet, u64, f64>(count, None)
        }
        (Value::Real(real), Kind::Counter) => {
            encoder.encode_counter::<NoLabelSet, f64, f64>(real, None)
        }
        (Value::Count(count), _) => encoder.encode_gauge(count),
        (Value::Real(real), _) => encoder.encode_gauge(real),
        (Value::Summary { sum, count }, _) => {
            encoder.encode_histogram::<NoLabelSet>(*sum, *count, &[], None)
        }
        (Value::Histogram(view), _) => encode_histogram(encoder, view),
    }
}

fn encode_histogram(encoder: &mut MetricEncoder<'_>, view: &HistogramView) -> fmt::Result {
    let HistogramView {
        sum,
        count,
        buckets,
        native,
    } = view;
    let Some(sparse) = native else {
        return encoder.encode_histogram::<NoLabelSet>(*sum, *count, buckets, None);
    };
    let native = NativeHistogram {
        schema: SCHEMA,
        zero_threshold: ZERO_THRESHOLD,
        zero_count: sparse.zero,
        negative: NativeHistogramBuckets {
            spans: &[],
            deltas: &[],
        },
        positive: NativeHistogramBuckets {
            spans: &sparse.spans,
            deltas: &sparse.deltas,
        },
        created: None,
    };
    encoder.encode_histogram_with_native::<NoLabelSet>(*sum, *count, buckets, None, native)
}

impl EncodeLabelSet for Labels {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.iter()
            .try_for_each(|label| label.encode(encoder.encode_label()))
    }
}
