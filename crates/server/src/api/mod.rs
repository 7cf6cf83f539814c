//! Which questions does the JSON API answer, and who may ask?
//!
//! One file per resource; each reads its parameters, asks a view, and answers in its own types. Views are immutable,
//! so an answer is of one instant. Questions that scan every row run on threads that may block, a few at a time.
//! Credentials, Host and Origin checks and limits of size and time are layers around this router; they leave a
//! [`Caller`] behind, without which nothing but the description is answered.

mod active_tokens;
mod breakdown;
mod cloudwatch;
mod columns;
mod coverage;
mod definitions;
mod error;
mod filters;
mod funnel;
mod heatmap;
mod log_filters;
mod logs;
mod metrics;
mod neighbours;
mod numbers;
mod openapi;
mod query;
mod request_detail;
mod requests;
mod requests_csv;
mod resume;
mod series;
mod session;
mod sources;
mod sql;
mod stages;
mod storage;
mod stream;
mod token_request;
mod trends;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_shapes;

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use tokio::sync::Semaphore;
use utoipa::IntoParams;
use walletscope_journal::JournalSize;
use walletscope_model::{Batch, Offset, Timestamp};

use crate::delivery::Deliveries;
use crate::lake::LakeShared;
use crate::logs::Logs;
use crate::observe::Telemetry;
use crate::pipeline::{Ingest, Now, Shared};
use crate::sql::Sql;
use crate::view::View;

pub use error::{ApiError, ErrorBody, ErrorDetail};
pub use openapi::{ApiDocument, openapi_document};
pub use storage::LakePlace;
pub use stream::STREAMS_MAX;

/// Questions over many rows answered at once; more wait.
pub const FOLDS_MAX: usize = 4;

/// What the API reads from.
pub struct ApiContext {
    /// What the pipeline publishes.
    pub shared: Arc<Shared>,
    /// The journal, for the messages of records.
    pub journal: Arc<dyn JournalReader>,
    /// The machine's clock.
    pub now: Now,
    /// Where clients find this server.
    pub place: Place,
    /// Knows what was refused.
    pub telemetry: Arc<Telemetry>,
}

/// Where clients find a server and its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The AWS account id that it answers as.
    pub account: Box<str>,
    /// The region that clients are told to use.
    pub region: Box<str>,
    /// Its base address, such as `http://127.0.0.1:7300`.
    pub url: Box<str>,
    /// The path of the credentials file.
    pub credentials_file: Box<str>,
}

/// Reads single entries of the journal. Called from threads that may block.
pub trait JournalReader: Send + Sync {
    /// The entry at `offset`; `None` where it was trimmed.
    ///
    /// # Errors
    /// The journal could not be read or the entry is damaged.
    fn entry(&self, offset: Offset) -> Result<Option<Batch>, String>;
}

/// Who asks. The layer that checks credentials puts it into the request's extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose data is asked for.
    pub tenant: Box<str>,
    /// The name of the credential, for the log.
    pub name: Box<str>,
    /// A browser with a session's cookie; else a program with a token.
    pub is_browser: bool,
}

/// The routes below `/api/v1`.
pub fn router(context: ApiContext) -> Router {
    let started_at = (context.now)();
    let api = Api {
        run: format!("{:x}", started_at.0).into(),
        started_at,
        place: Arc::new(context.place),
        telemetry: context.telemetry,
        shared: context.shared,
        journal: context.journal,
        now: context.now,
        folds: Arc::new(Semaphore::new(FOLDS_MAX)),
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
    };
    Router::new()
        .route("/api/v1/metrics", get(metrics::metrics))
        .route("/api/v1/requests", get(requests::requests))
        .route("/api/v1/requests.csv", get(requests_csv::requests_csv))
        .route("/api/v1/requests/{id}", get(request_detail::request_detail))
        .route("/api/v1/requests/{id}/neighbours", get(neighbours::neighbours))
        .route("/api/v1/trends", get(trends::trends))
        .route("/api/v1/breakdown", get(breakdown::breakdown))
        .route("/api/v1/series", get(series::series))
        .route("/api/v1/heatmap", get(heatmap::heatmap))
        .route("/api/v1/stages", get(stages::stages))
        .route("/api/v1/funnel", get(funnel::funnel))
        .route("/api/v1/stream", get(stream::stream))
        .route("/api/v1/session", get(session::session))
        .route("/api/v1/sources", get(sources::sources))
        .route("/api/v1/cloudwatch/data", post(cloudwatch::data::data))
        .route("/api/v1/cloudwatch/metrics", get(cloudwatch::list::list))
        .route("/api/v1/cloudwatch/cardinality", get(cloudwatch::cardinality::cardinality))
        .route("/api/v1/openapi.json", get(openapi::openapi))
        .route("/api/v1/{*path}", get(no_such_path))
        .method_not_allowed_fallback(only_get)
        .layer(from_fn(never_store))
        .with_state(api)
}

/// What the routes about the lake read from.
pub struct LakeContext {
    /// Answers SQL.
    pub sql: Arc<Sql>,
    /// The lake.
    pub lake: Arc<LakeShared>,
    /// Where its files lie.
    pub place: LakePlace,
    /// What the pipeline publishes.
    pub shared: Arc<Shared>,
    /// Reads the size of the journal.
    pub journal_size: Arc<dyn Fn() -> JournalSize + Send + Sync>,
    /// How long the journal may become.
    pub journal_bytes_max: u64,
    /// The machine's clock.
    pub now: Now,
}

