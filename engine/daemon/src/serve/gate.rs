//! What every request passes before any endpoint sees it.

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use http_body_util::Limited;
use hyper::{body::Body as _, body::Incoming, service::Service};
use hyper_util::service::TowerToHyperService;

use super::limits::BODY_BYTES;
use crate::access::{Admission, Policy};

/// How clients are told to say who they are.
const CHALLENGE: &str = "Basic realm=\"leadsman\", charset=\"UTF-8\"";

/// The endpoint's answer, or why there is none.
pub(super) async fn answer(
    policy: &Policy,
    router: Router,
    request: Request<Incoming>,
) -> Response<Body> {
    let mut response = match refusal(policy, &request).await {
        Some(refusal) => refusal,
        None => ask(router, request).await,
    };
    for (name, value) in &policy.headers {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// The rate comes first: it also bounds how often passwords can be tried.
async fn refusal(policy: &Policy, request: &Request<Incoming>) -> Option<Response<Body>> {
    if let Some(rate) = &policy.rate
        && let Err(seconds) = rate.take()
    {
        let mut response = refused(StatusCode::TOO_MANY_REQUESTS, "too many requests\n");
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return Some(response);
    }
    if let Some(users) = &policy.users {
        let shown = request.headers().get(header::AUTHORIZATION);
        match users.admit(shown).await {
            Admission::Granted => {}
            Admission::Refused => return Some(unauthorized()),
            Admission::Busy => {
                let text = "too many passwords are being checked\n";
                return Some(refused(StatusCode::SERVICE_UNAVAILABLE, text));
            }
        }
    }
    let announced = request.body().size_hint().lower();
    (announced > u64::try_from(BODY_BYTES).unwrap_or(u64::MAX)).then(|| {
        refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            "the request's body is too large\n",
        )
    })
}

fn unauthorized() -> Response<Body> {
    let mut response = refused(StatusCode::UNAUTHORIZED, "unauthorized\n");
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static(CHALLENGE),
    );
    response
}

fn refused(status: StatusCode, text: &'static str) -> Response<Body> {
    (status, text).into_response()
}

async fn ask(router: Router, request: Request<Incoming>) -> Response<Body> {
    let request = request.map(|body| Limited::new(body, BODY_BYTES));
    let Ok(response) = TowerToHyperService::new(router).call(request).await;
    response
}
