//! The daemon's own endpoints: metrics, health, reloads, the API, and the page that shows it.

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

use crate::{reload::Reloads, telemetry::Telemetry};

mod answer;
mod api;
mod lifecycle;
mod metrics;
mod page;
#[cfg(test)]
mod tests;

pub use lifecycle::Health;

#[derive(Clone)]
struct Endpoints {
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
}

/// The endpoints. Limits on headers and times are set where they are served.
///
/// Without `reloads` nobody may ask for one over HTTP.
pub fn router(
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
) -> Router {
    let own = Router::new()
        .merge(page::routes())
        .route("/metrics", get(metrics::metrics))
        .route("/-/healthy", get(lifecycle::healthy))
        .route("/-/ready", get(lifecycle::ready))
        .route("/-/reload", post(lifecycle::reload).put(lifecycle::reload));
    let api = api::ROUTES.iter();
    let all = api.fold(own, |router, (path, route)| router.route(path, route()));
    all.with_state(Endpoints {
        telemetry,
        health,
        reloads,
    })
}
