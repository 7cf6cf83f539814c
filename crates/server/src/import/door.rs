//! POST /api/v1/import: how does history come in that no AWS call takes?
//!
//! One chunk of a file a call, one record a line, of any age. A chunk is stored as a few journal entries, one for each
//! log stream and each other signal, all of them guarded as the AWS doors guard theirs. The hard part is a chunk that
//! comes again: every entry carries an id made from the caller's key, and where the marks of calls have gone by age,
//! the journal itself is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration as StdDuration;

use axum::body::Body as HttpBody;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use walletscope_guard::guard;
use walletscope_model::{
    AuditEvent, Body, LogBatch, LogEvent, MetricBatch, MetricDatum, Offset, Origin, Span,
};
use walletscope_wire::import::{LogLine, Record, check, decode};

use crate::api::{Caller, ErrorBody, ErrorDetail};
use crate::auth::is_source_name;
use crate::intake::{Intake, NotTaken, entry_id};
use crate::pipeline::Reply;

/// The largest chunk, in bytes. One record may take as much.
pub const CHUNK_BYTES_MAX: usize = 8 << 20;
/// Chunks taken at a time; more are throttled.
pub const CHUNKS_MAX: usize = 4;
/// How long a client may take to send a chunk.
const CHUNK_TIME_MAX: StdDuration = StdDuration::from_secs(60);
/// The source of imports that name none.
pub const SOURCE_DEFAULT: &str = "import";
/// Equal over the retries of one chunk.
pub const KEY_HEADER: &str = "idempotency-key";
const KEY_BYTES_MAX: usize = 256;

/// Which of these calls of a source does the journal hold behind an offset?
pub type FindCalls =
    Arc<dyn Fn(Offset, &str, &BTreeSet<Box<str>>) -> Result<BTreeSet<Box<str>>, String> + Send + Sync>;

/// What an import is stored through.
pub struct ImportDoor {
    /// Stores.
    pub intake: Intake,
    /// Looks into the journal.
    pub find_calls: FindCalls,
    /// The AWS account that log groups belong to.
    pub account: Box<str>,
    /// Their region.
    pub region: Box<str>,
    /// Bounds the chunks in memory.
    pub chunks: Semaphore,
}

/// Where the records come from.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct ImportParameters {
    /// The source's name; `import` by default.
    source: Option<String>,
    /// An offset that an earlier answer told: the chunk may have been stored behind it, and is looked for there.
    after: Option<u64>,
}

/// What became of a chunk.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// Records of the chunk, stored now or before.
    pub records: u64,
    /// Journal entries that were written for it.
    pub stored: u64,
    /// Journal entries that were there already.
    pub repeated: u64,
    /// What is stored from now on lies behind this offset of the journal.
    pub offset: u64,
}

