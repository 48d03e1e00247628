//! Where a redirect leads, and what is asked there.

use std::{borrow::Cow, slice};

use hyper::{HeaderMap, Method, StatusCode, header};
use leadsman_core::{failure::FailureKind, seam::RedirectScope};
use url::{Origin, Url, form_urlencoded::byte_serialize};

use super::{address::without_user, request::Asked};
use crate::fault::Fault;

/// The next hop.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) url: Url,
    pub(crate) method: Method,
    /// Whether the request's body is sent again.
    pub(crate) body: bool,
    /// Whether scheme, host and port stay the same.
    pub(crate) same_origin: bool,
}

/// The next hop, where the answer is a redirect that is to be followed.
pub(crate) fn next(
    asked: &Asked<'_>,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Next>, Fault> {
    if asked.call.redirects == RedirectScope::None
        || !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
    {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else {
        return Ok(None);
    };
    let reference = reference(location.as_bytes());
    let url = asked.url.join(&reference).map_err(|_| {
        Fault::new(
            FailureKind::HttpProtocol,
            "the redirect's Location is no URL",
        )
    })?;
    let url = without_user(url);
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Fault::new(
            FailureKind::RedirectDenied,
            format!("the redirect leads to `{url}`, out of HTTP"),
        ));
    }
    if !is_within(asked.call.redirects, &asked.url, &url) {
        return Ok(None);
    }
    let (method, body) = rewritten(status, &asked.method);
    let same_origin = origin(&asked.url) == origin(&url);
    Ok(Some(Next {
        url,
        method,
        body,
        same_origin,
    }))
}

/// A `Location` as text. Only ASCII is allowed in one, but servers send more, and browsers follow: letters are taken for
/// UTF-8, which a URL writes in percent signs, and what is none goes back byte by byte as it came.
fn reference(location: &[u8]) -> Cow<'_, str> {
    str::from_utf8(location).map_or_else(|_| Cow::Owned(escaped(location)), Cow::Borrowed)
}

fn escaped(location: &[u8]) -> String {
    let mut text = String::with_capacity(location.len() * 3);
    for byte in location {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            text.extend(byte_serialize(slice::from_ref(byte)));
        }
    }
    text
}

fn is_within(scope: RedirectScope, from: &Url, to: &Url) -> bool {
    match scope {
        RedirectScope::None => false,
        RedirectScope::Any => true,
        RedirectScope::SameOrigin => origin(from) == origin(to),
        RedirectScope::SameSite => {
            let (Some(from_host), Some(to_host)) = (from.host_str(), to.host_str()) else {
                return false;
            };
            let below = to_host
                .strip_suffix(from_host)
                .is_some_and(|front| front.is_empty() || front.ends_with('.'));
            below && (from.scheme() == to.scheme() || to.scheme() == "https")
        }
    }
}

fn origin(url: &Url) -> Origin {
    url.origin()
}

/// RFC 9110 §15.4: 303 becomes GET, 301 and 302 turn POST into GET, 307 and 308 change nothing.
fn rewritten(status: StatusCode, method: &Method) -> (Method, bool) {
    match status.as_u16() {
        303 if *method != Method::HEAD => (Method::GET, false),
        301 | 302 if *method == Method::POST => (Method::GET, false),
        303 => (method.clone(), false),
        _ => (method.clone(), true),
    }
}
