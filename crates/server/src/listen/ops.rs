//! Is it alive, is it ready, what does it count, and is a source's history complete?

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use walletscope_model::{Body, Origin};

use super::Routes;
use crate::observe::Levels;
use crate::pipeline::{Refusal, Submission};

/// 200 while the process answers.
pub(super) async fn health() -> &'static str {
    "ok\n"
}

/// 200 while calls are taken; 503 with the reason once the pipeline failed.
pub(super) async fn ready(State(routes): State<Routes>) -> Response {
    match routes.shared.fatal.borrow().clone() {
        None => "ready\n".into_response(),
        Some(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("stopped: {reason}\n")).into_response(),
    }
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
    };
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], routes.telemetry.text(levels)).into_response()
}

/// The end of a source's history: from here on its records so far count by their own times.
#[derive(Deserialize)]
pub(super) struct BackfillEnd {
    access_key: String,
}

pub(super) async fn end_backfill(State(routes): State<Routes>, Json(end): Json<BackfillEnd>) -> Response {
    let Some(entry) = routes.auth.keyring().secret(&end.access_key) else {
        return refuse(StatusCode::NOT_FOUND, "unknown_access_key", "no such access key");
    };
    let origin = Origin { source: entry.source, tenant: entry.tenant, ..Origin::own() };
    let submission =
        Submission { origin, invocation_id: "".into(), body: Body::BackfillEnd, answer: Vec::new() };
    match routes.ingest.submit(submission).await {
        Ok(_) => StatusCode::NO_CONTENT.into_response(),
        Err(Refusal::Throttled) => refuse(StatusCode::TOO_MANY_REQUESTS, "throttled", "try again later"),
        Err(Refusal::Poisoned) => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "stopping",
            "the service is stopping after a failed write",
        ),
    }
}

fn refuse(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(serde_json::json!({"error": {"code": code, "message": message}}))).into_response()
}