/// Stores a chunk of a file. Its body has one record a line; none at all asks for the offset alone.
#[utoipa::path(
    post, path = "/api/v1/import", tag = "sources",
    params(ImportParameters, ("idempotency-key" = Option<String>, Header, description = "Equal over the retries of one chunk")),
    request_body(content = String, content_type = "application/x-ndjson", description = "Records as docs/formats/import.md says, 8 MiB at most"),
    responses(
        (status = 200, body = ImportAnswer, description = "It is durable"),
        (status = 400, body = ErrorBody), (status = 401, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 429, body = ErrorBody), (status = 503, body = ErrorBody),
    ),
)]
pub(crate) async fn import(
    State(door): State<Arc<ImportDoor>>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let stored = async {
        let Query(parameters) = Query::<ImportParameters>::try_from_uri(&parts.uri)
            .map_err(|_| bad("bad_parameter", "the parameters are source and after, an offset"))?;
        let source = source_of(parameters.source)?;
        let key = key_of(&parts.headers)?;
        let _turn = door.chunks.try_acquire().map_err(|_| Problem::Throttled)?;
        let body = read(body).await?;
        let origin = Origin {
            account: door.account.clone(),
            region: door.region.clone(),
            source,
            tenant: caller.tenant,
        };
        let (bodies, records) = prepare(&door, &origin, &body)?;
        Chunk { door: &door, origin, key }.store(bodies, records, parameters.after.map(Offset)).await
    };
    match stored.await {
        Ok(answer) => Json(answer).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// Why a chunk was not stored.
enum Problem {
    Bad { code: &'static str, message: String },
    TooLarge,
    Throttled,
    Stopping,
    Unreadable(String),
}

fn bad(code: &'static str, message: impl Into<String>) -> Problem {
    Problem::Bad { code, message: message.into() }
}

fn source_of(source: Option<String>) -> Result<Box<str>, Problem> {
    let source = source.unwrap_or_else(|| SOURCE_DEFAULT.to_owned());
    if is_source_name(&source) {
        return Ok(source.into());
    }
    Err(bad("bad_parameter", "a source has 1 to 64 letters, digits, '.', '_' and '-', such as import"))
}

/// The caller's key; empty without one, and then every call is stored.
fn key_of(headers: &HeaderMap) -> Result<Box<str>, Problem> {
    let Some(key) = headers.get(KEY_HEADER) else { return Ok("".into()) };
    let key = key.to_str().ok().filter(|key| key.len() <= KEY_BYTES_MAX);
    key.map(Box::from)
        .ok_or_else(|| bad("bad_key", "an idempotency-key is 1 to 256 visible ASCII characters"))
}

async fn read(body: HttpBody) -> Result<String, Problem> {
    let read = tokio::time::timeout(CHUNK_TIME_MAX, axum::body::to_bytes(body, CHUNK_BYTES_MAX));
    let bytes = read.await.map_err(|_| bad("too_slow", "the chunk did not arrive within 60 seconds"))?;
    let bytes = bytes.map_err(|_| Problem::TooLarge)?;
    String::from_utf8(bytes.into()).map_err(|_| bad("bad_body", "the chunk is not UTF-8"))
}

/// The guarded bodies of a chunk, in an order that follows from its content, and how many records they hold.
fn prepare(door: &ImportDoor, origin: &Origin, body: &str) -> Result<(Vec<Body>, u64), Problem> {
    let mut chunk = Guarding { intake: &door.intake, source: &origin.source, bodies: Bodies::default() };
    let mut records = 0;
    for (place, line) in body.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let checked = decode(line).map_err(|error| error.to_string()).and_then(check);
        let record = checked.map_err(|reason| {
            // The reason may repeat what was sent.
            let reason = guard(&reason).text.into_owned();
            bad("bad_record", format!("line {} cannot be stored: {reason}", place + 1))
        })?;
        chunk.add(record);
        records += 1;
    }
    Ok((chunk.bodies.into_vec(), records))
}

#[derive(Default)]
struct Bodies {
    logs: BTreeMap<(Box<str>, Box<str>), Vec<LogEvent>>,
    metrics: Vec<MetricDatum>,
    spans: Vec<Span>,
    audit: Vec<AuditEvent>,
}

impl Bodies {
    fn into_vec(self) -> Vec<Body> {
        let logs = self.logs.into_iter();
        let logs = logs.map(|((group, stream), events)| Body::Logs(LogBatch { group, stream, events }));
        let mut bodies: Vec<Body> = logs.collect();
        if !self.metrics.is_empty() {
            bodies.push(Body::Metrics(MetricBatch { data: self.metrics }));
        }
        if !self.spans.is_empty() {
            bodies.push(Body::Spans(self.spans));
        }
        if !self.audit.is_empty() {
            bodies.push(Body::Audit(self.audit));
        }
        bodies
    }
}

/// Cuts card numbers out of every text of a record, and counts them.
struct Guarding<'a> {
    intake: &'a Intake,
    source: &'a str,
    bodies: Bodies,
}

impl Guarding<'_> {
    fn add(&mut self, record: Record) {
        match record {
            Record::Log(LogLine { log_group, log_stream, timestamp, message }) => {
                let place =
                    (self.text("log_group_name", &log_group), self.text("log_stream_name", &log_stream));
                let event = LogEvent { timestamp, guarded: false, message };
                let event = self.intake.event(self.source, event);
                self.bodies.logs.entry(place).or_default().push(event);
            }
            Record::Metric(datum) => {
                let datum = self.intake.datum(self.source, datum);
                self.bodies.metrics.push(datum);
            }
            Record::Span(mut span) => {
                span.texts_mut().for_each(|(_, text)| *text = self.text("span", text));
                self.bodies.spans.push(*span);
            }
            Record::Audit(mut event) => {
                event.texts_mut().for_each(|(_, text)| *text = self.text("audit_event", text));
                self.bodies.audit.push(*event);
            }
        }
    }

    fn text(&self, field: &'static str, text: &str) -> Box<str> {
        self.intake.text(self.source, field, text)
    }
}

