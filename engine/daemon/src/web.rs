//! The daemon's own endpoints: metrics, health, the state of every check, and the page that shows it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::Serialize;

use crate::{
    reload::Reloads,
    telemetry::{CheckState, FileState, Format, Telemetry},
};

mod page;
#[cfg(test)]
mod tests;

/// The version of the shape of `/api/v1/checks`.
const API_VERSION: u32 = 1;

/// Who knows how the daemon is.
pub trait Health: Send + Sync + 'static {
    /// Whether the daemon works at all; where not, it should be restarted.
    fn healthy(&self) -> bool;

    /// Whether it has loaded its plan and dispatches.
    fn ready(&self) -> bool;
}

#[derive(Clone)]
struct Endpoints {
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
}

#[derive(Serialize)]
struct Checks {
    version: u32,
    checks: Vec<CheckState>,
}

/// The endpoints. Limits on headers and times are set where they are served.
///
/// Without `reloads` nobody may ask for one over HTTP.
pub fn router(
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
) -> Router {
    Router::new()
        .merge(page::routes())
        .route("/metrics", get(metrics))
        .route("/-/healthy", get(healthy))
        .route("/-/ready", get(ready))
        .route("/api/v1/checks", get(checks))
        .route("/-/reload", post(reload).put(reload))
        .route("/api/v1/files", get(files))
        .with_state(Endpoints {
            telemetry,
            health,
            reloads,
        })
}

/// The scrape counts when it starts: what it then sees holds all that was booked before.
async fn metrics(State(endpoints): State<Endpoints>, headers: HeaderMap) -> Response {
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

async fn healthy(State(endpoints): State<Endpoints>) -> (StatusCode, &'static str) {
    told(endpoints.health.healthy(), "healthy\n", "not healthy\n")
}

async fn ready(State(endpoints): State<Endpoints>) -> (StatusCode, &'static str) {
    told(endpoints.health.ready(), "ready\n", "not ready\n")
}

const fn told(is_so: bool, yes: &'static str, no: &'static str) -> (StatusCode, &'static str) {
    if is_so {
        (StatusCode::OK, yes)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, no)
    }
}

async fn checks(State(endpoints): State<Endpoints>) -> Response {
    let states = aside(move || endpoints.telemetry.check_states()).await;
    states
        .map(|checks| {
            Json(Checks {
                version: API_VERSION,
                checks,
            })
        })
        .into_response()
}

#[derive(Serialize)]
struct Files {
    version: u32,
    revision: String,
    files: Vec<FileState>,
}

async fn files(State(endpoints): State<Endpoints>) -> Json<Files> {
    Json(Files {
        version: API_VERSION,
        revision: endpoints.telemetry.revision(),
        files: endpoints.telemetry.files(),
    })
}

/// 200 where every file is in force as it is, 400 where one is not, with what is wrong.
async fn reload(State(endpoints): State<Endpoints>) -> Response {
    let Some(reloads) = endpoints.reloads else {
        let mend = "lifecycle endpoints are off; start with `--web.enable-lifecycle`\n";
        return (StatusCode::FORBIDDEN, mend).into_response();
    };
    match reloads.ask().await {
        Ok(reloaded) if reloaded.ok => Json(reloaded).into_response(),
        Ok(reloaded) => (StatusCode::BAD_REQUEST, Json(reloaded)).into_response(),
        Err(why) => (StatusCode::BAD_REQUEST, why).into_response(),
    }
}

/// Works on a thread of its own: the runtime that measures latencies does not wait for a large answer.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StatusCode> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)
}
