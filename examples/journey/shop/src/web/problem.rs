//! What the shop answers when it will not: a status, and one sentence as JSON.

use std::io;

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::store::Refused;

/// Why there is no better answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Problem {
    Malformed,
    WrongPassword,
    NotSignedIn,
    ForeignForm,
    NoSuchPage,
    NoSuchOrder,
    NoSuchItem,
    CannotCancel,
    NotReady,
    AlreadyOrdered,
    Crashed,
    Unavailable,
    Full,
}

impl Problem {
    const fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::WrongPassword | Self::NotSignedIn => StatusCode::UNAUTHORIZED,
            Self::ForeignForm => StatusCode::FORBIDDEN,
            Self::NoSuchPage | Self::NoSuchOrder => StatusCode::NOT_FOUND,
            Self::NoSuchItem => StatusCode::UNPROCESSABLE_ENTITY,
            Self::CannotCancel => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotReady | Self::AlreadyOrdered => StatusCode::CONFLICT,
            Self::Crashed => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable | Self::Full => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "the request cannot be understood",
            Self::WrongPassword => "user or password is wrong",
            Self::NotSignedIn => "sign in first: both the token and the cookie are needed",
            Self::ForeignForm => "the form is not from here, or too old",
            Self::NoSuchPage => "there is nothing here",
            Self::NoSuchOrder => "there is no such order",
            Self::NoSuchItem => "this is not sold here",
            Self::CannotCancel => "an order cannot be cancelled",
            Self::NotReady => "the order is not ready yet",
            Self::AlreadyOrdered => "this reference has been ordered before",
            Self::Crashed => "something went wrong",
            Self::Unavailable => "not now: ask again",
            Self::Full => "there are too many orders",
        }
    }

    /// What the protocol wants beside the status.
    const fn header(self) -> Option<(header::HeaderName, &'static str)> {
        match self {
            // Not `Basic`, for which a browser would open a window of its own.
            Self::WrongPassword | Self::NotSignedIn => {
                Some((header::WWW_AUTHENTICATE, "Bearer realm=\"shop\""))
            }
            Self::CannotCancel => Some((header::ALLOW, "GET, HEAD")),
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": self.sentence()}));
        match self.header() {
            Some(header) => (self.status(), [header], body).into_response(),
            None => (self.status(), body).into_response(),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::NoSuchOrder => Self::NoSuchOrder,
            Refused::Full => Self::Full,
        }
    }
}

/// No random numbers, for example.
impl From<io::Error> for Problem {
    fn from(_: io::Error) -> Self {
        Self::Crashed
    }
}