/// One chunk on its way into the journal.
struct Chunk<'a> {
    door: &'a ImportDoor,
    origin: Origin,
    key: Box<str>,
}

impl Chunk<'_> {
    async fn store(
        &self,
        bodies: Vec<Body>,
        records: u64,
        after: Option<Offset>,
    ) -> Result<ImportAnswer, Problem> {
        let mut answer = ImportAnswer { records, ..ImportAnswer::default() };
        let ids: Vec<Box<str>> =
            (0..bodies.len()).map(|place| entry_id("import", &self.key, place)).collect();
        let known = self.known(&ids, after).await?;
        for (body, id) in bodies.into_iter().zip(ids) {
            if known.contains(&id) {
                answer.repeated += 1;
                continue;
            }
            match self.door.intake.store(&self.origin, id, body).await.map_err(Problem::from)? {
                Reply::Stored(offset) => {
                    answer.stored += 1;
                    answer.offset = offset.0;
                }
                Reply::Repeated(_) | Reply::Stepped(_) => answer.repeated += 1,
            }
        }
        // Views lag behind the journal, and an offset that is too low is a right one.
        answer.offset = answer.offset.max(self.door.intake.shared.view.load().applied.0);
        Ok(answer)
    }

    /// What of this chunk the journal holds behind an offset.
    async fn known(&self, ids: &[Box<str>], after: Option<Offset>) -> Result<BTreeSet<Box<str>>, Problem> {
        let (Some(after), false) = (after, self.key.is_empty()) else { return Ok(BTreeSet::new()) };
        let wanted: BTreeSet<Box<str>> = ids.iter().cloned().collect();
        let (find, source) = (self.door.find_calls.clone(), self.origin.source.clone());
        let found = tokio::task::spawn_blocking(move || find(after, &source, &wanted)).await;
        found.map_err(|error| Problem::Unreadable(error.to_string()))?.map_err(Problem::Unreadable)
    }
}

impl From<NotTaken> for Problem {
    fn from(not_taken: NotTaken) -> Self {
        match not_taken {
            NotTaken::Throttled => Self::Throttled,
            NotTaken::TooLong => bad("bad_record", "a value is too long to be stored"),
            NotTaken::LimitReached => {
                bad("limit_reached", "there are as many log groups or streams as there may be")
            }
            NotTaken::Stopping => Self::Stopping,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        const RETRY_AFTER_SECONDS: u64 = 1;
        let (status, code, message) = match self {
            Self::Bad { code, message } => (StatusCode::BAD_REQUEST, code, message),
            Self::TooLarge => {
                let message = format!("the chunk is larger than {CHUNK_BYTES_MAX} bytes, or was cut off");
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
            }
            Self::Throttled => {
                (StatusCode::TOO_MANY_REQUESTS, "throttled", "send the same chunk again later".to_owned())
            }
            Self::Stopping => {
                let message = "the service is stopping after a failed write".to_owned();
                (StatusCode::SERVICE_UNAVAILABLE, "stopping", message)
            }
            Self::Unreadable(reason) => {
                tracing::error!(reason, "the journal could not be searched for a chunk");
                let message = "the journal could not be read; the log says why".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "failed", message)
            }
        };
        let error = ErrorDetail { code, message, parameter: None, at: None };
        let mut response = (status, Json(ErrorBody { error })).into_response();
        if status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_SECONDS));
        }
        response
    }
}
