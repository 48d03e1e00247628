//! Whether the daemon works, and that it reads its configuration again.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::Endpoints;

/// Who knows how the daemon is.
pub trait Health: Send + Sync + 'static {
    /// Whether the daemon works at all; where not, it should be restarted.
    fn healthy(&self) -> bool;

    /// Whether it has loaded its plan and dispatches.
    fn ready(&self) -> bool;
}

pub(super) async fn healthy(State(endpoints): State<Endpoints>) -> (StatusCode, &'static str) {
    told(endpoints.health.healthy(), "healthy\n", "not healthy\n")
}

pub(super) async fn ready(State(endpoints): State<Endpoints>) -> (StatusCode, &'static str) {
    told(endpoints.health.ready(), "ready\n", "not ready\n")
}

const fn told(is_so: bool, yes: &'static str, no: &'static str) -> (StatusCode, &'static str) {
    if is_so {
        (StatusCode::OK, yes)
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, no)
    }
}

/// 200 where every file is in force as it is, 400 where one is not, with what is wrong.
pub(super) async fn reload(State(endpoints): State<Endpoints>) -> Response {
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
