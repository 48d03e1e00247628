//! Which exposition format a scraper gets.

/// An exposition format.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format 0.0.4.
    #[default]
    Text,
    /// OpenMetrics 1.0.0 text.
    OpenMetrics,
    /// Length-delimited `io.prometheus.client.MetricFamily` messages, the only one with native histograms.
    Protobuf,
}

impl Format {
    /// The format that an `Accept` header likes best. Who accepts nothing of ours gets text all the
    /// same: a scraper that can read anything can read that.
    pub fn negotiate(accept: Option<&str>) -> Self {
        let mut best = (0.0, Self::Text);
        for (quality, format) in accept.unwrap_or_default().split(',').filter_map(offer) {
            if quality > best.0 {
                best = (quality, format);
            }
        }
        best.1
    }

    /// The `Content-Type` of the format.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}

/// One media range that we can serve, and how much it is liked.
fn offer(range: &str) -> Option<(f64, Format)> {
    let mut parts = range.split(';').map(str::trim);
    let media = parts.next()?.to_ascii_lowercase();
    let parameters: Vec<(String, &str)> = parts
        .filter_map(|part| part.split_once('='))
        .map(|(name, value)| (lower(name), unquoted(value)))
        .collect();
    let get = |name: &str| {
        parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| *value)
    };
    let quality = get("q")
        .map_or(Some(1.0), |q| q.parse::<f64>().ok())?
        .clamp(0.0, 1.0);
    let format = match media.as_str() {
        "application/vnd.google.protobuf" => {
            let ours = get("proto") == Some("io.prometheus.client.MetricFamily")
                && get("encoding").is_none_or(|encoding| encoding == "delimited");
            ours.then_some(Format::Protobuf)
        }
        "application/openmetrics-text" => get("version")
            .is_none_or(|v| matches!(v, "1.0.0" | "0.0.1"))
            .then_some(Format::OpenMetrics),
        "text/plain" => get("version")
            .is_none_or(|v| v == "0.0.4")
            .then_some(Format::Text),
        "text/*" | "*/*" => Some(Format::Text),
        _ => None,
    }?;
    Some((quality, format))
}

fn lower(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    const PROMETHEUS_3_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

    #[test]
    fn the_best_liked_format_that_we_have_is_taken() {
        let cases = [
            (None, Format::Text),
            (Some(""), Format::Text),
            (Some("*/*"), Format::Text),
            (
                Some("text/html,application/xhtml+xml,*/*;q=0.8"),
                Format::Text,
            ),
            (Some("application/json"), Format::Text),
            (Some("application/openmetrics-text"), Format::OpenMetrics),
            (
                Some("application/openmetrics-text;version=2.0.0, text/plain;q=0.1"),
                Format::Text,
            ),
            (
                Some("application/openmetrics-text;q=0.1, text/plain;q=0.9"),
                Format::Text,
            ),
            (Some("application/openmetrics-text;q=0"), Format::Text),
            (
                Some("application/openmetrics-text;q=nonsense"),
                Format::Text,
            ),
            (
                Some("application/vnd.google.protobuf;proto=other.Message"),
                Format::Text,
            ),
            (Some(PROMETHEUS_2), Format::OpenMetrics),
            (Some(PROMETHEUS_3_NATIVE), Format::Protobuf),
        ];
        for (accept, format) in cases {
            assert_eq!(Format::negotiate(accept), format, "{accept:?}");
        }
    }
}
