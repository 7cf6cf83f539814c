//! POST /v1/logs: logs of OpenTelemetry over HTTP, as protobuf or JSON
//! (<https://opentelemetry.io/docs/specs/otlp/#otlphttp>).
//!
//! OTLP has no id of a call, so an export that is sent again is stored again: at least once.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header;
use axum::response::Response;
use walletscope_model::Body;
use walletscope_wire::otlp::{self, Encoding, Refusal, logs};

use super::{Doors, RETRY_AFTER_SECONDS};
use crate::api::Caller;
use crate::aws::to_axum;
use crate::bodies::NotRead;
use crate::intake::NotTaken;

pub(super) async fn take(State(doors): State<Arc<Doors>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let encoding = Encoding::of(text(header::CONTENT_TYPE));
    // Who sends another content type reads JSON, if anything.
    let answered_in = encoding.unwrap_or(Encoding::Json);
    let taken = async {
        let caller = doors.auth.ingest_caller(&parts).map_err(|_| Refusal::Unauthorized)?;
        let encoding = encoding?;
        let (body, _permit) = doors.read(&parts.headers, body).await.map_err(not_read)?;
        let plain = otlp::inflate(text(header::CONTENT_ENCODING), &body)?;
        store(&doors, &caller, encoding, &plain).await
    };
    to_axum(match taken.await {
        Ok(export) => otlp::accepted(answered_in, &export),
        Err(refusal) => refusal.reply(answered_in),
    })
}

/// Stores an export; what could not be stored of it is in the answer.
pub(super) async fn store(
    doors: &Doors,
    caller: &Caller,
    encoding: Encoding,
    plain: &[u8],
) -> Result<logs::LogExport, Refusal> {
    let mut export = logs::decode(encoding, plain, doors.now())?;
    let origin = doors.origin(caller);
    let batches = std::mem::take(&mut export.batches).into_iter();
    let entries = batches.map(|batch| (origin.clone(), Body::Logs(batch))).collect();
    doors.store("otlp", "", entries).await.map_err(|not_taken| match not_taken {
        NotTaken::Throttled => Refusal::Busy { retry_after: RETRY_AFTER_SECONDS },
        NotTaken::TooLong => Refusal::TooLarge,
        NotTaken::LimitReached => {
            Refusal::Malformed("there are as many log groups or streams as there may be")
        }
        NotTaken::Stopping => Refusal::Unavailable { retry_after: RETRY_AFTER_SECONDS },
    })?;
    Ok(export)
}

fn not_read(not_read: NotRead) -> Refusal {
    match not_read {
        NotRead::TooLarge => Refusal::TooLarge,
        NotRead::CutOff => Refusal::Malformed("the body was cut off"),
        NotRead::TooSlow => Refusal::Malformed("the body did not arrive within 30 seconds"),
        NotRead::Busy => Refusal::Busy { retry_after: RETRY_AFTER_SECONDS },
    }
}
