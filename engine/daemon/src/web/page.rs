//! The page for people: one document for every address, which a script fills from the API.

use std::sync::LazyLock;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use leadsman_core::digest;

#[cfg(test)]
mod tests;

/// Nothing inline and nothing from elsewhere: what a target sends cannot become a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A file of the page, as it was built in.
#[derive(Debug, Clone, Copy)]
struct Asset {
    path: &'static str,
    content_type: &'static str,
    text: &'static str,
}

macro_rules! assets {
    ($($content_type:ident $name:literal),* $(,)?) => {
        [$(Asset {
            path: concat!("/page/", $name),
            content_type: $content_type,
            text: include_str!(concat!("page/", $name)),
        }),*]
    };
}

const DOCUMENT: Asset = Asset {
    path: "/",
    content_type: HTML,
    text: include_str!("page/page.html"),
};

const ASSETS: [Asset; 15] = assets![
    CSS "page.css",
    SCRIPT "check.js",
    SCRIPT "element.js",
    SCRIPT "fleet.js",
    SCRIPT "history.js",
    SCRIPT "list.js",
    SCRIPT "operation.js",
    SCRIPT "page.js",
    SCRIPT "paths.js",
    SCRIPT "phases.js",
    SCRIPT "run.js",
    SCRIPT "standing.js",
    SCRIPT "waterfall.js",
    SCRIPT "why.js",
    SCRIPT "words.js",
];

/// One version for all files: they only fit each other.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let texts: String = ASSETS
        .iter()
        .chain([&DOCUMENT])
        .map(|asset| asset.text)
        .collect();
    let digest = digest::sha256(texts.as_bytes());
    format!("\"{}\"", digest.get(..16).unwrap_or(&digest))
});

/// The page's addresses and its files.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let documents = ["/", "/checks/{*check}", "/runs/{*run}"].map(|path| (path, DOCUMENT));
    let files = ASSETS.map(|asset| (asset.path, asset));
    documents
        .into_iter()
        .chain(files)
        .fold(Router::new(), |router, (path, asset)| {
            router.route(path, served(asset))
        })
}

fn served<S: Clone + Send + Sync + 'static>(asset: Asset) -> MethodRouter<S> {
    get(move |headers: HeaderMap| async move { answer(asset, &headers) })
}

/// A browser keeps the files, but asks each time whether they are still those of the daemon that runs.
fn answer(asset: Asset, headers: &HeaderMap) -> Response {
    let common: [(HeaderName, &str); 6] = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::ETAG, VERSION.as_str()),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let mut response = if is_kept(headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        asset.text.into_response()
    };
    for (name, value) in common {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Whether the client has this version; a proxy may have made its tag a weak one.
fn is_kept(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|tag| tag.trim().trim_start_matches("W/") == VERSION.as_str())
}
