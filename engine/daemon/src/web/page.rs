//! The page for people: one document for every address, which a script fills from the API.

use std::sync::LazyLock;

use axum::{
    Router,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use leadsman_core::digest;

use super::Prefix;

#[cfg(test)]
mod tests;

/// Nothing inline and nothing from elsewhere: what a target sends cannot become a script.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What stands in the document for the way back to the first page.
const ROOT: &str = "{root}";

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
pub(super) fn routes<S: Clone + Send + Sync + 'static>(prefix: &Prefix) -> Router<S> {
    let documents = ["/", "/checks/{*check}", "/runs/{*run}"];
    let router = documents.into_iter().fold(Router::new(), |router, path| {
        router.route(&prefix.path(path), document(prefix.clone()))
    });
    let router = ASSETS.into_iter().fold(router, |router, asset| {
        router.route(&prefix.path(asset.path), served(asset))
    });
    if prefix.is_empty() {
        return router;
    }
    // As a reader writes it: the links of the page need the slash at its end.
    let first = prefix.path("/");
    let bare = first.trim_end_matches('/');
    let last = bare.rsplit('/').next().unwrap_or(bare);
    router
        .route("/", moved(first.trim_start_matches('/').to_owned()))
        .route(bare, moved(format!("{last}/")))
}

/// The document, whose links begin at the address that it was asked for by: they hold behind any proxy.
fn document<S: Clone + Send + Sync + 'static>(prefix: Prefix) -> MethodRouter<S> {
    get(move |uri: Uri, headers: HeaderMap| {
        let text = DOCUMENT.text.replace(ROOT, &prefix.way_back(uri.path()));
        async move { answer(&DOCUMENT, text, &headers) }
    })
}

fn served<S: Clone + Send + Sync + 'static>(asset: Asset) -> MethodRouter<S> {
    get(move |headers: HeaderMap| async move { answer(&asset, asset.text, &headers) })
}

/// Somewhere else, told from where the reader is.
fn moved<S: Clone + Send + Sync + 'static>(place: String) -> MethodRouter<S> {
    get(move || {
        let answer = (StatusCode::FOUND, [(header::LOCATION, place.clone())]);
        async move { answer }
    })
}

/// A browser keeps the files, but asks each time whether they are still those of the daemon that runs.
fn answer(asset: &Asset, text: impl IntoResponse, headers: &HeaderMap) -> Response {
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
        text.into_response()
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
