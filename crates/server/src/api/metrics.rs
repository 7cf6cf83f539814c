//! GET /api/v1/metrics: how do things stand in a range?
//!
//! Answers the interface `TokenMetrics` exactly and beside it every measure as a number with n and interval, for the
//! range and for the equal range before it. Where a measure is null the interface says 0, its numeric twin null.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::Uri;
use axum::{Extension, Json};
use serde::Serialize;
use utoipa::ToSchema;
use walletscope_model::Timestamp;
use walletscope_series::{Range, Timing, Window};

use super::active_tokens::ActiveTokens;
use super::coverage::{Coverage, Question};
use super::error::{ApiError, ErrorBody};
use super::filters::{FILTERS, Filters};
use super::numbers::{CohortNumbers, average_words};
use super::query::{Query, RANGE_DEFAULT};
use super::{Api, Caller, FilterParameters, RangeParameters};
use crate::view::{View, measures};

/// The answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MetricsAnswer {
    /// The five numbers.
    pub metrics: TokenMetrics,
    /// Every measure with its uncertainty.
    pub numeric: Numeric,
    /// The same for the equal range before; null where nothing is kept of it for these filters.
    pub previous: Option<PreviousMetrics>,
    /// Why there is no previous range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_note: Option<String>,
    /// The range answered.
    pub range: RangeAnswered,
    /// The filters as written.
    pub filters: BTreeMap<&'static str, Vec<String>>,
    /// How fresh it is.
    pub data_to: DataTo,
}

/// The five numbers, in the interface's own names and units.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenMetrics {
    /// Attempts that started in the range.
    pub total_requests: u64,
    /// Per cent; 0 where nothing ended.
    pub success_rate: f64,
    /// Such as `1.25s`; `–` where nothing succeeded.
    pub average_time: String,
    /// Per cent; 0 where nothing ended.
    pub failure_rate: f64,
    /// Tokens in ACTIVE at the range's end.
    pub active_tokens: u64,
}

/// Every measure as a number.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct Numeric {
    pub requests: u64,
    pub pending: u64,
    #[serde(flatten)]
    pub cohort: CohortNumbers,
    /// Twin of `averageTime`.
    pub average_time_seconds: Option<f64>,
    pub p50_seconds: Option<f64>,
    pub p95_seconds: Option<f64>,
    pub p99_seconds: Option<f64>,
    pub pending_age: PendingAge,
    /// Twin of `pendingAge.averageSeconds`.
    pub pending_age_seconds: Option<f64>,
    pub active_tokens: ActiveTokens,
}

/// How long PENDING attempts of the range have been waiting, the cardholder's time taken off.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct PendingAge {
    pub n: u64,
    pub average_seconds: Option<f64>,
}

/// The equal range before.
#[derive(Debug, Serialize, ToSchema)]
#[allow(missing_docs)]
pub struct PreviousMetrics {
    pub metrics: TokenMetrics,
    pub numeric: Numeric,
    pub range: RangeAnswered,
    /// When the first attempt that is known started, whatever the filters, RFC 3339; its hour where only that is kept;
    /// null before the first.
    pub since: Option<String>,
    /// Whether the range begins at or after `since`: numbers of another one are of a part of it.
    pub complete: bool,
}

/// The range that was answered, as RFC 3339; the start included, the end not.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct RangeAnswered {
    pub from: String,
    pub to: String,
    /// 3600 where stored hours answer a part of it and its ends were rounded outwards; else null.
    pub resolution_seconds: Option<i64>,
}

/// How far what is answered goes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs)]
pub struct DataTo {
    /// The newest journal entry included.
    pub applied: u64,
    /// Its time, RFC 3339. Time passing makes entries too, so it goes on while every source is silent.
    pub clock: String,
    /// When the newest logs or metrics of any source arrived, RFC 3339; null where none ever did.
    pub newest_arrival: Option<String>,
    /// Grows with every published view of this run.
    pub sequence: u64,
    /// The server's time, RFC 3339.
    pub now: String,
}

