//! What happens between the bytes of an AWS call and its handler?
//!
//! One order for every protocol: limits, signature over the bytes as received, inflation, routing, decoding. The
//! work is done where the bytes are, without a queue; only what must be durable waits for the pipeline.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body as HttpBody;
use axum::extract::{Request, State};
use axum::response::Response as AxumResponse;
use walletscope_model::{Body, Origin, Rules, Timestamp};
use walletscope_stream::{Answer, Catalog};
use walletscope_wire::aws::{
    AwsError, Dialect, ErrorDetail, ErrorShape, HTTP_BODY_MAX, HttpRequest, HttpResponse, INFLATED_MAX,
    Operation, Response, Route, encode_error, encode_response, inflate, route, shapes, sigv4,
};

use super::signing_keys::SigningKeys;
use super::{Caller, Prepared, live_tail, prepare};
use crate::auth::Keyring;
use crate::bodies::{Bodies, HeldBody, NotRead};
use crate::delivery::Deliveries;
use crate::intake::Intake;
use crate::logs::{Logs, SearchError};
use crate::metrics::MetricReads;
use crate::observe::Telemetry;
use crate::observe::refusals::Refused;
use crate::pipeline::{Now, Refusal, Reply, Submission};
use crate::view::View;

/// The body did not come in time.
const REQUEST_TIMEOUT: ErrorShape = ErrorShape::sender("RequestTimeoutException", "RequestTimeout");

/// Operations that bring telemetry: what is refused of them is missing in the numbers.
const BRINGS_TELEMETRY: [&str; 2] = ["PutLogEvents", "PutMetricData"];

/// Everything a call needs.
pub struct Door {
    intake: Intake,
    keyring: Arc<Keyring>,
    account: Box<str>,
    now: Now,
    logs: Arc<Logs>,
    deliveries: Arc<Deliveries>,
    bodies: Arc<Bodies>,
    metric_reads: Arc<MetricReads>,
    signing_keys: Mutex<SigningKeys>,
}

impl Door {
    /// A door into a pipeline and to the log events in the lake, for the keys of `keyring`.
    pub fn new(
        intake: Intake,
        keyring: Arc<Keyring>,
        account: &str,
        now: Now,
        (logs, deliveries): (Arc<Logs>, Arc<Deliveries>),
        bodies: Arc<Bodies>,
    ) -> Self {
        let (account, signing_keys, metric_reads) = (account.into(), Mutex::default(), Arc::default());
        Self { intake, keyring, account, now, logs, deliveries, bodies, metric_reads, signing_keys }
    }

    pub(super) fn catalog(&self) -> Arc<Catalog> {
        self.intake.shared.catalog.load_full()
    }

