//! Signing in, by the page's form or by basic authentication, and out again.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    customer::{Customer, after_scheme},
    problem::Problem,
};
use crate::{
    Fault,
    store::{SESSION, Store, random},
};

const USER: &str = "synthetic";

#[derive(Deserialize)]
struct Form {
    user: String,
    password: String,
    csrf: String,
}

/// `POST /api/session`
pub(super) async fn sign_in(
    State(store): State<Arc<Store>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let (user, password) = match after_scheme(&headers, "Basic") {
        Some(encoded) => basic(encoded)?,
        None => form(&store, &body)?,
    };
    if user != USER || password != store.password {
        return Err(Problem::WrongPassword);
    }
    match store.fault() {
        Fault::SignInRefused => Err(Problem::WrongPassword),
        Fault::SignInCrashes => Err(Problem::Crashed),
        Fault::SignInNotJson => Ok(Html("<h1>We are stocktaking</h1>\n").into_response()),
        Fault::TokenMissing => opened(&store, |_| json!({"expires_in": SESSION.as_secs()})),
        _ => opened(
            &store,
            |token| json!({"token": token, "expires_in": SESSION.as_secs()}),
        ),
    }
}

/// `DELETE /api/session`
pub(super) async fn sign_out(
    State(store): State<Arc<Store>>,
    customer: Customer,
) -> impl IntoResponse {
    store.end_session(&customer.token);
    let forget = "session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0";
    (StatusCode::NO_CONTENT, [(header::SET_COOKIE, forget)])
}

fn opened(store: &Store, told: impl FnOnce(&str) -> Value) -> Result<Response, Problem> {
    let (token, cookie) = (random("tok-")?, random("")?);
    let body = Json(told(&token));
    let set = format!("session={cookie}; Path=/; HttpOnly; SameSite=Lax");
    store.open_session(token, cookie);
    Ok((StatusCode::CREATED, [(header::SET_COOKIE, set)], body).into_response())
}

fn basic(encoded: &str) -> Result<(String, String), Problem> {
    let decoded = BASE64_STANDARD.decode(encoded).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let text = text.ok_or(Problem::Malformed)?;
    let (user, password) = text.split_once(':').ok_or(Problem::Malformed)?;
    Ok((user.to_owned(), password.to_owned()))
}

fn form(store: &Store, body: &[u8]) -> Result<(String, String), Problem> {
    let Ok(form) = serde_json::from_slice::<Form>(body) else {
        return Err(Problem::Malformed);
    };
    if !store.knows_form(&form.csrf) {
        return Err(Problem::ForeignForm);
    }
    Ok((form.user, form.password))
}
