//! Orders: made, looked at, cancelled.

use std::{future::pending, io, sync::Arc};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use serde_json::json;
use tokio::task::yield_now;

use super::{customer::Customer, problem::Problem};
use crate::{
    Fault,
    store::{Order, Store, item, random},
};

/// The longest reference, in bytes.
const REFERENCE: usize = 200;

#[derive(Deserialize)]
struct Wanted {
    reference: String,
    item: Option<String>,
}

/// `POST /api/orders`
pub(super) async fn create(
    State(store): State<Arc<Store>>,
    customer: Customer,
    body: Bytes,
) -> Result<Response, Problem> {
    let Ok(wanted) = serde_json::from_slice::<Wanted>(&body) else {
        return Err(Problem::Malformed);
    };
    if wanted.reference.is_empty() || wanted.reference.len() > REFERENCE {
        return Err(Problem::Malformed);
    }
    let item = item(wanted.item.as_deref()).ok_or(Problem::NoSuchItem)?;
    let fault = store.fault();
    if fault == Fault::CreateConflicts {
        return Err(Problem::AlreadyOrdered);
    }
    let order = Order::new(random("ord-")?, wanted.reference, item, customer.token);
    store.add(order.clone())?;
    Ok(match fault {
        Fault::OrderWithoutId => {
            (StatusCode::CREATED, Json(json!({"status": order.status}))).into_response()
        }
        Fault::Resets => half(&told(&order).to_string())?,
        _ => {
            let status = match fault {
                Fault::CreatedWith200 => StatusCode::OK,
                _ => StatusCode::CREATED,
            };
            let location = [(header::LOCATION, format!("/api/orders/{}", order.id))];
            (status, location, Json(told(&order))).into_response()
        }
    })
}

/// `GET /api/orders/{id}`
pub(super) async fn look(
    State(store): State<Arc<Store>>,
    customer: Customer,
    Path(id): Path<String>,
) -> Result<Json<Order>, Problem> {
    let fault = store.fault();
    if fault == Fault::Hangs {
        // Whoever waits gives up first, and takes this future along.
        pending::<()>().await;
    }
    let order = store.look(&id, &customer.token)?;
    if fault == Fault::UnavailableOnce && order.looks == 1 {
        return Err(Problem::Unavailable);
    }
    Ok(Json(order))
}

/// `DELETE /api/orders/{id}`
pub(super) async fn cancel(
    State(store): State<Arc<Store>>,
    customer: Customer,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    if store.fault() == Fault::DeleteRefused {
        return Err(Problem::CannotCancel);
    }
    store.cancel(&id, &customer.token)?;
    Ok(StatusCode::NO_CONTENT)
}

fn told(order: &Order) -> serde_json::Value {
    json!({"id": order.id, "status": order.status})
}

/// An answer that promises all of a text, sends half of it and then hangs up.
fn half(text: &str) -> Result<Response, Problem> {
    let start = Bytes::copy_from_slice(text.as_bytes().get(..text.len() / 2).unwrap_or_default());
    // Between the two, what has been said is sent.
    let end = stream::once(async {
        yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::builder()
        .status(StatusCode::CREATED)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::CONTENT_LENGTH, text.len())
        .body(Body::from_stream(stream::iter([Ok(start)]).chain(end)))
        .map_err(|_| Problem::Crashed)
}