    /// The rules of the newest view.
    pub(super) fn rules(&self) -> Rules {
        self.intake.shared.view.load().clock.rules.clone()
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Reads log events.
    pub(super) fn logs(&self) -> Arc<Logs> {
        self.logs.clone()
    }

    /// Delivers log events.
    pub(super) fn deliveries(&self) -> Arc<Deliveries> {
        self.deliveries.clone()
    }

    /// The newest view.
    pub(super) fn view(&self) -> Arc<View> {
        self.intake.shared.view.load_full()
    }

    /// Places of readers of metrics.
    pub(super) fn metric_reads(&self) -> Arc<MetricReads> {
        self.metric_reads.clone()
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.intake.telemetry
    }

    /// Counts a call that brought telemetry and was refused.
    fn count_refusal(&self, route: &Route, origin: &Origin, error: &AwsError) {
        if let Some(place) = BRINGS_TELEMETRY.into_iter().find(|name| *name == route.operation.name) {
            let refused = Refused { place, reason: error.shape.name };
            self.telemetry().refusals.count(&origin.source, refused, 1, self.now());
        }
    }

    /// The text without card numbers; cuts are counted.
    pub(super) fn guard(&self, caller: &Caller, field: &'static str, text: &str) -> Box<str> {
        self.intake.text(&caller.origin.source, field, text)
    }
}

/// Answers one AWS call; the fallback of the router, since AWS operations are told apart by headers.
pub async fn handle(State(door): State<Arc<Door>>, request: Request) -> AxumResponse {
    let request_id = uuid::Uuid::new_v4().to_string();
    let (parts, body) = request.into_parts();
    let host = parts.uri.authority().map(|authority| authority.as_str().to_owned());
    let headers = header_rows(&parts.headers, host.as_deref());
    let head = HttpRequest {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &headers,
        body: &[],
    };
    let (body, permit) = match read_body(&door, &head, body).await {
        Ok(read) => read,
        Err(error) => return to_axum(failed(&Dialect::guess(&head), &request_id, &error)),
    };
    let decided = decide(&door, &head.with_body(&body));
    let invocation_id = invocation_id(&head);
    drop(headers);
    // What was decided holds what it needs of the body, and may wait for somebody else.
    drop((body, permit));
    let (called, answer) = match decided {
        Ok(Decided { route, prepared: Prepared::LiveTail(session), .. }) => {
            door.intake.telemetry.count_call(route.service.signing_name(), route.operation.name, 200);
            return live_tail::answer(*session, &request_id);
        }
        Ok(decided) => {
            let called = (decided.route.service.signing_name(), decided.route.operation.name);
            (called, finish(&door, decided, &request_id, invocation_id).await)
        }
        Err((dialect, error)) => (("unknown", "unknown"), failed(&dialect, &request_id, &error)),
    };
    door.intake.telemetry.count_call(called.0, called.1, answer.status);
    to_axum(answer)
}

struct Decided {
    route: Route,
    origin: Origin,
    prepared: Prepared,
}

/// Everything that needs no waiting.
fn decide(door: &Door, request: &HttpRequest<'_>) -> Result<Decided, (Dialect, AwsError)> {
    let in_dialect = |error| (Dialect::guess(request), error);
    let now = door.now();
    let secret = |access_key: &str| door.keyring.secret(access_key);
    let signing_key = |scope: &sigv4::Scope| {
        let entry = secret(&scope.access_key)?;
        let mut keys = door.signing_keys.lock().unwrap_or_else(PoisonError::into_inner);
        Some(keys.of(scope, entry.secret.expose()))
    };
    let verified = sigv4::verify_with_key(request, signing_key, now.seconds()).map_err(in_dialect)?;
    check_region(&verified.region).map_err(in_dialect)?;
    let inflated =
        inflate(request.header("content-encoding"), request.body, INFLATED_MAX).map_err(in_dialect)?;
    let plain = request.with_body(&inflated);
    let route = route(&plain, Some(&verified.service)).map_err(in_dialect)?;
    let known = secret(&verified.access_key);
    let (source, tenant) = known.map_or_else(|| ("".into(), "".into()), |entry| (entry.source, entry.tenant));
    let caller = Caller {
        origin: Origin {
            account: door.account.clone(),
            region: verified.region.as_str().into(),
            source,
            tenant,
        },
        access_key: verified.access_key.as_str().into(),
    };
    let prepared = Operation::decode(&route, &plain)
        .and_then(|operation| prepare(door, &caller, operation))
        .inspect_err(|error| door.count_refusal(&route, &caller.origin, error))
        .map_err(|error| (route.dialect(), error))?;
    Ok(Decided { route, origin: caller.origin, prepared })
}

/// The region is journaled and shown in every ARN. Digits and dashes can be a card number; a cut one would name another
/// region than the caller's, so it is refused.
fn check_region(region: &str) -> Result<(), AwsError> {
    if walletscope_guard::guard(region).cuts == 0 {
        return Ok(());
    }
    Err(AwsError::new(&shapes::INVALID_SIGNATURE, sigv4::NOT_A_REGION))
}

/// Stores or executes what must be, and writes the answer.
async fn finish(door: &Door, decided: Decided, request_id: &str, invocation_id: Box<str>) -> HttpResponse {
    let Decided { route, origin, prepared } = decided;
    let answered = |result: Result<Response, AwsError>| match result {
        Ok(response) => encode_response(&route, request_id, &response),
        Err(error) => failed(&route.dialect(), request_id, &error),
    };
    match prepared {
        Prepared::Answer(response) => answered(Ok(response)),
        Prepared::Read(answer) => answered(answer.await),
        // Answered before: its frames are no answer that is encoded.
        Prepared::LiveTail(_) => answered(Err(AwsError::new(&shapes::INTERNAL, "a stream was not opened"))),
        Prepared::Store(body, response) => {
            let mut http = encode_response(&route, request_id, &response);
            let told = origin.clone();
            let submission = Submission { origin, invocation_id, body, answer: http.body.clone() };
            match door.intake.ingest.submit(submission).await {
                Ok(Reply::Stored(_) | Reply::Stepped(_)) => http,
                Ok(Reply::Repeated(first)) => {
                    door.intake.telemetry.count_repeated();
                    http.body = first;
                    http
                }
                Err(refusal) => {
                    let error = refused(refusal);
                    door.count_refusal(&route, &told, &error);
                    answered(Err(error))
                }
            }
        }
        Prepared::Execute(body, meaning) => {
            answered(execute(door, origin, invocation_id, body).await.and_then(meaning))
        }
        Prepared::ExecuteFor(body, meaning) => {
            answered(execute(door, origin, invocation_id, body).await.and_then(meaning))
        }
        Prepared::ExecuteIf { check, body, meaning } => answered(match check.await {
            Ok(()) => execute(door, origin, invocation_id, body).await.and_then(meaning),
            Err(error) => Err(error),
        }),
    }
}

async fn execute(
    door: &Door,
    origin: Origin,
    invocation_id: Box<str>,
    body: Body,
) -> Result<Answer, AwsError> {
    let submission = Submission { origin, invocation_id, body, answer: Vec::new() };
    match door.intake.ingest.submit(submission).await {
        Ok(Reply::Stepped(answer)) => Ok(answer),
        Ok(Reply::Stored(_) | Reply::Repeated(_)) => Ok(Answer::Done),
        Err(refusal) => Err(refused(refusal)),
    }
}

fn refused(refusal: Refusal) -> AwsError {
    match refusal {
        Refusal::Throttled => AwsError::new(&shapes::THROTTLING, "Rate exceeded"),
        Refusal::TooLarge => AwsError::new(&shapes::VALIDATION, "a value is too long to be stored"),
        Refusal::Poisoned => {
            AwsError::new(&shapes::SERVICE_UNAVAILABLE, "the service is stopping after a failed write")
        }
    }
}

/// What AWS says where log events could not be read.
pub(super) fn not_read(error: &SearchError) -> AwsError {
    match error {
        SearchError::Busy => AwsError::new(&shapes::THROTTLING, "Rate exceeded"),
        SearchError::Stopping => AwsError::new(&shapes::SERVICE_UNAVAILABLE, "the service is stopping"),
        SearchError::Failed(reason) => {
            tracing::error!(reason, "log events could not be read");
            AwsError::new(&shapes::INTERNAL, "log events could not be read")
        }
    }
}

/// An error answer; its text may repeat the caller's and is guarded.
fn failed(dialect: &Dialect, request_id: &str, error: &AwsError) -> HttpResponse {
    let guard = |text: &str| walletscope_guard::guard(text).text.into_owned();
    let detail = |detail: &ErrorDetail| ErrorDetail {
        data_path: guard(&detail.data_path),
        message: guard(&detail.message),
    };
    let guarded = AwsError::new(error.shape, guard(&error.message));
    encode_error(dialect, request_id, &guarded.with_details(error.details.iter().map(detail).collect()))
}

async fn read_body<'a>(
    door: &'a Door,
    head: &HttpRequest<'_>,
    body: HttpBody,
) -> Result<HeldBody<'a>, AwsError> {
    let declared = head.header("content-length").and_then(|length| length.parse().ok());
    door.bodies.read(declared, body).await.map_err(|not_read| match not_read {
        NotRead::TooLarge => {
            AwsError::new(&shapes::TOO_LARGE, format!("the body is larger than {HTTP_BODY_MAX} bytes"))
        }
        NotRead::Busy => AwsError::new(&shapes::THROTTLING, "Rate exceeded"),
        NotRead::CutOff => AwsError::new(&shapes::SERIALIZATION, "the body was cut off"),
        NotRead::TooSlow => AwsError::new(&REQUEST_TIMEOUT, "the body did not arrive within 30 seconds"),
    })
}

