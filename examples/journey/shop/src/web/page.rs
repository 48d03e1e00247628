//! The page for people, and its files.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};

use super::problem::Problem;
use crate::store::{Store, random};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const DOCUMENT: &str = include_str!("page/shop.html");

/// Where the document wants the token of its form.
const SLOT: &str = "{{csrf}}";

pub(super) fn routes() -> Router<Arc<Store>> {
    let file = |content_type: &'static str, text: &'static str| {
        get(async move || {
            let cache = "public, max-age=3600";
            let headers = [
                (header::CONTENT_TYPE, content_type),
                (header::CACHE_CONTROL, cache),
            ];
            (headers, text)
        })
    };
    let style = file("text/css; charset=utf-8", include_str!("page/shop.css"));
    let script = file(
        "text/javascript; charset=utf-8",
        include_str!("page/shop.js"),
    );
    let icon = file("image/svg+xml", include_str!("page/icon.svg"));
    Router::new()
        .route("/", get(document))
        .route("/assets/shop.css", style)
        .route("/assets/shop.js", script)
        .route("/assets/icon.svg", icon)
}

/// `GET /`, with a form that only this answer makes valid.
async fn document(State(store): State<Arc<Store>>) -> Result<Response, Problem> {
    let csrf = random("")?;
    let text = DOCUMENT.replace(SLOT, &csrf);
    store.hand_out_form(csrf);
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}
