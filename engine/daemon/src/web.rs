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
mod outside;
mod page;
#[cfg(test)]
mod tests;

pub use lifecycle::Health;
pub use outside::{ExternalUrl, Prefix};

#[derive(Clone)]
struct Endpoints {
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
}

/// The endpoints. Limits on headers and times are set where they are served.
///
/// Without `reloads` nobody may ask for one over HTTP. The prefix stands before every path.
pub fn router(
    telemetry: Arc<Telemetry>,
    health: Arc<dyn Health>,
    reloads: Option<Reloads>,
    prefix: &Prefix,
) -> Router {
    let reload = post(lifecycle::reload).put(lifecycle::reload);
    let own = Router::new()
        .merge(page::routes(prefix))
        .route(&prefix.path("/metrics"), get(metrics::metrics))
        .route(&prefix.path("/-/healthy"), get(lifecycle::healthy))
        .route(&prefix.path("/-/ready"), get(lifecycle::ready))
        .route(&prefix.path("/-/reload"), reload);
    let all = api::ROUTES.iter().fold(own, |router, (path, route)| {
        router.route(&prefix.path(path), route())
    });
    all.with_state(Endpoints {
        telemetry,
        health,
        reloads,
    })
}