/// Equal over the retries of one call. What the guard must cut is no id: two calls may be cut to the same text, and the
/// second would pass for a retry of the first and be dropped. Without an id a call is stored at least once.
fn invocation_id(request: &HttpRequest<'_>) -> Box<str> {
    const INVOCATION_ID_BYTES_MAX: usize = 128;
    let id = request.header("amz-sdk-invocation-id").unwrap_or_default();
    let is_id = id.len() <= INVOCATION_ID_BYTES_MAX && walletscope_guard::guard(id).cuts == 0;
    if is_id { id.into() } else { "".into() }
}

/// The headers as the protocols' readers take them; those that are no text are left out.
pub(crate) fn header_rows<'a>(
    headers: &'a axum::http::HeaderMap,
    authority: Option<&'a str>,
) -> Vec<(&'a str, &'a str)> {
    let mut rows: Vec<_> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), std::str::from_utf8(value.as_bytes()).ok()?)))
        .collect();
    if !headers.contains_key("host")
        && let Some(authority) = authority
    {
        rows.push(("host", authority));
    }
    rows
}

/// The answer as it is sent.
pub(crate) fn to_axum(answer: HttpResponse) -> AxumResponse {
    let mut response = axum::http::Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        response = response.header(*name, value);
    }
    let built = response.body(HttpBody::from(answer.body));
    // Every header comes from a table of ours; should one be unprintable after all, the caller gets a 500.
    built.unwrap_or_else(|_| {
        let mut response = AxumResponse::new(HttpBody::empty());
        *response.status_mut() = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
        response
    })
}
