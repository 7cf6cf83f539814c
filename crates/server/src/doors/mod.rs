//! How does telemetry come in without a signature? The doors of Firehose, of OpenTelemetry and of lines of JSON.
//!
//! Each door reads what its clients send, in their protocol's own shapes, and answers in them; what they have in common
//! is here: a bearer key, bodies of a bounded size that arrive in time, and entries that are durable before the answer
//! says so. What a key may bring is under its source and tenant.

mod firehose;
mod lines;
mod otlp;
mod otlp_grpc;
mod refusals;

use std::sync::Arc;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::from_fn_with_state;
use axum::routing::post;
use walletscope_model::{Body, LogBatch, MetricBatch, Origin, Timestamp};
use walletscope_wire::aws::HttpRequest;

use crate::api::Caller;
use crate::auth::AuthState;
use crate::bodies::{Bodies, HeldBody, NotRead};
use crate::intake::{Intake, NotTaken, entry_id};
use crate::pipeline::Now;

/// Records of one entry of the journal, as many as one PutLogEvents call may have.
const ENTRY_RECORDS_MAX: usize = 10_000;
/// Bytes of their messages; a single longer one is an entry of its own.
const ENTRY_BYTES_MAX: usize = 4 << 20;
/// How long a client is told to wait where waiting helps, in seconds.
const RETRY_AFTER_SECONDS: u32 = 1;

/// What the doors share.
pub struct Doors {
    /// Stores.
    pub intake: Intake,
    /// Knows keys.
    pub auth: AuthState,
    /// The AWS account of what names none.
    pub account: Box<str>,
    /// Its region.
    pub region: Box<str>,
    /// The machine's clock.
    pub now: Now,
    /// Reads bodies.
    pub bodies: Arc<Bodies>,
}

/// The routes of all doors.
pub fn router(doors: Arc<Doors>) -> Router {
    Router::new()
        .route("/ingest/firehose", post(firehose::take))
        .route("/ingest/logs", post(lines::take))
        .route("/v1/logs", post(otlp::take))
        .route(otlp_grpc::PATH, post(otlp_grpc::take))
        .layer(from_fn_with_state(doors.clone(), refusals::count))
        .with_state(doors)
}

impl Doors {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    async fn read(&self, headers: &HeaderMap, body: HttpBody) -> Result<HeldBody<'_>, NotRead> {
        let length =
            headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        self.bodies.read(length, body).await
    }

    fn origin(&self, caller: &Caller) -> Origin {
        Origin {
            account: self.account.clone(),
            region: self.region.clone(),
            source: caller.name.clone(),
            tenant: caller.tenant.clone(),
        }
    }

    /// Makes every entry of a call durable, those that its earlier try has stored excepted. `key` names the call; empty:
    /// it is stored as often as it comes.
    async fn store(&self, kind: &str, key: &str, entries: Vec<(Origin, Body)>) -> Result<(), NotTaken> {
        let entries = entries
            .into_iter()
            .flat_map(|(origin, body)| split(body).into_iter().map(move |part| (origin.clone(), part)));
        for (place, (origin, body)) in entries.enumerate() {
            let body = self.guarded(&origin.source, body);
            self.intake.store(&origin, entry_id(kind, key, place), body).await?;
        }
        Ok(())
    }

    fn guarded(&self, source: &str, body: Body) -> Body {
        let intake = &self.intake;
        match body {
            Body::Logs(mut logs) => {
                logs.group = intake.text(source, "log_group_name", &logs.group);
                logs.stream = intake.text(source, "log_stream_name", &logs.stream);
                logs.events = logs.events.into_iter().map(|event| intake.event(source, event)).collect();
                intake.telemetry.count_log_events(logs.events.len(), 0);
                Body::Logs(logs)
            }
            Body::Metrics(mut metrics) => {
                metrics.data = metrics.data.into_iter().map(|datum| intake.datum(source, datum)).collect();
                Body::Metrics(metrics)
            }
            // The doors bring nothing else.
            body => body,
        }
    }
}

/// Parts of a body that each fit into an entry of the journal, the same ones whenever the call comes.
fn split(body: Body) -> Vec<Body> {
    match body {
        Body::Logs(LogBatch { group, stream, events }) => {
            let parts = parts(events, |event| event.message.len());
            let batch = |events| LogBatch { group: group.clone(), stream: stream.clone(), events };
            parts.into_iter().map(|events| Body::Logs(batch(events))).collect()
        }
        Body::Metrics(MetricBatch { data }) => {
            const DATUM_BYTES: usize = 256;
            let parts = parts(data, |_| DATUM_BYTES);
            parts.into_iter().map(|data| Body::Metrics(MetricBatch { data })).collect()
        }
        body => vec![body],
    }
}

fn parts<T>(items: Vec<T>, bytes_of: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut parts: Vec<Vec<T>> = Vec::new();
    let mut bytes = 0;
    for item in items {
        bytes += bytes_of(&item);
        match parts.last_mut() {
            Some(part) if part.len() < ENTRY_RECORDS_MAX && bytes <= ENTRY_BYTES_MAX => part.push(item),
            _ => {
                bytes = bytes_of(&item);
                parts.push(vec![item]);
            }
        }
    }
    parts
}

/// A request as the protocols' readers take it.
fn wire_request<'a>(parts: &'a Parts, headers: &'a [(&'a str, &'a str)], body: &'a [u8]) -> HttpRequest<'a> {
    HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers,
        body,
    }
}
