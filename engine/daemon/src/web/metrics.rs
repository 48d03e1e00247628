//! What Prometheus scrapes.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{Endpoints, answer::aside};
use crate::telemetry::Format;

/// The scrape counts when it starts: what it then sees holds all that was booked before.
pub(super) async fn metrics(State(endpoints): State<Endpoints>, headers: HeaderMap) -> Response {
    endpoints.telemetry.note_scrape();
    let format = Format::negotiate(accepted(&headers).as_deref());
    let rendered = aside(move || endpoints.telemetry.render(format)).await;
    rendered
        .map(|(content_type, body)| {
            let content_type = HeaderValue::from_static(content_type);
            ([(header::CONTENT_TYPE, content_type)], body)
        })
        .into_response()
}

/// A client may send the header in several lines.
fn accepted(headers: &HeaderMap) -> Option<String> {
    let lines: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    (!lines.is_empty()).then(|| lines.join(","))
}
