//! Who asks: a token in the header and the cookie of the same session.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use super::problem::Problem;
use crate::store::Store;

/// Somebody who is signed in.
#[derive(Debug)]
pub(super) struct Customer {
    pub(super) token: String,
}

impl FromRequestParts<Arc<Store>> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, store: &Arc<Store>) -> Result<Self, Problem> {
        let token = after_scheme(&parts.headers, "Bearer").ok_or(Problem::NotSignedIn)?;
        let cookie = cookie(&parts.headers, "session").ok_or(Problem::NotSignedIn)?;
        if !store.is_signed_in(token, cookie) {
            return Err(Problem::NotSignedIn);
        }
        let token = token.to_owned();
        Ok(Self { token })
    }
}

/// What `Authorization` says, if it is of this scheme.
pub(super) fn after_scheme<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let field = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (said, rest) = field.split_once(' ')?;
    said.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let fields = headers.get_all(header::COOKIE).into_iter();
    let mut pairs = fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
}