/// The routes below `/api/v1` that ask the lake: SQL and storage.
pub fn lake_router(context: LakeContext) -> Router {
    let LakeContext { sql, lake, place, shared, journal_size: journal, journal_bytes_max, now } = context;
    let questions = sql::router(sql::SqlState { sql, now: now.clone() });
    let storage = storage::StorageState { lake, shared, journal, journal_bytes_max, place, now };
    questions.merge(storage::router(storage)).layer(from_fn(never_store))
}

/// What the routes about log events read from.
pub struct LogsContext {
    /// Searches.
    pub logs: Arc<Logs>,
    /// Takes definitions of filters.
    pub ingest: Ingest,
    /// What the pipeline publishes.
    pub shared: Arc<Shared>,
    /// The AWS account id whose log groups are asked for.
    pub account: Box<str>,
    /// The region of a group of which only the name is given, where several have it.
    pub region: Box<str>,
    /// Tells how subscription filters deliver.
    pub deliveries: Arc<Deliveries>,
    /// The machine's clock.
    pub now: Now,
}

/// The routes below `/api/v1/logs`.
pub fn logs_router(context: LogsContext) -> Router {
    let LogsContext { logs, ingest, shared, account, region, deliveries, now } = context;
    let account: Arc<str> = account.into();
    let filters = log_filters::LogFiltersState {
        ingest,
        shared: shared.clone(),
        account: account.clone(),
        region: region.into(),
        deliveries,
    };
    let searches = logs::router(logs::LogsState { logs, shared, account, now });
    searches.merge(log_filters::router(filters)).layer(from_fn(never_store))
}

/// What the route of definitions reads from and writes to.
pub struct DefinitionsContext {
    /// Takes commands.
    pub ingest: Ingest,
    /// What the pipeline publishes.
    pub shared: Arc<Shared>,
    /// The AWS account id that definitions are of.
    pub account: Box<str>,
    /// The region that they are of.
    pub region: Box<str>,
    /// Keeps queries.
    pub sql: Arc<Sql>,
}

/// The route that applies files of definitions.
pub fn definitions_router(context: DefinitionsContext) -> Router {
    let DefinitionsContext { ingest, shared, account, region, sql } = context;
    let (account, region) = (account.into(), region.into());
    let state = definitions::DefinitionsState { ingest, shared, account, region, sql };
    definitions::router(state).layer(from_fn(never_store))
}

/// What handlers share.
#[derive(Clone)]
struct Api {
    shared: Arc<Shared>,
    journal: Arc<dyn JournalReader>,
    now: Now,
    /// Names this run of the server in event ids.
    run: Arc<str>,
    started_at: Timestamp,
    place: Arc<Place>,
    telemetry: Arc<Telemetry>,
    folds: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Api {
    fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Answers from the newest view on a thread that may block, after other questions over many rows.
    async fn fold<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&View) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let turn = self.folds.clone().acquire_owned().await;
        let turn = turn.map_err(|error| ApiError::Failed { reason: error.to_string() })?;
        self.read(move |view| {
            let _turn = turn;
            answer(view)
        })
        .await
    }

    /// Answers from the newest view on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&View) -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let view = self.shared.view.load_full();
        let answered = tokio::task::spawn_blocking(move || answer(&view)).await;
        answered.unwrap_or_else(|error| Err(ApiError::Failed { reason: error.to_string() }))
    }
}

impl Caller {
    fn known(caller: Option<Extension<Self>>) -> Result<Self, ApiError> {
        caller.map(|Extension(caller)| caller).ok_or(ApiError::NoCaller)
    }
}

async fn no_such_path() -> ApiError {
    ApiError::NoSuchPath
}

async fn only_get() -> ApiError {
    ApiError::OnlyGet
}

async fn wrong_method() -> ApiError {
    ApiError::WrongMethod
}

/// Answers are of an instant and hold personal data: nobody on the way may keep them.
async fn never_store(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The range of every question about attempts.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
struct RangeParameters {
    /// The start, included: `now-3h` (s, m, h, d, w), RFC 3339 or milliseconds since 1970. By default three hours
    /// before the end.
    from: Option<String>,
    /// The end, not included; `now` by default.
    to: Option<String>,
}

/// Which attempts. Every filter may be repeated or hold several values joined by commas (`\,` is a comma in a value);
/// `!value` refuses, `unknown` means attempts without a value.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code)]
struct FilterParameters {
    /// Wallet provider.
    wallet: Option<String>,
    /// Issuer.
    issuer: Option<String>,
    /// Card network.
    network: Option<String>,
    /// PENDING, SUCCESS, FAILED or ABANDONED.
    outcome: Option<String>,
    /// Another word for `outcome`.
    status: Option<String>,
    /// A reason's code.
    reason: Option<String>,
    /// Class of a failure: technical, declined, invalid or device.
    class: Option<String>,
    /// Sender of the step-up.
    vendor: Option<String>,
    /// Who can mend a failure: issuer, issuer rules, TSP, ID&V vendor, wallet or ours.
    owner: Option<String>,
    /// The final decision: GREEN, YELLOW, ORANGE or RED.
    decision: Option<String>,
    /// Device name.
    device: Option<String>,
    /// Country.
    country: Option<String>,
    /// Channel.
    channel: Option<String>,
    /// First 6 or 8 digits of the card number.
    bin: Option<String>,
    /// Last four digits of the card number.
    #[param(rename = "lastFour")]
    last_four: Option<String>,
}
