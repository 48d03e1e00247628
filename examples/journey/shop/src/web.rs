//! What is served where.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, MatchedPath, Request, State},
    http::Method,
    middleware::{Next, from_fn_with_state},
    response::Response,
    routing::{get, post, put},
};
use tokio::time::sleep;

use crate::{Fault, store::Store};

mod controls;
mod customer;
mod orders;
mod page;
mod problem;
mod receipt;
mod session;

/// The longest body that is read.
const BODY: usize = 16 * 1024;

/// The shop itself.
pub(crate) fn router(store: Arc<Store>) -> Router {
    page::routes()
        .route("/healthz", get(async || "ok\n"))
        .route(
            "/api/session",
            post(session::sign_in).delete(session::sign_out),
        )
        .route("/api/orders", post(orders::create))
        .route("/api/orders/{id}", get(orders::look).delete(orders::cancel))
        .route("/api/orders/{id}/receipt", get(receipt::read))
        .fallback(async || problem::Problem::NoSuchPage)
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(Arc::clone(&store), welcome))
        .with_state(store)
}

/// What changes the shop while it runs.
pub(crate) fn control(store: Arc<Store>) -> Router {
    Router::new()
        .route("/faults", get(controls::faults))
        .route("/faults/{name}", put(controls::set))
        .route("/counters", get(controls::counters))
        .with_state(store)
}

/// Counts whoever comes in, and lets them wait where everything is slow.
async fn welcome(State(store): State<Arc<Store>>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map_or("*", MatchedPath::as_str);
    store.count(format!("{} {path}", known(request.method())));
    if store.fault() == Fault::Slow {
        sleep(store.slowness).await;
    }
    next.run(request).await
}

/// Strangers may send any method: only these become counters.
fn known(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::HEAD,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "*"
    }
}
