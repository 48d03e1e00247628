//! What changes the shop while it runs, for whoever breaks it on purpose.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use crate::{Fault, store::Store};

/// `GET /faults`
pub(super) async fn faults(State(store): State<Arc<Store>>) -> Json<Value> {
    let all = Fault::ALL.iter();
    let all: Vec<_> = all
        .map(|fault| json!({"name": fault.name(), "summary": fault.summary()}))
        .collect();
    Json(json!({"now": store.fault().name(), "faults": all}))
}

/// `PUT /faults/{name}`
pub(super) async fn set(
    State(store): State<Arc<Store>>,
    Path(name): Path<String>,
) -> Result<StatusCode, (StatusCode, String)> {
    let fault: Fault = name
        .parse()
        .map_err(|unknown: crate::UnknownFault| (StatusCode::NOT_FOUND, format!("{unknown}\n")))?;
    store.set_fault(fault);
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /counters`
pub(super) async fn counters(State(store): State<Arc<Store>>) -> Json<Value> {
    Json(json!({"open_orders": store.open_orders(), "served": store.served()}))
}
