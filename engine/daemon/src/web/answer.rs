//! How the API answers: JSON with a version, written away from the runtime that measures latencies.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// The version of the shape of every answer.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Versioned<T> {
    version: u32,
    #[serde(flatten)]
    answer: T,
}

#[derive(Serialize)]
struct Refusal {
    error: String,
}

/// Works and writes the answer on a thread of its own: a large one must not hold up a run.
pub(super) async fn answer<T: Serialize>(work: impl FnOnce() -> T + Send + 'static) -> Response {
    found(move || Ok(work())).await
}

/// The same; where there is nothing, 404 and a sentence.
pub(super) async fn found<T: Serialize>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Response {
    let written = aside(move || work().map(|answer| written(&answer))).await;
    match written {
        Ok(Ok(Ok(body))) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], body).into_response()
        }
        Ok(Err(why)) => refused(StatusCode::NOT_FOUND, why),
        Ok(Ok(Err(error))) => refused(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        Err(status) => status.into_response(),
    }
}

/// A sentence, in the same shape as every answer.
pub(super) fn refused(status: StatusCode, why: String) -> Response {
    let body = Versioned {
        version: VERSION,
        answer: Refusal { error: why },
    };
    (status, Json(body)).into_response()
}

fn written<T: Serialize>(answer: &T) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Versioned {
        version: VERSION,
        answer,
    })
}

/// Works on a thread of its own: the runtime that measures latencies does not wait for a large answer.
pub(super) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StatusCode> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
