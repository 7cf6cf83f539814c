//! Is it alive, is it ready, what does it count, and is a source's history complete?

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use utoipa::ToSchema;
use walletscope_model::{Body, Origin};

use super::Routes;
use crate::api::{Caller, ErrorBody, ErrorDetail};
use crate::auth::is_source_name;
use crate::lake::{HotMemory, LakeShared};
use crate::observe::Levels;
use crate::pipeline::{Refusal, Submission};

/// 200 while the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// 200 while calls are answered, and a line that says so while they are throttled; 503 with the reason once the pipeline
/// failed.
pub(super) async fn ready(State(routes): State<Routes>) -> Response {
    match routes.shared.fatal.borrow().clone() {
        None => ready_text(&routes.lake.shared).into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("stopped: {reason}\n")).into_response(),
    }
}

fn ready_text(lake: &LakeShared) -> String {
    let memory = lake.hot_memory();
    if !memory.is_full() {
        return "ready\n".to_owned();
    }
    let report = lake.report.load();
    // Whoever asks is unknown: the error, which names places, is for those who may see the storage page and the log.
    let why = match report.failure() {
        Some((kind, failure)) => {
            format!("the {} fails since {}; the log says why", kind.name(), failure.since.rfc3339())
        }
        None => "they come faster than files are written".to_owned(),
    };
    let HotMemory { bytes, bytes_max } = memory;
    format!(
        "ready\nthrottling: rows that wait for the lake's files take {bytes} of {bytes_max} bytes: {why}\n"
    )
}

/// Our own telemetry as Prometheus (OpenMetrics) text.
pub(super) async fn telemetry(State(routes): State<Routes>) -> Response {
    let size = (routes.journal_size)();
    let view = routes.shared.view.load();
    let levels = Levels {
        journal_bytes: size.bytes,
        journal_entries: size.entries,
        applied: view.applied.0,
        head: size.head.0,
        attempts: view.rows.len(),
        lake_hot_bytes: routes.lake.shared.hot_memory().bytes,
        lake_purged_rows: routes.lake.shared.lake.purged_rows(),
        lake_failing: routes.lake.shared.report.load().failure().is_some(),
    };
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], routes.telemetry.text(levels)).into_response()
}

/// Whose history is complete: one of the two.
#[derive(Deserialize, ToSchema)]
pub(crate) struct BackfillEnd {
    /// The access key that the history was sent with.
    access_key: Option<String>,
    /// The source that the history was imported as.
    source: Option<String>,
}

/// The end of a source's history: from here on its records so far count by their own times.
#[utoipa::path(
    post, path = "/api/v1/backfill-end", tag = "sources",
    request_body = BackfillEnd,
    responses(
        (status = 204, description = "It counts by its own times"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    ),
)]
pub(crate) async fn end_backfill(
    State(routes): State<Routes>,
    Extension(caller): Extension<Caller>,
    body: Result<Json<BackfillEnd>, JsonRejection>,
) -> Response {
    let end = match body {
        Ok(Json(end)) => end,
        Err(rejection) => return unreadable(&rejection),
    };
    let (source, tenant) = match (end.access_key, end.source) {
        (Some(access_key), None) => match routes.auth.keyring().secret(&access_key) {
            Some(entry) => (entry.source, entry.tenant),
            None => return refuse(StatusCode::NOT_FOUND, "unknown_access_key", "no such access key"),
        },
        (None, Some(source)) if is_source_name(&source) => (source.into(), caller.tenant),
        _ => return refuse(StatusCode::BAD_REQUEST, "bad_body", BACKFILL_BODY),
    };
    let origin = Origin { source, tenant, ..Origin::own() };
    let submission =
        Submission { origin, invocation_id: "".into(), body: Body::BackfillEnd, answer: Vec::new() };
    match routes.ingest.submit(submission).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(Refusal::TooLarge) => refuse(StatusCode::BAD_REQUEST, "bad_body", "a value is too long"),
        Err(Refusal::Throttled) => refuse(StatusCode::TOO_MANY_REQUESTS, "throttled", "try again later"),
        Err(Refusal::Poisoned) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the service is stopping after a failed write",
        ),
    }
}

/// The rejection's own text repeats what was sent, card numbers included: it is not shown.
fn unreadable(rejection: &JsonRejection) -> Response {
    let status = match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => StatusCode::PAYLOAD_TOO_LARGE,
        _ => StatusCode::BAD_REQUEST,
    };
    refuse(status, "bad_body", BACKFILL_BODY)
}

const BACKFILL_BODY: &str = "the body must be JSON of type application/json, either {\"access_key\": \"AKIA…\"} or \
                             {\"source\": \"import\"}";

fn refuse(status: StatusCode, code: &'static str, message: &str) -> Response {
    let error = ErrorDetail { code, message: message.to_owned(), parameter: None, at: None };
    (status, Json(ErrorBody { error })).into_response()
}
