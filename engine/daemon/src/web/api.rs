//! The API: read-only, versioned, described by `openapi.json`.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use leadsman_core::{
    evidence::{EvidenceLimits, came},
    id::Location,
    record::RunRecord,
};
use serde::Serialize;

use super::{
    Endpoints,
    answer::{answer, found, refused},
};
use crate::telemetry::{
    CheckDetail, CheckFilter, CheckState, FileState, ProbeState, RunFilter, RunSummary, Status,
};

/// A path, and who answers.
type Route = (&'static str, fn() -> MethodRouter<Endpoints>);

/// Every path below `/api`.
pub(super) const ROUTES: &[Route] = &[
    ("/api/v1/checks", || get(checks)),
    ("/api/v1/checks/{*check}", || get(check)),
    ("/api/v1/runs", || get(runs)),
    ("/api/v1/runs/{run}", || get(run)),
    ("/api/v1/files", || get(files)),
    ("/api/v1/probes", || get(probes)),
    ("/api/v1/status", || get(status)),
    ("/api/v1/openapi.json", || get(openapi)),
];

/// The description of this API.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

/// What the query is, or why it cannot be read.
type Asked<T> = Result<Query<T>, QueryRejection>;

#[derive(Serialize)]
struct AllChecks {
    location: Location,
    revision: String,
    checks: Vec<CheckState>,
}

async fn checks(State(endpoints): State<Endpoints>, filter: Asked<CheckFilter>) -> Response {
    let filter = match filter {
        Ok(Query(filter)) => filter,
        Err(rejection) => return refused(StatusCode::BAD_REQUEST, rejection.body_text()),
    };
    answer(move || AllChecks {
        location: endpoints.telemetry.location().clone(),
        revision: endpoints.telemetry.revision(),
        checks: endpoints.telemetry.checks(&filter),
    })
    .await
}

async fn check(State(endpoints): State<Endpoints>, Path(id): Path<String>) -> Response {
    found::<CheckDetail>(move || {
        let check = endpoints.telemetry.check(&id);
        check.ok_or_else(|| format!("no check `{id}` runs here; /api/v1/checks has those that do"))
    })
    .await
}

#[derive(Serialize)]
struct Runs {
    runs: Vec<RunSummary>,
}

async fn runs(State(endpoints): State<Endpoints>, filter: Asked<RunFilter>) -> Response {
    let filter = match filter {
        Ok(Query(filter)) => filter,
        Err(rejection) => return refused(StatusCode::BAD_REQUEST, rejection.body_text()),
    };
    answer(move || Runs {
        runs: endpoints.telemetry.runs(&filter),
    })
    .await
}

/// A record leaves bodies out; the first bytes of what came stand beside it.
#[derive(Serialize)]
struct Run {
    record: Arc<RunRecord>,
    came: Option<String>,
}

async fn run(State(endpoints): State<Endpoints>, Path(id): Path<String>) -> Response {
    found(move || {
        let record = endpoints.telemetry.run(&id).ok_or_else(|| gone(&id))?;
        let came = came(&record, EvidenceLimits::CEILING.body_bytes);
        Ok(Run { record, came })
    })
    .await
}

fn gone(id: &str) -> String {
    format!(
        "the run `{id}` is not kept: of each check and target there are the last runs that did not pass, and the last one that did; /api/v1/runs has them"
    )
}

#[derive(Serialize)]
struct Files {
    revision: String,
    files: Vec<FileState>,
}

async fn files(State(endpoints): State<Endpoints>) -> Response {
    answer(move || Files {
        revision: endpoints.telemetry.revision(),
        files: endpoints.telemetry.files(),
    })
    .await
}

#[derive(Serialize)]
struct Probes {
    probes: Vec<ProbeState>,
}

async fn probes(State(endpoints): State<Endpoints>) -> Response {
    answer(move || Probes {
        probes: endpoints.telemetry.probes(),
    })
    .await
}

#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    status: Status,
    ready: bool,
}

async fn status(State(endpoints): State<Endpoints>) -> Response {
    answer(move || Whole {
        status: endpoints.telemetry.status(),
        ready: endpoints.health.ready(),
    })
    .await
}

async fn openapi() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], OPENAPI).into_response()
}