/// How do things stand in a range?
#[utoipa::path(
    get, path = "/api/v1/metrics", tag = "measures",
    params(RangeParameters, FilterParameters),
    responses((status = 200, body = MetricsAnswer), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody)),
)]
pub(super) async fn metrics(
    State(api): State<Api>,
    caller: Option<Extension<Caller>>,
    uri: Uri,
) -> Result<Json<MetricsAnswer>, ApiError> {
    let caller = Caller::known(caller)?;
    let query = Query::read(&uri, &[&["from", "to"], FILTERS])?;
    let now = api.now();
    let range = query.range(now, RANGE_DEFAULT)?;
    let filters = Filters::read(&query)?;
    let answer = api.fold(move |view| {
        let question = Question { view, tenant: &caller.tenant, filters: &filters };
        let coverage = question.cover(range)?;
        let (metrics, numeric) = measure(&question, &coverage, now)?;
        let (previous, previous_note) = match previous(&question, coverage.range, now) {
            Ok(previous) => (Some(previous), None),
            Err(ApiError::NotKept { reason }) => (None, Some(reason)),
            Err(error) => return Err(error),
        };
        Ok(MetricsAnswer {
            metrics,
            numeric,
            previous,
            previous_note,
            range: RangeAnswered::of(&coverage),
            filters: filters.written(),
            data_to: DataTo::of(view, now),
        })
    });
    answer.await.map(Json)
}

/// The numbers of a range, as the interface wants them and in full.
pub fn measure(
    question: &Question<'_>,
    coverage: &Coverage,
    now: Timestamp,
) -> Result<(TokenMetrics, Numeric), ApiError> {
    let window = question.total(coverage)?;
    let active_tokens = ActiveTokens::at(question, coverage.range.to)?;
    let all = question.filter(coverage.range);
    let pending_age = measures::pending_age_seconds(&question.view.rows, &all, now);
    let numeric = Numeric::of(&window, pending_age, active_tokens);
    let percent = |value: Option<f64>| value.map_or(0.0, |value| value * 100.0);
    let metrics = TokenMetrics {
        total_requests: numeric.requests,
        success_rate: percent(numeric.cohort.success_rate.value),
        average_time: average_words(window.durations(Timing::ProcessingSuccess)),
        failure_rate: percent(numeric.cohort.failure_rate.value),
        active_tokens: numeric.active_tokens.value.unwrap_or(0),
    };
    Ok((metrics, numeric))
}

fn previous(question: &Question<'_>, range: Range, now: Timestamp) -> Result<PreviousMetrics, ApiError> {
    let coverage = question.cover(range.previous())?;
    let (metrics, numeric) = measure(question, &coverage, now)?;
    let since = question.first_attempt()?;
    Ok(PreviousMetrics {
        metrics,
        numeric,
        range: RangeAnswered::of(&coverage),
        since: since.map(Timestamp::rfc3339),
        complete: since.is_some_and(|since| since <= coverage.range.from),
    })
}

impl Numeric {
    fn of(window: &Window, pending_age: Option<(f64, u64)>, active_tokens: ActiveTokens) -> Self {
        let cohort = CohortNumbers::of(window);
        let time = cohort.processing_time.clone();
        Self {
            requests: cohort.counts.requests,
            pending: cohort.counts.pending,
            cohort,
            average_time_seconds: time.average_seconds,
            p50_seconds: time.p50_seconds,
            p95_seconds: time.p95_seconds,
            p99_seconds: time.p99_seconds,
            pending_age: PendingAge {
                n: pending_age.map_or(0, |age| age.1),
                average_seconds: pending_age.map(|age| age.0),
            },
            pending_age_seconds: pending_age.map(|age| age.0),
            active_tokens,
        }
    }
}

impl RangeAnswered {
    /// The range of an answer.
    pub fn of(coverage: &Coverage) -> Self {
        Self {
            from: coverage.range.from.rfc3339(),
            to: coverage.range.to.rfc3339(),
            resolution_seconds: coverage.has_hours().then_some(3_600),
        }
    }
}

impl DataTo {
    /// The freshness of a view.
    pub fn of(view: &View, now: Timestamp) -> Self {
        Self {
            applied: view.applied.0,
            clock: view.clock.now.rfc3339(),
            newest_arrival: view.clock.newest_arrival.map(Timestamp::rfc3339),
            sequence: view.sequence,
            now: now.rfc3339(),
        }
    }
}
