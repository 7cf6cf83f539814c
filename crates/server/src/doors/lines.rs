//! POST /ingest/logs: log events as lines of JSON, for whoever has nothing but HTTP.
//!
//! `group` and `stream` say where they belong. With an `Idempotency-Key` a body that is sent again stores nothing new.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use walletscope_model::{Body, LogBatch};
use walletscope_wire::aws::{INFLATED_MAX, inflate};
use walletscope_wire::logs::CreateLogStreamRequest;
use walletscope_wire::ndjson;

use super::{Doors, RETRY_AFTER_SECONDS, wire_request};
use crate::api::{ErrorBody, ErrorDetail};
use crate::aws::{header_rows, to_axum};
use crate::bodies::NotRead;
use crate::import::door::KEY_HEADER;
use crate::intake::NotTaken;

/// Group of lines that name none.
const GROUP_DEFAULT: &str = "/ingest/logs";
/// Stream of lines that name none.
const STREAM_DEFAULT: &str = "default";
const KEY_BYTES_MAX: usize = 256;

/// Where the lines belong.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    group: Option<String>,
    stream: Option<String>,
}

/// Why lines are refused, other than for what they say.
struct Refused(StatusCode, &'static str, String);

pub(super) async fn take(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    match taken(&doors, request).await {
        Ok(response) => response,
        Err(Refused(status, code, message)) => {
            let error = ErrorDetail { code, message, parameter: None, at: None };
            let mut response = (status, Json(ErrorBody { error })).into_response();
            if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
                response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
            }
            response
        }
    }
}

async fn taken(doors: &Doors, request: Request) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let caller = doors.auth.ingest_caller(&parts).map_err(|refused| {
        Refused(
            refused.status,
            "unauthorized",
            "send `Authorization: Bearer` with an ingest key, from `walletscope keys`".to_owned(),
        )
    })?;
    let Query(place) = Query::<Place>::try_from_uri(&parts.uri)
        .map_err(|_| bad("bad_parameter", "the parameters are group and stream"))?;
    let group = place.group.unwrap_or_else(|| GROUP_DEFAULT.to_owned());
    let stream = place.stream.unwrap_or_else(|| STREAM_DEFAULT.to_owned());
    let named = CreateLogStreamRequest { log_group_name: group.clone(), log_stream_name: stream.clone() };
    named
        .validate()
        .map_err(|_| bad("bad_parameter", "group or stream is no name that CloudWatch Logs allows"))?;
    let headers = header_rows(&parts.headers, None);
    let key = wire_request(&parts, &headers, &[]).header(KEY_HEADER).unwrap_or_default();
    if key.len() > KEY_BYTES_MAX {
        return Err(bad("bad_key", "an idempotency-key is 1 to 256 visible ASCII characters"));
    }
    let (body, _permit) = doors.read(&parts.headers, body).await.map_err(|not_read| match not_read {
        NotRead::TooLarge => too_large(),
        NotRead::CutOff => bad("bad_body", "the body was cut off"),
        NotRead::TooSlow => bad("too_slow", "the body did not arrive within 30 seconds"),
        NotRead::Busy => throttled(),
    })?;
    let encoding = wire_request(&parts, &headers, &[]).header("content-encoding");
    let plain = inflate(encoding, &body, INFLATED_MAX).map_err(|error| match error.shape.status {
        413 => too_large(),
        _ => bad("bad_body", "the body is neither plain nor whole gzip"),
    })?;
    let events = match ndjson::events(&plain, doors.now()) {
        Ok(events) => events,
        Err(refusal) => return Ok(to_axum(refusal.reply())),
    };
    let count = events.len();
    if count > 0 {
        let batch = LogBatch { group: group.into(), stream: stream.into(), events };
        let entry = (doors.origin(&caller), Body::Logs(batch));
        doors.store("lines", key, vec![entry]).await.map_err(|not_taken| match not_taken {
            NotTaken::Throttled => throttled(),
            NotTaken::TooLong => bad("bad_body", "a value is too long to be stored"),
            NotTaken::LimitReached => {
                bad("limit_reached", "there are as many log groups or streams as there may be")
            }
            NotTaken::Stopping => Refused(
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "the service is stopping after a failed write".to_owned(),
            ),
        })?;
    }
    Ok(to_axum(ndjson::accepted(count)))
}

fn bad(code: &'static str, message: &str) -> Refused {
    Refused(StatusCode::BAD_REQUEST, code, message.to_owned())
}

fn too_large() -> Refused {
    let message = "the body is larger than 12 MiB, or inflates to more than 24 MiB".to_owned();
    Refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
}

fn throttled() -> Refused {
    Refused(StatusCode::TOO_MANY_REQUESTS, "throttled", "send the same lines again later".to_owned())
}
