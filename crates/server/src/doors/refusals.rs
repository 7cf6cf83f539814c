//! Which calls of a source were refused at a door?
//!
//! Told by the answer, whatever the door's protocol: by its status, and in gRPC by the status in its head. A call without a
//! good key has no source.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::Doors;
use crate::observe::refusals::Refused;

pub(super) async fn count(State(doors): State<Arc<Doors>>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let response = next.run(Request::from_parts(parts, body)).await;
    if let Some(reason) = reason(response.status(), response.headers()) {
        let firehose_key = asked.headers.get("x-amz-firehose-access-key").and_then(|key| key.to_str().ok());
        let caller = match firehose_key {
            Some(key) => doors.auth.ingest_caller_by_token(&asked, key),
            None => doors.auth.ingest_caller(&asked),
        };
        if let Ok(caller) = caller {
            let refused = Refused { place: place(asked.uri.path()), reason };
            doors.intake.telemetry.refusals.count(&caller.name, refused, 1, doors.now());
        }
    }
    response
}

fn place(path: &str) -> &'static str {
    match path {
        "/ingest/firehose" => "Firehose",
        "/ingest/logs" => "lines of JSON",
        _ => "OpenTelemetry",
    }
}

/// Why a call was refused; `None` where it was taken, or nobody knows whose it is.
fn reason(status: StatusCode, headers: &HeaderMap) -> Option<&'static str> {
    const GRPC_OK: &str = "0";
    const GRPC_UNAUTHENTICATED: &str = "16";
    const GRPC_BUSY: [&str; 2] = ["8", "14"];
    let grpc = headers.get("grpc-status").and_then(|status| status.to_str().ok());
    match (status.as_u16(), grpc) {
        (401, _) | (_, Some(GRPC_OK | GRPC_UNAUTHENTICATED)) => None,
        (_, Some(code)) if GRPC_BUSY.contains(&code) => Some("too much at once"),
        (_, Some(_)) => Some("malformed"),
        (status, None) if status < 400 => None,
        (413, _) => Some("too large"),
        (429 | 503, _) => Some("too much at once"),
        _ => Some("malformed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_tells_whether_a_call_was_refused() {
        let reason_of = |status: u16, grpc: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(grpc) = grpc {
                headers.insert("grpc-status", grpc.parse().unwrap());
            }
            reason(StatusCode::from_u16(status).unwrap(), &headers)
        };
        for (status, grpc, expected) in [
            (200, None, None),
            (200, Some("0"), None),
            (200, Some("3"), Some("malformed")),
            (200, Some("14"), Some("too much at once")),
            (200, Some("16"), None),
            (400, None, Some("malformed")),
            (401, None, None),
            (413, None, Some("too large")),
            (503, None, Some("too much at once")),
        ] {
            assert_eq!(reason_of(status, grpc), expected, "{status} {grpc:?}");
        }
    }
}
